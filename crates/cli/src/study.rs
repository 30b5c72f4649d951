//! What a study brings to the machine.

use engine::function::Function;

/// A study, as its own program hands it over.
pub struct Study {
    /// Its functions.
    pub functions: &'static [Function],
    /// Environment variables that its libraries read, and what they are to be.
    pub env: &'static [(&'static str, &'static str)],
    /// Prefixes of environment variables that must not reach its libraries.
    pub clear: &'static [&'static str],
    /// The fonts of its report, for whoever has the report and this program alone.
    pub fonts: &'static [&'static [u8]],
}
