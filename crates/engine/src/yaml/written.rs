//! How the values of a YAML file are written, letter for letter.
//!
//! A number is not only a number: `007` and `1e3` are what somebody wants to
//! see again in paths and commands.

use std::ops::Range;

use serde_json::Value;

use super::{Data, Document, Node, quotable};
use crate::diagnostic::Place;

impl Document {
    /// Where a part of a text stands, of which `value` is what the text says.
    ///
    /// YAML may write a text in other letters than it means, but hardly the two
    /// that a part begins with, `{{`: the same pair of them is looked for.
    pub fn place_within(&self, node: &Node, value: &str, part: Range<usize>) -> Place {
        let whole = self.place(node);
        let source = self.source(node);
        let bytes = value.as_bytes();
        let Some(begin) = bytes.get(part.start..part.start + 2) else { return whole };
        let pairs = |text: &str| -> Vec<usize> {
            (0..text.len()).filter(|at| text.as_bytes()[*at..].starts_with(begin)).collect()
        };
        let (meant, written) = (pairs(value), pairs(source));
        let Some(nth) = meant.iter().position(|at| *at == part.start) else { return whole };
        if meant.len() != written.len() {
            return whole;
        }
        let at = node.source.0 + written[nth];
        let line = self.lines.partition_point(|begin| *begin <= at);
        let begin = self.lines[line - 1];
        let text = quotable(self.text[begin..].lines().next().unwrap_or("")).to_string();
        let column = self.text[begin..at].chars().count() + 1;
        let rest = (text.chars().count() + 1).saturating_sub(column);
        let wide = value[part].chars().count().min(rest).max(1);
        Place { path: self.path.clone(), line, column, width: wide, text }
    }

    /// How a node is written.
    pub fn source(&self, node: &Node) -> &str {
        self.text.get(node.source.0..node.source.1).unwrap_or("")
    }

    /// A node as a JSON value in which numbers, `true`, `false` and nothing are
    /// the words that were written, where these are not the only ones possible:
    /// `007`, `1e3` and `~` are texts, 7 is a number.
    pub fn written(&self, node: &Node) -> Value {
        match &node.data {
            Data::List(items) => items.iter().map(|item| self.written(item)).collect(),
            Data::Map(entries) => {
                let entry = |(key, value): &(Node, Node)| {
                    (key.text().unwrap_or("").to_string(), self.written(value))
                };
                Value::Object(entries.iter().map(entry).collect())
            }
            Data::Text(text) => text.as_str().into(),
            Data::Null | Data::Bool(_) | Data::Integer(_) | Data::Float(_) => {
                let source = self.source(node);
                let plain = !source.is_empty() && !source.starts_with(['"', '\'', '|', '>']);
                if plain && usual(&node.data) != source { source.into() } else { node.value() }
            }
        }
    }
}

/// How a value is written where nobody says how.
fn usual(data: &Data) -> String {
    match data {
        Data::Bool(value) => value.to_string(),
        Data::Integer(value) => value.to_string(),
        Data::Float(value) if value.fract() == 0.0 => format!("{value:.1}"),
        Data::Float(value) => value.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(text: &str) -> Document {
        Document::parse("p.yaml", text.as_bytes()).expect("valid")
    }

    #[test]
    fn what_is_written_is_kept() {
        let text = "a: [001, 007, 1_000, 1e3, 1.10, 0x1F, 20240131123456789012, +5, .5, 1E3, -0]";
        let words: Vec<_> = text[4..text.len() - 1].split(", ").collect();
        assert_eq!(document(text).written(&document(text).root), json!({ "a": words }));
        let text = "a: [~, null, True, 12345678901234567890, 1e20, &x 007, *x]";
        let words = json!(["~", "null", "True", "12345678901234567890", "1e20", "007", "007"]);
        assert_eq!(document(text).written(&document(text).root), json!({ "a": words }));
    }

    #[test]
    fn what_can_be_written_in_one_way_only_is_a_value() {
        let text = "a: [1, -7, 1.5, 100.0, true, '007', 2024-01-01, 0.0000001]\nb:\n";
        let value = json!({
            "a": [1, -7, 1.5, 100.0, true, "007", "2024-01-01", 0.000_000_1], "b": null,
        });
        assert_eq!(document(text).written(&document(text).root), value);
    }

    #[test]
    fn numbers_that_begin_with_zeros_are_whole() {
        let value = json!({ "a": [7, -7, 0, 1.0] });
        assert_eq!(document("a: [007, -007, 00, 1.0]").root.value(), value);
    }

    #[test]
    fn places_within_texts() {
        for (text, expected) in [
            ("a: x {{ b }} {{ c }}", (1, 14)),
            ("a: 'it''s {{ b }} {{ c }}'", (1, 19)),
            ("a: \"\\t\\u0041 {{ b }} {{ c }}\"", (1, 22)),
            ("ä: |\n  two {{ b }}\n  x {{ c }}\n", (3, 5)),
            ("a: >-\n  two {{ b }}\n  x {{ c }}\n", (3, 5)),
            ("a: &x 'ä {{ b }} {{ c }}'\nb: *x", (1, 18)),
            // A brace that is not written as one: the whole text.
            ("a: \"{{ b }} \\x7b{ c }}\"", (1, 4)),
        ] {
            let document = document(text);
            let (_, node) = document.root.entries().last().expect("an entry");
            let value = node.text().expect("a text");
            let part = value.rfind("{{").expect("a part")..value.len();
            let place = document.place_within(node, value, part);
            assert_eq!((place.line, place.column), expected, "{text}");
        }
    }
}
