//! Templates in `pipeline.yaml`: minijinja, strict and bounded, expressions only.
//!
//! What is inserted into text is what somebody wrote, letter for letter.

// What something may be, and what may be wrong with it.
pub(crate) mod mistake;
mod context;
mod cut;
mod inserted;
mod language;
mod evaluate;

// Where it stands.
mod code;
mod shell;
mod told;

use minijinja::value::ValueKind;
use serde_json::Value as Json;

pub(crate) use context::{Context, Scope};

use crate::yaml::{Data, Node};
use code::Watch;
use cut::{Hole, Piece, cut};
use evaluate::{Names, reason, whole};
use inserted::{Inserted, quoted};
use mistake::{Mistake, Result};

/// Templates over what a context holds.
pub(crate) struct Templates {
    names: Names,
}

impl Templates {
    /// Templates over the given names.
    pub(crate) fn new(context: &Context) -> Self {
        Templates { names: Names::new(context) }
    }

    /// Text with its templates filled in.
    pub(crate) fn text(&self, text: &str) -> Result<String> {
        let pieces = cut(text).map_err(|mistake| vec![mistake])?;
        let (mut filled, mut found) = (String::new(), Vec::new());
        for piece in &pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Hole(hole) => match self.insert(hole) {
                    Ok(Inserted::One(text)) => filled.push_str(&text),
                    Ok(Inserted::Many(_)) => {
                        match self.names.evaluate(hole, true).and_then(whole) {
                            Ok(text) => filled.push_str(&text),
                            Err(mistakes) => found.extend(at(hole, mistakes)),
                        }
                    }
                    Err(mistakes) => found.extend(mistakes),
                },
            }
            if filled.len() > language::WHOLE {
                return Err(vec![too_long(piece)]);
            }
        }
        if found.is_empty() { Ok(filled) } else { Err(found) }
    }

    /// A shell command with its templates filled in; what is inserted is quoted.
    pub(crate) fn command(&self, text: &str) -> Result<String> {
        let pieces = cut(text).map_err(|mistake| vec![mistake])?;
        let holes = || pieces.iter().filter_map(hole);
        let (mut inserted, mut found) = (Vec::new(), Vec::new());
        for hole in holes() {
            match self.insert(hole) {
                Ok(value) => inserted.push(Some(value)),
                Err(mistakes) => {
                    inserted.push(None);
                    found.extend(mistakes);
                }
            }
        }
        let spots = shell::spots(&pieces, &inserted);
        for (hole, spot) in holes().zip(&spots) {
            if let Err(wrong) = spot {
                found.push(told::misplaced(wrong, hole.expression, hole.at.clone()));
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        let mut filled = String::new();
        let mut values = inserted.iter().flatten().zip(spots);
        for piece in &pieces {
            match (piece, piece_value(piece, &mut values)) {
                (Piece::Text(text), _) => filled.push_str(text),
                (_, Some((Inserted::One(text), spot))) => {
                    filled.push_str(&quoted(text, spot == Ok(true)));
                }
                (_, Some((Inserted::Many(texts), _))) => {
                    let words: Vec<_> = texts.iter().map(|text| quoted(text, false)).collect();
                    filled.push_str(&words.join(" "));
                }
                (Piece::Hole(_), None) => {}
            }
            if filled.len() > language::WHOLE {
                return Err(vec![too_long(piece)]);
            }
        }
        Ok(filled)
    }

    /// The arguments that the elements of a command list stand for. A mistake
    /// comes with the position of its element.
    pub(crate) fn arguments(
        &self,
        list: &[String],
    ) -> std::result::Result<Vec<String>, Vec<(usize, Mistake)>> {
        let (mut arguments, mut found) = (Vec::new(), Vec::new());
        let mut watch = Watch::default();
        for (index, text) in list.iter().enumerate() {
            let filled = match single(text) {
                Some(hole) => self.argument(&hole),
                None => self.text(text).map(Inserted::One),
            };
            let pieces = cut(text).unwrap_or_default();
            if let Some(first) = pieces.iter().find_map(hole)
                && let Some(program) = watch.executes(&text[..first.at.start])
            {
                let mistake = told::executed_of_list(program, first.expression, first.at.clone());
                found.push((index, mistake));
            }
            let filled = match filled {
                Ok(Inserted::One(text)) => vec![text],
                Ok(Inserted::Many(texts)) => texts,
                Err(mistakes) => {
                    found.extend(mistakes.into_iter().map(|mistake| (index, mistake)));
                    continue;
                }
            };
            filled.iter().for_each(|text| watch.push(text));
            arguments.extend(filled);
        }
        if found.is_empty() { Ok(arguments) } else { Err(found) }
    }

    /// A node with the templates in its texts filled in; a text that is nothing
    /// but one expression becomes its value. Problems go to `report`.
    pub(crate) fn node(&self, node: &Node, report: &mut dyn FnMut(&Node, Mistake)) -> Node {
        let filled = match &node.data {
            Data::Text(text) if text.contains('{') => match self.value(text) {
                Ok(value) => data(node, &value),
                Err(mistakes) => {
                    mistakes.into_iter().for_each(|mistake| report(node, mistake));
                    node.data.clone()
                }
            },
            Data::List(items) => {
                Data::List(items.iter().map(|item| self.node(item, report)).collect())
            }
            Data::Map(entries) => {
                Data::Map(entries.iter().map(|(k, v)| (k.clone(), self.node(v, report))).collect())
            }
            other => other.clone(),
        };
        Node { data: filled, ..*node }
    }

    /// The value of text: where it is a single `{{ … }}`, the value itself with its type.
    fn value(&self, text: &str) -> Result<Json> {
        let Some(hole) = single(text) else { return self.text(text).map(Json::from) };
        let value = self.names.evaluate(&hole, true).map_err(|mistakes| at(&hole, mistakes))?;
        serde_json::to_value(&value)
            .map_err(|error| vec![Mistake::new(error.to_string(), hole.at.clone())])
    }

    /// What an expression stands for as an argument: a map is JSON.
    fn argument(&self, hole: &Hole) -> Result<Inserted> {
        match self.names.evaluate(hole, true) {
            Ok(map) if map.kind() == ValueKind::Map => match serde_json::to_string(&map) {
                Ok(text) if text.len() <= language::TEXT => Ok(Inserted::One(text)),
                _ => self.insert(hole),
            },
            _ => self.insert(hole),
        }
    }

    /// What an expression inserts into text.
    fn insert(&self, hole: &Hole) -> Result<Inserted> {
        let inserted = self.names.evaluate(hole, false).and_then(|value| match value.kind() {
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().map_err(|error| vec![reason(&error)])?;
                items.map(whole).collect::<Result<_>>().map(Inserted::Many)
            }
            _ => whole(value).map(Inserted::One),
        });
        inserted.map_err(|mistakes| at(hole, mistakes))
    }
}

