//! Holds a YAML tree against the JSON schema of a Rust type and reports every
//! mistake with its position.
//!
//! The schema comes from the type itself (`schemars`), so the program, the
//! editor and the documentation agree on what may be written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Kind, did_you_mean};
use crate::yaml::{Data, Document, Node};

/// Every place where `node` differs from `schema`; `path` is its name in messages.
pub fn check(document: &Document, node: &Node, path: &str, schema: &Value) -> Vec<Diagnostic> {
    let mut checker = Checker::new(document, schema);
    checker.check(node, path, schema);
    checker.found
}

/// The same for a whole file, which is also given back without what is wrong
/// in it, so that the rest can be looked at for mistakes of other kinds.
pub fn check_all(document: &Document, schema: &Value) -> (Vec<Diagnostic>, Option<Node>) {
    let mut checker = Checker::new(document, schema);
    checker.check(&document.root, "", schema);
    let rest = (!checker.found.is_empty()).then(|| prune(&document.root, &checker.wrong));
    (checker.found, rest)
}

/// The words of a schema that are not looked at here, and so would promise what
/// nobody checks; notes for readers are none.
pub fn ignored(schema: &Value) -> BTreeSet<&str> {
    const NOTES: [&str; 5] = ["$schema", "title", "description", "default", "format"];
    const CHECKED: [&str; 9] = [
        "$ref",
        "type",
        "enum",
        "const",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "uniqueItems",
    ];
    let mut found = BTreeSet::new();
    for (word, inner) in schema.as_object().into_iter().flatten() {
        let inner: Vec<&Value> = match word.as_str() {
            "properties" | "$defs" => inner.as_object().into_iter().flat_map(Map::values).collect(),
            "anyOf" | "oneOf" => inner.as_array().into_iter().flatten().collect(),
            "items" | "additionalProperties" => vec![inner],
            "required" => Vec::new(),
            word if NOTES.contains(&word) || CHECKED.contains(&word) => Vec::new(),
            word => {
                found.insert(word);
                Vec::new()
            }
        };
        found.extend(inner.into_iter().flat_map(ignored));
    }
    found
}

/// A tree without the keys and values that stand at the given places.
fn prune(node: &Node, wrong: &BTreeSet<Position>) -> Node {
    let keep = |node: &Node| !wrong.contains(&position(node));
    let data = match &node.data {
        Data::Map(entries) => {
            let kept = entries.iter().filter(|(key, value)| keep(key) && keep(value));
            Data::Map(kept.map(|(key, value)| (key.clone(), prune(value, wrong))).collect())
        }
        Data::List(items) => {
            Data::List(items.iter().filter(|item| keep(item)).map(|i| prune(i, wrong)).collect())
        }
        leaf => leaf.clone(),
    };
    Node { data, ..*node }
}

/// Where a node stands: its line, its column, and whether it is a collection,
/// since a map begins where its first key does.
type Position = (usize, usize, bool);

fn position(node: &Node) -> Position {
    (node.line, node.column, matches!(node.data, Data::Map(_) | Data::List(_)))
}

struct Checker<'a> {
    document: &'a Document,
    definitions: &'a Value,
    found: Vec<Diagnostic>,
    wrong: BTreeSet<Position>,
    /// The key of the map that is being looked at.
    owner: Option<Node>,
}

impl<'a> Checker<'a> {
    fn new(document: &'a Document, schema: &'a Value) -> Self {
        let definitions = &schema["$defs"];
        Checker { document, definitions, found: Vec::new(), wrong: BTreeSet::new(), owner: None }
    }

