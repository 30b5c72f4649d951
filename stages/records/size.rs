//! The size of each country's diaspora in one year, and where it divides the countries.

use std::collections::BTreeMap;

use arithmetic::stats;
use engine::function::{Artifact, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

use crate::records::pair::Pair;

/// How a diaspora is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Chinese-born residents.
    Headcount,
    /// Chinese-born residents per 10,000 inhabitants.
    #[serde(rename = "per_10000")]
    Per10000,
}

/// Where the countries are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// At the median.
    Median,
    /// At the arithmetic mean.
    Mean,
    /// The largest third against the smallest, the middle left out.
    Terciles,
}

impl Split {
    /// The threshold of `sizes`; a country is above it if it is larger.
    pub fn of(self, sizes: &[f64]) -> f64 {
        self.bounds(sizes).1
    }

    /// The size up to which a country is below, and that from which on it is
    /// above. A third is the whole number of countries next below it.
    pub fn bounds(self, sizes: &[f64]) -> (f64, f64) {
        let same = |threshold| (threshold, threshold);
        match self {
            Split::Median => same(stats::median(sizes)),
            Split::Mean => same(stats::mean(sizes)),
            Split::Terciles => {
                let mut sorted = sizes.to_vec();
                sorted.sort_by(f64::total_cmp);
                let third = sorted.len() / 3;
                match third {
                    0 => same(f64::NAN),
                    _ => (sorted[third - 1], sorted[sorted.len() - third - 1]),
                }
            }
        }
    }
}

/// The sizes of each country and year by both measures.
pub struct Sizes {
    path: String,
    countries: Vec<String>,
    years: Vec<i64>,
    headcount: Vec<i64>,
    per_10000: Vec<Option<f64>>,
}

impl Sizes {
    /// Reads the diaspora series.
    pub fn read(diaspora: &Artifact) -> Result<Self, Failure> {
        let frame = table::decode(diaspora)?;
        let headcount = table::integers(&frame, "chinese_born")?;
        let per_10000 = match frame.column("per_10000") {
            Ok(_) => table::optional_numbers(&frame, "per_10000")?,
            Err(_) => vec![None; headcount.len()],
        };
        Ok(Sizes {
            path: diaspora.path.clone(),
            countries: table::texts(&frame, "country")?,
            years: table::integers(&frame, "year")?,
            headcount,
            per_10000,
        })
    }

    /// The sizes of one year by country; countries without one are left out.
    pub fn of(&self, year: i64, measure: Measure) -> Result<BTreeMap<String, f64>, Failure> {
        let size = |row: usize| match measure {
            Measure::Headcount => Some(self.headcount[row] as f64),
            Measure::Per10000 => self.per_10000[row],
        };
        let rows = (0..self.years.len()).filter(|row| self.years[*row] == year);
        let found: BTreeMap<String, f64> =
            rows.filter_map(|row| Some((self.countries[row].clone(), size(row)?))).collect();
        if found.is_empty() {
            return Err(Failure::from(format!("`{}` has no year {year}", self.path)));
        }
        Ok(found)
    }
}

/// Reads the sizes of one year by country; countries without one are left out.
pub fn sizes(
    diaspora: &Artifact,
    year: i64,
    measure: Measure,
) -> Result<BTreeMap<String, f64>, Failure> {
    Sizes::read(diaspora)?.of(year, measure)
}

/// A country with the size of its diaspora and its pairs.
#[derive(Clone)]
pub struct Country<'a> {
    /// Its name.
    pub name: &'a str,
    /// The size of its diaspora.
    pub size: f64,
    /// Its pairs.
    pub pairs: Vec<&'a Pair>,
}

/// The countries that have both pairs and a size, by name.
pub fn countries<'a>(pairs: &'a [Pair], sizes: &BTreeMap<String, f64>) -> Vec<Country<'a>> {
    let mut countries: BTreeMap<&str, Country> = BTreeMap::new();
    for pair in pairs {
        let Some(size) = sizes.get(&pair.country) else { continue };
        let name = pair.country.as_str();
        let country = countries.entry(name);
        country
            .or_insert_with(|| Country { name, size: *size, pairs: Vec::new() })
            .pairs
            .push(pair);
    }
    countries.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_seven_sizes_divide() {
        let sizes = [7.0, 1.0, 3.0, 2.0, 40.0, 5.0, 6.0];
        assert_eq!(Split::Median.bounds(&sizes), (5.0, 5.0));
        assert_eq!(Split::Mean.of(&sizes), 64.0 / 7.0);
        // Below are 1 and 2, above are 7 and 40.
        assert_eq!(Split::Terciles.bounds(&sizes), (2.0, 6.0));
        assert!(Split::Terciles.of(&[1.0, 2.0]).is_nan());
    }
}
