//! Published claims as an audit has settled them: each with its status.
//!
//! An audit is a stage that takes `claims` and makes a `table`; what its rows hold is
//! shown as it is, in the order of the table.

use answers::diverged::File;
use answers::ledger::{Ledger, Output};
use engine::project::Project;
use serde_json::{Value as Json, json};

use crate::edition::Edition;

/// The tables of audits that are larger hold more than a page can show.
const LARGEST: u64 = 8 << 20;

/// Every claim and check of every audit.
pub(super) fn claims(project: &Project, edition: &Edition) -> Vec<Json> {
    let mut found = Vec::new();
    for (stage, table) in audits(&edition.ledger) {
        let file = File { path: table.path.clone(), digest: table.digest.clone() };
        if table.size > LARGEST {
            continue;
        }
        let content = edition.content(Some(project), &file);
        let Some(Ok(Json::Object(lists))) =
            content.map(|bytes| serde_json::from_slice::<Json>(&bytes))
        else {
            continue;
        };
        // What the audit is of comes before what it checks besides.
        let (first, rest): (Vec<_>, Vec<_>) = lists.iter().partition(|(it, _)| *it == "claims");
        for (kind, list) in first.into_iter().chain(rest) {
            let rows =
                list.as_array().into_iter().flatten().filter(|row| row["status"].is_string());
            found.extend(rows.map(|row| json!({ "stage": stage, "kind": kind, "row": row })));
        }
    }
    found
}

fn audits(ledger: &Ledger) -> impl Iterator<Item = (&str, &Output)> {
    let stages = ledger.stages.iter().filter(|(_, stage)| stage.inputs.contains_key("claims"));
    stages.filter_map(|(name, stage)| Some((name.as_str(), stage.outputs.get("table")?)))
}
