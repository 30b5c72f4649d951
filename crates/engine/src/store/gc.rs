//! Looks after a store: its size, its soundness, and what can go.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::{Record, Store};
use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::own;

/// Numbers and sizes of what a store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    /// How many objects.
    pub objects: usize,
    /// Their bytes.
    pub object_bytes: u64,
    /// How many result records.
    pub results: usize,
    /// Their bytes.
    pub result_bytes: u64,
    /// How many damaged things were set aside.
    pub quarantined: usize,
}

/// What `cache check` found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Health {
    /// Objects and records that are sound.
    pub sound: usize,
    /// Objects and records that were damaged and have been set aside.
    pub damaged: usize,
    /// Records that refer to objects which are not there.
    pub incomplete: usize,
}

/// What `cache gc` removes, or would.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Garbage {
    /// How many result records.
    pub results: usize,
    /// How many objects.
    pub objects: usize,
    /// How many bytes in all.
    pub bytes: u64,
    /// Whether they were removed.
    pub deleted: bool,
}

/// Counts and measures.
pub fn size(store: &Store) -> Size {
    let mut size = Size { quarantined: list(store, "quarantine", 0).len(), ..Size::default() };
    for (_, bytes, _) in list(store, "objects", 1) {
        size.objects += 1;
        size.object_bytes += bytes;
    }
    for (_, bytes, _) in list(store, "results", 1) {
        size.results += 1;
        size.result_bytes += bytes;
    }
    size
}

/// Reads everything; what is damaged is set aside where the store was opened to
/// work with, and else only told.
pub fn check(store: &Store) -> Result<Health, Diagnostic> {
    let mut health = Health::default();
    for (path, _, _) in list(store, "objects", 1) {
        match digest_of(&path).map(|digest| (digest, store.read(&digest))) {
            Some((_, Ok(Some(_)))) => health.sound += 1,
            Some((_, Ok(None))) => health.damaged += 1,
            Some((digest, Err(problem))) => {
                // A disk that can't be read any more, or too many open files.
                if !is_unreadable(&path) {
                    return Err(problem);
                }
                store.set_aside(&path, &format!("object `{}`", digest.short()));
                health.damaged += 1;
            }
            None => {
                store.set_aside(&path, "a file that is not an object");
                health.damaged += 1;
            }
        }
    }
    for (path, _, _) in list(store, "results", 1) {
        match store.record(&path) {
            Ok(Some(record)) if complete(store, &record) => health.sound += 1,
            Ok(Some(_)) => health.incomplete += 1,
            Ok(None) => {}
            Err(()) => health.damaged += 1,
        }
    }
    Ok(health)
}

/// Whether the disk itself fails to give a file back.
fn is_unreadable(path: &Path) -> bool {
    let code = Digest::of_file(path).err().and_then(|error| error.raw_os_error());
    code == Some(rustix::io::Errno::IO.raw_os_error())
}

fn complete(store: &Store, record: &Record) -> bool {
    record.outputs.values().all(|made| store.has(&made.digest))
}

/// Removes results older than `age` whose keys are not among those to `keep`, and
/// objects that no remaining result refers to.
pub fn collect(
    store: &Store,
    keep: &BTreeSet<Digest>,
    age: Duration,
    delete: bool,
) -> Result<Garbage, Diagnostic> {
    if delete && !store.take() {
        let message = "another run uses the store";
        return Err(
            Diagnostic::new(Kind::Infrastructure, message).hint("try again when it has ended")
        );
    }
    let young = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut garbage = Garbage { deleted: delete, ..Garbage::default() };
    let mut used = BTreeSet::new();
    let mut old = Vec::new();
    for (path, bytes, time) in list(store, "results", 1) {
        match store.record(&path) {
            Ok(Some(record)) if time >= young || keep.contains(&record.recipe.key()) => {
                used.extend(record.outputs.values().map(|made| made.digest));
                used.extend(record.logs.values());
                // Sources and files are kept for as long as a recipe names them.
                used.extend(record.recipe.contents());
            }
            Ok(_) => old.push((path, bytes)),
            Err(()) => {}
        }
    }
    garbage.results = old.len();
    for (path, bytes, time) in list(store, "objects", 1) {
        let wanted = digest_of(&path).is_some_and(|digest| used.contains(&digest));
        if !wanted && time < young {
            garbage.objects += 1;
            old.push((path, bytes));
        }
    }
    for (path, bytes) in old {
        garbage.bytes += bytes;
        if delete {
            fs::remove_file(&path).map_err(|error| Diagnostic::io("remove", &path, &error))?;
        }
    }
    if delete {
        store.give_back();
    }
    Ok(garbage)
}

/// The files of a part of the store: path, size and time of last change. Links
/// to folders are not followed.
fn list(store: &Store, part: &str, depth: usize) -> Vec<(PathBuf, u64, SystemTime)> {
    let mut folders = vec![store.folder(part)];
    folders.retain(|folder| own::is_folder(folder));
    for _ in 0..depth {
        let inner = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
        let inner = inner.flatten().map(|entry| entry.path());
        folders = inner.filter(|path| own::is_folder(path)).collect();
    }
    let mut files = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if let Ok(metadata) = entry.metadata() {
                let time = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push((entry.path(), metadata.len(), time));
            }
        }
    }
    files.sort();
    files
}

fn digest_of(path: &Path) -> Option<Digest> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent()?.file_name()?.to_str()?;
    Digest::from_hex(&format!("{folder}{name}"))
}
