//! The inputs of a stage that is about to run: their content, checked against
//! the digests in its recipe.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::files;
use crate::function::{Artifact, Job};
use crate::plan::{Input, Origin, Stage};
use crate::project::Project;
use crate::resolve::{AllDone, Resolved};
use crate::store::results::unreadable;
use crate::store::writer::{Commit, Writer};

/// Sources and files up to this size are kept in the store, so that `why` can
/// name the row that changed.
const SNAPSHOT: usize = 16 << 20;

/// Of a stage with more inputs than this none is kept: one more file for each
/// takes as long as laying them, and nobody asks for a row in so many.
const SNAPSHOTS: usize = 1000;

/// What hands stages their inputs.
pub(super) struct Supply<'a> {
    pub(super) project: &'a Project,
    /// What is known of the stages before.
    pub(super) done: &'a AllDone,
    pub(super) writer: &'a Writer,
    /// Makes the outputs of a stage again that the store has lost.
    pub(super) remake: &'a dyn Fn(usize) -> Result<(), Vec<Diagnostic>>,
}

impl Supply<'_> {
    /// What a function is given.
    pub(super) fn job(&self, stage: &Stage, resolved: &Resolved) -> Result<Job, Vec<Diagnostic>> {
        let (keeps, mut inputs) = (keeps(stage), BTreeMap::new());
        for (role, list) in &stage.inputs {
            let mut artifacts = Vec::new();
            for (input, digest) in list.iter().zip(&resolved.inputs[role]) {
                let bytes = self.bytes(input, digest, resolved, keeps)?.into();
                let (labels, resource) = self.facts(input);
                artifacts.push(Artifact { path: input.path.clone(), bytes, labels, resource });
            }
            inputs.insert(role.clone(), artifacts);
        }
        Ok(Job::new(stage.params.clone(), inputs, *stage.seed.bytes()))
    }

    fn facts(&self, input: &Input) -> (BTreeSet<String>, Option<serde_json::Value>) {
        match &input.from {
            Origin::Source(name) => {
                let source = &self.project.plan.sources[name];
                (source.labels.clone(), Some(source.reading.clone()))
            }
            Origin::Stage(other, _) => {
                let done = self.done[*other].get();
                (done.map(|done| done.resolved.labels.clone()).unwrap_or_default(), None)
            }
            Origin::File | Origin::Lineage => (BTreeSet::new(), None),
        }
    }

    /// The content of an input, checked against the digest in the recipe.
    fn bytes(
        &self,
        input: &Input,
        digest: &Digest,
        resolved: &Resolved,
        keeps: bool,
    ) -> Result<Vec<u8>, Vec<Diagnostic>> {
        match &input.from {
            Origin::Stage(other, _) => {
                let read = || self.project.store.read(digest).map_err(|problem| vec![problem]);
                if let Some(bytes) = read()? {
                    return Ok(bytes);
                }
                (self.remake)(*other)?;
                read()?.ok_or_else(|| vec![unreadable(&input.path)])
            }
            Origin::Lineage => {
                let text = resolved.lineage.clone().unwrap_or_default();
                self.snapshot(&text)?;
                Ok(text.to_vec())
            }
            Origin::File | Origin::Source(_) => {
                let path = self.project.plan.root.join(&input.path);
                let bytes = std::fs::read(&path)
                    .map_err(|error| vec![Diagnostic::io("read", &path, &error)])?;
                if Digest::of(&bytes) != *digest {
                    return Err(vec![files::changed(&input.path)]);
                }
                if keeps && bytes.len() <= SNAPSHOT {
                    self.snapshot(&bytes)?;
                }
                Ok(bytes)
            }
        }
    }

    /// Keeps the content of a file in the store, if it is not there yet.
    fn snapshot(&self, bytes: &[u8]) -> Result<(), Vec<Diagnostic>> {
        self.keep(self.kept(bytes)?.into_iter().collect());
        Ok(())
    }

    fn keep(&self, objects: Vec<(Digest, PathBuf)>) {
        if !objects.is_empty() {
            self.writer.commit(Commit { objects, record: None, compared: true });
        }
    }

    fn kept(&self, bytes: &[u8]) -> Result<Option<(Digest, PathBuf)>, Vec<Diagnostic>> {
        let (digest, path) = self.project.store.stage(bytes).map_err(|problem| vec![problem])?;
        Ok(path.map(|path| (digest, path)))
    }

    /// Puts the inputs of a command into its private folder, each path once,
    /// whatever roles it has, and with no more of its mode than the recipe holds.
    pub(super) fn lay(
        &self,
        stage: &Stage,
        resolved: &Resolved,
        folder: &Path,
    ) -> Result<(), Vec<Diagnostic>> {
        let roles = stage.inputs.iter();
        let laid: BTreeMap<&Path, (&Input, &Digest)> = roles
            .flat_map(|(role, list)| list.iter().zip(&resolved.inputs[role]))
            .map(|(input, digest)| (Path::new(&input.path), (input, digest)))
            .collect();
        let mut made = BTreeSet::new();
        for parent in laid.keys().filter_map(|path| path.parent()) {
            if made.insert(parent) {
                let to = folder.join(parent);
                fs::create_dir_all(&to).map_err(|error| vec![unwritten(&to, &error)])?;
            }
        }
        let (keeps, mut kept) = (keeps(stage), Vec::new());
        for (path, (input, digest)) in laid {
            let to = folder.join(path);
            kept.extend(match is_file(input) {
                true => self.lay_file(input, digest, keeps, &to)?,
                false => self.lay_made(input, digest, resolved, &to)?,
            });
        }
        self.keep(kept);
        Ok(())
    }

    /// Puts what a stage made, or the lineage, in its place; gives what is new of it
    /// in the store.
    fn lay_made(
        &self,
        input: &Input,
        digest: &Digest,
        resolved: &Resolved,
        to: &Path,
    ) -> Result<Option<(Digest, PathBuf)>, Vec<Diagnostic>> {
        let failed = |error: std::io::Error| vec![unwritten(to, &error)];
        let mut kept = None;
        if let Origin::Stage(other, _) = &input.from {
            let copy = || self.project.store.copy(digest, to).map_err(|problem| vec![problem]);
            if !copy()? {
                (self.remake)(*other)?;
                if !copy()? {
                    return Err(vec![unreadable(&input.path)]);
                }
            }
        } else {
            let text = resolved.lineage.clone().unwrap_or_default();
            fs::write(to, &text).map_err(failed)?;
            kept = self.kept(&text)?;
        }
        fs::set_permissions(to, self.mode(input)).map_err(failed)?;
        Ok(kept)
    }

    /// Puts a file of the project in its place; gives what is new of it in the store.
    fn lay_file(
        &self,
        input: &Input,
        digest: &Digest,
        keeps: bool,
        to: &Path,
    ) -> Result<Option<(Digest, PathBuf)>, Vec<Diagnostic>> {
        let from = self.project.plan.root.join(&input.path);
        let failed = |error: std::io::Error| vec![unwritten(to, &error)];
        let unread = |error: std::io::Error| vec![Diagnostic::io("read", &from, &error)];
        let size = from.metadata().map_err(unread)?.len();
        if size > SNAPSHOT as u64 {
            reflink_copy::reflink_or_copy(&from, to).map_err(failed)?;
            if Digest::of_file(to).map_err(failed)?.0 != *digest {
                return Err(vec![files::changed(&input.path)]);
            }
            fs::set_permissions(to, self.mode(input)).map_err(failed)?;
            return Ok(None);
        }
        let bytes = fs::read(&from).map_err(unread)?;
        if Digest::of(&bytes) != *digest {
            return Err(vec![files::changed(&input.path)]);
        }
        let mut file = File::create(to).map_err(failed)?;
        file.write_all(&bytes).map_err(failed)?;
        file.set_permissions(self.mode(input)).map_err(failed)?;
        if keeps { self.kept(&bytes) } else { Ok(None) }
    }

    /// The mode of a file in a private folder.
    fn mode(&self, input: &Input) -> Permissions {
        Permissions::from_mode(if self.is_executable(input) { 0o755 } else { 0o644 })
    }

    /// Whether a command finds that an input may be executed; the recipe says so too.
    fn is_executable(&self, input: &Input) -> bool {
        match &input.from {
            Origin::File => {
                self.project.files.digest(&input.path).is_ok_and(|known| known.executable)
            }
            Origin::Stage(other, output) => {
                self.done[*other].get().is_some_and(|done| done.outputs[output].executable)
            }
            Origin::Source(_) | Origin::Lineage => false,
        }
    }
}

/// Whether the files of a stage are kept.
fn keeps(stage: &Stage) -> bool {
    stage.inputs.values().map(Vec::len).sum::<usize>() <= SNAPSHOTS
}

/// Whether an input is a file of the project.
fn is_file(input: &Input) -> bool {
    matches!(input.from, Origin::File | Origin::Source(_))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::io("write", path, error)
}
