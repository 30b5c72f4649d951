//! What tests of functions begin with and look at: artifacts, jobs, failures, values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::function::{Artifact, Failure, Job, Output, Outputs};

/// An artifact with the label `published`.
pub fn artifact(path: &str, bytes: &[u8]) -> Artifact {
    let labels = BTreeSet::from(["published".to_string()]);
    Artifact { path: path.into(), bytes: bytes.into(), labels, resource: None }
}

/// A raw table with its descriptor.
pub fn raw(path: &str, bytes: &[u8], resource: Value) -> Artifact {
    Artifact { resource: Some(resource), ..artifact(path, bytes) }
}

/// A resource of the data package in a folder, with the file that it describes.
pub fn resource(folder: &Path, name: &str) -> Artifact {
    let package = std::fs::read_to_string(folder.join("datapackage.yaml"));
    let package: Value = serde_saphyr::from_str(&package.expect("a data package")).expect("YAML");
    let all = package["resources"].as_array().expect("its resources");
    let resource = all.iter().find(|it| it["name"] == name).expect("one of that name");
    let path = resource["path"].as_str().expect("its path");
    let bytes = std::fs::read(folder.join(path)).expect("its file");
    raw(&format!("raw/{path}"), &bytes, resource.clone())
}

/// An output as the artifact that the next stage sees.
pub fn passed(path: &str, output: &Output) -> Artifact {
    artifact(path, &output.bytes)
}

/// A job over inputs by role.
pub fn job(inputs: &[(&str, &[Artifact])]) -> Job {
    let inputs: BTreeMap<_, _> =
        inputs.iter().map(|(role, list)| (role.to_string(), list.to_vec())).collect();
    Job::new(json!({}), inputs, [0; 32])
}

/// What each diagnostic of a failure says, with its place; none where it is a success.
pub fn messages(result: Result<Outputs, Failure>) -> Vec<String> {
    let failure = result.err().into_iter();
    failure.flat_map(|it| it.diagnostics).map(|it| it.to_string()).collect()
}

/// The values that a stage reported; panics where it reported none.
pub fn values(outputs: &Outputs) -> BTreeMap<String, Value> {
    serde_json::from_slice(&outputs["values"].bytes).expect("values are JSON")
}

/// One number that a stage reported; panics where it did not.
pub fn number(outputs: &Outputs, key: &str) -> f64 {
    values(outputs)[key]["number"].as_f64().expect("a number")
}
