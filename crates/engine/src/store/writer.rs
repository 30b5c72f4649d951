//! Makes results durable, many at a time, in the order that survives a power
//! cut: bytes, their names, and only then the record that refers to them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::results::not_deterministic;
use super::{Record, Store, VARIANTS};
use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::durable;
use crate::seal::seal;

/// A thread that commits results in the background.
pub(crate) struct Writer {
    sender: Sender<Commit>,
    /// `None` where there can be no more threads; then it is all done in the end.
    thread: Option<JoinHandle<Result<(), Diagnostic>>>,
    commits: Arc<Mutex<Receiver<Commit>>>,
    store: Arc<Store>,
}

/// Objects that are written, and the record that may be written once they are safe.
pub(crate) struct Commit {
    pub(crate) objects: Vec<(Digest, PathBuf)>,
    pub(crate) record: Option<(Digest, Record)>,
    /// Whether somebody else tells it if the result is not the first of its key.
    pub(crate) compared: bool,
}

impl Writer {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        let (sender, receiver) = channel();
        let commits = Arc::new(Mutex::new(receiver));
        let (its_store, its_commits) = (store.clone(), commits.clone());
        let thread = std::thread::Builder::new().name("writer".into());
        let thread = thread.spawn(move || work(&its_store, &its_commits)).ok();
        Writer { sender, thread, commits, store }
    }

    /// Takes a result. An error of the thread is told by `finish`.
    pub(crate) fn commit(&self, commit: Commit) {
        let _ = self.sender.send(commit);
    }

    /// Waits until everything is durable.
    pub(crate) fn finish(self) -> Result<(), Diagnostic> {
        drop(self.sender);
        let Some(thread) = self.thread else { return work(&self.store, &self.commits) };
        thread.join().unwrap_or_else(|_| {
            Err(Diagnostic::new(Kind::Infrastructure, "the store's writer stopped unexpectedly"))
        })
    }
}

/// Takes what has come together since the last time and syncs it as one.
fn work(store: &Store, commits: &Mutex<Receiver<Commit>>) -> Result<(), Diagnostic> {
    let receiver = commits.lock().expect("nobody else has taken it");
    while let Ok(first) = receiver.recv() {
        let mut batch = vec![first];
        batch.extend(receiver.try_iter());
        write(store, batch)?;
    }
    Ok(())
}

fn write(store: &Store, batch: Vec<Commit>) -> Result<(), Diagnostic> {
    let mut folders = BTreeSet::new();
    let written = batch.iter().flat_map(|commit| &commit.objects);
    sync_all(store, written.map(|(_, path)| path.clone()).collect())?;
    for (digest, path) in batch.iter().flat_map(|commit| &commit.objects) {
        let object = store.object(digest);
        if object.is_dir() {
            store.set_aside(&object, "a folder where an object belongs");
        }
        rename(store, path, &object, &mut folders)?;
    }
    sync_all(store, std::mem::take(&mut folders))?;
    let mut records = Vec::new();
    for commit in &batch {
        let Some((key, record)) = &commit.record else { continue };
        if let Some(path) = place(store, key, record, commit.compared) {
            let temp = store.temp();
            let body = serde_json::to_string(record).expect("a record is plain data");
            fs::write(&temp, seal(&body))
                .map_err(|error| Diagnostic::io("write", &temp, &error))?;
            records.push((temp, path));
        }
    }
    sync_all(store, records.iter().map(|(temp, _)| temp.clone()).collect())?;
    for (temp, path) in records {
        rename(store, &temp, &path, &mut folders)?;
    }
    sync_all(store, folders)?;
    let mut pending = store.pending.lock().expect("no panic while held");
    for (digest, _) in batch.iter().flat_map(|commit| &commit.objects) {
        pending.remove(digest);
    }
    Ok(())
}

/// Where a record goes; `None` if the same result is already recorded.
///
/// A second, different result of one key is not overwritten: it goes beside
/// the first, and is reported, since it means that a stage is not deterministic.
fn place(store: &Store, key: &Digest, record: &Record, compared: bool) -> Option<PathBuf> {
    for variant in 1..=VARIANTS {
        let path = store.result(key, variant);
        match store.record(&path) {
            Ok(None) => return Some(path),
            Ok(Some(known)) if known.recipe.key() != *key => {
                store.set_aside(&path, "a result record under a wrong key");
                return Some(path);
            }
            Ok(Some(known)) if known.outputs == record.outputs => return None,
            Ok(Some(known)) if variant == 1 && !compared => {
                store.note(not_deterministic(&record.stage, &known.outputs, &record.outputs))
            }
            _ => {}
        }
    }
    None
}

fn rename(
    store: &Store,
    from: &Path,
    to: &Path,
    folders: &mut BTreeSet<PathBuf>,
) -> Result<(), Diagnostic> {
    let folder = to.parent().unwrap_or(Path::new("."));
    store.clear(folder);
    if !folder.exists() {
        fs::create_dir_all(folder).map_err(|error| Diagnostic::io("make", folder, &error))?;
        folders.extend(folder.parent().map(Path::to_path_buf));
    }
    fs::rename(from, to).map_err(|error| Diagnostic::io("write", to, &error))?;
    folders.insert(folder.to_path_buf());
    Ok(())
}

/// Makes files or folders durable.
fn sync_all(store: &Store, paths: BTreeSet<PathBuf>) -> Result<(), Diagnostic> {
    durable::sync(&store.folder("objects"), paths)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::store::tests::{noted, put, store};

    #[test]
    fn a_record_under_a_wrong_key_makes_way_and_blames_nobody() {
        let (_folder, store) = store();
        let (one, two) = (put(&store, "a", &["x"], false), put(&store, "b", &["y"], false));
        for other in [two, one] {
            // Of another result, and of an equal one.
            let key = put(&store, "c", &["x"], false);
            fs::copy(store.result(&other, 1), store.result(&key, 1)).expect("copied");
            assert_eq!(put(&store, "c", &["x"], false), key);
            let told = "a result record under a wrong key in the store is damaged; it was set \
                        aside and is made again";
            assert_eq!(noted(&store), [told]);
            assert_eq!(store.look_up(&key).map(|record| record.stage), Some("c".into()));
        }
    }

    #[test]
    fn another_result_of_a_key_is_told_unless_somebody_else_does() {
        for compared in [false, true] {
            let (_folder, store) = store();
            let key = put(&store, "a", &["one"], compared);
            assert_eq!(put(&store, "a", &["one"], compared), key);
            assert_eq!((noted(&store), store.result(&key, 2).exists()), (vec![], false));
            put(&store, "a", &["two"], compared);
            let told = "stage `a` is not deterministic: the same recipe gave other bytes for `0`";
            let told = if compared { vec![] } else { vec![told.to_string()] };
            assert_eq!((noted(&store), store.result(&key, 2).exists()), (told, true));
            put(&store, "a", &["two"], compared);
            assert!(!store.result(&key, 3).exists());
        }
    }
}
