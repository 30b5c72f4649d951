//! Globs: which entries of which folders match, looked at name by name, so that
//! nothing is judged that does not match.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use globset::{GlobBuilder, GlobMatcher};

use super::{Entry, Form, Found, Own, Tree, below, usage};
use crate::diagnostic::{Checked, Diagnostic};
use crate::files::Look;

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
    fn fits(&self, name: &OsStr) -> bool {
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

/// What a walk has come upon.
#[derive(Default)]
struct Walk {
    found: BTreeMap<String, PathBuf>,
    wrong: Vec<Diagnostic>,
    /// Folders by how much of a pattern was left there.
    seen: BTreeSet<(String, usize)>,
}

impl Tree<'_> {
    /// The files below a folder that match one of the patterns.
    pub(super) fn find(&self, folder: &str, patterns: &[Pattern]) -> Checked<Vec<Found>> {
        let (mut found, mut wrong) = (BTreeMap::new(), Vec::new());
        for pattern in patterns {
            let mut walk = Walk::default();
            self.enter(folder, pattern, &mut walk);
            found.extend(walk.found);
            wrong.extend(walk.wrong);
        }
        wrong.dedup();
        if wrong.is_empty() { Ok(found.into_iter().collect()) } else { Err(wrong) }
    }

    /// Looks for the rest of a pattern in what may be a folder.
    fn enter(&self, folder: &str, pattern: &[Part], walk: &mut Walk) {
        let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        let before = Look::at(&self.root.join(parent));
        if !self.is_folder(folder) {
            // If it comes into being, other files are found.
            if self.is_folder(parent) {
                self.listed.borrow_mut().entry(parent.to_string()).or_insert(before);
            }
            return;
        }
        let real = self.root.join(folder).canonicalize();
        match real.map_err(|error| Diagnostic::io("read", Path::new(folder), &error)) {
            Ok(real) => match self.judge(folder, &real) {
                Ok(()) => self.step(folder, &real, pattern, walk),
                Err(problem) => walk.wrong.push(problem),
            },
            Err(problem) => walk.wrong.push(problem),
        }
    }

    fn step(&self, folder: &str, real: &Path, pattern: &[Part], walk: &mut Walk) {
        let (part, rest) = match pattern {
            [] => return,
            [Part::Plain(name), rest @ ..] if !rest.is_empty() => {
                if Own::of(&below(folder, name)).is_none() {
                    self.enter(&below(folder, name), rest, walk);
                }
                return;
            }
            [part, rest @ ..] => (part, rest),
        };
        if !walk.seen.insert((folder.to_string(), pattern.len())) {
            return;
        }
        let entries = match self.list(folder) {
            Ok(entries) => entries,
            Err(problem) => return walk.wrong.push(problem),
        };
        if let Part::Deep = part {
            self.step(folder, real, rest, walk);
        }
        for entry in entries.iter() {
            match part {
                Part::Deep if entry.name.as_bytes().starts_with(b".") => {}
                Part::Deep => self.deeper(folder, real, entry, pattern, walk),
                part if !part.fits(&entry.name) => {}
                _ if rest.is_empty() => self.matched(folder, real, entry, walk),
                _ if matches!(entry.kind, Form::Folder | Form::Link) => {
                    if let Some(path) = name_of(folder, entry, walk)
                        && Own::of(&path).is_none()
                        && self.is_folder(&path)
                    {
                        self.enter(&path, rest, walk);
                    }
                }
                _ => {}
            }
        }
    }

    /// A `**` goes on into folders, and through declared links alone.
    fn deeper(&self, folder: &str, real: &Path, entry: &Entry, pattern: &[Part], walk: &mut Walk) {
        match entry.kind {
            Form::Folder => {
                if let Some(path) = name_of(folder, entry, walk)
                    && Own::of(&path).is_none()
                {
                    self.step(&path, &real.join(&entry.name), pattern, walk);
                }
            }
            Form::Link => {
                let Some(name) = entry.name.to_str() else { return };
                let path = below(folder, name);
                let all = matches!(pattern, [Part::Deep, Part::Any]);
                match self.is_folder(&path) {
                    true if self.links.contains_key(&path) => self.enter(&path, pattern, walk),
                    true if all => walk.wrong.push(
                        usage(format!("`{path}` is a link to a folder, which is not followed"))
                            .hint("refer to what it leads to by itself, or take the link away"),
                    ),
                    _ => {}
                }
            }
            Form::File | Form::Other => {}
        }
    }

    /// An entry whose name matches the whole pattern.
    fn matched(&self, folder: &str, real: &Path, entry: &Entry, walk: &mut Walk) {
        if entry.kind == Form::Folder {
            return;
        }
        let Some(path) = name_of(folder, entry, walk) else { return };
        if Own::of(&path).is_some() {
            return;
        }
        let file = match entry.kind {
            Form::File => Ok(Some(real.join(&entry.name))),
            Form::Link if self.is_folder(&path) => return,
            _ => self.file(&path),
        };
        match file {
            Ok(Some(real)) => drop(walk.found.insert(path, real)),
            // It was there a moment ago.
            Ok(None) => {}
            Err(problem) => walk.wrong.push(problem),
        }
    }
}

/// The path of an entry; that it can't be written is a problem.
fn name_of(folder: &str, entry: &Entry, walk: &mut Walk) -> Option<String> {
    let Some(name) = entry.name.to_str() else {
        let shown = if folder.is_empty() { "." } else { folder };
        let message = format!("the name {:?} in `{shown}` is not valid UTF-8", entry.name);
        walk.wrong.push(usage(message).hint("rename it, or let the glob leave it out"));
        return None;
    };
    Some(below(folder, name))
}
