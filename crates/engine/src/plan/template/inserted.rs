//! What an expression inserts into a command, as the words of a shell.

/// What an expression inserts into a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inserted {
    One(String),
    Many(Vec<String>),
}

/// Whether text means itself to the shell.
pub(super) fn is_harmless(text: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./@:,+=%".contains(c);
    !text.is_empty() && text.chars().all(safe)
}

/// Text as one word of a POSIX shell.
pub(super) fn quoted(text: &str, always: bool) -> String {
    match is_harmless(text) && !always {
        true => text.into(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
