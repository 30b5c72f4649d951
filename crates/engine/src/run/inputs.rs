//! The inputs of a stage that is about to run: their content, checked against
//! the digests in its recipe.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Run, unreadable};
use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::files;
use crate::function::{Artifact, Job};
use crate::plan::{Input, Origin, Stage};
use crate::project::Resolved;
use crate::writer::Commit;

/// Sources and files up to this size are kept in the store, so that `why` can
/// name the row that changed.
const SNAPSHOT: usize = 16 << 20;

impl Run<'_> {
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
                self.remake(*other)?;
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

    fn snapshot(&self, bytes: &[u8]) -> Result<(), Vec<Diagnostic>> {
        let (digest, path) = self.project.store.stage(bytes).map_err(|problem| vec![problem])?;
        if let Some(path) = path {
            self.writer.commit(Commit {
                objects: vec![(digest, path)],
                record: None,
                compared: true,
            });
        }
        Ok(())
    }

    /// Puts the inputs of a command into its private folder.
    pub(super) fn lay(
        &self,
        stage: &Stage,
        resolved: &Resolved,
        folder: &Path,
    ) -> Result<(), Vec<Diagnostic>> {
        for (role, list) in &stage.inputs {
            for (input, digest) in list.iter().zip(&resolved.inputs[role]) {
                let to = folder.join(&input.path);
                let failed = |error: std::io::Error| vec![Diagnostic::io("write", &to, &error)];
                std::fs::create_dir_all(to.parent().unwrap_or(folder)).map_err(failed)?;
                let bytes = self.bytes(input, digest, resolved)?;
                std::fs::write(&to, bytes).map_err(failed)?;
                if input.from == Origin::File {
                    let path = self.project.plan.root.join(&input.path);
                    if let Ok(metadata) = path.metadata() {
                        std::fs::set_permissions(&to, metadata.permissions()).map_err(failed)?;
                    }
                }
            }
        }
        Ok(())
    }
}
