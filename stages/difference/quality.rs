//! Jumps in the diaspora series, and what each of them does to the test of the difference.
//!
//! A jump is an observed value that is more than `factor` times the observed
//! value before it in the same country, or less than one `factor`th of it;
//! estimated cells are passed over. A country is flagged if it has a jump.
//!
//! The influence of a flagged country is the pooled two-proportion z without
//! it less the z with all countries, the median taken anew (deletion of one
//! case: Belsley, Kuh and Welsch 1980, Regression Diagnostics, 2.1).

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::{self, Values};
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

use crate::difference::compare::{self, Counted};
use crate::records::pair;
use crate::records::size::{self, Country, Measure, Split};

/// The diaspora series and the tagged pairs.
pub const INPUTS: &[Slot] = &[Slot::one("diaspora"), Slot::one("pairs")];
/// The flags, and the same as values.
pub const OUTPUTS: &[&str] = &["flags", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The factor from which on a change is a jump.
    pub factor: f64,
    /// The barrier matrix of the test: `table1` or `appendix3`.
    pub matrix: String,
    /// The year of the diaspora in the test.
    pub year: i64,
}

impl Default for Params {
    fn default() -> Self {
        Params { factor: 3.0, matrix: "table1".into(), year: 2023 }
    }
}

#[derive(Serialize)]
struct Flags {
    factor: f64,
    z: f64,
    z_without_all: f64,
    rows: Vec<Flag>,
    labels: BTreeSet<String>,
}

/// A jump.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Flag {
    country: String,
    from_year: i64,
    from: i64,
    to_year: i64,
    to: i64,
    /// The later value divided by the earlier one; none after 0.
    ratio: Option<f64>,
    /// The size in the year of the test.
    size: Option<f64>,
    /// The z without the country, if it is in the test.
    z_without: Option<f64>,
    influence: Option<f64>,
}

/// Flags and computes influence.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let sizes = size::sizes(job.one("diaspora"), params.year, Measure::Headcount)?;
    let countries = size::countries(&pairs, &sizes);
    let mut rows = jumps(&observed(job.one("diaspora"))?, params.factor);
    let z = z(&countries, &[])?;
    for row in &mut rows {
        row.size = sizes.get(&row.country).copied();
        if countries.iter().any(|country| country.name == row.country) {
            let without = self::z(&countries, &[&row.country])?;
            (row.z_without, row.influence) = (Some(without), Some(without - z));
        }
    }
    let flagged: BTreeSet<&str> = rows.iter().map(|row| row.country.as_str()).collect();
    let flagged: Vec<&str> = flagged.into_iter().collect();
    let z_without_all = self::z(&countries, &flagged)?;
    let values = values(&rows, &flagged, (z, z_without_all), params).encode()?;
    let labels = job.labels();
    let flags = Flags { factor: params.factor, z, z_without_all, rows, labels };
    Ok(Outputs::from([("flags", json::encode(&flags)?), ("values", values)]))
}

/// The observed values by country and year.
fn observed(artifact: &Artifact) -> Result<BTreeMap<String, BTreeMap<i64, i64>>, Failure> {
    let frame = table::decode(artifact)?;
    let (countries, years) = (table::texts(&frame, "country")?, table::integers(&frame, "year")?);
    let (sizes, kinds) = (table::integers(&frame, "chinese_born")?, table::texts(&frame, "kind")?);
    let mut observed: BTreeMap<String, BTreeMap<i64, i64>> = BTreeMap::new();
    for (((country, year), size), kind) in countries.into_iter().zip(years).zip(sizes).zip(kinds) {
        if kind == "published" {
            observed.entry(country).or_default().insert(year, size);
        }
    }
    Ok(observed)
}

