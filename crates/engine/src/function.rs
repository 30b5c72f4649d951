//! What a function of the study offers, and everything it may see.
//!
//! A function sees its inputs, its parameters and its seed: no path of this
//! machine, clock, environment, network or thread count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::Schema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::code::{self, Source};
use crate::diagnostic::{Diagnostic, Kind};

/// Lists the files of a crate as its sources: the folder that they are in, as
/// seen from the root of the repository, and their paths in it.
#[macro_export]
macro_rules! sources {
    ($folder:literal: $($file:literal),* $(,)?) => {
        &[$((concat!($folder, $file), include_str!($file))),*]
    };
}

/// A function from the module that has its `INPUTS`, `OUTPUTS`, `Params` and
/// `run`: its name, the module, its own source, and the pools of all sources
/// that it may name.
#[macro_export]
macro_rules! function {
    ($name:ident: $($module:ident)::+, $own:expr, $pools:expr) => {
        $crate::function::Function {
            name: stringify!($name),
            own: $own,
            code: $pools,
            inputs: $($module::)+INPUTS,
            outputs: $($module::)+OUTPUTS,
            schema: || $crate::function::schema::<$($module::)+Params>(),
            normalise: $crate::function::normalise::<$($module::)+Params>,
            check: None,
            enters: None,
            run: |job| $($module::)+run(&job.params()?, job),
        }
    };
}

/// A function that stages can use.
#[derive(Clone, Copy)]
pub struct Function {
    /// The name that `uses:` refers to.
    pub name: &'static str,
    /// Its own source.
    pub own: Source,
    /// The sources of all that it may use; those that it names decide its results.
    pub code: &'static [&'static [Source]],
    /// The inputs it takes.
    pub inputs: &'static [Slot],
    /// The outputs it can make; a stage may declare fewer.
    pub outputs: &'static [&'static str],
    /// The schema of its parameters.
    pub schema: fn() -> Schema,
    /// Reads parameters and writes them back in normal form: defaults filled in.
    pub normalise: fn(&Value) -> Result<Value, String>,
    /// Finds mistakes in the description of a source that it takes, before anything runs.
    pub check: Option<Check>,
    /// Tells which of its sources count for a stage; where it is left out, all do.
    pub enters: Option<Enters>,
    /// Computes the outputs.
    pub run: fn(&Job) -> Result<Outputs, Failure>,
}

/// Given a resource of the data package: what is wrong with it, each mistake
/// with the path of the key within the resource (an element of a list by its
/// position); what stands after a line end in the message is a hint.
pub type Check = fn(resource: &Value) -> Vec<(Vec<String>, String)>;

/// Whether the code of a source, given by its path, can be entered by a stage
/// that takes resources of the data package with these descriptions. Code that
/// is chosen by what a description says need not count for every stage.
pub type Enters = fn(path: &str, resources: &[&Value]) -> bool;

impl Function {
    /// The path of its own source file.
    pub fn path(&self) -> &'static str {
        self.own.0
    }

    /// What it makes: the first line of its own source file's header.
    pub fn about(&self) -> &'static str {
        self.own.1.lines().next().and_then(|line| line.strip_prefix("//!")).unwrap_or("").trim()
    }

    /// Every source that its results depend on, its own first.
    pub fn sources(&self) -> impl Iterator<Item = Source> {
        code::of(self.own, self.code).iter().copied()
    }
}

/// One input of a function: its role and how many artifacts it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The role, as stages name it under `inputs:`.
    pub role: &'static str,
    /// How many artifacts it takes.
    pub arity: Arity,
}

/// How many artifacts an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Exactly one.
    One,
    /// One or none.
    Optional,
    /// Any number, in the order of their paths.
    Many,
}

impl Slot {
    /// An input that takes exactly one artifact.
    pub const fn one(role: &'static str) -> Self {
        Slot { role, arity: Arity::One }
    }

    /// An input that may be left out.
    pub const fn optional(role: &'static str) -> Self {
        Slot { role, arity: Arity::Optional }
    }

    /// An input that takes any number of artifacts.
    pub const fn many(role: &'static str) -> Self {
        Slot { role, arity: Arity::Many }
    }
}

/// An input as a function sees it.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Its path in the project, with forward slashes.
    pub path: String,
    /// Its content; the digest was checked.
    pub bytes: Arc<[u8]>,
    /// What is to be known of its origin: `published`, `synthetic`, `licensed`, …
    pub labels: BTreeSet<String>,
    /// The resource descriptor of the data package, where the input is `raw:…`.
    pub resource: Option<Value>,
}

/// What a function is given.
pub struct Job {
    pub(crate) params: Value,
    pub(crate) inputs: BTreeMap<String, Vec<Artifact>>,
    pub(crate) seed: [u8; 32],
}

impl Job {
    /// A job made by hand, for tests of a function.
    pub fn new(params: Value, inputs: BTreeMap<String, Vec<Artifact>>, seed: [u8; 32]) -> Self {
        Job { params, inputs, seed }
    }

    /// The parameters, already checked.
    pub fn params<P: DeserializeOwned>(&self) -> Result<P, Failure> {
        serde_json::from_value(self.params.clone())
            .map_err(|error| Failure::from(format!("wrong parameters: {error}")))
    }

    /// The artifact of an input that takes exactly one.
    pub fn one(&self, role: &str) -> &Artifact {
        self.optional(role).expect("`check` holds every stage to its function's inputs")
    }

    /// The artifact of an input that may be left out.
    pub fn optional(&self, role: &str) -> Option<&Artifact> {
        self.many(role).first()
    }

    /// The artifacts of an input, in the order of their paths.
    pub fn many(&self, role: &str) -> &[Artifact] {
        self.inputs.get(role).map_or(&[], Vec::as_slice)
    }

    /// The labels of all inputs together.
    pub fn labels(&self) -> BTreeSet<String> {
        self.inputs.values().flatten().flat_map(|input| input.labels.iter().cloned()).collect()
    }

    /// The seed of this stage: the digest of the pipeline's seed and the stage's name.
    pub fn seed(&self) -> [u8; 32] {
        self.seed
    }
}

/// One output of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The content.
    pub bytes: Vec<u8>,
    /// How many rows it holds, if it is a table.
    pub rows: Option<u64>,
    /// What the user is told of it when it has been made, in a few words; not kept.
    pub note: Option<String>,
}

impl Output {
    /// The same, with a note for the user.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

impl From<Vec<u8>> for Output {
    fn from(bytes: Vec<u8>) -> Self {
        Output { bytes, rows: None, note: None }
    }
}

/// The outputs of a function by name.
pub type Outputs = BTreeMap<&'static str, Output>;

/// Why a function gave no outputs.
#[derive(Debug)]
pub struct Failure {
    /// Everything that is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// The input data break their contract; nothing is built on them.
    pub fn contract(diagnostics: Vec<Diagnostic>) -> Self {
        Failure { diagnostics }
    }
}

impl<T: Into<String>> From<T> for Failure {
    fn from(message: T) -> Self {
        Failure { diagnostics: vec![Diagnostic::new(Kind::Stage, message)] }
    }
}

/// The schema of parameters.
pub fn schema<P: schemars::JsonSchema>() -> Schema {
    schemars::schema_for!(P)
}

/// Reads parameters into `P` and writes them back, so that a default that was
/// left out and the same default written down are one.
pub fn normalise<P: DeserializeOwned + Serialize>(params: &Value) -> Result<Value, String> {
    let params: P = serde_json::from_value(params.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(params).map_err(|error| error.to_string())
}
