//! The verbs of the program, one a file, and how they open a project.

pub(crate) mod accept;
pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod claims;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod export;
pub(crate) mod forget;
pub(crate) mod graph;
pub(crate) mod init;
pub(crate) mod log;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod trace;
pub(crate) mod verify;
pub(crate) mod watch;
pub(crate) mod why;

use std::collections::{BTreeMap, BTreeSet};

use engine::calendar;
use engine::compiled;
use engine::diagnostic::{Diagnostic, Kind};
use engine::plan::Plan;
use engine::plan::options::Options;
use engine::project::{Access, Project};
use engine::witness::Question;

use crate::arguments::Arguments;
use crate::message;
use crate::report::Failed;
use crate::study::Study;

/// What the arguments and the environment say about reading the project.
pub(crate) fn options(arguments: &Arguments) -> Result<Options, Failed> {
    let date = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) if !text.is_empty() => {
            let wrong = |what: &str| {
                let message = format!("SOURCE_DATE_EPOCH is `{text}`, {what}");
                Diagnostic::new(Kind::Usage, message)
            };
            let seconds = text.parse().map_err(|_| wrong("not a number of seconds"))?;
            let day = calendar::day_of(seconds);
            Some(day.ok_or_else(|| wrong("a day outside of the years 0 to 9999"))?)
        }
        _ => None,
    };
    let params = arguments.params.clone();
    let env = variables(engine::plan::options::asked(&arguments.directory))?;
    Ok(Options { profile: arguments.profile.clone(), date, params, env, ..Options::default() })
}

/// Those of the given variables that the environment has.
fn variables(names: BTreeSet<String>) -> Result<BTreeMap<String, String>, Failed> {
    let mut found = BTreeMap::new();
    for name in names {
        let Some(value) = std::env::var_os(&name) else { continue };
        let Ok(value) = value.into_string() else {
            let message = format!("the variable `{name}` of your environment is not valid UTF-8");
            return Err(Diagnostic::new(Kind::Usage, message).into());
        };
        found.insert(name, value);
    }
    Ok(found)
}

/// What a witness is asked: whether this program has anything to do.
pub(crate) fn question(
    arguments: &Arguments,
    targets: &[String],
) -> Result<Option<Question>, Failed> {
    let options = options(arguments)?;
    let store = arguments.store.as_deref();
    let program = std::env::current_exe().ok();
    Ok(program.and_then(|program| Question::new(&program, &options, targets, store)))
}

/// Opens the project that the arguments name, to answer a question.
pub(crate) fn look(study: &Study, arguments: &Arguments) -> Result<Project, Failed> {
    let project = open(study, arguments, Access::Look)?;
    if let Some(old) = compiled::check(&project.plan) {
        message::all(&[Diagnostic { kind: Kind::Note, ..old }]);
    }
    Ok(project)
}

/// Opens the project that the arguments name, to run it; refused where this
/// program is not what its sources are.
pub(crate) fn work(study: &Study, arguments: &Arguments) -> Result<Project, Failed> {
    let project = open(study, arguments, Access::Work)?;
    match compiled::check(&project.plan) {
        Some(old) => Err(old.into()),
        None => Ok(project),
    }
}

fn open(study: &Study, arguments: &Arguments, access: Access) -> Result<Project, Failed> {
    let options = options(arguments)?;
    let store = arguments.store.as_deref();
    Ok(Project::open(&arguments.directory, study.functions, &options, store, access)?)
}

/// The stages that are named, and all that they are made from; all if none are named.
pub(crate) fn select(plan: &Plan, names: &[String]) -> Result<Vec<usize>, Failed> {
    Ok(plan.closure(named(plan, names)?))
}

/// The stages that are named; all if none are.
pub(crate) fn named(plan: &Plan, names: &[String]) -> Result<Vec<usize>, Failed> {
    if names.is_empty() {
        return Ok((0..plan.stages.len()).collect());
    }
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for name in names {
        match plan.find(name) {
            Ok(stages) => found.extend(stages),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems.into()) }
}
