//! A raw file as a typed table that keeps its schema.
//!
//! The schema is the resource's Frictionless table schema (Data Package 2.0,
//! Table Schema): field names and their order, types, `required`, `unique`,
//! `enum`, `minimum`, `maximum`, `minLength`, `maxLength`, `pattern`,
//! `missingValues`, primary and foreign keys; and, beyond the standard, fields
//! that are given `together` or not at all. The file is CSV after RFC 4180 in
//! UTF-8, plain or compressed, or has the layout of a provider (`kit/layout/`),
//! whose names of countries become those of the study. Nothing is repaired or
//! guessed: each violation names file, row, column, value, rule and what to do,
//! and while there is one there is no table. Rows are counted as in a
//! spreadsheet, from 1.
//!
//! The rows of the table are ordered by its primary key, or by all columns
//! where it has none.

use std::collections::BTreeSet;

use engine::diagnostic::{Diagnostic, did_you_mean};
use engine::function::{Failure, Job, Outputs, Slot};
use polars::prelude::{Column, DataFrame};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kit::raw::{Raw, empty};
use crate::kit::schema::{Field, Kind, Scalar};
use crate::kit::table;

/// The raw table, and the raw tables that its foreign keys refer to.
pub const INPUTS: &[Slot] = &[Slot::one("table"), Slot::many("references")];
/// The typed table.
pub const OUTPUTS: &[&str] = &["table"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// How many violations are shown before the rest is only counted.
    pub limit: usize,
}

impl Default for Params {
    fn default() -> Self {
        Params { limit: 20 }
    }
}

/// Checks and encodes the table.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let raw = Raw::open(job.one("table")).map_err(Failure::contract)?;
    let raw = raw.laid_out(job.many("references"));
    let raw = raw.map_err(|faults| Failure::contract(shown(faults, params.limit)))?;
    let faults = header_faults(&raw);
    if !faults.is_empty() {
        return Err(Failure::contract(shown(faults, params.limit)));
    }
    let (columns, mut faults) = cells(&raw);
    faults.extend(raw.unique_faults());
    faults.extend(raw.together_faults());
    faults.extend(raw.foreign_faults(job.many("references")).map_err(Failure::contract)?);
    if !faults.is_empty() {
        return Err(Failure::contract(shown(faults, params.limit)));
    }
    let frame = frame(raw.fields(), columns)?;
    let key: Vec<&str> = match raw.resource.schema.primary_key.list() {
        [] => raw.fields().iter().map(|field| field.name.as_str()).collect(),
        names => names.iter().map(String::as_str).collect(),
    };
    Ok(Outputs::from([("table", table::encode(&frame, &key)?)]))
}

/// What is wrong with the header.
fn header_faults(raw: &Raw) -> Vec<Diagnostic> {
    let csv = &raw.csv;
    let Some(header) = csv.rows.first() else {
        return vec![empty(csv)];
    };
    let names: Vec<&str> = raw.fields().iter().map(|field| field.name.as_str()).collect();
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for cell in &header.cells {
        let text = cell.text.as_str();
        if !seen.insert(text) {
            let message = format!("two columns are called `{text}`");
            let fault = Diagnostic::contract(message).at(csv.cell(cell));
            faults.push(fault.hint("keep one of them, or give the other its name"));
        } else if !names.contains(&text) {
            let message = format!("the column `{text}` is not in the schema");
            let mut fault = Diagnostic::contract(message).at(csv.cell(cell));
            fault.hints.extend(did_you_mean(text, names.iter().copied()));
            faults.push(fault);
        }
    }
    for name in names.iter().filter(|name| !seen.contains(**name)) {
        let message = format!("the column `{name}` of the schema is missing");
        let fault = Diagnostic::contract(message).at(csv.row(header));
        faults.push(fault.hint("name it as the schema does, or change the schema"));
    }
    if faults.is_empty() {
        let wrong = header.cells.iter().zip(&names).enumerate();
        let wrong = wrong.filter(|(_, (cell, name))| cell.text != **name);
        faults.extend(wrong.take(1).map(|(at, (cell, name))| {
            let message = format!("column {} is `{}`, the schema says `{name}`", at + 1, cell.text);
            let fault = Diagnostic::contract(message).at(csv.cell(cell));
            fault.hint("put the columns in the order of the schema")
        }));
    }
    faults
}

