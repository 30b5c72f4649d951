//! What a study brings to the machine.

use engine::function::Function;

/// The names of a table's columns and its rows; a cell that holds nothing is `None`.
pub type Cells = (Vec<String>, Vec<Vec<Option<String>>>);

/// A study, as its own program hands it over.
pub struct Study {
    /// Its functions.
    pub functions: &'static [Function],
    /// Reads a table that is no text, such as Parquet; nothing where it knows no such form.
    pub cells: fn(&[u8]) -> Result<Option<Cells>, String>,
    /// Environment variables that its libraries read, and what they are to be.
    pub env: &'static [(&'static str, &'static str)],
    /// Prefixes of environment variables that must not reach its libraries.
    pub clear: &'static [&'static str],
    /// The fonts of its report, for whoever has the report and this program alone.
    pub fonts: &'static [&'static [u8]],
}

impl Study {
    /// A study that brings nothing along: one of commands alone.
    pub const PLAIN: Study =
        Study { functions: &[], cells: |_| Ok(None), env: &[], clear: &[], fonts: &[] };
}
