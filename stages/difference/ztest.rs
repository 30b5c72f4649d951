//! Whether countries with a larger Chinese diaspora meet more barriers.
//!
//! Countries that stand both in a barrier matrix and in the diaspora series
//! are divided at the median (or mean) of diaspora size in one year: above it
//! are those that are larger. With terciles, the largest third stands against
//! the smallest. Two tests of the same question:
//!
//! - pairs as the sample: the pooled two-proportion statistic
//!   `z = (k1/n1 - k2/n2) / sqrt(p (1 - p) (1/n1 + 1/n2))` with
//!   `p = (k1 + k2) / (n1 + n2)`, where of `n` pairs `k` are barred, 1 above
//!   and 2 below; normal tails. In standard errors. (Fleiss, Levin and Paik
//!   2003, Statistical Methods for Rates and Proportions, 2.3, without the
//!   correction for continuity.)
//! - countries as the sample: Welch's t of the countries' proportions of
//!   barred apps, `t = (m1 - m2) / sqrt(s1/c1 + s2/c2)` with sample variances
//!   `s` over `c` countries and the degrees of freedom of Welch-Satterthwaite
//!   (Welch 1947, Biometrika 34, 28-35).
//!
//! Pairs of one country are not independent of each other, so the first test
//! overstates its evidence; it is computed because the report states it. The
//! report's own z (6.227) rests on the pairs with downloads in 2023, which
//! are licensed and not here. The interval of the difference is Wald's at 95 %.

use account::values::Values;
use arithmetic::stats;
use engine::function::{Failure, Job, Output, Outputs, Slot};
use polars::prelude::df;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

use crate::difference::compare::{self, Counted, Side};
use crate::records::pair;
use crate::records::size::{self, Country, Measure, Split};

/// The tagged pairs and the diaspora series.
pub const INPUTS: &[Slot] = &[Slot::one("pairs"), Slot::one("diaspora")];
/// The tests' numbers, and the same as one row of a table.
pub const OUTPUTS: &[&str] = &["values", "summary"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The barrier matrix: `table1` or `appendix3`.
    pub matrix: String,
    /// Where the countries are divided.
    pub split: Split,
    /// Which pairs count as barred.
    pub barrier: Counted,
    /// The year of the diaspora.
    pub year: i64,
    /// How the diaspora is measured.
    pub measure: Measure,
    /// What is held against the hypothesis of no difference.
    pub alternative: Alternative,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            matrix: "table1".into(),
            split: Split::Median,
            barrier: Counted::Any,
            year: 2023,
            measure: Measure::Headcount,
            alternative: Alternative::Greater,
        }
    }
}

/// What is held against the hypothesis of no difference.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// More barriers above the threshold.
    Greater,
    /// Fewer barriers above the threshold.
    Less,
    /// More or fewer.
    TwoSided,
}

impl Alternative {
    /// The one-tailed and the two-tailed p-value of a statistic with these
    /// upper and lower tails; one-tailed is upward unless `less` is asked for.
    fn p(self, upper: f64, lower: f64) -> (f64, f64) {
        let one = if self == Alternative::Less { lower } else { upper };
        (one, 2.0 * upper.min(lower))
    }
}

/// Computes both tests.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let sizes = size::sizes(job.one("diaspora"), params.year, params.measure)?;
    let countries = size::countries(&pairs, &sizes);
    let result = compare(&countries, params.split, params.barrier)?;
    let values = values(&result, params).encode()?;
    Ok(Outputs::from([("values", values), ("summary", summary(&result, params)?)]))
}

/// Both sides and the two statistics.
struct Comparison {
    threshold: f64,
    above: Side,
    below: Side,
    difference: f64,
    half_width: f64,
    z: f64,
    t: f64,
    df: f64,
}

