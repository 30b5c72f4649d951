//! Globs: a pattern, part by part, and which names it matches.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::LazyLock;

use globset::{GlobBuilder, GlobMatcher};

use crate::diagnostic::{Diagnostic, Kind};

fn usage(message: String) -> Diagnostic {
    Diagnostic::new(Kind::Usage, message)
}

/// One part of a pattern, between two slashes.
#[derive(Clone)]
pub(super) enum Part {
    /// `**`: any folders, or none.
    Deep,
    /// A name as it stands.
    Plain(String),
    /// A name with `*`, `?` or `[ab]`.
    Like { matcher: GlobMatcher, hidden: bool },
    /// Any name but a hidden one.
    Any,
}

/// A pattern without `{a,b}`, part by part.
pub(super) type Pattern = Vec<Part>;

/// At most this many patterns come of the `{a,b}` of one.
const ALTERNATIVES: usize = 1_000;

/// Whether a reference is a glob.
pub(crate) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// The folder that a glob begins in.
pub(crate) fn folder(pattern: &str) -> &str {
    let fixed = pattern.split(['*', '?', '[', '{', '\\']).next().unwrap_or("");
    fixed.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Every file, however deep.
pub(super) fn everything() -> &'static [Pattern] {
    static EVERYTHING: LazyLock<[Pattern; 1]> = LazyLock::new(|| [vec![Part::Deep, Part::Any]]);
    &*EVERYTHING
}

/// A glob as the folder that it begins in and the patterns from there.
pub(super) fn parse(pattern: &str) -> Result<(String, Vec<Pattern>), Diagnostic> {
    let compile = |text: &str| {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        glob.map_err(|error| usage(format!("the glob is wrong: {}", error.kind())))
    };
    compile(pattern)?;
    let folder = folder(pattern);
    let inner = pattern[folder.len()..].trim_start_matches('/');
    let mut all = Vec::new();
    for text in alternatives(inner)? {
        let mut parts = Vec::new();
        for part in text.split('/').filter(|part| !part.is_empty()) {
            parts.push(match part {
                "**" => Part::Deep,
                "*" => Part::Any,
                part if !part.contains(['*', '?', '[', '\\']) => Part::Plain(part.into()),
                part => Part::Like {
                    matcher: compile(part)?.compile_matcher(),
                    hidden: part.trim_start_matches('\\').starts_with('.'),
                },
            });
        }
        if let Some(Part::Deep) = parts.last() {
            parts.push(Part::Any);
        }
        all.push(parts);
    }
    Ok((folder.to_string(), all))
}

/// A pattern with each of its `{a,b}` replaced by one of its words. That they
/// are closed has been seen.
fn alternatives(pattern: &str) -> Result<Vec<String>, Diagnostic> {
    let (mut ready, mut rest) = (Vec::new(), vec![pattern.to_string()]);
    while let Some(text) = rest.pop() {
        let Some((start, end)) = first_braces(&text) else {
            ready.push(text);
            continue;
        };
        let mut depth = 0;
        let mut word = start + 1;
        let mut words = Vec::new();
        for (at, c) in text[..end].char_indices().skip_while(|(at, _)| *at <= start) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    words.push(&text[word..at]);
                    word = at + 1;
                }
                _ => {}
            }
        }
        words.push(&text[word..end]);
        let full = |word: &&str| format!("{}{word}{}", &text[..start], &text[end + 1..]);
        let next: Vec<_> = words.iter().map(full).collect();
        rest.extend(next);
        if ready.len() + rest.len() > ALTERNATIVES {
            return Err(usage(format!("the glob stands for more than {ALTERNATIVES} patterns"))
                .hint("write `*`, or several references"));
        }
    }
    Ok(ready)
}

/// Where the first `{` and its `}` stand.
fn first_braces(text: &str) -> Option<(usize, usize)> {
    let (mut start, mut depth, mut quoted, mut class) = (None, 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if quoted => quoted = false,
            '\\' => quoted = true,
            '[' if depth == 0 => class = true,
            ']' => class = false,
            _ if class => {}
            '{' => {
                start = start.or(Some(at));
                depth += 1;
            }
            '}' if depth == 1 => return start.map(|start| (start, at)),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

impl Part {
    /// Whether an entry of a folder has a name like this.
    pub(super) fn fits(&self, name: &OsStr) -> bool {
        let is_hidden = name.as_bytes().starts_with(b".");
        match self {
            Part::Deep => false,
            Part::Plain(plain) => name == OsStr::new(plain),
            Part::Any => !is_hidden,
            Part::Like { matcher, hidden } => {
                is_hidden == *hidden && matcher.is_match(Path::new(name))
            }
        }
    }
}
