//! Digests of the project's own files, with time stamps as a shortcut.
//!
//! A digest is remembered together with the file's size, times and inode, and
//! believed only while they are the same and were older than the clock's tick
//! when the file was looked at: git's rule against racy time stamps. What counts
//! is the moment of the look, not the end of the run: a file that is written
//! again within the tick of a look bears the same stamp.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::Metadata;
use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

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
    pub(crate) look: Look,
}

/// A file or folder as it was when somebody looked: its stamp, and the time then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub(crate) stamp: Stamp,
    /// When it was looked at, by our own clock.
    at: i64,
}

/// What changes when a file does; times in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    size: u64,
    mtime: i64,
    ctime: i64,
    inode: u64,
    device: u64,
}

impl Look {
    /// Looks at a file or folder, following links, if it is there.
    pub(crate) fn at(path: &Path) -> Option<Look> {
        let at = now();
        path.metadata().ok().map(|metadata| Look { stamp: stamp(&metadata), at })
    }

    /// Whether a change could have come later and still bear the same stamp, where
    /// the file system's clock lags behind ours by `lag` nanoseconds.
    pub(crate) fn is_young(&self, lag: i64) -> bool {
        let latest = self.stamp.mtime.max(self.stamp.ctime);
        // A file system that keeps whole seconds has a tick of two seconds.
        let coarse = latest % 1_000_000_000 == 0;
        self.at - lag - latest <= if coarse { 2_000_000_000 } else { 20_000_000 }
    }

    /// The same for two looks at one thing: of `None` and of a difference, nothing
    /// can be said.
    pub(crate) fn both(before: Option<Look>, after: Option<Look>) -> Option<Look> {
        before.filter(|before| after.is_some_and(|after| after.stamp == before.stamp))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Stamp { size, mtime, ctime, inode, device } = self;
        write!(f, "{size} {mtime} {ctime} {inode} {device}")
    }
}

/// The stamp of a file or folder, if it is there.
pub(crate) fn stamp_of(path: &Path) -> Option<Stamp> {
    path.metadata().ok().map(|metadata| stamp(&metadata))
}

/// The time by our own clock, in nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// The content of a file that a person or a program wrote for us, of at most
/// `limit` bytes, and the look at it: `None` if it changed meanwhile.
pub(crate) fn read(path: &Path, limit: u64) -> std::io::Result<(Vec<u8>, Option<Look>)> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let before = Look::at(path);
    let file = options.read(true).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!("larger than the {} MiB that are read", limit >> 20);
        return Err(Error::new(ErrorKind::FileTooLarge, message));
    }
    let size = bytes.len() as u64;
    let look = Look::both(before, Look::at(path)).filter(|look| look.stamp.size == size);
    Ok((bytes, look))
}

/// The files of a project.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    known: BTreeMap<String, Known>,
    seen: Mutex<BTreeMap<String, Known>>,
    /// By how much the file system's clock lags behind ours, in nanoseconds: that
    /// of a server may. One that is ahead makes files look young, which is safe.
    lag: AtomicI64,
}

impl Files {
    /// The files of the project at `root`, with what an earlier run knew of them.
    pub fn new(root: &Path, known: BTreeMap<String, Known>) -> Self {
        Files { root: root.to_path_buf(), known, seen: Mutex::default(), lag: AtomicI64::new(0) }
    }

    /// Compares our clock with that of the file system a run works on.
    pub(crate) fn set_clock(&self, scratch: &Scratch) {
        let made = std::fs::File::create_new(scratch.path());
        if let Ok(metadata) = made.and_then(|file| file.metadata()) {
            self.lag.fetch_max(now() - stamp(&metadata).ctime, Ordering::Relaxed);
        }
    }

    /// Whether a change after this look could have gone unseen.
    pub(crate) fn is_young(&self, look: &Look) -> bool {
        look.is_young(self.lag.load(Ordering::Relaxed))
    }

    /// The digest and size of a file of the project.
    pub fn digest(&self, path: &str) -> Result<Known, Diagnostic> {
        let file = self.root.join(path);
        let failed = |error: std::io::Error| Diagnostic::io("read", Path::new(path), &error);
        let at = now();
        let before = file.metadata().map_err(failed)?;
        if let Some(known) = self.recall(path)
            && known.look.stamp == stamp(&before)
            && !self.is_young(&known.look)
        {
            self.remember(path, &known);
            return Ok(known);
        }
        let (digest, size) = Digest::of_file(&file).map_err(failed)?;
        let after = file.metadata().map_err(failed)?;
        if stamp(&before) != stamp(&after) || after.len() != size {
            return Err(changed(path));
        }
        let look = Look { stamp: stamp(&after), at };
        let known = Known { digest, size, executable: executable(&after), look };
        self.remember(path, &known);
        Ok(known)
    }

    /// What was last seen of a file in this process.
    pub(crate) fn seen(&self, path: &str) -> Option<Known> {
        self.seen.lock().expect("no panic while held").get(path).cloned()
    }

