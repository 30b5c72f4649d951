//! What the command of a stage said: which log is that of a stage now.

use std::time::SystemTime;

use super::forecast::keys;
use super::logs::{FAILED, LONGEST, STREAMS, path};
use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::own;
use crate::plan::{Action, Plan};
use crate::project::Project;

/// The log of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What the stage's state makes of it.
    pub of: Of,
    /// What the command said on standard output.
    pub stdout: Vec<u8>,
    /// What it said on standard error.
    pub stderr: Vec<u8>,
}

/// Which attempt a log is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Of the one that made the result which is up to date.
    Result(Digest),
    /// Of the one that made the last result; what it is made from has changed.
    Last(Digest),
    /// Of the last one, which failed, with what went wrong.
    Failed(String),
}

/// What the command of a stage said when it made its result, or when it failed
/// since; nothing is run.
pub fn said(project: &Project, index: usize) -> Result<Said, Diagnostic> {
    let stage = &project.plan.stages[index];
    let usage = |message: String| Diagnostic::new(Kind::Usage, message);
    if matches!(stage.action, Action::Function(_)) {
        let message =
            format!("stage `{}` calls a function, and only commands have a log", stage.name);
        return Err(usage(message));
    }
    let now = keys(project, &project.plan.closure([index]))?.get(&index).copied();
    let known = |key: &Digest| project.store.look_up(key).map(|record| (*key, record));
    let last = || project.state.stages.get(&stage.name).map(|last| last.key);
    let result = now.as_ref().and_then(known).map(|(key, record)| (Of::Result(key), record));
    let result = result
        .or_else(|| last().as_ref().and_then(known).map(|(key, record)| (Of::Last(key), record)));
    if let Some((failed, message)) = failure(&project.plan, &stage.name) {
        let of_now = now.is_none_or(|now| now == failed);
        let later = match &result {
            Some((Of::Result(key), _)) => made(project, key) < attempted(project, &stage.name),
            _ => true,
        };
        if of_now && later {
            let root = &project.plan.root;
            let read = |stream| own::read(&path(root, &stage.name, stream), LONGEST);
            let [stdout, stderr] = STREAMS.map(|stream| read(stream).unwrap_or_default());
            return Ok(Said { of: Of::Failed(message), stdout, stderr });
        }
    }
    let Some((of, record)) = result else {
        let message = format!("stage `{}` has no result and no log", stage.name);
        return Err(usage(message).hint(format!("`colophon run {}` makes them", stage.name)));
    };
    let read = |stream: &str| match record.logs.get(stream) {
        None => Ok(Vec::new()),
        Some(digest) => project.store.read(digest)?.ok_or_else(|| {
            let message = format!("the log of stage `{}` is no longer in the store", stage.name);
            Diagnostic::new(Kind::Store, message)
                .hint(format!("`colophon run --force {}` makes it anew", stage.name))
        }),
    };
    Ok(Said { of, stdout: read(STREAMS[0])?, stderr: read(STREAMS[1])? })
}

/// The key of the last attempt of a stage and why it failed, if it did.
fn failure(plan: &Plan, stage: &str) -> Option<(Digest, String)> {
    let text = own::read(&path(&plan.root, stage, FAILED), 1 << 20).ok()?;
    let text = String::from_utf8_lossy(&text);
    let (key, message) = text.split_once('\n')?;
    Some((Digest::from_hex(key)?, message.trim_end().to_string()))
}

fn attempted(project: &Project, stage: &str) -> Option<SystemTime> {
    path(&project.plan.root, stage, FAILED).metadata().ok()?.modified().ok()
}

fn made(project: &Project, key: &Digest) -> Option<SystemTime> {
    project.store.result(key, 1).metadata().ok()?.modified().ok()
}
