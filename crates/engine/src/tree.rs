//! The files of a project as references find them: what a path, a folder or a
//! glob stands for, where links lead, and what is never an input.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::io::Errno;

use crate::diagnostic::{Diagnostic, Kind};
use crate::files::Look;
use crate::lock;
use crate::outputs::OUTPUTS;
use crate::own::FOLDER;

pub(crate) mod glob;
pub(crate) mod walk;

/// The files below a project's folder, and below the links that it declares.
pub(crate) struct Tree<'a> {
    root: &'a Path,
    /// The same without links.
    real: PathBuf,
    /// The declared links, and where they lead.
    links: BTreeMap<String, Option<PathBuf>>,
    folders: RefCell<BTreeMap<String, Rc<Vec<Entry>>>>,
    /// The folders whose entries matter: if one changes, so may what is found.
    listed: RefCell<BTreeMap<String, Option<Look>>>,
}

/// A file that was found: its path in the project, and where it really lies.
pub(crate) type Found = (String, PathBuf);

/// What stands at a path.
pub(crate) enum Standing {
    /// A file, and where it really lies.
    File(PathBuf),
    Folder,
    Nothing,
}

/// An entry of a folder.
struct Entry {
    name: OsString,
    kind: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    File,
    Folder,
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// What is never an input, whatever the way that leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// What stages make.
    Result,
    /// The store and what the checkout remembers.
    Program,
    /// The history.
    Git,
    /// What runs write.
    Lock,
}

impl Own {
    /// What a path of the project is, if it is none of the user's files. Names
    /// that differ only in case are one on other systems.
    pub(crate) fn of(path: &str) -> Option<Own> {
        let has = |name: &str| path.split('/').any(|part| part.eq_ignore_ascii_case(name));
        let first = path.split('/').next().unwrap_or("");
        match () {
            () if first.eq_ignore_ascii_case(OUTPUTS) => Some(Own::Result),
            () if has(FOLDER) => Some(Own::Program),
            () if has(".git") => Some(Own::Git),
            () if path.eq_ignore_ascii_case(lock::FILE) => Some(Own::Lock),
            () => None,
        }
    }

    /// The same in words that follow "is".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Own::Result => "a result, not an input",
            Own::Program => "the program's own",
            Own::Git => "git's own",
            Own::Lock => "written by runs, not an input",
        }
    }
}

fn usage(message: String) -> Diagnostic {
    Diagnostic::new(Kind::Usage, message)
}

fn irregular(path: &str) -> Diagnostic {
    usage(format!("the input `{path}` is not a regular file"))
        .hint("an input is a file, a folder or a glob")
}

fn outside(reference: &str) -> Diagnostic {
    usage(format!("the input `{reference}` lies outside the project"))
        .hint("copy it into the project and declare it there")
}

/// A path below a folder; the project's own folder has no name.
fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.into() } else { format!("{folder}/{name}") }
}

impl<'a> Tree<'a> {
    /// The files of the project at `root`, some of whose links may lead out of it.
    pub(crate) fn new(root: &'a Path, links: &[String]) -> Self {
        let real = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let to = |link: &String| (link.clone(), root.join(link).canonicalize().ok());
        let links = links.iter().map(to).collect();
        let (folders, listed) = Default::default();
        Tree { root, real, links, folders, listed }
    }

    pub(crate) fn root(&self) -> &Path {
        self.root
    }

    /// The folders that were listed, as they were then.
    pub(crate) fn listed(&self) -> BTreeMap<String, Option<Look>> {
        self.listed.take()
    }

