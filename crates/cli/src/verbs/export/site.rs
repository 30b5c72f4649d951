//! `colophon export site`: an edition as one page for a browser.

use std::collections::BTreeMap;
use std::path::PathBuf;

use answers::places::Places;
use clap::Args;
use engine::diagnostic::Diagnostic;
use engine::project::Project;
use engine::run::forecast::forecast;
use serde_json::json;

use crate::args::Arguments;
use crate::edition;
use crate::report::{Failed, bytes, print, print_json};
use crate::site::page;
use crate::study::Study;
use crate::verbs::look;

#[derive(Args, Debug)]
pub(crate) struct Site {
    /// The file to write; one that is there is replaced.
    #[arg(long, value_name = "FILE.html")]
    to: PathBuf,
    /// The edition to show, named as for `diff`; of another one it is not known what
    /// stands on which page [default: what lies in `outputs/` now].
    #[arg(long, value_name = "EDITION")]
    from: Option<String>,
    /// Say how long each stage took here the last time; such a page is not the same
    /// the next time.
    #[arg(long, conflicts_with = "from")]
    times: bool,
}

pub(super) fn site(study: &Study, arguments: &Arguments, form: &Site) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    let (edition, places) = match &form.from {
        Some(name) => (edition::named(&project, name)?, Places::default()),
        None => (edition::whole(&project)?, edition::places(&project.plan)),
    };
    let seconds = if form.times { seconds(&project)? } else { BTreeMap::new() };
    let page = page(&project, &edition, &places, &seconds)?;
    std::fs::write(&form.to, &page).map_err(|error| Diagnostic::io("write", &form.to, &error))?;
    if arguments.json {
        return print_json(&json!({ "path": form.to, "size": page.len() }));
    }
    if arguments.quiet {
        return Ok(());
    }
    print(&format!("wrote {}, {}\n", form.to.display(), bytes(page.len() as u64)))
}

/// How long each stage took the last time.
fn seconds(project: &Project) -> Result<BTreeMap<String, f64>, Failed> {
    let all: Vec<usize> = (0..project.plan.stages.len()).collect();
    let told = forecast(project, &all)?;
    Ok(told.into_iter().filter_map(|it| Some((it.stage, it.seconds?))).collect())
}
