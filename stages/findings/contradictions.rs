//! The pairs that the two printed matrices code differently, named cell by cell.
//!
//! Both matrices print the same facts, so a pair that stands in both should
//! have one code. `net` is barred pairs in Appendix 3 less those in Table 1,
//! over the pairs of both. In country-app pairs.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::Values;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::records::barrier::Barrier;
use crate::records::pair::{self, Pair};

/// The tagged pairs of both matrices.
pub const INPUTS: &[Slot] = &[Slot::one("pairs")];
/// The differing cells, and how many there are.
pub const OUTPUTS: &[&str] = &["table", "values"];

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

#[derive(Serialize)]
struct Table {
    cells: Vec<Cell>,
    codes: [&'static str; 4],
    labels: BTreeSet<String>,
}

/// A pair that is coded differently.
#[derive(Serialize)]
struct Cell {
    app: String,
    name: String,
    country: String,
    iso3: String,
    table1: i64,
    appendix3: i64,
}

/// Compares the matrices.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::decode(job.one("pairs"))?;
    let cells = cells(&pairs);
    let mut values = Values::default();
    values.count("cells", cells.len(), "country-app pairs", "pairs that are coded differently");
    let barred = |code: i64| i64::from(code != 0);
    let more = cells.iter().map(|cell| barred(cell.appendix3) - barred(cell.table1));
    let net = more.sum::<i64>();
    let about = "barred pairs in Appendix 3 less those in Table 1, over the pairs of both";
    values.integer("net", net, "country-app pairs", about);
    let mut apps: BTreeMap<&str, usize> = BTreeMap::new();
    let mut countries = BTreeSet::new();
    for cell in &cells {
        *apps.entry(&cell.name).or_default() += 1;
        countries.insert(cell.country.as_str());
    }
    values.count("apps", apps.len(), "apps", "apps with such a pair");
    values.count("countries", countries.len(), "countries", "countries with such a pair");
    let mut apps: Vec<_> = apps.into_iter().collect();
    apps.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let names: Vec<String> = apps.iter().map(|(name, count)| format!("{name} {count}")).collect();
    values.text("apps.names", &names.join(", "), "those apps, with the number of such pairs");
    let table = Table { cells, codes: Barrier::ALL.map(Barrier::legend), labels: job.labels() };
    Ok(Outputs::from([("table", json::encode(&table)?), ("values", values.encode()?)]))
}

/// The differing cells by app and country.
fn cells(pairs: &[Pair]) -> Vec<Cell> {
    let of = |matrix: &str| -> BTreeMap<(&str, &str), &Pair> {
        let pairs = pairs.iter().filter(|pair| pair.matrix == matrix);
        pairs.map(|pair| ((pair.app.as_str(), pair.country.as_str()), pair)).collect()
    };
    let (table1, appendix3) = (of("table1"), of("appendix3"));
    let both = table1.iter().filter_map(|(key, one)| Some((*one, *appendix3.get(key)?)));
    let differing = both.filter(|(one, other)| one.barrier != other.barrier);
    let cell = |(one, other): (&Pair, &Pair)| Cell {
        app: one.app.clone(),
        name: one.name.clone(),
        country: one.country.clone(),
        iso3: one.iso3.clone(),
        table1: one.barrier.code(),
        appendix3: other.barrier.code(),
    };
    differing.map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    #[test]
    fn cells_that_differ_by_hand() {
        let pair = given::pair;
        let pairs = [
            pair("table1", "A", "x", 0),
            pair("table1", "B", "x", 1),
            pair("table1", "A", "y", 2),
            pair("appendix3", "A", "x", 2),
            pair("appendix3", "B", "x", 1),
            pair("appendix3", "A", "z", 3),
        ];
        let cells = cells(&pairs);
        let found: Vec<_> =
            cells.iter().map(|c| (&*c.app, &*c.country, c.table1, c.appendix3)).collect();
        assert_eq!(found, [("x", "A", 0, 2)]);
    }

    #[test]
    fn the_published_matrices() {
        let tagged = given::passed("outputs/tag.parquet", &given::tagged()["pairs"]);
        let outputs = run(&Params {}, &given::job(&[("pairs", &[tagged])])).unwrap();
        let number = |key| given::number(&outputs, key);
        assert_eq!((number("cells"), number("net"), number("apps")), (66.0, 716.0 - 664.0, 4.0));
        let names = given::values(&outputs)["apps.names"]["text"].as_str().unwrap().to_string();
        assert!(names.contains("44") && names.contains("18"), "{names}");
    }
}
