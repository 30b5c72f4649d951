//! The specification curve: every choice of the test at once, ordered by the difference it finds.
//!
//! One specification is one test of one choice. Counted is in how many of them
//! the difference is positive (the larger diaspora meets more barriers, as the
//! report states), and in how many it is significant, two-tailed, at `level`.
//! The specifications share their data and are not independent of each other,
//! so the counts describe and do not test (Simonsohn, Simmons and Nelson 2020,
//! "Specification curve analysis", Nature Human Behaviour 4, 1208-1214, the
//! descriptive part).

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::Values;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The tests of all choices.
pub const INPUTS: &[Slot] = &[Slot::many("tests")];
/// The curve, and the counts.
pub const OUTPUTS: &[&str] = &["figure", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The p-value below which a difference is significant.
    pub level: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { level: 0.05 }
    }
}

/// What is read of one choice.
#[derive(Deserialize)]
struct Tests {
    choice: BTreeMap<String, Value>,
    difference: f64,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    test: String,
    statistic: f64,
    upper: f64,
    two_tailed: f64,
}

#[derive(Serialize)]
struct Figure {
    level: f64,
    /// The values of each choice, in the order in which they are drawn.
    choices: BTreeMap<String, BTreeSet<String>>,
    specifications: Vec<Specification>,
    labels: BTreeSet<String>,
}

/// One test of one choice.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Specification {
    /// What was chosen, by choice.
    choice: BTreeMap<String, String>,
    difference: f64,
    statistic: f64,
    p_one_tailed: f64,
    p_two_tailed: f64,
    positive: bool,
    significant: bool,
}

/// Collects, orders and counts.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let mut all = Vec::new();
    for artifact in job.many("tests") {
        let choices: Vec<Tests> = json::decode(artifact)?;
        all.extend(choices.iter().flat_map(|tests| specifications(tests, params.level)));
    }
    if all.is_empty() {
        return Err(Failure::from("there are no tests to collect"));
    }
    all.sort_by(|a, b| {
        let by = a.difference.total_cmp(&b.difference);
        by.then_with(|| a.choice.cmp(&b.choice))
    });
    let mut choices: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, chosen) in all.iter().flat_map(|it| &it.choice) {
        choices.entry(name.clone()).or_default().insert(chosen.clone());
    }
    // What never varies is no choice.
    choices.retain(|_, values| values.len() > 1);
    all.iter_mut().for_each(|it| it.choice.retain(|name, _| choices.contains_key(name)));
    let values = values(&all, &choices, params.level).encode()?;
    let level = params.level;
    let figure = Figure { level, choices, specifications: all, labels: job.labels() };
    Ok(Outputs::from([("figure", json::encode(&figure)?), ("values", values)]))
}

fn specifications(tests: &Tests, level: f64) -> Vec<Specification> {
    let one = |test: &Test| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
        let choice = tests.choice.iter().map(|(name, value)| (name.clone(), text(value)));
        Specification {
            choice: choice.chain([("test".to_string(), test.test.clone())]).collect(),
            difference: tests.difference,
            statistic: test.statistic,
            p_one_tailed: test.upper,
            p_two_tailed: test.two_tailed,
            positive: test.statistic > 0.0,
            significant: test.two_tailed < level,
        }
    };
    tests.tests.iter().map(one).collect()
}

fn values(
    all: &[Specification],
    choices: &BTreeMap<String, BTreeSet<String>>,
    level: f64,
) -> Values {
    let mut values = Values::default();
    let percent = 100.0 * level;
    values.number("level", percent, 0, "percent", "level of significance, two-tailed");
    let mut count = |prefix: &str, of: &str, kept: &dyn Fn(&Specification) -> bool| {
        let mut add = |key: &str, about: &str, also: &dyn Fn(&Specification) -> bool| {
            let number = all.iter().filter(|it| kept(it) && also(it)).count();
            let about = format!("{about}{of}");
            values.count(&format!("{prefix}{key}"), number, "specifications", &about);
        };
        add("specifications", "specifications", &|_| true);
        let about = "specifications with more barriers where the diaspora is larger";
        add("positive", about, &|it| it.positive);
        let about = "specifications with fewer barriers where the diaspora is larger";
        add("negative", about, &|it| it.statistic < 0.0);
        let about = "specifications with significantly more barriers where the diaspora is larger";
        add("positive.significant", about, &|it| it.positive && it.significant);
        let about = "specifications with significantly fewer barriers where the diaspora is larger";
        add("negative.significant", about, &|it| it.statistic < 0.0 && it.significant);
    };
    count("", "", &|_| true);
    for (choice, chosen) in
        choices.iter().flat_map(|(name, all)| all.iter().map(move |it| (name, it)))
    {
        let of = format!(", {choice} {}", chosen.replace('_', " "));
        let kept = |it: &Specification| it.choice.get(choice) == Some(chosen);
        count(&format!("{choice}.{chosen}."), &of, &kept);
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::given;

    fn tests(split: &str, difference: f64, p: f64) -> engine::function::Artifact {
        let tests = json!([{
            "choice": { "split": split, "year": 2023 },
            "difference": difference,
            "tests": [
                { "test": "welch", "statistic": difference, "upper": p / 2.0, "two_tailed": p },
                { "test": "permutation", "statistic": difference, "upper": 0.1, "two_tailed": 0.2 },
            ],
        }]);
        given::artifact(&format!("outputs/{split}.json"), tests.to_string().as_bytes())
    }

    #[test]
    fn counts_and_order_by_hand() {
        let inputs = [tests("median", 0.2, 0.01), tests("mean", -0.1, 0.03)];
        let outputs = run(&Params::default(), &given::job(&[("tests", &inputs)])).unwrap();
        let number = |key| given::number(&outputs, key);
        assert_eq!((number("specifications"), number("positive")), (4.0, 2.0));
        assert_eq!((number("positive.significant"), number("negative.significant")), (1.0, 1.0));
        assert_eq!(number("split.mean.negative"), 2.0);
        assert_eq!(number("test.permutation.positive.significant"), 0.0);
        let figure: Value = serde_json::from_slice(&outputs["figure"].bytes).unwrap();
        assert_eq!(
            figure["choices"],
            json!({ "split": ["mean", "median"],
                                              "test": ["permutation", "welch"] })
        );
        let first = &figure["specifications"][0];
        assert_eq!(first["choice"], json!({ "split": "mean", "test": "permutation" }));
        assert!(run(&Params::default(), &given::job(&[])).is_err());
    }
}
