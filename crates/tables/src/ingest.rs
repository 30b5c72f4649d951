//! A raw file as a typed table that keeps its schema.
//!
//! The schema is the resource's Frictionless table schema (Data Package 2.0,
//! Table Schema): field names and their order, types, `required`, `unique`,
//! `enum`, `minimum`, `maximum`, `minLength`, `maxLength`, `pattern`,
//! `missingValues`, primary and foreign keys; and, beyond the standard, fields
//! that are given `together` or not at all. The file is CSV after RFC 4180 in
//! UTF-8, plain or compressed, or has the layout of a provider (`layout/`),
//! whose names of countries become those of the study. Nothing is repaired or
//! guessed: each violation names file, row, column, value, rule and what to do,
//! and while there is one there is no table. Rows are counted as in a
//! spreadsheet, from 1.
//!
//! The rows of the table are ordered by its primary key, or by all columns
//! where it has none.

use std::collections::BTreeSet;

use engine::code::Source;
use engine::diagnostic::{Diagnostic, did_you_mean};
use engine::function::{Failure, Job, Outputs, Slot};
use engine::words::brief;
use polars::prelude::{Column, DataFrame};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::faults::Faults;
use crate::field::Field;
use crate::raw::Raw;
use crate::scalar::{Kind, Scalar};
use crate::{descriptor, table};

/// The raw table, and the raw tables that its foreign keys refer to.
pub const INPUTS: &[Slot] = &[Slot::one("table"), Slot::many("references")];
/// The typed table.
pub const OUTPUTS: &[&str] = &["table"];

/// This file.
pub const SOURCE: Source = ("crates/tables/src/ingest.rs", include_str!("ingest.rs"));

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
    let none = || Faults::new(params.limit);
    let raw = Raw::open(job.one("table")).map_err(Failure::contract)?;
    let raw = raw.laid_out(job.many("references"));
    let raw = raw.map_err(|faults| Failure::contract(none().all(faults).shown()))?;
    let faults = header_faults(&raw, none());
    if !faults.is_empty() {
        return Err(Failure::contract(faults.shown()));
    }
    let mut faults = none();
    let columns = cells(&raw, &mut faults);
    raw.unique_faults(&mut faults);
    raw.together_faults(&mut faults);
    raw.foreign_faults(job.many("references"), &mut faults).map_err(Failure::contract)?;
    if !faults.is_empty() {
        return Err(Failure::contract(faults.shown()));
    }
    let frame = frame(raw.fields(), columns)?;
    let key: Vec<&str> = raw.key().iter().map(|at| raw.fields()[*at].name.as_str()).collect();
    Ok(Outputs::from([("table", table::encode(&frame, &key)?)]))
}

/// Mistakes in the description of a raw table.
pub fn check(resource: &serde_json::Value) -> Vec<(Vec<String>, String)> {
    descriptor::of_table(resource)
}

/// What is wrong with the header.
fn header_faults(raw: &Raw, mut faults: Faults) -> Faults {
    let csv = &raw.csv;
    let Some(header) = csv.rows.first() else {
        return faults.all(csv.empty().into_iter().collect());
    };
    let names: Vec<&str> = raw.fields().iter().map(|field| field.name.as_str()).collect();
    let mut seen = BTreeSet::new();
    for cell in &header.cells {
        let text = cell.text.as_str();
        if !seen.insert(text) {
            faults.add(|| {
                let message = format!("two columns are called `{}`", brief(text));
                let fault = Diagnostic::contract(message).at(csv.cell(cell));
                fault.hint("keep one of them, or give the other its name")
            });
        } else if !names.contains(&text) {
            faults.add(|| {
                let message = format!("the column `{}` is not in the schema", brief(text));
                let mut fault = Diagnostic::contract(message).at(csv.cell(cell));
                fault.hints.extend(did_you_mean(&brief(text), names.iter().copied()));
                fault
            });
        }
    }
    let mut missing = faults.none();
    for name in names.iter().filter(|name| !seen.contains(**name)) {
        missing.add(|| {
            let message = format!("the column `{name}` of the schema is missing");
            let fault = Diagnostic::contract(message).at(csv.row(header));
            fault.hint("name it as the schema does, or change the schema")
        });
    }
    faults.join(missing);
    if faults.is_empty() {
        let mut wrong = header.cells.iter().zip(&names).enumerate();
        if let Some((at, (cell, name))) = wrong.find(|(_, (cell, name))| cell.text != **name) {
            let message = format!("column {} is `{}`, the schema says `{name}`", at + 1, cell.text);
            let fault = Diagnostic::contract(message).at(csv.cell(cell));
            faults.add(|| fault.hint("put the columns in the order of the schema"));
        }
    }
    faults
}

