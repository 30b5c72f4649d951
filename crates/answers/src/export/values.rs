//! Values and tables as CSV, for whoever has a spreadsheet.

use std::collections::BTreeSet;

use csv::{ReaderBuilder, Writer};
use serde_json::{Map, Value as Json};

use super::bundle::{Bundle, Content, Contents};
use super::harmless::cell;
use crate::ledger::Ledger;

/// The name of the table of values.
pub const FILE: &str = "values.csv";

const COLUMNS: [&str; 12] = [
    "name", "number", "text", "unit", "digits", "low", "high", "about", "stage", "labels", "file",
    "digest",
];

const DONE: &str = "a vector takes every row";

/// What is exported, from which files, and which tables it leaves out.
#[derive(Debug, Default)]
pub struct Tables {
    /// The files.
    pub contents: Contents,
    /// The files of the project that they hold something of.
    pub from: BTreeSet<String>,
    /// Tables that are in a form which is not read.
    pub left_out: Vec<String>,
}

/// Every value, and every output that is a table; `read` gives what a file holds.
pub fn tables(bundle: &Bundle, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Tables {
    let mut tables = Tables::default();
    if let Some(ledger) = &bundle.ledger {
        tables.contents.insert(FILE.into(), Content::Text(values(bundle, ledger)));
    }
    for step in &bundle.steps {
        for (name, output) in &step.stage.outputs {
            if name == "values" || name == "ledger" {
                continue;
            }
            let ending = output.path.rsplit_once('.').map_or("", |(_, ending)| ending);
            let found = match ending {
                "json" => read(&output.path).map(|bytes| of_json(&bytes)).unwrap_or_default(),
                "csv" => read(&output.path).and_then(|bytes| of_csv(&bytes)).into_iter().collect(),
                "parquet" => {
                    tables.left_out.push(output.path.clone());
                    continue;
                }
                _ => continue,
            };
            for (part, text) in found {
                let path = free(&tables.contents, &output.path, &part);
                tables.contents.insert(path, Content::Text(text));
                tables.from.insert(output.path.clone());
            }
        }
    }
    tables
}

/// A path that is not taken yet: `tables/NAME.csv`, or `tables/NAME.PART.csv`.
fn free(taken: &Contents, path: &str, part: &str) -> String {
    let path = path.strip_prefix("outputs/").unwrap_or(path);
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let part: String = part.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let dot = if part.is_empty() { "" } else { "." };
    let name = |more: &str| format!("tables/{stem}{dot}{part}{more}.csv");
    let more = (2..).map(|n| format!("-{n}"));
    let mut names = std::iter::once(String::new()).chain(more).map(|more| name(&more));
    names.find(|name| !taken.contains_key(name)).expect("numbers do not end")
}

fn values(bundle: &Bundle, ledger: &Ledger) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect(DONE);
    for (name, value) in &ledger.values {
        let outputs = bundle.step(&value.stage).map(|step| &step.stage.outputs);
        let output = outputs.and_then(|it| it.get("values").or(it.values().next()));
        let number = if value.text.is_none() { value.full() } else { String::new() };
        let end = |end: Option<f64>| end.map(|end| end.to_string()).unwrap_or_default();
        let labels: Vec<&str> = value.labels.iter().map(String::as_str).collect();
        let row = [
            name.clone(),
            number,
            value.text.clone().unwrap_or_default(),
            value.unit.clone(),
            value.digits.to_string(),
            end(value.low),
            end(value.high),
            value.about.clone(),
            value.stage.clone(),
            labels.join(" "),
            output.map(|it| it.path.clone()).unwrap_or_default(),
            output.map(|it| it.digest.clone()).unwrap_or_default(),
        ];
        writer.write_record(row.map(|text| cell(&text))).expect(DONE);
    }
    finish(writer)
}

/// A table of CSV, with cells that do nothing.
fn of_csv(bytes: &[u8]) -> Option<(String, String)> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in reader.records() {
        let row = row.ok()?;
        writer.write_record(row.iter().map(cell)).expect(DONE);
    }
    Some((String::new(), finish(writer)))
}

/// The lists of rows that a JSON file holds: itself, or the entries of an object.
fn of_json(bytes: &[u8]) -> Vec<(String, String)> {
    match serde_json::from_slice::<Json>(bytes) {
        Ok(Json::Array(rows)) => of_rows(&rows).map(|it| (String::new(), it)).into_iter().collect(),
        Ok(Json::Object(parts)) => {
            let rows =
                |(name, part): (&String, &Json)| Some((name.clone(), of_rows(part.as_array()?)?));
            parts.iter().filter_map(rows).collect()
        }
        _ => Vec::new(),
    }
}

/// Rows as a table, if all of them are objects.
fn of_rows(rows: &[Json]) -> Option<String> {
    let rows: Vec<&Map<String, Json>> = rows.iter().map(Json::as_object).collect::<Option<_>>()?;
    let (mut columns, mut seen) = (Vec::new(), BTreeSet::new());
    for name in rows.iter().flat_map(|row| row.keys()) {
        if seen.insert(name) {
            columns.push(name);
        }
    }
    if columns.is_empty() {
        return None;
    }
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|name| cell(name))).expect(DONE);
    for row in rows {
        writer.write_record(columns.iter().map(|name| shown(row.get(*name)))).expect(DONE);
    }
    Some(finish(writer))
}

fn shown(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => cell(text),
        Some(Json::Bool(_) | Json::Number(_)) => value.map(Json::to_string).unwrap_or_default(),
        Some(other) => cell(&other.to_string()),
    }
}

fn finish(writer: Writer<Vec<u8>>) -> String {
    String::from_utf8(writer.into_inner().expect(DONE)).expect("texts are UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_json() {
        let json = br#"[{ "b": "=1+1", "a": 1 }, { "a": null, "c": [1, "x"] }]"#;
        assert_eq!(of_json(json)[0].1, "a,b,c\n1,'=1+1,\n,,\"[1,\"\"x\"\"]\"\n");
        let json = br#"{ "claims": [{ "n": -1.5 }], "labels": ["x"], "none": [] }"#;
        assert_eq!(of_json(json), [("claims".to_string(), "n\n-1.5\n".to_string())]);
    }

    #[test]
    fn names_that_are_taken() {
        let text = || Content::Text(String::new());
        let taken = Contents::from([("tables/a.csv".to_string(), text())]);
        assert_eq!(free(&taken, "outputs/a.json", ""), "tables/a-2.csv");
        assert_eq!(free(&taken, "outputs/b/a.json", "../x"), "tables/b/a.___x.csv");
    }
}
