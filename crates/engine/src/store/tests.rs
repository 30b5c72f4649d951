//! What a store reads and what it says of what it can't; a store to try it on.

use std::sync::Arc;

use super::writer::{Commit, Writer};
use super::*;

/// A store in a folder of its own.
pub(super) fn store() -> (tempfile::TempDir, Arc<Store>) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    (folder, Arc::new(store))
}

/// Puts a result in a store, its outputs being texts; gives its key.
pub(super) fn put(store: &Arc<Store>, name: &str, texts: &[&str], compared: bool) -> Digest {
    let mut recipe = Recipe::new();
    recipe.set("action", name);
    let (mut objects, mut outputs) = (Vec::new(), BTreeMap::new());
    for (n, text) in texts.iter().enumerate() {
        let (digest, path) = store.stage(text.as_bytes()).expect("staged");
        objects.extend(path.map(|path| (digest, path)));
        let (size, rows, executable) = (text.len() as u64, None, false);
        outputs.insert(n.to_string(), Made { digest, size, rows, executable });
    }
    let key = recipe.key();
    let record =
        Record { stage: name.into(), recipe, outputs, logs: BTreeMap::new(), seconds: 7.0 };
    let writer = Writer::new(store.clone());
    writer.commit(Commit { objects, record: Some((key, record)), compared });
    writer.finish().expect("written");
    key
}

/// A path that no file can have: opening it fails, and says nothing of a file.
pub(super) fn impossible(folder: &Path) -> PathBuf {
    folder.join("x".repeat(300))
}

/// Lets each look at an object fail, as it does where too many files are open.
pub(super) fn hide(store: &Store, digest: Digest) {
    let path = impossible(&store.root);
    store.pending.lock().expect("no panic while held").insert(digest, path);
}

/// The messages of all that was found.
pub(super) fn noted(store: &Store) -> Vec<String> {
    store.notes().into_iter().map(|note| note.message).collect()
}

#[test]
fn an_object_that_the_machine_can_not_open_is_neither_lost_nor_damaged() {
    let (folder, store) = store();
    put(&store, "a", &["text"], false);
    let digest = Digest::of(b"text");
    let to = folder.path().join("copy");
    let said = |problem: Diagnostic| (problem.kind, problem.hints);
    let expected = || (Kind::Infrastructure, vec![UNREAD.to_string()]);
    hide(&store, digest);
    for there in [true, false] {
        assert_eq!(said(store.read(&digest).expect_err("refused")), expected(), "{there}");
        assert_eq!(said(store.copy(&digest, &to).expect_err("refused")), expected(), "{there}");
        assert_eq!((store.object(&digest).exists(), noted(&store)), (there, vec![]));
        let _ = fs::remove_file(store.object(&digest));
    }
}

#[test]
fn an_object_that_is_not_there_is_no_damage() {
    let (folder, store) = store();
    let digest = Digest::of(b"text");
    assert_eq!(store.read(&digest), Ok(None));
    assert_eq!(store.copy(&digest, &folder.path().join("copy")), Ok(false));
    assert!(store.notes().is_empty());
}

#[test]
fn a_folder_where_an_object_belongs_is_damage() {
    type Act = fn(&Store, &Digest, &Path) -> bool;
    let read: Act = |store, digest, _| store.read(digest) == Ok(None);
    let copy: Act = |store, digest, to| store.copy(digest, to) == Ok(false);
    for act in [read, copy] {
        let (folder, store) = store();
        let digest = Digest::of(b"text");
        fs::create_dir_all(store.object(&digest)).expect("a folder");
        assert!(act(&store, &digest, &folder.path().join("copy")));
        // It alone was moved, and not the folder in which others are.
        let object = store.object(&digest);
        assert!(!object.exists() && object.parent().is_some_and(Path::is_dir));
        assert_eq!(noted(&store).len(), 1);
        // Another look finds nothing there.
        assert!(act(&store, &digest, &folder.path().join("copy")));
        assert!(store.notes().is_empty());
    }
}

#[test]
fn what_lies_behind_a_link_is_not_touched() {
    let (folder, store) = store();
    let object = store.object(&Digest::of(b"text"));
    let fan = object.parent().expect("a folder");
    let victim = folder.path().join("victim");
    fs::create_dir(&victim).expect("a folder");
    let precious = victim.join(object.file_name().expect("a name"));
    fs::write(&precious, "text").expect("a file");
    std::os::unix::fs::symlink(&victim, fan).expect("a link");
    assert_eq!(store.read(&Digest::of(b"text")), Ok(None));
    assert!(precious.exists() && fan.symlink_metadata().is_err());
    assert_eq!(noted(&store).len(), 1);
}

#[test]
fn a_collection_that_ends_soon_is_waited_for() {
    let (folder, store) = store();
    let lock = own::append(&store.root.join("lock")).expect("a lock");
    drop(store);
    lock.lock().expect("locked");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            lock.unlock().expect("unlocked");
        });
        Store::open(folder.path()).expect("a store");
    });
}