/// What to do about a cell that breaks a rule.
const MEND: &str = "mend the cell, or the schema where the rule is wrong";

/// The cells of each column, and what is wrong with each of them.
fn cells(raw: &Raw) -> (Vec<Vec<Scalar>>, Vec<Diagnostic>) {
    let (csv, fields) = (&raw.csv, raw.fields());
    let missing = &raw.resource.schema.missing_values;
    let mut columns: Vec<Vec<Scalar>> = fields.iter().map(|_| Vec::new()).collect();
    let mut faults = Vec::new();
    for (number, row) in raw.rows() {
        if row.cells.len() != fields.len() {
            let (has, needs) = (row.cells.len(), fields.len());
            let message = format!("row {number} has {}, the header has {needs}", count(has));
            let fault = Diagnostic::contract(message).at(csv.row(row));
            faults.push(fault.hint("complete the row: a comma is missing or one too many"));
            continue;
        }
        for ((field, cell), column) in fields.iter().zip(&row.cells).zip(&mut columns) {
            match field.read(&cell.text, missing) {
                Ok(value) => column.push(value),
                Err((message, hint)) => {
                    let column = cell.head.clone();
                    let column = column.unwrap_or_else(|| format!("column `{}`", field.name));
                    let message = format!("row {number}, {column}: {message}");
                    let mut fault = Diagnostic::contract(message).at(csv.cell(cell));
                    fault.hints.push(hint.unwrap_or_else(|| MEND.into()));
                    faults.push(fault);
                }
            }
        }
    }
    // A file that was cut within its last number would otherwise be read as whole.
    if let Some(row) = csv.rows.last().filter(|_| !csv.ended()) {
        let message = "the last line has no line end: the file may be cut off";
        let fault = Diagnostic::contract(message).at(csv.row(row));
        faults.push(fault.hint("end the last line if the file is whole"));
    }
    (columns, faults)
}

fn count(cells: usize) -> String {
    if cells == 1 { "1 cell".into() } else { format!("{cells} cells") }
}

/// The first violations in the order of the file, and how many more there are.
fn shown(mut faults: Vec<Diagnostic>, limit: usize) -> Vec<Diagnostic> {
    faults.sort_by(|a, b| a.at.cmp(&b.at));
    let more = faults.len().saturating_sub(limit.max(1));
    faults.truncate(limit.max(1));
    if more > 0 {
        faults.push(Diagnostic::contract(format!("and {more} more")));
    }
    faults
}

/// A frame of typed columns.
fn frame(fields: &[Field], columns: Vec<Vec<Scalar>>) -> Result<DataFrame, Failure> {
    let rows = columns.first().map_or(0, Vec::len);
    let columns = fields.iter().zip(columns).map(|(field, cells)| column(field, cells)).collect();
    DataFrame::new(rows, columns).map_err(table::failed)
}

