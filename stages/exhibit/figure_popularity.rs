//! Downloads per 10,000 inhabitants against diaspora size, one point a pair, ready to be drawn.
//!
//! y is the mean of monthly downloads of an app in a country in one year (the
//! sum of the year over twelve) per 10,000 inhabitants, x the Chinese-born
//! residents of the country, both on logarithmic axes (Blocked by Numbers,
//! section 6.2, Figure 8). Pairs without downloads have no place on such an
//! axis and are left out. The trend of each kind of barrier is the straight
//! line of least squares through `(log10 x, log10 y)`.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::Values;
use arithmetic::stats;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::{calendar, table};

use crate::records::axis::Axis;
use crate::records::barrier::Barrier;
use crate::records::pair::{self, Pair};
use crate::records::panel;
use crate::records::size::{self, Measure};

/// The panel, the tagged pairs, the diaspora series and population.
pub const INPUTS: &[Slot] =
    &[Slot::one("panel"), Slot::one("pairs"), Slot::one("diaspora"), Slot::one("population")];
/// The figure's data, and its numbers.
pub const OUTPUTS: &[&str] = &["figure", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The barrier matrix: `table1` or `appendix3`.
    pub matrix: String,
    /// The year of downloads, diaspora and population.
    #[serde(default = "year")]
    pub year: i64,
}

fn year() -> i64 {
    2023
}

#[derive(Serialize)]
struct Figure {
    x: Axis,
    y: Axis,
    points: Vec<Point>,
    trends: Vec<Trend>,
    labels: BTreeSet<String>,
}

#[derive(Serialize)]
struct Point {
    app: String,
    name: String,
    country: String,
    iso3: String,
    kind: &'static str,
    x: f64,
    y: f64,
}

#[derive(Serialize)]
struct Trend {
    kind: &'static str,
    points: usize,
    slope: f64,
    intercept: f64,
    on: &'static str,
}

/// Joins downloads, sizes and population, and fits the trends.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let points = points(params, job, &pairs)?;
    let trends: Vec<Trend> =
        Barrier::ALL.iter().filter_map(|it| trend(it.key(), &points)).collect();
    let mut values = Values::default();
    let apps: BTreeSet<&str> = points.iter().map(|point| point.app.as_str()).collect();
    let about = format!("apps of the matrix with downloads in {}", params.year);
    values.count("apps", apps.len(), "apps", &about);
    let about = format!("country-app pairs with downloads in {}", params.year);
    values.count("pairs", points.len(), "country-app pairs", &about);
    for trend in &trends {
        let about = format!("log downloads per inhabitant on log diaspora: {}", trend.kind);
        values.number(&format!("slope.{}", trend.kind), trend.slope, 3, "log on log", &about);
    }
    let figure = Figure {
        x: Axis {
            label: format!("Chinese diaspora, {}", params.year),
            unit: "Chinese-born residents",
            log: true,
        },
        y: Axis {
            label: format!("Mean monthly downloads, {}", params.year),
            unit: "downloads per 10,000 inhabitants",
            log: true,
        },
        points,
        trends,
        labels: job.labels(),
    };
    Ok(Outputs::from([("figure", json::encode(&figure)?), ("values", values.encode()?)]))
}

