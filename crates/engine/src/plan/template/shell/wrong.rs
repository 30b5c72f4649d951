//! What is wrong with a place in a text for the shell.

/// What is wrong with a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Quotes,
    /// Quotes around what a program executes.
    CodeInQuotes(String),
    Code(String),
    HereDocument,
    Backticks,
    Braces,
    Arithmetic,
    Comment,
    Dollar,
    Backslash,
    Delimiter,
    Descriptor,
    /// `[[ … ]]` of bash.
    Test,
    /// An array of bash.
    Array,
    ListInWord,
    ListAsFile,
    Unclear,
}

/// A place where something is inserted: whether it must be quoted even if it
/// looks harmless.
pub(crate) type Spot = Result<bool, Wrong>;