fn compare(countries: &[Country], split: Split, barrier: Counted) -> Result<Comparison, Failure> {
    let sizes: Vec<f64> = countries.iter().map(|country| country.size).collect();
    let (_, threshold) = split.bounds(&sizes);
    let (above, below) = compare::sides(countries, split, barrier);
    for (side, name) in [(&above, "above"), (&below, "below")] {
        if side.shares.len() < 2 {
            return Err(Failure::from(format!(
                "a test needs two countries {name} the threshold, and has {}",
                side.shares.len()
            )));
        }
    }
    let (z, half_width) = compare::two_proportions(&above, &below);
    let (t, df) = compare::welch(&above.shares, &below.shares);
    if !z.is_finite() || !t.is_finite() {
        return Err(Failure::from(
            "the countries do not differ at all, so there is nothing to test",
        ));
    }
    let difference = above.proportion() - below.proportion();
    Ok(Comparison { threshold, above, below, difference, half_width, z, t, df })
}

/// Everything that is reported.
fn values(result: &Comparison, params: &Params) -> Values {
    let mut values = Values::default();
    let countries = result.above.shares.len() + result.below.shares.len();
    values.count("countries", countries, "countries", "countries in both tables");
    let unit = match params.measure {
        Measure::Headcount => "Chinese-born residents",
        Measure::Per10000 => "Chinese-born residents per 10,000 inhabitants",
    };
    let about = "diaspora size at which the countries are divided";
    values.number("threshold", result.threshold, 0, unit, about);
    for (name, side) in [("above", &result.above), ("below", &result.below)] {
        let mut count = |key: &str, number: usize, unit: &str, about: &str| {
            let about = format!("{about} {name} the threshold");
            values.count(&format!("{name}.{key}"), number, unit, &about);
        };
        count("countries", side.shares.len(), "countries", "countries");
        count("pairs", side.pairs, "country-app pairs", "pairs of countries");
        count("barred", side.barred, "country-app pairs", "barred pairs of countries");
        let about = format!("mean proportion of barred apps in countries {name} the threshold");
        let mean = stats::mean(&side.shares);
        values.number(&format!("{name}.mean"), mean, 4, "proportion", &about);
    }
    let about = "proportion of barred pairs above the threshold less that below";
    values.number("difference", result.difference, 4, "proportion", about);
    let (low, high) =
        (result.difference - result.half_width, result.difference + result.half_width);
    values.interval("difference", low, high);
    values.rows("difference", "95 % Wald interval over pairs");
    let sign = if result.difference < 0.0 { "negative" } else { "positive" };
    values.text("sign", sign, "the sign of the difference");
    let about = "pooled two-proportion z statistic";
    values.number("z", result.z, 3, "standard errors", about);
    let tails = (stats::normal_tail(result.z), stats::normal_tail(-result.z));
    let one_tailed = match params.alternative {
        Alternative::Less => "one-tailed p-value, fewer barriers above the threshold",
        _ => "one-tailed p-value, more barriers above the threshold",
    };
    let mut p = |prefix: &str, (upper, lower): (f64, f64), of: &str| {
        let (one, two) = params.alternative.p(upper, lower);
        let about = format!("{one_tailed}, {of}");
        values.number(&format!("{prefix}p_one_tailed"), one, 3, "probability", &about);
        let about = format!("two-tailed p-value, {of}");
        values.number(&format!("{prefix}p_two_tailed"), two, 3, "probability", &about);
    };
    p("", tails, "of z");
    let tails =
        (stats::student_tail(result.t, result.df), stats::student_tail(-result.t, result.df));
    p("welch.", tails, "of Welch's t");
    let about = "Welch's t of the countries' proportions of barred apps";
    values.number("welch.t", result.t, 3, "standard errors", about);
    values.number("welch.df", result.df, 1, "degrees of freedom", "of Welch's t");
    values
}

