//! The survey's stated shares with their uncertainty, and whether so many answers can give them.
//!
//! Each share `p` of `n` answers gets the interval of Wilson at 95 %
//! (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212). The sample is one of
//! convenience, so the interval holds for sampling alone. In percent.
//!
//! A share in whole percent is possible if some whole number of the `n`
//! answers rounds to it: the GRIM test (Brown and Heathers 2017, Soc. Psychol.
//! Personal. Sci. 8(4), 363-369). An impossible one has another base, or was
//! not rounded. Means over several apps have a finer grain and are not tested.

use std::collections::BTreeSet;

use account::json;
use account::values::{self, Values};
use arithmetic::stats;
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

/// The stated shares.
pub const INPUTS: &[Slot] = &[Slot::one("table")];
/// The shares with intervals, and the same as values.
pub const OUTPUTS: &[&str] = &["table", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The questions whose shares are means over several apps.
    pub averaged: BTreeSet<String>,
}

impl Default for Params {
    fn default() -> Self {
        Params { averaged: BTreeSet::from(["use_across_ten_apps".to_string()]) }
    }
}

#[derive(Serialize)]
struct Table {
    rows: Vec<Row>,
    labels: BTreeSet<String>,
}

/// One share.
#[derive(Clone, Debug, Serialize)]
struct Row {
    question: String,
    option: String,
    section: String,
    share: i64,
    respondents: i64,
    low: f64,
    high: f64,
    /// The number of answers next to the share.
    answers: i64,
    /// Whether a whole number of answers rounds to the share.
    possible: Option<bool>,
}

/// Computes the intervals.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let rows = rows(job.one("table"), &params.averaged)?;
    let mut values = Values::default();
    for row in &rows {
        let key = format!("{}.{}", row.question, values::slug(&row.option));
        let about = format!("share of answers: {}", row.option);
        values.number(&key, row.share as f64, 0, "percent", &about);
        values.interval(&key, row.low, row.high);
        values.rows(&key, &format!("{} answers, 95 % Wilson interval", row.respondents));
    }
    let respondents = rows.iter().map(|row| row.respondents).max().unwrap_or(0);
    values.integer("respondents", respondents, "respondents", "answers that the shares rest on");
    values.count("shares", rows.len(), "shares", "shares that the text states");
    let impossible: Vec<&Row> = rows.iter().filter(|row| row.possible == Some(false)).collect();
    let about = "shares that no whole number of answers rounds to";
    values.count("impossible", impossible.len(), "shares", about);
    let names: Vec<String> =
        impossible.iter().map(|row| format!("{} {} %", row.option, row.share)).collect();
    let names = if names.is_empty() { "none".into() } else { names.join(", ") };
    values.text("impossible.names", &names, "those shares");
    let table = Table { rows, labels: job.labels() };
    Ok(Outputs::from([("table", json::encode(&table)?), ("values", values.encode()?)]))
}

fn rows(artifact: &Artifact, averaged: &BTreeSet<String>) -> Result<Vec<Row>, Failure> {
    let frame = table::decode(artifact)?;
    let (questions, options) = (table::texts(&frame, "question")?, table::texts(&frame, "option")?);
    let sections = table::texts(&frame, "section")?;
    let shares = table::integers(&frame, "share_percent")?;
    let respondents = table::integers(&frame, "respondents")?;
    let row = |at: usize| {
        let (share, n) = (shares[at], respondents[at]);
        let part = share as f64 / 100.0 * n as f64;
        let (low, high) = stats::wilson(part, n as f64);
        let answers = rounded(share * n, 100);
        let possible = (!averaged.contains(&questions[at])).then(|| possible(share, n));
        Row {
            question: questions[at].clone(),
            option: options[at].clone(),
            section: sections[at].clone(),
            share,
            respondents: n,
            low: 100.0 * low,
            high: 100.0 * high,
            answers,
            possible,
        }
    };
    Ok((0..questions.len()).map(row).collect())
}

/// `part / whole`, halves up.
fn rounded(part: i64, whole: i64) -> i64 {
    (2 * part + whole).div_euclid(2 * whole)
}

/// Whether a whole number of `n` answers rounds to `share` percent.
fn possible(share: i64, n: i64) -> bool {
    let near = rounded(share * n, 100);
    (near - 1..=near + 1).any(|answers| rounded(100 * answers, n) == share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    /// Of 65 answers 8 are 12.3 % and 9 are 13.8 %; 30 are 46.2 % and 31 are
    /// 47.7 %.
    #[test]
    fn shares_that_whole_answers_give() {
        assert!(possible(12, 65) && possible(46, 65) && possible(48, 65) && possible(20, 65));
        assert!(!possible(47, 65) && !possible(13, 65) && !possible(16, 65));
        assert!((0..=100).all(|share| possible(share, 100)));
    }

    #[test]
    fn the_published_shares() {
        let job = given::job(&[("table", &[given::table("survey")])]);
        let outputs = run(&Params::default(), &job).unwrap();
        let values = given::values(&outputs);
        assert_eq!(given::number(&outputs, "shares"), 20.0);
        assert_eq!(given::number(&outputs, "respondents"), 65.0);
        assert_eq!(given::number(&outputs, "impossible"), 2.0);
        let phone = &values["barrier_met.phone_number_registration_type_2"];
        assert_eq!(phone["number"], 43.0);
        // 0.43 of 65 by hand: q^2 = 3.8415, centre 0.43391, half width 0.11701.
        assert!((phone["low"].as_f64().unwrap() - 31.689).abs() < 0.001, "{phone}");
        assert!((phone["high"].as_f64().unwrap() - 55.092).abs() < 0.001, "{phone}");
    }
}
