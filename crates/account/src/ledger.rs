//! Every reported value with the stage that made it, and all that stage rests on.
//!
//! The full name of a value is its stage's name, a dot, and its key. Each
//! value carries the labels of its stage.

use std::collections::{BTreeMap, BTreeSet};

use engine::code::Source;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json;
use crate::lineage::Lineage;
use crate::record::{self, Record};

/// The values of all stages, and what is upstream of them.
pub const INPUTS: &[Slot] = &[Slot::many("values"), Slot::one("lineage")];
/// The ledger.
pub const OUTPUTS: &[&str] = &["ledger"];

/// This file.
pub const SOURCE: Source = ("crates/account/src/ledger.rs", include_str!("ledger.rs"));

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

#[derive(Serialize)]
struct Ledger {
    values: BTreeMap<String, Entry>,
    stages: BTreeMap<String, Value>,
    sources: BTreeMap<String, Value>,
}

/// One value.
#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    value: Record,
    stage: String,
    labels: BTreeSet<String>,
}

/// Collects the values under their full names.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let lineage: Lineage = json::decode(job.one("lineage"))?;
    let mut values = BTreeMap::new();
    for artifact in job.many("values") {
        let (stage, labels) = lineage.maker(artifact)?;
        for (key, mut value) in record::read(artifact)? {
            // Not every reader of JSON gets the last digit of a number right.
            for (number, text) in
                [("number", "exact"), ("low", "exact_low"), ("high", "exact_high")]
            {
                if let Some(exact) = value.get(number).map(Value::to_string) {
                    value.insert(text.into(), exact.into());
                }
            }
            let name = format!("{stage}.{key}");
            let entry = Entry { value, stage: stage.to_string(), labels: labels.clone() };
            if values.insert(name.clone(), entry).is_some() {
                return Err(Failure::from(format!("two outputs report the value `{name}`")));
            }
        }
    }
    let ledger = Ledger { values, stages: lineage.stages, sources: lineage.sources };
    Ok(Outputs::from([("ledger", json::encode(&ledger)?)]))
}

#[cfg(test)]
mod tests {
    use engine::given;
    use serde_json::json;

    use super::*;

    fn ledger(path: &str) -> Result<Value, Failure> {
        let output = |path| json!({ "values": { "path": path, "digest": "ab" } });
        let lineage = json!({
            "stages": {
                "tag": { "outputs": output("outputs/tag.json"), "labels": ["published"] },
                "ztest@a-b": { "outputs": output("outputs/z.json"), "labels": ["synthetic"] },
            },
            "sources": { "apps": { "path": "raw/apps.csv" } },
        });
        let values = [
            given::artifact(
                path,
                br#"{ "z": { "number": -2.1, "digits": 3, "unit": "", "about": "z" } }"#,
            ),
            given::artifact(
                "outputs/tag.json",
                br#"{ "n": { "number": 50, "digits": 0, "unit": "", "about": "n",
                             "low": 0.1, "high": 51 } }"#,
            ),
        ];
        let lineage = given::artifact("lineage", lineage.to_string().as_bytes());
        let job = given::job(&[("values", &values), ("lineage", &[lineage])]);
        Ok(serde_json::from_slice(&run(&Params {}, &job)?["ledger"].bytes).unwrap())
    }

    #[test]
    fn values_get_full_names_and_labels() {
        let ledger = ledger("outputs/z.json").unwrap();
        assert_eq!(
            ledger["values"],
            json!({
                "tag.n": { "number": 50, "exact": "50", "low": 0.1, "exact_low": "0.1",
                           "high": 51, "exact_high": "51", "digits": 0, "unit": "",
                           "about": "n", "stage": "tag", "labels": ["published"] },
                "ztest@a-b.z": { "number": -2.1, "exact": "-2.1", "digits": 3, "unit": "",
                                 "about": "z", "stage": "ztest@a-b",
                                 "labels": ["synthetic"] },
            })
        );
        assert_eq!(ledger["sources"]["apps"]["path"], "raw/apps.csv");
        assert_eq!(ledger["stages"]["tag"]["labels"], json!(["published"]));
    }

    #[test]
    fn values_of_no_stage_are_refused() {
        let failure = ledger("outputs/other.json").unwrap_err();
        let message = "`outputs/other.json` is the output of no stage";
        assert_eq!(failure.diagnostics[0].message, message);
    }
}
