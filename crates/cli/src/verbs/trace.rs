//! `colophon trace`: what a number, a figure or a file rests on, and what rests on it.
//!
//! It asks the ledger, the plan and the lock, and runs nothing: what a change of a raw
//! row or a parameter would reach is known before anything is run.

use std::path::PathBuf;

use answers::places::Places;
use answers::web::Web;
use clap::Args;

use crate::arguments::Arguments;
use crate::edition;
use crate::report::{Failed, print, print_json};
use crate::study::Study;
use crate::text::Text;
use crate::verbs::look;

mod asked;
mod below;
mod json;
mod rows;
mod telling;
mod what;

use asked::Asked;

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
