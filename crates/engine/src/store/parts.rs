//! The store's own folders.

use std::path::Path;

use crate::diagnostic::{Diagnostic, Kind};

/// The store's own folders.
pub(super) const PARTS: [&str; 4] = ["objects", "results", "quarantine", "temp"];

/// The store's own folders in whose place there is a file.
pub(super) fn misplaced(root: &Path) -> impl Iterator<Item = &'static str> {
    let is_file = |part: &&str| {
        let metadata = root.join(part).symlink_metadata();
        // Links are refused by `own`.
        metadata.is_ok_and(|metadata| !metadata.is_dir() && !metadata.is_symlink())
    };
    PARTS.into_iter().filter(is_file)
}

/// Refuses a store in which a file stands where a folder belongs.
pub(super) fn refuse(root: &Path) -> Result<(), Diagnostic> {
    let Some(part) = misplaced(root).next() else { return Ok(()) };
    let message = format!("`{}` is not a folder", root.join(part).display());
    Err(Diagnostic::new(Kind::Infrastructure, message)
        .hint("nothing was touched; `colophon cache check --repair` sets it aside"))
}
