//! `pipeline.yaml` as types: what a study declares, before anything is resolved.
//!
//! The schema of these types is the schema of the file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The name of the file at the root of a project.
pub const FILE: &str = "pipeline.yaml";

/// A pipeline: what a project makes, stage by stage.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "pipeline.yaml")]
pub struct Pipeline {
    /// The version of this format: 1.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The name of the project.
    #[serde(default)]
    pub name: String,
    /// The seed that every stage's own seed is derived from.
    #[serde(default)]
    pub seed: i64,
    /// The date of the edition, `YYYY-MM-DD`: the date in the report, and
    /// `SOURCE_DATE_EPOCH` for commands. The environment's `SOURCE_DATE_EPOCH`
    /// takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The data package that describes the raw data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Links that may lead out of the project, to data on another disk.
    #[serde(default)]
    pub links: Vec<String>,
    /// Parameters that templates see as `params`.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Named overrides of parameters and inputs.
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
    /// The stages, each named after what it makes.
    #[serde(default)]
    pub stages: BTreeMap<String, Stage>,
}

/// A named set of overrides, chosen by `--profile`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Parameters that replace those of the pipeline.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Inputs that replace those of stages, by `stage.role`.
    #[serde(default)]
    pub inputs: BTreeMap<String, References>,
}

/// A stage: one use of a function or a command.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What the stage makes, for readers; never part of a key.
    #[serde(default)]
    pub desc: String,
    /// The function that makes the outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<String>,
    /// The command that makes the outputs: a list is executed as it stands, a
    /// text goes through the shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Command>,
    /// Axes and their values; each combination is a cell.
    #[serde(default)]
    pub matrix: BTreeMap<String, Vec<Value>>,
    /// Inputs by role.
    #[serde(default)]
    pub inputs: BTreeMap<String, References>,
    /// Parameters of the function.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Outputs by name: paths below `outputs/`.
    #[serde(default)]
    pub outputs: BTreeMap<String, String>,
    /// Labels that the outputs carry besides those of the inputs.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Labels of the inputs that the outputs no longer carry, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declassify: Option<Declassify>,
    /// Environment variables of the command.
    #[serde(default)]
    pub env: BTreeMap<String, Variable>,
    /// How long the command may take: `90s`, `30m`, `2h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
}

/// A command.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Command {
    /// Goes through `sh -ec`; what templates insert is quoted.
    Shell(String),
    /// A program and its arguments, executed as they stand.
    Arguments(Vec<String>),
}

/// What a variable of a command's environment is.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Variable {
    /// A text, in which templates are filled in.
    Text(String),
    /// What the caller's environment says.
    Caller(Caller),
    /// The same, once it is known.
    #[serde(skip)]
    #[schemars(skip)]
    Given(String),
}

/// A variable of the caller's environment. Its value is part of the key.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The variable's name in the caller's environment.
    #[serde(default)]
    pub from: String,
    /// What it is where the caller's environment has none; without this, that
    /// is a mistake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// What an input refers to.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum References {
    /// `stage.output`, `stage@cell.output`, `stage@*.output`, `stage.*`,
    /// `raw:resource`, a path, a folder (`report/`) or a glob.
    One(String),
    /// Several of them.
    Many(Vec<String>),
}

impl References {
    /// The references as a list.
    pub fn list(&self) -> Vec<&str> {
        match self {
            References::One(one) => vec![one],
            References::Many(many) => many.iter().map(String::as_str).collect(),
        }
    }
}

/// Labels that a stage removes, and the reason.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Declassify {
    /// The labels.
    pub labels: Vec<String>,
    /// Why the outputs no longer carry them.
    pub reason: String,
}
