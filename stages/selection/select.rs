//! The selection of apps: candidates through the filters that the methodology states.
//!
//! In the order of the report (Blocked by Numbers, Appendix 1, "Data
//! selection"): headquarters in the People's Republic of China; a rank of
//! 10,000 or better by national downloads in any of the 58 app stores, those
//! of China and India left out; category and sub-category of the provider;
//! still in operation; not merely adjacent to social media; and a mean of
//! 30,000 downloads a month or more, worldwide, over the months with
//! downloads. Each filter says what came in and what it dropped, and in is out
//! and dropped by assertion.
//!
//! Candidates come as a table of ours or as CSV with the same columns. What
//! the query of the provider had already filtered, no filter drops here.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::Values;
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::calendar::Month;
use tables::table;

use crate::records::candidate::{self, Candidate};
use crate::records::flow::Flow;
use crate::records::panel;

/// The candidates, their downloads, and the apps that the report selected.
pub const INPUTS: &[Slot] = &[Slot::one("candidates"), Slot::one("panel"), Slot::one("apps")];
/// The flow of the selection, and its numbers.
pub const OUTPUTS: &[&str] = &["flow", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The country in which the developer has its headquarters.
    pub headquarters: String,
    /// The worst rank that counts.
    pub rank: i64,
    /// The countries whose stores do not count for the rank.
    pub left_out: Vec<String>,
    /// The main category.
    pub category: String,
    /// The sub-categories.
    pub sub_categories: Vec<String>,
    /// The least mean of monthly downloads.
    pub threshold: i64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            headquarters: "CHN".into(),
            rank: 10_000,
            left_out: ["CHN", "IND"].map(String::from).into(),
            category: "Social".into(),
            sub_categories: ["Chats", "Messengers", "Social Network"].map(String::from).into(),
            threshold: 30_000,
        }
    }
}

/// What the downloads of an app say.
#[derive(Clone, Debug, Default)]
struct Counts {
    /// The best rank in a store that counts.
    rank: Option<i64>,
    downloads: i64,
    months: BTreeSet<Month>,
}

/// Filters the candidates.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let candidates = candidate::read(job.one("candidates"))?;
    let mut found = count(params, job.one("panel"))?;
    let mut list: Vec<(Candidate, Counts)> = Vec::new();
    for (app, candidate) in candidates {
        list.push((candidate, found.remove(&app).unwrap_or_default()));
    }
    let mut flow = Flow::new(job.labels());
    let mut keep = |step: &str, why: &str, keep: &dyn Fn(&Candidate, &Counts) -> bool| {
        flow.keep((step, why), &mut list, |(it, counts)| keep(it, counts))
    };
    let why = "apps whose developer has its headquarters elsewhere";
    keep("headquarters", why, &|it, _| it.headquarters == params.headquarters)?;
    let why = "apps that never rank high enough in a store that counts";
    keep("rank", why, &|_, counts| counts.rank.is_some_and(|rank| rank <= params.rank))?;
    let why = "apps of another main category";
    keep("category", why, &|it, _| it.category == params.category)?;
    let why = "apps of another sub-category";
    keep("sub_category", why, &|it, _| params.sub_categories.contains(&it.sub_category))?;
    keep("operation", "apps that ceased operation", &|it, _| !it.ceased)?;
    keep("adjacent", "apps with services only adjacent to social media", &|it, _| !it.adjacent)?;
    let why = "apps with fewer downloads a month than the threshold";
    let least = |counts: &Counts| params.threshold * counts.months.len() as i64;
    keep("threshold", why, &|_, counts| counts.downloads >= least(counts))?;
    let mut values = Values::default();
    flow.report(&mut values);
    let known: BTreeSet<String> =
        table::texts(&table::decode(job.one("apps"))?, "app")?.into_iter().collect();
    let selected: BTreeSet<&String> = list.iter().map(|(it, _)| &it.app).collect();
    values.count("selected", selected.len(), "apps", "apps that pass every filter");
    let both = known.iter().filter(|app| selected.contains(app)).count();
    let about = "apps that pass every filter and that the report selected";
    values.count("selected.published", both, "apps", about);
    Ok(Outputs::from([("flow", json::encode(&flow)?), ("values", values.encode()?)]))
}

