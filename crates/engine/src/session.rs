//! A whole run of a project: its stages, the lock, the results, the state.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use crate::diagnostic::{Diagnostic, Kind};
use crate::execute;
use crate::lock::{self, Lock};
use crate::observe::{Event, Observer};
use crate::project::Project;
use crate::publish::{self, Wanted};
use crate::run::{Request, Run, Summary, unreadable};
use crate::scratch::Scratch;
use crate::state::State;
use crate::witness::{self, Question};

/// What is done with `pipeline.lock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is brought up to date.
    Update,
    /// It is an error if it would change; then nothing is put in place.
    Locked,
    /// It is left alone, since this is not the plain pipeline: it holds what the
    /// committed files produce, not what a profile or a parameter makes of them.
    Leave,
}

/// Brings stages up to date, puts their results in place and keeps the lock.
///
/// Where everything is up to date afterwards, `question` is what a witness of it
/// answers.
pub fn run(
    project: &Project,
    request: &Request,
    mode: Mode,
    question: Option<&Question>,
    observer: &dyn Observer,
) -> Summary {
    // A lock that can't be read is said before anything runs.
    let locked = match Lock::read(&project.plan.root) {
        Ok(locked) => locked,
        Err(problem) => return Summary { problems: vec![problem], ..Summary::default() },
    };
    let scratch = match Scratch::new(&execute::workplace(&project.plan)) {
        Ok(scratch) => scratch,
        Err(problem) => return Summary { problems: vec![problem], ..Summary::default() },
    };
    let run = Run::new(project, request, &scratch, observer);
    let mut summary = run.stages();
    let locked = settle_lock(project, &run, mode, &summary, locked);
    let mut may_publish = true;
    if let Err(problem) = locked {
        may_publish = problem.kind != Kind::Lock;
        summary.problems.push(problem);
    }
    // On a full disk whatever else is written would only fail again.
    may_publish &= !is_full(&summary);
    if may_publish {
        put_in_place(&run, &mut summary);
    }
    for diagnostic in project.store.notes() {
        observer.event(Event::Noted { diagnostic });
    }
    let done = match run.finish() {
        Ok(done) => done,
        Err(problem) => {
            if problem.kind != Kind::Full || !is_full(&summary) {
                summary.problems.push(problem);
            }
            return summary;
        }
    };
    for diagnostic in project.store.notes() {
        observer.event(Event::Noted { diagnostic });
    }
    if is_full(&summary) {
        return summary;
    }
    let mut state = project.state.clone();
    for (stage, done) in project.plan.stages.iter().zip(&done) {
        if let Some(done) = done.get() {
            state.note(&stage.name, done.key);
            for (name, path) in stage.outputs.iter().filter(|_| may_publish) {
                state.published.insert(path.clone(), done.outputs[name].digest);
            }
        }
    }
    if may_publish && summary.problems.is_empty() {
        for message in stale(&remove_stale(project, &mut state)) {
            observer.event(Event::Noted { diagnostic: Diagnostic::new(Kind::Note, message) });
        }
    }
    if let Err(problem) = state.write(project, &scratch) {
        summary.problems.push(problem);
    }
    if let Some(question) = question.filter(|_| summary.problems.is_empty()) {
        witness::write(project, &request.stages, question, &scratch);
    }
    if request.stop.load(Ordering::Relaxed) > 0 && summary.problems.is_empty() {
        let stopped = Diagnostic::new(Kind::Infrastructure, "the run was stopped");
        summary
            .problems
            .push(stopped.hint("what was done is kept; `colophon run` goes on from here"));
    }
    summary
}

/// At most this many files that were removed are named one by one.
const NAMED: usize = 10;

/// What is said of files that no stage makes any longer.
fn stale(paths: &[String]) -> Vec<String> {
    let named = paths.iter().take(NAMED);
    let mut messages: Vec<String> = named
        .map(|path| format!("`{path}` is no longer made by any stage; it was removed"))
        .collect();
    if let Some(more @ 1..) = paths.len().checked_sub(NAMED) {
        messages.push(format!("and {more} more that no stage makes any longer"));
    }
    messages
}

/// Whether the disk was found to be full.
fn is_full(summary: &Summary) -> bool {
    summary.problems.iter().any(|problem| problem.kind == Kind::Full)
}

