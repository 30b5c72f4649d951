//! The store: artifacts by the digest of their bytes, results by key.
//!
//! It trusts nothing that it reads. An object whose bytes do not have its
//! digest, or a record that does not have its checksum, is set aside, reported
//! and treated as absent. Any number of runs may share a store; it has no
//! lock that a killed run could leave behind.
//!
//! ```text
//! v1/objects/ab/cdef…      bytes, named by their digest, read-only
//! v1/results/ab/cdef….json a recipe and what it made, named by its key
//! v1/quarantine/           what was found damaged
//! v1/temp/run-…/           what running processes are writing
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::recipe::Recipe;
use crate::scratch::Scratch;

/// A store in a folder.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    scratch: Scratch,
    /// Objects that are written but not yet durable, by digest.
    pub(crate) pending: Mutex<BTreeMap<Digest, PathBuf>>,
    notes: Mutex<Vec<Diagnostic>>,
    /// Held shared by whoever uses the store, exclusively by `cache gc`.
    pub(crate) lock: File,
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
    /// How long it took; for estimates.
    #[serde(default)]
    pub seconds: f64,
}

impl Store {
    /// Opens the store in a folder, and makes it if there is none.
    pub fn open(folder: &Path) -> Result<Self, Diagnostic> {
        let root = folder.join("v1");
        for part in ["objects", "results", "quarantine"] {
            let path = root.join(part);
            fs::create_dir_all(&path).map_err(|error| Diagnostic::io("make", &path, &error))?;
        }
        let path = root.join("lock");
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(|error| Diagnostic::io("open", &path, &error))?;
        // Where locks are not supported, `cache gc` refuses to delete.
        let _ = lock.lock_shared();
        let scratch = Scratch::new(&root.join("temp"))?;
        let (pending, notes) = (Mutex::default(), Mutex::default());
        Ok(Store { root, scratch, pending, notes, lock })
    }

    /// What was found damaged or odd since the last call.
    pub fn notes(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.notes.lock().expect("no panic while noting"))
    }

    pub(crate) fn note(&self, note: Diagnostic) {
        self.notes.lock().expect("no panic while noting").push(note);
    }

    /// A path that is not used yet, on the store's own file system.
    pub(crate) fn temp(&self) -> PathBuf {
        self.scratch.path()
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
        self.pending.lock().expect("no panic while held").contains_key(digest)
            || self.object(digest).is_file()
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
    /// An error is one that passes, such as too many open files; it says nothing
    /// about the object.
    pub fn read(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Diagnostic> {
        let (path, read) = self.find(digest, |path| fs::read(path));
        match read {
            Ok(bytes) if Digest::of(&bytes) == *digest => return Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) if passes(&error) => return Err(Diagnostic::io("read", &path, &error)),
            _ => self.set_aside_object(digest),
        }
        Ok(None)
    }

    /// Copies an object to a path that does not exist yet, checked while it is
    /// copied; `Ok(false)` if it is not there or damaged.
    pub(crate) fn copy(&self, digest: &Digest, to: &Path) -> Result<bool, Diagnostic> {
        let (from, cloned) = self.find(digest, |from| reflink_copy::reflink(from, to));
        if cloned.is_err() {
            let _ = fs::remove_file(to);
            let mut from = match self.find(digest, |from| File::open(from)).1 {
                Ok(from) if from.metadata().is_ok_and(|metadata| metadata.is_file()) => from,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
                Err(error) if passes(&error) => {
                    return Err(Diagnostic::io("read", &from, &error));
                }
                _ => {
                    self.set_aside_object(digest);
                    return Ok(false);
                }
            };
            let copied = File::create(to).and_then(|mut to| std::io::copy(&mut from, &mut to));
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

    fn set_aside_object(&self, digest: &Digest) {
        self.set_aside(&self.object(digest), &format!("object `{}`", digest.short()));
    }

    /// The result of a key, if it is known and all of its objects are there.
    pub fn look_up(&self, key: &Digest) -> Option<Record> {
        // A gap may be left where a damaged record was set aside, so that the
        // first missing one is not the last; but mostly there is just one.
        for variant in 1..=VARIANTS {
            let path = self.result(key, variant);
            match self.record(&path) {
                Ok(Some(record)) if record.recipe.key() != *key => {
                    self.set_aside(&path, "a result record under a wrong key");
                }
                Ok(Some(record)) => {
                    if record.outputs.values().all(|made| self.has(&made.digest)) {
                        return Some(record);
                    }
                }
                Ok(None) if variant > 1 => return None,
                Ok(None) | Err(()) => {}
            }
        }
        None
    }

    /// The recipe of a key, even if its objects are gone.
    pub fn recipe(&self, key: &Digest) -> Option<Recipe> {
        self.record(&self.result(key, 1)).ok().flatten().map(|record| record.recipe)
    }

    /// How long the result of a key took to make, in seconds.
    pub fn seconds(&self, key: &Digest) -> Option<f64> {
        self.record(&self.result(key, 1)).ok().flatten().map(|record| record.seconds)
    }

    /// A record; `Ok(None)` if there is none, `Err` if it was damaged.
    pub(crate) fn record(&self, path: &Path) -> Result<Option<Record>, ()> {
        let mut text = String::new();
        match File::open(path).and_then(|mut file| file.read_to_string(&mut text)) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) if passes(&error) => {
                let problem = Diagnostic::io("read", path, &error);
                self.note(Diagnostic { kind: Kind::Note, ..problem });
                return Err(());
            }
            Err(_) => text.clear(),
        }
        if let Some(record) = unseal(&text).and_then(|body| serde_json::from_str(body).ok()) {
            return Ok(Some(record));
        }
        self.set_aside(path, "a result record");
        Err(())
    }

    /// Moves something damaged out of the way and says so.
    pub(crate) fn set_aside(&self, path: &Path, what: &str) {
        let name = path.file_name().unwrap_or_default();
        let folder = self.root.join("quarantine");
        let mut target = folder.join(name);
        for n in 2.. {
            if !target.exists() {
                break;
            }
            target = folder.join(format!("{}-{n}", name.to_string_lossy()));
        }
        if fs::rename(path, &target).is_err() {
            // Another run may have done it; if it can't be moved it must not stay.
            let _ = fs::remove_file(path);
        }
        let note = format!("{what} in the store is damaged; it was set aside and is made again");
        self.note(Diagnostic::new(Kind::Note, note));
    }

    /// Writes bytes to a temporary file and registers them, so that they can be
    /// read at once; they are durable only after the writer has taken them.
    pub(crate) fn stage(&self, bytes: &[u8]) -> Result<(Digest, Option<PathBuf>), Diagnostic> {
        let digest = Digest::of(bytes);
        if self.pending.lock().expect("no panic while held").contains_key(&digest) {
            return Ok((digest, None));
        }
        let object = self.object(&digest);
        if object.metadata().is_ok_and(|metadata| metadata.len() == bytes.len() as u64) {
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

/// Whether an error says something about the system at this moment and nothing
/// about the file.
fn passes(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    let passing = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::INTR, Errno::ACCESS];
    errno.is_some_and(|errno| passing.contains(&errno))
}

/// Text with its own checksum in the last line.
pub(crate) fn seal(body: &str) -> String {
    format!("{body}\n{}\n", Digest::of(body.as_bytes()))
}

/// The text without the checksum; `None` if they do not agree.
pub(crate) fn unseal(text: &str) -> Option<&str> {
    let (body, checksum) = text.strip_suffix('\n')?.rsplit_once('\n')?;
    (Digest::from_hex(checksum)? == Digest::of(body.as_bytes())).then_some(body)
}
