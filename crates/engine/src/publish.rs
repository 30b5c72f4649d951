//! Puts results where readers look for them: below `outputs/`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::files::Files;
use crate::store::Store;

/// An object and the path, relative to the project, where it belongs.
pub(crate) type Wanted = (String, Digest);

/// Whether a file of the project already has this content.
pub(crate) fn is_in_place(root: &Path, files: &Files, (path, digest): &Wanted) -> bool {
    root.join(path).is_file() && files.digest(path).is_ok_and(|known| known.digest == *digest)
}

/// Puts the outputs of one stage in place, all of them or none: what can't be
/// copied is returned as `Ok(false)` before anything is replaced.
pub(crate) fn publish(
    root: &Path,
    store: &Store,
    files: &Files,
    wanted: &[Wanted],
) -> Result<bool, Diagnostic> {
    let mut ready: Vec<(PathBuf, PathBuf)> = Vec::new();
    let copied = copy(root, store, wanted, &mut ready);
    if !matches!(copied, Ok(true)) {
        for (temp, _) in ready {
            let _ = fs::remove_file(temp);
        }
        return copied;
    }
    for ((temp, target), (path, digest)) in ready.iter().zip(wanted) {
        fs::rename(temp, target).map_err(|error| Diagnostic::io("write", target, &error))?;
        files.wrote(path, *digest);
    }
    Ok(true)
}

fn copy(
    root: &Path,
    store: &Store,
    wanted: &[Wanted],
    ready: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<bool, Diagnostic> {
    for (path, digest) in wanted {
        let target = root.join(path);
        let folder = target.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(|error| Diagnostic::io("make", folder, &error))?;
        // A folder in the way is somebody's; it is not ours to remove.
        if target.is_dir() {
            let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
            return Err(Diagnostic::io("replace", &target, &error)
                .hint("a folder stands where a result belongs; move it away"));
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let temp = folder.join(format!(".{name}.{}.tmp", std::process::id()));
        let _ = fs::remove_file(&temp);
        ready.push((temp.clone(), target));
        if !store.copy(digest, &temp)? {
            return Ok(false);
        }
    }
    Ok(true)
}
