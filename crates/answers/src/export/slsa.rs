//! An in-toto statement over the reports and the lock, with provenance as SLSA has it.
//!
//! in-toto Statement v1, SLSA Provenance v1. The builder is whoever ran the program, on a
//! machine that nobody else vouches for.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::bundle::{Bundle, File};

/// What kind of build it is: a pipeline of this program, with its parameters.
const BUILD: &str = "urn:x-colophon:pipeline:1";
/// Who builds: this program on somebody's own machine.
const BUILDER: &str = "urn:x-colophon:program";

/// What the statement speaks of: the reports and the lock.
pub fn subjects(bundle: &Bundle) -> Vec<&str> {
    let lock = bundle.files.get_key_value("pipeline.lock").map(|(path, _)| path.as_str());
    bundle.outputs(".pdf").into_iter().chain(lock).collect()
}

/// The statement.
pub fn statement(bundle: &Bundle) -> Json {
    let made: BTreeSet<&str> = bundle.outputs("").into_iter().collect();
    let is_given = |path: &str| !made.contains(path) && path != "pipeline.lock";
    let given = bundle.files.iter().filter(|(path, _)| is_given(path));
    let dependencies: Vec<Json> = given.map(|(path, file)| resource(path, file)).collect();
    let subjects = subjects(bundle);
    let subjects: Vec<Json> =
        subjects.into_iter().map(|path| resource(path, &bundle.files[path])).collect();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD,
                "externalParameters": {
                    "pipeline": "pipeline.yaml",
                    "date": bundle.date,
                    "params": bundle.params,
                },
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": { "id": BUILDER, "version": { "colophon": bundle.program } },
            },
        },
    })
}

fn resource(path: &str, file: &File) -> Json {
    let mut resource = json!({ "name": path, "digest": { "sha256": file.sha256 } });
    if !file.labels.is_empty() {
        resource["annotations"] = json!({ "labels": file.labels });
    }
    resource
}
