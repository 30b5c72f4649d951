//! `colophon check`: finds every mistake without running anything.

use clap::Args;
use engine::lock::Lock;
use engine::plan::Plan;

use crate::annotate;
use crate::arguments::Arguments;
use crate::message;
use crate::report::{Failed, count, print, print_json};
use crate::study::Study;
use crate::verbs::options;

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Tell problems in this form as well, on standard output.
    #[arg(long, value_enum, default_value = "text", conflicts_with = "json")]
    pub(crate) format: annotate::Form,
}

pub(crate) fn check(study: &Study, arguments: &Arguments) -> Result<(), Failed> {
    let root = &arguments.directory;
    let (plan, notes) = Plan::check(root, study.functions, &options(arguments)?)?;
    Lock::read(&plan.root)?;
    if arguments.json {
        return print_json(&serde_json::json!({
            "name": plan.name, "stages": plan.stages.len(), "sources": plan.sources.len(),
            "notes": notes,
        }));
    }
    if arguments.quiet {
        return Ok(());
    }
    message::all(&notes);
    let (stages, sources) =
        (count(plan.stages.len(), "stage"), count(plan.sources.len(), "source"));
    print(&format!("`{}` is sound: {stages}, {sources}\n", plan.name))
}
