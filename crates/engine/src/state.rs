//! What a checkout remembers between runs; it can be deleted at any time.
//!
//! The truth is in the project's files and in the store. This only spares work
//! (digests of unchanged files) and answers questions (`why`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::files::{self, Known};
use crate::project::Project;
use crate::publish;
use crate::scratch::Scratch;
use crate::store::{seal, unseal};

/// The program's own folder in a project.
pub const FOLDER: &str = ".colophon";

/// The state of a checkout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Digests of files, with their time stamps.
    pub files: BTreeMap<String, Known>,
    /// The last results of each stage.
    pub stages: BTreeMap<String, Last>,
    /// What was put below `outputs/`.
    pub published: BTreeMap<String, Digest>,
}

/// The last two recipes of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// The key that is up to date.
    pub key: Digest,
    /// The key before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Digest>,
}

impl State {
    /// Reads the state of the project at `root`; what can't be read is forgotten.
    pub fn read(root: &Path) -> Self {
        std::fs::read_to_string(path(root))
            .ok()
            .and_then(|text| serde_json::from_str(unseal(&text)?).ok())
            .unwrap_or_default()
    }

    /// Notes the key that a stage is up to date with.
    pub fn note(&mut self, stage: &str, key: Digest) {
        let before = self.stages.get(stage);
        let before = match before {
            Some(last) if last.key == key => last.before,
            Some(last) => Some(last.key),
            None => None,
        };
        self.stages.insert(stage.into(), Last { key, before });
    }

    /// Writes the state, whole or not at all, unless it is as it was.
    pub(crate) fn write(mut self, project: &Project, scratch: &Scratch) -> Result<(), Diagnostic> {
        let root = &project.plan.root;
        if let Some(now) = files::now(scratch) {
            self.files = project.files.believable(now);
        }
        if self == project.state {
            return Ok(());
        }
        let body = serde_json::to_string(&self).expect("the state is plain data");
        publish::replace(&path(root), seal(&body).as_bytes(), scratch)
    }
}

fn path(root: &Path) -> PathBuf {
    root.join(FOLDER).join("state.json")
}
