//! The diaspora series of 51 countries for 2015 to 2023, gaps estimated.
//!
//! Chinese-born residents by country and year, from the report's rules
//! (Blocked by Numbers, Appendix 1, "Diaspora data"):
//!
//! - A country with UN values `u15` and `u20` follows the straight line
//!   `u(y) = u15 + (u20 - u15) (y - 2015) / 5`, up to 2020 as interpolation
//!   and on to 2022 as extrapolation.
//! - A country with OECD values keeps them. Where it has a fill value (the
//!   mean of its OECD values and the UN values of 2015 and 2020, as printed),
//!   this stands in every missing year; else 2022 alone may be missing, and
//!   is the mean of 2019 to 2021.
//! - 2023 is the simple moving average `(v20 + v21 + v22) / 3` of the three
//!   years before, taken before they are rounded.
//!
//! Persons are whole; halves are rounded up. All estimates are multiples of
//! 1/45 and are computed in whole forty-fifths, so that no rounding depends
//! on floats.
//!
//! `per_10000` is residents per 10,000 inhabitants of the same year.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::Values;
use engine::diagnostic::{Diagnostic, Place};
use engine::function::{Artifact, Failure, Job, Output, Outputs, Slot};
use polars::prelude::df;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

/// Observed series, fill values, population, and the printed table to compare with.
pub const INPUTS: &[Slot] = &[
    Slot::one("un"),
    Slot::one("oecd"),
    Slot::one("fill"),
    Slot::one("population"),
    Slot::one("published"),
];
/// The series, what it consists of, and the cells that differ from the printed ones.
pub const OUTPUTS: &[&str] = &["table", "values", "differences"];

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

/// The years with observations, and the year that is estimated from them.
const FIRST: i64 = 2015;
const LAST: i64 = 2022;
const NEXT: i64 = 2023;
/// Parts of a person in which estimates are exact: fifths of thirds of thirds.
const PARTS: i64 = 45;

/// Numbers by country and year.
type Series = BTreeMap<String, BTreeMap<i64, i64>>;

/// One estimate or observation, in forty-fifths of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    parts: i64,
    kind: Kind,
}

/// Where a cell comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Published,
    Interpolated,
    Extrapolated,
    Filled,
    Mean,
    MovingAverage,
}

const KINDS: [(Kind, &str, &str); 6] = [
    (Kind::Published, "published", "cells that are observed"),
    (Kind::Interpolated, "interpolated", "cells on the line between two UN values"),
    (Kind::Extrapolated, "extrapolated", "cells on that line after its second value"),
    (Kind::Filled, "filled", "cells that take the fill value of their country"),
    (Kind::Mean, "mean", "cells that take the mean of the three years before"),
    (Kind::MovingAverage, "moving_average", "cells of the last year, a moving average"),
];

impl Kind {
    /// Its name in the table.
    fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }
}

/// A country's row: its source and its cells by year.
struct Row {
    source: &'static str,
    cells: BTreeMap<i64, Cell>,
}

/// Estimates, compares and encodes.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let rows = rows(job)?;
    let published = published(job.one("published"))?;
    let differences = differences(&rows, &published);
    let values = values(&rows, &published, &differences);
    Ok(Outputs::from([
        ("table", encode(&rows, job.one("population"))?),
        ("values", values.encode()?),
        ("differences", json::encode(&differences)?),
    ]))
}

/// Reads (country, year, number).
fn series(artifact: &Artifact, column: &str) -> Result<Series, Failure> {
    let frame = table::decode(artifact)?;
    let (countries, years) = (table::texts(&frame, "country")?, table::integers(&frame, "year")?);
    let mut series = Series::new();
    for ((country, year), number) in
        countries.into_iter().zip(years).zip(table::integers(&frame, column)?)
    {
        series.entry(country).or_default().insert(year, number);
    }
    Ok(series)
}

fn fill(artifact: &Artifact) -> Result<BTreeMap<String, i64>, Failure> {
    let frame = table::decode(artifact)?;
    let countries = table::texts(&frame, "country")?;
    Ok(countries.into_iter().zip(table::integers(&frame, "chinese_born")?).collect())
}

