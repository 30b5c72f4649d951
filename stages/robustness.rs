//! The difference between countries above and below a diaspora size, by five tests of one choice.
//!
//! One choice is a matrix, a barrier, a measure and a year of the diaspora, a
//! split, and whether countries with a flagged value are in. The tests are
//! the pooled two-proportion z over pairs, and over countries Welch's t of
//! the shares of barred apps, the test of Mann and Whitney, and a permutation
//! of the countries between the groups, seeded by the stage; and over pairs
//! again a logistic regression with standard errors clustered by country.
//! Definitions and references stand in `stages/kit/compare.rs`. Statistics are positive where
//! the larger diaspora meets more barriers, as the report states.

use std::collections::BTreeSet;

use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kit::compare::{self, Barrier, Side, Tested};
use crate::kit::pair;
use crate::kit::random::Random;
use crate::kit::size::{self, Country, Measure, Split};
use crate::kit::values::Values;
use crate::kit::{json, stats};

/// The tagged pairs, the diaspora series, and the flags of its quality.
pub const INPUTS: &[Slot] = &[Slot::one("pairs"), Slot::one("diaspora"), Slot::optional("flags")];
/// The five tests with their choice, and the same as values.
pub const OUTPUTS: &[&str] = &["tests", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The barrier matrix: `table1` or `appendix3`.
    pub matrix: String,
    /// Which pairs count as barred.
    pub barrier: Barrier,
    /// Where the countries are divided.
    pub split: Split,
    /// How the diaspora is measured.
    pub measure: Measure,
    /// The year of the diaspora.
    pub year: i64,
    /// Whether countries with a flagged value are in.
    pub flagged: Flagged,
    /// How many permutations are drawn.
    pub permutations: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            matrix: "table1".into(),
            barrier: Barrier::Any,
            split: Split::Median,
            measure: Measure::Headcount,
            year: 2023,
            flagged: Flagged::In,
            permutations: 9_999,
        }
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
struct Tests<'a> {
    choice: &'a Params,
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

/// Computes the five tests.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let mut sizes = size::sizes(job.one("diaspora"), params.year, params.measure)?;
    if params.flagged == Flagged::Out {
        let out = flagged(job.optional("flags"))?;
        sizes.retain(|country, _| !out.contains(country));
    }
    let countries = size::countries(&pairs, &sizes);
    let (above, below) = sides(&countries, params)?;
    let tests = tests(&above, &below, params.permutations, &mut Random::new(job.seed()))?;
    let tests = Tests {
        choice: params,
        difference: stats::mean(&above.shares) - stats::mean(&below.shares),
        above: group(&above),
        below: group(&below),
        tests,
    };
    Ok(Outputs::from([("tests", json::encode(&tests)?), ("values", values(&tests).encode()?)]))
}

fn flagged(flags: Option<&Artifact>) -> Result<BTreeSet<String>, Failure> {
    let flags = flags.ok_or_else(|| Failure::from("`flagged: out` needs the input `flags`"))?;
    let flags: Flags = json::decode(flags)?;
    Ok(flags.rows.into_iter().map(|row| row.country).collect())
}

fn sides(countries: &[Country], params: &Params) -> Result<(Side, Side), Failure> {
    let sizes: Vec<f64> = countries.iter().map(|country| country.size).collect();
    let (low, high) = params.split.bounds(&sizes);
    let above = Side::of(countries.iter().filter(|it| it.size > high), params.barrier);
    let below = Side::of(countries.iter().filter(|it| it.size <= low), params.barrier);
    if above.shares.len() < 2 || below.shares.len() < 2 {
        return Err(Failure::from("a test needs two countries on each side of the threshold"));
    }
    Ok((above, below))
}

fn group(side: &Side) -> Group {
    let mean = stats::mean(&side.shares);
    Group { countries: side.shares.len(), pairs: side.pairs, barred: side.barred, mean }
}

fn tests(
    above: &Side,
    below: &Side,
    permutations: u32,
    random: &mut Random,
) -> Result<Vec<Test>, Failure> {
    let (z, _) = compare::two_proportions(above, below);
    let (t, df) = compare::welch(&above.shares, &below.shares);
    let (z_tail, t_tail) = (stats::normal_tail, |t| stats::student_tail(t, df));
    let z = Tested { statistic: z, upper: z_tail(z), lower: z_tail(-z) };
    let t = Tested { statistic: t, upper: t_tail(t), lower: t_tail(-t) };
    let ranks = compare::mann_whitney(&above.shares, &below.shares);
    let permuted = compare::permutation(&above.shares, &below.shares, permutations, random);
    let all = [
        ("two_proportions", z),
        ("welch", t),
        ("mann_whitney", ranks),
        ("permutation", permuted),
        ("logistic", compare::logistic(above, below)),
    ];
    if all.iter().any(|(_, tested)| !tested.statistic.is_finite()) {
        let message = "the countries do not differ at all, so there is nothing to test";
        return Err(Failure::from(message));
    }
    let test = |(test, tested): (&'static str, Tested)| Test {
        test,
        statistic: tested.statistic,
        upper: tested.upper,
        lower: tested.lower,
        two_tailed: tested.two_tailed(),
    };
    Ok(all.into_iter().map(test).collect())
}

fn values(tests: &Tests) -> Values {
    let mut values = Values::default();
    for (name, group) in [("above", &tests.above), ("below", &tests.below)] {
        let key = |what: &str| format!("{name}.{what}");
        let about = format!("countries {name} the threshold");
        values.count(&key("countries"), group.countries, "countries", &about);
        let about = format!("mean share of barred apps in countries {name} the threshold");
        values.number(&key("mean"), group.mean, 4, "proportion", &about);
    }
    let about = "mean share above the threshold less that below";
    values.number("difference", tests.difference, 4, "proportion", about);
    for test in &tests.tests {
        let (unit, about) = match test.test {
            "two_proportions" => ("standard errors", "pooled two-proportion z over pairs"),
            "welch" => ("standard errors", "Welch's t over countries"),
            "logistic" => ("standard errors", "log odds ratio over pairs, clustered by country"),
            "mann_whitney" => ("standard errors", "Mann-Whitney over countries, normal score"),
            _ => ("proportion", "permutation of countries, difference of means"),
        };
        let name = test.test;
        values.number(&format!("{name}.statistic"), test.statistic, 3, unit, about);
        let p = "probability";
        let tail = format!("one-tailed p-value, more barriers above, {about}");
        values.number(&format!("{name}.p_one_tailed"), test.upper, 3, p, &tail);
        let tail = format!("two-tailed p-value, {about}");
        values.number(&format!("{name}.p_two_tailed"), test.two_tailed, 3, p, &tail);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::given;

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
        let number = |key| given::number(&outputs, key);
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
    fn terciles_and_flagged_countries() {
        let third = Params { split: Split::Terciles, permutations: 99, ..Params::default() };
        let outputs = published(&third);
        assert_eq!(given::number(&outputs, "above.countries"), 16.0);
        assert_eq!(given::number(&outputs, "below.countries"), 16.0);
        let out = Params { flagged: Flagged::Out, permutations: 99, ..Params::default() };
        let outputs = published(&out);
        let both = ["above.countries", "below.countries"].map(|key| given::number(&outputs, key));
        assert_eq!(both[0] + both[1], 49.0);
    }
}
