//! A whole run of a project: its stages, the results, the lock, the state.
//!
//! The order is what a power cut may interrupt anywhere: results are durable
//! below `outputs/` and in the store before the lock speaks of them, and the
//! lock before the witness vouches for both.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use crate::diagnostic::{Diagnostic, Kind, listed};
use crate::files::{self, Look};
use crate::lock::{self, Lock};
use crate::observe::{Event, Observer};
use crate::outputs;
use crate::own;
use crate::plan::{Origin, Stage};
use crate::project::{Done, Project};
use crate::publish::{self, Ready, Wanted};
use crate::run::{Request, Run, Summary, unreadable};
use crate::scratch::Scratch;
use crate::state::{FOLDER, State};
use crate::witness::{self, Question};

mod frozen;

pub use frozen::frozen;

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
    let (locked, look, scratch) = match begin(project) {
        Ok(begun) => begun,
        Err(problem) => return Summary { problems: vec![problem], ..Summary::default() },
    };
    project.files.set_clock(&scratch);
    let run = Run::new(project, request, &scratch, observer);
    let mut summary = run.stages();
    let mut may_publish = true;
    let lock = match new_lock(&run, mode, &summary, locked) {
        Ok(lock) => lock,
        Err(problem) => {
            may_publish = false;
            summary.problems.push(problem);
            None
        }
    };
    // On a full disk whatever else is written would only fail again.
    may_publish &= !is_full(&summary);
    let mut state = project.state.clone();
    if may_publish {
        if summary.failed + summary.skipped == 0 {
            remove_stale(project, &mut state, observer);
        }
        put_in_place(&run, &mut state, &mut summary);
    }
    summary.earlier = earlier(&run);
    if let Some(diagnostic) = edited_meanwhile(project, &run) {
        observer.event(Event::Noted { diagnostic });
    }
    tell_notes(project, observer);
    let lock = lock.filter(|_| summary.problems.is_empty());
    let done = match run.finish() {
        Ok(done) => done,
        Err(problem) => {
            if problem.kind != Kind::Full || !is_full(&summary) {
                summary.problems.push(problem);
            }
            return summary;
        }
    };
    tell_notes(project, observer);
    if is_full(&summary) {
        return summary;
    }
    let root = &project.plan.root;
    if let Some(lock) = &lock
        && let Err(problem) =
            publish::replace(&root.join(lock::FILE), lock.text().as_bytes(), &scratch)
    {
        summary.problems.push(problem);
    }
    for (stage, done) in project.plan.stages.iter().zip(&done) {
        if let Some(done) = done.get() {
            state.note(&stage.name, done.key);
        }
    }
    state.files = project.files.believable();
    if let Err(problem) = state.write(root, &project.state, &scratch) {
        summary.problems.push(problem);
    }
    // A lock that was just written is too young for a witness.
    let look = look.filter(|_| lock.is_none() && summary.problems.is_empty());
    if let (Some(question), Some(look)) = (question, look) {
        witness::write(project, &request.stages, (&done, look), question, &scratch);
    }
    if request.stop.load(Ordering::Relaxed) > 0 && summary.problems.is_empty() {
        let stopped = Diagnostic::new(Kind::Infrastructure, "the run was stopped");
        summary
            .problems
            .push(stopped.hint("what was done is kept; `colophon run` goes on from here"));
    }
    summary
}

/// The lock as it stands, and a private folder on the project's file system.
fn begin(project: &Project) -> Result<(Lock, Option<Look>, Scratch), Diagnostic> {
    let root = &project.plan.root;
    let (locked, look) = Lock::look(root)?;
    let scratch = Scratch::new(&own::make(root, &format!("{FOLDER}/work"))?)?;
    ignore(root)?;
    Ok((locked, look, scratch))
}

/// Keeps what a checkout remembers out of its history.
fn ignore(root: &Path) -> Result<(), Diagnostic> {
    let path = root.join(FOLDER).join(".gitignore");
    // Whoever wants it in git may write something else there.
    if path.symlink_metadata().is_ok_and(|metadata| metadata.len() > 0) {
        return Ok(());
    }
    let written = own::create(&path).and_then(|mut file| file.write_all(b"*\n"));
    written.map_err(|error| Diagnostic::io("write", &path, &error))
}

fn tell_notes(project: &Project, observer: &dyn Observer) {
    for diagnostic in project.store.notes() {
        observer.event(Event::Noted { diagnostic });
    }
}

fn note(message: String) -> Diagnostic {
    Diagnostic::new(Kind::Note, message)
}

/// Whether the disk was found to be full.
fn is_full(summary: &Summary) -> bool {
    summary.problems.iter().any(|problem| problem.kind == Kind::Full)
}

