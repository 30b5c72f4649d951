//! The lock that `why` compares with: that of a commit, by `git`, or the one
//! that lies in the checkout.
//!
//! A checkout may be somebody else's, so nothing that its settings name is run,
//! nothing is fetched, and `git` is not waited for longer than a few seconds.

use std::path::Path;

use engine::diagnostic::{Diagnostic, Kind};
use engine::lock::{FILE, Lock};
use engine::plan::Plan;
use serde::Serialize;

use crate::git;
use crate::report::Failed;

/// What an answer compares with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "with", rename_all = "snake_case")]
pub(super) enum Since {
    /// The lock of a commit.
    Commit {
        /// `HEAD`, or the revision that was asked for.
        revision: String,
        /// The commit that it names.
        commit: String,
    },
    /// The lock that lies in the checkout.
    Lock,
    /// What ran here last.
    Last,
}

impl Since {
    /// `the last run here`, `pipeline.lock`, or that at a revision.
    pub(super) fn says(&self) -> String {
        match self {
            Since::Commit { revision, commit } => {
                let short = commit.get(..7).unwrap_or(commit);
                match revision.as_str() {
                    "HEAD" => format!("`{FILE}` at HEAD ({short})"),
                    _ => format!("`{FILE}` at `{revision}` ({short})"),
                }
            }
            Since::Lock => format!("`{FILE}`"),
            Since::Last => "the last run here".into(),
        }
    }
}

/// The lock of a revision; an error where there is no such revision or lock.
pub(super) fn at(plan: &Plan, revision: &str) -> Result<(Since, Lock), Failed> {
    let Some(commit) = git::commit(&plan.root, revision) else {
        let message = format!("`git` knows no revision `{revision}` of this project");
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("`--since HEAD~1` names one, `--since last` compares with the last run here")
            .into());
    };
    let Some(text) = lock(&plan.root, &commit) else {
        let message = format!("revision `{revision}` has no `{FILE}`");
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint(format!("`git log -- {FILE}` lists those that changed it"))
            .into());
    };
    Ok((since(revision, commit), Lock::parse(&text)?))
}

/// The committed lock; that of the checkout where nothing is committed or there
/// is no `git`. `None` where there is no lock at all.
pub(super) fn committed(plan: &Plan) -> Result<Option<(Since, Lock)>, Failed> {
    let committed = git::commit(&plan.root, "HEAD")
        .and_then(|commit| Some((lock(&plan.root, &commit)?, commit)))
        .and_then(|(text, commit)| Some((since("HEAD", commit), Lock::parse(&text).ok()?)));
    if committed.is_some() {
        return Ok(committed);
    }
    let lock = Lock::read(&plan.root)?;
    Ok((!lock.stages.is_empty()).then_some((Since::Lock, lock)))
}

fn since(revision: &str, commit: String) -> Since {
    Since::Commit { revision: revision.into(), commit }
}

fn lock(root: &Path, commit: &str) -> Option<String> {
    String::from_utf8(git::file(root, commit, FILE)?).ok()
}
