//! `colophon check`: finds every mistake without running anything.

use engine::lock::Lock;
use engine::plan::Plan;

use crate::Study;
use crate::args::Arguments;
use crate::report::{Failed, count, print, print_json};
use crate::verbs::options;

pub(crate) fn check(study: &Study, arguments: &Arguments) -> Result<(), Failed> {
    let plan = Plan::load(&arguments.directory, study.functions, &options(arguments)?)?;
    Lock::read(&plan.root)?;
    if arguments.json {
        return print_json(&serde_json::json!({
            "name": plan.name, "stages": plan.stages.len(), "sources": plan.sources.len(),
        }));
    }
    let (stages, sources) =
        (count(plan.stages.len(), "stage"), count(plan.sources.len(), "source"));
    print(&format!("`{}` is sound: {stages}, {sources}\n", plan.name))
}
