//! An edition of a study: its ledger, and the files that it speaks of.
//!
//! The values of a commit are had without its store, since a study commits its ledger:
//! a text that a reviewer can read and compare, held to the digest in the lock. Where
//! it is not committed, the store may have it; a PDF carries its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use answers::attached::{attached, name_of};
use answers::diverged::File;
use answers::ledger::{self, Ledger};
use answers::places::Places;
use engine::diagnostic::{Diagnostic, Kind};
use engine::digest::Digest;
use engine::lock::{self, Lock};
use engine::plan::Plan;
use engine::project::Project;

use crate::git;
use crate::report::{Failed, count};

mod whole;

/// An edition.
pub(crate) struct Edition {
    /// What to call it: `HEAD (1a2b3c4)`, `now`, `report.pdf`.
    pub(crate) title: String,
    /// Its values, stages and sources.
    pub(crate) ledger: Ledger,
    /// The commit that it is of.
    pub(crate) commit: Option<String>,
    /// Whether it was made from the files that lie in the checkout.
    pub(crate) is_here: bool,
    /// What came with it, by name.
    carried: BTreeMap<String, Vec<u8>>,
}

/// The output that is called `ledger`: where a study keeps its account of numbers.
pub(crate) fn ledger_path(plan: &Plan) -> Option<&str> {
    let mut made = plan.stages.iter().filter_map(|stage| stage.outputs.get("ledger"));
    made.next_back().map(String::as_str)
}

/// The stages that a ledger is made from, and its own.
pub(crate) fn ledger_stages(plan: &Plan) -> Vec<usize> {
    let makes = |stage: &engine::plan::Stage| stage.outputs.contains_key("ledger");
    plan.closure(plan.stages.iter().rposition(makes))
}

/// Where the ledger is, or what to do where there is none.
fn known_path(plan: &Plan) -> Result<&str, Diagnostic> {
    ledger_path(plan).ok_or_else(|| {
        Diagnostic::new(Kind::Usage, "no stage makes a ledger, so no number has a name")
            .hint("let a stage use the function `ledger`: it takes the `values` of the others")
    })
}

/// What lies in `outputs/` now.
pub(crate) fn now(project: &Project) -> Result<Edition, Failed> {
    let path = known_path(&project.plan)?;
    let file = project.plan.root.join(path);
    let bytes = read(&file, path).map_err(|problem| problem.hint("`colophon run` makes it"))?;
    let ledger = Ledger::read(path, &bytes)?;
    Ok(Edition {
        title: "now".into(),
        ledger,
        commit: None,
        is_here: true,
        carried: BTreeMap::new(),
    })
}

/// What lies in `outputs/` now, with every stage of the plan.
pub(crate) fn whole(project: &Project) -> Result<Edition, Failed> {
    let mut edition = now(project)?;
    let lock = Lock::read(&project.plan.root)?;
    whole::complete(&mut edition.ledger, &project.plan, &lock);
    Ok(edition)
}

