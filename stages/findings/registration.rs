//! What the selected apps ask for at registration, and where the matrices do not follow from it.
//!
//! The report's rule: the matrix holds the apps that need a phone number and
//! whose users can exchange information. Counted here are the apps by kind of
//! registration and by exchange of information, store ids that stand at more
//! than one app, apps of a matrix that the rule leaves out, and apps in
//! neither matrix that it takes in. In apps.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::Values;
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

use crate::records::app;
use crate::records::pair::{self, Pair};

/// The selected apps and the tagged pairs.
pub const INPUTS: &[Slot] = &[Slot::one("apps"), Slot::one("pairs")];
/// Apps by kind, and the counts.
pub const OUTPUTS: &[&str] = &["table", "values"];

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

/// A selected app.
#[derive(Serialize)]
struct App {
    key: String,
    #[serde(skip)]
    name: String,
    /// As the printed matrix names it, which may be in Chinese too; else as its store does.
    full_name: String,
    store_id: String,
    exchanges: bool,
    registration: String,
}

/// A selected app and the matrices that it is in.
#[derive(Serialize)]
struct Entry {
    /// The name before any subtitle.
    name: String,
    #[serde(flatten)]
    app: App,
    table1: bool,
    appendix3: bool,
}

impl App {
    fn phone(&self) -> bool {
        self.registration == "phone"
    }
}

#[derive(Serialize)]
struct Table {
    rows: Vec<Row>,
    apps: Vec<Entry>,
    labels: BTreeSet<String>,
}

/// The apps of one kind of registration.
#[derive(Serialize)]
struct Row {
    registration: String,
    apps: usize,
    exchanging: usize,
    silent: usize,
    table1: usize,
    appendix3: usize,
}

/// Counts and names.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let apps = apps(job.one("apps"))?;
    let pairs = pair::decode(job.one("pairs"))?;
    let mut values = Values::default();
    repeated(&mut values, &apps);
    let (table1, appendix3) = (members(&pairs, "table1"), members(&pairs, "appendix3"));
    for (matrix, members) in [("table1", &table1), ("appendix3", &appendix3)] {
        let within = |of: &dyn Fn(&App) -> bool| -> Vec<&App> {
            apps.iter().filter(|app| members.contains(app.key.as_str()) && of(app)).collect()
        };
        let about = "apps of the matrix that register without a phone number";
        named(&mut values, &format!("{matrix}.no_phone"), &within(&|app| !app.phone()), about);
        let about = "apps of the matrix whose users cannot exchange information";
        named(&mut values, &format!("{matrix}.silent"), &within(&|app| !app.exchanges), about);
    }
    let outside =
        |app: &&App| ![&table1, &appendix3].iter().any(|it| it.contains(app.key.as_str()));
    let due = |app: &&App| app.phone() && app.exchanges;
    let missing: Vec<&App> = apps.iter().filter(due).filter(outside).collect();
    let about =
        "apps in neither matrix that need a phone number and whose users exchange information";
    named(&mut values, "left_out", &missing, about);
    let rows = rows(&apps, &table1, &appendix3);
    let apps = entries(apps, &table1, &appendix3);
    let table = Table { rows, apps, labels: job.labels() };
    Ok(Outputs::from([("table", json::encode(&table)?), ("values", values.encode()?)]))
}

fn apps(artifact: &Artifact) -> Result<Vec<App>, Failure> {
    let frame = table::decode(artifact)?;
    let (keys, names) = (table::texts(&frame, "app")?, table::texts(&frame, "name")?);
    let (ids, kinds) = (table::texts(&frame, "store_id")?, table::texts(&frame, "registration")?);
    let printed = table::optional_texts(&frame, "matrix_name")?;
    let exchanges = table::booleans(&frame, "exchanges_information")?;
    let app = |row: usize| App {
        key: keys[row].clone(),
        name: names[row].clone(),
        full_name: printed[row].as_ref().unwrap_or(&names[row]).clone(),
        store_id: ids[row].clone(),
        exchanges: exchanges[row],
        registration: kinds[row].clone(),
    };
    Ok((0..keys.len()).map(app).collect())
}

