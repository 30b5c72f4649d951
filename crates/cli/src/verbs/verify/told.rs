//! What is said while it goes on.

use engine::diagnostic::{Diagnostic, Kind};

use crate::arguments::Arguments;
use crate::message;

/// Says what goes on where it may take long.
pub(super) fn going_on(arguments: &Arguments, what: &str) {
    if !arguments.quiet {
        message::all(&[Diagnostic::new(Kind::Note, what)]);
    }
}