/// Writes the lock, or holds the run to it.
fn settle_lock(
    project: &Project,
    run: &Run,
    mode: Mode,
    summary: &Summary,
    mut locked: Lock,
) -> Result<(), Diagnostic> {
    let root = &project.plan.root;
    let failed = summary.failed + summary.skipped > 0;
    let made = run.lock();
    let known: BTreeSet<_> = project.plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    let wanted: BTreeSet<_> =
        run.request.stages.iter().map(|index| project.plan.stages[*index].name.as_str()).collect();
    let all = wanted.len() == known.len();
    if mode == Mode::Locked {
        locked.stages.retain(|name, _| {
            if failed {
                made.stages.contains_key(name)
            } else {
                all || wanted.contains(name.as_str())
            }
        });
        let differences = made.differences(&locked);
        if differences.is_empty() {
            return Ok(());
        }
        let problem =
            Diagnostic::new(Kind::Lock, "`pipeline.lock` would change, and `--locked` forbids it");
        return Err(problem
            .details(differences)
            .hint("nothing was put in place; `colophon why STAGE` tells the cause")
            .hint("if the change is meant, `colophon run` writes the lock and you commit it"));
    }
    if failed || mode == Mode::Leave {
        return Ok(());
    }
    let before = locked.clone();
    locked.stages.retain(|name, _| known.contains(name.as_str()));
    locked.stages.extend(made.stages);
    match locked == before {
        true => Ok(()),
        false => publish::replace(&root.join(lock::FILE), locked.text().as_bytes(), run.scratch),
    }
}

/// Puts the results of every finished stage in place.
fn put_in_place(run: &Run, summary: &mut Summary) {
    let project = run.project;
    let root = &project.plan.root;
    for index in &run.request.stages {
        let Some(done) = run.done[*index].get() else { continue };
        let stage = &project.plan.stages[*index];
        let wanted: Vec<Wanted> = stage
            .outputs
            .iter()
            .map(|(name, path)| (path.clone(), done.outputs[name].digest))
            .filter(|wanted| !publish::is_in_place(root, &project.files, wanted))
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let publish =
            || publish::publish(root, &project.store, &project.files, run.scratch, &wanted);
        let published = match publish() {
            Ok(false) => {
                run.remake(*index).and_then(|()| publish().map_err(|problem| vec![problem]))
            }
            other => other.map_err(|problem| vec![problem]),
        };
        match published {
            Ok(false) => summary.problems.push(unreadable(&wanted[0].0)),
            Ok(true) => {
                for (path, _) in wanted {
                    run.observer.event(Event::Published { path: path.clone() });
                    summary.published.push(path);
                }
            }
            Err(problems) => summary.problems.extend(problems),
        }
    }
}

/// Removes what earlier runs put in place and no stage makes any more, unless
/// somebody has changed it since.
fn remove_stale(project: &Project, state: &mut State) -> Vec<String> {
    let made: BTreeSet<_> =
        project.plan.stages.iter().flat_map(|stage| stage.outputs.values()).collect();
    let stale: Vec<Wanted> = state
        .published
        .iter()
        .filter(|(path, _)| !made.contains(path))
        .map(|(path, digest)| (path.clone(), *digest))
        .collect();
    let mut removed = Vec::new();
    for wanted in stale {
        state.published.remove(&wanted.0);
        let root = &project.plan.root;
        if publish::is_in_place(root, &project.files, &wanted)
            && std::fs::remove_file(root.join(&wanted.0)).is_ok()
        {
            removed.push(wanted.0);
        }
    }
    removed
}

/// Puts in place what the lock says, from the store alone: nothing is hashed,
/// nothing is executed.
pub fn frozen(project: &Project, stages: &[usize], observer: &dyn Observer) -> Summary {
    let mut summary = Summary::default();
    let root = &project.plan.root;
    let locked = match Lock::read(root) {
        Ok(locked) => locked,
        Err(problem) => {
            summary.problems.push(problem);
            return summary;
        }
    };
    let scratch = match Scratch::new(&execute::workplace(&project.plan)) {
        Ok(scratch) => scratch,
        Err(problem) => {
            summary.problems.push(problem);
            return summary;
        }
    };
    let mut missing = Vec::new();
    for index in stages {
        let stage = &project.plan.stages[*index];
        let Some(block) = locked.stages.get(&stage.name) else {
            missing.push(format!("stage `{}` is not in the lock", stage.name));
            continue;
        };
        let wanted: Vec<Wanted> = block
            .outputs
            .iter()
            .map(|(path, made)| (path.clone(), made.digest))
            .filter(|wanted| !publish::is_in_place(root, &project.files, wanted))
            .collect();
        match publish::publish(root, &project.store, &project.files, &scratch, &wanted) {
            Ok(true) => {
                summary.cached += 1;
                for (path, _) in wanted {
                    observer.event(Event::Published { path: path.clone() });
                    summary.published.push(path);
                }
            }
            Ok(false) => missing.extend(wanted.iter().map(|(path, digest)| {
                format!("`{path}` ({}) is not in the store", digest.short())
            })),
            Err(problem) => summary.problems.push(problem),
        }
    }
    for diagnostic in project.store.notes() {
        observer.event(Event::Noted { diagnostic });
    }
    if !missing.is_empty() {
        let message = "`--frozen` can't put everything in place, since it runs nothing";
        summary.problems.push(
            Diagnostic::new(Kind::Pending, message)
                .details(missing)
                .hint("`colophon run` makes what is missing"),
        );
    }
    summary
}
