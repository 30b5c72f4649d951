//! What tests of tables begin with: tables of their own, and those of the study beside
//! this crate, whose names and layouts are the providers' real ones.

use std::path::Path;

use engine::function::{Artifact, Failure, Outputs};
use serde_json::{Value, json};

use crate::ingest;

pub(crate) use engine::given::{artifact, job, messages, passed, raw};

/// A resource of the study's data package.
pub(crate) fn resource(name: &str) -> Artifact {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../raw");
    engine::given::resource(Path::new(folder), name)
}

/// Ingests `text` as the table `people` of a schema; there is a table `places`.
pub(crate) fn people(text: &str, schema: Value) -> Result<Outputs, Failure> {
    let resource = json!({ "name": "people", "schema": schema });
    let places = json!({ "name": "places", "schema": { "fields": [{ "name": "name" }] } });
    let table = raw("raw/people.csv", text.as_bytes(), resource);
    let places = raw("raw/places.csv", b"name\nJapan\nPeru\nChile\n", places);
    ingest::run(
        &ingest::Params { limit: 3 },
        &job(&[("table", &[table]), ("references", &[places])]),
    )
}

/// Ingests a raw table that refers to no other.
pub(crate) fn ingested(table: Artifact) -> Result<Outputs, Failure> {
    ingest::run(&ingest::Params::default(), &job(&[("table", &[table])]))
}