    fn check(&mut self, node: &Node, path: &str, schema: &'a Value) {
        let Some(schema) = self.resolve(schema).as_object() else { return };
        for word in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(word).and_then(Value::as_array) {
                return self.check_branches(node, path, branches);
            }
        }
        if !accepts(schema, node) {
            let expected = words(&types(schema));
            return self
                .report(node, format!("{} must be {expected}, not {}", name(path), node.kind()));
        }
        self.check_choice(node, path, schema);
        match &node.data {
            Data::Map(entries) => self.check_map(node, entries, path, schema),
            Data::List(items) => {
                self.check_length(node, items.len(), path, schema);
                self.check_unique(items, path, schema);
                if let Some(schema) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.check(item, &format!("{path}[{index}]"), schema);
                    }
                }
            }
            _ => {}
        }
    }

    fn check_unique(&mut self, items: &[Node], path: &str, schema: &Map<String, Value>) {
        if schema.get("uniqueItems") != Some(&Value::Bool(true)) {
            return;
        }
        let mut seen = Vec::new();
        for item in items {
            let value = item.value();
            if seen.contains(&value) {
                self.report(item, format!("{} holds `{}` twice", name(path), plain(&value)));
            }
            seen.push(value);
        }
    }

    fn check_length(
        &mut self,
        node: &Node,
        length: usize,
        path: &str,
        schema: &Map<String, Value>,
    ) {
        let limit = |word: &str| schema.get(word).and_then(Value::as_u64);
        let (least, most) = (limit("minItems"), limit("maxItems"));
        let expected = match (least, most) {
            (Some(least), Some(most)) if least == most => format!("have {least} entries"),
            (Some(least), _) if (length as u64) < least => format!("have at least {least} entries"),
            (_, Some(most)) if length as u64 > most => format!("have at most {most} entries"),
            _ => return,
        };
        let length = length as u64;
        if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
            self.report(node, format!("{} must {expected}, not {length}", name(path)));
        }
    }

    fn check_map(
        &mut self,
        node: &Node,
        entries: &[(Node, Node)],
        path: &str,
        schema: &'a Map<String, Value>,
    ) {
        let empty = Map::new();
        let owner = self.owner.take().unwrap_or(Node { data: Data::Null, ..*node });
        let properties = schema.get("properties").and_then(Value::as_object);
        let more = schema.get("additionalProperties");
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (key, value) in entries {
            let text = key.text().unwrap_or("");
            if let Some(line) = seen.get(text) {
                self.report(key, format!("`{text}` stands twice, first in line {line}"));
                continue;
            }
            seen.insert(text, key.line);
            let inner = if path.is_empty() { text.to_string() } else { format!("{path}.{text}") };
            match (properties.and_then(|properties| properties.get(text)), more) {
                (Some(schema), _) => self.check_entry(key, value, &inner, schema),
                (None, Some(Value::Bool(false))) => {
                    let known = properties.unwrap_or(&empty).keys().map(String::as_str);
                    let place = self.document.place(key);
                    let message = format!("unknown key `{text}` in {}", name(path));
                    let mut problem = Diagnostic::new(Kind::Usage, message).at(place);
                    problem.hints.extend(did_you_mean(text, known));
                    self.found.push(problem);
                    self.wrong.insert(position(key));
                }
                (None, Some(schema @ Value::Object(_))) => {
                    self.check_entry(key, value, &inner, schema);
                }
                (None, _) => {}
            }
        }
        for required in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let required = required.as_str().unwrap_or("");
            if node.get(required).is_none() {
                self.lack(&owner, format!("{} lacks `{required}`", name(path)));
            }
        }
    }

    fn check_entry(&mut self, key: &Node, value: &Node, path: &str, schema: &'a Value) {
        self.owner = Some(key.clone());
        self.check(value, path, schema);
        self.owner = None;
    }

    /// Checks against the branch that a value of this kind must mean.
    fn check_branches(&mut self, node: &Node, path: &str, branches: &'a [Value]) {
        // Documented variants of an enumeration come as one constant a branch.
        let constants: Vec<_> =
            branches.iter().filter_map(|branch| self.resolve(branch).get("const")).collect();
        if constants.len() == branches.len() {
            return self.check_constants(node, path, &constants);
        }
        let fitting = branches.iter().find(|branch| {
            self.resolve(branch).as_object().is_some_and(|schema| accepts(schema, node))
        });
        if let Some(branch) = fitting {
            return self.check(node, path, branch);
        }
        let mut expected = Vec::new();
        for branch in branches {
            if let Some(schema) = self.resolve(branch).as_object() {
                expected.extend(types(schema).into_iter().filter(|kind| *kind != "null"));
            }
        }
        let expected = words(&expected);
        self.report(node, format!("{} must be {expected}, not {}", name(path), node.kind()));
    }

    fn check_constants(&mut self, node: &Node, path: &str, choices: &[&Value]) {
        let value = node.value();
        if choices.contains(&&value) {
            return;
        }
        let known: Vec<_> = choices.iter().map(|choice| plain(choice)).collect();
        let known = known.iter().map(String::as_str);
        let message = format!("{} can't be `{}`", name(path), plain(&value));
        let mut problem = Diagnostic::new(Kind::Usage, message).at(self.document.place(node));
        problem.hints.extend(did_you_mean(&plain(&value), known));
        self.found.push(problem);
        self.wrong.insert(position(node));
    }

    fn check_choice(&mut self, node: &Node, path: &str, schema: &Map<String, Value>) {
        let value = node.value();
        let choices: Vec<_> = match (schema.get("enum"), schema.get("const")) {
            (Some(Value::Array(choices)), _) => choices.iter().collect(),
            (_, Some(only)) => vec![only],
            _ => Vec::new(),
        };
        if !choices.is_empty() {
            self.check_constants(node, path, &choices);
        }
        let number = value.as_f64();
        for (word, relation, wrong) in [
            ("minimum", "at least", (|value, limit| value < limit) as fn(f64, f64) -> bool),
            ("maximum", "at most", |value, limit| value > limit),
        ] {
            if let (Some(number), Some(limit)) = (number, schema.get(word).and_then(Value::as_f64))
                && wrong(number, limit)
            {
                self.report(node, format!("{} must be {relation} {limit}", name(path)));
            }
        }
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let name = reference.trim_start_matches("#/$defs/");
                self.definitions.get(name).unwrap_or(schema)
            }
            None => schema,
        }
    }

    /// Something is not there; what is there is not wrong.
    fn lack(&mut self, owner: &Node, message: String) {
        let place = self.document.place(owner);
        self.found.push(Diagnostic::new(Kind::Usage, message).at(place));
    }

    fn report(&mut self, node: &Node, message: String) {
        let place = self.document.place(node);
        self.found.push(Diagnostic::new(Kind::Usage, message).at(place));
        self.wrong.insert(position(node));
    }
}

