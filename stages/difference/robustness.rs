//! The difference between countries above and below a diaspora size, by five tests of each choice.
//!
//! One choice is a matrix, a barrier, a split, whether countries with a
//! flagged value are in, a measure and a year of the diaspora; a stage makes
//! all choices of one matrix and barrier. The tests are the pooled
//! two-proportion z over pairs, and over countries Welch's t of the shares of
//! barred apps, the test of Mann and Whitney, and the permutation of the
//! countries between the groups, with every permutation counted (where the
//! countries have unequal numbers of apps some are drawn, each choice with a
//! generator of its own); and over pairs again a logistic regression with
//! standard errors clustered by country. Definitions and references stand in
//! `compare.rs` beside it. Statistics are positive where the larger diaspora
//! meets more barriers, as the report states.

use std::collections::BTreeSet;

use account::json;
use account::values::Values;
use arithmetic::random::Random;
use arithmetic::{draw, stats};
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::difference::compare::{self, Counted, Side, Tested};
use crate::records::pair;
use crate::records::size::{self, Country, Measure, Sizes, Split};

/// The tagged pairs, the diaspora series, and the flags of its quality.
pub const INPUTS: &[Slot] = &[Slot::one("pairs"), Slot::one("diaspora"), Slot::optional("flags")];
/// The five tests of each choice, and the same as values.
pub const OUTPUTS: &[&str] = &["tests", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The barrier matrix: `table1` or `appendix3`.
    pub matrix: String,
    /// Which pairs count as barred.
    pub barrier: Counted,
    /// Where the countries are divided.
    pub splits: Vec<Split>,
    /// Whether countries with a flagged value are in.
    pub flagged: Vec<Flagged>,
    /// How the diaspora is measured.
    pub measures: Vec<Measure>,
    /// The years of the diaspora.
    pub years: Vec<i64>,
    /// How many permutations are drawn where they cannot all be counted.
    pub permutations: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            matrix: "table1".into(),
            barrier: Counted::Any,
            splits: vec![Split::Median],
            flagged: vec![Flagged::In],
            measures: vec![Measure::Headcount],
            years: vec![2023],
            permutations: 9_999,
        }
    }
}

/// One choice.
#[derive(Clone, Debug, Serialize)]
struct Choice {
    matrix: String,
    barrier: Counted,
    split: Split,
    flagged: Flagged,
    measure: Measure,
    year: i64,
}

impl Choice {
    /// What a stage chooses for itself, as the first part of a value's key.
    fn key(&self) -> String {
        let word = |value: serde_json::Value| value.as_str().map_or_else(String::new, String::from);
        let (split, flagged) = (json!(self.split), json!(self.flagged));
        let measure = word(json!(self.measure));
        format!("{}.{}.{measure}.{}", word(split), word(flagged), self.year)
    }
}

/// Whether countries with a flagged value are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Flagged {
    /// They are.
    In,
    /// They are left out.
    Out,
}

/// What is read of the flags.
#[derive(Deserialize)]
struct Flags {
    rows: Vec<Flag>,
}

#[derive(Deserialize)]
struct Flag {
    country: String,
}

