//! The sources of a project: raw inputs, declared with their provenance in a
//! Frictionless data package.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::labels;
use crate::diagnostic::{Diagnostic, Kind, Place, did_you_mean, tidy};
use crate::shape;
use crate::yaml::{Data, Document, Node};

/// A data package: the part of the standard that the engine itself reads.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Form {
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
    document: Arc<Document>,
    node: Node,
}

impl Source {
    /// Where a key of its description stands, as far as the path of keys goes;
    /// an element of a list is named by its position.
    pub(crate) fn place(&self, path: &[String]) -> Place {
        let mut shown = &self.node;
        let mut node = &self.node;
        for (index, name) in path.iter().enumerate() {
            let (key, value) = match &node.data {
                Data::List(items) => {
                    let Some(item) = name.parse().ok().and_then(|at: usize| items.get(at)) else {
                        break;
                    };
                    (item, item)
                }
                _ => match node.entry(name) {
                    Some(entry) => entry,
                    None => break,
                },
            };
            let is_leaf = !matches!(value.data, Data::List(_) | Data::Map(_));
            shown = if is_leaf && index + 1 == path.len() { value } else { key };
            node = value;
        }
        self.document.place(shown)
    }
}

/// What a data package describes, and what can't be known of it.
#[derive(Debug, Default)]
pub(crate) struct Package {
    /// The sources without mistakes.
    pub(crate) sources: BTreeMap<String, Source>,
    /// Whether the pipeline names a data package.
    declared: bool,
    /// The names of resources that have mistakes.
    mistaken: BTreeSet<String>,
    /// Whether there may be resources whose names could not be read.
    unnamed: bool,
}

impl Package {
    /// A data package that could not be read.
    pub(crate) fn unread() -> Self {
        Package { declared: true, unnamed: true, ..Package::default() }
    }

    pub(crate) fn is_declared(&self) -> bool {
        self.declared
    }

    /// Whether no reference to this name can be judged.
    pub(crate) fn is_mistaken(&self, name: &str) -> bool {
        self.mistaken.contains(name) || (self.unnamed && !self.sources.contains_key(name))
    }

    /// The source of a name, or the problem with it.
    pub(crate) fn find(
        &self,
        name: &str,
        at: impl FnOnce() -> Place,
    ) -> Result<&Source, Diagnostic> {
        self.sources.get(name).ok_or_else(|| {
            let message = format!("the data package has no resource `{name}`");
            let mut problem = Diagnostic::new(Kind::Usage, message).at(at());
            let known = self.sources.keys().chain(&self.mistaken).map(String::as_str);
            problem.hints.extend(did_you_mean(name, known));
            problem
        })
    }