/// The same as one row of a table.
fn summary(result: &Comparison, params: &Params) -> Result<Output, Failure> {
    let name = |value: serde_json::Value| value.as_str().unwrap_or("").to_string();
    let count = |number: usize| number as i64;
    let (upper, lower) = (stats::normal_tail(result.z), stats::normal_tail(-result.z));
    let (one, two) = params.alternative.p(upper, lower);
    let frame = df!(
        "matrix" => [params.matrix.as_str()],
        "split" => [name(serde_json::json!(params.split))],
        "barrier" => [name(serde_json::json!(params.barrier))],
        "measure" => [name(serde_json::json!(params.measure))],
        "year" => [params.year],
        "threshold" => [result.threshold],
        "countries_above" => [count(result.above.shares.len())],
        "countries_below" => [count(result.below.shares.len())],
        "pairs_above" => [count(result.above.pairs)],
        "pairs_below" => [count(result.below.pairs)],
        "barred_above" => [count(result.above.barred)],
        "barred_below" => [count(result.below.barred)],
        "difference" => [result.difference],
        "z" => [result.z],
        "p_one_tailed" => [one],
        "p_two_tailed" => [two],
        "welch_t" => [result.t],
        "welch_df" => [result.df],
    );
    table::encode(&frame.map_err(table::failed)?, &["matrix", "split", "barrier"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    fn near(value: f64, expected: f64, within: f64) {
        assert!((value - expected).abs() <= within, "{value} is not near {expected}");
    }

    /// Runs the test on the study's data.
    fn published(params: Params) -> Outputs {
        let tagged = given::tagged();
        let diaspora = given::interpolated();
        run(
            &params,
            &given::job(&[
                ("pairs", &[given::passed("outputs/tag.parquet", &tagged["pairs"])]),
                ("diaspora", &[given::passed("outputs/diaspora.parquet", &diaspora["table"])]),
            ]),
        )
        .unwrap()
    }

    #[test]
    fn alternatives() {
        assert_eq!(Alternative::Greater.p(0.9, 0.1), (0.9, 0.2));
        assert_eq!(Alternative::Less.p(0.9, 0.1), (0.1, 0.2));
        assert_eq!(Alternative::TwoSided.p(0.9, 0.1), (0.9, 0.2));
    }

    #[test]
    fn too_little_to_test() {
        let pairs = [given::pair("table1", "A", "x", 1), given::pair("table1", "B", "x", 0)];
        let countries: Vec<Country> = pairs
            .iter()
            .zip([1.0, 2.0])
            .map(|(pair, size)| Country { name: &pair.country, size, pairs: vec![pair] })
            .collect();
        let failure = compare(&countries, Split::Median, Counted::Any).err().unwrap();
        let message = "a test needs two countries above the threshold, and has 1";
        assert_eq!(failure.diagnostics[0].message, message);
    }

    #[test]
    fn the_published_matrix_at_the_median() {
        let outputs = published(Params::default());
        let number = |key| given::number(&outputs, key);
        assert_eq!((number("countries"), number("threshold")), (50.0, 23064.0));
        assert_eq!((number("above.countries"), number("below.countries")), (25.0, 25.0));
        assert_eq!((number("above.pairs"), number("above.barred")), (825.0, 267.0));
        assert_eq!((number("below.pairs"), number("below.barred")), (825.0, 308.0));
        near(number("above.mean"), 0.3236, 5e-5);
        near(number("below.mean"), 0.3733, 5e-5);
        near(number("z"), -2.118_301_015_224_73, 1e-12);
        near(number("p_one_tailed"), 0.982_925_208_640_707, 1e-12);
        near(number("p_two_tailed"), 2.0 * (1.0 - 0.982_925_208_640_707), 1e-12);
        near(number("welch.t"), -2.834_334_632_263_16, 1e-12);
        near(number("welch.df"), 47.957_215_834_704_8, 1e-9);
    }

    #[test]
    fn the_other_matrix_and_the_mean() {
        let params = || Params { matrix: "appendix3".into(), ..Params::default() };
        near(given::number(&published(params()), "z"), -2.722_928_857_775_97, 1e-12);
        let params = Params { split: Split::Mean, ..params() };
        let outputs = published(params);
        near(given::number(&outputs, "z"), -2.587_538_397_687_06, 1e-12);
        near(given::number(&outputs, "threshold"), 195_346.0, 1e-9);
        assert_eq!(given::number(&outputs, "above.countries"), 9.0);
    }
}