/// The printed table: a row a country, a column a year.
fn published(artifact: &Artifact) -> Result<Series, Failure> {
    let frame = table::decode(artifact)?;
    let countries = table::texts(&frame, "country")?;
    let mut series = Series::new();
    for year in FIRST..=NEXT {
        let cells = table::integers(&frame, &year.to_string())?;
        for (country, number) in countries.iter().zip(cells) {
            series.entry(country.clone()).or_default().insert(year, number);
        }
    }
    Ok(series)
}

/// Every country's cells, or what is wrong with any of the inputs.
fn rows(job: &Job) -> Result<BTreeMap<String, Row>, Failure> {
    let un = series(job.one("un"), "chinese_born")?;
    let oecd = series(job.one("oecd"), "chinese_born")?;
    let fill = fill(job.one("fill"))?;
    let mut rows = BTreeMap::new();
    let mut faults = Vec::new();
    let mut fault = |role: &str, message: String| {
        let place = Place::file(&job.one(role).path);
        faults.push(Diagnostic::contract(message).at(place));
    };
    for (country, known) in &un {
        match line(known) {
            Ok(cells) => drop(rows.insert(country.clone(), Row { source: "UN", cells })),
            Err(why) => fault("un", format!("`{country}` {why}")),
        }
    }
    for (country, known) in &oecd {
        match completed(known, fill.get(country).copied()) {
            _ if un.contains_key(country) => {
                fault("oecd", format!("`{country}` is in the UN series too"));
            }
            Ok(cells) => drop(rows.insert(country.clone(), Row { source: "OECD", cells })),
            Err(why) => fault("oecd", format!("`{country}` {why}")),
        }
    }
    for country in fill.keys().filter(|country| !oecd.contains_key(*country)) {
        fault("fill", format!("`{country}` has a fill value and no OECD series"));
    }
    for row in rows.values_mut() {
        let [a, b, c] = [LAST - 2, LAST - 1, LAST].map(|year| row.cells[&year].parts);
        row.cells.insert(NEXT, Cell { parts: (a + b + c) / 3, kind: Kind::MovingAverage });
    }
    if faults.is_empty() { Ok(rows) } else { Err(Failure::contract(faults)) }
}

/// The straight line through the UN values of 2015 and 2020, up to 2022.
fn line(known: &BTreeMap<i64, i64>) -> Result<BTreeMap<i64, Cell>, String> {
    let (Some(from), Some(to)) = (known.get(&2015), known.get(&2020)) else {
        return Err("lacks the value of 2015 or 2020".into());
    };
    let cell = |year: i64| {
        let parts = from * PARTS + (to - from) * (PARTS / 5) * (year - 2015);
        let kind = match year {
            2015 | 2020 => Kind::Published,
            2021.. => Kind::Extrapolated,
            _ => Kind::Interpolated,
        };
        (year, Cell { parts, kind })
    };
    Ok((FIRST..=LAST).map(cell).collect())
}

/// An OECD series with its missing years filled.
fn completed(known: &BTreeMap<i64, i64>, fill: Option<i64>) -> Result<BTreeMap<i64, Cell>, String> {
    let mut cells = BTreeMap::new();
    for year in FIRST..=LAST {
        let cell = match (known.get(&year), fill) {
            (Some(number), _) => Cell { parts: number * PARTS, kind: Kind::Published },
            (None, Some(fill)) => Cell { parts: fill * PARTS, kind: Kind::Filled },
            (None, None) if year == LAST => {
                let [a, b, c] = [LAST - 3, LAST - 2, LAST - 1].map(|year| known[&year]);
                Cell { parts: (a + b + c) * (PARTS / 3), kind: Kind::Mean }
            }
            (None, None) => return Err(format!("lacks the year {year} and has no fill value")),
        };
        cells.insert(year, cell);
    }
    Ok(cells)
}

/// Whole persons, halves up.
fn persons(parts: i64) -> i64 {
    (2 * parts + PARTS).div_euclid(2 * PARTS)
}

/// A cell that is not as printed.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Difference {
    country: String,
    year: i64,
    kind: Option<&'static str>,
    computed: Option<i64>,
    published: Option<i64>,
}

