//! A private folder of one run that needs no cleaning up by hand.
//!
//! Its owner holds a lock on it for as long as it lives. Whoever makes the next
//! one removes those whose owner is gone, however it ended.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::diagnostic::Diagnostic;

/// The folder; removed when dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    next: AtomicU64,
    _lock: File,
}

const LOCK: &str = "lock";
const UNBORN: &str = ".new-";

impl Scratch {
    /// A new folder below `parent`, after removing those of runs that are gone.
    pub(crate) fn new(parent: &Path) -> Result<Self, Diagnostic> {
        let failed = |error: std::io::Error| Diagnostic::io("make a folder in", parent, &error);
        fs::create_dir_all(parent).map_err(failed)?;
        sweep(parent);
        // It is given its name only once it is locked, so no sweep can take it.
        let unborn = tempfile::Builder::new().prefix(UNBORN).tempdir_in(parent).map_err(failed)?;
        let lock = File::create(unborn.path().join(LOCK)).map_err(failed)?;
        // Where locks are not supported nothing is swept, and nothing needs them.
        let _ = lock.try_lock();
        let unborn = unborn.keep();
        let name = unborn.file_name().unwrap_or_default().to_string_lossy().replace(UNBORN, "run-");
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

/// Removes a folder, its lock last: without it nobody could tell that it is dead.
fn remove(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let inner = entry.path();
        if entry.file_name() != LOCK {
            let _ = fs::remove_dir_all(&inner).or_else(|_| fs::remove_file(&inner));
        }
    }
    let _ = fs::remove_dir_all(path);
}

/// Removes the folders whose owners are gone.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let dead = match name.strip_prefix(UNBORN) {
            Some(_) => is_old(&path),
            // It got its name once it was locked, so without a lock it is dead.
            None => {
                File::open(path.join(LOCK)).map_or(true, |lock| matches!(lock.try_lock(), Ok(())))
            }
        };
        if dead {
            remove(&path);
        }
    }
}

fn is_old(path: &Path) -> bool {
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| {
        SystemTime::now().duration_since(time).is_ok_and(|age| age > Duration::from_secs(3600))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_are_swept_and_the_living_are_not() {
        let parent = tempfile::tempdir().expect("a folder");
        let living = Scratch::new(parent.path()).expect("a folder");
        let dead = parent.path().join("run-dead");
        fs::create_dir(&dead).expect("a folder");
        File::create(dead.join(LOCK)).expect("a file");
        let next = Scratch::new(parent.path()).expect("a folder");
        assert!(living.path.exists());
        assert!(!dead.exists());
        let path = next.path.clone();
        drop(next);
        assert!(!path.exists());
    }
}
