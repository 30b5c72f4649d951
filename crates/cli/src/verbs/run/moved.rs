//! Which numbers a run moved, against those that `pipeline.lock` spoke of before it.

use std::collections::BTreeMap;
use std::path::Path;

use engine::diagnostic::{Diagnostic, Kind};
use engine::digest::Digest;
use engine::lock;
use engine::project::Project;
use engine::run::request::Summary;

use crate::edition::{self, Edition};
use crate::report::Failed;
use crate::text::Text;
use crate::verbs::diff::{self, Answer};

/// What a run moved.
pub(super) struct Moved(Answer);

/// The edition of the lock, before the run replaces it; nothing where its numbers are
/// not to be had, as before the first run.
pub(super) fn locked(project: &Project) -> Option<Edition> {
    let file = project.plan.root.join(lock::FILE);
    edition::of_lock(project, &file, lock::FILE).ok()
}

/// What moved since, where the run made another ledger.
pub(super) fn since(project: &Project, before: Edition, summary: &Summary) -> Option<Moved> {
    let path = edition::ledger_path(&project.plan)?;
    if summary.ran == 0 && summary.published.iter().all(|it| it != path) {
        return None;
    }
    let after = edition::of_run(project, &summary.made, "this run").ok()??;
    Some(Moved(Answer::new(project, before, after)))
}

impl Moved {
    /// One line for the end of a run, if anything moved.
    pub(super) fn line(&self) -> Option<String> {
        let brief = diff::brief(&self.0)?;
        Some(format!("{brief} (`colophon diff` tells why)"))
    }

    /// All of it, for a run that was refused.
    pub(super) fn table(&self) -> Text {
        let mut text = Text::default();
        diff::tell(&self.0, false, &mut text);
        text
    }
}

/// Refuses a folder in which something is already.
pub(super) fn check(folder: &Path) -> Result<(), Failed> {
    let is_empty = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if is_empty {
        return Ok(());
    }
    let message = format!("`{}` is no empty folder", folder.display());
    Err(Diagnostic::new(Kind::Usage, message)
        .hint("name one that does not exist yet; nothing is overwritten")
        .into())
}

/// Keeps what a run made that was not put in place.
pub(super) fn keep(
    project: &Project,
    made: &BTreeMap<String, Digest>,
    folder: &Path,
) -> Option<Diagnostic> {
    for (path, digest) in made {
        let to = folder.join(path);
        let parent = to.parent().unwrap_or(folder);
        if let Err(error) = std::fs::create_dir_all(parent) {
            return Some(Diagnostic::io("make", parent, &error));
        }
        if let Err(problem) = project.store.copy(digest, &to) {
            return Some(problem);
        }
    }
    None
}