fn column(field: &Field, cells: Vec<Scalar>) -> Column {
    let name = field.name.as_str().into();
    let cells = cells.into_iter();
    macro_rules! typed {
        ($kind:ident, $type:ty) => {
            cells
                .map(|cell| if let Scalar::$kind(value) = cell { Some(value) } else { None })
                .collect::<Vec<Option<$type>>>()
        };
    }
    match field.kind {
        Kind::String | Kind::Yearmonth => Column::new(name, typed!(Text, String)),
        Kind::Integer => Column::new(name, typed!(Integer, i64)),
        Kind::Number => Column::new(name, typed!(Number, f64)),
        Kind::Boolean => Column::new(name, typed!(Boolean, bool)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kit::given;

    /// Ingests `text` as the table `people` with a few rules.
    fn ingest(text: &str) -> Result<Outputs, Failure> {
        let schema = json!({
            "fields": [
                { "name": "country", "type": "string", "constraints": { "required": true } },
                { "name": "iso3", "type": "string",
                  "constraints": { "pattern": "^[A-Z]{3}$", "unique": true } },
                { "name": "code", "type": "integer",
                  "constraints": { "required": true, "enum": [0, 1, 2, 3] } }
            ],
            "primaryKey": "country",
            "foreignKeys": [
                { "fields": "country", "reference": { "resource": "places", "fields": "name" } }
            ]
        });
        ingest_as(text, schema)
    }

    fn ingest_as(text: &str, schema: Value) -> Result<Outputs, Failure> {
        let resource = json!({ "name": "people", "schema": schema });
        let places = json!({ "name": "places", "schema": { "fields": [{ "name": "name" }] } });
        let table = given::raw("raw/people.csv", text.as_bytes(), resource);
        let places = given::raw("raw/places.csv", b"name\nJapan\nPeru\nChile\n", places);
        run(&Params { limit: 3 }, &given::job(&[("table", &[table]), ("references", &[places])]))
    }

    #[test]
    fn a_sound_table_passes_in_the_order_of_its_key() {
        let outputs = ingest("country,iso3,code\nPeru,PER,3\nChile,,0\n").unwrap();
        assert_eq!(outputs["table"].rows, Some(2));
        let frame = table::decode(&given::passed("t", &outputs["table"])).unwrap();
        assert_eq!(table::texts(&frame, "country").unwrap(), ["Chile", "Peru"]);
        assert_eq!(table::integers(&frame, "code").unwrap(), [0, 3]);
        let iso3 = [None, Some("PER".to_string())];
        assert_eq!(table::optional_texts(&frame, "iso3").unwrap(), iso3);
    }

    #[test]
    fn each_violation_names_place_value_and_rule() {
        let faults = |text| given::messages(ingest(text));
        assert_eq!(
            faults("country,iso3,code\nPeru,PERU,4\nPerou,,\n"),
            [
                "raw/people.csv:2:6: row 2, column `iso3`: \
                 `PERU` does not match the pattern `^[A-Z]{3}$`",
                "raw/people.csv:2:11: row 2, column `code`: `4` is not an allowed value",
                "raw/people.csv:3:1: row 3, column `country`: `Perou` is not in `places`",
                "and 1 more",
            ]
        );
        assert_eq!(
            faults("country,iso3,code\nPeru,PER,1\nPeru,,2\nJapan,PER,0\n"),
            [
                "raw/people.csv:3:1: row 3, column `country`: `Peru` is in row 2 too",
                "raw/people.csv:4:7: row 4, column `iso3`: `PER` is in row 2 too",
            ]
        );
        let hints = ingest("country,iso3,code\nPerou,,1\n").unwrap_err().diagnostics;
        assert_eq!(hints[0].hints, ["did you mean `Peru`?"]);
    }

    #[test]
    fn a_header_that_is_not_the_schemas() {
        let faults = |text| given::messages(ingest(text));
        assert_eq!(
            faults("country,iso,code\n"),
            [
                "raw/people.csv:1: the column `iso3` of the schema is missing",
                "raw/people.csv:1:9: the column `iso` is not in the schema",
            ]
        );
        assert_eq!(
            faults("iso3,country,code\n"),
            ["raw/people.csv:1:1: column 1 is `iso3`, the schema says `country`"]
        );
        let twice = "raw/people.csv:1:14: two columns are called `iso3`";
        assert_eq!(faults("country,iso3,iso3,code\n"), [twice]);
        assert_eq!(faults(""), ["raw/people.csv: the file is empty"]);
    }

    #[test]
    fn a_file_cut_off() {
        let faults = |text| given::messages(ingest(text));
        let cut = "raw/people.csv:3: the last line has no line end: the file may be cut off";
        let short = "raw/people.csv:3: row 3 has 2 cells, the header has 3";
        assert_eq!(faults("country,iso3,code\nPeru,PER,1\nJapan,JP"), [short, cut]);
        // Cut within its last number a row looks whole.
        assert_eq!(faults("country,iso3,code\nPeru,PER,1\nJapan,JPN,2"), [cut]);
        let failure = ingest("country,iso3,code\n\"Peru, the").unwrap_err();
        assert_eq!(failure.diagnostics[0].hints, ["the file may be cut off"]);
    }

    /// What to do is said with each violation, whether or not a name is near.
    #[test]
    fn each_violation_says_what_to_do() {
        let faults = |text| ingest(text).unwrap_err().diagnostics;
        for text in [
            "",
            "iso3,country,code\n",
            "country,iso3,iso3,code\n",
            "country,iso,code\n",
            "country,iso3,code\nPeru,PER\n",
            "country,iso3,code\nPeru,PERU,4\nPerou,PER,\n",
            "country,iso3,code\nPeru,PER,1\nPeru,,2\n",
            "country,iso3,code\nPeru,PER,1",
            "country,iso3,code\nPeru,\"PER,1\n",
            "country,iso3,code\nPeru,P\"ER,1\n",
        ] {
            // The last one may only count the others.
            for fault in faults(text).iter().take(3) {
                assert!(fault.at.is_some() && !fault.hints.is_empty(), "{fault:?}");
            }
        }
    }

    #[test]
    fn fields_that_go_together() {
        let fields = json!([{ "name": "country" }, { "name": "region" }, { "name": "place" }]);
        let schema = json!({ "fields": fields, "together": [["region", "place"]] });
        let rows = |rows: &str| ingest_as(&format!("country,region,place\n{rows}"), schema.clone());
        assert!(rows("Japan,Asia,1\nChina,,\n").is_ok());
        let failure = rows("China,,\nJapan,,1\nPeru,Andes,\n").unwrap_err();
        let faults: Vec<String> = failure.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "raw/people.csv:3:7: row 3, column `region`: a value is required, \
                 as `place` has one",
                "raw/people.csv:4:12: row 4, column `place`: a value is required, \
                 as `region` has one",
            ]
        );
        let schema = json!({ "fields": [{ "name": "x" }], "together": [["x", "y"]] });
        let failure = ingest_as("x\n1\n", schema);
        assert_eq!(given::messages(failure), ["a key of `people` names the unknown field `y`"]);
    }

    #[test]
    fn a_wrong_descriptor() {
        let field = |constraints: Value| json!([{ "name": "x", "constraints": constraints }]);
        let faults = |schema| given::messages(ingest_as("x\na\n", schema)).join("\n");
        let typo = faults(json!({ "fields": field(json!({ "requird": true })) }));
        assert!(typo.contains("unknown field `requird`"), "{typo}");
        let pattern = faults(json!({ "fields": field(json!({ "pattern": "(" })) }));
        assert!(pattern.contains("regex parse error"), "{pattern}");
        let key = faults(json!({ "fields": field(json!({})), "primaryKey": "y" }));
        assert_eq!(key, "a key of `people` names the unknown field `y`");
        let rows = ingest_as("x\na\na\n", json!({ "fields": field(json!({})) }));
        assert_eq!(given::messages(rows), ["raw/people.csv:3:1: row 3 repeats row 2"]);
        let bare = run(&Params::default(), &given::job(&[("table", &[given::artifact("t", b"")])]));
        assert_eq!(given::messages(bare), ["`t` has no schema"]);
    }

    #[test]
    fn every_resource_of_the_study_is_sound() {
        for (name, rows) in [
            ("countries", 60),
            ("country_names", 744),
            ("apps", 62),
            ("barrier_matrix_table1", 58),
            ("barrier_matrix_appendix3", 40),
            ("diaspora_published", 51),
            ("diaspora_un", 52),
            ("diaspora_fill", 7),
            ("population_wdi", 472),
            ("population_wdi_2025", 472),
            ("population_taiwan", 8),
        ] {
            let frame = table::decode(&given::table(name)).unwrap();
            assert_eq!(frame.height(), rows, "{name}");
        }
    }
}
