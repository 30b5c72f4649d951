//! YAML text as a tree that knows where each key and value stands.

mod parse;
mod written;

use serde_json::Value;

use crate::diagnostic::Place;

/// A YAML file: its path, its text and its tree.
#[derive(Clone, Debug)]
pub struct Document {
    /// The path, relative to the project.
    pub path: String,
    /// The text without a byte order mark.
    pub text: String,
    /// The tree.
    pub root: Node,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
}

/// A node of the tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The length in characters; 1 for lists and maps.
    pub width: usize,
    /// Where it is written, in bytes of the text; of an alias, what it stands for.
    pub source: (usize, usize),
    /// What stands there.
    pub data: Data,
}

/// The value of a node.
#[derive(Clone, Debug)]
pub enum Data {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file; keys are text.
    Map(Vec<(Node, Node)>),
}

impl Document {
    /// Where a node stands.
    pub fn place(&self, node: &Node) -> Place {
        let begin = self.lines.get(node.line.saturating_sub(1)).copied().unwrap_or(0);
        let text = quotable(self.text[begin..].lines().next().unwrap_or(""));
        let (path, text) = (self.path.clone(), text.to_string());
        Place { path, line: node.line, column: node.column, width: node.width.max(1), text }
    }

    /// The key and the value at a path of keys, as far as the path goes.
    pub fn nearest<'a>(&'a self, path: &[&str]) -> Option<(&'a Node, &'a Node)> {
        self.root.nearest(path)
    }

    /// Where the key at a path stands; the whole file if it is not there.
    pub fn key_place(&self, path: &[&str]) -> Place {
        self.nearest(path).map_or_else(|| Place::file(&self.path), |(key, _)| self.place(key))
    }

    /// Where the value at a path stands; the whole file if it is not there.
    pub fn value_place(&self, path: &[&str]) -> Place {
        self.nearest(path).map_or_else(|| Place::file(&self.path), |(_, value)| self.place(value))
    }
}

impl Node {
    /// The entry of a key in a map; the last one where a key stands twice.
    pub fn entry(&self, name: &str) -> Option<(&Node, &Node)> {
        self.entries().iter().rev().find(|(key, _)| key.text() == Some(name)).map(|(k, v)| (k, v))
    }

    /// The key and the value at a path of keys below this node, as far as the
    /// path goes.
    ///
    /// Where a key of the path is missing, the entry of the last one that is
    /// there; `None` if not even the first one is.
    pub fn nearest(&self, path: &[&str]) -> Option<(&Node, &Node)> {
        let mut found = None;
        let mut node = self;
        for name in path {
            let Some((key, value)) = node.entry(name) else { break };
            found = Some((key, value));
            node = value;
        }
        found
    }

    /// The value of a key in a map.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|(_, value)| value)
    }

    /// An item of a list.
    pub fn item(&self, index: usize) -> Option<&Node> {
        match &self.data {
            Data::List(items) => items.get(index),
            _ => None,
        }
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The line that the node's last part begins in.
    pub fn last_line(&self) -> usize {
        match &self.data {
            Data::Map(entries) => entries.last().map_or(self.line, |(_, value)| value.last_line()),
            Data::List(items) => items.last().map_or(self.line, Node::last_line),
            _ => self.line,
        }
    }

    /// The text of a text node.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The node as a JSON value, without positions.
    pub fn value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => (*value).into(),
            Data::Integer(value) => (*value).into(),
            Data::Float(value) => (*value).into(),
            Data::Text(value) => value.as_str().into(),
            Data::List(items) => items.iter().map(Node::value).collect(),
            Data::Map(entries) => Value::Object(
                entries.iter().map(|(k, v)| (k.text().unwrap_or("").into(), v.value())).collect(),
            ),
        }
    }

    /// The kind of value, in the words of messages.
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Null => "empty",
            Data::Bool(_) => "true or false",
            Data::Integer(_) => "a whole number",
            Data::Float(_) => "a number",
            Data::Text(_) => "text",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }
}

/// A line, if it is no longer than people write them: a file of one long line
/// has as many places as keys, and each would hold the whole file.
fn quotable(line: &str) -> &str {
    if line.len() > 2_000 { "" } else { line }
}