/// Where the report prints what, if a stage has an output `places` and it lies there.
pub(crate) fn places(plan: &Plan) -> Places {
    let path = plan.stages.iter().find_map(|stage| stage.outputs.get("places"));
    let bytes = path.and_then(|path| read(&plan.root.join(path), path).ok());
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// What is committed.
pub(crate) fn committed(project: &Project) -> Result<Edition, Failed> {
    match git::commit(&project.plan.root, "HEAD") {
        Some(_) => of_revision(project, "HEAD"),
        None => {
            let path = project.plan.root.join(lock::FILE);
            of_lock(project, &path, lock::FILE)
        }
    }
}

/// The edition that somebody names: a file, or else a revision.
pub(crate) fn named(project: &Project, name: &str) -> Result<Edition, Failed> {
    let path = Path::new(name);
    let is_file = path.is_file();
    match path.extension().and_then(|it| it.to_str()) {
        Some("pdf") if is_file => of_pdf(path, name),
        Some("json") if is_file => {
            let ledger = Ledger::read(name, &read(path, name)?)?;
            let carried = BTreeMap::new();
            Ok(Edition { title: name.into(), ledger, commit: None, is_here: false, carried })
        }
        Some("lock") if is_file => of_lock(project, path, name),
        Some("pdf" | "json" | "lock") if git::commit(&project.plan.root, name).is_none() => {
            let message = format!("there is no file `{name}`");
            Err(Diagnostic::new(Kind::Usage, message).hint(KINDS).into())
        }
        _ => of_revision(project, name),
    }
}

const KINDS: &str = "an edition is a revision of git, `profile:NAME`, a lock (`.lock`), a report \
                     (`.pdf`) or a ledger (`.json`)";

fn of_revision(project: &Project, revision: &str) -> Result<Edition, Failed> {
    let plan = &project.plan;
    let Some(commit) = git::commit(&plan.root, revision) else {
        let message = format!("`git` knows no revision `{revision}` of this project");
        return Err(Diagnostic::new(Kind::Usage, message).hint(KINDS).into());
    };
    let path = known_path(plan)?;
    let locked = git::file(&plan.root, &commit, lock::FILE)
        .and_then(|text| Lock::parse(&String::from_utf8_lossy(&text)).ok())
        .and_then(|lock| digest_in(&lock, path));
    let title = format!("{revision} ({})", commit.get(..7).unwrap_or(&commit));
    let bytes = git::file(&plan.root, &commit, path);
    let bytes = match (bytes, locked) {
        (Some(bytes), Some(locked)) if Digest::of(&bytes) != locked => {
            let message = format!("`{path}` at {title} is not the ledger that its lock speaks of");
            return Err(Diagnostic::new(Kind::Usage, message)
                .hint("commit both after a run, so that the lock vouches for the numbers")
                .into());
        }
        (Some(bytes), _) => bytes,
        (None, Some(locked)) => match project.store.read(&locked)? {
            Some(bytes) => bytes,
            None => return Err(not_kept(path, &title).into()),
        },
        (None, None) => return Err(not_kept(path, &title).into()),
    };
    let ledger = Ledger::read(path, &bytes)?;
    Ok(Edition { title, ledger, commit: Some(commit), is_here: false, carried: BTreeMap::new() })
}

fn not_kept(path: &str, title: &str) -> Diagnostic {
    let message = format!("the numbers of {title} are not to be had: it has no `{path}`");
    Diagnostic::new(Kind::Usage, message)
        .hint(format!("commit the ledger with the lock: `!/{path}` in `.gitignore`, `git add`"))
        .hint("for an edition that is gone, give its report or its ledger as a file")
}

/// The edition that a lock speaks of, by the ledger beside it or in the store.
pub(crate) fn of_lock(project: &Project, file: &Path, name: &str) -> Result<Edition, Failed> {
    let path = known_path(&project.plan)?;
    let text = read(file, name)?;
    let lock = Lock::parse(&String::from_utf8_lossy(&text))?;
    let Some(digest) = digest_in(&lock, path) else {
        let message = format!("`{name}` speaks of no `{path}`");
        return Err(Diagnostic::new(Kind::Usage, message).into());
    };
    let beside = file.parent().unwrap_or(Path::new("")).join(path);
    let beside = std::fs::read(beside).ok().filter(|bytes| Digest::of(bytes) == digest);
    let bytes = match beside {
        Some(bytes) => Some(bytes),
        None => project.store.read(&digest)?,
    };
    let Some(bytes) = bytes else { return Err(not_kept(path, name).into()) };
    let ledger = Ledger::read(path, &bytes)?;
    // Where it is the committed lock, the commit has the files that it speaks of.
    let root = &project.plan.root;
    let commit = git::commit(root, "HEAD")
        .filter(|commit| git::file(root, commit, lock::FILE).is_some_and(|it| it == text));
    Ok(Edition { title: name.into(), ledger, commit, is_here: false, carried: BTreeMap::new() })
}

/// The edition that a report is, by what it carries.
pub(crate) fn of_pdf(file: &Path, name: &str) -> Result<Edition, Failed> {
    let carried = attached(name, read(file, name)?)?;
    let Some(bytes) = carried.get("ledger.json") else {
        let message = match carried.len() {
            0 => format!("`{name}` carries no files"),
            n => format!("`{name}` carries {} and no `ledger.json`", count(n, "file")),
        };
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("`attach-account` of `report/colophon/` attaches the ledger to a report")
            .into());
    };
    let ledger = Ledger::read("ledger.json", bytes)?;
    Ok(Edition { title: name.into(), ledger, commit: None, is_here: false, carried })
}

/// An edition whose ledger is in the store, after a run that put nothing in place.
pub(crate) fn of_run(
    project: &Project,
    made: &BTreeMap<String, Digest>,
    title: &str,
) -> Result<Option<Edition>, Failed> {
    let Some(path) = ledger_path(&project.plan) else { return Ok(None) };
    let Some(bytes) = made.get(path).map(|it| project.store.read(it)).transpose()?.flatten() else {
        return Ok(None);
    };
    let ledger = Ledger::read(path, &bytes)?;
    Ok(Some(Edition {
        title: title.into(),
        ledger,
        commit: None,
        is_here: true,
        carried: BTreeMap::new(),
    }))
}

fn digest_in(lock: &Lock, path: &str) -> Option<Digest> {
    lock.stages.values().find_map(|block| block.outputs.get(path)).map(|made| made.digest)
}

/// The bytes of a file that is an edition, or a part of one.
pub(crate) fn read(file: &Path, name: &str) -> Result<Vec<u8>, Diagnostic> {
    let size = file.metadata().map(|it| it.len());
    if size.is_ok_and(|size| size > ledger::LIMIT) {
        let message = format!("`{name}` is larger than 256 MiB, and no edition is");
        return Err(Diagnostic::new(Kind::Usage, message));
    }
    std::fs::read(file).map_err(|error| {
        let mut problem = Diagnostic::io("read", Path::new(name), &error);
        problem.kind = Kind::Usage;
        problem
    })
}

impl Edition {
    /// The content of a file that it speaks of, wherever that is still to be had: what
    /// came with it, its commit, the store, the checkout.
    pub(crate) fn content(&self, project: Option<&Project>, file: &File) -> Option<Vec<u8>> {
        let is_it = |bytes: &Vec<u8>| Digest::of(bytes).to_string() == file.digest;
        let flat = name_of(&file.path);
        if let Some(bytes) = self.carried.get(&flat).filter(|bytes| is_it(bytes)) {
            return Some(bytes.clone());
        }
        let project = project?;
        let root: &PathBuf = &project.plan.root;
        let of_commit = || git::file(root, self.commit.as_ref()?, &file.path).filter(is_it);
        let of_store = || project.store.read(&Digest::from_hex(&file.digest)?).ok()?;
        let of_checkout = || std::fs::read(root.join(&file.path)).ok().filter(is_it);
        of_checkout().or_else(of_commit).or_else(of_store)
    }
}
