//! The ledger as its readers see it: values, and the stages and sources they rest on.
//!
//! The function `ledger` of the crate `account` writes it. Fields that this
//! program does not know are passed over, so that a ledger of a later version is read.

use std::collections::{BTreeMap, BTreeSet};

use engine::diagnostic::{Diagnostic, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// More than this is no ledger of ours.
pub const LIMIT: u64 = 256 << 20;

/// Every value, stage and source of an edition.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Ledger {
    /// Values by their full names.
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
    /// The stages upstream of the ledger.
    #[serde(default)]
    pub stages: BTreeMap<String, Stage>,
    /// The raw files, as the data package describes them.
    #[serde(default)]
    pub sources: BTreeMap<String, Json>,
}

/// A number or a text that a stage reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// The number, unless it is a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
    /// The number with every digit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// The text, unless it is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How many decimals are printed.
    #[serde(default)]
    pub digits: usize,
    /// What is counted or measured; may be empty.
    #[serde(default)]
    pub unit: String,
    /// What it is.
    #[serde(default)]
    pub about: String,
    /// The lower end of an interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The upper end of an interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Which rows it counts, where the stage says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// The stage that reports it.
    #[serde(default)]
    pub stage: String,
    /// What is to be known of its origin.
    #[serde(default)]
    pub labels: BTreeSet<String>,
}

/// A stage: what it was given, and what it made of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its inputs by role.
    #[serde(default)]
    pub inputs: BTreeMap<String, Vec<Input>>,
    /// Its outputs by name.
    #[serde(default)]
    pub outputs: BTreeMap<String, Output>,
    /// The labels that its outputs carry.
    #[serde(default)]
    pub labels: BTreeSet<String>,
    /// Its parameters in normal form.
    #[serde(default)]
    pub params: Json,
    /// The function that it uses, unless it is a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<String>,
    /// The file of that function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What that function makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The command, unless it uses a function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// Which labels it takes away, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declassified: Option<Json>,
}

/// A file that a stage was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its path in the project.
    pub path: String,
    /// The digest of its content.
    pub digest: String,
    /// `stage.output`, or `raw:source`; nothing for any other file.
    pub from: Option<String>,
}

/// A file that a stage made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Its path in the project.
    pub path: String,
    /// The digest of its content.
    pub digest: String,
    /// Its size in bytes.
    #[serde(default)]
    pub size: u64,
    /// How many rows it has, if it is a table.
    #[serde(default)]
    pub rows: Option<u64>,
}

impl Ledger {
    /// Reads a ledger; `path` is what messages call it.
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, Diagnostic> {
        serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("`{path}` is no ledger: {error}");
            Diagnostic::new(Kind::Usage, message)
                .hint("a ledger is what a stage that uses the function `ledger` makes")
        })
    }
}

impl Value {
    /// The value with every digit that there is.
    pub fn full(&self) -> String {
        match (&self.text, &self.exact, self.number) {
            (Some(text), ..) => text.clone(),
            (None, Some(exact), _) => exact.clone(),
            (None, None, Some(number)) => number.to_string(),
            (None, None, None) => String::new(),
        }
    }
}

impl Stage {
    /// The stages whose outputs it was given.
    pub fn upstream(&self) -> BTreeSet<&str> {
        self.inputs.values().flatten().filter_map(Input::maker).collect()
    }

    /// What it does, in a word: its function, or the program of its command.
    pub fn action(&self) -> &str {
        let program = self.cmd.as_ref().and_then(|cmd| cmd.first());
        self.uses.as_deref().or(program.map(String::as_str)).unwrap_or("")
    }
}

impl Input {
    /// The stage whose output it is.
    pub fn maker(&self) -> Option<&str> {
        let from = self.from.as_deref().filter(|from| !from.starts_with("raw:"))?;
        from.rsplit_once('.').map(|(stage, _)| stage)
    }

    /// The source of the data package that it is.
    pub fn source(&self) -> Option<&str> {
        self.from.as_deref()?.strip_prefix("raw:")
    }

    /// Whether it is the account of everything upstream, which lies in no folder.
    pub fn is_lineage(&self) -> bool {
        self.from.is_none() && self.path == "lineage.json"
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A ledger of two stages: `count` reads `raw/birds.csv` and gives a table, and
    /// `test` takes that and a parameter.
    pub(crate) fn birds(raw: &str, table: &str, level: f64, values: &Json) -> Ledger {
        let json = json!({
            "values": values,
            "stages": {
                "count": {
                    "uses": "count", "code": "stages/count.rs", "params": {},
                    "inputs": { "table": [
                        { "path": "raw/birds.csv", "digest": raw, "from": "raw:birds" } ] },
                    "outputs": { "table": { "path": "outputs/n.parquet", "digest": table,
                                            "size": 3, "rows": 1 } },
                },
                "test": {
                    "cmd": ["python3", "test.py"], "params": { "level": level },
                    "inputs": { "table": [ { "path": "outputs/n.parquet", "digest": table,
                                             "from": "count.table" } ],
                                "code": [ { "path": "test.py", "digest": "cc", "from": null } ] },
                    "outputs": { "values": { "path": "outputs/test.json",
                                 "digest": format!("{table}-{level}"), "size": 3, "rows": null } },
                },
            },
            "sources": { "birds": { "path": "raw/birds.csv" } },
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn who_made_an_input() {
        let ledger = birds("aa", "bb", 0.5, &json!({}));
        let test = &ledger.stages["test"];
        assert_eq!(test.upstream(), BTreeSet::from(["count"]));
        assert_eq!((test.action(), ledger.stages["count"].action()), ("python3", "count"));
        assert_eq!(ledger.stages["count"].inputs["table"][0].source(), Some("birds"));
        assert_eq!(test.inputs["code"][0].maker(), None);
    }

    #[test]
    fn what_is_no_ledger() {
        let error = Ledger::read("a.json", b"[1").unwrap_err();
        assert!(error.message.starts_with("`a.json` is no ledger: "), "{}", error.message);
    }
}
