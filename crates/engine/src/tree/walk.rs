//! The files below a folder, or those that a glob stands for, looked at name by
//! name, so that nothing is judged that does not match.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::glob::{self, Part, Pattern};
use super::{Entry, Form, Found, Own, Tree, below, usage};
use crate::diagnostic::{Checked, Diagnostic};
use crate::files::Look;

/// What a walk has come upon.
#[derive(Default)]
struct Walk {
    found: BTreeMap<String, PathBuf>,
    wrong: Vec<Diagnostic>,
    /// Folders by how much of a pattern was left there.
    seen: BTreeSet<(String, usize)>,
}

impl Tree<'_> {
    /// Every file below a folder, sorted; hidden files are left out.
    pub(crate) fn folder(&self, path: &str) -> Checked<Vec<Found>> {
        let real = self.root.join(path).canonicalize();
        let real = real.map_err(|error| vec![Diagnostic::io("read", Path::new(path), &error)])?;
        self.judge(path, &real).map_err(|problem| vec![problem])?;
        self.find(path, glob::everything())
    }

    /// The files that match a glob, sorted.
    pub(crate) fn glob(&self, pattern: &str) -> Checked<Vec<Found>> {
        let (folder, alternatives) = glob::parse(pattern).map_err(|problem| vec![problem])?;
        self.find(&folder, &alternatives)
    }

    /// The files below a folder that match one of the patterns.
    fn find(&self, folder: &str, patterns: &[Pattern]) -> Checked<Vec<Found>> {
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
