//! Digests of the project's own files, with time stamps as a shortcut.
//!
//! A digest is remembered together with the file's size, times and inode, and
//! believed only while they are the same and were older than the clock's tick
//! when they were taken: git's rule against racy time stamps.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::scratch::Scratch;

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The digest of its content.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it may be executed.
    pub executable: bool,
    stamp: Stamp,
}

/// What changes when a file does; times in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    mtime: i64,
    ctime: i64,
    inode: u64,
    device: u64,
}

impl Stamp {
    /// Whether a change could have come later and still bear the same time, by
    /// a clock that says `now` (nanoseconds).
    pub(crate) fn is_young(&self, now: i64) -> bool {
        let latest = self.mtime.max(self.ctime);
        // A file system that keeps whole seconds has a tick of two seconds.
        let coarse = latest % 1_000_000_000 == 0;
        now - latest <= if coarse { 2_000_000_000 } else { 20_000_000 }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {} {} {}", self.mtime, self.ctime, self.inode, self.device)
    }
}

/// The stamp of a file or folder, if it is there. The size is not part of it:
/// nothing changes a file's size and not its time.
pub(crate) fn stamp_of(path: &Path) -> Option<Stamp> {
    path.metadata().ok().map(|metadata| stamp(&metadata))
}

/// The time by the file system's own clock: that of a file written just now.
pub(crate) fn now(scratch: &Scratch) -> Option<i64> {
    let temp = std::fs::File::create_new(scratch.path()).ok()?;
    temp.metadata().ok().map(|metadata| stamp(&metadata).ctime)
}

/// The files of a project.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    known: BTreeMap<String, Known>,
    seen: Mutex<BTreeMap<String, Known>>,
}

impl Files {
    /// The files of the project at `root`, with what an earlier run knew of them.
    pub fn new(root: &Path, known: BTreeMap<String, Known>) -> Self {
        Files { root: root.to_path_buf(), known, seen: Mutex::default() }
    }

    /// The digest and size of a file of the project.
    pub fn digest(&self, path: &str) -> Result<Known, Diagnostic> {
        let file = self.root.join(path);
        let failed = |error: std::io::Error| Diagnostic::io("read", Path::new(path), &error);
        let before = file.metadata().map_err(failed)?;
        if let Some(known) = self.recall(path)
            && known.size == before.len()
            && known.stamp == stamp(&before)
        {
            self.remember(path, &known);
            return Ok(known);
        }
        let (digest, size) = Digest::of_file(&file).map_err(failed)?;
        let after = file.metadata().map_err(failed)?;
        if stamp(&before) != stamp(&after) || after.len() != size {
            return Err(changed(path));
        }
        let known = Known { digest, size, executable: executable(&after), stamp: stamp(&after) };
        self.remember(path, &known);
        Ok(known)
    }

    /// Notes that a file was just written with this content.
    pub(crate) fn wrote(&self, path: &str, digest: Digest) {
        if let Ok(metadata) = self.root.join(path).metadata() {
            let (size, executable) = (metadata.len(), executable(&metadata));
            let known = Known { digest, size, executable, stamp: stamp(&metadata) };
            self.remember(path, &known);
        }
    }

    fn recall(&self, path: &str) -> Option<Known> {
        let seen = self.seen.lock().expect("no panic while held");
        seen.get(path).or_else(|| self.known.get(path)).cloned()
    }

    fn remember(&self, path: &str, known: &Known) {
        self.seen.lock().expect("no panic while held").insert(path.into(), known.clone());
    }

    /// What may be believed next time, by a clock that says `now` (nanoseconds).
    pub(crate) fn believable(&self, now: i64) -> BTreeMap<String, Known> {
        let mut all = self.known.clone();
        all.extend(self.seen.lock().expect("no panic while held").clone());
        all.retain(|_, known| !known.stamp.is_young(now));
        all
    }
}

/// A file was changed while it was read.
pub(crate) fn changed(path: &str) -> Diagnostic {
    Diagnostic::new(Kind::Infrastructure, format!("`{path}` changed while it was read"))
        .hint("run again once nothing writes to it; nothing was stored under a wrong key")
}

fn executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

fn stamp(metadata: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let time = |seconds: i64, nanos: i64| seconds * 1_000_000_000 + nanos;
    Stamp {
        mtime: time(metadata.mtime(), metadata.mtime_nsec()),
        ctime: time(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
        device: metadata.dev(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_file_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a"), "one").expect("a file");
        let files = Files::new(folder.path(), BTreeMap::new());
        let known = files.digest("a").expect("a digest");
        assert_eq!(known.digest, Digest::of(b"one"));
        let now = known.stamp.ctime;
        assert!(files.believable(now).is_empty());
        assert!(files.believable(now + 3_000_000_000).contains_key("a"));
    }

    #[test]
    fn a_changed_file_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, "one").expect("a file");
        let files = Files::new(folder.path(), BTreeMap::new());
        let known = files.digest("a").expect("a digest");
        let later = files.believable(known.stamp.ctime + 3_000_000_000);
        // Same size, another inode: an editor that writes anew and renames.
        std::fs::write(folder.path().join("b"), "two").expect("a file");
        std::fs::rename(folder.path().join("b"), &path).expect("renamed");
        let files = Files::new(folder.path(), later);
        assert_eq!(files.digest("a").expect("a digest").digest, Digest::of(b"two"));
    }
}
