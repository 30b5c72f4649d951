//! Reads the ledger: what a value is, which values equal a number, and sentences with both.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use engine::function::{Artifact, Failure};
use regex::Regex;
use serde::Deserialize;

use crate::json;

/// The values by their full names.
#[derive(Default, Deserialize)]
pub struct Ledger {
    #[serde(default)]
    values: BTreeMap<String, Record>,
}

/// One value.
#[derive(Deserialize)]
struct Record {
    number: Option<f64>,
    digits: Option<usize>,
    exact: Option<String>,
    text: Option<String>,
}

/// At most this many names are suggested for a number.
const SUGGESTED: usize = 3;

/// A value that is printed in a sentence.
static PRINTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"#[\w-]+\(\s*"([^"]+)"[^()]*\)"#).expect("the pattern is right"));

impl Ledger {
    /// Reads the artifact of a ledger.
    pub fn decode(artifact: &Artifact) -> Result<Self, Failure> {
        json::decode(artifact)
    }

    /// A value with every digit.
    pub fn exact(&self, name: &str) -> String {
        let record = self.values.get(name);
        let exact = record.and_then(|it| it.exact.as_ref().or(it.text.as_ref()));
        exact.cloned().unwrap_or_else(|| "unknown".into())
    }

    /// The names of some values that print as a number, if it is not too plain to tell.
    pub fn equal(&self, number: &str) -> Vec<&str> {
        let (plain, scale) = match number.strip_suffix('%') {
            Some(share) => (share.trim_end_matches('\u{a0}'), 100.0),
            None => (number, 1.0),
        };
        let digits = plain.split_once('.').map_or(0, |(_, part)| part.len());
        let prints = |record: &Record| {
            let printed = |scale: f64| record.number.map(|it| format!("{:.digits$}", it * scale));
            printed(scale).as_deref() == Some(plain) || printed(1.0).as_deref() == Some(plain)
        };
        let found = self.values.iter().filter(|(_, record)| prints(record));
        let names: Vec<&str> = found.map(|(name, _)| name.as_str()).collect();
        if names.len() > SUGGESTED { Vec::new() } else { names }
    }

    /// A sentence of the sources with its values as they are printed.
    pub fn read_out(&self, sentence: &str) -> String {
        let shown = |found: &regex::Captures| match self.values.get(&found[1]) {
            Some(Record { text: Some(text), .. }) => text.clone(),
            Some(Record { number: Some(number), digits, .. }) => {
                format!("{number:.*}", digits.unwrap_or(0))
            }
            _ => found[0].to_string(),
        };
        PRINTED.replace_all(sentence, shown).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ledger() -> Ledger {
        let text = json!({ "values": {
            "tag.barred": { "number": 664, "digits": 0, "exact": "664" },
            "tag.share": { "number": 0.346_917_450_36, "digits": 3, "exact": "0.34691745036" },
            "tag.name": { "text": "Kuaishou" },
        } });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn names_of_a_number() {
        assert_eq!(ledger().equal("664"), ["tag.barred"]);
        assert_eq!(ledger().equal("34.7%"), ["tag.share"]);
        assert_eq!(ledger().equal("35%"), ["tag.share"]);
        assert!(ledger().equal("665").is_empty());
        assert_eq!(ledger().exact("tag.share"), "0.34691745036");
        assert_eq!(ledger().exact("tag.other"), "unknown");
    }

    /// Four names tell as little as none.
    #[test]
    fn a_number_of_many_names() {
        let of = |names: &[&str]| {
            let values = names.iter().map(|name| (*name, json!({ "number": 7 })));
            let text = json!({ "values": values.collect::<BTreeMap<_, _>>() }).to_string();
            let artifact = engine::given::artifact("outputs/ledger.json", text.as_bytes());
            let ledger = Ledger::decode(&artifact).unwrap();
            ledger.equal("7").into_iter().map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(of(&["a", "b", "c"]), ["a", "b", "c"]);
        assert!(of(&["a", "b", "c", "d"]).is_empty());
    }

    #[test]
    fn sentences_with_their_values() {
        let sentence =
            "Of all, #val(\"tag.barred\") are barred (#plain(\"tag.share\", digits: 2)).";
        assert_eq!(ledger().read_out(sentence), "Of all, 664 are barred (0.347).");
        assert_eq!(ledger().read_out("#val(\"x.y\") is none"), "#val(\"x.y\") is none");
        assert_eq!(ledger().read_out("#val(\"tag.name\") leads"), "Kuaishou leads");
    }
}