/// The cells in which the series and the printed table differ.
fn differences(rows: &BTreeMap<String, Row>, published: &Series) -> Vec<Difference> {
    let countries: BTreeSet<&String> = rows.keys().chain(published.keys()).collect();
    let mut differences = Vec::new();
    for country in countries {
        for year in FIRST..=NEXT {
            let cell = rows.get(country).and_then(|row| row.cells.get(&year));
            let computed = cell.map(|cell| persons(cell.parts));
            let published = published.get(country).and_then(|row| row.get(&year)).copied();
            if computed != published {
                let (country, kind) = (country.clone(), cell.map(|cell| cell.kind.name()));
                differences.push(Difference { country, year, kind, computed, published });
            }
        }
    }
    differences
}

/// What the series consists of and how it compares with the printed table.
fn values(rows: &BTreeMap<String, Row>, published: &Series, differences: &[Difference]) -> Values {
    let mut values = Values::default();
    let mut count = |key: &str, number: usize, unit: &str, about: &str| {
        values.count(key, number, unit, about);
    };
    let having = |of: &dyn Fn(&Row) -> bool| rows.values().filter(|row| of(row)).count();
    let with = |kind| having(&|row| row.cells.values().any(|cell| cell.kind == kind));
    let countries = "countries";
    count("countries", rows.len(), countries, "countries in the series");
    let about = "countries on a line between two UN values";
    count("interpolated_countries", having(&|row| row.source == "UN"), countries, about);
    let about = "countries with an OECD series";
    count("oecd_countries", having(&|row| row.source == "OECD"), countries, about);
    let about = "countries whose gaps take a fill value";
    count("filled_countries", with(Kind::Filled), countries, about);
    let about = "countries whose 2022 is the mean of the three years before";
    count("mean_countries", with(Kind::Mean), countries, about);
    let jumps = |row: &Row| {
        let [before, after] = [LAST - 1, LAST].map(|year| row.cells[&year].parts);
        after > 2 * before || before > 2 * after
    };
    let about = "countries whose 2022 is more than twice or less than half of 2021";
    count("jumping_countries", having(&jumps), countries, about);
    for (kind, name, about) in KINDS {
        let cells = rows.values().flat_map(|row| row.cells.values());
        let number = cells.filter(|cell| cell.kind == kind).count();
        count(&format!("cells.{name}"), number, "country-years", about);
    }
    let years = (NEXT - FIRST + 1) as usize;
    count("cells", rows.len() * years, "country-years", "cells of the series");
    let common = published.keys().filter(|country| rows.contains_key(*country)).count() * years;
    let both = differences.iter().filter(|d| d.computed.is_some() && d.published.is_some());
    let about = "cells that equal the printed table";
    count("cells_equal", common - both.count(), "country-years", about);
    let about = "cells that are not as printed, or in only one of the two tables";
    count("cells_differing", differences.len(), "country-years", about);
    values
}

