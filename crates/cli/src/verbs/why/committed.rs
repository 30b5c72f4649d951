//! The lock that `why` compares with: that of a commit, by `git`, or the one
//! that lies in the checkout.
//!
//! A checkout may be somebody else's, so nothing that its settings name is run,
//! nothing is fetched, and `git` is not waited for longer than a few seconds.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use engine::diagnostic::{Diagnostic, Kind};
use engine::lock::{FILE, Lock};
use engine::plan::Plan;
use serde::Serialize;

use crate::report::Failed;

/// How long `git` may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// More than this is no lock of ours.
const LIMIT: u64 = 256 << 20;

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
    let Some(commit) = commit(&plan.root, revision) else {
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
    let committed = commit(&plan.root, "HEAD")
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

fn commit(root: &Path, revision: &str) -> Option<String> {
    let name = format!("{revision}^{{commit}}");
    let said = git(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name])?;
    let commit = said.trim();
    let is_hex = commit.len() >= 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
    is_hex.then(|| commit.to_string())
}

fn lock(root: &Path, commit: &str) -> Option<String> {
    git(root, &["cat-file", "blob", &format!("{commit}:./{FILE}")])
}

/// What `git` answers, if it does.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    for setting in ["core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never"] {
        git.args(["-c", setting]);
    }
    // A hook's environment names the repository of the hook, not this one.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        git.env_remove(name);
    }
    git.arg("--no-optional-locks").arg("--no-pager").args(arguments).current_dir(root);
    git.env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    let git = git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = git.spawn().ok()?;
    let out = child.stdout.take()?;
    let (tell, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = out.take(LIMIT).read_to_end(&mut bytes);
        let _ = tell.send(read.ok().map(|_| bytes));
    });
    let said = heard.recv_timeout(PATIENCE).ok().flatten();
    if said.is_none() {
        let _ = child.kill();
    }
    let ended = child.wait().ok()?;
    String::from_utf8(said.filter(|_| ended.success())?).ok()
}
