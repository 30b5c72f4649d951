//! The diaspora series ready to be printed: a row a country, a cell a year.
//!
//! Each cell says whether it is observed or how it was estimated.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

/// The diaspora series.
pub const INPUTS: &[Slot] = &[Slot::one("diaspora")];
/// The table's rows.
pub const OUTPUTS: &[&str] = &["table"];

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

#[derive(Serialize)]
struct Table {
    years: Vec<i64>,
    rows: Vec<Row>,
    labels: BTreeSet<String>,
}

#[derive(Serialize)]
struct Row {
    country: String,
    source: String,
    cells: Vec<Cell>,
}

#[derive(Clone, Serialize)]
struct Cell {
    value: i64,
    kind: String,
}

/// Arranges the series.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let frame = table::decode(job.one("diaspora"))?;
    let countries = table::texts(&frame, "country")?;
    let sources = table::texts(&frame, "source")?;
    let years = table::integers(&frame, "year")?;
    let numbers = table::integers(&frame, "chinese_born")?;
    let kinds = table::texts(&frame, "kind")?;
    let mut rows: BTreeMap<&str, (&str, BTreeMap<i64, Cell>)> = BTreeMap::new();
    for (row, country) in countries.iter().enumerate() {
        let (_, cells) = rows.entry(country).or_insert((&sources[row], BTreeMap::new()));
        cells.insert(years[row], Cell { value: numbers[row], kind: kinds[row].clone() });
    }
    let all: BTreeSet<i64> = years.iter().copied().collect();
    let row = |(country, (source, cells)): (&str, (&str, BTreeMap<i64, Cell>))| {
        let cell = |year| {
            let missing = || Failure::from(format!("`{country}` has no year {year}"));
            cells.get(year).cloned().ok_or_else(missing)
        };
        let cells = all.iter().map(cell).collect::<Result<_, _>>()?;
        Ok(Row { country: country.into(), source: source.into(), cells })
    };
    let rows = rows.into_iter().map(row).collect::<Result<_, Failure>>()?;
    let table = Table { years: all.iter().copied().collect(), rows, labels: job.labels() };
    Ok(Outputs::from([("table", json::encode(&table)?)]))
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;
    use serde_json::{Value, json};

    use super::*;
    use crate::given;

    fn arrange(diaspora: engine::function::Artifact) -> Result<Value, Failure> {
        let outputs = run(&Params {}, &given::job(&[("diaspora", &[diaspora])]))?;
        Ok(serde_json::from_slice(&outputs["table"].bytes).unwrap())
    }

    #[test]
    fn a_hole_is_refused() {
        let frame = df!(
            "country" => ["A", "A", "B"], "source" => ["UN", "UN", "OECD"],
            "year" => [2015i64, 2016, 2015], "chinese_born" => [1i64, 2, 3],
            "kind" => ["published", "filled", "mean"],
        );
        let output = table::encode(&frame.unwrap(), &["country", "year"]).unwrap();
        let failure = arrange(given::passed("d", &output)).unwrap_err();
        assert_eq!(failure.diagnostics[0].message, "`B` has no year 2016");
    }

    #[test]
    fn the_studys_series() {
        let diaspora = given::passed("d", &given::interpolated()["table"]);
        let table = arrange(diaspora).unwrap();
        assert_eq!(table["years"].as_array().unwrap().len(), 9);
        let rows = table["rows"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["country"]), (51, &json!("Argentina")));
        assert_eq!(rows[0]["source"], "UN");
        let kinds: Vec<_> =
            rows[0]["cells"].as_array().unwrap().iter().map(|cell| &cell["kind"]).collect();
        assert_eq!((kinds[0], kinds[1]), (&json!("published"), &json!("interpolated")));
        assert_eq!((kinds[7], kinds[8]), (&json!("extrapolated"), &json!("moving_average")));
        assert_eq!(rows[0]["cells"][8]["value"], 14569);
    }
}