/// The jumps by country and year.
fn jumps(observed: &BTreeMap<String, BTreeMap<i64, i64>>, factor: f64) -> Vec<Flag> {
    let mut rows = Vec::new();
    for (country, series) in observed {
        let series: Vec<(i64, i64)> = series.iter().map(|(year, size)| (*year, *size)).collect();
        for two in series.windows(2) {
            let [(from_year, from), (to_year, to)] = [two[0], two[1]];
            let (low, high) = (from.min(to) as f64, from.max(to) as f64);
            if high > factor * low {
                rows.push(Flag {
                    country: country.clone(),
                    from_year,
                    from,
                    to_year,
                    to,
                    ratio: (from != 0).then(|| to as f64 / from as f64),
                    size: None,
                    z_without: None,
                    influence: None,
                });
            }
        }
    }
    rows
}

/// The pooled z at the median without some countries.
fn z(countries: &[Country], without: &[&str]) -> Result<f64, Failure> {
    let kept = countries.iter().filter(|country| !without.contains(&country.name));
    let kept: Vec<Country> = kept.cloned().collect();
    let (above, below) = compare::sides(&kept, Split::Median, Counted::Any);
    let (z, _) = compare::two_proportions(&above, &below);
    if z.is_finite() {
        Ok(z)
    } else {
        Err(Failure::from("too few countries are left to test the difference"))
    }
}

fn values(rows: &[Flag], flagged: &[&str], (z, without): (f64, f64), params: &Params) -> Values {
    let mut values = Values::default();
    values.number("factor", params.factor, 0, "times", "change from which on a value is flagged");
    values.count("jumps", rows.len(), "jumps", "observed values that are flagged");
    values.count("countries", flagged.len(), "countries", "countries with a flagged value");
    let names = if flagged.is_empty() { "none".into() } else { flagged.join(", ") };
    values.text("countries.names", &names, "those countries");
    let unit = "standard errors";
    values.number("z", z, 3, unit, "pooled z with all countries");
    values.number("z.without_all", without, 3, unit, "pooled z without the flagged countries");
    for row in rows {
        let key = values::slug(&row.country);
        let years = format!("{} from {} to {}", row.country, row.from_year, row.to_year);
        if let Some(ratio) = row.ratio {
            let about = format!("the later value as a multiple of the earlier one, {years}");
            values.number(&format!("{key}.{}.ratio", row.to_year), ratio, 2, "times", &about);
        }
        if let (Some(z), Some(influence)) = (row.z_without, row.influence) {
            let about = format!("pooled z without {}", row.country);
            values.number(&format!("{key}.z_without"), z, 3, unit, &about);
            let about = format!("pooled z without {} less that with it", row.country);
            values.number(&format!("{key}.influence"), influence, 3, unit, &about);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    #[test]
    fn jumps_by_hand() {
        let series = |values: &[(i64, i64)]| values.iter().copied().collect();
        let observed = BTreeMap::from([
            ("A".to_string(), series(&[(2015, 10), (2016, 30), (2018, 91), (2019, 30)])),
            ("B".to_string(), series(&[(2015, 0), (2016, 5)])),
        ]);
        let found: Vec<_> = jumps(&observed, 3.0)
            .into_iter()
            .map(|flag| (flag.country, flag.from_year, flag.to_year, flag.ratio))
            .collect();
        let a = "A".to_string();
        let ratios = [Some(91.0 / 30.0), Some(30.0 / 91.0)];
        assert_eq!(
            found,
            [
                (a.clone(), 2016, 2018, ratios[0]),
                (a, 2018, 2019, ratios[1]),
                ("B".to_string(), 2015, 2016, None),
            ]
        );
    }

    #[test]
    fn the_published_series() {
        let tagged = given::passed("outputs/tag.parquet", &given::tagged()["pairs"]);
        let diaspora = given::passed("outputs/diaspora.parquet", &given::interpolated()["table"]);
        let job = given::job(&[("diaspora", &[diaspora]), ("pairs", &[tagged])]);
        let outputs = run(&Params::default(), &job).unwrap();
        let values = given::values(&outputs);
        let names = "Greece, Ireland, Israel, Mexico, New Zealand";
        assert_eq!(values["countries.names"]["text"], names);
        assert!((given::number(&outputs, "z") + 2.118_301).abs() < 1e-6);
        assert!((given::number(&outputs, "israel.2022.ratio") - 228_630.0 / 1250.0).abs() < 1e-9);
    }
}