    fn recall(&self, path: &str) -> Option<Known> {
        self.seen(path).or_else(|| self.known.get(path).cloned())
    }

    fn remember(&self, path: &str, known: &Known) {
        self.seen.lock().expect("no panic while held").insert(path.into(), known.clone());
    }

    /// What may be believed next time: what was old when it was looked at.
    pub(crate) fn believable(&self) -> BTreeMap<String, Known> {
        let mut all = self.known.clone();
        all.extend(self.seen.lock().expect("no panic while held").clone());
        all.retain(|_, known| !self.is_young(&known.look));
        all
    }
}

/// A file was changed while it was read.
pub(crate) fn changed(path: &str) -> Diagnostic {
    Diagnostic::new(Kind::Infrastructure, format!("`{path}` changed while it was read"))
        .hint("run again once nothing writes to it; nothing was stored under a wrong key")
}

/// Whether a file may be executed by its owner.
pub(crate) fn executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

fn stamp(metadata: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let time = |seconds: i64, nanos: i64| seconds * 1_000_000_000 + nanos;
    Stamp {
        size: metadata.len(),
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
    fn a_file_of_just_the_limit_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, "text").expect("a file");
        assert_eq!(read(&path, 4).expect("read").0, b"text");
        assert_eq!(read(&path, 3).expect_err("refused").kind(), ErrorKind::FileTooLarge);
    }

    fn look(latest: i64, at: i64) -> Look {
        Look { stamp: Stamp { size: 1, mtime: 0, ctime: latest, inode: 1, device: 1 }, at }
    }

    #[test]
    fn youth_is_judged_at_the_look() {
        let ms = 1_000_000;
        assert!(look(7_500 * ms, 7_500 * ms).is_young(0));
        assert!(look(7_500 * ms, 7_520 * ms).is_young(0));
        assert!(!look(7_500 * ms, 7_521 * ms).is_young(0));
        // Whole seconds: a file system with a coarse clock, or a rare chance.
        assert!(look(7_000 * ms, 8_999 * ms).is_young(0));
        assert!(!look(7_000 * ms, 9_001 * ms).is_young(0));
        // A clock that lags, and one that is ahead of ours.
        assert!(look(7_500 * ms, 7_600 * ms).is_young(90 * ms));
        assert!(look(7_500 * ms, 7_000 * ms).is_young(0));
    }

    #[test]
    fn a_young_file_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a"), "one").expect("a file");
        let files = Files::new(folder.path(), BTreeMap::new());
        let known = files.digest("a").expect("a digest");
        assert_eq!(known.digest, Digest::of(b"one"));
        assert!(known.look.is_young(0) && files.believable().is_empty());
        // Not even by the process that looked, however late it looks again.
        files.remember("a", &Known { digest: Digest::of(b"stale"), ..known });
        std::thread::sleep(std::time::Duration::from_millis(60));
        assert_eq!(files.digest("a").expect("a digest").digest, Digest::of(b"one"));
        assert!(files.believable().contains_key("a"));
    }

    /// The shortcut is taken at all.
    #[test]
    fn an_old_file_is_not_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a"), "one").expect("a file");
        std::thread::sleep(std::time::Duration::from_millis(60));
        let first = Files::new(folder.path(), BTreeMap::new());
        let known = first.digest("a").expect("a digest");
        // Only who does not look inside can believe this.
        let told = Known { digest: Digest::of(b"told"), ..known };
        let files = Files::new(folder.path(), BTreeMap::from([("a".into(), told.clone())]));
        assert_eq!(files.digest("a").expect("a digest"), told);
        first.remember("a", &told);
        assert_eq!(first.digest("a").expect("a digest"), told);
    }

    /// The kernel's files say that they are empty, and they are not.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_of_another_size_than_it_says_is_changing() {
        let files = Files::new(Path::new("/proc"), BTreeMap::new());
        let problem = files.digest("version").expect_err("refused");
        assert_eq!(problem, changed("version"));
        assert_eq!(files.seen("version"), None);
    }

    #[test]
    fn the_lag_of_the_file_system_is_measured() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::new(folder.path(), BTreeMap::new());
        files.set_clock(&Scratch::new(folder.path()).expect("a folder"));
        // Our clock was read some calls after the file was made.
        let lag = files.lag.load(Ordering::Relaxed);
        assert!((2..60_000_000_000).contains(&lag), "{lag} ns");
    }

    #[test]
    fn a_changed_file_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, "one").expect("a file");
        std::thread::sleep(std::time::Duration::from_millis(60));
        let files = Files::new(folder.path(), BTreeMap::new());
        files.digest("a").expect("a digest");
        let later = files.believable();
        assert_eq!(later.len(), 1);
        // Same size, another inode: an editor that writes anew and renames.
        std::fs::write(folder.path().join("b"), "two").expect("a file");
        std::fs::rename(folder.path().join("b"), &path).expect("renamed");
        let files = Files::new(folder.path(), later);
        assert_eq!(files.digest("a").expect("a digest").digest, Digest::of(b"two"));
    }
}