/// The expression of a text that is nothing but `{{ expression }}`.
fn single(text: &str) -> Option<Hole<'_>> {
    let trimmed = text.trim();
    let begin = text.len() - text.trim_start().len();
    match &cut(trimmed).ok()?[..] {
        [Piece::Hole(hole)] => {
            let at = hole.at.start + begin..hole.at.end + begin;
            Some(Hole { expression: hole.expression, at })
        }
        _ => None,
    }
}

fn hole<'a, 'b>(piece: &'a Piece<'b>) -> Option<&'a Hole<'b>> {
    match piece {
        Piece::Hole(hole) => Some(hole),
        Piece::Text(_) => None,
    }
}

fn piece_value<T>(piece: &Piece, values: &mut impl Iterator<Item = T>) -> Option<T> {
    hole(piece).and_then(|_| values.next())
}

/// Mistakes of an expression, at its place.
fn at(hole: &Hole, mistakes: Vec<Mistake>) -> Vec<Mistake> {
    mistakes.into_iter().map(|mistake| Mistake { at: hole.at.clone(), ..mistake }).collect()
}

fn too_long(piece: &Piece) -> Mistake {
    let at = hole(piece).map_or(0..0, |hole| hole.at.clone());
    Mistake::new("the templates of this text make more than 16 MiB", at)
}

fn data(node: &Node, value: &Json) -> Data {
    let wrap = |value: &Json| Node { data: data(node, value), ..*node };
    match value {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Data::Integer(integer),
            None => Data::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Data::Text(text.clone()),
        Json::Array(items) => Data::List(items.iter().map(wrap).collect()),
        Json::Object(entries) => {
            Data::Map(entries.iter().map(|(k, v)| (wrap(&k.as_str().into()), wrap(v))).collect())
        }
    }
}

#[cfg(test)]
mod tests;