/// The pairs with downloads, diaspora and population, by country and app.
fn points(params: &Params, job: &Job, pairs: &[Pair]) -> Result<Vec<Point>, Failure> {
    let panel = panel::decode(job.one("panel"))?;
    let sizes = size::sizes(job.one("diaspora"), params.year, Measure::Headcount)?;
    let frame = table::decode(job.one("population"))?;
    let (codes, years) = (table::texts(&frame, "iso3")?, table::integers(&frame, "year")?);
    let persons = table::integers(&frame, "population")?;
    let persons: BTreeMap<&str, i64> = codes
        .iter()
        .zip(years)
        .zip(persons)
        .filter_map(|((iso3, year), n)| (year == params.year).then_some((iso3.as_str(), n)))
        .collect();
    let tags = panel::tags(&panel, pairs);
    let mut sums: BTreeMap<(usize, usize), i64> = BTreeMap::new();
    for row in panel.rows.iter().filter(|row| calendar::year(row.month) == params.year) {
        *sums.entry((row.app, row.country)).or_default() += row.downloads;
    }
    let mut points = Vec::new();
    for (key, downloads) in sums.into_iter().filter(|(_, downloads)| *downloads > 0) {
        let Some(pair) = tags.get(&key) else { continue };
        let Some(x) = sizes.get(&pair.country).filter(|size| **size > 0.0) else { continue };
        let inhabitants = persons
            .get(pair.iso3.as_str())
            .ok_or_else(|| format!("`{}` has no population in {}", pair.country, params.year))?;
        points.push(Point {
            app: pair.app.clone(),
            name: pair.name.clone(),
            country: pair.country.clone(),
            iso3: pair.iso3.clone(),
            kind: pair.barrier.key(),
            x: *x,
            y: downloads as f64 / 12.0 / (*inhabitants as f64 / 10_000.0),
        });
    }
    points.sort_by(|a, b| (&a.country, &a.app).cmp(&(&b.country, &b.app)));
    Ok(points)
}

/// The trend of one kind; none where its points do not differ in x.
fn trend(kind: &'static str, points: &[Point]) -> Option<Trend> {
    let logs: Vec<(f64, f64)> = points
        .iter()
        .filter(|point| point.kind == kind)
        .map(|point| (libm::log10(point.x), libm::log10(point.y)))
        .collect();
    let (slope, intercept) = stats::line(&logs);
    let found = Trend { kind, points: logs.len(), slope, intercept, on: "log10-log10" };
    slope.is_finite().then_some(found)
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;
    use serde_json::{Value, json};

    use super::*;
    use crate::given;
    use crate::records::panel::{Panel, Row};

    /// 120 and 1,200 downloads a year among 10,000 inhabitants each; ten and a
    /// thousand of the diaspora: the slope is one half.
    #[test]
    fn two_countries_by_hand() {
        let pairs = [("A", "x", 2), ("B", "x", 2), ("B", "y", 1)]
            .map(|(country, app, code)| given::pair("table1", country, app, code));
        let row = |app, country, month: &str, downloads| {
            let month = calendar::month(month).unwrap();
            Row { app, country, month, downloads, rank: None }
        };
        let panel = Panel {
            apps: ["x", "y"].map(String::from).into(),
            countries: ["AXX", "BXX"].map(String::from).into(),
            rows: vec![
                row(0, 0, "2023-01", 100),
                row(0, 0, "2023-02", 20),
                row(0, 0, "2022-12", 7),
                row(0, 1, "2023-05", 1200),
                row(1, 1, "2023-05", 0),
            ],
        };
        let years = [2023_i64, 2023];
        let diaspora =
            df!("country" => ["A", "B"], "year" => years, "chinese_born" => [10i64, 1000]);
        let people = df!("iso3" => ["AXX", "BXX"], "year" => years, "population" => [10_000i64; 2]);
        let passed = |frame: polars::prelude::PolarsResult<_>, key: &str| {
            given::passed("t", &table::encode(&frame.unwrap(), &[key]).unwrap())
        };
        let outputs = run(
            &Params { matrix: "table1".into(), year: 2023 },
            &given::job(&[
                ("panel", &[given::passed("p", &panel::encode(&panel).unwrap())]),
                ("pairs", &[given::passed("t", &pair::encode(&pairs).unwrap())]),
                ("diaspora", &[passed(diaspora, "country")]),
                ("population", &[passed(people, "iso3")]),
            ]),
        )
        .unwrap();
        let figure: Value = serde_json::from_slice(&outputs["figure"].bytes).unwrap();
        let ys: Vec<_> = figure["points"].as_array().unwrap().iter().map(|p| &p["y"]).collect();
        assert_eq!(ys, [&json!(10.0), &json!(100.0)]);
        assert_eq!(figure["trends"][0]["kind"], "phone");
        let slope = figure["trends"][0]["slope"].as_f64().unwrap();
        assert!((slope - 0.5).abs() < 1e-12);
        assert_eq!(figure["trends"].as_array().unwrap().len(), 1);
        assert_eq!(given::number(&outputs, "apps"), 1.0);
    }
}
