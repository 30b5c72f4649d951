//! `colophon diff`: which numbers moved between two editions, and why.
//!
//! It compares two ledgers, and nothing is run for it but where a profile is asked
//! for. Root causes come first; each value stands once.

use clap::{Args, ValueEnum};
use engine::diagnostic::{Diagnostic, Kind};
use engine::project::Project;

use crate::arguments::Arguments;
use crate::edition;
use crate::message;
use crate::report::{Failed, print, print_json};
use crate::study::Study;
use crate::text::Text;
use crate::verbs::look;

mod answer;
mod aside;
mod because;
mod markup;
mod table;

pub(crate) use answer::Answer;
pub(crate) use table::{brief, tell};

#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The edition before: a revision of git, `profile:NAME`, a lock, a PDF or a ledger
    /// [default: what is committed].
    #[arg(value_name = "BEFORE")]
    pub(crate) before: Option<String>,
    /// The edition after, named the same way [default: what lies in `outputs/` now].
    #[arg(value_name = "AFTER")]
    pub(crate) after: Option<String>,
    /// The form of the answer; `--json` is short for `--format json`.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Form,
    /// List every value that moved, also those that print as before.
    #[arg(long)]
    pub(crate) all: bool,
}

/// The form of an answer.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
    Markdown,
    Html,
}

pub(crate) fn diff(study: &Study, arguments: &Arguments, verb: &Diff) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    message::all(&project.store.notes());
    let of = |name: &str| match name.strip_prefix("profile:") {
        Some(profile) => aside::profile(study, arguments, profile),
        None => edition::named(&project, name),
    };
    let before = match &verb.before {
        Some(name) => of(name)?,
        None => edition::committed(&project)?,
    };
    let after = match &verb.after {
        Some(name) => of(name)?,
        None => edition::now(&project)?,
    };
    if verb.after.is_none() {
        pending(&project)?;
    }
    let answer = Answer::new(&project, before, after);
    match if arguments.json { Form::Json } else { verb.format } {
        Form::Json => print_json(&answer.json()),
        Form::Markdown => print(Text::file(&markup::markdown(&answer))),
        Form::Html => print(Text::file(&markup::html(&answer))),
        Form::Text => {
            let mut text = Text::default();
            tell(&answer, verb.all, &mut text);
            print(text)
        }
    }
}

/// Says that what lies there is not what a run would make.
fn pending(project: &Project) -> Result<(), Failed> {
    let all: Vec<usize> = (0..project.plan.stages.len()).collect();
    let forecasts = engine::run::forecast::forecast(project, &all)?;
    let stale = forecasts
        .iter()
        .filter(|it| !matches!(it.verdict, engine::run::forecast::Verdict::Cached))
        .count();
    if stale > 0 {
        let are = if stale == 1 { "is" } else { "are" };
        let stages = crate::report::count(stale, "stage");
        let message = format!("{stages} {are} not up to date, so these are the numbers of before");
        message::all(&[Diagnostic::new(Kind::Note, message).hint("`colophon run` brings them up")]);
    }
    Ok(())
}