#[derive(Serialize)]
struct Tests {
    choice: Choice,
    above: Group,
    below: Group,
    /// The difference of the countries' mean shares.
    difference: f64,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Group {
    countries: usize,
    pairs: usize,
    barred: usize,
    mean: f64,
}

#[derive(Serialize)]
struct Test {
    test: &'static str,
    statistic: f64,
    /// One-tailed: more barriers above.
    upper: f64,
    /// One-tailed: fewer barriers above.
    lower: f64,
    two_tailed: f64,
}

/// A test as values name it.
struct Named {
    key: &'static str,
    unit: &'static str,
    about: &'static str,
}

const fn named(key: &'static str, unit: &'static str, about: &'static str) -> Named {
    Named { key, unit, about }
}

/// The tests, in the order in which they are computed.
const TESTS: [Named; 5] = [
    named("two_proportions", "standard errors", "pooled two-proportion z over pairs"),
    named("welch", "standard errors", "Welch's t over countries"),
    named("mann_whitney", "standard errors", "Mann-Whitney over countries, normal score"),
    named("permutation", "proportion", "permutation of countries, difference of means"),
    named("logistic", "standard errors", "log odds ratio over pairs, clustered by country"),
];

/// Computes the five tests of each choice.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let series = Sizes::read(job.one("diaspora"))?;
    let out = match params.flagged.contains(&Flagged::Out) {
        true => flagged(job.optional("flags"))?,
        false => BTreeSet::new(),
    };
    let mut all = Vec::new();
    for (year, measure) in of_each(&params.years, &params.measures) {
        let sizes = series.of(year, measure)?;
        for (flagged, split) in of_each(&params.flagged, &params.splits) {
            let mut sizes = sizes.clone();
            if flagged == Flagged::Out {
                sizes.retain(|country, _| !out.contains(country));
            }
            let (matrix, barrier) = (params.matrix.clone(), params.barrier);
            let choice = Choice { matrix, barrier, split, flagged, measure, year };
            let mut random = draw::stream(job.seed(), &choice.key());
            let countries = size::countries(&pairs, &sizes);
            all.push(choose(choice, &countries, params.permutations, &mut random)?);
        }
    }
    let mut values = Values::default();
    all.iter().for_each(|tests| report(tests, &mut values));
    Ok(Outputs::from([("tests", json::encode(&all)?), ("values", values.encode()?)]))
}

/// Every first with every second.
fn of_each<A: Copy, B: Copy>(first: &[A], second: &[B]) -> Vec<(A, B)> {
    first.iter().flat_map(|a| second.iter().map(|b| (*a, *b))).collect()
}

/// The five tests of one choice.
fn choose(
    choice: Choice,
    countries: &[Country],
    permutations: u32,
    random: &mut Random,
) -> Result<Tests, Failure> {
    let named = |what: &str| Failure::from(format!("{what} (`{}`)", choice.key()));
    let (above, below) = sides(countries, &choice)
        .ok_or_else(|| named("a test needs two countries on each side of the threshold"))?;
    let tests = tests(&above, &below, permutations, random).ok_or_else(|| {
        named("a side has none or all of its pairs barred, or no country differs")
    })?;
    Ok(Tests {
        difference: stats::mean(&above.shares) - stats::mean(&below.shares),
        above: group(&above),
        below: group(&below),
        tests,
        choice,
    })
}

fn flagged(flags: Option<&Artifact>) -> Result<BTreeSet<String>, Failure> {
    let flags = flags.ok_or_else(|| Failure::from("`flagged: out` needs the input `flags`"))?;
    let flags: Flags = json::decode(flags)?;
    Ok(flags.rows.into_iter().map(|row| row.country).collect())
}

fn sides(countries: &[Country], choice: &Choice) -> Option<(Side, Side)> {
    let (above, below) = compare::sides(countries, choice.split, choice.barrier);
    (above.shares.len() > 1 && below.shares.len() > 1).then_some((above, below))
}

fn group(side: &Side) -> Group {
    let mean = stats::mean(&side.shares);
    Group { countries: side.shares.len(), pairs: side.pairs, barred: side.barred, mean }
}

fn tests(above: &Side, below: &Side, permutations: u32, random: &mut Random) -> Option<Vec<Test>> {
    let (z, _) = compare::two_proportions(above, below);
    let (t, df) = compare::welch(&above.shares, &below.shares);
    let (z_tail, t_tail) = (stats::normal_tail, |t| stats::student_tail(t, df));
    let z = Tested { statistic: z, upper: z_tail(z), lower: z_tail(-z) };
    let t = Tested { statistic: t, upper: t_tail(t), lower: t_tail(-t) };
    let ranks = compare::mann_whitney(&above.shares, &below.shares);
    let drawn = || compare::permutation(&above.shares, &below.shares, permutations, random);
    let permuted = compare::exact_permutation(above, below).unwrap_or_else(drawn);
    let all = [z, t, ranks, permuted, compare::logistic(above, below)];
    let all = TESTS.iter().zip(all);
    if all.clone().any(|(_, tested)| !tested.statistic.is_finite()) {
        return None;
    }
    let test = |(named, tested): (&Named, Tested)| Test {
        test: named.key,
        statistic: tested.statistic,
        upper: tested.upper,
        lower: tested.lower,
        two_tailed: tested.two_tailed(),
    };
    Some(all.map(test).collect())
}

