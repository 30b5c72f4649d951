//! What the engine knows of everything that a stage's inputs come from.
//!
//! It speaks of contents: functions, parameters, and digests of inputs and
//! outputs. Keys and code digests are left out on purpose: with them an edited
//! comment would reach into every report. They are in `pipeline.lock`, where
//! the digest of an output leads to the key that made it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::digest::Digest;
use crate::plan::{Action, Origin, Plan, Stage};
use crate::store::Made;

/// What is known of a stage that is up to date.
pub(crate) struct Facts<'a> {
    pub(crate) inputs: &'a BTreeMap<String, Vec<Digest>>,
    pub(crate) outputs: &'a BTreeMap<String, Made>,
    pub(crate) labels: &'a BTreeSet<String>,
}

/// The lineage of a stage as JSON; `known` gives each stage upstream of it.
pub(crate) fn lineage<'a>(
    plan: &Plan,
    of: usize,
    known: impl Fn(usize) -> Facts<'a>,
    source: impl Fn(&str) -> Option<(Digest, u64)>,
) -> Value {
    let upstream = plan.closure(plan.stages[of].upstream());
    let mut stages = Map::new();
    for index in &upstream {
        let stage = &plan.stages[*index];
        stages.insert(stage.name.clone(), describe(plan, stage, &known(*index)));
    }
    json!({ "stages": stages, "sources": sources(plan, &upstream, source) })
}

/// The descriptions of the sources that some stages read, by name.
pub(crate) fn sources(
    plan: &Plan,
    stages: &[usize],
    source: impl Fn(&str) -> Option<(Digest, u64)>,
) -> Map<String, Value> {
    let mut sources = Map::new();
    for input in stages.iter().flat_map(|index| plan.stages[*index].inputs.values().flatten()) {
        let Origin::Source(name) = &input.from else { continue };
        if sources.contains_key(name) {
            continue;
        }
        if let (Some(known), Some((digest, size))) = (plan.sources.get(name), source(name)) {
            let mut descriptor = known.descriptor.clone();
            if let Value::Object(entries) = &mut descriptor {
                entries.remove("schema");
                entries.insert("path".into(), json!(known.path));
                entries.insert("digest".into(), json!(digest));
                entries.insert("size".into(), json!(size));
            }
            sources.insert(name.clone(), descriptor);
        }
    }
    sources
}

fn describe(plan: &Plan, stage: &Stage, known: &Facts) -> Value {
    let mut inputs = Map::new();
    for (role, list) in &stage.inputs {
        let digests = known.inputs.get(role).map_or(&[][..], Vec::as_slice);
        let list: Vec<_> = list
            .iter()
            .zip(digests)
            .map(|(input, digest)| {
                let from = match &input.from {
                    Origin::Stage(index, output) => {
                        json!(format!("{}.{output}", plan.stages[*index].name))
                    }
                    Origin::Source(name) => json!(format!("raw:{name}")),
                    Origin::File | Origin::Lineage => Value::Null,
                };
                json!({ "path": input.path, "digest": digest, "from": from })
            })
            .collect();
        inputs.insert(role.clone(), list.into());
    }
    let mut outputs = Map::new();
    for (name, path) in &stage.outputs {
        if let Some(made) = known.outputs.get(name) {
            let (digest, size, rows) = (made.digest, made.size, made.rows);
            let made = json!({ "path": path, "digest": digest, "size": size, "rows": rows });
            outputs.insert(name.clone(), made);
        }
    }
    let mut facts = json!({
        "inputs": inputs, "outputs": outputs, "labels": known.labels, "params": stage.params,
    });
    if let Some(reason) = &stage.reason {
        facts["declassified"] = json!({ "labels": stage.declassified, "reason": reason });
    }
    match &stage.action {
        Action::Function(function) => {
            facts["uses"] = function.name.into();
            facts["code"] = function.path().into();
            facts["about"] = function.about().into();
        }
        Action::Command(command) => facts["cmd"] = command.arguments.clone().into(),
    }
    facts
}
