//! What an export is: its files, what it speaks of, and what should be known of it.

use std::collections::BTreeSet;

use answers::export::bundle::{Content, Contents};

/// An export that nobody has written yet.
pub(super) struct Made {
    /// Its files.
    pub(super) contents: Contents,
    /// The files of the project that it carries or describes.
    pub(super) speaks_of: BTreeSet<String>,
    /// Whether it names values.
    pub(super) values: bool,
    /// What should be known of it, a sentence each.
    pub(super) notes: Vec<String>,
}

impl Made {
    pub(super) fn new(contents: Contents, speaks_of: impl IntoIterator<Item = String>) -> Self {
        let speaks_of = speaks_of.into_iter().collect();
        Made { contents, speaks_of, values: false, notes: Vec::new() }
    }

    pub(super) fn noted(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// The files of an export that is one document.
pub(super) fn one(name: &str, text: String) -> Contents {
    Contents::from([(name.into(), Content::Text(text))])
}
