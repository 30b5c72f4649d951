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
    for part in ["objects", "results"] {
        let folders = list(store, part, 0);
        health.damaged += folders.iter().filter(|(path, _, _)| store.clear(path)).count();
    }
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

/// The same with the store in a folder, which is opened to be repaired.
pub fn repair(folder: &Path) -> Result<(Store, Health), Diagnostic> {
    let (store, misplaced) = Store::mend(folder)?;
    let mut health = check(&store)?;
    health.damaged += misplaced;
    Ok((store, health))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{hide, noted, put, store};

    const DAY: Duration = Duration::from_secs(86_400);

    /// Lets a file be as old as a moment.
    fn date(path: &Path, time: SystemTime) {
        let file = fs::File::open(path).expect("there");
        file.set_modified(time).expect("a time");
    }

    #[test]
    fn a_size_is_exact() {
        let (_folder, store) = store();
        let one = put(&store, "a", &["1", "four"], false);
        let two = put(&store, "b", &["four", "sixsix"], false);
        fs::write(store.folder("quarantine").join("x"), "damaged").expect("a file");
        let bytes = |key| store.result(&key, 1).metadata().expect("there").len();
        let (results, result_bytes) = (2, bytes(one) + bytes(two));
        let expected = Size { objects: 3, object_bytes: 11, results, result_bytes, quarantined: 1 };
        assert_eq!(size(&store), expected);
    }

    #[test]
    fn what_is_old_and_unused_goes_to_the_byte() {
        let (_folder, store) = store();
        let keys = ["kept", "old", "young"].map(|name| put(&store, name, &[name, "all"], false));
        for (name, bytes) in [("lost", "1234"), ("new", "56")] {
            let object = store.object(&Digest::of(name.as_bytes()));
            fs::create_dir_all(object.parent().expect("a folder")).expect("a folder");
            fs::write(object, bytes).expect("a file");
        }
        let object = |text: &str| store.object(&Digest::of(text.as_bytes()));
        let mut old = ["kept", "old", "all", "lost"].map(object).to_vec();
        old.extend([keys[0], keys[1]].map(|key| store.result(&key, 1)));
        old.iter().for_each(|path| date(path, SystemTime::now() - 2 * DAY));
        let gone = [object("old"), object("lost"), store.result(&keys[1], 1)];
        let bytes = gone.iter().map(|path| path.metadata().expect("there").len()).sum();
        let keep = BTreeSet::from([keys[0]]);
        let before = size(&store);
        for deleted in [false, true] {
            let garbage = collect(&store, &keep, DAY, deleted).expect("collected");
            assert_eq!((garbage.results, garbage.objects), (1, 2));
            assert_eq!((garbage.bytes, garbage.deleted), (bytes, deleted));
            assert_eq!(gone.iter().any(|path| path.exists()), !deleted);
        }
        let after = size(&store);
        assert_eq!((after.objects, after.results), (before.objects - 2, before.results - 1));
        // Others may use it again.
        let lock = own::append(&store.folder("lock")).expect("a lock");
        assert!(lock.try_lock_shared().is_ok());
    }

    #[test]
    fn nothing_is_older_than_all_time() {
        let (_folder, store) = store();
        let key = put(&store, "a", &["text"], false);
        let lost = store.stage(b"lost").expect("staged").1.expect("new");
        fs::create_dir_all(store.object(&Digest::of(b"lost")).parent().expect("a folder"))
            .expect("a folder");
        fs::rename(lost, store.object(&Digest::of(b"lost"))).expect("renamed");
        date(&store.object(&Digest::of(b"lost")), SystemTime::UNIX_EPOCH);
        date(&store.result(&key, 1), SystemTime::UNIX_EPOCH);
        let garbage = collect(&store, &BTreeSet::new(), Duration::MAX, false).expect("looked");
        assert_eq!((garbage.results, garbage.objects), (0, 0));
    }

    #[test]
    fn a_check_ends_where_the_machine_fails() {
        let (_folder, store) = store();
        put(&store, "a", &["text"], false);
        hide(&store, Digest::of(b"text"));
        assert!(check(&store).is_err());
        assert!(store.object(&Digest::of(b"text")).exists());
        assert!(store.notes().is_empty());
    }

    /// The memory of a process at address zero can't be read, as a bad disk can't.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_disk_does_not_give_back_is_set_aside_and_counted() {
        let (_folder, store) = store();
        put(&store, "a", &["text"], false);
        let object = store.object(&Digest::of(b"text"));
        fs::remove_file(&object).expect("removed");
        std::os::unix::fs::symlink("/proc/self/mem", &object).expect("a link");
        hide(&store, Digest::of(b"text"));
        fs::write(object.with_file_name("stray"), "").expect("a file");
        let health = check(&store).expect("checked");
        assert_eq!((health.sound, health.damaged, health.incomplete), (1, 2, 0));
        assert!(object.symlink_metadata().is_err());
        assert_eq!(noted(&store).len(), 2);
    }
}
