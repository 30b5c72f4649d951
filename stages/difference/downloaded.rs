//! The country-app pairs that had any downloads in one year.
//!
//! The report tests the pairs with downloads in 2023 (Blocked by Numbers,
//! section 6.2). A pair stays if its app has one download or more in its
//! country in that year, all stores together; what is known of it stays as it
//! is. Pairs without downloads may be those that the barriers emptied, so the
//! choice is not a neutral one.

use std::collections::BTreeSet;

use account::values::Values;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::calendar;

use crate::records::pair::{self, Pair};
use crate::records::panel;

/// The tagged pairs, and the panel.
pub const INPUTS: &[Slot] = &[Slot::one("pairs"), Slot::one("panel")];
/// The pairs with downloads, and how many there are.
pub const OUTPUTS: &[&str] = &["pairs", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The year of the downloads.
    pub year: i64,
}

/// Leaves out the pairs without downloads.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::decode(job.one("pairs"))?;
    let panel = panel::decode(job.one("panel"))?;
    let mut found = BTreeSet::new();
    for row in panel.rows.iter().filter(|row| calendar::year(row.month) == params.year) {
        if row.downloads > 0 {
            found.insert((panel.apps[row.app].as_str(), panel.countries[row.country].as_str()));
        }
    }
    if found.is_empty() {
        return Err(Failure::from(format!("the panel has no downloads in {}", params.year)));
    }
    let has = |pair: &Pair| found.contains(&(pair.app.as_str(), pair.iso3.as_str()));
    let (kept, dropped): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(has);
    let mut values = Values::default();
    let matrices: BTreeSet<&String> = kept.iter().chain(&dropped).map(|it| &it.matrix).collect();
    for matrix in matrices {
        let of = |list: &[Pair]| list.iter().filter(|pair| pair.matrix == *matrix).count();
        let unit = "country-app pairs";
        let about = format!("pairs of `{matrix}` with downloads in {}", params.year);
        values.count(&format!("{matrix}.kept"), of(&kept), unit, &about);
        let about = format!("pairs of `{matrix}` without downloads in {}", params.year);
        values.count(&format!("{matrix}.dropped"), of(&dropped), unit, &about);
    }
    Ok(Outputs::from([("pairs", pair::encode(&kept)?), ("values", values.encode()?)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;
    use crate::records::panel::{Panel, Row};

    fn downloaded(year: i64) -> Result<Outputs, Failure> {
        let pairs = [("A", "x", 1), ("B", "x", 0), ("C", "x", 2), ("D", "x", 3)]
            .map(|(country, app, code)| given::pair("table1", country, app, code));
        let other = given::pair("appendix3", "B", "x", 0);
        let row = |country, month: &str, downloads| {
            let month = calendar::month(month).unwrap();
            Row { app: 0, country, month, downloads, rank: None }
        };
        let panel = Panel {
            apps: vec!["x".into()],
            countries: ["AXX", "BXX", "CXX"].map(String::from).into(),
            rows: vec![row(0, "2022-12", 9), row(1, "2023-05", 1), row(2, "2023-06", 0)],
        };
        let pairs = [&pairs[..], &[other]].concat();
        run(
            &Params { year },
            &given::job(&[
                ("pairs", &[given::passed("t", &pair::encode(&pairs).unwrap())]),
                ("panel", &[given::passed("p", &panel::encode(&panel).unwrap())]),
            ]),
        )
    }

    #[test]
    fn one_download_in_the_year_is_enough() {
        let outputs = downloaded(2023).unwrap();
        let pairs = pair::decode(&given::passed("d", &outputs["pairs"])).unwrap();
        let named: Vec<_> =
            pairs.iter().map(|it| (it.matrix.as_str(), it.country.as_str())).collect();
        assert_eq!(named, [("appendix3", "B"), ("table1", "B")]);
        for (key, expected) in
            [("table1.kept", 1.0), ("table1.dropped", 3.0), ("appendix3.dropped", 0.0)]
        {
            assert_eq!(given::number(&outputs, key), expected, "{key}");
        }
    }

    #[test]
    fn a_year_without_downloads() {
        let messages = given::messages(downloaded(2021));
        assert_eq!(messages, ["the panel has no downloads in 2021"]);
    }
}
