//! The store: artifacts by the digest of their bytes, results by key.
//!
//! An object whose bytes do not have its digest, or a record that does not have
//! its checksum, is set aside, reported and treated as absent; no link is
//! followed. That finds damage. It does not find a lie: whoever fills a store can
//! write a sound record of a result that was never computed, so a checkout's own
//! store is believed only where it was made (`home`), and any other only when a
//! person names it.
//!
//! Any number of runs may share a store; it has no lock that a killed run could
//! leave behind. A store that is only looked at is never changed.
//!
//! ```text
//! v1/objects/ab/cdef…      bytes, named by their digest, read-only
//! v1/results/ab/cdef….json a recipe and what it made, named by its key
//! v1/quarantine/           what was found damaged
//! v1/temp/run-…/           what running processes are writing
//! v1/home                  the folder that this store was made in
//! v1/lock                  held shared by runs, exclusively by `cache gc --delete`
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::own;
use crate::recipe::Recipe;
use crate::scratch::Scratch;

mod aside;
mod parts;
pub mod gc;
pub(crate) mod home;
pub(crate) mod results;
pub(crate) mod writer;
#[cfg(test)]
mod tests;

/// A store in a folder.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    /// Where it writes first, and the lock that it holds; `None` if it only looks.
    hold: Option<Hold>,
    /// Objects that are written but not yet durable, by digest.
    pub(crate) pending: Mutex<BTreeMap<Digest, PathBuf>>,
    notes: Mutex<Vec<Diagnostic>>,
}

#[derive(Debug)]
struct Hold {
    scratch: Scratch,
    lock: File,
}

/// So many different results of one key are recorded; more tell nothing new.
pub(crate) const VARIANTS: usize = 9;

/// One output of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The digest of its content.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its rows, if it is a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Whether it may be executed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
}

/// What a recipe made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The stage that made it first; for people.
    pub stage: String,
    /// The recipe.
    pub recipe: Recipe,
    /// The outputs by name.
    pub outputs: BTreeMap<String, Made>,
    /// What its command said, by stream; not part of what it made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub logs: BTreeMap<String, Digest>,
    /// How long it took; for estimates.
    #[serde(default)]
    pub seconds: f64,
}

/// How long a run waits for `cache gc --delete` to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// A record holds a line for each input; more than this is no record of ours.
const RECORD: u64 = 256 << 20;

impl Store {
    /// Opens the store in a folder to work with it, and makes it if there is none.
    pub fn open(folder: &Path) -> Result<Self, Diagnostic> {
        let root = own::make(folder, home::FORMAT)?;
        parts::refuse(&root)?;
        for part in parts::PARTS {
            own::make(&root, part)?;
        }
        let mut store = Store::at(root);
        home::settle(&store.root)?;
        let path = store.root.join("lock");
        let lock = own::append(&path).map_err(|error| Diagnostic::io("open", &path, &error))?;
        share(&lock)?;
        let scratch = Scratch::new(&store.root.join("temp"))?;
        store.hold = Some(Hold { scratch, lock });
        Ok(store)
    }

    /// Opens the store in a folder to look at it; nothing is made or changed.
    pub fn look(folder: &Path) -> Result<Self, Diagnostic> {
        let root = own::look(folder, home::FORMAT)?;
        parts::refuse(&root)?;
        for part in parts::PARTS {
            own::look(&root, part)?;
        }
        Ok(Store::at(root))
    }

    /// A store that holds nothing and can't be written.
    pub fn none() -> Self {
        // Nobody can put anything there, and what is looked for is plainly absent.
        Store::at(PathBuf::from("/proc/self/no-store"))
    }

    fn at(root: PathBuf) -> Self {
        Store { root, hold: None, pending: Mutex::default(), notes: Mutex::default() }
    }

    /// The file that tells this store from a copy, and from one made later.
    pub(crate) fn mark(&self) -> PathBuf {
        home::mark(&self.root)
    }

    /// Takes the store for itself alone, if nobody else uses it.
    pub(crate) fn take(&self) -> bool {
        let alone = |hold: &Hold| hold.lock.unlock().is_ok() && hold.lock.try_lock().is_ok();
        self.hold.as_ref().is_some_and(alone)
    }

    /// Shares it again.
    pub(crate) fn give_back(&self) {
        if let Some(hold) = &self.hold {
            let _ = hold.lock.unlock();
            let _ = hold.lock.try_lock_shared();
        }
    }

