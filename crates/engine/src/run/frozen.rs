//! A run that runs nothing: what the lock says is put in place from the store.

use super::place::{fill, missing};
use super::request::Summary;
use super::{begin, tell_notes};
use crate::diagnostic::{Diagnostic, Kind};
use crate::observe::Observer;
use crate::project::Project;
use crate::publish::{self, Wanted};

/// Puts in place what the lock says, from the store alone: nothing is executed.
pub fn frozen(project: &Project, stages: &[usize], observer: &dyn Observer) -> Summary {
    let mut summary = Summary::default();
    let (locked, _, scratch) = match begin(project) {
        Ok(begun) => begun,
        Err(problem) => return Summary { problems: vec![problem], ..summary },
    };
    let (mut lost, mut ready) = (Vec::new(), Vec::new());
    for index in stages {
        let stage = &project.plan.stages[*index];
        let Some(block) = locked.stages.get(&stage.name) else {
            lost.push(format!("stage `{}` is not in the lock", stage.name));
            continue;
        };
        let outputs = block.outputs.iter().map(|(path, made)| Wanted::new(path, made));
        let wanted = missing(project, outputs);
        match publish::prepare(project, &scratch, &wanted) {
            Ok(Some(some)) => {
                summary.cached += 1;
                ready.extend(some);
            }
            Ok(None) => lost.extend(wanted.iter().map(|Wanted { path, digest, .. }| {
                format!("`{path}` ({}) is not in the store", digest.short())
            })),
            Err(problem) => summary.problems.push(problem),
        }
    }
    let (placed, problem) = fill(project, &ready, observer);
    summary.published.extend(placed);
    summary.problems.extend(problem);
    tell_notes(project, observer);
    if !lost.is_empty() {
        let message = "`--frozen` can't put everything in place, since it runs nothing";
        summary.problems.push(
            Diagnostic::new(Kind::Pending, message)
                .details(lost)
                .hint("`colophon run` makes what is missing"),
        );
    }
    summary
}
