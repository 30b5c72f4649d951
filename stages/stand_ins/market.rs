//! What the model of the stand-in knows: its parameters, countries, candidates and pairs.

use std::collections::BTreeMap;

use arithmetic::draw;
use engine::function::{Failure, Job};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::calendar::Month;
use tables::table;

use crate::records::pair::{self, Pair};
use crate::stand_ins::target::Cells;

/// Parameters.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The barrier matrix whose pairs the printed aggregates speak of.
    pub matrix: String,
    /// The first year of the panel.
    pub first_year: i64,
    /// The last year of the panel.
    pub last_year: i64,
    /// How many rows stand for one, its downloads shared among them; for benchmarks.
    pub size: u32,
    /// Invented candidates that have ceased operation.
    pub closed: usize,
    /// Invented candidates with services only adjacent to social media.
    pub adjacent: usize,
    /// Invented candidates below the download threshold.
    pub below: usize,
    /// The download threshold: a month, worldwide.
    pub threshold: f64,
    /// The rank that each candidate reaches in some store abroad.
    pub rank_limit: i64,
    /// The year in which growth ends and barriers begin to tell.
    pub turn: i64,
    /// Yearly log growth before the turn.
    pub rise: f64,
    /// Yearly log growth after it, without barriers.
    pub fall: f64,
    /// What barriers add to it: none, store, phone, both.
    pub effects: [f64; 4],
    /// Monthly downloads of a median app in a country of a million inhabitants.
    pub base: f64,
    /// By how much downloads follow population.
    pub elasticity: f64,
    /// Standard deviation of the log of an app's size.
    pub app_sigma: f64,
    /// Standard deviation of the log of a region's size.
    pub region_sigma: f64,
    /// Standard deviation of the log of a pair's size.
    pub pair_sigma: f64,
    /// Standard deviation of the log of a month's noise.
    pub month_sigma: f64,
    /// Amplitude of the season.
    pub season: f64,
    /// Share of pairs without any downloads.
    pub absent: f64,
    /// In how many countries a selected app outside of the matrix is found.
    pub spread: usize,
    /// In how many countries an invented app is found.
    pub spread_invented: usize,
    /// Downloads a month of the first rank of a store, per inhabitant.
    pub top: f64,
    /// How fast downloads fall with the rank.
    pub zipf: f64,
    /// The share of a printed upper bound that its sum is scaled to.
    pub margin: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            matrix: "table1".into(),
            first_year: 2015,
            last_year: 2023,
            size: 1,
            closed: 31,
            adjacent: 26,
            below: 128,
            threshold: 30_000.0,
            rank_limit: 10_000,
            turn: 2018,
            rise: 0.25,
            fall: -0.09,
            effects: [0.0, -0.15, 0.05, -0.55],
            base: 300.0,
            elasticity: 0.7,
            app_sigma: 1.2,
            region_sigma: 0.2,
            pair_sigma: 0.8,
            month_sigma: 0.15,
            season: 0.1,
            absent: 0.15,
            spread: 15,
            spread_invented: 6,
            top: 0.02,
            zipf: 0.8,
            margin: 0.98,
        }
    }
}

/// A country and its stores.
pub struct Place {
    /// Its ISO 3166 alpha-3 code.
    pub iso3: String,
    /// Its region by place; China and India have none.
    pub region: Option<usize>,
    /// Its inhabitants in the last year.
    pub inhabitants: f64,
}

impl Place {
    /// The rank that downloads of a month give in a store of the country:
    /// `(top inhabitants / downloads)^(1/zipf)`, within 1 and 999,999.
    pub fn rank(&self, downloads: i64, top: f64, zipf: f64) -> i64 {
        let ratio = top * self.inhabitants / downloads as f64;
        (libm::pow(ratio, 1.0 / zipf).round() as i64).clamp(1, 999_999)
    }
}

/// The countries by code, with their inhabitants in the last year that has
/// some, and the names of the regions.
pub fn places(job: &Job) -> Result<(Vec<Place>, Vec<String>), Failure> {
    let frame = table::decode(job.one("population"))?;
    let (codes, years) = (table::texts(&frame, "iso3")?, table::integers(&frame, "year")?);
    let persons = table::integers(&frame, "population")?;
    let last = years.iter().max().copied();
    let persons = codes.into_iter().zip(years).zip(persons);
    let persons: BTreeMap<String, i64> =
        persons.filter_map(|((iso3, year), n)| (Some(year) == last).then_some((iso3, n))).collect();
    let frame = table::decode(job.one("countries"))?;
    let regions = table::optional_texts(&frame, "region")?;
    let mut names: Vec<String> = regions.iter().flatten().cloned().collect();
    names.sort();
    names.dedup();
    let mut places = Vec::new();
    for (iso3, region) in table::texts(&frame, "iso3")?.into_iter().zip(regions) {
        let region = region.and_then(|region| names.binary_search(&region).ok());
        let persons = persons.get(&iso3);
        let persons = persons.ok_or_else(|| format!("`{iso3}` has no population"))?;
        places.push(Place { iso3, region, inhabitants: *persons as f64 });
    }
    places.sort_by(|a, b| a.iso3.cmp(&b.iso3));
    Ok((places, names))
}

