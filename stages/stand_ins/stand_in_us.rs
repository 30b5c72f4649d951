//! A stand-in for the downloads of social apps from the United States: drawn, never observed.
//!
//! The report sets the ranks of Chinese apps beside those of apps from the
//! United States (Blocked by Numbers, Figure 1), and prints no number of the
//! latter. These apps are invented and called `us stand-in 01` and so on; they
//! exist so that the comparison runs, and nobody may read a finding off them.
//! They have a panel of their own, which no stage on Chinese apps reads.
//!
//! **Model.** The downloads of app a in country c and month m are in
//! proportion to
//!
//! `A(a) S(c) P(a,c) exp(rise t) (1 + season cos(2 pi (m-1)/12)) E`,
//!
//! where A, P and E are log-normal with median 1 (of the app, the pair, and
//! each month), `S(c) = base (inhabitants / 10^6)^elasticity`, and t is in
//! years from the first month. It is the model of `stand_in` without regions,
//! without barriers, without a turn, and without any scaling: no month in
//! which one group outranks the other is imposed. Apps are absent from a share
//! `absent` of countries and from China, whose stores don't offer most of
//! them. Downloads are rounded; the rank is that of `stand_in`.

use account::values::Values;
use arithmetic::draw::{self, factor, unit};
use arithmetic::random::Random;
use engine::function::{Failure, Job, Output, Outputs, Slot};
use polars::prelude::df;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::calendar::{self, Month};
use tables::table;

use crate::stand_ins::market::{self, HOME, Place};

/// The countries, and population.
pub const INPUTS: &[Slot] = &[Slot::one("countries"), Slot::one("population")];
/// The panel, the apps as candidates, and a summary.
pub const OUTPUTS: &[&str] = &["panel", "candidates", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The first year of the panel.
    pub first_year: i64,
    /// The last year of the panel.
    pub last_year: i64,
    /// How many apps there are.
    pub apps: usize,
    /// Yearly log growth.
    pub rise: f64,
    /// Monthly downloads of a median app in a country of a million inhabitants.
    pub base: f64,
    /// By how much downloads follow population.
    pub elasticity: f64,
    /// Standard deviation of the log of an app's size.
    pub app_sigma: f64,
    /// Standard deviation of the log of a pair's size.
    pub pair_sigma: f64,
    /// Standard deviation of the log of a month's noise.
    pub month_sigma: f64,
    /// Amplitude of the season.
    pub season: f64,
    /// Share of pairs without any downloads.
    pub absent: f64,
    /// Downloads a month of the first rank of a store, per inhabitant.
    pub top: f64,
    /// How fast downloads fall with the rank.
    pub zipf: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            first_year: 2015,
            last_year: 2023,
            apps: 12,
            rise: 0.1,
            base: 60.0,
            elasticity: 0.8,
            app_sigma: 1.2,
            pair_sigma: 0.8,
            month_sigma: 0.15,
            season: 0.1,
            absent: 0.1,
            top: 0.02,
            zipf: 0.8,
        }
    }
}

/// A row of the panel: app, country by place, store, month, downloads, rank.
type Row = (usize, usize, &'static str, Month, i64, i64);

/// Draws and encodes the panel.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    if params.first_year > params.last_year {
        return Err(Failure::from("`first_year` lies after `last_year`"));
    }
    let (places, _) = market::places(job)?;
    let rows = rows(params, &places, job.seed());
    let keys: Vec<String> = (1..=params.apps).map(|app| format!("us-stand-in-{app:02}")).collect();
    let mut values = Values::default();
    values.count("rows", rows.len(), "rows", "rows of the stand-in for apps from the US");
    values.count("apps", params.apps, "apps", "invented apps from the US");
    Ok(Outputs::from([
        ("panel", encode(&rows, &keys, &places)?),
        ("candidates", candidates(&keys)?),
        ("values", values.encode()?),
    ]))
}

/// The rows with downloads, in their order.
fn rows(params: &Params, places: &[Place], seed: [u8; 32]) -> Vec<Row> {
    let [mut apps, mut stores, mut pairs, mut months] =
        ["us apps", "us places", "us pairs", "us months"].map(|name| draw::stream(seed, name));
    let google: Vec<f64> = places.iter().map(|_| 0.2 + 0.6 * unit(&mut stores)).collect();
    let count = (params.last_year - params.first_year + 1) * 12;
    let path: Vec<f64> = (0..count).map(|month| trend(params, month)).collect();
    let mut rows = Vec::new();
    for app in 0..params.apps {
        let size = factor(&mut apps, params.app_sigma);
        for (at, place) in places.iter().enumerate() {
            let present = unit(&mut pairs) >= params.absent && place.iso3 != HOME[0];
            let drawn = size * factor(&mut pairs, params.pair_sigma);
            let inhabitants = libm::pow(place.inhabitants / 1e6, params.elasticity);
            let drawn = drawn * params.base * inhabitants;
            if !present {
                continue;
            }
            let noise = noise(params, &mut months, count);
            for (store, share) in [("apple", 1.0 - google[at]), ("google_play", google[at])] {
                for (month, (path, noise)) in path.iter().zip(&noise).enumerate() {
                    let downloads = (drawn * share * path * noise).round() as i64;
                    if downloads > 0 {
                        let month = params.first_year * 12 + month as Month;
                        let rank = place.rank(downloads, params.top, params.zipf);
                        rows.push((app, at, store, month, downloads, rank));
                    }
                }
            }
        }
    }
    rows
}

