//! Diaspora size against barriers, one point a country, ready to be drawn.
//!
//! x is the Chinese diaspora of one year (headcount, or per 10,000
//! inhabitants) on a logarithmic axis, y the share of tested apps that are
//! barred. The vertical line is the median of x, the two means are those of y
//! above and below it, and the trend is the straight line of least squares
//! through `(log10 x, y)`.

use std::collections::BTreeSet;

use account::json;
use arithmetic::stats;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::records::axis::Axis;
use crate::records::pair::{self, Tally};
use crate::records::size::{self, Country, Measure, Split};

/// The tagged pairs and the diaspora series.
pub const INPUTS: &[Slot] = &[Slot::one("pairs"), Slot::one("diaspora")];
/// The figure's data.
pub const OUTPUTS: &[&str] = &["figure"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The barrier matrix: `table1` or `appendix3`.
    pub matrix: String,
    /// The year of the diaspora.
    #[serde(default = "year")]
    pub year: i64,
    /// How the diaspora is measured.
    #[serde(default = "measure")]
    pub measure: Measure,
}

fn year() -> i64 {
    2023
}

fn measure() -> Measure {
    Measure::Headcount
}

#[derive(Serialize)]
struct Figure {
    x: Axis,
    y: Axis,
    points: Vec<Point>,
    median: Median,
    trend: Trend,
    means: Means,
    labels: BTreeSet<String>,
}

#[derive(Serialize)]
struct Point {
    name: String,
    iso3: String,
    x: f64,
    y: f64,
}

#[derive(Serialize)]
struct Median {
    x: f64,
}

#[derive(Serialize)]
struct Trend {
    slope: f64,
    intercept: f64,
    on: &'static str,
}

#[derive(Serialize)]
struct Means {
    above: f64,
    below: f64,
}

/// Joins pairs and sizes, and fits the trend.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let sizes = size::sizes(job.one("diaspora"), params.year, params.measure)?;
    let points: Vec<Point> = size::countries(&pairs, &sizes).iter().map(point).collect();
    let xs: Vec<f64> = points.iter().map(|point| point.x).collect();
    if points.len() < 2 || xs.iter().any(|x| *x <= 0.0) {
        return Err(Failure::from("a logarithmic axis needs two countries or more, all above 0"));
    }
    let median = Split::Median.of(&xs);
    let mean = |above: bool| {
        let side = points.iter().filter(|point| (point.x > median) == above);
        stats::mean(&side.map(|point| point.y).collect::<Vec<_>>())
    };
    let means = Means { above: mean(true), below: mean(false) };
    let logs: Vec<(f64, f64)> = points.iter().map(|p| (libm::log10(p.x), p.y)).collect();
    let (slope, intercept) = stats::line(&logs);
    if ![means.above, means.below, slope].iter().all(|number| number.is_finite()) {
        return Err(Failure::from("all countries have the same size, so there is no trend"));
    }
    let unit = match params.measure {
        Measure::Headcount => "Chinese-born residents",
        Measure::Per10000 => "Chinese-born residents per 10,000 inhabitants",
    };
    let figure = Figure {
        x: Axis { label: format!("Chinese diaspora, {}", params.year), unit, log: true },
        y: Axis { label: "Barred apps".into(), unit: "share of tested apps", log: false },
        points,
        median: Median { x: median },
        trend: Trend { slope, intercept, on: "log10" },
        means,
        labels: job.labels(),
    };
    Ok(Outputs::from([("figure", json::encode(&figure)?)]))
}

fn point(country: &Country) -> Point {
    Point {
        name: country.name.to_string(),
        iso3: country.pairs[0].iso3.clone(),
        x: country.size,
        y: Tally::of(country.pairs.iter().copied()).share(),
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;
    use serde_json::{Value, json};
    use tables::table;

    use super::*;
    use crate::given;

    fn figure(sizes: &[i64], year: i64) -> Result<Value, Failure> {
        let names = ["A", "B", "C", "D"];
        let pairs: Vec<_> = names
            .iter()
            .flat_map(|name| {
                let barred = i64::from(*name > "B");
                [given::pair("table1", name, "x", 2), given::pair("table1", name, "y", barred)]
            })
            .collect();
        let rows = sizes.len();
        let diaspora = df!(
            "country" => &names[..rows], "year" => vec![2023i64; rows], "chinese_born" => sizes,
        );
        let diaspora = table::encode(&diaspora.unwrap(), &["country"]).unwrap();
        let params = Params { matrix: "table1".into(), year, measure: Measure::Headcount };
        let outputs = run(
            &params,
            &given::job(&[
                ("pairs", &[given::passed("p", &pair::encode(&pairs).unwrap())]),
                ("diaspora", &[given::passed("outputs/diaspora.parquet", &diaspora)]),
            ]),
        )?;
        Ok(serde_json::from_slice(&outputs["figure"].bytes).unwrap())
    }

    /// Sizes 10 to 10,000 have logarithms 1 to 4; shares are 0.5, 0.5, 1, 1.
    #[test]
    fn four_countries() {
        let figure = figure(&[10, 100, 1000, 10_000], 2023).unwrap();
        assert_eq!(
            figure["points"][2],
            json!({ "name": "C", "iso3": "CXX", "x": 1000.0, "y": 1.0 })
        );
        assert_eq!(figure["median"], json!({ "x": 550.0 }));
        assert_eq!(figure["means"], json!({ "above": 1.0, "below": 0.5 }));
        assert_eq!(figure["trend"], json!({ "slope": 0.2, "intercept": 0.25, "on": "log10" }));
    }

    #[test]
    fn what_cannot_be_drawn() {
        let message =
            |sizes: &[i64], year| figure(sizes, year).unwrap_err().diagnostics[0].message.clone();
        assert_eq!(message(&[1, 2], 2024), "`outputs/diaspora.parquet` has no year 2024");
        let axis = "a logarithmic axis needs two countries or more, all above 0";
        assert_eq!(message(&[0, 2, 3, 4], 2023), axis);
        let same = "all countries have the same size, so there is no trend";
        assert_eq!(message(&[7, 7, 7], 2023), same);
    }
}
