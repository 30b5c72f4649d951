//! What is asked of a run, and what it did.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::lock::Lock;

/// How a run is to go.
#[derive(Clone, Debug)]
pub struct Request {
    /// The stages to bring up to date, closed under what they are made from.
    pub stages: Vec<usize>,
    /// Those among them that run even if their result is known.
    pub force: BTreeSet<usize>,
    /// How many stages may run at a time.
    pub jobs: usize,
    /// Whether a failure stops only what depends on it.
    pub keep_going: bool,
    /// Whether the private folder of a command that fails is kept.
    pub keep_failed: bool,
    /// Whether details are told that most readers don't ask for.
    pub verbose: bool,
    /// The environment that commands may see.
    pub env: BTreeMap<String, String>,
    /// The folder in which a person wants the private folders of commands.
    pub chosen_place: Option<PathBuf>,
    /// Other folders in which they may be.
    pub places: Vec<PathBuf>,
    /// This program, which supervises commands when it is given
    /// [`supervise::ARGUMENT`](super::supervise::ARGUMENT).
    pub program: PathBuf,
    /// Set to more than zero to stop the run, to more than one to stop it at once.
    pub stop: Arc<AtomicUsize>,
}

/// What a run did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Stages that ran.
    pub ran: usize,
    /// Stages whose result was known.
    pub cached: usize,
    /// Stages that failed.
    pub failed: usize,
    /// Stages that were not tried.
    pub skipped: usize,
    /// Paths that were put in place.
    pub published: Vec<String>,
    /// Results that stand there and are not of this run, since something failed.
    pub earlier: Vec<String>,
    /// What every finished stage made, by path, whether or not it was put in place.
    #[serde(skip)]
    pub made: BTreeMap<String, Digest>,
    /// What a lock would hold of every finished stage.
    #[serde(skip)]
    pub lock: Lock,
    /// Everything that went wrong.
    pub problems: Vec<Diagnostic>,
}
