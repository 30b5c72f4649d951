//! What is damaged or out of place in a store, and how it is moved out of the way.
//!
//! No link is followed: one that is out of place is moved itself.

use std::fs;
use std::path::{Path, PathBuf};

use super::parts::misplaced;
use super::{Store, home};
use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::own;

impl Store {
    pub(super) fn set_aside_object(&self, digest: &Digest) {
        self.set_aside(&self.object(digest), &format!("object `{}`", digest.short()));
    }

    /// Moves something damaged out of the way and says so; a store that is only
    /// looked at is left as it is.
    pub(crate) fn set_aside(&self, path: &Path, what: &str) {
        if self.hold.is_none() {
            let note = Diagnostic::new(Kind::Note, format!("{what} in the store is damaged"));
            let hint = "it was left as it is; `colophon cache check --repair` sets it aside";
            return self.note(note.hint(hint));
        }
        // Behind a link nothing is ours; it is the link that is out of place.
        let folder = path.parent().unwrap_or(path);
        let is_link = folder.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir());
        let path = if is_link { folder } else { path };
        let name = path.file_name().unwrap_or_default();
        let folder = self.root.join("quarantine");
        let mut target = folder.join(name);
        for n in 2.. {
            if target.symlink_metadata().is_err() {
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

    /// Moves out of the way what stands in the place of a folder; says whether there
    /// was anything.
    pub(super) fn clear(&self, folder: &Path) -> bool {
        let Ok(metadata) = folder.symlink_metadata() else { return false };
        if metadata.is_dir() {
            return false;
        }
        let what = if metadata.is_symlink() { "a link" } else { "a file" };
        self.set_aside(folder, &format!("{what} where a folder belongs"));
        true
    }

    /// Opens the store in a folder to work with it, after setting aside the files that
    /// stand where its own folders belong; gives their number too.
    pub fn mend(folder: &Path) -> Result<(Self, usize), Diagnostic> {
        let root = own::look(folder, home::FORMAT)?;
        // The quarantine may be one of them, so they get out of the way first.
        let moved: Vec<PathBuf> = misplaced(&root)
            .map(|part| {
                let (from, to) = (root.join(part), root.join(format!("not-{part}")));
                let moved = fs::rename(&from, &to);
                moved.map(|()| to).map_err(|error| Diagnostic::io("move", &from, &error))
            })
            .collect::<Result<_, _>>()?;
        let store = Store::open(folder)?;
        for path in &moved {
            store.set_aside(path, "a file where a folder belongs");
        }
        Ok((store, moved.len()))
    }
}
