//! Parameters and what replaces them: an override has the type of what it replaces.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Kind, Place, did_you_mean};
use crate::plan::template::Scope;
use crate::yaml::{Data, Document, Node};

/// The parameters of a pipeline, as values and as they were written.
pub(super) struct Params {
    values: Value,
    written: Value,
}

impl Params {
    /// Those that the pipeline declares.
    pub(super) fn of(document: &Document) -> Self {
        let node = document.root.get("params").filter(|node| matches!(node.data, Data::Map(_)));
        let empty = || Value::Object(Map::new());
        Params {
            values: node.map_or_else(empty, Node::value),
            written: node.map_or_else(empty, |node| document.written(node)),
        }
    }

    /// What templates see.
    pub(super) fn scope(&self) -> Scope {
        Scope::new(&self.values, &self.written)
    }

    /// Replaces those that a profile names.
    pub(super) fn replace_by_profile(
        &mut self,
        profile: &str,
        document: &Document,
        found: &mut Vec<Diagnostic>,
    ) {
        let profile = document.root.get("profiles").and_then(|node| node.get(profile));
        let params = profile.and_then(|node| node.get("params"));
        for (key, node) in params.map_or(&[][..], Node::entries) {
            let name = key.text().unwrap_or("");
            let path = match self.path(name) {
                Ok(path) => path,
                Err(problem) => {
                    found.push(problem.at(document.place(key)));
                    continue;
                }
            };
            match fitting(self.at(&path), node, document) {
                Some(pair) => self.set(&path, pair),
                None => {
                    let given = document.source(node).lines().next().unwrap_or("");
                    let problem = self.misfit(name, &path, given, node.kind());
                    found.push(problem.at(document.place(node)));
                }
            }
        }
    }

    /// Replaces one by what was written on the command line.
    pub(super) fn replace_by_text(
        &mut self,
        name: &str,
        text: &str,
        document: &Document,
        found: &mut Vec<Diagnostic>,
    ) {
        let path = match self.path(name) {
            Ok(path) => path,
            Err(problem) => {
                found.push(problem);
                return;
            }
        };
        match read(self.at(&path), text) {
            Ok(pair) => self.set(&path, pair),
            Err(kind) => {
                let keys: Vec<&str> =
                    std::iter::once("params").chain(path.iter().map(String::as_str)).collect();
                let place: Place = document.value_place(&keys);
                found.push(self.misfit(name, &path, text, kind).at(place));
            }
        }
    }

    /// The keys that lead to a parameter: a name, or with dots an entry of a map.
    fn path(&self, name: &str) -> Result<Vec<String>, Diagnostic> {
        if self.values.get(name).is_some() {
            return Ok(vec![name.into()]);
        }
        let (mut at, mut path) = (&self.values, Vec::new());
        for part in name.split('.') {
            let Value::Object(entries) = at else {
                let (outer, kind) = (path.join("."), kind(at));
                let message = format!("parameter `{outer}` is {kind}, which has no `{part}`");
                let hint = format!("replace it as a whole: `--param '{outer}=…'`");
                return Err(Diagnostic::new(Kind::Usage, message).hint(hint));
            };
            let Some(next) = entries.get(part) else {
                let message = format!("the pipeline has no parameter `{name}`");
                let mut problem = Diagnostic::new(Kind::Usage, message);
                problem.hints.push(
                    did_you_mean(part, entries.keys().map(String::as_str))
                        .unwrap_or_else(|| "declare it under `params:`".into()),
                );
                return Err(problem);
            };
            path.push(part.to_string());
            at = next;
        }
        Ok(path)
    }

    fn at(&self, path: &[String]) -> &Value {
        path.iter().fold(&self.values, |value, key| &value[key.as_str()])
    }

    fn set(&mut self, path: &[String], (value, written): (Value, Value)) {
        let slot = |tree, key: &String| -> &mut Value { index(tree, key) };
        *path.iter().fold(&mut self.values, slot) = value;
        *path.iter().fold(&mut self.written, slot) = written;
    }

    /// The mistake that what was given is not of the type of what it replaces.
    fn misfit(&self, name: &str, path: &[String], given: &str, is: &str) -> Diagnostic {
        let declared = self.at(path);
        let hint = match declared {
            Value::Bool(_) => "write `true` or `false`".into(),
            Value::Number(_) => "write a number".into(),
            Value::Array(_) => "write a list: `[…]`".into(),
            Value::Object(_) => format!("write a map, or replace an entry of it: `{name}.KEY`"),
            Value::String(_) | Value::Null => "put it in quotes".into(),
        };
        let given = match is {
            "a list" | "a map" => format!("not {is}"),
            _ => format!("and `{given}` is {is}"),
        };
        let message = format!("parameter `{name}` is {}, {given}", kind(declared));
        Diagnostic::new(Kind::Usage, message).hint(hint)
    }
}

fn index<'a>(tree: &'a mut Value, key: &str) -> &'a mut Value {
    &mut tree[key]
}

/// What is written on the command line as the type of what it replaces: the
/// value and the words, or else what it is.
fn read(declared: &Value, text: &str) -> Result<(Value, Value), &'static str> {
    let whole = |text: &str| (Value::from(text), Value::from(text));
    if declared.is_string() {
        // In double quotes, it is read as JSON writes texts.
        let quoted = text.starts_with('"').then(|| serde_json::from_str::<String>(text).ok());
        return Ok(whole(&quoted.flatten().unwrap_or_else(|| text.into())));
    }
    let document = Document::parse("--param", text.as_bytes()).ok().filter(|document| {
        let collection = matches!(document.root.data, Data::List(_) | Data::Map(_));
        // YAML takes off comments and white space, which were not meant as such.
        let all = document.source(&document.root) == text;
        if collection { text.starts_with(['[', '{']) } else { all }
    });
    match (document, declared) {
        (Some(document), _) => {
            fitting(declared, &document.root, &document).ok_or_else(|| document.root.kind())
        }
        (None, Value::Null) => Ok(whole(text)),
        (None, _) => Err("text"),
    }
}

/// A node as the type of what it replaces, where it can be that.
fn fitting(declared: &Value, node: &Node, document: &Document) -> Option<(Value, Value)> {
    let scalar = !matches!(node.data, Data::List(_) | Data::Map(_));
    let fits = match (declared, &node.data) {
        (Value::String(_), Data::Text(_)) => true,
        (Value::String(_), _) => {
            let text = Value::from(document.source(node));
            return scalar.then(|| (text.clone(), text));
        }
        (Value::Null, _)
        | (Value::Bool(_), Data::Bool(_))
        | (Value::Number(_), Data::Integer(_) | Data::Float(_))
        | (Value::Array(_), Data::List(_))
        | (Value::Object(_), Data::Map(_)) => true,
        _ => false,
    };
    fits.then(|| (node.value(), document.written(node)))
}

/// The kind of a value, in the words of messages.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
