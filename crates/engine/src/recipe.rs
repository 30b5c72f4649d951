//! The recipe of a result: everything that decides it, as named lines.
//!
//! The digest of the lines is the key under which a result is remembered, and
//! the difference between two lists of lines is the reason why a stage runs.
//! What is hashed to decide and what is shown to explain is one thing.
//!
//! | line | value |
//! | --- | --- |
//! | `format` | the version of this table; raised when the engine changes what a stage sees |
//! | `action` | the function's name, or `command` |
//! | `platform` | the kind of machine that a function was compiled for |
//! | `code.PATH` | digest of a source that the function depends on |
//! | `argument.N`, `env.NAME` | of a command |
//! | `date` | `SOURCE_DATE_EPOCH` of a command |
//! | `param.NAME` | a parameter in normal form |
//! | `input.ROLE.PATH` | digest of an input's content |
//! | `mode.ROLE.PATH` | `executable`, where a command's file has that bit |
//! | `label.ROLE.PATH` | the labels of an input, where it has any |
//! | `reading.ROLE.PATH` | digest of how the data package says that a source is read |
//! | `output.NAME` | declared; with its path where the stage sees paths |
//! | `seed` | the stage's own seed |
//!
//! Never part of it: time stamps, absolute paths, hosts, thread counts, the
//! stage's description, timeouts, the paths of outputs that no one sees.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;

/// The version of the recipe's form.
pub const FORMAT: u32 = 1;

/// The line that names the kind of machine.
const PLATFORM: &str = "platform";

/// Everything that decides a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipe {
    lines: BTreeMap<String, String>,
}

/// One line that differs between two recipes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The name of the line.
    pub line: String,
    /// What it said before; `None` where there was no such line.
    pub before: Option<String>,
    /// What it says now; `None` where it is gone.
    pub after: Option<String>,
}

impl Recipe {
    /// A recipe with nothing but the format's version.
    pub fn new() -> Self {
        let mut recipe = Recipe::default();
        recipe.set("format", FORMAT.to_string());
        recipe
    }

    /// Sets a line.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.lines.insert(name.into(), value.into());
    }

    /// Sets a line for every leaf of a JSON value.
    pub fn set_value(&mut self, name: &str, value: &Value) {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    self.set_value(&format!("{name}.{key}"), value);
                }
            }
            Value::Null => {}
            leaf => self.set(name, canonical(leaf)),
        }
    }

    /// Sets the kind of machine.
    pub(crate) fn set_platform(&mut self, platform: &str) {
        self.set(PLATFORM, platform);
    }

    /// The kind of machine that it speaks of, if it does.
    pub fn platform(&self) -> Option<&str> {
        self.lines.get(PLATFORM).map(String::as_str)
    }

    /// The key on another kind of machine; the same where it speaks of none.
    pub fn key_on(&self, platform: &str) -> Digest {
        let mut there = self.clone();
        if self.platform().is_some() {
            there.set_platform(platform);
        }
        there.key()
    }

    /// The digests of its inputs' contents.
    pub(crate) fn contents(&self) -> impl Iterator<Item = Digest> {
        let contents = self.lines.iter().filter(|(line, _)| content_of(line).is_some());
        contents.filter_map(|(_, digest)| Digest::from_hex(digest))
    }

    /// The lines in order.
    pub fn lines(&self) -> &BTreeMap<String, String> {
        &self.lines
    }

    /// The key: the digest of the lines.
    pub fn key(&self) -> Digest {
        let texts = self.lines.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        Digest::of_texts("colophon 1 recipe", texts)
    }

    /// The lines that differ from an earlier recipe.
    pub fn changes(&self, before: &Recipe) -> Vec<Change> {
        let mut names: Vec<_> = self.lines.keys().chain(before.lines.keys()).collect();
        names.sort();
        names.dedup();
        let change = |name: &String| Change {
            line: name.clone(),
            before: before.lines.get(name).cloned(),
            after: self.lines.get(name).cloned(),
        };
        names.into_iter().map(change).filter(|change| change.before != change.after).collect()
    }
}

/// An input as the names of lines have it: `ROLE.PATH`.
pub fn input(role: &str, path: &str) -> String {
    format!("{role}.{path}")
}

/// The line that holds the digest of an input's content.
pub fn content(input: &str) -> String {
    format!("input.{input}")
}

/// The line that holds the labels of an input.
pub fn labels(input: &str) -> String {
    format!("label.{input}")
}

/// The input whose content a line holds.
pub fn content_of(line: &str) -> Option<&str> {
    line.strip_prefix("input.")
}

/// The input whose labels a line holds.
pub fn labels_of(line: &str) -> Option<&str> {
    line.strip_prefix("label.")
}

/// JSON text with sorted keys, whatever the order in memory.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let sorted: BTreeMap<_, _> = entries.iter().collect();
            let entries: Vec<_> = sorted
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        leaf => leaf.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(lines: &[(&str, &str)]) -> Recipe {
        let mut recipe = Recipe::new();
        for (name, value) in lines {
            recipe.set(*name, *value);
        }
        recipe
    }

    /// If this fails, the encoding of recipes has moved: raise `FORMAT`.
    #[test]
    fn golden_key() {
        let key = recipe(&[("action", "clean"), ("param.limit", "20")]).key();
        assert_eq!(key.short(), "5c4b53fe1247", "raise FORMAT");
    }

    #[test]
    fn deciding_and_explaining_agree() {
        let before = recipe(&[("action", "clean"), ("param.limit", "20")]);
        let after = recipe(&[("action", "clean"), ("param.limit", "30"), ("seed", "1")]);
        assert_eq!(before.changes(&before), []);
        let changes = after.changes(&before);
        assert_eq!(changes.len(), 2);
        assert_eq!(changes[0].line, "param.limit");
        assert_eq!(changes[0].before.as_deref(), Some("20"));
        assert_eq!(changes[1].before, None);
        assert_ne!(before.key(), after.key());
    }

    #[test]
    fn values_are_flat_and_sorted() {
        let mut recipe = Recipe::new();
        let value = serde_json::json!({"b": {"y": 1, "x": [{"d": 1.5, "c": null}]}, "a": "t"});
        recipe.set_value("param", &value);
        let lines: Vec<_> = recipe.lines().iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            lines,
            ["format=1", "param.a=\"t\"", "param.b.x=[{\"c\":null,\"d\":1.5}]", "param.b.y=1"]
        );
    }
}
