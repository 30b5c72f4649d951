//! Puts results where readers look for them: below `outputs/`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::files::Files;
use crate::scratch::Scratch;
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
    scratch: &Scratch,
    wanted: &[Wanted],
) -> Result<bool, Diagnostic> {
    let mut ready: Vec<(PathBuf, PathBuf)> = Vec::new();
    for (path, digest) in wanted {
        let target = root.join(path);
        let folder = target.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(|error| Diagnostic::io("make", folder, &error))?;
        // A folder in the way is somebody's; it is not ours to remove.
        if target.is_dir() {
            let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
            return Err(Diagnostic::io("replace", Path::new(path), &error)
                .hint("a folder stands where a result belongs; move it away"));
        }
        let temp = scratch.path();
        if !store.copy(digest, &temp)? {
            return Ok(false);
        }
        ready.push((temp, target));
    }
    for ((temp, target), (path, digest)) in ready.iter().zip(wanted) {
        rename(temp, target).map_err(|error| Diagnostic::io("write", target, &error))?;
        files.wrote(path, *digest);
    }
    Ok(true)
}

/// Replaces a file of the project, whole or not at all.
pub(crate) fn replace(path: &Path, bytes: &[u8], scratch: &Scratch) -> Result<(), Diagnostic> {
    let temp = scratch.path();
    let written = fs::File::create_new(&temp)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| rename(&temp, path));
    written.map_err(|error| Diagnostic::io("write", path, &error))
}

/// Renames; where the run's folder is on another file system than the target,
/// by way of a copy beside it.
fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
            let folder = to.parent().unwrap_or(Path::new("."));
            let temp = tempfile::Builder::new().prefix(".colophon-").tempfile_in(folder)?;
            fs::copy(from, temp.path())?;
            temp.persist(to).map_err(|error| error.error)?;
            Ok(())
        }
        other => other,
    }
}
