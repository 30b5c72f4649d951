//! The barrier matrix ready to be drawn: countries by region, apps by how often they are barred.
//!
//! Apps run from the most to the least barred, then by name; regions and
//! countries stand in the order of the report's Table 1. A cell is a code:
//! 0 no barrier, 1 type 1, 2 type 2, 3 both.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::records::barrier::Barrier;
use crate::records::pair::{self, Pair, Tally};

/// The tagged pairs.
pub const INPUTS: &[Slot] = &[Slot::one("pairs")];
/// The figure's data.
pub const OUTPUTS: &[&str] = &["figure"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The barrier matrix: `table1` or `appendix3`.
    pub matrix: String,
}

#[derive(Serialize)]
struct Figure {
    apps: Vec<App>,
    regions: Vec<Region>,
    codes: BTreeMap<String, &'static str>,
    labels: BTreeSet<String>,
}

#[derive(Serialize)]
struct App {
    key: String,
    name: String,
    full_name: String,
    barred: usize,
}

#[derive(Serialize)]
struct Region {
    name: String,
    countries: Vec<Country>,
}

#[derive(Serialize)]
struct Country {
    name: String,
    iso3: String,
    codes: Vec<i64>,
    barred: usize,
}

/// Arranges the pairs.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let apps = apps(&pairs);
    let regions = regions(&pairs, &apps)?;
    let codes = Barrier::ALL.map(|it| (it.code().to_string(), it.legend())).into();
    let figure = Figure { apps, regions, codes, labels: job.labels() };
    Ok(Outputs::from([("figure", json::encode(&figure)?)]))
}

/// The apps, the most barred first.
fn apps(pairs: &[Pair]) -> Vec<App> {
    let mut by_app: BTreeMap<&str, Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        by_app.entry(&pair.app).or_default().push(pair);
    }
    let app = |(key, pairs): (&str, Vec<&Pair>)| App {
        key: key.to_string(),
        name: pairs[0].name.clone(),
        full_name: pairs[0].full_name.clone(),
        barred: Tally::of(pairs).barred,
    };
    let mut apps: Vec<App> = by_app.into_iter().map(app).collect();
    apps.sort_by(|a, b| (b.barred, &a.name, &a.key).cmp(&(a.barred, &b.name, &b.key)));
    apps
}

/// The countries by region, both in the order of the report.
fn regions(pairs: &[Pair], apps: &[App]) -> Result<Vec<Region>, Failure> {
    let mut by_country: BTreeMap<(i64, &str), Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        by_country.entry((pair.place, &pair.country)).or_default().push(pair);
    }
    let mut regions: Vec<Region> = Vec::new();
    for ((_, name), pairs) in by_country {
        let codes: BTreeMap<&str, i64> =
            pairs.iter().map(|pair| (pair.app.as_str(), pair.barrier.code())).collect();
        let code = |app: &App| {
            codes.get(app.key.as_str()).copied().ok_or_else(|| {
                Failure::from(format!("the pair of `{}` and `{name}` is missing", app.key))
            })
        };
        let country = Country {
            name: name.to_string(),
            iso3: pairs[0].iso3.clone(),
            codes: apps.iter().map(code).collect::<Result<_, _>>()?,
            barred: Tally::of(pairs.iter().copied()).barred,
        };
        let region = &pairs[0].region;
        match regions.iter_mut().find(|known| known.name == *region) {
            Some(known) => known.countries.push(country),
            None => regions.push(Region { name: region.clone(), countries: vec![country] }),
        }
    }
    Ok(regions)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::given;

    fn figure(pairs: &[Pair], matrix: &str) -> Result<Value, Failure> {
        let table = given::passed("outputs/tag.parquet", &pair::encode(pairs).unwrap());
        let params = Params { matrix: matrix.into() };
        let outputs = run(&params, &given::job(&[("pairs", &[table])]))?;
        Ok(serde_json::from_slice(&outputs["figure"].bytes).unwrap())
    }

    #[test]
    fn apps_by_barriers_and_countries_by_place() {
        let pairs = [
            ("B", "x", 0),
            ("B", "y", 3),
            ("A", "x", 1),
            ("A", "y", 2),
            ("A", "w", 0),
            ("B", "w", 1),
        ]
        .map(|(country, app, code)| given::pair("table1", country, app, code));
        let figure = figure(&pairs, "table1").unwrap();
        assert_eq!(
            figure["apps"],
            json!([
                { "key": "y", "name": "Y", "full_name": "y in full", "barred": 2 },
                { "key": "w", "name": "W", "full_name": "w in full", "barred": 1 },
                { "key": "x", "name": "X", "full_name": "x in full", "barred": 1 },
            ])
        );
        assert_eq!(
            figure["regions"],
            json!([{ "name": "Region", "countries": [
                { "name": "A", "iso3": "AXX", "codes": [2, 0, 1], "barred": 2 },
                { "name": "B", "iso3": "BXX", "codes": [3, 1, 0], "barred": 2 },
            ]}])
        );
        assert_eq!(figure["labels"], json!(["published"]));
    }

    #[test]
    fn a_matrix_with_a_hole() {
        let pairs = [("A", "x", 0), ("B", "y", 3)]
            .map(|(country, app, code)| given::pair("table1", country, app, code));
        let message = |matrix| figure(&pairs, matrix).unwrap_err().diagnostics[0].message.clone();
        assert_eq!(message("table1"), "the pair of `y` and `A` is missing");
        assert_eq!(message("table2"), "there are no pairs of the matrix `table2`");
    }

    #[test]
    fn the_published_matrix() {
        let tagged = given::passed("outputs/tag.parquet", &given::tagged()["pairs"]);
        let figure = figure(&pair::decode(&tagged).unwrap(), "table1").unwrap();
        assert_eq!(figure["apps"].as_array().unwrap().len(), 33);
        assert_eq!(figure["apps"][0]["barred"], 58);
        let regions = figure["regions"].as_array().unwrap();
        let sizes: Vec<usize> =
            regions.iter().map(|r| r["countries"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [13, 5, 21, 7, 7, 3, 2]);
        assert_eq!(regions[0]["countries"][0]["name"], "Hong Kong");
        assert_eq!(regions[0]["countries"][0]["barred"], 12);
    }
}
