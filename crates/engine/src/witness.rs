//! A witness that nothing has changed: the stamps of every file that the last
//! run read or put in place, as they were when it looked.
//!
//! If all of them are as they were, a run has nothing to do, and neither the
//! pipeline nor the store needs to be looked at. It is the shortcut of
//! `files.rs` for a whole run, under the same rule: each stamp was taken before
//! the file was read and was older than the clock's tick then, what was read is
//! what the results rest on, and any doubt is a "no". It vouches for what stands
//! below `outputs/`, and that the store is the one it was; not for what the
//! store holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::compiled;
use crate::digest::Digest;
use crate::durable;
use crate::files::{self, Look};
use crate::lock;
use crate::own::{self, FOLDER};
use crate::plan::options::Options;
use crate::plan::{Origin, Plan};
use crate::project::Project;
use crate::resolve::AllDone;
use crate::scratch::Scratch;
use crate::seal::{seal, unseal};

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
    let text = String::from_utf8(own::read(&path(root), LIMIT).ok()?).ok()?;
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

/// Writes the witness of a run after which everything was up to date: what is
/// known of each stage, and the look at the lock.
pub(crate) fn write(
    project: &Project,
    stages: &[usize],
    (done, lock): (&AllDone, Look),
    question: &Question,
    scratch: &Scratch,
) {
    // A witness that can't be written is only missed.
    let Some(text) = text(project, stages, (done, lock), question) else { return };
    let path = path(&project.plan.root);
    if own::read(&path, LIMIT).is_ok_and(|before| before == text.as_bytes()) {
        return;
    }
    let _ = durable::replace(&path, text.as_bytes(), scratch);
}

/// Removes the witness of the project at `root`: what it vouched for has changed.
pub fn remove(root: &Path) {
    let _ = std::fs::remove_file(path(root));
}

/// A witness holds a line for each file; more than this is none of ours.
const LIMIT: u64 = 1 << 30;

/// The time stamps of what a run reads and does not make itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight(BTreeMap<String, Option<String>>);

impl Sight {
    /// Looks at the files and folders that these stages of a plan are made from.
    pub fn of(plan: &Plan, stages: &[usize]) -> Self {
        let mut paths: BTreeSet<&str> =
            plan.files.keys().chain(plan.folders.keys()).map(String::as_str).collect();
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
    (done, lock): (&AllDone, Look),
    question: &Question,
) -> Option<String> {
    let mut looks = looks(project)?;
    looks.insert(lock::FILE.into(), lock);
    for index in stages {
        let (stage, done) = (&project.plan.stages[*index], done[*index].get()?);
        for (name, path) in &stage.outputs {
            looks.insert(path.clone(), look(project, path, &done.outputs[name].digest)?);
        }
        for (role, inputs) in &stage.inputs {
            for (input, digest) in inputs.iter().zip(&done.resolved.inputs[role]) {
                if matches!(input.from, Origin::File | Origin::Source(_)) {
                    looks.insert(input.path.clone(), look(project, &input.path, digest)?);
                }
            }
        }
    }
    let mut text = format!("{} {}", question.0, stages.len());
    for (path, look) in looks {
        if project.files.is_young(&look) || path.contains(['\n', '\t']) {
            return None;
        }
        let _ = write!(text, "\n{}\t{path}", look.stamp);
    }
    Some(seal(&text))
}

/// The look at a file that was seen with this content, and never with another.
fn look(project: &Project, path: &str, digest: &Digest) -> Option<Look> {
    let known = project.files.seen(path)?;
    (known.digest == *digest).then_some(known.look)
}

/// What else the answer rests on: the files and folders that the plan was made
/// from, the sources of this program, and which store it was.
fn looks(project: &Project) -> Option<BTreeMap<String, Look>> {
    let plan = &project.plan;
    let mut looks = BTreeMap::new();
    for (path, look) in plan.files.iter().chain(&plan.folders) {
        looks.insert(path.clone(), (*look)?);
    }
    for (path, text) in compiled::sources(plan) {
        let (bytes, look) = files::read(&plan.root.join(path), text.len() as u64).ok()?;
        looks.insert(path.to_string(), look.filter(|_| bytes == text.as_bytes())?);
    }
    let mark = project.store.mark();
    if let Some(look) = Look::at(&mark) {
        let mark = mark.strip_prefix(&plan.root).unwrap_or(&mark).to_str()?.to_string();
        looks.insert(mark, look);
    }
    Some(looks)
}

fn path(root: &Path) -> PathBuf {
    root.join(FOLDER).join("witness")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_looked_at_whether_it_is_there_or_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let absent = Sight::of_file(folder.path(), "a");
        assert_eq!((absent.count(), absent.again(folder.path())), (1, absent.clone()));
        std::fs::write(folder.path().join("a"), "text").expect("a file");
        let there = absent.again(folder.path());
        assert_ne!(there, absent);
        assert_eq!(Sight::of_file(folder.path(), "a"), there);
    }
}
