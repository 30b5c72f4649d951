//! The forms that are tables: that of a code check, and values with the tables of stages.

use std::path::Path;

use answers::export::aea::{self, Audit};
use answers::export::bundle::Bundle;
use answers::export::values;
use answers::places::Places;
use engine::diagnostic::{Diagnostic, Kind, listed};
use engine::project::Project;
use serde::de::DeserializeOwned;

use super::made::{Made, one};
use crate::report::Failed;

/// The table of a code check, in Markdown where the file is called so.
pub(super) fn aea(project: &Project, bundle: &Bundle, to: Option<&Path>) -> Result<Made, Failed> {
    let (places, audit) = aea::paths(bundle);
    let places: Option<Places> = places.map(|path| read(project, path)).transpose()?;
    let audit: Option<Audit> = audit.map(|path| read(project, path)).transpose()?;
    let rows = aea::rows(bundle, places.as_ref(), audit.as_ref());
    let ending = to.and_then(Path::extension);
    let text = match ending.is_some_and(|it| it == "md") {
        true => aea::markup(&rows),
        false => aea::csv(&rows),
    };
    let outputs = rows.iter().map(|row| row.output.clone());
    let mut made = Made::new(one("aea", text), outputs.filter(|path| !path.is_empty()));
    made.values = true;
    if places.is_none() {
        made = made.noted("no stage makes an output `places`, so no row has a page");
    }
    if audit.is_none() {
        made = made.noted("no stage makes a `table` from `claims`, so no row is a claim");
    }
    if bundle.ledger.is_none() {
        made = made.noted("no stage makes a ledger, so no row is a number");
    }
    Ok(made)
}

/// Values and tables.
pub(super) fn csv(project: &Project, bundle: &Bundle) -> Result<Made, Failed> {
    let read = |path: &str| std::fs::read(project.plan.root.join(path)).ok();
    let tables = values::tables(bundle, &read);
    if tables.contents.is_empty() {
        let message = "there is no ledger, and no table in JSON or CSV, so there is no export";
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("let a stage use the function `ledger`: it takes the `values` of the others")
            .into());
    }
    let mut made = Made::new(tables.contents, tables.from);
    made.values = true;
    if bundle.ledger.is_none() {
        made = made.noted(format!("no stage makes a ledger, so there is no `{}`", values::FILE));
    }
    if !tables.left_out.is_empty() {
        let paths = listed(tables.left_out.iter().map(String::as_str));
        made = made.noted(format!("tables in Parquet are left out: {paths}"));
    }
    Ok(made)
}

/// A file of the project that a stage made as JSON.
fn read<T: DeserializeOwned>(project: &Project, path: &str) -> Result<T, Failed> {
    let bytes = std::fs::read(project.plan.root.join(path))
        .map_err(|error| Diagnostic::io("read", path.as_ref(), &error))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!("`{path}` is not what the name of its output says: {error}");
        Diagnostic::new(Kind::Usage, message)
            .hint("give the output another name, if it is something else")
            .into()
    })
}
