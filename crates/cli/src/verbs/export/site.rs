//! `colophon export site`: an edition as one page for a browser.

use std::collections::BTreeMap;
use std::path::Path;

use answers::export::bundle::LICENSED;
use answers::places::Places;
use engine::diagnostic::{Diagnostic, Kind, listed};
use engine::project::Project;
use engine::run::forecast::forecast;
use serde_json::json;

use crate::arguments::Arguments;
use crate::edition;
use crate::report::{Failed, bytes, print, print_json};
use crate::site::page;
use crate::study::Study;
use crate::verbs::look;

pub(super) fn site(
    study: &Study,
    arguments: &Arguments,
    (to, from, times): (Option<&Path>, Option<&str>, bool),
) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    let (edition, places) = match from {
        Some(name) => (edition::named(&project, name)?, Places::default()),
        None => (edition::whole(&project)?, edition::places(&project.plan)),
    };
    let seconds = if times { seconds(&project)? } else { BTreeMap::new() };
    let page = page(&project, &edition, &places, &seconds)?;
    licensed(&edition)?;
    let Some(to) = to else {
        let message = "nothing says where the page is to be put";
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("name a file: `--to FILE.html`")
            .into());
    };
    std::fs::write(to, &page).map_err(|error| Diagnostic::io("write", to, &error))?;
    if arguments.json {
        return print_json(&json!({ "path": to, "size": page.len() }));
    }
    if arguments.quiet {
        return Ok(());
    }
    print(&format!("wrote {}, {}\n", to.display(), bytes(page.len() as u64)))
}

/// How long each stage took the last time.
fn seconds(project: &Project) -> Result<BTreeMap<String, f64>, Failed> {
    let all: Vec<usize> = (0..project.plan.stages.len()).collect();
    let told = forecast(project, &all)?;
    Ok(told.into_iter().filter_map(|it| Some((it.stage, it.seconds?))).collect())
}

/// Refuses what may not be given away.
fn licensed(edition: &edition::Edition) -> Result<(), Failed> {
    let values = edition.ledger.values.iter().filter(|(_, it)| it.labels.contains(LICENSED));
    let names: Vec<&str> = values.map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let message = format!("{} rest on licensed data", listed(names));
    Err(Diagnostic::new(Kind::Usage, message)
        .hint("a page shows every value, so none of them may be licensed")
        .into())
}
