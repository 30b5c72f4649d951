//! What the engine knows of everything upstream of a stage, and who made what of it.

use std::collections::{BTreeMap, BTreeSet};

use engine::function::{Artifact, Failure};
use serde::Deserialize;
use serde_json::Value;

/// Stages and sources by name.
#[derive(Deserialize)]
pub struct Lineage {
    /// Each stage: what it uses, its inputs and outputs, its labels.
    pub stages: BTreeMap<String, Value>,
    /// Each source: where it lies and where it comes from.
    pub sources: BTreeMap<String, Value>,
}

impl Lineage {
    /// The stage whose output an artifact is, and its labels.
    pub fn maker(&self, artifact: &Artifact) -> Result<(&str, BTreeSet<String>), Failure> {
        let makes = |stage: &Value| {
            let outputs = stage["outputs"].as_object();
            outputs.is_some_and(|all| all.values().any(|it| it["path"] == artifact.path.as_str()))
        };
        let Some((name, stage)) = self.stages.iter().find(|(_, stage)| makes(stage)) else {
            return Err(Failure::from(format!("`{}` is the output of no stage", artifact.path)));
        };
        let labels = stage["labels"].as_array().into_iter().flatten();
        Ok((name, labels.filter_map(|label| label.as_str().map(String::from)).collect()))
    }
}
