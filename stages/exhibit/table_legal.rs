//! The legal timeline of real-name registration, in order of time.
//!
//! Rows are the rules as they were transcribed; nothing is computed but
//! counts: of entries, by kind, and by five years.

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::Values;
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

/// The rules.
pub const INPUTS: &[Slot] = &[Slot::one("table")];
/// The timeline, and the counts.
pub const OUTPUTS: &[&str] = &["table", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// How many years a period of the counts has.
    pub period: i64,
}

impl Default for Params {
    fn default() -> Self {
        Params { period: 5 }
    }
}

#[derive(Serialize)]
struct Timeline {
    rows: Vec<Row>,
    periods: Vec<Period>,
    labels: BTreeSet<String>,
}

/// One rule.
#[derive(Serialize)]
struct Row {
    month: String,
    title: String,
    title_zh: Option<String>,
    kind: String,
    provisions: String,
    source: String,
}

/// How many rules came in some years.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Period {
    from: i64,
    to: i64,
    entries: usize,
}

/// Orders and counts.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let rows = rows(job.one("table"))?;
    let mut values = Values::default();
    values.count("entries", rows.len(), "entries", "entries of the timeline");
    let printed = rows.iter().filter(|row| row.source == "appendix2").count();
    values.count("entries.published", printed, "entries", "entries that the report prints");
    let years: Result<Vec<i64>, Failure> = rows.iter().map(|row| year(&row.month)).collect();
    let years = years?;
    for (key, year, about) in [
        ("first", years.first(), "year of the first entry"),
        ("last", years.last(), "year of the last entry"),
    ] {
        values.integer(key, year.copied().unwrap_or(0), "year", about);
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        *kinds.entry(&row.kind).or_default() += 1;
    }
    for (kind, count) in kinds {
        values.count(&format!("kind.{kind}"), count, "entries", &format!("of the kind {kind}"));
    }
    let periods = periods(&years, params.period.max(1));
    for period in &periods {
        let about = format!("entries from {} to {}", period.from, period.to);
        values.count(&format!("from.{}", period.from), period.entries, "entries", &about);
    }
    let timeline = Timeline { rows, periods, labels: job.labels() };
    Ok(Outputs::from([("table", json::encode(&timeline)?), ("values", values.encode()?)]))
}

fn rows(artifact: &Artifact) -> Result<Vec<Row>, Failure> {
    let frame = table::decode(artifact)?;
    let texts = |name| table::texts(&frame, name);
    let (months, titles, kinds) = (texts("month")?, texts("title")?, texts("kind")?);
    let (provisions, sources) = (texts("key_provisions")?, texts("source")?);
    let chinese = table::optional_texts(&frame, "title_zh")?;
    let row = |at: usize| Row {
        month: months[at].clone(),
        title: titles[at].clone(),
        title_zh: chinese[at].clone(),
        kind: kinds[at].clone(),
        provisions: provisions[at].clone(),
        source: sources[at].clone(),
    };
    let mut rows: Vec<Row> = (0..months.len()).map(row).collect();
    rows.sort_by(|a, b| (&a.month, &a.title).cmp(&(&b.month, &b.title)));
    Ok(rows)
}

fn year(month: &str) -> Result<i64, Failure> {
    let year = month.split('-').next().and_then(|year| year.parse().ok());
    year.ok_or_else(|| Failure::from(format!("`{month}` is no month")))
}

/// Counts in periods that begin with multiples of their length.
fn periods(years: &[i64], length: i64) -> Vec<Period> {
    let start = |year: &i64| year.div_euclid(length) * length;
    let (Some(first), Some(last)) = (years.iter().map(start).min(), years.iter().max()) else {
        return Vec::new();
    };
    let mut periods = Vec::new();
    let mut from = first;
    while from <= *last {
        let entries = years.iter().filter(|year| start(year) == from).count();
        periods.push(Period { from, to: from + length - 1, entries });
        from += length;
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    #[test]
    fn periods_by_hand() {
        let found: Vec<_> =
            periods(&[2000, 2004, 2012], 5).iter().map(|p| (p.from, p.to, p.entries)).collect();
        assert_eq!(found, [(2000, 2004, 2), (2005, 2009, 0), (2010, 2014, 1)]);
        assert_eq!(periods(&[], 5), []);
    }

    #[test]
    fn the_published_timeline() {
        let job = given::job(&[("table", &[given::table("legislation")])]);
        let outputs = run(&Params::default(), &job).unwrap();
        assert_eq!(given::number(&outputs, "entries"), 24.0);
        assert_eq!(given::number(&outputs, "entries.published"), 21.0);
        assert_eq!(
            (given::number(&outputs, "first"), given::number(&outputs, "last")),
            (2000.0, 2025.0)
        );
        let table: serde_json::Value = serde_json::from_slice(&outputs["table"].bytes).unwrap();
        let rows = table["rows"].as_array().unwrap();
        assert!(rows.windows(2).all(|two| two[0]["month"].as_str() <= two[1]["month"].as_str()));
        assert!(rows.iter().any(|row| row["month"] == "2014-08" && row["title_zh"].is_null()));
    }
}