/// A candidate app.
pub struct Candidate {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its sub-category.
    pub sub_category: &'static str,
    /// Whether it is one of the selected, real apps.
    pub selected: bool,
    /// Whether it has ceased operation.
    pub ceased: bool,
    /// Whether its services are only adjacent to social media.
    pub adjacent: bool,
    /// Whether its downloads lie below the threshold.
    pub below: bool,
    /// Whether Google's store alone has it.
    pub android: bool,
}

/// All that the model knows of.
pub struct Market {
    /// The countries, by code.
    pub places: Vec<Place>,
    /// The candidates, by key.
    pub candidates: Vec<Candidate>,
    /// The cells of the matrix.
    pub cells: Cells,
    /// The first month.
    pub start: Month,
    /// How many months there are.
    pub months: Month,
    /// The pairs of the matrix, by app and country.
    pub pairs: Vec<Pair>,
}

const SUB_CATEGORIES: [&str; 3] = ["Chats", "Messengers", "Social Network"];
/// The app stores that the query leaves out, which the aggregates do not count.
pub const HOME: [&str; 2] = ["CHN", "IND"];

impl Market {
    /// Reads what is real: countries, population, selected apps, pairs.
    pub fn read(params: &Params, job: &Job) -> Result<Self, Failure> {
        if params.first_year > params.last_year {
            return Err(Failure::from("`first_year` lies after `last_year`"));
        }
        let (places, names) = places(job)?;
        let mut pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
        pairs.sort_by(|a, b| (&a.app, &a.iso3).cmp(&(&b.app, &b.iso3)));
        let (first, last) = (params.first_year, params.last_year);
        Ok(Market {
            places,
            candidates: candidates(params, job)?,
            cells: Cells { regions: names, first, last },
            start: first * 12,
            months: (last - first + 1) * 12,
            pairs,
        })
    }

    /// The place of a country.
    pub fn place(&self, iso3: &str) -> Result<usize, Failure> {
        let found = self.places.binary_search_by(|place| place.iso3.as_str().cmp(iso3));
        found.map_err(|_| Failure::from(format!("there is no country `{iso3}`")))
    }
}

/// The selected apps, and invented ones of which some are to be dropped.
fn candidates(params: &Params, job: &Job) -> Result<Vec<Candidate>, Failure> {
    let frame = table::decode(job.one("apps"))?;
    let (keys, names) = (table::texts(&frame, "app")?, table::texts(&frame, "name")?);
    let android = table::booleans(&frame, "android_only")?;
    let mut random = draw::stream(job.seed(), "candidates");
    let mut sub_category = || SUB_CATEGORIES[random.below(3) as usize];
    let mut list = Vec::new();
    for ((key, name), android) in keys.into_iter().zip(names).zip(android) {
        let (ceased, adjacent, below) = (false, false, false);
        let sub_category = sub_category();
        list.push(Candidate {
            key,
            name,
            sub_category,
            selected: true,
            ceased,
            adjacent,
            below,
            android,
        });
    }
    let dropped = params.closed + params.adjacent;
    let mut fates: Vec<usize> = (0..dropped + params.below).collect();
    let mut shuffle = draw::stream(job.seed(), "fates");
    shuffle.choose(&mut fates, dropped + params.below);
    for (at, fate) in fates.into_iter().enumerate() {
        list.push(Candidate {
            key: format!("stand-in-{:03}", at + 1),
            name: format!("stand-in {:03}", at + 1),
            sub_category: sub_category(),
            selected: false,
            ceased: fate < params.closed,
            adjacent: (params.closed..dropped).contains(&fate),
            below: fate >= dropped,
            android: false,
        });
    }
    list.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_downloads_give_a_better_rank() {
        let place = Place { iso3: "PER".into(), region: None, inhabitants: 1e6 };
        let ranks = [20_000, 2_000, 1].map(|n| place.rank(n, 0.02, 0.8));
        assert_eq!(ranks, [1, 18, 237_841]);
    }
}