/// The apps by name, whatever their letters' case.
fn entries(apps: Vec<App>, table1: &BTreeSet<&str>, appendix3: &BTreeSet<&str>) -> Vec<Entry> {
    let entry = |app: App| Entry {
        table1: table1.contains(app.key.as_str()),
        appendix3: appendix3.contains(app.key.as_str()),
        name: app::short(&app.name),
        app,
    };
    let mut entries: Vec<Entry> = apps.into_iter().map(entry).collect();
    entries.sort_by_cached_key(|it| (it.name.to_lowercase(), it.app.key.clone()));
    entries
}

/// The apps of one matrix.
fn members<'a>(pairs: &'a [Pair], matrix: &str) -> BTreeSet<&'a str> {
    pairs.iter().filter(|pair| pair.matrix == matrix).map(|pair| pair.app.as_str()).collect()
}

/// Store ids that stand at more than one app.
fn repeated(values: &mut Values, apps: &[App]) {
    let mut by_id: BTreeMap<&str, Vec<&App>> = BTreeMap::new();
    for app in apps {
        by_id.entry(&app.store_id).or_default().push(app);
    }
    by_id.retain(|_, apps| apps.len() > 1);
    let about = "store ids that stand at more than one app";
    values.count("store_ids.repeated", by_id.len(), "store ids", about);
    let with: Vec<&App> = by_id.into_values().flatten().collect();
    values.text("store_ids.repeated.names", &list(&with), "the apps that share a store id");
}

/// Reports how many apps there are and what they are called.
fn named(values: &mut Values, key: &str, apps: &[&App], about: &str) {
    values.count(key, apps.len(), "apps", about);
    values.text(&format!("{key}.names"), &list(apps), &format!("the names of the {about}"));
}

fn list(apps: &[&App]) -> String {
    let names: Vec<String> = apps.iter().map(|app| app::short(&app.name)).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn rows(apps: &[App], table1: &BTreeSet<&str>, appendix3: &BTreeSet<&str>) -> Vec<Row> {
    let kinds: BTreeSet<&str> = apps.iter().map(|app| app.registration.as_str()).collect();
    let row = |kind: &str| {
        let count = |of: &dyn Fn(&App) -> bool| {
            apps.iter().filter(|app| app.registration == kind && of(app)).count()
        };
        Row {
            registration: kind.into(),
            apps: count(&|_| true),
            exchanging: count(&|app| app.exchanges),
            silent: count(&|app| !app.exchanges),
            table1: count(&|app| table1.contains(app.key.as_str())),
            appendix3: count(&|app| appendix3.contains(app.key.as_str())),
        }
    };
    let mut rows: Vec<Row> = kinds.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.apps));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    #[test]
    fn what_the_published_apps_show() {
        let tagged = given::passed("outputs/tag.parquet", &given::tagged()["pairs"]);
        let job = given::job(&[("apps", &[given::table("apps")]), ("pairs", &[tagged])]);
        let outputs = run(&Params {}, &job).unwrap();
        let values = given::values(&outputs);
        let text = |key: &str| values[key]["text"].as_str().unwrap().to_string();
        assert_eq!(given::number(&outputs, "store_ids.repeated"), 1.0);
        assert_eq!(text("store_ids.repeated.names"), "Meitu, Star Idol");
        assert_eq!(given::number(&outputs, "appendix3.no_phone"), 2.0);
        assert_eq!(text("appendix3.no_phone.names"), "HeeSay, WeChat Reading");
        assert_eq!(text("left_out.names"), "Weibo intl");
        let table: serde_json::Value = serde_json::from_slice(&outputs["table"].bytes).unwrap();
        let rows = table["rows"].as_array().unwrap();
        assert_eq!(rows[0]["registration"], "phone");
        assert_eq!((&rows[0]["apps"], &rows[0]["exchanging"]), (&39.into(), &32.into()));
        let total: i64 = rows.iter().map(|row| row["apps"].as_i64().unwrap()).sum();
        assert_eq!(total, 62);
        let apps = table["apps"].as_array().unwrap();
        let count = |key: &str| apps.iter().filter(|app| app[key] == true).count();
        assert_eq!((apps.len(), count("table1"), count("appendix3")), (62, 33, 40));
        let weibo = apps.iter().find(|app| app["name"] == "Weibo intl").unwrap();
        assert_eq!((&weibo["registration"], &weibo["table1"]), (&"phone".into(), &false.into()));
    }
}
