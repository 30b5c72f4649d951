//! What went wrong, where, and what to do: the one form of every message.
//!
//! It knows no terminal: who shows a diagnostic decides how.

use std::fmt;

use serde::Serialize;

/// The kind of a problem; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A stage failed while it ran.
    Stage,
    /// The command line, `pipeline.yaml` or the data package is wrong.
    Usage,
    /// There are changes that have not been run.
    Pending,
    /// Data break their declared schema, or a claim is false.
    Contract,
    /// `pipeline.lock` would change.
    Lock,
    /// A stage reached for something that it does not declare.
    Undeclared,
    /// A result came out otherwise when it was made once more, or is damaged.
    Differs,
    /// The store lost something that can't be made again.
    Store,
    /// The machine refused: missing permissions, a signal.
    Infrastructure,
    /// The disk is full.
    Full,
    /// Not an error: something that the user should know.
    Note,
}

/// A position in a file that the user wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, relative to the project, with forward slashes.
    pub path: String,
    /// The line, from 1; 0 where a whole file is meant.
    pub line: usize,
    /// The column in characters, from 1; 0 where a whole line is meant.
    pub column: usize,
    /// How many characters to underline; at least 1 where a column is given.
    pub width: usize,
    /// The line itself, without its end; empty where a whole file is meant.
    pub text: String,
}

impl Place {
    /// A whole file.
    pub fn file(path: impl Into<String>) -> Self {
        Place { path: path.into(), line: 0, column: 0, width: 0, text: String::new() }
    }

    /// A whole line (from 1) of a file.
    pub fn line(path: impl Into<String>, line: usize, text: impl Into<String>) -> Self {
        Place { path: path.into(), line, column: 0, width: 0, text: text.into() }
    }
}

/// A value that a problem speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quoted {
    /// Its full name: its stage, a dot, its key.
    pub name: String,
    /// What it is now.
    pub now: String,
    /// What it was when the lock was written, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

/// One problem: a sentence, a place, and hints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The kind of problem.
    pub kind: Kind,
    /// One sentence, lower case, names in backticks, no full stop.
    pub message: String,
    /// Where it is, if it is somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Box<Place>>,
    /// Lines that belong to it, such as the last words of a program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// The values that it speaks of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Quoted>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// A problem without a place or a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        let (details, values, hints) = (Vec::new(), Vec::new(), Vec::new());
        Diagnostic { kind, message, at: None, details, values, hints }
    }

    /// A violated data contract.
    pub fn contract(message: impl Into<String>) -> Self {
        Diagnostic::new(Kind::Contract, message)
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.at = Some(Box::new(place));
        self
    }

    /// The same, with lines that belong to it.
    #[must_use]
    pub fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    /// The same, with a value that it speaks of.
    #[must_use]
    pub fn value(mut self, name: impl Into<String>, now: impl Into<String>) -> Self {
        self.values.push(Quoted { name: name.into(), now: now.into(), before: None });
        self
    }

    /// The same, with a further hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A failed operation of the file system, with what was tried and on what.
    pub fn io(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let message = format!("cannot {action} `{}`: {}", path.display(), reason(error));
        let diagnostic = Diagnostic::new(Kind::Infrastructure, message);
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Diagnostic { kind: Kind::Full, ..diagnostic }
                    .hint("free some space, `colophon cache gc --delete` may help, and run again")
                    .hint("nothing is lost: what was already stored is reused")
            }
            std::io::ErrorKind::FileTooLarge => diagnostic
                .hint("raise `ulimit -f`, or keep it where files may be larger: `--store DIR`"),
            std::io::ErrorKind::PermissionDenied => {
                diagnostic.hint("check who owns the file and the folder it is in")
            }
            _ => diagnostic,
        }
    }
}

/// Each problem once, in the order of the files.
pub(crate) fn tidy(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|a, b| (&a.at, &a.message).cmp(&(&b.at, &b.message)));
    found.dedup();
    found
}

/// The system's words for an error, without the error number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if let Some(at) = &self.at {
            write!(f, "{}", at.path)?;
            if at.line > 0 {
                write!(f, ":{}", at.line)?;
            }
            if at.column > 0 {
                write!(f, ":{}", at.column)?;
            }
            write!(f, ": ")?;
        }
        f.write_str(&self.message)
    }
}

/// Either a value or everything that is wrong.
pub type Checked<T> = Result<T, Vec<Diagnostic>>;

/// The known name nearest to `name`, if one is near enough to have been meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let limit = (length / 3).max(1).min(length.saturating_sub(1));
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The hint for an unknown name: the nearest known one, else the whole list.
pub fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(near) = nearest(name, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let list = listed(known);
    (!list.is_empty()).then(|| format!("known: {list}"))
}

/// Names in backticks with commas; past twelve, how many more there are.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<_> = names.into_iter().collect();
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// A number of things: `1 stage`, `2 stages`.
pub fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name() {
        let known = ["inputs", "outputs", "params"];
        assert_eq!(nearest("input", known), Some("inputs"));
        assert_eq!(nearest("uotputs", known), Some("outputs"));
        assert_eq!(nearest("matrix", known), None);
        // A single letter is near to any other; that is no help.
        assert_eq!(nearest("9", ["0", "1"]), None);
        assert_eq!(
            did_you_mean("matrix", known).as_deref(),
            Some("known: `inputs`, `outputs`, `params`")
        );
    }
}
