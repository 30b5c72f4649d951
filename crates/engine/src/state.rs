//! What a checkout remembers between runs; it can be deleted at any time.
//!
//! The truth is in the project's files and in the store. This only spares work
//! (digests of unchanged files) and answers questions (`why`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::durable;
use crate::files::Known;
use crate::outputs;
use crate::own::{self, FOLDER};
use crate::scratch::Scratch;
use crate::seal::{seal, unseal};

/// A state holds a line for each file; more than this is none of ours.
const LIMIT: u64 = 1 << 30;

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
    /// Reads the state of the project at `root`; what can't be read is forgotten,
    /// and so is a path that no output can have.
    pub fn read(root: &Path) -> Self {
        let text = own::read(&path(root), LIMIT).ok().and_then(|it| String::from_utf8(it).ok());
        let state = text.and_then(|text| serde_json::from_str(unseal(&text)?).ok());
        let mut state: State = state.unwrap_or_default();
        state.published.retain(|path, _| outputs::is_plain(path));
        state
    }

    /// The keys that it remembers.
    pub fn keys(&self) -> BTreeSet<Digest> {
        self.stages.values().flat_map(|last| [Some(last.key), last.before]).flatten().collect()
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
    pub(crate) fn write(
        &self,
        root: &Path,
        before: &State,
        scratch: &Scratch,
    ) -> Result<(), Diagnostic> {
        if self == before {
            return Ok(());
        }
        let body = serde_json::to_string(&self).expect("the state is plain data");
        durable::replace(&path(root), seal(&body).as_bytes(), scratch)
    }
}

fn path(root: &Path) -> PathBuf {
    root.join(FOLDER).join("state.json")
}
