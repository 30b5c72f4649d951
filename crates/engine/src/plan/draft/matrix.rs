//! The matrix of a stage: its axes, and the cells that they make.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Kind};
use crate::plan::template::Scope;
use crate::yaml::{Data, Document, Node};

/// An axis has values; they are texts, numbers or booleans, without templates.
pub(super) fn check(group: &str, document: &Document, stage: &Node, found: &mut Vec<Diagnostic>) {
    let mut report = |node: &Node, message: String, hint: &str| {
        let mut problem = Diagnostic::new(Kind::Usage, message).at(document.place(node));
        problem.hints.extend((!hint.is_empty()).then(|| hint.to_string()));
        found.push(problem);
    };
    for (key, values) in stage.get("matrix").map_or(&[][..], Node::entries) {
        let axis = key.text().unwrap_or("");
        let Data::List(values) = &values.data else { continue };
        if values.is_empty() {
            report(key, format!("axis `{axis}` of stage `{group}` has no values"), "");
        }
        for value in values {
            let of = format!("of axis `{axis}` of stage `{group}`");
            match &value.data {
                Data::Bool(_) | Data::Integer(_) | Data::Float(_) => {}
                Data::Text(text) if text.contains("{{") => report(
                    value,
                    format!("a value {of} holds a template"),
                    "write the value as it is; templates are for what uses the axis",
                ),
                Data::Text(_) => {}
                Data::Null => report(
                    value,
                    format!("a value {of} is empty"),
                    "write it in quotes where a text is meant: `\"~\"`, `\"null\"`, `\"\"`",
                ),
                Data::List(_) | Data::Map(_) => report(
                    value,
                    format!("a value {of} is {}", value.kind()),
                    "an axis holds texts, numbers, `true` and `false`",
                ),
            }
        }
    }
}

/// The cells: their names, and what templates see as `matrix`. A stage without
/// a matrix has one cell without a name.
pub(super) fn cells(document: &Document, stage: &Node) -> Vec<(String, Scope)> {
    let mut cells = vec![(String::new(), Map::new(), Map::new())];
    for (axis, values) in stage.get("matrix").map_or(&[][..], Node::entries) {
        let axis = axis.text().unwrap_or("");
        let Data::List(values) = &values.data else { continue };
        let mut next = Vec::new();
        for (name, chosen, written) in &cells {
            for value in values {
                let words = document.written(value);
                let text = words.as_str().map_or_else(|| words.to_string(), String::from);
                let plain = |c: char| if c.is_alphanumeric() || "._".contains(c) { c } else { '_' };
                let part: String = text.chars().map(plain).collect();
                let name = if name.is_empty() { part } else { format!("{name}-{part}") };
                let with = |map: &Map<String, Value>, value: Value| {
                    let mut map = map.clone();
                    map.insert(axis.into(), value);
                    map
                };
                next.push((name, with(chosen, value.value()), with(written, words)));
            }
        }
        cells = next;
    }
    let scope = |(name, chosen, written)| {
        (name, Scope::new(&Value::Object(chosen), &Value::Object(written)))
    };
    cells.into_iter().map(scope).collect()
}

/// At most this many cells are made.
const CELLS: usize = 100_000;

/// That the matrices stand for more cells than can be planned.
pub(crate) fn too_many(document: &Document) -> Option<Diagnostic> {
    let values = |node: &Node| match &node.data {
        Data::List(items) => items.len(),
        _ => 1,
    };
    let mut all: usize = 0;
    for (key, stage) in document.root.get("stages").map_or(&[][..], Node::entries) {
        let axes = stage.get("matrix").map_or(&[][..], Node::entries);
        let cells = axes.iter().fold(1, |cells: usize, axis| cells.saturating_mul(values(&axis.1)));
        all = all.saturating_add(cells);
        if all > CELLS {
            let message = format!("the stages have more than {CELLS} cells");
            let at = stage.entry("matrix").map_or(key, |(key, _)| key);
            return Some(
                Diagnostic::new(Kind::Usage, message)
                    .at(document.place(at))
                    .hint("let a stage do the work of many cells"),
            );
        }
    }
    None
}