/// The lock that is to be written, if it is to change; or the run held to it.
fn new_lock(
    run: &Run,
    mode: Mode,
    summary: &Summary,
    mut locked: Lock,
) -> Result<Option<Lock>, Diagnostic> {
    let project = run.project;
    let failed = summary.failed + summary.skipped > 0;
    let made = run.lock();
    let known: BTreeSet<_> = project.plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    let wanted: BTreeSet<_> =
        run.request.stages.iter().map(|index| project.plan.stages[*index].name.as_str()).collect();
    let all = wanted.len() == known.len();
    if mode == Mode::Leave || (failed && mode == Mode::Update) {
        return Ok(None);
    }
    let mut of_these = locked.clone();
    of_these.stages.retain(|name, _| match failed {
        true => made.stages.contains_key(name),
        false => all || wanted.contains(name.as_str()),
    });
    let differences = made.differences(&of_these, &|name, platform| run.key_on(name, platform));
    if differences.found.is_empty() {
        for (platform, keys) in &differences.platforms {
            run.observer.event(Event::Noted { diagnostic: elsewhere(platform, *keys) });
        }
        return Ok(None);
    }
    if mode == Mode::Locked {
        let problem =
            Diagnostic::new(Kind::Lock, "`pipeline.lock` would change, and `--locked` forbids it");
        return Err(problem
            .details(differences.found)
            .hint("nothing was put in place; `colophon why STAGE` tells the cause")
            .hint("if the change is meant, `colophon run` writes the lock and you commit it"));
    }
    locked.stages.retain(|name, _| known.contains(name.as_str()));
    locked.stages.extend(made.stages);
    Ok(Some(locked))
}

fn elsewhere(platform: &str, keys: usize) -> Diagnostic {
    let (keys, differ) = match keys {
        1 => ("1 key".to_string(), "differs"),
        n => (format!("{n} keys"), "differ"),
    };
    note(format!(
        "the lock was written on `{platform}`: {keys} {differ} by that alone, and every output \
         is equal"
    ))
}

/// Puts the results of every finished stage in place.
fn put_in_place(run: &Run, state: &mut State, summary: &mut Summary) {
    let project = run.project;
    let mut ready = Vec::new();
    for index in &run.request.stages {
        let Some(done) = run.done[*index].get() else { continue };
        let stage = &project.plan.stages[*index];
        let wanted = missing(
            project,
            stage.outputs.iter().map(|(name, path)| Wanted::new(path, &done.outputs[name])),
        );
        match prepare(run, *index, &wanted) {
            Ok(some) => ready.extend(some),
            Err(problems) => summary.problems.extend(problems),
        }
        // On a full disk whatever else is copied would only fail again.
        if is_full(summary) {
            break;
        }
    }
    // What was known and had to be made again did run after all.
    let again = run.made_again();
    summary.ran += again;
    summary.cached = summary.cached.saturating_sub(again);
    let (placed, problem) = fill(project, &ready, run.observer);
    summary.published.extend(placed);
    summary.problems.extend(problem);
    for index in &run.request.stages {
        let (stage, Some(done)) = (&project.plan.stages[*index], run.done[*index].get()) else {
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
fn missing(project: &Project, all: impl Iterator<Item = Wanted>) -> Vec<Wanted> {
    let root = &project.plan.root;
    all.filter(|wanted| !publish::is_in_place(root, &project.files, wanted)).collect()
}

/// Copies the results of one stage; those that the store has lost are made again.
fn prepare(run: &Run, index: usize, wanted: &[Wanted]) -> Result<Vec<Ready>, Vec<Diagnostic>> {
    let project = run.project;
    let copy = || {
        let ready = publish::prepare(&project.plan.root, &project.store, run.scratch, wanted);
        ready.map_err(|problem| vec![problem])
    };
    if let Some(ready) = copy()? {
        return Ok(ready);
    }
    run.remake(index)?;
    copy()?.ok_or_else(|| vec![unreadable(&wanted[0].path)])
}

/// Puts copies in place and tells of it; what a person edited is kept.
fn fill(
    project: &Project,
    ready: &[Ready],
    observer: &dyn Observer,
) -> (Vec<String>, Option<Diagnostic>) {
    let root = &project.plan.root;
    let keep = |path: &str| project.is_edited(path);
    let (placed, kept, problem) = publish::place(root, ready, keep, &project.files);
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
fn remove_stale(project: &Project, state: &mut State, observer: &dyn Observer) {
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
fn earlier(run: &Run) -> Vec<String> {
    let project = run.project;
    let open = run.request.stages.iter().filter(|index| run.done[**index].get().is_none());
    let paths = open.flat_map(|index| project.plan.stages[*index].outputs.values());
    paths.filter(|path| project.plan.root.join(path).is_file()).cloned().collect()
}

/// Names files that somebody changed after the run had read them.
fn edited_meanwhile(project: &Project, run: &Run) -> Option<Diagnostic> {
    let root = &project.plan.root;
    let read = |stage: &Stage| -> BTreeSet<String> {
        let inputs = stage.inputs.values().flatten();
        let files = inputs.filter(|it| matches!(it.from, Origin::File | Origin::Source(_)));
        files.map(|input| input.path.clone()).collect()
    };
    let stages = run.request.stages.iter().map(|index| &project.plan.stages[*index]);
    let mut changed: BTreeSet<String> = stages.flat_map(read).collect();
    changed.retain(|path| {
        let seen = project.files.seen(path);
        seen.is_some_and(|seen| files::stamp_of(&root.join(path)) != Some(seen.look.stamp))
    });
    let was = match changed.len() {
        0 => return None,
        1 => "was",
        _ => "were",
    };
    let names = listed(changed.iter().map(String::as_str));
    Some(
        note(format!("{names} {was} changed while this run went on"))
            .hint("the results are those of what was read; `colophon run` takes up the change"),
    )
}

/// What is known of each stage after a run.
pub(crate) type AllDone = [OnceLock<Done>];
