//! The verbs of the program, one a file, and how they open a project.

pub(crate) mod accept;
pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod forget;
pub(crate) mod graph;
pub(crate) mod init;
pub(crate) mod log;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod verify;
pub(crate) mod watch;
pub(crate) mod why;

use std::collections::{BTreeMap, BTreeSet};

use engine::compiled;
use engine::diagnostic::{Diagnostic, Kind};
use engine::plan::Plan;
use engine::plan::given::root_above;
use engine::plan::options::Options;
use engine::project::{Access, Project};
use engine::witness::Question;

use crate::args::{Arguments, Verb};
use crate::message;
use crate::report::Failed;
use crate::study::Study;

/// Lets the arguments name the folder that holds the pipeline: the one that was
/// given, or the nearest above it.
pub(crate) fn find_project(arguments: &mut Arguments) -> Result<(), Failed> {
    match &arguments.verb {
        Verb::Init | Verb::Schema | Verb::Completions(_) => {}
        // A report needs no project; one that is at hand is asked as well.
        Verb::Verify(verb) if verb.pdf.is_some() => {
            if let Ok(root) = root_above(&arguments.directory) {
                arguments.directory = root;
            }
        }
        _ => arguments.directory = root_above(&arguments.directory)?,
    }
    Ok(())
}

/// What the arguments and the environment say about reading the project.
pub(crate) fn options(arguments: &Arguments) -> Result<Options, Failed> {
    let date = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) if !text.is_empty() => {
            let seconds: Option<i64> = text.parse().ok();
            let date = seconds.map(date).ok_or_else(|| {
                let message = format!("SOURCE_DATE_EPOCH is `{text}`, not a number of seconds");
                Diagnostic::new(Kind::Usage, message)
            });
            Some(date?)
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

/// The day of a number of seconds since 1970, `YYYY-MM-DD` (Howard Hinnant's
/// `civil_from_days`).
fn date(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_of_seconds() {
        for text in ["1970-01-01", "2000-02-29", "2024-09-12", "2026-12-31"] {
            assert_eq!(
                super::date(engine::plan::options::epoch(text).expect("a date") + 4711),
                text
            );
        }
    }
}
