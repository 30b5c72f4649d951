//! Where a store was made: a store that came from elsewhere is not believed.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::own;
use crate::scratch;

/// Where the store in a folder keeps all that it has, in today's format.
pub(crate) const FORMAT: &str = "v1";

/// Whether the store in a folder holds something that was not made there: a
/// clone or a copy has other folders than the one it was taken from.
pub(crate) fn is_foreign(folder: &Path) -> bool {
    let root = folder.join(FORMAT);
    !is_empty(&root) && read(&root) != Some(identity(&root))
}

/// The file that tells a store from a copy, and from one made later.
pub(super) fn mark(root: &Path) -> PathBuf {
    root.join("home")
}

/// Notes where a store that holds nothing was made, unless it says so already.
///
/// As long as nothing is in it, a kill may have left half of this. It is written
/// before anything that it vouches for, also after a power cut, and whole: another
/// run may be looking.
pub(super) fn settle(root: &Path) -> Result<(), Diagnostic> {
    let identity = identity(root);
    match is_empty(root) && read(root).as_ref() != Some(&identity) {
        true => write(root, &identity),
        false => Ok(()),
    }
}

fn read(root: &Path) -> Option<String> {
    String::from_utf8(own::read(&mark(root), 1 << 10).ok()?).ok()
}

fn write(root: &Path, identity: &str) -> Result<(), Diagnostic> {
    let home = mark(root);
    let temp = own::make(root, "temp")?;
    let written = scratch::unborn(&temp).and_then(|mut file| {
        file.write_all(identity.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&home).map_err(|error| error.error)?;
        File::open(root)?.sync_all()
    });
    written.map_err(|error| Diagnostic::io("write", &home, &error))
}

fn is_empty(root: &Path) -> bool {
    let entries = |part: &str| fs::read_dir(root.join(part)).into_iter().flatten();
    entries("objects").next().is_none() && entries("results").next().is_none()
}

/// What a folder is and no copy of it: its number, and when it was made.
fn identity(folder: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = folder.metadata() else { return String::new() };
    let made =
        metadata.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{} {}\n", metadata.ino(), made.unwrap_or_default().as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store that was made elsewhere and holds one thing.
    fn foreign(part: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let root = own::make(folder.path(), FORMAT).expect("a folder");
        for part in ["objects", "results"] {
            fs::create_dir(root.join(part)).expect("a folder");
        }
        fs::create_dir_all(root.join(part).join("ab")).expect("a folder");
        fs::write(mark(&root), "elsewhere\n").expect("a file");
        folder
    }

    #[test]
    fn a_store_with_anything_in_it_keeps_its_home() {
        for part in ["objects", "results"] {
            let folder = foreign(part);
            let root = folder.path().join(FORMAT);
            assert!(is_foreign(folder.path()), "{part}");
            // Whoever names it works with it, and does not make it ours.
            settle(&root).expect("nothing to do");
            assert_eq!(read(&root).as_deref(), Some("elsewhere\n"), "{part}");
            assert!(is_foreign(folder.path()), "{part}");
        }
    }

    #[test]
    fn an_empty_store_is_made_ours_once() {
        let folder = foreign("temp/x");
        let root = folder.path().join(FORMAT);
        assert!(!is_foreign(folder.path()));
        settle(&root).expect("a home");
        assert_eq!(read(&root), Some(identity(&root)));
        // A witness holds the stamp of the mark, so it is not written anew.
        let stamp = || crate::files::stamp_of(&mark(&root));
        let before = stamp();
        settle(&root).expect("nothing to do");
        assert_eq!(stamp(), before);
    }
}