/// The JSON types that a schema names; none where it takes anything.
fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn accepts(schema: &Map<String, Value>, node: &Node) -> bool {
    let types = types(schema);
    types.is_empty()
        || types.iter().any(|kind| {
            matches!(
                (*kind, &node.data),
                ("null", Data::Null)
                    | ("boolean", Data::Bool(_))
                    | ("integer", Data::Integer(_))
                    | ("number", Data::Integer(_) | Data::Float(_))
                    | ("string", Data::Text(_))
                    | ("array", Data::List(_))
                    | ("object", Data::Map(_))
            )
        })
}

/// JSON types in the words of messages.
fn words(types: &[&str]) -> String {
    let mut words: Vec<_> = types
        .iter()
        .map(|kind| match *kind {
            "null" => "empty",
            "boolean" => "true or false",
            "integer" => "a whole number",
            "number" => "a number",
            "string" => "text",
            "array" => "a list",
            _ => "a map",
        })
        .collect();
    words.dedup();
    words.retain(|word| *word != "empty");
    words.join(" or ")
}

fn name(path: &str) -> String {
    if path.is_empty() { "the file".into() } else { format!("`{path}`") }
}

/// A value as it is written in YAML.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is wrong with a list.
    fn told(list: &str, schema: Value) -> Vec<String> {
        let text = format!("x: {list}\n");
        let document = Document::parse("p.yaml", text.as_bytes()).expect("YAML");
        let schema = json!({ "properties": { "x": schema } });
        check(&document, &document.root, "", &schema).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lists_have_their_length() {
        let four = json!({ "type": "array", "minItems": 4, "maxItems": 4 });
        assert_eq!(told("[1, 2, 3, 4]", four.clone()), [""; 0]);
        let wrong = told("[1, 2, 3]", four.clone());
        assert_eq!(wrong, ["p.yaml:1:4: `x` must have 4 entries, not 3"]);
        let wrong = told("[1, 2, 3, 4, 5]", four);
        assert_eq!(wrong, ["p.yaml:1:4: `x` must have 4 entries, not 5"]);
        let some = json!({ "type": "array", "minItems": 1 });
        assert_eq!(told("[]", some), ["p.yaml:1:4: `x` must have at least 1 entries, not 0"]);
        let few = json!({ "type": "array", "maxItems": 1 });
        assert_eq!(told("[1, 2]", few), ["p.yaml:1:4: `x` must have at most 1 entries, not 2"]);
    }

    #[test]
    fn sets_hold_a_value_once() {
        let set = json!({ "type": "array", "uniqueItems": true });
        assert_eq!(told("[1, 2]", set.clone()), [""; 0]);
        assert_eq!(told("[a, b, a]", set), ["p.yaml:1:11: `x` holds `a` twice"]);
    }

    #[test]
    fn words_that_are_not_looked_at() {
        let schema = json!({ "$defs": { "a": { "pattern": "x" } }, "items": { "minLength": 1 } });
        assert_eq!(ignored(&schema).into_iter().collect::<Vec<_>>(), ["minLength", "pattern"]);
    }
}
