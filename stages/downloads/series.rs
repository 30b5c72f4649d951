//! Downloads by region and kind of barrier, monthly and annual, their decline and projection.
//!
//! A country-app pair is tagged by the barrier recorded for it, whatever the
//! month. `any` is store, phone and both together. Method of the report
//! (Blocked by Numbers, section 6.1 and Appendix 1, "Data analysis"):
//!
//! - decline between two years: `1 - d(to) / d(from)`;
//! - reduction of affected pairs: `d(from) - d(to)`; corrected by the trend of
//!   unaffected pairs: `reduction (1 - decline(none))`;
//! - projection: the simple moving average of the last three years.
//!
//! Downloads are whole numbers and added as such. Apps and countries beyond
//! the matrix are left out.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::Values;
use arithmetic::stats;
use engine::function::{Failure, Job, Output, Outputs, Slot};
use engine::words::count;
use polars::prelude::df;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::calendar::{self, Month};
use tables::table;

use crate::records::barrier::Barrier;
use crate::records::pair::{self, Pair};
use crate::records::panel::{self, Panel};

/// The panel and the tagged pairs.
pub const INPUTS: &[Slot] = &[Slot::one("panel"), Slot::one("pairs")];
/// The monthly series, the annual one ready to be drawn, and its numbers.
pub const OUTPUTS: &[&str] = &["table", "figure", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The barrier matrix: `table1` or `appendix3`.
    pub matrix: String,
    /// The year from which the decline is counted.
    #[serde(default = "from")]
    pub from: i64,
    /// The year up to which it is counted.
    #[serde(default = "to")]
    pub to: i64,
    /// A year between them that is reported too.
    #[serde(default = "between")]
    pub between: i64,
    /// How many years the projection averages.
    #[serde(default = "window")]
    pub window: usize,
}

fn from() -> i64 {
    2017
}

fn to() -> i64 {
    2023
}

fn between() -> i64 {
    2020
}

fn window() -> usize {
    3
}

const WORLD: &str = "World";

/// Downloads by region, kind and month; every region and kind has each month.
type Sums<'a> = BTreeMap<(&'a str, usize, Month), i64>;

#[derive(Serialize)]
struct Figure<'a> {
    years: Vec<i64>,
    projected: i64,
    kinds: [&'static str; 4],
    panels: Vec<Small<'a>>,
    labels: BTreeSet<String>,
}

/// One of the small multiples.
#[derive(Serialize)]
struct Small<'a> {
    region: &'a str,
    series: Vec<Series>,
}

#[derive(Serialize)]
struct Series {
    kind: &'static str,
    downloads: Vec<i64>,
    projection: f64,
}

/// Adds up the panel.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let panel = panel::decode(job.one("panel"))?;
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let sums = sums(&panel, &pairs);
    let years: BTreeSet<i64> = sums.keys().map(|(.., month)| calendar::year(*month)).collect();
    let years: Vec<i64> = years.into_iter().collect();
    for year in [params.from, params.between, params.to] {
        if !years.contains(&year) {
            return Err(Failure::from(format!("the panel has no downloads in {year}")));
        }
    }
    if params.window == 0 || params.window > years.len() {
        let message = format!("a projection from {} is not possible", count(params.window, "year"));
        return Err(Failure::from(message));
    }
    let figure = Figure {
        projected: years.last().map_or(0, |year| year + 1),
        kinds: Barrier::ALL.map(Barrier::key),
        panels: small(&sums, &years, &pairs, params.window),
        labels: job.labels(),
        years,
    };
    let values = values(params, &figure)?;
    let outputs = [("table", encode(&sums)?), ("figure", json::encode(&figure)?)];
    Ok(Outputs::from(outputs).into_iter().chain([("values", values)]).collect())
}

fn sums<'a>(panel: &Panel, pairs: &'a [Pair]) -> Sums<'a> {
    let tags = panel::tags(panel, pairs);
    let mut sums = Sums::new();
    let tagged =
        panel.rows.iter().filter_map(|row| Some((row, tags.get(&(row.app, row.country))?)));
    let mut months = BTreeSet::new();
    for (row, pair) in tagged {
        months.insert(row.month);
        for region in [WORLD, &pair.region] {
            *sums.entry((region, pair.barrier.place(), row.month)).or_default() += row.downloads;
        }
    }
    let regions: BTreeSet<&str> = pairs.iter().map(|pair| pair.region.as_str()).collect();
    for region in regions.into_iter().chain([WORLD]) {
        for (kind, month) in
            (0..Barrier::ALL.len()).flat_map(|k| months.iter().map(move |m| (k, *m)))
        {
            sums.entry((region, kind, month)).or_default();
        }
    }
    sums
}

