//! A witness that nothing has changed: the time stamps of every file that the
//! last run read or put in place.
//!
//! If all of them are as they were, a run has nothing to do, and neither the
//! pipeline nor the store needs to be looked at. It is the shortcut of
//! `files.rs` for a whole run, under the same rule: it is only written once
//! every stamp is older than the clock's tick, and any doubt is a "no".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::files;
use crate::lock;
use crate::options::Options;
use crate::plan::{Origin, Plan};
use crate::project::Project;
use crate::publish;
use crate::scratch::Scratch;
use crate::state::FOLDER;
use crate::store::{seal, unseal};

/// What a witness answers for: this program, these options, these targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question(Digest);

impl Question {
    /// The question that a program is asked; `None` if it can't be told apart
    /// from another version of itself.
    pub fn new(
        program: &Path,
        options: &Options,
        targets: &[String],
        store: Option<&Path>,
    ) -> Option<Self> {
        let program = files::stamp_of(program)?.to_string();
        let options = format!("{options:?}");
        let store = format!("{store:?}");
        let mut texts = vec![program.as_str(), &options, &store];
        texts.extend(targets.iter().map(String::as_str));
        Some(Question(Digest::of_texts("colophon 1 question", texts)))
    }
}

/// How many stages are up to date, if the witness of the project at `root`
/// vouches for it.
pub fn holds(root: &Path, question: &Question) -> Option<usize> {
    let text = std::fs::read_to_string(path(root)).ok()?;
    let mut lines = unseal(&text)?.lines();
    let (asked, stages) = lines.next()?.split_once(' ')?;
    if asked != question.0.to_string() {
        return None;
    }
    for line in lines {
        let (stamp, path) = line.split_once('\t')?;
        if files::stamp_of(&root.join(path))?.to_string() != stamp {
            return None;
        }
    }
    stages.parse().ok()
}

/// Writes the witness of a run after which everything was up to date.
pub(crate) fn write(project: &Project, stages: &[usize], question: &Question, scratch: &Scratch) {
    // A witness that can't be written is only missed.
    let Some(text) = text(project, stages, question, scratch) else { return };
    let path = path(&project.plan.root);
    if std::fs::read_to_string(&path).is_ok_and(|before| before == text) {
        return;
    }
    let _ = publish::replace(&path, text.as_bytes(), scratch);
}

/// The time stamps of what a run reads and does not make itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight(BTreeMap<String, Option<String>>);

impl Sight {
    /// Looks at the files and folders that these stages of a plan are made from.
    pub fn of(plan: &Plan, stages: &[usize]) -> Self {
        let mut paths: BTreeSet<&str> =
            plan.files.iter().chain(&plan.folders).map(String::as_str).collect();
        for stage in stages.iter().map(|index| &plan.stages[*index]) {
            let inputs = stage.inputs.values().flatten();
            let read = inputs.filter(|it| matches!(it.from, Origin::File | Origin::Source(_)));
            paths.extend(read.map(|input| input.path.as_str()));
        }
        Sight(paths.into_iter().map(|path| (path.to_string(), None)).collect()).again(&plan.root)
    }

    /// Looks at one file.
    pub fn of_file(root: &Path, path: &str) -> Self {
        Sight([(path.to_string(), None)].into()).again(root)
    }

    /// Looks at the same files once more.
    #[must_use]
    pub fn again(&self, root: &Path) -> Self {
        let stamp = |path: &String| files::stamp_of(&root.join(path)).map(|it| it.to_string());
        Sight(self.0.keys().map(|path| (path.clone(), stamp(path))).collect())
    }

    /// How many files and folders are looked at.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

fn text(
    project: &Project,
    stages: &[usize],
    question: &Question,
    scratch: &Scratch,
) -> Option<String> {
    let plan = &project.plan;
    let mut paths: Vec<&str> = vec![lock::FILE];
    paths.extend(plan.files.iter().chain(&plan.folders).map(String::as_str));
    for stage in stages.iter().map(|index| &plan.stages[*index]) {
        paths.extend(stage.outputs.values().map(String::as_str));
        paths.extend(stage.inputs.values().flatten().map(|input| input.path.as_str()));
    }
    paths.retain(|path| *path != crate::reference::LINEAGE_PATH);
    paths.sort_unstable();
    paths.dedup();
    let now = files::now(scratch)?;
    let mut text = format!("{} {}", question.0, stages.len());
    for path in paths {
        let stamp = files::stamp_of(&plan.root.join(path))?;
        if stamp.is_young(now) || path.contains(['\n', '\t']) {
            return None;
        }
        let _ = write!(text, "\n{stamp}\t{path}");
    }
    Some(seal(&text))
}

fn path(root: &Path) -> PathBuf {
    root.join(FOLDER).join("witness")
}
