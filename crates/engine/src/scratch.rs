//! A private folder of one run that needs no cleaning up by hand.
//!
//! Its owner holds a lock on it for as long as it lives. Whoever makes the next
//! one removes those whose owner is gone, however it ended. Nothing else is ever
//! removed: a folder counts as ours by its name and by a lock file with our mark
//! inside it, no link is followed, and where the lock can't be looked at its
//! owner counts as alive.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::diagnostic::Diagnostic;
use crate::own;

/// The folder; removed when dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    next: AtomicU64,
    _lock: File,
}

const LOCK: &str = "lock";
const MARK: &str = "a private folder of colophon\n";
const NAME: &str = "run-";
const UNBORN: &str = ".new-";

impl Scratch {
    /// A new folder in `parent`, a folder of our own, after removing those of
    /// runs that are gone.
    pub(crate) fn new(parent: &Path) -> Result<Self, Diagnostic> {
        let failed = |error: std::io::Error| Diagnostic::io("make a folder in", parent, &error);
        fs::create_dir_all(parent).map_err(failed)?;
        if !own::is_folder(parent) {
            return Err(failed(ErrorKind::NotADirectory.into()));
        }
        sweep(parent);
        // It is given its name only once it is locked, so no sweep can take it.
        let unborn = tempfile::Builder::new().prefix(UNBORN).tempdir_in(parent).map_err(failed)?;
        let mut lock = File::create_new(unborn.path().join(LOCK)).map_err(failed)?;
        // Where locks are not supported nothing is swept, and nothing needs them.
        let _ = lock.try_lock();
        lock.write_all(MARK.as_bytes()).map_err(failed)?;
        let unborn = unborn.keep();
        let name = unborn.file_name().unwrap_or_default().to_string_lossy().replace(UNBORN, NAME);
        let path = parent.join(name);
        fs::rename(&unborn, &path).map_err(failed)?;
        Ok(Scratch { path, next: AtomicU64::new(0), _lock: lock })
    }

    /// A path in it that nobody else uses.
    pub(crate) fn path(&self) -> PathBuf {
        self.path.join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// A file that is to be given its name; what a kill leaves of it is swept.
pub(crate) fn unborn(parent: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    // As files are made, and not for the owner's eyes only.
    let permissions = fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(UNBORN).permissions(permissions).tempfile_in(parent)
}

/// Removes a folder, its lock last: without it nobody could tell that it is dead.
fn remove(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let inner = entry.path();
        if entry.file_name() != LOCK {
            let _ = fs::remove_dir_all(&inner).or_else(|_| fs::remove_file(&inner));
        }
    }
    let _ = fs::remove_file(path.join(LOCK));
    let _ = fs::remove_dir(path);
}

/// Removes the folders whose owners are gone.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let named = name.starts_with(NAME) || (name.starts_with(UNBORN) && is_old(&path));
        if named && own::is_folder(&path) && is_dead(&path) {
            remove(&path);
        }
        let is_file = || entry.file_type().is_ok_and(|kind| kind.is_file());
        if name.starts_with(UNBORN) && is_file() && is_old(&path) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether a folder has our lock file and nobody holds it.
fn is_dead(path: &Path) -> bool {
    let Ok(lock) = own::open(&path.join(LOCK)) else {
        // Too many open files, no permission: nothing is known of its owner. But what
        // is left of one that was removed is empty, and this takes nothing else.
        let _ = fs::remove_dir(path);
        return false;
    };
    let mut mark = String::new();
    let marked = (&lock).take(1 + MARK.len() as u64).read_to_string(&mut mark).is_ok();
    matches!(lock.try_lock(), Ok(())) && marked && mark == MARK
}

fn is_old(path: &Path) -> bool {
    let modified = path.symlink_metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| {
        SystemTime::now().duration_since(time).is_ok_and(|age| age > Duration::from_secs(3600))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_dead_are_swept_and_the_living_are_not() {
        let parent = tempfile::tempdir().expect("a folder");
        let living = Scratch::new(parent.path()).expect("a folder");
        let dead = parent.path().join("run-dead");
        fs::create_dir(&dead).expect("a folder");
        fs::write(dead.join(LOCK), MARK).expect("a file");
        let next = Scratch::new(parent.path()).expect("a folder");
        assert!(living.path.exists());
        assert!(!dead.exists());
        let path = next.path.clone();
        drop(next);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_not_ours_stays() {
        let parent = tempfile::tempdir().expect("a folder");
        let victim = tempfile::tempdir().expect("a folder");
        fs::write(victim.path().join(LOCK), MARK).expect("a file");
        fs::write(victim.path().join("precious"), "").expect("a file");
        symlink(victim.path(), parent.path().join("run-link")).expect("a link");
        let longer = format!("{MARK}and more");
        let locks =
            [("run-other", ""), ("run-none", "-"), ("other", MARK), ("run-more", longer.as_str())];
        for (name, lock) in locks {
            fs::create_dir(parent.path().join(name)).expect("a folder");
            fs::write(parent.path().join(name).join("precious"), "").expect("a file");
            if lock != "-" {
                fs::write(parent.path().join(name).join(LOCK), lock).expect("a file");
            }
        }
        let inside = parent.path().join("run-inside");
        fs::create_dir(&inside).expect("a folder");
        symlink(victim.path().join(LOCK), inside.join(LOCK)).expect("a link");
        fs::write(inside.join("precious"), "").expect("a file");
        drop(Scratch::new(parent.path()).expect("a folder"));
        for name in ["run-other", "run-none", "other", "run-more", "run-inside", "run-link"] {
            assert!(parent.path().join(name).join("precious").exists(), "{name}");
        }
        // A link is not a way in, however the folder behind it is called.
        let link = parent.path().join("elsewhere");
        symlink(victim.path(), &link).expect("a link");
        assert!(Scratch::new(&link).is_err());
    }

    #[test]
    fn what_a_kill_left_half_made_goes_once_it_is_old() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = |name: &str| parent.path().join(name);
        for name in [".new-young", ".new-old", "other-old"] {
            fs::create_dir(path(name)).expect("a folder");
            fs::write(path(name).join(LOCK), MARK).expect("a file");
        }
        for name in [".new-young-file", ".new-old-file", "old-file", "run-old-file"] {
            fs::write(path(name), "").expect("a file");
        }
        for name in [".new-old", "other-old", ".new-old-file", "old-file", "run-old-file"] {
            let time = SystemTime::now() - Duration::from_secs(7200);
            let made = File::open(path(name)).expect("there");
            made.set_modified(time).expect("a time");
        }
        // What is left where the lock was the last thing to go.
        fs::create_dir(path("run-empty")).expect("a folder");
        drop(Scratch::new(parent.path()).expect("a folder"));
        let entries = fs::read_dir(parent.path()).expect("a folder").flatten();
        let mut left: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        left.sort();
        assert_eq!(
            left,
            [".new-young", ".new-young-file", "old-file", "other-old", "run-old-file"]
        );
    }
}
