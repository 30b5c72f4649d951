//! The rules for paths of outputs: one producer each, below `outputs/`, plain.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Kind};
use crate::draft::Draft;

/// Each path has one producer, and none lies inside another.
pub(crate) fn check(root: &Path, drafts: &[Draft], found: &mut Vec<Diagnostic>) {
    let mut producers: BTreeMap<String, (&Draft, &str)> = BTreeMap::new();
    let mut links = BTreeMap::new();
    for draft in drafts {
        for (name, output) in &draft.outputs {
            if let Err((message, hint)) = check_path(root, &output.path, &mut links) {
                let problem = Diagnostic::new(Kind::Usage, message).at(output.at.clone());
                found.push(problem.hint(hint));
                continue;
            }
            // Names that differ only in case are one file on other systems.
            let folded = output.path.to_lowercase();
            if let Some((other, of)) = producers.get(&folded) {
                let message =
                    format!("`{}.{name}` and `{}.{of}` make the same path", draft.name, other.name);
                let hint = match draft.group == other.group && draft.name != other.name {
                    true => "let the path name the cell, as in `{{ matrix.… }}`",
                    false => "give one of them another path",
                };
                found.push(Diagnostic::new(Kind::Usage, message).at(output.at.clone()).hint(hint));
                continue;
            }
            producers.insert(folded, (draft, name));
        }
    }
    for (path, (draft, name)) in &producers {
        let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
        for parent in parents {
            if let Some((other, of)) = producers.get(parent) {
                let at = draft.outputs[*name].at.clone();
                let message = format!(
                    "`{}.{name}` lies inside `{}.{of}`, which is a file",
                    draft.name, other.name
                );
                found.push(Diagnostic::new(Kind::Usage, message).at(at));
            }
        }
    }
}

/// Whether a path can be that of an output. Whatever names one, be it the
/// pipeline, the lock or a state that came with a clone, is held to this.
pub(crate) fn is_plain(path: &str) -> bool {
    path.starts_with("outputs/") && plain(path).is_ok()
}

/// An output's path stays below `outputs/`, whatever the file system holds.
///
/// `links` remembers which folders were found to be symbolic links.
fn check_path(
    root: &Path,
    path: &str,
    links: &mut BTreeMap<PathBuf, bool>,
) -> Result<(), (String, &'static str)> {
    plain(path)?;
    match linked(root, path, links) {
        None => Ok(()),
        Some(link) => {
            let inner = path.strip_prefix("outputs/").unwrap_or(path);
            Err((
                format!("the output path `{inner}` goes through `{link}`, a symbolic link"),
                "a link may lead out of the project; make it a folder",
            ))
        }
    }
}

/// The rules for the text of a path.
pub(crate) fn plain(path: &str) -> Result<(), (String, &'static str)> {
    let hint = "paths of outputs are relative to `outputs/`";
    let inner = path.strip_prefix("outputs/").unwrap_or(path);
    if inner.starts_with('/') {
        return Err((format!("the output path `{inner}` is absolute"), hint));
    }
    if inner.is_empty() || inner.ends_with('/') {
        return Err((format!("the output path `{inner}` is not the path of a file"), hint));
    }
    if inner.split('/').any(|part| part == "..") {
        return Err((format!("the output path `{inner}` leaves the project"), hint));
    }
    if inner.contains(':') {
        return Err((format!("the output path `{inner}` holds a `:`"), "other systems forbid it"));
    }
    let plain = |part: &str| !part.is_empty() && part != "." && !part.ends_with(['.', ' ']);
    if !inner.split('/').all(plain) || inner.contains(['\\', '\n', '\0']) {
        return Err((format!("the output path `{inner}` is not written plainly"), hint));
    }
    Ok(())
}

/// The folder on the way to a path that is a symbolic link, if one is.
pub(crate) fn linked(
    root: &Path,
    path: &str,
    links: &mut BTreeMap<PathBuf, bool>,
) -> Option<String> {
    let mut folder = root.to_path_buf();
    for part in path.split('/').take(path.matches('/').count()) {
        folder.push(part);
        if *links.entry(folder.clone()).or_insert_with(|| folder.is_symlink()) {
            return Some(folder.strip_prefix(root).unwrap_or(&folder).display().to_string());
        }
    }
    None
}
