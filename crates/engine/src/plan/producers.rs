//! Which stage makes which path: one producer each, and none inside another.

use std::collections::BTreeMap;
use std::path::Path;

use super::draft::Draft;
use crate::diagnostic::{Diagnostic, Kind};
use crate::outputs::{STAGE, linked, plain, short};

/// Each path has one producer, and none lies inside another.
pub(super) fn check(root: &Path, drafts: &[Draft], found: &mut Vec<Diagnostic>) {
    let mut producers: BTreeMap<String, (&Draft, &str)> = BTreeMap::new();
    let mut links = BTreeMap::new();
    names(drafts, found);
    for draft in drafts {
        for (name, output) in &draft.outputs {
            let sound = plain(&output.path).and_then(|()| linked(root, &output.path, &mut links));
            if let Err((message, hint)) = sound {
                let problem = Diagnostic::new(Kind::Usage, message).at(output.at.clone());
                found.push(problem.hint(hint));
                continue;
            }
            // Names that differ only in case are one file on other systems.
            let folded = output.path.to_lowercase();
            if let Some((other, of)) = producers.get(&folded) {
                let message =
                    format!("`{}.{name}` and `{}.{of}` make the same path", draft.name, other.name);
                let hint = match draft.group == other.group && draft.name != other.name {
                    true => "let the path name the cell, as in `{{ matrix.… }}`",
                    false => "give one of them another path",
                };
                found.push(Diagnostic::new(Kind::Usage, message).at(output.at.clone()).hint(hint));
                continue;
            }
            producers.insert(folded, (draft, name));
        }
    }
    for (path, (draft, name)) in &producers {
        let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
        for parent in parents {
            if let Some((other, of)) = producers.get(parent) {
                let at = draft.outputs[*name].at.clone();
                let message = format!(
                    "`{}.{name}` lies inside `{}.{of}`, which is a file",
                    draft.name, other.name
                );
                found.push(Diagnostic::new(Kind::Usage, message).at(at));
            }
        }
    }
}

/// Names of stages become names of files; each group is told once.
fn names(drafts: &[Draft], found: &mut Vec<Diagnostic>) {
    let mut told = "";
    for draft in drafts {
        if draft.name.len() > STAGE && draft.group != told {
            told = draft.group;
            let message = format!(
                "the name `{}` has {} bytes, and {STAGE} are the limit",
                short(&draft.name),
                draft.name.len()
            );
            let hint = match draft.name == draft.group {
                true => "files are named after a stage; give it a shorter name",
                false => "files are named after a cell; let a short word on the axis stand for it",
            };
            found.push(Diagnostic::new(Kind::Usage, message).at(draft.at.clone()).hint(hint));
        }
    }
}
