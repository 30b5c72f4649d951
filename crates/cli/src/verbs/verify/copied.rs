//! A copy of all that a project is made from, in another folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use engine::diagnostic::Diagnostic;
use engine::plan::{Origin, Plan};

use crate::report::Failed;

/// Copies what the plan was read from and what its stages read; in the reverse order of
/// the paths where that is asked for, so that folders list them otherwise.
pub(super) fn copy(plan: &Plan, to: &Path, reverse: bool) -> Result<(), Failed> {
    let mut paths: Vec<&str> = files(plan).into_iter().collect();
    if reverse {
        paths.reverse();
    }
    for path in paths {
        let (from, to) = (plan.root.join(path), to.join(path));
        if !from.is_file() {
            continue;
        }
        let folder = to.parent().unwrap_or(&to);
        fs::create_dir_all(folder)
            .and_then(|()| fs::copy(&from, &to))
            .map_err(|error| Diagnostic::io("copy", Path::new(path), &error))?;
    }
    Ok(())
}

fn files(plan: &Plan) -> BTreeSet<&str> {
    let inputs = plan.stages.iter().flat_map(|stage| stage.inputs.values().flatten());
    let inputs = inputs.filter(|input| matches!(input.from, Origin::File | Origin::Source(_)));
    let read = plan.files.keys().chain(plan.sources.values().map(|source| &source.path));
    inputs.map(|input| &input.path).chain(read).map(String::as_str).collect()
}
