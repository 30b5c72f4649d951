//! A checkout with its lock, and where the bytes are that the lock speaks of.

use std::fs;
use std::path::Path;

use engine::diagnostic::{Diagnostic, Kind};
use engine::digest::Digest;
use engine::lock::{self, Lock};
use engine::plan::Stage;
use engine::project::Project;
use engine::store::{Made, Store};

use super::verdict::{Finding, Verdict};
use crate::report::Failed;

/// A checkout that is verified.
pub(super) struct Checkout<'a> {
    pub(super) project: &'a Project,
    pub(super) locked: Lock,
    /// Where everything was made again.
    pub(super) again: Option<Store>,
    /// The digest of the lock's own text.
    digest: Digest,
}

impl<'a> Checkout<'a> {
    /// Reads the lock; nothing where it can't be read, which then is a finding.
    pub(super) fn open(
        project: &'a Project,
        verdict: &mut Verdict,
    ) -> Result<Option<Self>, Failed> {
        let file = project.plan.root.join(lock::FILE);
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let message = "there is no `pipeline.lock` to hold this checkout to";
                return Err(Diagnostic::new(Kind::Usage, message)
                    .hint("`colophon run` writes it; commit it with what it speaks of")
                    .into());
            }
            Err(error) => return Err(Diagnostic::io("read", Path::new(lock::FILE), &error).into()),
        };
        let digest = Digest::of(&text);
        let wrong = |what: &str| Finding::new(0, what).path(lock::FILE);
        let text = String::from_utf8_lossy(&text);
        let locked = match Lock::parse(&text) {
            Ok(locked) => locked,
            Err(problem) => {
                let found = wrong("`pipeline.lock` can't be read");
                verdict.findings.push(found.details(vec![problem.to_string()]));
                return Ok(None);
            }
        };
        if locked.text() != text {
            let what = "`pipeline.lock` is not as `colophon run` writes it";
            let inside = crate::verbs::why::rows::differences(
                lock::FILE,
                locked.text().as_bytes(),
                text.as_bytes(),
            );
            verdict.findings.push(wrong(what).details(inside));
        }
        Ok(Some(Checkout { project, locked, again: None, digest }))
    }

    /// What the lock says of an output.
    pub(super) fn made(&self, path: &str) -> Option<&Made> {
        self.locked.stages.values().find_map(|block| block.outputs.get(path))
    }

    /// The content of an output that the lock speaks of: what lies here, else what a
    /// store has.
    pub(super) fn output(&self, path: &str) -> Result<Option<Vec<u8>>, Failed> {
        let Some(digest) = self.made(path).map(|made| made.digest) else { return Ok(None) };
        let here = fs::read(self.project.plan.root.join(path)).ok();
        if let Some(bytes) = here.filter(|bytes| Digest::of(bytes) == digest) {
            return Ok(Some(bytes));
        }
        for store in [Some(self.project.store.as_ref()), self.again.as_ref()].into_iter().flatten()
        {
            if let Some(bytes) = store.read(&digest)? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// The stage that makes a manifest and its digest.
    pub(super) fn manifest(&self) -> Option<&Stage> {
        let both = |stage: &&Stage| ["manifest", "root"].map(|it| stage.outputs.contains_key(it));
        self.project.plan.stages.iter().rfind(|stage| both(stage) == [true, true])
    }

    /// The root digest, or the digest of the lock where there is none.
    pub(super) fn root(&self) -> Result<String, Failed> {
        let path = self.manifest().map(|stage| &stage.outputs["root"]);
        let root = path.map(|path| self.output(path)).transpose()?.flatten();
        let root = root.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_string());
        let root = root.filter(|root| Digest::from_hex(root).is_some());
        Ok(root.unwrap_or_else(|| format!("lock {}", self.digest)))
    }
}
