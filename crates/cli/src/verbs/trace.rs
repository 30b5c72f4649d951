//! `colophon trace`: what a number, a figure or a file rests on, and what rests on it.
//!
//! It asks the ledger, the plan and the lock, and runs nothing: what a change of a raw
//! row or a parameter would reach is known before anything is run.

use std::path::PathBuf;

use answers::ledger::Ledger;
use answers::places::Places;
use answers::web::Web;
use clap::Args;
use engine::digest::Digest;
use engine::plan::Action;
use engine::project::Project;

use crate::arguments::Arguments;
use crate::edition::{self, Edition};
use crate::report::{Failed, print, print_json};
use crate::study::Study;
use crate::text::Text;
use crate::verbs::look;

mod below;
mod json;
mod rows;
mod telling;
mod what;

use what::What;

#[derive(Args, Debug)]
pub(crate) struct Trace {
    /// A value, a printed number (with `--page`), `figure 3`, `table 2`, a stage, a file, a
    /// row as in `raw/apps.csv:12`, a source, or `param:NAME`.
    #[arg(value_name = "WHAT")]
    what: String,
    /// The page on which a number is printed.
    #[arg(long, value_name = "N")]
    page: Option<usize>,
    /// Ask a report instead of the project: what it carries is enough.
    #[arg(long, value_name = "REPORT.pdf", conflicts_with = "page")]
    pdf: Option<PathBuf>,
    /// List everything that is reached.
    #[arg(long)]
    all: bool,
}

pub(crate) fn trace(study: &Study, arguments: &Arguments, verb: &Trace) -> Result<(), Failed> {
    let (project, edition, places) = match &verb.pdf {
        Some(pdf) => {
            let edition = edition::of_pdf(pdf, &pdf.display().to_string())?;
            // It can't carry its own pages: they are known when it is finished.
            (None, edition, Places::default())
        }
        None => {
            let project = look(study, arguments)?;
            let (edition, places) = (edition::whole(&project)?, edition::places(&project.plan));
            (Some(project), edition, places)
        }
    };
    let asked = Asked {
        study,
        project: project.as_ref(),
        ledger: &edition.ledger,
        web: Web::new(&edition.ledger),
        places: &places,
        edition: &edition,
    };
    let what = what::find(&asked, &verb.what, verb.page)?;
    if arguments.json {
        return print_json(&json::answer(&asked, &what));
    }
    let mut text = Text::default();
    telling::tell(&asked, &what, verb.all, &mut text);
    print(text)
}

/// What is asked, and whom.
struct Asked<'a> {
    study: &'a Study,
    project: Option<&'a Project>,
    edition: &'a Edition,
    ledger: &'a Ledger,
    web: Web<'a>,
    places: &'a Places,
}

impl Asked<'_> {
    /// The stages that what was asked for comes from, or is made by.
    fn stages<'a>(&'a self, what: &'a What) -> Vec<&'a str> {
        let own = |name: &'a str| self.ledger.stages.contains_key(name).then_some(name);
        match what {
            What::Value(name) => own(&self.ledger.values[name].stage).into_iter().collect(),
            What::Stage(name) => own(name).into_iter().collect(),
            What::Output(path) => self.web.maker(path).into_iter().collect(),
            What::Figure(figure) => {
                let data = figure.data.iter().map(|it| it.trim_start_matches('/'));
                data.filter_map(|path| self.web.maker(path)).collect()
            }
            What::File { path, .. } => self.web.readers(path),
            What::Parameter(stages, _) => stages.iter().map(String::as_str).collect(),
        }
    }

    /// The digest of a source that this program was compiled with.
    fn code(&self, path: &str) -> Option<String> {
        let stages = &self.project?.plan.stages;
        let functions = stages.iter().filter_map(|stage| match &stage.action {
            Action::Function(function) => Some(function),
            Action::Command(_) => None,
        });
        let mut sources = functions.flat_map(|function| function.sources());
        let (_, text) = sources.find(|(known, _)| *known == path)?;
        Some(Digest::of(text.as_bytes()).to_string())
    }

    /// Whether one asks for what it rests on: a raw file rests on nothing.
    fn has_above(&self, what: &What) -> bool {
        !matches!(what, What::File { .. } | What::Parameter(..))
    }
}
