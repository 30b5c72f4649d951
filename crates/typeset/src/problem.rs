//! What is wrong with a document's sources, where, and what to do about it.

use std::ops::Range;

use typst::diag::{self, SourceDiagnostic, Tracepoint};
use typst::syntax::{DiagSpan, FileId, Lines, VirtualRoot};
use typst::{World, WorldExt};

/// Whether there can be a document in spite of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// There is no document.
    Error,
    /// There is one, but it may not be what was meant.
    Warning,
}

/// One problem with the sources of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// The file it is in; empty where it is in none.
    pub path: String,
    /// The line, from 1; 0 where there is none.
    pub line: usize,
    /// The column in characters, from 1; 0 where there is none.
    pub column: usize,
    /// How many characters of the line are meant; 0 where there is no line.
    pub width: usize,
    /// The line itself, without its end.
    pub text: String,
    /// What to do about it, and how Typst got there.
    pub hints: Vec<String>,
    /// How bad it is.
    pub severity: Severity,
}

impl Problem {
    /// An error without a place or a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Problem {
            message: message.into(),
            path: String::new(),
            line: 0,
            column: 0,
            width: 0,
            text: String::new(),
            hints: Vec::new(),
            severity: Severity::Error,
        }
    }

    /// The same, with a further hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Puts the problem at a range of bytes of a file's text.
    pub(crate) fn set_place(&mut self, path: &str, text: &str, range: Range<usize>) {
        let lines = Lines::new(text);
        let Some((line, column)) = lines.byte_to_line_column(range.start) else { return };
        let Some(whole) = lines.line_to_range(line) else { return };
        let shown = text[whole.clone()].trim_end_matches(['\n', '\r']);
        let end = range.end.min(whole.start + shown.len()).max(range.start);
        self.path = path.to_string();
        self.line = line + 1;
        self.column = column + 1;
        self.width = text.get(range.start..end).unwrap_or("").chars().count().max(1);
        self.text = shown.to_string();
    }
}

/// How the message of a `panic` in a source begins.
const PANIC: &str = "panicked with: ";

/// A problem as Typst reports it.
///
/// A `panic` is how a source refuses what it was given: such a problem is put where
/// the refusing function was first called, not inside it.
pub(crate) fn of(world: &dyn World, found: &SourceDiagnostic) -> Problem {
    let message = found.message.strip_prefix(PANIC).unwrap_or(&found.message);
    let mut problem = Problem::new(message);
    if found.severity == diag::Severity::Warning {
        problem.severity = Severity::Warning;
    }
    let calls = || found.trace.iter().filter(|it| matches!(it.v, Tracepoint::Call(_)));
    let caller = calls().next_back().filter(|_| found.message.starts_with(PANIC));
    place(world, &mut problem, caller.map_or(found.span, |call| call.span.into()));
    problem.hints = found.hints.iter().map(|it| hint(&it.v)).collect();
    if message.starts_with("failed to load package") {
        problem.hints.push(
            "put the package's files into the project and import them by their path".to_string(),
        );
    }
    if caller.is_none() {
        for call in calls() {
            let mut at = Problem::new("");
            place(world, &mut at, call.span.into());
            if at.line > 0 {
                problem.hints.push(format!("{} at {}:{}:{}", call.v, at.path, at.line, at.column));
            }
        }
    }
    problem
}

/// A hint of Typst's, in words of what can be done here: its command line is not at hand.
pub(crate) fn hint(text: &str) -> String {
    match text.contains("`--root`") {
        true => "begin the path with `/`, which is the root of this project".to_string(),
        false => text.to_string(),
    }
}

/// Puts a problem at a place in one of the project's files, if that is where it is.
fn place(world: &dyn World, problem: &mut Problem, span: DiagSpan) {
    let Some((id, range)) = span.id().zip(world.range(span)) else { return };
    let Ok(bytes) = world.file(id) else { return };
    let Ok(text) = std::str::from_utf8(&bytes) else { return };
    // Typst counts without a byte order mark in sources, and with it in other files.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.is_char_boundary(range.start) && text.is_char_boundary(range.end) {
        problem.set_place(&name(id), text, range);
    }
}

/// A file as its path in the project.
fn name(id: FileId) -> String {
    match id.root() {
        VirtualRoot::Project => id.vpath().get_without_slash().to_string(),
        VirtualRoot::Package(package) => format!("{package}{}", id.vpath().get_with_slash()),
    }
}
