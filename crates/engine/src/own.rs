//! The program's own files: opened without following a link and without waiting.
//!
//! A project may come from a stranger, with whatever its author put below
//! `.colophon`. So no link is followed there in any component, and what is not
//! a plain file is not read: a pipe would wait, a device would never end.

use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::diagnostic::{Diagnostic, Kind};

/// The program's own folder in a project.
pub(crate) const FOLDER: &str = ".colophon";

/// How to open: a link is not followed, and a pipe is not waited for.
fn plainly() -> OpenOptions {
    let mut options = File::options();
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    options
}

/// Opens a file of our own for reading.
pub(crate) fn open(path: &Path) -> Result<File> {
    beside_no_link(path)?;
    regular(plainly().read(true).open(path))
}

/// Opens a file of our own for writing at its end, and makes it if there is none.
pub(crate) fn append(path: &Path) -> Result<File> {
    beside_no_link(path)?;
    regular(plainly().create(true).append(true).open(path))
}

/// Opens a file of our own to write it anew.
pub(crate) fn create(path: &Path) -> Result<File> {
    beside_no_link(path)?;
    let file = regular(plainly().create(true).truncate(false).write(true).open(path))?;
    file.set_len(0).map(|()| file)
}

fn regular(file: Result<File>) -> Result<File> {
    let file = file.map_err(|error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => foreign(),
        // A socket, or a pipe that nobody reads.
        Some(code) if code == rustix::io::Errno::NXIO.raw_os_error() => foreign(),
        _ => error,
    })?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(foreign()),
    }
}

/// The error of something that is no plain file: it is not what we wrote.
fn foreign() -> Error {
    Error::new(ErrorKind::InvalidData, "not a regular file")
}

/// The content of a file of our own, which has at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let count = open(path)?.take(limit + 1).read_to_end(&mut bytes)? as u64;
    match count > limit {
        true => Err(Error::new(ErrorKind::InvalidData, format!("larger than {limit} bytes"))),
        false => Ok(bytes),
    }
}

/// Whether there is a folder, and not a link to one.
pub(crate) fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Refuses a path whose folder is a link.
pub(crate) fn beside_no_link(path: &Path) -> Result<()> {
    match path.parent().map(Path::symlink_metadata) {
        Some(Ok(metadata)) if !metadata.is_dir() => Err(foreign()),
        Some(Err(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Finds the folder `below` within `base`; no component of `below` is a link.
/// What is missing is no mistake.
pub(crate) fn look(base: &Path, below: &str) -> std::result::Result<PathBuf, Diagnostic> {
    let mut path = base.to_path_buf();
    for part in below.split('/') {
        path.push(part);
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(metadata) => return Err(refused(base, &path, metadata.is_symlink())),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Diagnostic::io("open", &path, &error)),
        }
    }
    Ok(path)
}

/// The same, and makes what is missing.
pub(crate) fn make(base: &Path, below: &str) -> std::result::Result<PathBuf, Diagnostic> {
    let path = look(base, below)?;
    fs::create_dir_all(&path).map_err(|error| Diagnostic::io("make", &path, &error))?;
    Ok(path)
}

fn refused(base: &Path, path: &Path, is_link: bool) -> Diagnostic {
    let shown = path.strip_prefix(base).unwrap_or(path).display();
    let message = match is_link {
        true => format!("`{shown}` is a link, and the program's own folders are never links"),
        false => format!("`{shown}` is not a folder"),
    };
    Diagnostic::new(Kind::Infrastructure, message)
        .hint("nothing behind it was touched; remove it, and `colophon run` makes the folder")
        .hint("to keep results elsewhere, name the place: `--store DIR`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_and_pipes_are_not_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "text").expect("a file");
        fs::create_dir(path("real")).expect("a folder");
        fs::write(path("real/file"), "text").expect("a file");
        symlink(path("file"), path("link")).expect("a link");
        symlink(path("real"), path("folder")).expect("a link");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .expect("a pipe");
        assert!(open(&path("file")).is_ok());
        assert!(open(&path("real/file")).is_ok());
        for name in ["link", "pipe", "real", "folder/file"] {
            let error = open(&path(name)).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{name}");
        }
        assert_eq!(append(&path("link")).expect_err("refused").kind(), ErrorKind::InvalidData);
        assert!(look(folder.path(), "real/missing").is_ok());
        assert!(make(folder.path(), "folder/new").is_err());
        assert!(!path("real/new").exists());
        assert_eq!(read(&path("file"), 4).expect("read"), b"text");
        assert!(read(&path("file"), 3).is_err());
        assert!(read(Path::new("/dev/zero"), 3).is_err());
    }
}
