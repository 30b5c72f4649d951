//! The plan of a project: every stage with its inputs resolved, in an order in
//! which they can run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Kind, Place, listed, nearest};
use crate::digest::Digest;
use crate::files::Look;
use crate::function::Function;
use source::Source;

// What people write.
pub mod pipeline;
mod parse;
pub mod schema;
pub mod source;
pub mod given;
pub mod options;
mod template;

// From there to stages.
mod labels;
mod draft;
mod producers;
pub mod reference;
mod inputs;
mod carried;
mod order;
pub(crate) mod shell;
mod limits;
mod finish;

// All of it together.
mod load;
pub mod check;

/// A checked pipeline.
#[derive(Clone)]
pub struct Plan {
    /// The project's folder.
    pub root: PathBuf,
    /// The project's name.
    pub name: String,
    /// The date of the edition.
    pub date: Option<String>,
    /// Whether this is the pipeline as it stands, and no variant of it.
    pub is_plain: bool,
    /// The stages; each comes after all stages that it takes something from.
    pub stages: Vec<Stage>,
    /// The sources by name.
    pub sources: BTreeMap<String, Source>,
    /// The files that were read to make this plan, besides inputs, as they were then.
    pub files: BTreeMap<String, Option<Look>>,
    /// The folders that were listed to make it, likewise.
    pub folders: BTreeMap<String, Option<Look>>,
}

/// A stage with everything resolved; of a matrix, one cell.
#[derive(Clone)]
pub struct Stage {
    /// Its full name: `ztest@table1-median`.
    pub name: String,
    /// Its name in `pipeline.yaml`: `ztest`.
    pub group: String,
    /// What it makes, for readers.
    pub desc: String,
    /// What it does.
    pub action: Action,
    /// The parameters in normal form.
    pub params: Value,
    /// The inputs by role, sorted by path.
    pub inputs: BTreeMap<String, Vec<Input>>,
    /// The outputs by name: paths relative to the project.
    pub outputs: BTreeMap<String, String>,
    /// Labels added to the outputs.
    pub labels: BTreeSet<String>,
    /// Labels removed from the outputs.
    pub declassified: BTreeSet<String>,
    /// Why they are removed.
    pub reason: Option<String>,
    /// The stage's own seed.
    pub seed: Digest,
    /// Where it is declared.
    pub at: Place,
}

/// What a stage does.
#[derive(Clone)]
pub enum Action {
    /// Calls a function of this program.
    Function(Function),
    /// Runs a program.
    Command(Command),
}

/// A program to run.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

/// One input of a stage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// Its path, relative to the project.
    pub path: String,
    /// Where it comes from.
    pub from: Origin,
}

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// An output of a stage: its position in the plan and the output's name.
    Stage(usize, String),
    /// A source, by name.
    Source(String),
    /// A file of the project.
    File,
    /// What the engine knows of everything that the other inputs come from.
    Lineage,
}

impl Plan {
    /// The stages that a name stands for: a stage, a cell, a group or an output path.
    pub fn find(&self, name: &str) -> Result<Vec<usize>, Diagnostic> {
        let path = name.trim_start_matches("./");
        let fits = |stage: &Stage| {
            stage.name == name
                || stage.group == name
                || stage.outputs.values().any(|output| output == path)
        };
        let found: Vec<_> = (0..self.stages.len()).filter(|i| fits(&self.stages[*i])).collect();
        if found.is_empty() {
            let message = format!("no stage `{name}`");
            let mut problem = Diagnostic::new(Kind::Usage, message);
            let groups: BTreeSet<_> =
                self.stages.iter().map(|stage| stage.group.as_str()).collect();
            let names = self
                .stages
                .iter()
                .flat_map(|stage| stage.outputs.values().chain([&stage.name]).map(String::as_str));
            let near = nearest(path, groups.iter().copied().chain(names));
            problem.hints.push(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", listed(groups)),
            });
            return Err(problem);
        }
        Ok(found)
    }

    /// The given stages and everything that they are made from, in order.
    pub fn closure(&self, targets: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut wanted: BTreeSet<usize> = targets.into_iter().collect();
        for index in (0..self.stages.len()).rev() {
            if wanted.contains(&index) {
                wanted.extend(self.stages[index].upstream());
            }
        }
        wanted.into_iter().collect()
    }
}

impl Stage {
    /// The stages that it takes something from; a stage may appear more than once.
    pub fn upstream(&self) -> impl Iterator<Item = usize> {
        upstream(&self.inputs)
    }

    /// The function's name or the program's, for display.
    pub fn does(&self) -> &str {
        match &self.action {
            Action::Function(function) => function.name,
            Action::Command(command) => command.arguments.first().map_or("", String::as_str),
        }
    }
}

/// The stages that inputs by role come from; a stage may appear more than once.
pub(crate) fn upstream(inputs: &BTreeMap<String, Vec<Input>>) -> impl Iterator<Item = usize> {
    inputs.values().flatten().filter_map(|input| match input.from {
        Origin::Stage(index, _) => Some(index),
        _ => None,
    })
}