/// What to do about a cell that breaks a rule.
const MEND: &str = "mend the cell, or the schema where the rule is wrong";

/// The cells of each column, and what is wrong with each of them.
fn cells(raw: &Raw, faults: &mut Faults) -> Vec<Vec<Scalar>> {
    let (csv, fields) = (&raw.csv, raw.fields());
    let key = raw.positions(raw.resource.schema.primary_key.list());
    let mut columns: Vec<Vec<Scalar>> = fields.iter().map(|_| Vec::new()).collect();
    for (number, row) in raw.rows() {
        if let Some(fault) = csv.uneven(row, fields.len()) {
            faults.add(|| fault.hint("complete the row: a comma is missing or one too many"));
            continue;
        }
        for (at, ((field, cell), column)) in
            fields.iter().zip(&row.cells).zip(&mut columns).enumerate()
        {
            let (message, hint) = match field.read(&cell.text) {
                Ok(Scalar::Missing) if key.contains(&at) => {
                    ("a value is required, as the primary key holds the column".into(), None)
                }
                Ok(value) => {
                    column.push(value);
                    continue;
                }
                Err(fault) => fault,
            };
            faults.add(|| {
                let column = cell.head.clone();
                let column = column.unwrap_or_else(|| format!("column `{}`", field.name));
                let message = format!("row {number}, {column}: {message}");
                let mut fault = Diagnostic::contract(message).at(csv.cell(cell));
                fault.hints.push(hint.unwrap_or_else(|| MEND.into()));
                fault
            });
        }
    }
    let mut cut = faults.none();
    csv.cut_off().into_iter().for_each(|fault| cut.add(|| fault));
    faults.join(cut);
    columns
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
        Kind::String | Kind::Date | Kind::Yearmonth => Column::new(name, typed!(Text, String)),
        Kind::Integer => Column::new(name, typed!(Integer, i64)),
        Kind::Number => Column::new(name, typed!(Number, f64)),
        Kind::Boolean => Column::new(name, typed!(Boolean, bool)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::given;

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
        given::people(text, schema)
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
    fn a_wrong_descriptor() {
        let field = |constraints: Value| json!([{ "name": "x", "constraints": constraints }]);
        let typo = given::people("x\na\n", json!({ "fields": field(json!({ "requird": true })) }));
        let failure = typo.unwrap_err();
        assert_eq!(
            failure.diagnostics[0].to_string(),
            "the descriptor of `raw/people.csv` is wrong: \
             schema.fields.0.constraints.requird: unknown key `requird`"
        );
        assert_eq!(failure.diagnostics[0].hints, ["did you mean `required`?"]);
        assert_eq!(failure.diagnostics[0].kind, engine::diagnostic::Kind::Usage);
        let bare = run(&Params::default(), &given::job(&[("table", &[given::artifact("t", b"")])]));
        assert_eq!(given::messages(bare), ["`t` has no schema"]);
        let missing = (Vec::new(), "the resource lacks `schema`".to_string());
        assert_eq!(check(&json!({ "name": "t" })), [missing]);
    }

    /// A table may be wrong in every cell: what is not shown is only counted.
    #[test]
    fn more_violations_than_are_shown() {
        let fields: Vec<Value> =
            (0..2_000).map(|at| json!({ "name": at.to_string(), "type": "integer" })).collect();
        let line = |cell: &dyn Fn(usize) -> String| {
            let cells: Vec<String> = (0..2_000).map(cell).collect();
            cells.join(",") + "\n"
        };
        let text = line(&|at| at.to_string()) + &line(&|_| "x".repeat(100)).repeat(20);
        let said = given::messages(given::people(&text, json!({ "fields": fields })));
        assert_eq!(said.len(), 4);
        assert!(said[0].ends_with(&format!("`{}…` is not a whole number", "x".repeat(80))));
        // The rows repeat each other, too.
        assert_eq!(said[3], format!("and {} more", 2_000 * 20 + 19 - 3));
    }
}