    /// Several resources may be read from one file; each has the labels of all.
    pub(crate) fn share_labels(&mut self, real: impl Fn(&str) -> Option<PathBuf>) {
        let mut files: BTreeMap<PathBuf, (BTreeSet<String>, Vec<String>)> = BTreeMap::new();
        for (name, source) in &self.sources {
            if let Some(real) = real(&source.path) {
                let (labels, names) = files.entry(real).or_default();
                labels.extend(source.labels.iter().cloned());
                names.push(name.clone());
            }
        }
        for (labels, names) in files.values().filter(|(_, names)| names.len() > 1) {
            for name in names {
                if let Some(source) = self.sources.get_mut(name) {
                    source.labels.clone_from(labels);
                }
            }
        }
    }
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
pub(crate) fn parse(path: &str, bytes: &[u8]) -> (Package, Vec<Diagnostic>) {
    let mut document = match Document::parse(path, bytes) {
        Ok(document) => document,
        Err(found) => return (Package::unread(), found),
    };
    let schema = schemars::schema_for!(Form).to_value();
    let (mut found, rest) = shape::check_all(&document, &schema);
    let before = count(&document.root);
    if let Some(rest) = rest {
        document.root = rest;
    }
    let document = Arc::new(document);
    let mut package = Package { declared: true, ..Package::default() };
    // A resource that is none at all, or a file that has no list of them.
    package.unnamed = before.is_none() || before != count(&document.root);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for node in resources(&document.root) {
        let text = |key: &str| node.get(key).and_then(Node::text);
        let Some(name) = text("name") else {
            package.unnamed = true;
            continue;
        };
        if package.sources.contains_key(name) || package.mistaken.contains(name) {
            let message = format!("two resources are named `{name}`");
            found.push(Diagnostic::new(Kind::Usage, message).at(document.place(node)));
            continue;
        }
        // That a path is missing, or is none, has been told.
        let path = text("path").map(|path| resource_path(folder, path));
        let Some(Ok(path)) = path else {
            package.mistaken.insert(name.to_string());
            if let Some(Err(message)) = path {
                let at = document.place(node);
                found.push(Diagnostic::new(Kind::Usage, message).at(at));
            }
            continue;
        };
        labels::check_words(
            &document,
            node.get("labels"),
            &format!("resource `{name}`"),
            &mut found,
        );
        let descriptor = node.value();
        let labels = descriptor["labels"].as_array().into_iter().flatten();
        let labels = labels.filter_map(|label| label.as_str().map(String::from)).collect();
        let source = Source {
            path,
            at: document.place(node.get("path").unwrap_or(node)),
            labels,
            reading: reading(&descriptor),
            descriptor,
            document: document.clone(),
            node: node.clone(),
        };
        package.sources.insert(name.to_string(), source);
    }
    (package, tidy(found))
}

fn resources(root: &Node) -> &[Node] {
    match root.get("resources").map(|node| &node.data) {
        Some(Data::List(items)) => items,
        _ => &[],
    }
}

/// How many resources there are; nothing where there is no list of them.
fn count(root: &Node) -> Option<usize> {
    match &root.get("resources")?.data {
        Data::List(items) => Some(items.len()),
        _ => None,
    }
}

fn reading(resource: &Value) -> Value {
    let kept = READING.iter().filter_map(|key| Some((key.to_string(), resource.get(key)?.clone())));
    Value::Object(kept.collect())
}

fn resource_path(folder: &str, path: &str) -> Result<String, String> {
    if path.contains("://") {
        return Err(format!("the path `{path}` is an address; download it and name the file"));
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        let leaves = match part {
            "" => parts.is_empty(),
            "." => false,
            ".." => parts.pop().is_none(),
            part => {
                parts.push(part);
                part.contains('\\')
            }
        };
        if leaves {
            return Err(format!(
                "the path `{path}` must stay inside the folder of the data package"
            ));
        }
    }
    match parts.is_empty() {
        true => Err(format!("the path `{path}` is not the path of a file")),
        false if folder.is_empty() => Ok(parts.join("/")),
        false => Ok(format!("{folder}/{}", parts.join("/"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> BTreeMap<String, Source> {
        let (package, found) = parse("raw/datapackage.yaml", text.as_bytes());
        assert_eq!(found, []);
        package.sources
    }

    fn mistakes(text: &str) -> (Package, Vec<String>) {
        let (package, found) = parse("raw/datapackage.yaml", text.as_bytes());
        (package, found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_corrected_title_is_not_read() {
        let package = |title: &str| {
            sources(&format!(
                "resources:\n- name: a\n  path: a.csv\n  title: {title}\n  labels: [published]\n"
            ))
        };
        assert_eq!(package("x")["a"].reading, package("y")["a"].reading);
        assert_eq!(package("x")["a"].path, "raw/a.csv");
        assert!(package("x")["a"].labels.contains("published"));
    }

    #[test]
    fn every_mistake_and_what_is_known_all_the_same() {
        let (package, found) = mistakes(
            "resources:\n- name: a\n  path: ../a.csv\n- name: b\n  path: [b.csv]\n- name: c\n  \
             path: c.csv\n- name: c\n  path: d.csv\n",
        );
        assert_eq!(
            found,
            [
                "raw/datapackage.yaml:2:3: the path `../a.csv` must stay inside the folder of the \
                 data package",
                "raw/datapackage.yaml:5:9: `resources[1].path` must be text, not a list",
                "raw/datapackage.yaml:8:3: two resources are named `c`",
            ]
        );
        let judged = |name: &str| !package.is_mistaken(name);
        assert_eq!(["a", "b", "c", "d"].map(judged), [false, false, true, true]);
        let (package, _) = mistakes("resources:\n- path: a.csv\n- name: b\n  path: b.csv\n");
        assert!(package.is_mistaken("a") && !package.is_mistaken("b"));
        let (package, _) = mistakes("resources: 3\n");
        assert!(package.is_mistaken("a"));
    }

    #[test]
    fn places_within_a_description() {
        let text = "resources:\n- name: a\n  path: a.csv\n  schema:\n    fields:\n    - \
        name: x\n    \
                    - name: y\n      type: dat\n";
        let source = &sources(text)["a"];
        let place = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            let place = source.place(&path);
            (place.line, place.column)
        };
        assert_eq!(place(&["schema", "fields", "1", "type"]), (8, 13));
        assert_eq!(place(&["schema", "fields", "1", "format"]), (7, 7));
        assert_eq!(place(&["schema", "fields"]), (5, 5));
        assert_eq!(place(&["schema", "fields", "7"]), (5, 5));
        assert_eq!(place(&["dialect"]), (2, 3));
        assert_eq!(place(&[]), (2, 3));
    }
}
