//! Where a store was made: a store that came from elsewhere is not believed.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Store;
use crate::diagnostic::Diagnostic;
use crate::own;
use crate::scratch;

impl Store {
    /// Whether the store in a folder holds something that was not made there: a
    /// clone or a copy has other folders than the one it was taken from.
    pub fn is_foreign(folder: &Path) -> bool {
        let store = Store::at(folder.join("v1"));
        let made_here = || store.home().is_some_and(|home| home == identity(&store.root));
        !store.is_empty() && !made_here()
    }

    /// The file that tells this store from a copy, and from one made later.
    pub(crate) fn mark(&self) -> PathBuf {
        self.root.join("home")
    }

    pub(super) fn home(&self) -> Option<String> {
        String::from_utf8(own::read(&self.mark(), 1 << 10).ok()?).ok()
    }

    pub(super) fn write_home(&self, identity: &str) -> Result<(), Diagnostic> {
        let home = self.mark();
        let temp = own::make(&self.root, "temp")?;
        let written = scratch::unborn(&temp).and_then(|mut file| {
            file.write_all(identity.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&home).map_err(|error| error.error)?;
            File::open(&self.root)?.sync_all()
        });
        written.map_err(|error| Diagnostic::io("write", &home, &error))
    }

    pub(super) fn is_empty(&self) -> bool {
        let entries = |part: &str| fs::read_dir(self.root.join(part)).into_iter().flatten();
        entries("objects").next().is_none() && entries("results").next().is_none()
    }
}

/// What a folder is and no copy of it: its number, and when it was made.
pub(super) fn identity(folder: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = folder.metadata() else { return String::new() };
    let made =
        metadata.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{} {}\n", metadata.ino(), made.unwrap_or_default().as_nanos())
}
