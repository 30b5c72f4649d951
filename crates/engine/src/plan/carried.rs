//! Which labels the inputs of each stage can carry: none is taken away that is
//! never carried.

use std::collections::{BTreeMap, BTreeSet};

use super::Origin;
use super::draft::Draft;
use super::inputs::Inputs;
use super::pipeline::Pipeline;
use super::reference::References;
use super::source::Source;
use super::template::Templates;
use crate::diagnostic::{Diagnostic, Kind, listed};
use crate::yaml::{Data, Document};

/// No stage takes a label away that none of its inputs can carry, in the
/// pipeline as it stands or with the inputs of a profile.
pub(super) fn check(
    pipeline: &Pipeline,
    drafts: &[Draft],
    inputs: &[Inputs],
    references: &References,
    sources: &BTreeMap<String, Source>,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) {
    if drafts.iter().all(|draft| draft.declared.declassify.is_none()) {
        return;
    }
    let mut origins: Vec<BTreeSet<Origin>> = inputs
        .iter()
        .map(|inputs| inputs.roles.values().flatten().map(|input| input.from.clone()).collect())
        .collect();
    for (slot, given) in pipeline.profiles.values().flat_map(|profile| &profile.inputs) {
        let Some((group, role)) = slot.split_once('.') else { continue };
        for (index, draft) in drafts.iter().enumerate() {
            if draft.group != group || !draft.declared.inputs.contains_key(role) {
                continue;
            }
            let templates = Templates::new(&draft.context);
            let texts = given.list().into_iter().filter_map(|text| templates.text(text).ok());
            let resolved =
                texts.filter_map(|text| references.resolve(&text, &|| draft.at.clone()).ok());
            origins[index].extend(resolved.flat_map(|it| it.inputs).map(|input| input.from));
        }
    }
    let carried = carried(drafts, &origins, sources);
    for (draft, carried) in drafts.iter().zip(&carried) {
        let path = ["stages", draft.group, "declassify", "labels"];
        let labels = document.nearest(&path).map(|(_, value)| &value.data);
        let Some(Data::List(labels)) = labels else { continue };
        for label in labels {
            let name = label.text().unwrap_or("");
            if name.is_empty() || carried.contains(name) {
                continue;
            }
            let message =
                format!("stage `{}` takes away `{name}`, which no input carries", draft.group);
            let hint = match carried.is_empty() {
                true => "leave it out: the inputs carry no labels".into(),
                false => format!("they carry {}", listed(carried.iter().map(String::as_str))),
            };
            found.push(Diagnostic::new(Kind::Usage, message).at(document.place(label)).hint(hint));
        }
    }
}

/// The labels that the inputs of each stage can carry.
fn carried(
    drafts: &[Draft],
    origins: &[BTreeSet<Origin>],
    sources: &BTreeMap<String, Source>,
) -> Vec<BTreeSet<String>> {
    let mut carried: Vec<BTreeSet<String>> = vec![BTreeSet::new(); drafts.len()];
    // Inputs of profiles may close circles, so that this goes on until nothing is new.
    loop {
        let before: usize = carried.iter().map(BTreeSet::len).sum();
        for index in 0..drafts.len() {
            let mut labels = BTreeSet::new();
            for origin in &origins[index] {
                match origin {
                    Origin::Source(name) => {
                        labels
                            .extend(sources.get(name).into_iter().flat_map(|it| it.labels.clone()));
                    }
                    Origin::Stage(other, _) => {
                        let declared = drafts[*other].declared;
                        let gone = declared.declassify.as_ref().map_or(&[][..], |it| &it.labels);
                        let all = carried[*other].iter().chain(&declared.labels);
                        labels.extend(all.filter(|label| !gone.contains(label)).cloned());
                    }
                    Origin::File | Origin::Lineage => {}
                }
            }
            carried[index] = labels;
        }
        if carried.iter().map(BTreeSet::len).sum::<usize>() == before {
            return carried;
        }
    }
}
