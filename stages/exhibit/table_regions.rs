//! The barriers of each region, ready to be printed.
//!
//! Pairs by region: `type1` have a store barrier only, `type2` a phone
//! barrier only, `both` both; `barred` is their sum, `share` is `barred`
//! divided by `pairs`. Regions stand in the order of the report.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::records::pair::{self, Pair, Tally};

/// The tagged pairs.
pub const INPUTS: &[Slot] = &[Slot::one("pairs")];
/// The table's rows.
pub const OUTPUTS: &[&str] = &["table"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The barrier matrix: `table1` or `appendix3`.
    pub matrix: String,
}

#[derive(Serialize)]
struct Table {
    rows: Vec<Row>,
    total: Row,
    labels: BTreeSet<String>,
}

#[derive(Serialize)]
struct Row {
    region: String,
    countries: usize,
    pairs: usize,
    barred: usize,
    type1: usize,
    type2: usize,
    both: usize,
    share: f64,
}

/// Counts the pairs of each region.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let mut places: BTreeMap<&str, i64> = BTreeMap::new();
    for pair in &pairs {
        let place = places.entry(&pair.region).or_insert(pair.place);
        *place = pair.place.min(*place);
    }
    let mut regions: Vec<(i64, &str)> =
        places.iter().map(|(name, place)| (*place, *name)).collect();
    regions.sort_unstable();
    let rows = regions
        .iter()
        .map(|(_, name)| row(name, pairs.iter().filter(|pair| pair.region == *name).collect()));
    let table = Table {
        rows: rows.collect(),
        total: row("Total", pairs.iter().collect()),
        labels: job.labels(),
    };
    Ok(Outputs::from([("table", json::encode(&table)?)]))
}

fn row(region: &str, pairs: Vec<&Pair>) -> Row {
    let countries: BTreeSet<&str> = pairs.iter().map(|pair| pair.country.as_str()).collect();
    let tally = Tally::of(pairs);
    Row {
        region: region.to_string(),
        countries: countries.len(),
        pairs: tally.pairs,
        barred: tally.barred,
        type1: tally.type1,
        type2: tally.type2,
        both: tally.both,
        share: tally.share(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::given;

    fn table(pairs: &[Pair]) -> Value {
        let pairs = given::passed("outputs/tag.parquet", &pair::encode(pairs).unwrap());
        let params = Params { matrix: "table1".into() };
        let outputs = run(&params, &given::job(&[("pairs", &[pairs])])).unwrap();
        serde_json::from_slice(&outputs["table"].bytes).unwrap()
    }

    #[test]
    fn regions_in_the_order_of_their_first_country() {
        let pair = |region: &str, country, app, code| Pair {
            region: region.into(),
            ..given::pair("table1", country, app, code)
        };
        let table = table(&[
            pair("South", "B", "x", 1),
            pair("South", "B", "y", 0),
            pair("North", "C", "x", 2),
            pair("North", "A", "x", 3),
        ]);
        assert_eq!(table["rows"][0]["region"], "North");
        assert_eq!(
            table["rows"][1],
            json!({ "region": "South", "countries": 1, "pairs": 2, "barred": 1,
                    "type1": 1, "type2": 0, "both": 0, "share": 0.5 })
        );
        assert_eq!((&table["total"]["countries"], &table["total"]["both"]), (&json!(3), &json!(1)));
    }

    #[test]
    fn the_published_matrix() {
        let tagged = given::passed("outputs/tag.parquet", &given::tagged()["pairs"]);
        let table = table(&pair::decode(&tagged).unwrap());
        assert_eq!(table["rows"].as_array().unwrap().len(), 7);
        let total = &table["total"];
        assert_eq!(total["countries"], 58);
        let counts = ["pairs", "barred", "type1", "type2", "both"].map(|key| total[key].as_u64());
        assert_eq!(counts, [1914, 664, 231, 375, 58].map(Some));
    }
}