    /// What was found damaged or odd since the last call.
    pub fn notes(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.notes.lock().expect("no panic while noting"))
    }

    pub(crate) fn note(&self, note: Diagnostic) {
        let mut notes = self.notes.lock().expect("no panic while noting");
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// A path that is not used yet, on the store's own file system.
    pub(crate) fn temp(&self) -> PathBuf {
        let hold = self.hold.as_ref();
        hold.expect("only a store that was opened to work with is written").scratch.path()
    }

    pub(crate) fn object(&self, digest: &Digest) -> PathBuf {
        self.fan("objects", digest, "")
    }

    pub(crate) fn result(&self, key: &Digest, variant: usize) -> PathBuf {
        match variant {
            1 => self.fan("results", key, ".json"),
            n => self.fan("results", key, &format!(".{n}.json")),
        }
    }

    fn fan(&self, part: &str, digest: &Digest, suffix: &str) -> PathBuf {
        let hex = digest.to_string();
        self.root.join(part).join(&hex[..2]).join(format!("{}{suffix}", &hex[2..]))
    }

    pub(crate) fn folder(&self, part: &str) -> PathBuf {
        self.root.join(part)
    }

    /// Whether there is an object of this digest; its bytes are not looked at.
    pub fn has(&self, digest: &Digest) -> bool {
        let object = self.object(digest);
        let there = || object.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        self.pending.lock().expect("no panic while held").contains_key(digest)
            || (there() && own::beside_no_link(&object).is_ok())
    }

    /// Does something with the file that holds an object now: the temporary one
    /// while it is not durable yet, else its own.
    fn find<T>(
        &self,
        digest: &Digest,
        act: impl Fn(&Path) -> std::io::Result<T>,
    ) -> (PathBuf, std::io::Result<T>) {
        let pending = self.pending.lock().expect("no panic while held").get(digest).cloned();
        if let Some(path) = pending {
            match act(&path) {
                // The writer has just given it its own name.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                done => return (path, done),
            }
        }
        let path = self.object(digest);
        let done = act(&path);
        (path, done)
    }

    /// The bytes of an object, checked; `None` if it is not there or damaged.
    ///
    /// An error is one of the machine, such as too many open files or a disk that
    /// can't be read; it says nothing about the object, which stays where it is.
    pub fn read(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Diagnostic> {
        let (path, read) = self.find(digest, |path| {
            let mut bytes = Vec::new();
            own::open(path)?.read_to_end(&mut bytes).map(|_| bytes)
        });
        match read {
            Ok(bytes) if Digest::of(&bytes) == *digest => return Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if !is_damage(&error) => {
                return Err(Diagnostic::io("read", &path, &error).hint(UNREAD));
            }
            _ => self.set_aside_object(digest),
        }
        Ok(None)
    }

    /// Copies an object to a path that does not exist yet, checked while it is
    /// copied; `Ok(false)` if it is not there or damaged.
    pub fn copy(&self, digest: &Digest, to: &Path) -> Result<bool, Diagnostic> {
        let (path, from) = self.find(digest, own::open);
        let mut from = match from {
            Ok(from) => from,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) if is_damage(&error) => {
                self.set_aside_object(digest);
                return Ok(false);
            }
            Err(error) => return Err(Diagnostic::io("read", &path, &error).hint(UNREAD)),
        };
        // A clone shares its blocks with the object, and is as good as a copy.
        if self.find(digest, |from| reflink_copy::reflink(from, to)).1.is_err() {
            let _ = fs::remove_file(to);
            let copied = File::create_new(to).and_then(|mut to| std::io::copy(&mut from, &mut to));
            copied.map_err(|error| Diagnostic::io("write", to, &error))?;
        }
        match Digest::of_file(to) {
            Ok((found, _)) if found == *digest => Ok(true),
            Err(error) => Err(Diagnostic::io("read", to, &error)),
            Ok(_) => {
                let _ = fs::remove_file(to);
                self.set_aside_object(digest);
                Ok(false)
            }
        }
    }

    /// Whether an object is there and sound; if it is damaged it is set aside.
    fn is_sound(&self, digest: &Digest, size: u64) -> bool {
        let object = self.object(digest);
        if !object.symlink_metadata().is_ok_and(|metadata| metadata.len() == size) {
            return false;
        }
        let hashed = own::beside_no_link(&object).and_then(|()| Digest::of_file(&object));
        let sound = hashed.is_ok_and(|(found, _)| found == *digest);
        if !sound {
            self.set_aside_object(digest);
        }
        sound
    }

    /// Writes bytes to a temporary file and registers them, so that they can be
    /// read at once; they are durable only after the writer has taken them.
    pub(crate) fn stage(&self, bytes: &[u8]) -> Result<(Digest, Option<PathBuf>), Diagnostic> {
        let digest = Digest::of(bytes);
        if self.pending.lock().expect("no panic while held").contains_key(&digest) {
            return Ok((digest, None));
        }
        if self.is_sound(&digest, bytes.len() as u64) {
            return Ok((digest, None));
        }
        let path = self.temp();
        let written = File::create_new(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            let mut permissions = file.metadata()?.permissions();
            permissions.set_readonly(true);
            file.set_permissions(permissions)
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&path);
            Diagnostic::io("write to the store in", &self.root, &error)
        })?;
        self.pending.lock().expect("no panic while held").insert(digest, path.clone());
        Ok((digest, Some(path)))
    }
}

const UNREAD: &str = "nothing is known of what it holds; if it stays so, `colophon cache \
        check --repair` \
     sets aside what can't be read";

/// Whether an error says that what is there is not what we wrote; all others say
/// something about the machine at this moment.
pub(crate) fn is_damage(error: &std::io::Error) -> bool {
    use ErrorKind::{InvalidData, IsADirectory, NotADirectory};
    matches!(error.kind(), InvalidData | IsADirectory | NotADirectory)
}

/// Shares the store with other runs; a collection that is under way is waited
/// for, but not for ever.
fn share(lock: &File) -> Result<(), Diagnostic> {
    let begun = Instant::now();
    while let Err(TryLockError::WouldBlock) = lock.try_lock_shared() {
        if begun.elapsed() > PATIENCE {
            let message = "`colophon cache gc --delete` is at work in the store";
            return Err(Diagnostic::new(Kind::Infrastructure, message)
                .hint("nothing was done; try again when it has ended, or end it"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Where locks are not supported, `cache gc` refuses to delete.
    Ok(())
}
