//! What a run puts below `outputs/` and what it takes away, each told.

use std::collections::{BTreeMap, BTreeSet};

use super::request::Summary;
use super::schedule::Schedule;
use crate::diagnostic::{Diagnostic, Kind};
use crate::observe::{Event, Observer};
use crate::outputs;
use crate::project::Project;
use crate::publish::{self, Ready, Wanted};
use crate::state::State;
use crate::store::results::unreadable;

/// Puts the results of every finished stage in place.
pub(super) fn put_in_place(schedule: &Schedule, state: &mut State, summary: &mut Summary) {
    let project = schedule.project;
    let mut ready = Vec::new();
    for index in &schedule.request.stages {
        let Some(done) = schedule.done[*index].get() else { continue };
        let stage = &project.plan.stages[*index];
        let wanted = missing(
            project,
            stage.outputs.iter().map(|(name, path)| Wanted::new(path, &done.outputs[name])),
        );
        match prepare(schedule, *index, &wanted) {
            Ok(some) => ready.extend(some),
            Err(problems) => summary.problems.extend(problems),
        }
        // On a full disk whatever else is copied would only fail again.
        if is_full(summary) {
            break;
        }
    }
    // What was known and had to be made again did run after all.
    let again = schedule.made_again();
    summary.ran += again;
    summary.cached = summary.cached.saturating_sub(again);
    let (placed, problem) = fill(project, &ready, schedule.observer);
    summary.published.extend(placed);
    summary.problems.extend(problem);
    for index in &schedule.request.stages {
        let (stage, Some(done)) = (&project.plan.stages[*index], schedule.done[*index].get())
        else {
            continue;
        };
        for (name, path) in &stage.outputs {
            if project.plan.root.join(path).is_file() {
                state.published.insert(path.clone(), done.outputs[name].digest);
            }
        }
    }
}

/// Those of the results that are not in place.
pub(super) fn missing(project: &Project, all: impl Iterator<Item = Wanted>) -> Vec<Wanted> {
    let root = &project.plan.root;
    all.filter(|wanted| !publish::is_in_place(root, &project.files, wanted)).collect()
}

/// Copies the results of one stage; those that the store has lost are made again.
fn prepare(
    schedule: &Schedule,
    index: usize,
    wanted: &[Wanted],
) -> Result<Vec<Ready>, Vec<Diagnostic>> {
    let project = schedule.project;
    let copy = || {
        let ready = publish::prepare(project, schedule.scratch, wanted);
        ready.map_err(|problem| vec![problem])
    };
    if let Some(ready) = copy()? {
        return Ok(ready);
    }
    schedule.remake(index)?;
    copy()?.ok_or_else(|| vec![unreadable(&wanted[0].path)])
}

/// Puts copies in place and tells of it; what a person edited is kept.
pub(super) fn fill(
    project: &Project,
    ready: &[Ready],
    observer: &dyn Observer,
) -> (Vec<String>, Option<Diagnostic>) {
    let root = &project.plan.root;
    let keep = |path: &str| project.is_edited(path);
    let (placed, kept, problem) = publish::place(root, ready, keep);
    for (path, copy) in kept {
        let message = match project.state.published.contains_key(&path) {
            true => format!("`{path}` was edited since it was made; your copy is `{copy}`"),
            false => format!("`{path}` was not made by this checkout; it was moved to `{copy}`"),
        };
        observer.event(Event::Noted { diagnostic: note(message) });
    }
    for path in &placed {
        observer.event(Event::Published { path: path.clone() });
    }
    (placed, problem)
}

/// Removes what earlier runs put in place and no stage makes any more, unless
/// somebody has changed it since.
pub(super) fn remove_stale(project: &Project, state: &mut State, observer: &dyn Observer) {
    let root = &project.plan.root;
    let made: BTreeSet<_> =
        project.plan.stages.iter().flat_map(|stage| stage.outputs.values()).collect();
    let stale: Vec<Wanted> = state
        .published
        .iter()
        .filter(|(path, _)| !made.contains(path))
        .map(|(path, digest)| Wanted { path: path.clone(), digest: *digest, executable: false })
        .collect();
    let mut removed = Vec::new();
    for wanted in stale {
        state.published.remove(&wanted.path);
        let path = &wanted.path;
        if outputs::linked(root, path, &mut BTreeMap::new()).is_err() {
            continue;
        }
        if publish::is_in_place(root, &project.files, &wanted) {
            if std::fs::remove_file(root.join(path)).is_ok() {
                publish::remove_empty_above(root, path);
                removed.push(wanted.path);
            }
        } else if made.iter().any(|made| lies_within(made, path) || lies_within(path, made))
            && project.is_edited(path)
            && let Ok(copy) = publish::keep_copy(root, path)
        {
            publish::remove_empty_above(root, path);
            let message = format!("`{path}` was edited since it was made; your copy is `{copy}`");
            observer.event(Event::Noted { diagnostic: note(message) });
        }
    }
    const NAMED: usize = 10;
    for path in removed.iter().take(NAMED) {
        let message = format!("`{path}` is no longer made by any stage; it was removed");
        observer.event(Event::Noted { diagnostic: note(message) });
    }
    if let Some(more @ 1..) = removed.len().checked_sub(NAMED) {
        let message = format!("and {more} more that no stage makes any longer");
        observer.event(Event::Noted { diagnostic: note(message) });
    }
}

/// Whether one path is a folder on the way to the other.
fn lies_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Results that stand below `outputs/` though this run did not make them: old
/// ones beside new ones look like one edition.
pub(super) fn earlier(schedule: &Schedule) -> Vec<String> {
    let project = schedule.project;
    let open =
        schedule.request.stages.iter().filter(|index| schedule.done[**index].get().is_none());
    let paths = open.flat_map(|index| project.plan.stages[*index].outputs.values());
    paths.filter(|path| project.plan.root.join(path).is_file()).cloned().collect()
}

/// Whether the disk was found to be full.
pub(super) fn is_full(summary: &Summary) -> bool {
    summary.problems.iter().any(|problem| problem.kind == Kind::Full)
}

/// Whether a problem says more than that the disk is full, where that is known.
pub(super) fn tells_more(summary: &Summary, problem: &Diagnostic) -> bool {
    problem.kind != Kind::Full || !is_full(summary)
}

/// What the user should know, and no more.
pub(super) fn note(message: String) -> Diagnostic {
    Diagnostic::new(Kind::Note, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_the_disk_is_full_is_told_once() {
        let of = |kind| Diagnostic::new(kind, "x");
        let summary = |kind| Summary { problems: vec![of(kind)], ..Summary::default() };
        for (known, problem, more) in [
            (Kind::Full, Kind::Full, false),
            (Kind::Full, Kind::Infrastructure, true),
            (Kind::Infrastructure, Kind::Full, true),
            (Kind::Infrastructure, Kind::Infrastructure, true),
        ] {
            assert_eq!(tells_more(&summary(known), &of(problem)), more, "{known:?} {problem:?}");
        }
    }
}
