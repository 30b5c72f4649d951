//! The digest of every file that the report is made from, in the form of `b3sum`.
//!
//! A line is a BLAKE3 digest, two spaces and a path in the project; lines are
//! sorted by path. `b3sum --check` holds the files of a built copy to it, and
//! its own digest is the root digest that the report prints: who knows that,
//! knows every source, every result on the way, and the text. The root digest
//! is a file of its own, since the report's sources cannot compute it.

use std::collections::BTreeMap;

use engine::code::Source;
use engine::digest::Digest;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json;
use crate::lineage::Lineage;

/// The files that the report reads, and what is upstream of them.
pub const INPUTS: &[Slot] = &[Slot::many("files"), Slot::one("lineage")];
/// The list of digests, and the digest of that list.
pub const OUTPUTS: &[&str] = &["manifest", "root"];

/// This file.
pub const SOURCE: Source = ("crates/account/src/manifest.rs", include_str!("manifest.rs"));

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

/// Lists the files with their digests.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let lineage: Lineage = json::decode(job.one("lineage"))?;
    let mut digests = BTreeMap::new();
    for stage in lineage.stages.values() {
        for file in of_inputs(stage).chain(of_outputs(stage)) {
            note(&mut digests, file)?;
        }
    }
    for file in job.many("files") {
        digests.insert(file.path.clone(), Digest::of(&file.bytes).to_string());
    }
    let lines = digests.iter().map(|(path, digest)| format!("{digest}  {path}\n"));
    let manifest = lines.collect::<String>().into_bytes();
    let root = format!("{}\n", Digest::of(&manifest)).into_bytes();
    Ok(Outputs::from([("manifest", manifest.into()), ("root", root.into())]))
}

/// The files that a stage was given; the lineage itself lies nowhere.
fn of_inputs(stage: &Value) -> impl Iterator<Item = &Value> {
    let roles = stage["inputs"].as_object().into_iter().flatten();
    let files = roles.flat_map(|(_, files)| files.as_array().into_iter().flatten());
    files.filter(|file| file["path"] != "lineage.json")
}

/// The files that a stage made.
fn of_outputs(stage: &Value) -> impl Iterator<Item = &Value> {
    stage["outputs"].as_object().into_iter().flatten().map(|(_, file)| file)
}

/// Notes the digest of a file by its path.
fn note(digests: &mut BTreeMap<String, String>, file: &Value) -> Result<(), Failure> {
    let (Some(path), Some(digest)) = (file["path"].as_str(), file["digest"].as_str()) else {
        return Err(Failure::from("the lineage has a file without path or digest"));
    };
    match digests.insert(path.to_string(), digest.to_string()) {
        Some(other) if other != digest => {
            Err(Failure::from(format!("`{path}` has two digests: {other} and {digest}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use engine::given;
    use serde_json::json;

    use super::*;

    fn manifest(ledger: &str) -> Result<String, Vec<String>> {
        let lineage = json!({
            "stages": {
                "tag": {
                    "inputs": {
                        "table": [{ "path": "raw/apps.csv", "digest": "aa" }],
                        "lineage": [{ "path": "lineage.json", "digest": "ff" }],
                    },
                    "outputs": { "values": { "path": "outputs/tag.json", "digest": "bb" } },
                },
                "ledger": {
                    "inputs": { "values": [{ "path": "outputs/tag.json", "digest": ledger }] },
                    "outputs": {},
                },
            },
            "sources": {},
        });
        let files = [given::artifact("report/main.typ", b"= Report\n")];
        let lineage = given::artifact("lineage", lineage.to_string().as_bytes());
        let outputs = run(&Params {}, &given::job(&[("files", &files), ("lineage", &[lineage])]));
        match outputs {
            Ok(mut it) => Ok(String::from_utf8(it.remove("manifest").unwrap().bytes).unwrap()),
            failure => Err(given::messages(failure)),
        }
    }

    #[test]
    fn every_file_once_by_path() {
        // As `b3sum` prints it.
        let main = "246b0c5f564225cef8ab260cd496b322804e7f5bb4d1c1d8225d31b574c2b6f6";
        assert_eq!(
            manifest("bb").unwrap(),
            format!("bb  outputs/tag.json\naa  raw/apps.csv\n{main}  report/main.typ\n")
        );
    }

    #[test]
    fn a_file_with_two_digests() {
        let message = "`outputs/tag.json` has two digests: cc and bb";
        assert_eq!(manifest("cc").unwrap_err(), [message]);
    }
}
