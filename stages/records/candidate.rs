//! The candidates of the selection: apps with what the query of the provider says of each.
//!
//! They come as a table of ours or as CSV with the same columns.

use std::collections::BTreeMap;

use engine::diagnostic::Diagnostic;
use engine::function::{Artifact, Failure};
use tables::{export, table};

const COLUMNS: [&str; 7] =
    ["app", "name", "headquarters", "category", "sub_category", "ceased", "adjacent"];

/// A candidate app.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its key.
    pub app: String,
    /// The country of its developer's headquarters, ISO 3166 alpha-3.
    pub headquarters: String,
    /// Its main category.
    pub category: String,
    /// Its sub-category.
    pub sub_category: String,
    /// Whether it has ceased operation.
    pub ceased: bool,
    /// Whether its services are only adjacent to social media.
    pub adjacent: bool,
}

/// Reads the candidates, by key.
pub fn read(artifact: &Artifact) -> Result<BTreeMap<String, Candidate>, Failure> {
    let mut faults = Vec::new();
    let list = match artifact.resource {
        Some(_) => of_export(artifact, &mut faults)?,
        None => of_table(artifact)?,
    };
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

fn of_export(artifact: &Artifact, faults: &mut Vec<Diagnostic>) -> Result<Vec<Candidate>, Failure> {
    let mut list = Vec::new();
    export::read(artifact, &COLUMNS, |seen| {
        let text = |column: usize| seen.text(column).to_string();
        let mut flag = |column: usize| match seen.text(column) {
            "true" => true,
            "false" => false,
            other => {
                let message = format!("`{other}` is not true or false");
                faults.push(seen.fault(column, COLUMNS[column], &message));
                false
            }
        };
        let (ceased, adjacent) = (flag(5), flag(6));
        let (app, headquarters, category) = (text(0), text(2), text(3));
        let sub_category = text(4);
        list.push(Candidate { app, headquarters, category, sub_category, ceased, adjacent });
    })
    .map_err(Failure::contract)?;
    Ok(list)
}

fn of_table(artifact: &Artifact) -> Result<Vec<Candidate>, Failure> {
    let frame = table::decode(artifact)?;
    let texts = |name| table::texts(&frame, name);
    let (apps, places) = (texts("app")?, texts("headquarters")?);
    let (main, sub) = (texts("category")?, texts("sub_category")?);
    let ceased = table::booleans(&frame, "ceased")?;
    let adjacent = table::booleans(&frame, "adjacent")?;
    let one = |row: usize| Candidate {
        app: apps[row].clone(),
        headquarters: places[row].clone(),
        category: main[row].clone(),
        sub_category: sub[row].clone(),
        ceased: ceased[row],
        adjacent: adjacent[row],
    };
    Ok((0..frame.height()).map(one).collect())
}
