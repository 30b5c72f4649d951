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

use engine::diagnostic::Diagnostic;
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kit::flow::Flow;
use crate::kit::panel::{self, Month};
use crate::kit::values::Values;
use crate::kit::{export, json, table};

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

const COLUMNS: [&str; 7] =
    ["app", "name", "headquarters", "category", "sub_category", "ceased", "adjacent"];

/// A candidate with what its downloads say.
#[derive(Debug, Default)]
struct Candidate {
    app: String,
    headquarters: String,
    category: String,
    sub_category: String,
    ceased: bool,
    adjacent: bool,
    /// The best rank in a store that counts.
    rank: Option<i64>,
    downloads: i64,
    months: BTreeSet<Month>,
}

/// Filters the candidates.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let mut candidates = candidates(job.one("candidates"))?;
    count(params, job.one("panel"), &mut candidates)?;
    let mut flow = Flow::new(job.labels());
    let mut list: Vec<Candidate> = candidates.into_values().collect();
    let mut keep = |step: &str, why: &str, keep: &dyn Fn(&Candidate) -> bool| {
        flow.keep((step, why), &mut list, keep)
    };
    let why = "apps whose developer has its headquarters elsewhere";
    keep("headquarters", why, &|it| it.headquarters == params.headquarters)?;
    let why = "apps that never rank high enough in a store that counts";
    keep("rank", why, &|it| it.rank.is_some_and(|rank| rank <= params.rank))?;
    let why = "apps of another main category";
    keep("category", why, &|it| it.category == params.category)?;
    let why = "apps of another sub-category";
    keep("sub_category", why, &|it| params.sub_categories.contains(&it.sub_category))?;
    keep("operation", "apps that ceased operation", &|it| !it.ceased)?;
    keep("adjacent", "apps with services only adjacent to social media", &|it| !it.adjacent)?;
    let why = "apps with fewer downloads a month than the threshold";
    keep("threshold", why, &|it| it.downloads >= params.threshold * it.months.len() as i64)?;
    let mut values = Values::default();
    flow.report(&mut values);
    let known: BTreeSet<String> =
        table::texts(&table::decode(job.one("apps"))?, "app")?.into_iter().collect();
    let selected: BTreeSet<&String> = list.iter().map(|it| &it.app).collect();
    values.count("selected", selected.len(), "apps", "apps that pass every filter");
    let both = known.iter().filter(|app| selected.contains(app)).count();
    let about = "apps that pass every filter and that the report selected";
    values.count("selected.published", both, "apps", about);
    Ok(Outputs::from([("flow", json::encode(&flow)?), ("values", values.encode()?)]))
}

/// The candidates by key.
fn candidates(artifact: &Artifact) -> Result<BTreeMap<String, Candidate>, Failure> {
    let mut list = Vec::new();
    let mut faults = Vec::new();
    if artifact.resource.is_some() {
        export::read(artifact, &COLUMNS, |at, record| {
            let text = |column: usize| record.get(column).unwrap_or("").to_string();
            let mut flag = |column: usize| match record.get(column) {
                Some("true") => true,
                Some("false") => false,
                other => {
                    let message = format!("`{}` is not true or false", other.unwrap_or(""));
                    faults.push(at.fault(&artifact.path, COLUMNS[column], &message));
                    false
                }
            };
            let (ceased, adjacent) = (flag(5), flag(6));
            let (app, headquarters, category) = (text(0), text(2), text(3));
            let sub_category = text(4);
            list.push(Candidate {
                app,
                headquarters,
                category,
                sub_category,
                ceased,
                adjacent,
                ..Candidate::default()
            });
        })
        .map_err(Failure::contract)?;
    } else {
        let frame = table::decode(artifact)?;
        let texts = |name| table::texts(&frame, name);
        let (apps, places) = (texts("app")?, texts("headquarters")?);
        let (main, sub) = (texts("category")?, texts("sub_category")?);
        let ceased = table::booleans(&frame, "ceased")?;
        let adjacent = table::booleans(&frame, "adjacent")?;
        list.extend((0..frame.height()).map(|row| Candidate {
            app: apps[row].clone(),
            headquarters: places[row].clone(),
            category: main[row].clone(),
            sub_category: sub[row].clone(),
            ceased: ceased[row],
            adjacent: adjacent[row],
            ..Candidate::default()
        }));
    }
    let mut candidates = BTreeMap::new();
    for candidate in list {
        let key = candidate.app.clone();
        if candidates.insert(key.clone(), candidate).is_some() {
            let message = format!("the candidate `{key}` is in `{}` twice", artifact.path);
            faults.push(Diagnostic::contract(message));
        }
    }
    if faults.is_empty() { Ok(candidates) } else { Err(Failure::contract(faults)) }
}

/// Adds up what the panel says of each candidate; apps that are no candidates
/// are left alone.
fn count(
    params: &Params,
    artifact: &Artifact,
    candidates: &mut BTreeMap<String, Candidate>,
) -> Result<(), Failure> {
    let panel = panel::decode(artifact)?;
    let counts: Vec<bool> =
        panel.countries.iter().map(|country| !params.left_out.contains(country)).collect();
    let mut places: Vec<Candidate> = panel.apps.iter().map(|_| Candidate::default()).collect();
    for row in &panel.rows {
        let place = &mut places[row.app];
        place.downloads += row.downloads;
        if row.downloads > 0 {
            place.months.insert(row.month);
        }
        if counts[row.country] {
            place.rank = [place.rank, row.rank].into_iter().flatten().min();
        }
    }
    for (app, found) in panel.apps.iter().zip(places) {
        if let Some(candidate) = candidates.get_mut(app) {
            candidate.rank = found.rank;
            candidate.downloads = found.downloads;
            candidate.months = found.months;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kit::given;
    use crate::kit::panel::{Panel, Row};

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
                "raw/c.csv:2: row 2, column `ceased`: `no` is not true or false",
                "the candidate `fit` is in `raw/c.csv` twice",
            ]
        );
    }
}
