//! The rows that a number counts, and where they come from in raw files.
//!
//! A stage says which rows a value counts as `OUTPUT where COLUMN = VALUE and …`, with
//! the name of one of its outputs or inputs. In a raw file the rows are those that have
//! the same values in columns of the same names, and the columns those that are called
//! like a value.

use std::collections::BTreeSet;

use answers::ledger::{Stage, Value};
use answers::rows::{Condition, Rows};

use super::asked::Asked;
use crate::report::count;
use crate::verbs::show;

/// Rows as they are named.
struct Named<'a> {
    table: &'a str,
    conditions: Vec<(&'a str, Condition)>,
}

/// What is to be told of the rows of a value; nothing where they are told in words.
pub(super) fn lines(asked: &Asked, value: &Value, rows: &str) -> Vec<String> {
    let Some(named) = parse(rows) else { return Vec::new() };
    let Some(stage) = asked.ledger.stages.get(&value.stage) else { return Vec::new() };
    let Some(path) = path_of(stage, named.table) else { return Vec::new() };
    let Some(mut table) = read(asked, path) else { return Vec::new() };
    let all = table.rows.len();
    let conditions: Vec<Condition> = named.conditions.iter().map(|(_, it)| it.clone()).collect();
    if let Err(problem) = table.keep(&conditions) {
        return vec![format!("they can't be shown: {}", problem.message)];
    }
    let found = table.rows.len();
    let asks = |(text, _): &(&str, Condition)| {
        let text: String = text.split(' ').collect();
        let quoted = text.contains(['<', '>', '!', '*', '$']);
        if quoted { format!(" --where '{text}'") } else { format!(" --where {text}") }
    };
    let asks: String = named.conditions.iter().map(asks).collect();
    let mut lines = vec![format!("{found} of {}: `colophon show {path}{asks}`", count(all, "row"))];
    if value.number.is_some_and(|number| number != found as f64) {
        lines.push(format!(
            "the value is {}, so these are not the rows that it counts",
            value.full()
        ));
    }
    lines.extend(raw_files(asked, value).iter().filter_map(|path| behind(asked, path, &table)));
    lines
}

fn parse(rows: &str) -> Option<Named<'_>> {
    let (table, conditions) = rows.split_once(" where ")?;
    let condition = |text: &'_ str| Condition::parse(text).ok();
    let read = conditions.split(" and ").map(|text| Some((text, condition(text)?)));
    Some(Named { table, conditions: read.collect::<Option<_>>()? })
}

/// The file that an output or the only input of a role is.
fn path_of<'a>(stage: &'a Stage, name: &str) -> Option<&'a str> {
    let output = stage.outputs.get(name).map(|it| it.path.as_str());
    let input = || match &stage.inputs.get(name)?[..] {
        [one] => Some(one.path.as_str()),
        _ => None,
    };
    output.or_else(input)
}

fn read(asked: &Asked, path: &str) -> Option<Rows> {
    let bytes = std::fs::read(asked.project?.plan.root.join(path)).ok()?;
    show::rows(asked.study, path, &bytes).ok()?
}

/// The raw files that a value rests on.
fn raw_files(asked: &Asked, value: &Value) -> BTreeSet<String> {
    let steps = asked.web.above(&value.stage);
    let files = steps.into_iter().flat_map(|step| step.files);
    files.filter(|it| it.source().is_some()).map(|it| it.path).collect()
}

/// The lines of a raw file that have what the rows have, and its columns that are
/// called like one of their values.
fn behind(asked: &Asked, path: &str, rows: &Rows) -> Option<String> {
    let raw = read(asked, path)?;
    let shared: Vec<(usize, usize)> = rows
        .columns
        .iter()
        .enumerate()
        .filter_map(|(at, name)| Some((at, raw.columns.iter().position(|it| it == name)?)))
        .collect();
    let wanted: BTreeSet<Vec<Option<&str>>> = rows
        .rows
        .iter()
        .map(|row| shared.iter().map(|(at, _)| row.get(*at)?.as_deref()).collect())
        .collect();
    let has = |row: &Vec<Option<String>>| {
        let cells = shared.iter().map(|(_, at)| row.get(*at).and_then(|it| it.as_deref()));
        wanted.contains(&cells.collect::<Vec<_>>())
    };
    let lines: BTreeSet<usize> = (raw.rows.iter().enumerate())
        .filter(|(_, row)| !shared.is_empty() && has(row))
        .map(|(at, _)| at + 2)
        .collect();
    if lines.is_empty() {
        return None;
    }
    let names = |at: &(usize, usize)| format!("`{}`", rows.columns[at.0]);
    let by = shared.iter().map(names).collect::<Vec<_>>().join(", ");
    let values: BTreeSet<&str> = rows.rows.iter().flatten().flatten().map(String::as_str).collect();
    let columns = raw.columns.iter().filter(|name| values.contains(name.as_str())).count();
    let columns = match columns {
        0 => String::new(),
        n => format!(", {} of them named in it", count(n, "column")),
    };
    Some(format!("{path}: lines {} by {by}{columns}", answers::places::listed(&lines)))
}
