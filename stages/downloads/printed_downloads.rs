//! The download figures that the report prints, and what follows from them by arithmetic.
//!
//! `reduction` is downloads of 2017 less those of 2023, `decline` the same as
//! a share of 2017, and `prevented` the reduction times one less the decline
//! of unaffected apps: the report's own rule (Blocked by Numbers, 6.1). The
//! figures are rounded as printed, and what follows is no more exact than
//! they are. No licensed record is used. In downloads.

use std::collections::BTreeMap;

use account::values::{self, Values};
use arithmetic::stats;
use engine::diagnostic::{Diagnostic, Place};
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

use crate::records::barrier::Barrier;

/// The printed aggregates.
pub const INPUTS: &[Slot] = &[Slot::one("table")];
/// Each of them, and what follows.
pub const OUTPUTS: &[&str] = &["values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The year that a decline begins with.
    pub from: i64,
    /// The year that it ends with.
    pub to: i64,
    /// The year of the projections.
    pub projected: i64,
}

impl Default for Params {
    fn default() -> Self {
        Params { from: 2017, to: 2023, projected: 2024 }
    }
}

/// Downloads by region, barrier and year.
type Printed = BTreeMap<(String, String, String), f64>;

/// Reports the figures and what follows.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let printed = printed(job.one("table"))?;
    let mut values = Values::default();
    for ((region, barrier, year), number) in &printed {
        let key = [region, barrier, year].map(|word| values::slug(word)).join(".");
        let about = format!("printed for {region}, {}, {year}", barrier_words(barrier));
        if number.abs() < 1.0 {
            let about = format!("relative change {about}");
            values.number(&key, *number, 2, "proportion", &about);
        } else {
            values.integer(&key, *number as i64, "downloads", &format!("downloads {about}"));
        }
    }
    follow(&mut values, &printed, params).map_err(|missing| {
        let place = Place::file(&job.one("table").path);
        Failure::contract(vec![Diagnostic::contract(missing).at(place)])
    })?;
    Ok(Outputs::from([("values", values.encode()?)]))
}

fn barrier_words(barrier: &str) -> &'static str {
    match barrier {
        "any" => "pairs with a hard barrier",
        key => {
            let barred = Barrier::ALL.into_iter().filter(|it| *it != Barrier::None);
            let known = barred.into_iter().find(|it| it.key() == key);
            known.map_or("apps without a recorded barrier", Barrier::pairs)
        }
    }
}

fn printed(artifact: &Artifact) -> Result<Printed, Failure> {
    let frame = table::decode(artifact)?;
    let (regions, barriers) = (table::texts(&frame, "region")?, table::texts(&frame, "barrier")?);
    let years = table::texts(&frame, "year")?;
    let numbers = table::optional_numbers(&frame, "downloads")?;
    let keys = regions.into_iter().zip(barriers).zip(years).map(|((r, b), y)| (r, b, y));
    Ok(keys.zip(numbers).filter_map(|(key, number)| Some((key, number?))).collect())
}

/// What follows from the figures of the world.
fn follow(values: &mut Values, printed: &Printed, params: &Params) -> Result<(), String> {
    let find = |barrier: &str, year: String| {
        let key = ("World".to_string(), barrier.to_string(), year);
        let found = printed.get(&key).copied();
        found.ok_or_else(|| format!("there is no row World, {barrier}, {}", key.2))
    };
    let Params { from, to, projected } = params;
    let mut count = |key: &str, number: f64, about: &str| {
        values.number(key, number, 0, "downloads", about);
    };
    let mut shares = Vec::new();
    let unaffected = find("none", format!("{from}-{to}"))?;
    for (barrier, prefix) in [("any", ""), ("both", "both.")] {
        let (first, last) = (find(barrier, from.to_string())?, find(barrier, to.to_string())?);
        let of = barrier_words(barrier);
        let about = format!("downloads of {from} less those of {to}, {of}");
        count(&format!("{prefix}reduction"), first - last, &about);
        let about = format!("the reduction times one less the decline of unaffected apps, {of}");
        count(&format!("{prefix}prevented"), (first - last) * (1.0 + unaffected), &about);
        shares.push((format!("{prefix}decline"), 100.0 * (first - last) / first, of));
    }
    let projections: Result<Vec<f64>, String> =
        ["phone", "store", "both"].iter().map(|it| find(it, projected.to_string())).collect();
    let sum = stats::sum(&projections?);
    count("projections", sum, &format!("sum of the three printed projections of {projected}"));
    for (key, share, of) in shares {
        let about = format!("decline of downloads from {from} to {to}, {of}");
        values.number(&key, share, 1, "percent", &about);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    #[test]
    fn what_follows_from_the_printed_figures() {
        let job = given::job(&[("table", &[given::table("downloads_published")])]);
        let outputs = run(&Params::default(), &job).unwrap();
        let near = |key, expected: f64| {
            let number = given::number(&outputs, key);
            assert!((number - expected).abs() < 1e-6 * expected, "{key}: {number}");
        };
        near("world.any.2017", 32e6);
        near("reduction", 26.3e6);
        near("prevented", 15.78e6);
        near("decline", 82.1875);
        near("both.reduction", 27.316e6);
        near("both.decline", 100.0 * 27.316 / 27.8);
        near("projections", 5.43e6);
        near("asia_pacific.any.2017", 12e6);
        assert_eq!(given::number(&outputs, "world.none.2017_2023"), -0.4);
    }

    #[test]
    fn a_missing_row_is_named() {
        let params = Params { from: 2016, ..Params::default() };
        let job = given::job(&[("table", &[given::table("downloads_published")])]);
        let said = given::messages(run(&params, &job)).join("\n");
        assert!(said.ends_with("there is no row World, none, 2016-2023"), "{said}");
    }
}