/// Adds up what the panel says of each app.
fn count(params: &Params, artifact: &Artifact) -> Result<BTreeMap<String, Counts>, Failure> {
    let panel = panel::decode(artifact)?;
    let counted: Vec<bool> =
        panel.countries.iter().map(|country| !params.left_out.contains(country)).collect();
    let mut found = vec![Counts::default(); panel.apps.len()];
    for row in &panel.rows {
        let counts = &mut found[row.app];
        counts.downloads += row.downloads;
        if row.downloads > 0 {
            counts.months.insert(row.month);
        }
        if counted[row.country] {
            counts.rank = [counts.rank, row.rank].into_iter().flatten().min();
        }
    }
    Ok(panel.apps.into_iter().zip(found).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::given;
    use crate::records::panel::{Panel, Row};

    const HEAD: &str = "app,name,headquarters,category,sub_category,ceased,adjacent\n";

    /// Selects among `candidates`; the app `low` has 10 downloads a month, `far`
    /// has a rank in China alone, each other 40,000 in Japan.
    fn select(candidates: &str) -> Result<Outputs, Failure> {
        let apps: Vec<String> = ["far", "fit", "low", "old"].map(String::from).into();
        let row =
            |app, country, downloads| Row { app, country, month: 24180, downloads, rank: Some(7) };
        let rows = vec![row(0, 0, 40_000), row(1, 1, 40_000), row(2, 1, 10), row(3, 1, 40_000)];
        let countries = ["CHN", "JPN"].map(String::from).into();
        let panel = panel::encode(&Panel { apps, countries, rows }).unwrap();
        let text = format!("{HEAD}{candidates}");
        run(
            &Params::default(),
            &given::job(&[
                ("candidates", &[given::raw("raw/c.csv", text.as_bytes(), json!({}))]),
                ("panel", &[given::passed("p", &panel)]),
                ("apps", &[given::table("apps")]),
            ]),
        )
    }

    #[test]
    fn each_filter_drops_what_it_says() {
        let outputs = select(
            "fit,F,CHN,Social,Chats,false,false\nlow,L,CHN,Social,Chats,false,false\n\
             far,R,CHN,Social,Chats,false,false\nold,O,CHN,Social,Chats,true,false\n\
             us,U,USA,Social,Chats,false,false\n",
        )
        .unwrap();
        let flow: Value = serde_json::from_slice(&outputs["flow"].bytes).unwrap();
        let steps = flow["steps"].as_array().unwrap();
        let numbers: Vec<_> =
            steps.iter().map(|s| json!([s["step"], s["in"], s["dropped"], s["out"]])).collect();
        assert_eq!(
            Value::from(numbers),
            json!([
                ["headquarters", 5, 1, 4],
                ["rank", 4, 1, 3],
                ["category", 3, 0, 3],
                ["sub_category", 3, 0, 3],
                ["operation", 3, 1, 2],
                ["adjacent", 2, 0, 2],
                ["threshold", 2, 1, 1]
            ])
        );
        assert_eq!(given::number(&outputs, "selected"), 1.0);
        assert_eq!(given::number(&outputs, "selected.published"), 0.0);
    }

    #[test]
    fn broken_candidates_are_refused() {
        let faults = given::messages(select(
            "fit,F,CHN,Social,Chats,no,false\nfit,F,CHN,Social,Chats,false,false\n",
        ));
        assert_eq!(
            faults,
            [
                "raw/c.csv:2:24: row 2, column `ceased`: `no` is not true or false",
                "the candidate `fit` is in `raw/c.csv` twice",
            ]
        );
    }
}
