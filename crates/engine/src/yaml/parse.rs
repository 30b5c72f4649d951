//! Reads YAML text as a tree.
//!
//! The only file that knows which YAML crate is used.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, Spanned};

use super::{Data, Document, Node, quotable};
use crate::diagnostic::{Checked, Diagnostic, Kind, Place};

impl Document {
    /// Parses the bytes of the file at `path`.
    pub fn parse(path: &str, bytes: &[u8]) -> Checked<Self> {
        let text = decode(path, bytes).map_err(|problem| vec![problem])?;
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            strict_booleans: true,
            with_snippet: false,
            budget: serde_saphyr::budget! { max_nodes: 4_000_000, max_events: 8_000_000,
                max_aliases: 10_000, max_anchors: 1_000 },
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 20_000 },
        };
        match serde_saphyr::from_str_with_options::<Node>(text, options) {
            Ok(mut root) => {
                settle(&mut root, text);
                let ends = text.match_indices('\n').map(|(at, _)| at + 1);
                let lines = std::iter::once(0).chain(ends).collect();
                Ok(Document { path: path.into(), text: text.into(), root, lines })
            }
            Err(error) => Err(vec![syntax_error(path, text, &error)]),
        }
    }
}

/// Makes whole numbers of those that begin with zeros, `007`, which the parser
/// takes for fractions.
fn settle(node: &mut Node, text: &str) {
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(|item| settle(item, text)),
        Data::Map(entries) => entries.iter_mut().for_each(|(_, value)| settle(value, text)),
        Data::Float(_) => {
            let source = text.get(node.source.0..node.source.1).unwrap_or("");
            let digits = source.trim_start_matches(['+', '-']);
            if digits.bytes().all(|byte| byte.is_ascii_digit())
                && let Ok(value) = source.parse()
            {
                node.data = Data::Integer(value);
            }
        }
        _ => {}
    }
}

/// The place of a column of a line.
fn place(path: &str, text: &str, line: usize, column: usize, width: usize) -> Place {
    let text = quotable(text.lines().nth(line.saturating_sub(1)).unwrap_or("")).to_string();
    Place { path: path.into(), line, column, width: width.max(1), text }
}

/// The text of a file: UTF-8, with or without a byte order mark.
fn decode<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostic> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count();
        let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[begin..]).chars().count() + 1;
        let text = String::from_utf8_lossy(bytes);
        let bad = bytes[error.valid_up_to()];
        Diagnostic::new(Kind::Usage, format!("byte 0x{bad:02x} is not valid UTF-8"))
            .at(place(path, &text, line + 1, column, 1))
            .hint("save the file as UTF-8")
    })
}

fn syntax_error(path: &str, text: &str, error: &serde_saphyr::Error) -> Diagnostic {
    let whole = error.to_string();
    let message = whole.lines().next().unwrap_or("").trim_start_matches("error: ");
    let message = message.split(" at line ").next().unwrap_or(message);
    let breached = message.contains("budget breached");
    let message = match breached && !message.contains("Depth") {
        true => "the file is too large once its aliases are expanded",
        false if breached => "the file is nested too deeply",
        false if message.contains("alias replay") => "aliases (`*name`) expand to too much",
        false if message.contains("recursion limit") => "the file is nested too deeply",
        false => message
            .rsplit_once(": ")
            .filter(|(head, _)| head.starts_with("line "))
            .map_or(message, |(_, tail)| tail),
    };
    let mut diagnostic = Diagnostic::new(Kind::Usage, message);
    if let Some(location) = error.location() {
        let (line, column) = (location.line() as usize, location.column() as usize);
        let at = place(path, text, line, column, 1);
        if at.text.starts_with('\t') || at.text.trim_start_matches(' ').starts_with('\t') {
            diagnostic = diagnostic.hint("YAML is indented with spaces, this line has a tab");
        }
        diagnostic = diagnostic.at(at);
    } else {
        diagnostic = diagnostic.at(Place::file(path));
    }
    diagnostic
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Data>::deserialize(deserializer)?;
        let at = spanned.referenced;
        let width = match &spanned.value {
            Data::List(_) | Data::Map(_) | Data::Null => 1,
            _ => (at.span().len() as usize).max(1),
        };
        let (line, column) = (at.line() as usize, at.column() as usize);
        let source = source(&spanned.defined);
        Ok(Node { line, column, width, source, data: spanned.value })
    }
}

/// Where something is written, in bytes.
fn source(at: &Location) -> (usize, usize) {
    let begin = at.span().byte_offset().unwrap_or(0) as usize;
    (begin, begin + at.span().byte_len().unwrap_or(0) as usize)
}

/// A key of a map: text, whatever it looks like (`2024:` is the key `2024`).
struct Key(Node);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        let at = spanned.referenced;
        let width = (at.span().len() as usize).max(1);
        let (line, column) = (at.line() as usize, at.column() as usize);
        let source = source(&spanned.defined);
        Ok(Key(Node { line, column, width, source, data: Data::Text(spanned.value) }))
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(i64::try_from(value).map_or(Data::Float(value as f64), Data::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        Ok(Data::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(Data::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Data::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some((Key(key), value)) = access.next_entry()? {
            entries.push((key, value));
        }
        Ok(Data::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Document::parse("p.yaml", text.as_bytes()).expect_err("a mistake")[0].to_string()
    }

    #[test]
    fn positions() {
        let text = "\u{feff}a: 1\nb:\n  c: [x, 2024-01-01]\n";
        let document = Document::parse("p.yaml", text.as_bytes()).expect("valid");
        let (key, value) = document.nearest(&["b", "c"]).expect("there");
        assert_eq!((key.line, key.column), (3, 3));
        assert_eq!((value.line, value.column), (3, 6));
        assert_eq!(document.root.get("a").map(Node::value), Some(1.into()));
    }

    #[test]
    fn plain_words_stay_text() {
        let document = Document::parse("p.yaml", b"no: no\n2024: yes\n").expect("valid");
        assert_eq!(document.root.value(), serde_json::json!({"no": "no", "2024": "yes"}));
    }

    #[test]
    fn mistakes_of_syntax() {
        assert_eq!(
            problem("a: b: c"),
            "p.yaml:1:5: mapping values are not allowed in this context"
        );
        assert_eq!(problem("a: *x"), "p.yaml:1:4: alias references unknown anchor");
        assert!(problem(&"[".repeat(100_000)).contains("nested too deeply"));
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for i in 1..10 {
            let aliases = vec![format!("*a{}", i - 1); 10].join(",");
            bomb += &format!("a{i}: &a{i} [{aliases}]\n");
        }
        assert!(problem(&bomb).contains("expand"), "{}", problem(&bomb));
        let bad = Document::parse("p.yaml", b"a: 1\nb: \xff\n").expect_err("a mistake");
        assert_eq!(bad[0].to_string(), "p.yaml:2:4: byte 0xff is not valid UTF-8");
    }
}