/// The annual series of the world and of each region in the order of the report.
fn small<'a>(sums: &Sums<'a>, years: &[i64], pairs: &'a [Pair], window: usize) -> Vec<Small<'a>> {
    let mut annual: BTreeMap<(&str, usize, i64), i64> = BTreeMap::new();
    for ((region, kind, month), downloads) in sums {
        *annual.entry((region, *kind, calendar::year(*month))).or_default() += downloads;
    }
    let places: BTreeMap<i64, &str> =
        pairs.iter().map(|pair| (pair.place, pair.region.as_str())).collect();
    let mut regions = vec![WORLD];
    for region in places.into_values() {
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    let series = |region: &str, kind: usize| {
        let at = |year: &i64| annual.get(&(region, kind, *year)).copied().unwrap_or(0);
        let downloads: Vec<i64> = years.iter().map(at).collect();
        let last = downloads[downloads.len() - window..].iter().sum::<i64>();
        Series {
            kind: Barrier::ALL[kind].key(),
            projection: last as f64 / window as f64,
            downloads,
        }
    };
    let kinds = |region| (0..Barrier::ALL.len()).map(|kind| series(region, kind)).collect();
    regions.into_iter().map(|region| Small { region, series: kinds(region) }).collect()
}

fn encode(sums: &Sums) -> Result<Output, Failure> {
    let frame = df!(
        "region" => sums.keys().map(|key| key.0).collect::<Vec<_>>(),
        "barrier" => sums.keys().map(|key| Barrier::ALL[key.1].key()).collect::<Vec<_>>(),
        "month" => sums.keys().map(|key| calendar::text(key.2)).collect::<Vec<_>>(),
        "downloads" => sums.values().copied().collect::<Vec<_>>(),
    );
    table::encode(&frame.map_err(table::failed)?, &["region", "barrier", "month"])
}

fn values(params: &Params, figure: &Figure) -> Result<Output, Failure> {
    let Params { from, to, between, .. } = *params;
    let at = |year| figure.years.iter().position(|known| *known == year).unwrap_or(0);
    let mut values = Values::default();
    for small in &figure.panels {
        let place = match small.region {
            WORLD => String::new(),
            region => format!("{}.", slug(region)),
        };
        let any = |of: &dyn Fn(&Series) -> f64| {
            stats::sum(&small.series[1..].iter().map(of).collect::<Vec<_>>())
        };
        for kind in Barrier::ALL.map(Barrier::key).into_iter().chain(["any"]) {
            let of = |of: &dyn Fn(&Series) -> f64| match kind {
                "any" => any(of),
                kind => small.series.iter().find(|series| series.kind == kind).map_or(0.0, of),
            };
            let what = match kind {
                "any" => "pairs with any barrier".to_string(),
                "none" => Barrier::None.pairs().to_string(),
                kind => format!("pairs with the barrier: {kind}"),
            };
            // Of regions, only what the report speaks of.
            if !place.is_empty() && !["any", "both"].contains(&kind) {
                continue;
            }
            let mut sums = [0.0; 3];
            for (sum, year) in sums.iter_mut().zip([from, to, between]) {
                *sum = of(&|series| series.downloads[at(year)] as f64);
                let about = format!("downloads of {what} in {year}, {}", small.region);
                let key = format!("{place}{kind}.{year}");
                values.integer(&key, *sum as i64, "downloads", &about);
            }
            let key = |name: &str| format!("{place}{kind}.{name}");
            if sums[0] > 0.0 {
                let about = format!("decline of {what} from {from} to {to}, {}", small.region);
                let decline = 100.0 * (1.0 - sums[1] / sums[0]);
                values.number(&key("decline"), decline, 1, "percent", &about);
            }
            if place.is_empty() {
                let about =
                    format!("projection of {what} for {}, {}", figure.projected, small.region);
                let projection = of(&|series| series.projection);
                values.number(&key("projection"), projection, 0, "downloads", &about);
            }
        }
    }
    let world = &figure.panels[0].series;
    let sum = |kinds: std::ops::Range<usize>, year| -> i64 {
        world[kinds].iter().map(|series| series.downloads[at(year)]).sum::<i64>()
    };
    let reduction = sum(1..4, from) - sum(1..4, to);
    let about = "fewer downloads of affected pairs in the later year";
    values.integer("reduction", reduction, "downloads", about);
    if sum(0..1, from) > 0 {
        let decline = 1.0 - sum(0..1, to) as f64 / sum(0..1, from) as f64;
        let prevented = reduction as f64 * (1.0 - decline);
        let about = "the reduction, less the share by which unaffected pairs declined as well";
        values.number("prevented", prevented, 0, "downloads", about);
    }
    values.encode()
}

/// A region as a key: lower-case words up to the first sign that is neither.
fn slug(region: &str) -> String {
    let plain = region.split(['(', '+']).next().unwrap_or(region).trim().to_lowercase();
    plain.replace(|char: char| !char.is_ascii_alphanumeric(), "_")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::given;
    use crate::records::panel::Row;

    /// Two apps in two countries: `x` is barred in B by phone, `y` by both.
    fn series(rows: &[(usize, usize, &str, i64)], from: i64) -> Result<Outputs, Failure> {
        let pairs = [("A", "x", 0), ("B", "x", 2), ("A", "y", 0), ("B", "y", 3)];
        let mut pairs = pairs.map(|(country, app, code)| given::pair("table1", country, app, code));
        pairs.iter_mut().for_each(|pair| pair.region = format!("Region-{}", pair.country));
        let row = |(app, country, month, downloads): &(usize, usize, &str, i64)| Row {
            app: *app,
            country: *country,
            month: calendar::month(month).unwrap(),
            downloads: *downloads,
            rank: None,
        };
        let panel = Panel {
            apps: ["x", "y", "z"].map(String::from).into(),
            countries: ["AXX", "BXX"].map(String::from).into(),
            rows: rows.iter().map(row).collect(),
        };
        let (matrix, to, window) = ("table1".into(), 2023, 3);
        run(
            &Params { matrix, from, to, between: 2022, window },
            &given::job(&[
                ("panel", &[given::passed("p", &panel::encode(&panel).unwrap())]),
                ("pairs", &[given::passed("t", &pair::encode(&pairs).unwrap())]),
            ]),
        )
    }

    const ROWS: [(usize, usize, &str, i64); 7] = [
        (0, 0, "2017-01", 100),
        (0, 1, "2017-02", 60),
        (1, 1, "2017-02", 40),
        (2, 1, "2017-02", 999),
        (0, 0, "2023-01", 60),
        (0, 1, "2022-12", 30),
        (0, 1, "2023-12", 12),
    ];

    #[test]
    fn declines_and_projections_by_hand() {
        let outputs = series(&ROWS, 2017).unwrap();
        for (key, expected) in [
            ("any.2017", 100.0),
            ("any.2023", 12.0),
            ("any.decline", 88.0),
            ("none.decline", 40.0),
            ("both.decline", 100.0),
            ("reduction", 88.0),
            ("prevented", 88.0 * 0.6),
            ("phone.projection", (60.0 + 30.0 + 12.0) / 3.0),
            ("region_b.both.2017", 40.0),
            ("phone.2022", 30.0),
            ("region_a.any.2017", 0.0),
        ] {
            assert!((given::number(&outputs, key) - expected).abs() < 1e-9, "{key}");
        }
    }

    #[test]
    fn regions_add_up_to_the_world_in_any_order_of_rows() {
        let outputs = series(&ROWS, 2017).unwrap();
        let mut rows = ROWS;
        rows.reverse();
        assert_eq!(outputs, series(&rows, 2017).unwrap());
        let figure: Value = serde_json::from_slice(&outputs["figure"].bytes).unwrap();
        let panels = figure["panels"].as_array().unwrap();
        for kind in 0..4 {
            for year in 0..3 {
                let at = |panel: &Value| panel["series"][kind]["downloads"][year].as_i64().unwrap();
                let regions = panels[1..].iter().map(at).sum::<i64>();
                assert_eq!(at(&panels[0]), regions);
            }
        }
        // Six months with rows, three places, four kinds.
        assert_eq!(outputs["table"].rows, Some(5 * 3 * 4));
    }

    #[test]
    fn years_that_the_panel_lacks() {
        let messages = given::messages(series(&ROWS, 2016));
        assert_eq!(messages, ["the panel has no downloads in 2016"]);
    }
}
