//! What tests of the functions begin with: artifacts, jobs, and the real data up to a stage.

use std::collections::{BTreeMap, BTreeSet};

use engine::function::{Artifact, Failure, Job, Output, Outputs};
use serde_json::{Value, json};

use super::pair::Pair;
use crate::{clean, extrapolate, ingest, interpolate, tag};

/// An artifact with the label `published`.
pub fn artifact(path: &str, bytes: &[u8]) -> Artifact {
    let labels = BTreeSet::from(["published".to_string()]);
    Artifact { path: path.into(), bytes: bytes.into(), labels, resource: None }
}

/// A raw table with its descriptor.
pub fn raw(path: &str, bytes: &[u8], resource: Value) -> Artifact {
    Artifact { resource: Some(resource), ..artifact(path, bytes) }
}

/// A job over inputs by role.
pub fn job(inputs: &[(&str, &[Artifact])]) -> Job {
    let inputs: BTreeMap<_, _> =
        inputs.iter().map(|(role, list)| (role.to_string(), list.to_vec())).collect();
    Job::new(json!({}), inputs, [0; 32])
}

/// What each diagnostic of a failure says, with its place.
pub fn messages(result: Result<Outputs, Failure>) -> Vec<String> {
    result.unwrap_err().diagnostics.iter().map(ToString::to_string).collect()
}

/// A pair of which only a few things matter.
pub fn pair(matrix: &str, country: &str, app: &str, code: i64) -> Pair {
    Pair {
        matrix: matrix.into(),
        country: country.into(),
        iso3: format!("{country}XX"),
        region: "Region".into(),
        place: country.bytes().next().map_or(0, i64::from),
        app: app.into(),
        name: app.to_uppercase(),
        full_name: format!("{app} in full"),
        exchanges: true,
        registration: "phone".into(),
        code,
    }
}

/// An output as the artifact that the next stage sees.
pub fn passed(path: &str, output: &Output) -> Artifact {
    artifact(path, &output.bytes)
}

/// A resource of the study's data package.
#[expect(clippy::disallowed_methods, reason = "tests read the study's own raw data")]
pub fn resource(name: &str) -> Artifact {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/raw/");
    let package = std::fs::read_to_string(format!("{folder}datapackage.yaml")).unwrap();
    let package: Value = serde_saphyr::from_str(&package).unwrap();
    let all = package["resources"].as_array().unwrap();
    let resource = all.iter().find(|resource| resource["name"] == name).unwrap();
    let path = resource["path"].as_str().unwrap();
    let bytes = std::fs::read(format!("{folder}{path}")).unwrap();
    raw(&format!("raw/{path}"), &bytes, resource.clone())
}

/// A resource of the study after `ingest`.
pub fn table(name: &str) -> Artifact {
    let references = ["apps", "countries", "country_names"].map(resource);
    let job = job(&[("table", &[resource(name)]), ("references", &references)]);
    let outputs = ingest::run(&ingest::Params::default(), &job).unwrap();
    passed(&format!("outputs/raw/{name}.parquet"), &outputs["table"])
}

/// Ingests `text` as the table `people` of a schema; there is a table `places`.
pub fn people(text: &str, schema: Value) -> Result<Outputs, Failure> {
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
pub fn ingested(table: Artifact) -> Result<Outputs, Failure> {
    ingest::run(&ingest::Params::default(), &job(&[("table", &[table])]))
}

/// The outputs of `clean` on the study's data.
pub fn cleaned() -> Outputs {
    clean::run(
        &clean::Params {},
        &job(&[
            ("table1", &[table("barrier_matrix_table1")]),
            ("appendix3", &[table("barrier_matrix_appendix3")]),
            ("countries", &[table("countries")]),
            ("apps", &[table("apps")]),
        ]),
    )
    .unwrap()
}

/// The outputs of `tag` on the study's data.
pub fn tagged() -> Outputs {
    tag::run(
        &tag::Params {},
        &job(&[
            ("pairs", &[passed("outputs/barriers.parquet", &cleaned()["pairs"])]),
            ("countries", &[table("countries")]),
            ("apps", &[table("apps")]),
        ]),
    )
    .unwrap()
}

/// The outputs of `extrapolate` on the study's data.
pub fn extrapolated() -> Outputs {
    let tables = [table("population_taiwan"), table("population_wdi")];
    extrapolate::run(&extrapolate::Params {}, &job(&[("tables", &tables)])).unwrap()
}

/// The outputs of `interpolate` on the study's data.
pub fn interpolated() -> Outputs {
    interpolate::run(
        &interpolate::Params {},
        &job(&[
            ("un", &[table("diaspora_un")]),
            ("oecd", &[table("diaspora_oecd")]),
            ("fill", &[table("diaspora_fill")]),
            ("published", &[table("diaspora_published")]),
            ("population", &[passed("outputs/population.parquet", &extrapolated()["table"])]),
        ]),
    )
    .unwrap()
}

/// The values that a stage reported.
pub fn values(outputs: &Outputs) -> BTreeMap<String, Value> {
    serde_json::from_slice(&outputs["values"].bytes).unwrap()
}

/// One number that a stage reported.
pub fn number(outputs: &Outputs, key: &str) -> f64 {
    values(outputs)[key]["number"].as_f64().unwrap()
}