/// The series as a table, with population where it is known.
fn encode(rows: &BTreeMap<String, Row>, population: &Artifact) -> Result<Output, Failure> {
    let frame = table::decode(population)?;
    let names = table::texts(&frame, "country")?.into_iter();
    let codes: BTreeMap<String, String> = names.zip(table::texts(&frame, "iso3")?).collect();
    let population = series(population, "population")?;
    let cells: Vec<(&String, &Row, i64, Cell)> = rows
        .iter()
        .flat_map(|(name, row)| row.cells.iter().map(move |(year, cell)| (name, row, *year, *cell)))
        .collect();
    let inhabitants =
        |name: &String, year| population.get(name).and_then(|p| p.get(&year)).copied();
    let ratio = |residents: i64, all: i64| residents as f64 / all as f64 * 10_000.0;
    let frame = df!(
        "country" => cells.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(),
        "iso3" => cells.iter().map(|(name, ..)| codes.get(*name).cloned()).collect::<Vec<_>>(),
        "source" => cells.iter().map(|(_, row, ..)| row.source).collect::<Vec<_>>(),
        "year" => cells.iter().map(|(_, _, year, _)| *year).collect::<Vec<_>>(),
        "chinese_born" => cells.iter().map(|cell| persons(cell.3.parts)).collect::<Vec<_>>(),
        "kind" => cells.iter().map(|cell| cell.3.kind.name()).collect::<Vec<_>>(),
        "population" => cells
            .iter()
            .map(|(name, _, year, _)| inhabitants(name, *year))
            .collect::<Vec<_>>(),
        "per_10000" => cells
            .iter()
            .map(|(name, _, year, cell)| {
                inhabitants(name, *year).map(|all| ratio(persons(cell.parts), all))
            })
            .collect::<Vec<_>>(),
    );
    table::encode(&frame.map_err(table::failed)?, &["country", "year"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    fn numbers(cells: &BTreeMap<i64, Cell>) -> Vec<i64> {
        cells.values().map(|cell| persons(cell.parts)).collect()
    }

    #[test]
    fn halves_are_rounded_up() {
        assert_eq!([22, 23, 45, 67, 68].map(persons), [0, 1, 1, 1, 2]);
        assert_eq!([-22, -23].map(persons), [0, -1]);
    }

    #[test]
    fn the_line_of_pakistan() {
        let cells = line(&BTreeMap::from([(2015, 334), (2020, 311)])).unwrap();
        assert_eq!(numbers(&cells), [334, 329, 325, 320, 316, 311, 306, 302]);
        assert_eq!(cells[&2019].kind, Kind::Interpolated);
        assert_eq!(cells[&2021].kind, Kind::Extrapolated);
        assert!(line(&BTreeMap::from([(2015, 334)])).is_err());
    }

    /// Whatever the two values, the line meets both in equal steps.
    #[test]
    fn every_line_meets_its_end_points() {
        let mut random = arithmetic::random::Random::new([15; 32]);
        for _ in 0..500 {
            let [from, to] = [(); 2].map(|()| random.below(3_000_000) as i64);
            let cells = line(&BTreeMap::from([(2015, from), (2020, to)])).unwrap();
            assert_eq!((cells[&2015].parts, cells[&2020].parts), (from * PARTS, to * PARTS));
            let step = |year: i64| cells[&year].parts - cells[&(year - 1)].parts;
            assert!((2016..=2022).all(|year| step(year) == step(2016)), "{from} {to}");
        }
    }

    #[test]
    fn gaps_of_oecd_series() {
        let known: BTreeMap<i64, i64> = (2015..).zip([1, 2, 3, 4, 10, 20, 31]).collect();
        let cells = completed(&known, None).unwrap();
        assert_eq!(cells[&2022], Cell { parts: 61 * 15, kind: Kind::Mean });
        assert_eq!(numbers(&cells)[7], 20);
        let some = BTreeMap::from([(2016, 5)]);
        let cells = completed(&some, Some(9)).unwrap();
        assert_eq!(numbers(&cells), [9, 5, 9, 9, 9, 9, 9, 9]);
        let why = completed(&some, None).unwrap_err();
        assert_eq!(why, "lacks the year 2015 and has no fill value");
    }

    /// Of the 459 printed cells 458 are equal. Ireland's 2023 is not: the mean
    /// of 10952, 10952 and 1270 is 7724.67, printed as 7724. The printed fill
    /// value is itself rounded; from an unrounded 10951.5 (the only multiple
    /// of a quarter that does) follow both 10952 and 7724.
    #[test]
    fn the_published_table_cell_by_cell() {
        let outputs = given::interpolated();
        assert_eq!(outputs["table"].rows, Some(459));
        let differences: serde_json::Value =
            serde_json::from_slice(&outputs["differences"].bytes).unwrap();
        let ireland = serde_json::json!([{
            "country": "Ireland", "year": 2023, "kind": "moving_average",
            "computed": 7725, "published": 7724,
        }]);
        assert_eq!(differences, ireland);
        let number = |key: &str| given::number(&outputs, key);
        let countries = ["countries", "interpolated_countries", "oecd_countries"].map(number);
        assert_eq!(countries, [51.0, 26.0, 25.0]);
        let treated = ["filled_countries", "mean_countries", "jumping_countries"].map(number);
        assert_eq!(treated, [7.0, 14.0, 5.0]);
        assert_eq!(["cells", "cells_equal", "cells_differing"].map(number), [459.0, 458.0, 1.0]);
        let kinds = ["interpolated", "extrapolated", "mean", "moving_average"];
        let cells = kinds.map(|kind| number(&format!("cells.{kind}")));
        assert_eq!(cells, [104.0, 52.0, 14.0, 51.0]);
    }
}