    /// A path as it is written, in normal form; the project's own folder is empty.
    pub(crate) fn normal(&self, reference: &str) -> Result<String, Diagnostic> {
        if reference.starts_with('/') {
            let within = Path::new(reference).strip_prefix(&self.real);
            let within = within.or_else(|_| Path::new(reference).strip_prefix(self.root));
            return Err(match within {
                Ok(path) => usage(format!("the input `{reference}` is absolute"))
                    .hint(format!("write `./{}`", path.display())),
                Err(_) => outside(reference),
            });
        }
        let mut parts = Vec::new();
        for part in reference.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.pop().is_none() => return Err(outside(reference)),
                ".." => {}
                part => parts.push(part),
            }
        }
        match parts.is_empty() && !reference.contains('.') {
            true => Err(usage(format!("`{reference}` refers to nothing"))
                .hint("write `.` for the whole project")),
            false => Ok(parts.join("/")),
        }
    }

    pub(crate) fn is_there(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    pub(crate) fn is_folder(&self, path: &str) -> bool {
        self.root.join(path).is_dir()
    }

    /// Where a file really lies, if it is there and may be an input.
    pub(crate) fn file(&self, path: &str) -> Result<Option<PathBuf>, Diagnostic> {
        match self.look(path)? {
            Standing::File(real) => Ok(Some(real)),
            Standing::Folder => Err(irregular(path)),
            Standing::Nothing => Ok(None),
        }
    }

    /// What a path stands for, if it may be an input.
    pub(crate) fn look(&self, path: &str) -> Result<Standing, Diagnostic> {
        let full = self.root.join(path);
        let metadata = match full.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                let message = format!("the input `{path}` is a link that leads back to itself");
                return Err(usage(message).hint("correct the link"));
            }
            Err(error) if is_missing(error.kind()) => {
                return match self.is_dangling(path) {
                    true => Err(self.dangling(path)),
                    false => Ok(Standing::Nothing),
                };
            }
            Err(error) => return Err(Diagnostic::io("read", Path::new(path), &error)),
        };
        if metadata.is_dir() {
            return Ok(Standing::Folder);
        }
        if !metadata.is_file() {
            return Err(irregular(path));
        }
        let real = full.canonicalize();
        let real = real.map_err(|error| Diagnostic::io("read", Path::new(path), &error))?;
        self.judge(path, &real)?;
        Ok(Standing::File(real))
    }

    /// Whether what lies at `real`, reached by `path`, may be an input.
    fn judge(&self, path: &str, real: &Path) -> Result<(), Diagnostic> {
        if let Ok(inner) = real.strip_prefix(&self.real) {
            let inner = inner.to_string_lossy();
            return match Own::of(&inner) {
                None => Ok(()),
                Some(own) if inner == path => Err(usage(format!("`{path}` is {}", own.words()))),
                Some(own) => {
                    Err(usage(format!("`{path}` leads to `{inner}`, which is {}", own.words()))
                        .hint("refer to a stage's output by its name"))
                }
            };
        }
        if let Some(own) = self.declared(real) {
            // Below a declared link, `outputs` is a name like any other.
            return match Own::of(&format!("x/{}", own.to_string_lossy())) {
                None => Ok(()),
                Some(own) => Err(usage(format!("`{path}` is {}", own.words()))),
            };
        }
        let link = self.leaving(path);
        let message = match link == path {
            true => format!("the input `{path}` is a link that leaves the project"),
            false => format!("the input `{path}` leaves the project through the link `{link}`"),
        };
        Err(usage(message)
            .hint("copy it into the project and declare it there")
            .hint(format!("or let the link lead out of it: `links: [{link}]` in `pipeline.yaml`")))
    }

    /// The rest of a path below where a declared link leads.
    fn declared<'b>(&self, real: &'b Path) -> Option<&'b Path> {
        self.links.values().flatten().find_map(|to| real.strip_prefix(to).ok())
    }

    /// The first part of a path by which it leaves the project.
    fn leaving<'b>(&self, path: &'b str) -> &'b str {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let leaves = |part: &&str| {
            let full = self.root.join(part);
            full.is_symlink()
                && full.canonicalize().is_ok_and(|real| {
                    !real.starts_with(&self.real) && self.declared(&real).is_none()
                })
        };
        ends.map(|end| &path[..end]).find(leaves).unwrap_or(path)
    }

    fn is_dangling(&self, path: &str) -> bool {
        self.root.join(path).is_symlink() || self.lost(path).is_some()
    }

    /// The declared link that a path goes through, if it leads nowhere.
    fn lost(&self, path: &str) -> Option<&str> {
        let within = |link: &str| {
            path.strip_prefix(link).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let lost = self.links.iter().find(|(link, to)| to.is_none() && within(link));
        lost.map(|(link, _)| link.as_str())
    }

    fn dangling(&self, path: &str) -> Diagnostic {
        match self.lost(path) {
            Some(link) => usage(format!("the link `{link}` leads to nothing"))
                .hint(format!("let it lead to the data on this machine: `ln -s FOLDER {link}`")),
            None => usage(format!("the input `{path}` is a link to nothing"))
                .hint("put back what it leads to, or correct the link"),
        }
    }

    /// The entries of a folder, sorted by name.
    fn list(&self, folder: &str) -> Result<Rc<Vec<Entry>>, Diagnostic> {
        if let Some(known) = self.folders.borrow().get(folder) {
            return Ok(known.clone());
        }
        let shown = if folder.is_empty() { "." } else { folder };
        let failed = |error: std::io::Error| Diagnostic::io("read", Path::new(shown), &error);
        let before = Look::at(&self.root.join(folder));
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(self.root.join(folder)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let kind = match () {
                () if kind.is_symlink() => Form::Link,
                () if kind.is_dir() => Form::Folder,
                () if kind.is_file() => Form::File,
                () => Form::Other,
            };
            entries.push(Entry { name: entry.file_name(), kind });
        }
        let look = Look::both(before, Look::at(&self.root.join(folder)));
        self.listed.borrow_mut().insert(folder.to_string(), look);
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let entries = Rc::new(entries);
        self.folders.borrow_mut().insert(folder.to_string(), entries.clone());
        Ok(entries)
    }
}

/// Whether an error says no more than that there is no such file.
fn is_missing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidFilename
    )
}
