//! The sources of a project: raw inputs, declared with their provenance in a
//! Frictionless data package.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::diagnostic::{Checked, Diagnostic, Kind, Place, did_you_mean};
use crate::shape;
use crate::yaml::Document;

/// A data package: the part of the standard that the engine itself reads.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Package {
    resources: Vec<Entry>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Entry {
    name: String,
    path: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    licenses: Vec<Map<String, Value>>,
    #[serde(default)]
    sources: Vec<Map<String, Value>>,
    #[serde(default)]
    encoding: Option<String>,
    #[serde(default)]
    schema: Option<Map<String, Value>>,
}

/// One raw input.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path, relative to the project.
    pub path: String,
    /// Where its path is declared.
    pub at: Place,
    /// Its labels.
    pub labels: BTreeSet<String>,
    /// What a function sees of its description: how the bytes are to be read.
    pub reading: Value,
    /// Its whole description.
    pub descriptor: Value,
}

/// The parts of a description that decide how the bytes are read. The others,
/// such as titles and dates, may be corrected without running anything again.
const READING: [&str; 8] = [
    "name",
    "schema",
    "dialect",
    "encoding",
    "format",
    "mediatype",
    "missingValues",
    "compression",
];

/// Reads a data package, with everything that is wrong with it.
pub fn parse(path: &str, bytes: &[u8]) -> Checked<BTreeMap<String, Source>> {
    let document = Document::parse(path, bytes)?;
    let schema = schemars::schema_for!(Package).to_value();
    let (mut found, _) = shape::check_all(&document, &schema);
    if !found.is_empty() {
        return Err(crate::plan::tidy(found));
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    let resources = document.root.get("resources").map(|node| node.value()).unwrap_or_default();
    for (index, resource) in resources.as_array().into_iter().flatten().enumerate() {
        let text = |key: &str| resource[key].as_str().unwrap_or("").to_string();
        let at = place(&document, index);
        let name = text("name");
        match resource_path(folder, &text("path")) {
            Err(message) => found.push(Diagnostic::new(Kind::Usage, message).at(at.clone())),
            Ok(path) => {
                let labels = resource["labels"].as_array().into_iter().flatten();
                let labels = labels.filter_map(|label| label.as_str().map(String::from)).collect();
                let declared = place_of_path(&document, index);
                let source = Source {
                    path,
                    at: declared,
                    labels,
                    reading: reading(resource),
                    descriptor: resource.clone(),
                };
                if sources.insert(name.clone(), source).is_some() {
                    let message = format!("two resources are named `{name}`");
                    found.push(Diagnostic::new(Kind::Usage, message).at(at));
                }
            }
        }
    }
    if found.is_empty() { Ok(sources) } else { Err(found) }
}

/// The source of a name, or the problem with it.
pub fn find<'a>(
    sources: &'a BTreeMap<String, Source>,
    name: &str,
    at: impl FnOnce() -> Place,
) -> Result<&'a Source, Diagnostic> {
    sources.get(name).ok_or_else(|| {
        let message = format!("the data package has no resource `{name}`");
        let mut problem = Diagnostic::new(Kind::Usage, message).at(at());
        problem.hints.extend(did_you_mean(name, sources.keys().map(String::as_str)));
        problem
    })
}

fn reading(resource: &Value) -> Value {
    let kept = READING.iter().filter_map(|key| Some((key.to_string(), resource.get(key)?.clone())));
    Value::Object(kept.collect())
}

fn resource_path(folder: &str, path: &str) -> Result<String, String> {
    let inside = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    match inside && !path.contains('\\') {
        true if folder.is_empty() => Ok(path.into()),
        true => Ok(format!("{folder}/{path}")),
        false => Err(format!("the path `{path}` must stay inside the folder of the data package")),
    }
}

/// Where the path of a resource is declared.
fn place_of_path(document: &Document, index: usize) -> Place {
    match document.root.get("resources").map(|node| &node.data) {
        Some(crate::yaml::Data::List(items)) => {
            document.place(items[index].get("path").unwrap_or(&items[index]))
        }
        _ => Place::file(&document.path),
    }
}

fn place(document: &Document, index: usize) -> Place {
    let resources = document.root.get("resources").map(|node| &node.data);
    match resources {
        Some(crate::yaml::Data::List(items)) => document.place(&items[index]),
        _ => Place::file(&document.path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corrected_title_is_not_read() {
        let package = |title: &str| {
            let text = format!(
                "resources:\n- name: a\n  path: a.csv\n  title: {title}\n  labels: [published]\n"
            );
            parse("raw/datapackage.yaml", text.as_bytes()).expect("valid")
        };
        assert_eq!(package("x")["a"].reading, package("y")["a"].reading);
        assert_eq!(package("x")["a"].path, "raw/a.csv");
        assert!(package("x")["a"].labels.contains("published"));
    }

    #[test]
    fn mistakes() {
        let text = "resources:\n- name: a\n  path: ../a.csv\n- name: b\n  path: [b.csv]\n";
        let found = parse("raw/datapackage.yaml", text.as_bytes()).expect_err("a mistake");
        assert_eq!(
            found[0].to_string(),
            "raw/datapackage.yaml:5:9: `resources[1].path` must be text, not a list"
        );
        let text = "resources:\n- name: a\n  path: ../a.csv\n";
        let found = parse("raw/datapackage.yaml", text.as_bytes()).expect_err("a mistake");
        assert_eq!(
            found[0].to_string(),
            "raw/datapackage.yaml:2:3: the path `../a.csv` must stay inside the folder of the \
             data package"
        );
    }
}
