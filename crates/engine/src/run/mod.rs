//! A whole run of a project: its stages, the results, the lock, the state.
//!
//! The order is what a power cut may interrupt anywhere: results are durable
//! below `outputs/` and in the store before the lock speaks of them, and the
//! lock before the witness vouches for both.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::Ordering;

use crate::diagnostic::{Diagnostic, Kind, listed};
use crate::digest::Digest;
use crate::durable;
use crate::files::{self, Look};
use crate::lock::{self, Lock};
use crate::observe::{Event, Observer};
use crate::own::{self, FOLDER};
use crate::plan::{Origin, Stage};
use crate::project::Project;
use crate::scratch::Scratch;
use crate::witness::{self, Question};
use place::{earlier, is_full, note, put_in_place, remove_stale, tells_more};
use request::{Request, Summary};
use schedule::Schedule;

pub mod frozen;
pub mod request;
mod place;
mod schedule;
mod board;
mod inputs;

// A stage that has to run.
mod execute;
mod failure;
pub mod supervise;
mod process;
mod stream;
mod logs;
mod workplace;

// What is asked of runs that are to come and of those that were.
pub mod forecast;
pub mod said;

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
    /// Results go to the store alone: nothing is put in place, and what the checkout
    /// remembers stays as it is.
    Aside,
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
    let schedule = Schedule::new(project, request, &scratch, observer);
    let mut summary = schedule.stages();
    summary.made = made(&schedule);
    summary.lock = schedule.lock();
    let mut may_publish = mode != Mode::Aside;
    let lock = match new_lock(&schedule, mode, &summary, locked) {
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
        put_in_place(&schedule, &mut state, &mut summary);
    }
    if mode != Mode::Aside {
        summary.earlier = earlier(&schedule);
    }
    if let Some(diagnostic) = edited_meanwhile(project, &schedule) {
        observer.event(Event::Noted { diagnostic });
    }
    tell_notes(project, observer);
    let lock = lock.filter(|_| summary.problems.is_empty());
    let done = match schedule.finish() {
        Ok(done) => done,
        Err(problem) => {
            if tells_more(&summary, &problem) {
                summary.problems.push(problem);
            }
            return summary;
        }
    };
    tell_notes(project, observer);
    if is_full(&summary) || mode == Mode::Aside {
        return summary;
    }
    let root = &project.plan.root;
    summary.problems.extend(lock.as_ref().and_then(|lock| write(lock, root, &scratch)));
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

/// Writes the lock; gives what went wrong.
fn write(lock: &Lock, root: &Path, scratch: &Scratch) -> Option<Diagnostic> {
    durable::replace(&root.join(lock::FILE), lock.text().as_bytes(), scratch).err()
}

/// What every finished stage made.
fn made(schedule: &Schedule) -> BTreeMap<String, Digest> {
    let mut made = BTreeMap::new();
    for (stage, done) in schedule.project.plan.stages.iter().zip(&schedule.done) {
        let Some(done) = done.get() else { continue };
        made.extend(
            stage.outputs.iter().map(|(name, path)| (path.clone(), done.outputs[name].digest)),
        );
    }
    made
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

/// The lock that is to be written, if it is to change; or the run held to it.
fn new_lock(
    schedule: &Schedule,
    mode: Mode,
    summary: &Summary,
    mut locked: Lock,
) -> Result<Option<Lock>, Diagnostic> {
    let project = schedule.project;
    let failed = summary.failed + summary.skipped > 0;
    let made = schedule.lock();
    let known: BTreeSet<_> = project.plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    let wanted: BTreeSet<_> = schedule
        .request
        .stages
        .iter()
        .map(|index| project.plan.stages[*index].name.as_str())
        .collect();
    let all = wanted.len() == known.len();
    if matches!(mode, Mode::Leave | Mode::Aside) || (failed && mode == Mode::Update) {
        return Ok(None);
    }
    let mut of_these = locked.clone();
    of_these.stages.retain(|name, _| match failed {
        true => made.stages.contains_key(name),
        false => all || wanted.contains(name.as_str()),
    });
    let differences =
        made.differences(&of_these, &|name, platform| schedule.key_on(name, platform));
    if differences.found.is_empty() {
        for (platform, keys) in &differences.platforms {
            schedule.observer.event(Event::Noted { diagnostic: elsewhere(platform, *keys) });
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

/// Names files that somebody changed after the run had read them.
fn edited_meanwhile(project: &Project, schedule: &Schedule) -> Option<Diagnostic> {
    let root = &project.plan.root;
    let read = |stage: &Stage| -> BTreeSet<String> {
        let inputs = stage.inputs.values().flatten();
        let files = inputs.filter(|it| matches!(it.from, Origin::File | Origin::Source(_)));
        files.map(|input| input.path.clone()).collect()
    };
    let stages = schedule.request.stages.iter().map(|index| &project.plan.stages[*index]);
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