/// Reports the tests of one choice under keys that begin with it.
fn report(tests: &Tests, values: &mut Values) {
    let choice = tests.choice.key();
    for (name, group) in [("above", &tests.above), ("below", &tests.below)] {
        let key = |what: &str| format!("{choice}.{name}.{what}");
        let about = format!("countries {name} the threshold");
        values.count(&key("countries"), group.countries, "countries", &about);
        let about = format!("mean share of barred apps in countries {name} the threshold");
        values.number(&key("mean"), group.mean, 4, "proportion", &about);
    }
    let about = "mean share above the threshold less that below";
    values.number(&format!("{choice}.difference"), tests.difference, 4, "proportion", about);
    for (test, Named { unit, about, .. }) in tests.tests.iter().zip(&TESTS) {
        let key = |what: &str| format!("{choice}.{}.{what}", test.test);
        values.number(&key("statistic"), test.statistic, 3, unit, about);
        let p = "probability";
        let tail = format!("one-tailed p-value, more barriers above, {about}");
        values.number(&key("p_one_tailed"), test.upper, 3, p, &tail);
        let tail = format!("two-tailed p-value, {about}");
        values.number(&key("p_two_tailed"), test.two_tailed, 3, p, &tail);
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;
    use tables::table;

    use super::*;
    use crate::given;
    use crate::records::pair::Pair;

    fn published(params: &Params) -> Outputs {
        let tagged = given::passed("outputs/tag.parquet", &given::tagged()["pairs"]);
        let diaspora = given::passed("outputs/diaspora.parquet", &given::interpolated()["table"]);
        let flags = br#"{ "rows": [{ "country": "Israel" }, { "country": "Israel" }] }"#;
        let flags = given::artifact("outputs/quality.json", flags);
        let inputs = [("pairs", &[tagged][..]), ("diaspora", &[diaspora]), ("flags", &[flags])];
        run(params, &given::job(&inputs)).unwrap()
    }

    /// The z and the t are those that `ztest` holds to an independent
    /// computation. The ranks and the regression were computed from the raw
    /// files by a Python script of its own: mid-ranks, and Newton's method with
    /// the sandwich of scores.
    #[test]
    fn the_published_matrix_by_five_tests() {
        let outputs = published(&Params { permutations: 999, ..Params::default() });
        let number = |key| given::number(&outputs, &format!("median.in.headcount.2023.{key}"));
        assert!((number("two_proportions.statistic") + 2.118_301_015).abs() < 1e-8);
        assert!((number("welch.statistic") + 2.834_334_632).abs() < 1e-8);
        let near = |key, expected: f64| assert!((number(key) - expected).abs() < 1e-10, "{key}");
        near("mann_whitney.statistic", -2.412_742_438_844_209);
        near("mann_whitney.p_two_tailed", 0.016_265_878_882_774_754);
        near("logistic.statistic", -2.857_661_096_213_813_6);
        near("logistic.p_two_tailed", 0.004_267_759_378_420_166);
        assert!((number("permutation.statistic") - number("difference")).abs() < 1e-15);
        // A permutation of countries and Welch's t ask nearly the same.
        let (p, t) = (number("permutation.p_two_tailed"), number("welch.p_two_tailed"));
        assert!((p - t).abs() < 0.02, "{p} {t}");
    }

    #[test]
    fn a_stage_makes_every_choice_of_its_lists() {
        let params = Params {
            splits: vec![Split::Median, Split::Terciles],
            flagged: vec![Flagged::In, Flagged::Out],
            measures: vec![Measure::Headcount, Measure::Per10000],
            years: vec![2015, 2023],
            permutations: 99,
            ..Params::default()
        };
        let outputs = published(&params);
        let number = |key: &str| given::number(&outputs, key);
        assert_eq!(number("terciles.in.headcount.2023.above.countries"), 16.0);
        assert_eq!(number("terciles.in.headcount.2023.below.countries"), 16.0);
        let out = ["above", "below"]
            .map(|side| number(&format!("median.out.headcount.2023.{side}.countries")));
        assert_eq!(out[0] + out[1], 49.0);
        let tests: Vec<serde_json::Value> =
            serde_json::from_slice(&outputs["tests"].bytes).unwrap();
        let choices: BTreeSet<_> = tests.iter().map(|it| it["choice"].to_string()).collect();
        assert_eq!((tests.len(), choices.len()), (16, 16));
        // What a choice finds does not depend on which others are made.
        let alone = published(&Params { permutations: 99, ..Params::default() });
        for (key, value) in given::values(&alone) {
            assert_eq!(value, given::values(&outputs)[&key], "{key}");
        }
    }

    /// Of eight apps, 1, 2, 4 and 7 are barred; two countries are above.
    #[test]
    fn the_measure_and_the_year_decide_who_is_above() {
        let barred = [("A", 1), ("B", 2), ("C", 4), ("D", 7)];
        let apps = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let pairs: Vec<Pair> = barred
            .iter()
            .flat_map(|(country, barred)| {
                let code = move |at| i64::from(at < *barred);
                let pair =
                    move |(at, app): (usize, &&str)| given::pair("table1", country, app, code(at));
                apps.iter().enumerate().map(pair)
            })
            .collect();
        let frame = df!(
            "country" => ["A", "B", "C", "D"].repeat(2),
            "year" => [[2015_i64; 4], [2023; 4]].concat(),
            "chinese_born" => [10i64, 20, 30, 40, 40, 30, 20, 10],
            "per_10000" => [1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 4.0, 2.0],
        );
        let diaspora = table::encode(&frame.unwrap(), &["year", "country"]).unwrap();
        let pairs = given::passed("outputs/tag.parquet", &pair::encode(&pairs).unwrap());
        let diaspora = given::passed("outputs/diaspora.parquet", &diaspora);
        let job = given::job(&[("pairs", &[pairs]), ("diaspora", &[diaspora])]);
        let params = Params {
            measures: vec![Measure::Headcount, Measure::Per10000],
            years: vec![2015, 2023],
            permutations: 9,
            ..Params::default()
        };
        let outputs = run(&params, &job).unwrap();
        let mean =
            |choice: &str| 8.0 * given::number(&outputs, &format!("median.in.{choice}.above.mean"));
        // C and D, then A and B, then C and D, then A and C.
        assert_eq!((mean("headcount.2015"), mean("headcount.2023")), (5.5, 1.5));
        assert_eq!((mean("per_10000.2015"), mean("per_10000.2023")), (5.5, 2.5));
    }

    #[test]
    fn a_choice_that_cannot_be_tested_is_named() {
        let tagged = given::passed("outputs/tag.parquet", &given::tagged()["pairs"]);
        let diaspora = given::passed("outputs/diaspora.parquet", &given::interpolated()["table"]);
        let inputs = [("pairs", &[tagged][..]), ("diaspora", &[diaspora])];
        let params = Params { flagged: vec![Flagged::Out], ..Params::default() };
        let messages = given::messages(run(&params, &given::job(&inputs)));
        assert_eq!(messages, ["`flagged: out` needs the input `flags`"]);
        let params = Params { years: vec![1999], ..Params::default() };
        let messages = given::messages(run(&params, &given::job(&inputs)));
        assert_eq!(messages, ["`outputs/diaspora.parquet` has no year 1999"]);
    }
}