/// Growth and season of a month.
fn trend(params: &Params, month: Month) -> f64 {
    let angle = 2.0 * std::f64::consts::PI * (month % 12) as f64 / 12.0;
    libm::exp(params.rise * month as f64 / 12.0) * (1.0 + params.season * libm::cos(angle))
}

fn noise(params: &Params, months: &mut Random, count: Month) -> Vec<f64> {
    (0..count).map(|_| factor(months, params.month_sigma)).collect()
}

fn encode(rows: &[Row], keys: &[String], places: &[Place]) -> Result<Output, Failure> {
    let frame = df!(
        "app" => rows.iter().map(|row| keys[row.0].as_str()).collect::<Vec<_>>(),
        "iso3" => rows.iter().map(|row| places[row.1].iso3.as_str()).collect::<Vec<_>>(),
        "store" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        "month" => rows.iter().map(|row| calendar::text(row.3)).collect::<Vec<_>>(),
        "downloads" => rows.iter().map(|row| row.4).collect::<Vec<_>>(),
        "rank" => rows.iter().map(|row| row.5).collect::<Vec<_>>(),
    );
    let order: Vec<_> = rows.iter().map(|row| (row.0, row.1, row.2, row.3)).collect();
    table::encode_sorted(frame.map_err(table::failed)?, &order)
}

fn candidates(keys: &[String]) -> Result<Output, Failure> {
    let all = |text| vec![text; keys.len()];
    let names: Vec<String> = keys.iter().map(|key| key.replacen('-', " ", 1)).collect();
    let frame = df!(
        "app" => keys,
        "name" => names.iter().map(|name| name.replacen("in-", "in ", 1)).collect::<Vec<_>>(),
        "headquarters" => all("USA"),
        "category" => all("Social"),
        "sub_category" => all("Social Network"),
        "ceased" => vec![false; keys.len()],
        "adjacent" => vec![false; keys.len()],
        "invented" => vec![true; keys.len()],
    );
    table::encode(&frame.map_err(table::failed)?, &["app"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    fn drawn(params: &Params) -> Outputs {
        let people = given::passed("p", &given::extrapolated()["table"]);
        let inputs = [("countries", &[given::table("countries")][..]), ("population", &[people])];
        run(params, &given::job(&inputs)).unwrap()
    }

    #[test]
    fn invented_apps_everywhere_but_in_china() {
        let params = Params { apps: 2, absent: 0.0, first_year: 2022, ..Params::default() };
        let outputs = drawn(&params);
        assert_eq!(outputs, drawn(&params));
        let frame = table::decode(&given::passed("p", &outputs["panel"])).unwrap();
        let texts = |name| table::texts(&frame, name).unwrap();
        let (apps, codes, months) = (texts("app"), texts("iso3"), texts("month"));
        let mut pairs: Vec<_> = apps.iter().zip(&codes).collect();
        pairs.dedup();
        assert_eq!(pairs.len(), 2 * 59);
        assert!(!codes.contains(&"CHN".to_string()) && codes.contains(&"USA".to_string()));
        assert_eq!(months.iter().min().unwrap(), "2022-01");
        assert!(table::integers(&frame, "downloads").unwrap().iter().all(|n| *n > 0));
        let frame = table::decode(&given::passed("c", &outputs["candidates"])).unwrap();
        assert_eq!(table::texts(&frame, "name").unwrap(), ["us stand-in 01", "us stand-in 02"]);
        assert_eq!(given::number(&outputs, "rows"), outputs["panel"].rows.unwrap() as f64);
    }

    #[test]
    fn growth_of_a_year() {
        let params = Params { rise: 0.5, ..Params::default() };
        let ratio = trend(&params, 12) / trend(&params, 0);
        assert!((ratio - libm::exp(0.5)).abs() < 1e-12, "{ratio}");
        assert!((trend(&params, 0) - 1.1).abs() < 1e-12);
    }
}
