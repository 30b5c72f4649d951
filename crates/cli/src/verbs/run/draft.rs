//! A draft: what would be refused is marked in it, and it never stands where a sound
//! result stands.

use engine::diagnostic::{Diagnostic, Kind};
use engine::plan::Action;
use engine::project::Project;
use engine::run::{self, Mode};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::message;
use crate::progress::Progress;
use crate::report::{Failed, exit_code, say};
use crate::study::Study;
use crate::verbs::{select, work};

/// Where drafts are put, relative to the project.
const FOLDER: &str = ".colophon/draft";

/// Makes a draft of the stages that know of drafts.
pub(super) fn draft(
    study: &Study,
    arguments: &Arguments,
    targets: &[String],
) -> Result<(), Failed> {
    let mut project = work(study, arguments)?;
    let drafts = mark(&mut project);
    let stages = select(&project.plan, targets)?;
    if !stages.iter().any(|index| drafts.contains(index)) {
        let message = "none of these stages can be made as a draft";
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("the functions `report` and `audit` can")
            .into());
    }
    let request = crate::request::request(stages, arguments.verbose);
    let progress = Progress::new(arguments.verbose, arguments.quiet);
    let summary = run::run(&project, &request, Mode::Aside, None, &progress);
    progress.end();
    if !summary.problems.is_empty() {
        let code = exit_code(&summary.problems);
        return Err(Failed { problems: summary.problems, code });
    }
    let own = drafts.iter().map(|index| &project.plan.stages[*index]);
    for path in own.flat_map(|stage| stage.outputs.values()) {
        let Some(digest) = summary.made.get(path) else { continue };
        let to = project.place_own(FOLDER, path, digest)?;
        if !arguments.quiet {
            say(&format!("draft -> {to}"));
        }
    }
    message::all(&project.store.notes());
    Ok(())
}

/// Lets the stages whose functions know of drafts make one; gives their positions.
fn mark(project: &mut Project) -> Vec<usize> {
    let mut marked = Vec::new();
    for (index, stage) in project.plan.stages.iter_mut().enumerate() {
        let Action::Function(function) = &stage.action else { continue };
        let schema = (function.schema)().to_value();
        if schema.pointer("/properties/draft").is_some()
            && let Value::Object(params) = &mut stage.params
        {
            params.insert("draft".into(), true.into());
            marked.push(index);
        }
    }
    marked
}
