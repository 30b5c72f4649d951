//! How verbs end and where their words go: artifacts on standard output,
//! everything else on standard error. No other file writes to either.

use std::io::{IsTerminal, Write};

use engine::diagnostic::{Diagnostic, Kind};
use engine::plain;

pub(crate) use engine::diagnostic::count;

use crate::text::Text;

/// A verb did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What is wrong; may be empty where everything has been said.
    pub(crate) problems: Vec<Diagnostic>,
    /// The exit code.
    pub(crate) code: u8,
}

impl Failed {
    /// Ends with a code, silently.
    pub(crate) fn code(code: u8) -> Self {
        Failed { problems: Vec::new(), code }
    }
}

impl From<Vec<Diagnostic>> for Failed {
    fn from(problems: Vec<Diagnostic>) -> Self {
        let code = exit_code(&problems);
        Failed { problems, code }
    }
}

impl From<Diagnostic> for Failed {
    fn from(problem: Diagnostic) -> Self {
        vec![problem].into()
    }
}

/// The exit code of several problems: the gravest decides. What the machine or
/// the store did comes before what a stage did, and that before what follows.
pub(crate) fn exit_code(problems: &[Diagnostic]) -> u8 {
    let code = |kind: Kind| match kind {
        Kind::Infrastructure | Kind::Full => 9,
        Kind::Store => 8,
        Kind::Differs => 4,
        Kind::Undeclared => 7,
        Kind::Stage => 1,
        Kind::Contract => 5,
        Kind::Usage => 2,
        Kind::Lock => 6,
        Kind::Pending => 3,
        Kind::Note => 0,
    };
    const ORDER: [u8; 9] = [9, 8, 7, 1, 5, 2, 6, 4, 3];
    let codes: Vec<_> = problems.iter().map(|problem| code(problem.kind)).collect();
    ORDER.into_iter().find(|code| codes.contains(code)).unwrap_or(0)
}

/// Writes to standard error: a line, or text.
pub(crate) fn say(text: impl Into<Text>) {
    let mut stream = std::io::stderr();
    let colour = colour(stream.is_terminal());
    let _ = stream.write_all(text.into().shown(colour).as_bytes());
}

/// Writes a line or text to standard output. A reader who has left, as `head`
/// does, is no error.
pub(crate) fn print(text: impl Into<Text>) -> Result<(), Failed> {
    let stream = std::io::stdout();
    let colour = colour(stream.is_terminal());
    answer(text.into().shown(colour))
}

/// Writes a value as JSON to standard output.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failed> {
    let text = serde_json::to_string_pretty(value).expect("what is printed is plain data");
    answer(&format!("{}\n", plain::json(&text)))
}

/// Writes a value as one line of JSON to standard output.
pub(crate) fn print_json_line(value: &impl serde::Serialize) -> Result<(), Failed> {
    let text = serde_json::to_string(value).expect("what is printed is plain data");
    answer(&format!("{}\n", plain::json(&text)))
}

fn answer(text: &str) -> Result<(), Failed> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let message = format!("cannot write to standard output: {error}");
            Err(Diagnostic::new(Kind::Infrastructure, message).into())
        }
        _ => Ok(()),
    }
}

/// The form of text for standard error, where somebody else writes it there.
pub(crate) fn for_errors(text: &Text) -> &str {
    text.shown(colour(std::io::stderr().is_terminal()))
}

/// Whether a stream may be coloured.
fn colour(is_terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let plain = set("NO_COLOR") || std::env::var("TERM").is_ok_and(|term| term == "dumb");
    set("CLICOLOR_FORCE") || (!plain && is_terminal)
}

/// How many columns a message may take: those of the terminal, and of no terminal
/// so many that what a script reads does not depend on a window.
pub(crate) fn columns() -> usize {
    const ELSEWHERE: usize = 140;
    if !std::io::stderr().is_terminal() {
        return ELSEWHERE;
    }
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let found = || terminal_size::terminal_size_of(std::io::stderr());
    let columns = told.or_else(|| found().map(|(width, _)| usize::from(width.0)));
    columns.map_or(ELSEWHERE, |columns| columns.clamp(40, ELSEWHERE))
}

/// A duration in seconds as people read it.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.1 => format!("{:.0} ms", s * 1000.0),
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
        s => format!("{:.0} h {:.0} min", (s / 3600.0).floor(), (s % 3600.0) / 60.0),
    }
}

/// A size in bytes as people read it.
pub(crate) fn bytes(size: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if size < 1000 {
        return format!("{size} B");
    }
    let mut value = size as f64 / 1000.0;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}
