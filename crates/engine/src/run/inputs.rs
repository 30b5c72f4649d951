//! The inputs of a stage that is about to run: their content, checked against
//! the digests in its recipe.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
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
        let mut inputs = BTreeMap::new();
        for (role, list) in &stage.inputs {
            let mut artifacts = Vec::new();
            for (input, digest) in list.iter().zip(&resolved.inputs[role]) {
                let bytes = self.bytes(input, digest, resolved)?.into();
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
                if bytes.len() <= SNAPSHOT {
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
        let (mut made, mut kept) = (BTreeSet::new(), Vec::new());
        for (path, (input, digest)) in laid {
            let to = folder.join(path);
            let failed = |error: std::io::Error| vec![Diagnostic::io("write", &to, &error)];
            let parent = path.parent().unwrap_or(Path::new(""));
            if made.insert(parent) {
                fs::create_dir_all(folder.join(parent)).map_err(failed)?;
            }
            kept.extend(self.lay_one(input, digest, resolved, &to)?);
            let mode = if self.is_executable(input) { 0o755 } else { 0o644 };
            fs::set_permissions(&to, Permissions::from_mode(mode)).map_err(failed)?;
        }
        self.keep(kept);
        Ok(())
    }

    /// Puts one input in its place; gives what is new of it in the store.
    fn lay_one(
        &self,
        input: &Input,
        digest: &Digest,
        resolved: &Resolved,
        to: &Path,
    ) -> Result<Option<(Digest, PathBuf)>, Vec<Diagnostic>> {
        let failed = |error: std::io::Error| vec![Diagnostic::io("write", to, &error)];
        match &input.from {
            Origin::Stage(other, _) => {
                let copy = || self.project.store.copy(digest, to).map_err(|problem| vec![problem]);
                if !copy()? {
                    (self.remake)(*other)?;
                    if !copy()? {
                        return Err(vec![unreadable(&input.path)]);
                    }
                }
                Ok(None)
            }
            Origin::Lineage => {
                let text = resolved.lineage.clone().unwrap_or_default();
                fs::write(to, &text).map_err(failed)?;
                self.kept(&text)
            }
            Origin::File | Origin::Source(_) => {
                let from = self.project.plan.root.join(&input.path);
                let unread = |error: std::io::Error| vec![Diagnostic::io("read", &from, &error)];
                let size = from.metadata().map_err(unread)?.len();
                if size <= SNAPSHOT as u64 {
                    let bytes = fs::read(&from).map_err(unread)?;
                    if Digest::of(&bytes) != *digest {
                        return Err(vec![files::changed(&input.path)]);
                    }
                    fs::write(to, &bytes).map_err(failed)?;
                    return self.kept(&bytes);
                }
                reflink_copy::reflink_or_copy(&from, to).map_err(failed)?;
                match Digest::of_file(to).map_err(failed)?.0 == *digest {
                    true => Ok(None),
                    false => Err(vec![files::changed(&input.path)]),
                }
            }
        }
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
