//! Writes that a power cut leaves done or undone: bytes first, then the name,
//! then the folder that holds it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::scratch::Scratch;

/// Above this many files, one sync of the whole file system costs less.
const SINGLY: usize = 32;

/// Makes files or folders durable.
pub(crate) fn sync(root: &Path, paths: BTreeSet<PathBuf>) -> Result<(), Diagnostic> {
    #[cfg(target_os = "linux")]
    if paths.len() > SINGLY && File::open(root).is_ok_and(|root| rustix::fs::syncfs(root).is_ok()) {
        return Ok(());
    }
    for path in paths {
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|error| Diagnostic::io("make durable", &path, &error))?;
    }
    Ok(())
}

/// Replaces a file of the project, whole or not at all, and durably.
pub(crate) fn replace(path: &Path, bytes: &[u8], scratch: &Scratch) -> Result<(), Diagnostic> {
    let temp = scratch.path();
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = File::create_new(&temp)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| rename(&temp, path))
        .and_then(|()| File::open(folder)?.sync_all());
    written.map_err(|error| Diagnostic::io("write", path, &error))
}

/// Renames; where the run's folder is on another file system than the target,
/// by way of a copy beside it.
pub(crate) fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
            let folder = to.parent().unwrap_or(Path::new("."));
            let mut temp = tempfile::Builder::new().prefix(".colophon-").tempfile_in(folder)?;
            std::io::copy(&mut File::open(from)?, temp.as_file_mut())?;
            temp.as_file().set_permissions(from.metadata()?.permissions())?;
            temp.as_file().sync_all()?;
            temp.persist(to).map_err(|error| error.error)?;
            fs::remove_file(from)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    #[test]
    fn a_file_is_moved_to_another_file_system() {
        let here = tempfile::tempdir().expect("a folder");
        let device = |folder: &Path| folder.metadata().map(|metadata| metadata.dev()).ok();
        let there = match tempfile::tempdir_in("/dev/shm") {
            Ok(there) if device(there.path()) != device(here.path()) => there,
            _ => return eprintln!("skipped: there is no other file system in `/dev/shm`"),
        };
        let (from, to) = (here.path().join("a"), there.path().join("b"));
        fs::write(&from, "text").expect("a file");
        fs::set_permissions(&from, fs::Permissions::from_mode(0o750)).expect("a mode");
        fs::write(&to, "old").expect("a file");
        rename(&from, &to).expect("renamed");
        assert_eq!(fs::read(&to).expect("there"), b"text");
        assert_eq!(to.metadata().expect("there").permissions().mode() & 0o777, 0o750);
        assert!(!from.exists());
        assert_eq!(fs::read_dir(there.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn another_error_of_a_change_of_name_is_told_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir(&from).expect("a folder");
        fs::write(&to, "text").expect("a file");
        let error = rename(&from, &to).expect_err("refused");
        assert_eq!(error.kind(), std::io::ErrorKind::NotADirectory);
    }
}
