//! What `git` knows of a project: commits, and files as they were in them.
//!
//! A checkout may be somebody else's, so nothing that its settings name is run,
//! nothing is fetched, and `git` is not waited for longer than a few seconds.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long `git` may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Larger files are not read from a commit.
const LIMIT: u64 = 256 << 20;

/// The commit that a revision names.
pub(crate) fn commit(root: &Path, revision: &str) -> Option<String> {
    let name = format!("{revision}^{{commit}}");
    let said = ask(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name])?;
    let commit = String::from_utf8(said).ok()?.trim().to_string();
    let is_hex = commit.len() >= 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
    is_hex.then_some(commit)
}

/// A file of the project as it was in a commit.
pub(crate) fn file(root: &Path, commit: &str, path: &str) -> Option<Vec<u8>> {
    ask(root, &["cat-file", "blob", &format!("{commit}:./{path}")])
}

/// The files of the project that differ between a commit and another one, or the
/// files that lie there now.
pub(crate) fn changed(root: &Path, from: &str, to: Option<&str>) -> BTreeSet<String> {
    let mut arguments = vec!["diff", "--name-only", "--no-renames", "--relative", "-z", from];
    arguments.extend(to);
    arguments.push("--");
    let said = ask(root, &arguments).unwrap_or_default();
    let paths = said.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect()
}

/// What `git` answers, if it does.
fn ask(root: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let mut git = Command::new("git");
    for setting in ["core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never"] {
        git.args(["-c", setting]);
    }
    // A hook's environment names the repository of the hook, not this one.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        git.env_remove(name);
    }
    // A program that shows differences could be one of the checkout's.
    git.env_remove("GIT_EXTERNAL_DIFF");
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
    said.filter(|_| ended.success())
}
