//! The labels that a pipeline speaks of: each is a word, and none is taken
//! away that is never carried.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Kind, listed};
use crate::draft::{Draft, Inputs};
use crate::pipeline::Pipeline;
use crate::plan::Origin;
use crate::reference::References;
use crate::source::Source;
use crate::template::Templates;
use crate::yaml::{Data, Document, Node};

/// Each label of a list is one word; `owner` is what has the list.
pub(crate) fn check_words(
    document: &Document,
    list: Option<&Node>,
    owner: &str,
    found: &mut Vec<Diagnostic>,
) {
    let Some(Data::List(items)) = list.map(|node| &node.data) else { return };
    for item in items {
        let Some(label) = item.text() else { continue };
        let problem = match label {
            "" => Diagnostic::new(Kind::Usage, format!("a label of {owner} is empty"))
                .hint("write a word, or leave it out"),
            _ if label.contains(char::is_whitespace) => {
                Diagnostic::new(Kind::Usage, format!("label `{label}` of {owner} holds a space"))
                    .hint("a label is one word, as in `not-published`")
            }
            _ => continue,
        };
        found.push(problem.at(document.place(item)));
    }
}

/// What a stage says of labels by itself.
pub(crate) fn check_stage(
    group: &str,
    stage: &Node,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) {
    let owner = format!("stage `{group}`");
    check_words(document, stage.get("labels"), &owner, found);
    let Some((key, declassify)) = stage.entry("declassify") else { return };
    check_words(document, declassify.get("labels"), &owner, found);
    let mut report = |node: &Node, message: String, hint: &str| {
        found.push(Diagnostic::new(Kind::Usage, message).at(document.place(node)).hint(hint));
    };
    if let Some(Data::List(items)) = declassify.get("labels").map(|node| &node.data)
        && items.is_empty()
    {
        report(key, format!("`declassify` of {owner} names no label"), "name one, or leave it out");
    }
    if let Some(reason) = declassify.get("reason")
        && reason.text().is_some_and(|text| text.trim().is_empty())
    {
        let message = format!("`declassify` of {owner} gives no reason");
        report(reason, message, "say why the outputs no longer carry the label");
    }
}

/// No stage takes a label away that none of its inputs can carry, in the
/// pipeline as it stands or with the inputs of a profile.
pub(crate) fn check_carried(
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
