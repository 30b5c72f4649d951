//! Population of every country for 2015 to 2023, the last year extrapolated.
//!
//! Persons: World Bank SP.POP.TOTL (mid-year) and, for Taiwan, registered
//! residents at the end of the year. The rule is the report's (Blocked by
//! Numbers, Appendix 1, "Global population data"): `p23 = p22 (1 + g)`, where
//! `g` is the arithmetic mean of the yearly growth rates `p(y) / p(y-1) - 1`
//! of 2016 to 2022; rounded to whole persons.

use std::collections::BTreeMap;

use account::values::Values;
use arithmetic::stats;
use engine::diagnostic::{Diagnostic, Place};
use engine::function::{Artifact, Failure, Job, Output, Outputs, Slot};
use polars::prelude::df;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

/// Tables of population that share no country.
pub const INPUTS: &[Slot] = &[Slot::many("tables")];
/// One table, and what was estimated.
pub const OUTPUTS: &[&str] = &["table", "values"];

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

/// The years with observations.
const FIRST: i64 = 2015;
const LAST: i64 = 2022;

/// A country's code and its population by year.
struct Country {
    iso3: String,
    path: String,
    persons: BTreeMap<i64, i64>,
}

/// Extrapolates each country by itself.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let mut countries = BTreeMap::new();
    for artifact in job.many("tables") {
        read(artifact, &mut countries)?;
    }
    let mut faults = Vec::new();
    let mut rates = Vec::new();
    for (name, country) in &mut countries {
        match growth(&country.persons) {
            Ok(rate) => {
                let last = country.persons[&LAST] as f64;
                country.persons.insert(LAST + 1, (last * (1.0 + rate)).round() as i64);
                rates.push(rate);
            }
            Err(year) => {
                let message = format!("`{name}` has no population in {year}");
                faults.push(Diagnostic::contract(message).at(Place::file(&country.path)));
            }
        }
    }
    if !faults.is_empty() {
        return Err(Failure::contract(faults));
    }
    let mut values = Values::default();
    values.count("countries", countries.len(), "countries", "countries with population");
    let about = "median over countries of the mean yearly growth of population";
    values.number("growth_median", 100.0 * stats::median(&rates), 2, "percent", about);
    Ok(Outputs::from([("table", encode(&countries)?), ("values", values.encode()?)]))
}

fn read(artifact: &Artifact, countries: &mut BTreeMap<String, Country>) -> Result<(), Failure> {
    let frame = table::decode(artifact)?;
    let (names, codes) = (table::texts(&frame, "country")?, table::texts(&frame, "iso3")?);
    let (years, persons) =
        (table::integers(&frame, "year")?, table::integers(&frame, "population")?);
    for (((name, iso3), year), persons) in names.into_iter().zip(codes).zip(years).zip(persons) {
        let country = countries.entry(name.clone()).or_insert_with(|| Country {
            iso3,
            path: artifact.path.clone(),
            persons: BTreeMap::new(),
        });
        if country.persons.insert(year, persons).is_some() {
            let message = format!("`{name}` in {year} is in `{}` too", country.path);
            let fault = Diagnostic::contract(message).at(Place::file(&artifact.path));
            return Err(Failure::contract(vec![fault]));
        }
    }
    Ok(())
}

/// The mean yearly growth rate, or the first year that is missing.
fn growth(persons: &BTreeMap<i64, i64>) -> Result<f64, i64> {
    let in_year = |year: i64| persons.get(&year).map(|p| *p as f64).ok_or(year);
    let rate = |year| Ok(in_year(year)? / in_year(year - 1)? - 1.0);
    in_year(FIRST)?;
    let rates: Vec<f64> = (FIRST + 1..=LAST).map(rate).collect::<Result<_, i64>>()?;
    Ok(stats::mean(&rates))
}

fn encode(countries: &BTreeMap<String, Country>) -> Result<Output, Failure> {
    let rows: Vec<_> = countries
        .iter()
        .flat_map(|(name, country)| country.persons.iter().map(move |cell| (name, country, cell)))
        .collect();
    let kind = |year: i64| if year > LAST { "extrapolated" } else { "published" };
    let frame = df!(
        "country" => rows.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(),
        "iso3" => rows.iter().map(|(_, country, _)| country.iso3.as_str()).collect::<Vec<_>>(),
        "year" => rows.iter().map(|(_, _, (year, _))| **year).collect::<Vec<_>>(),
        "population" => rows.iter().map(|(_, _, (_, persons))| **persons).collect::<Vec<_>>(),
        "kind" => rows.iter().map(|(_, _, (year, _))| kind(**year)).collect::<Vec<_>>(),
    );
    table::encode(&frame.map_err(table::failed)?, &["country", "year"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    /// Extrapolates countries whose population is given from 2015 on.
    fn extrapolate(countries: &[(&str, &[i64])]) -> Result<Outputs, Failure> {
        let given = |(at, (name, persons)): (usize, &(&str, &[i64]))| {
            let years: Vec<i64> = (FIRST..).take(persons.len()).collect();
            let frame = df!(
                "country" => vec![*name; years.len()], "iso3" => vec!["XXX"; years.len()],
                "year" => years, "population" => persons,
            );
            let output = table::encode(&frame.unwrap(), &["year"]).unwrap();
            given::passed(&format!("outputs/{at}.parquet"), &output)
        };
        let tables: Vec<Artifact> = countries.iter().enumerate().map(given).collect();
        run(&Params {}, &given::job(&[("tables", &tables)]))
    }

    /// No growth in six years and 70 % in one: 10 % in the mean.
    #[test]
    fn mean_of_yearly_growth() {
        let persons = [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1700];
        let outputs = extrapolate(&[("A", &persons)]).unwrap();
        let frame = table::decode(&given::passed("t", &outputs["table"])).unwrap();
        let persons = table::integers(&frame, "population").unwrap();
        assert_eq!(persons[8], 1870);
        assert_eq!(table::texts(&frame, "kind").unwrap()[7..], ["published", "extrapolated"]);
    }

    #[test]
    fn gaps_and_overlaps_are_refused() {
        let gap = extrapolate(&[("A", &[1, 2, 3])]);
        assert_eq!(given::messages(gap), ["outputs/0.parquet: `A` has no population in 2018"]);
        let twice = extrapolate(&[("A", &[1; 8]), ("A", &[1; 8])]);
        assert_eq!(
            given::messages(twice),
            ["outputs/1.parquet: `A` in 2015 is in `outputs/0.parquet` too"]
        );
    }

    #[test]
    fn the_studys_population() {
        let outputs = given::extrapolated();
        assert_eq!(outputs["table"].rows, Some(60 * 9));
        assert_eq!(given::number(&outputs, "countries"), 60.0);
    }
}
