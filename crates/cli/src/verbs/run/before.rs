//! What the values that a message speaks of were when the lock was written.
//!
//! The full name of a value is that of its stage, a dot, and its key: the lock
//! has the digests of the stage's results, and the store may still hold them.

use engine::diagnostic::Diagnostic;
use engine::lock::Lock;
use engine::project::Project;
use serde_json::Value;

/// Adds to each value what it was before, where that is still known.
pub(super) fn fill(project: &Project, problems: &mut [Diagnostic]) {
    let quoted = problems.iter_mut().flat_map(|problem| &mut problem.values);
    let mut quoted = quoted.peekable();
    if quoted.peek().is_none() {
        return;
    }
    let Ok(lock) = Lock::read(&project.plan.root) else { return };
    for value in quoted {
        value.before = before(project, &lock, &value.name);
    }
}

/// A value as it was when the lock was written.
fn before(project: &Project, lock: &Lock, name: &str) -> Option<String> {
    // Cells may have a dot in their names, and keys several.
    let mut splits = name.match_indices('.');
    let (block, key) =
        splits.find_map(|(at, _)| Some((lock.stages.get(&name[..at])?, &name[at + 1..])))?;
    let outputs = &block.outputs;
    outputs.iter().filter(|(path, _)| path.ends_with(".json")).find_map(|(_, made)| {
        let bytes = project.store.read(&made.digest).ok()??;
        let values: Value = serde_json::from_slice(&bytes).ok()?;
        match values.get(key)? {
            value if value["number"].is_number() => Some(value["number"].to_string()),
            value => value["text"].as_str().map(String::from),
        }
    })
}
