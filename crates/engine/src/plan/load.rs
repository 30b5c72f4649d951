//! From the files of a project to its plan, or everything that is wrong.

use std::collections::BTreeMap;
use std::path::Path;

use super::inputs::Inputs;
use super::options::{self, Options};
use super::reference::{Absent, References};
use super::{
    Origin, Plan, carried, draft, finish, given, inputs, order, parse, pipeline, producers,
};
use crate::diagnostic::{Checked, tidy};
use crate::function::Function;
use crate::tree::Tree;

impl Plan {
    /// Reads a project, with everything that is wrong with it.
    pub fn load(root: &Path, functions: &[Function], options: &Options) -> Checked<Plan> {
        Plan::read(root, functions, options, &Absent::Mistake)
    }

    /// The same, where what is absent may be no mistake.
    pub(super) fn read(
        root: &Path,
        functions: &[Function],
        options: &Options,
        absent: &Absent,
    ) -> Checked<Plan> {
        let (bytes, look) = given::pipeline(root).map_err(|problem| vec![problem])?;
        let (mut pipeline, document, mut found) = parse::parse(pipeline::FILE, &bytes)?;
        let is_plain = options.is_plain(pipeline.date.as_deref());
        let applied = options::apply(&mut pipeline, options, &document, &mut found);
        let links = given::links(root, &pipeline, &document, &mut found);
        let tree = Tree::new(root, &links);
        let mut files = BTreeMap::from([(pipeline::FILE.to_string(), look)]);
        let before = found.len();
        let package = given::package(&tree, &pipeline, &document, &mut files, &mut found);
        let read = found.len() == before;
        if let Some(problem) = draft::matrix::too_many(&document) {
            found.push(problem);
            return Err(tidy(found));
        }
        let drafts = draft::all(&pipeline, &document, applied.params, functions, &mut found);
        producers::check(root, &drafts, &mut found);
        let references = References::new(&package, &drafts, &tree, absent);
        let mut taken = Vec::new();
        let before = found.len();
        for draft in &drafts {
            taken.push(inputs::of(draft, &references, &document, &applied.overridden, &mut found));
        }
        // What a profile replaces is not known any more, nor what was not found.
        if options.profile.is_none() && read && found.len() == before {
            carried::check(
                &pipeline,
                &drafts,
                &taken,
                &references,
                &package.sources,
                &document,
                &mut found,
            );
        }
        inputs::check_descriptions(&drafts, &taken, &package, &mut found);
        let folders = tree.listed();
        let order = match order::order(&drafts, &taken) {
            Ok(order) => order,
            Err(cycle) => {
                found.push(cycle);
                return Err(tidy(found));
            }
        };
        number(&order, &mut taken);
        let mut stages = Vec::new();
        for index in order {
            let (draft, inputs) = (&drafts[index], &taken[index]);
            stages.push(finish::stage(draft, inputs, &pipeline, &document, &mut found));
        }
        if !found.is_empty() {
            return Err(tidy(found));
        }
        drop(drafts);
        let (root, name, date) = (root.to_path_buf(), pipeline.name, pipeline.date);
        let sources = package.sources;
        Ok(Plan { root, name, date, is_plain, stages, sources, files, folders })
    }
}

/// Lets inputs name stages by their positions in the plan, and no longer by those
/// in the file.
fn number(order: &[usize], taken: &mut [Inputs]) {
    let mut position = vec![0; taken.len()];
    for (place, index) in order.iter().enumerate() {
        position[*index] = place;
    }
    for input in taken.iter_mut().flat_map(|inputs| inputs.roles.values_mut()).flatten() {
        if let Origin::Stage(other, _) = &mut input.from {
            *other = position[*other];
        }
    }
}
