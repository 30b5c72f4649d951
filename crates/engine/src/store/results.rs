//! Records of results, by the key of their recipe.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{Made, RECORD, Record, Store, VARIANTS, is_damage};
use crate::diagnostic::{Diagnostic, Kind, listed};
use crate::digest::Digest;
use crate::own;
use crate::recipe::Recipe;
use crate::seal::unseal;

impl Store {
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

    /// Puts the newest result of a key in the place of the first one, which is kept
    /// behind it; says whether there was another than the first.
    pub fn accept(&self, key: &Digest) -> Result<bool, Diagnostic> {
        let known = |variant: &usize| self.result(key, *variant).symlink_metadata().is_ok();
        let Some(newest) = (2..=VARIANTS).rev().find(known) else { return Ok(false) };
        let (first, newest) = (self.result(key, 1), self.result(key, newest));
        let temp = self.temp();
        // Between any two of these there is one result at least.
        let moved = fs::hard_link(&first, &temp)
            .and_then(|()| fs::rename(&newest, &first))
            .and_then(|()| fs::rename(&temp, &newest));
        moved.map_err(|error| Diagnostic::io("write", &first, &error))?;
        Ok(true)
    }

    /// Removes what is known of a key; says whether anything was.
    pub fn forget(&self, key: &Digest) -> Result<bool, Diagnostic> {
        let mut found = false;
        for variant in 1..=VARIANTS {
            let path = self.result(key, variant);
            match own::beside_no_link(&path).and_then(|()| fs::remove_file(&path)) {
                Ok(()) => found = true,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(Diagnostic::io("remove", &path, &error)),
            }
        }
        Ok(found)
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
        let text = match own::read(path, RECORD) {
            Ok(bytes) => String::from_utf8(bytes).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if !is_damage(&error) => {
                let problem = Diagnostic::io("read", path, &error);
                self.note(Diagnostic { kind: Kind::Note, ..problem });
                return Err(());
            }
            Err(_) => String::new(),
        };
        if let Some(record) = unseal(&text).and_then(|body| serde_json::from_str(body).ok()) {
            return Ok(Some(record));
        }
        self.set_aside(path, "a result record");
        Err(())
    }
}

/// One recipe, two results.
pub(crate) fn not_deterministic(
    stage: &str,
    known: &BTreeMap<String, Made>,
    made: &BTreeMap<String, Made>,
) -> Diagnostic {
    let differ = |name: &&String| made.get(*name) != known.get(*name);
    let names: Vec<_> = made.keys().filter(differ).map(String::as_str).collect();
    let message = format!(
        "stage `{stage}` is not deterministic: the same recipe gave other bytes for {}",
        listed(names)
    );
    Diagnostic::new(Kind::Note, message).hint("look for time, randomness, threads or hash order")
}

/// What was just made can't be read back.
pub(crate) fn unreadable(path: &str) -> Diagnostic {
    let message = format!("`{path}` was just made and can't be read back from the store");
    Diagnostic::new(Kind::Infrastructure, message).hint("the disk may be failing; run again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{impossible, noted, put, store};

    #[test]
    fn a_record_tells_how_long_it_took() {
        let (_folder, store) = store();
        let key = put(&store, "a", &["text"], false);
        assert_eq!(store.seconds(&key), Some(7.0));
        assert_eq!(store.seconds(&Digest::of(b"other")), None);
    }

    #[test]
    fn a_record_that_the_machine_can_not_open_is_not_damaged() {
        let (folder, store) = store();
        assert!(store.record(&impossible(folder.path())).is_err());
        let notes = store.notes();
        assert!(notes[0].message.starts_with("cannot read `"), "{notes:?}");
        assert_eq!((notes.len(), notes[0].kind), (1, Kind::Note));
    }

    #[test]
    fn a_folder_where_a_record_belongs_is_damage() {
        let (_folder, store) = store();
        let path = store.result(&Digest::of(b"key"), 1);
        fs::create_dir_all(&path).expect("a folder");
        assert!(store.record(&path).is_err());
        assert!(!path.exists());
        let told = "a result record in the store is damaged; it was set aside and is made again";
        assert_eq!(noted(&store), [told]);
        assert!(matches!(store.record(&path), Ok(None)));
    }

    #[test]
    fn what_can_not_be_forgotten_is_told() {
        let (_folder, store) = store();
        let key = put(&store, "a", &["text"], false);
        assert_eq!((store.forget(&key), store.forget(&key)), (Ok(true), Ok(false)));
        fs::create_dir_all(store.result(&key, 1)).expect("a folder");
        assert!(store.forget(&key).is_err());
    }
}
