//! An edition that is made for the sake of comparison: its results go to the store,
//! and nothing is put in place.

use engine::diagnostic::{Diagnostic, Kind};
use engine::plan::options::Options;
use engine::project::{Access, Project};
use engine::run::{self, Mode};

use crate::arguments::Arguments;
use crate::edition::{self, Edition};
use crate::progress::Progress;
use crate::report::{Failed, exit_code};
use crate::study::Study;
use crate::verbs::options;

/// The edition that a profile makes.
pub(super) fn profile(
    study: &Study,
    arguments: &Arguments,
    profile: &str,
) -> Result<Edition, Failed> {
    let options = Options { profile: Some(profile.into()), ..options(arguments)? };
    let store = arguments.store.as_deref();
    let (root, functions) = (&arguments.directory, study.functions);
    let project = Project::open(root, functions, &options, store, Access::Work)?;
    made(arguments, &project, &format!("profile:{profile}"))
}

fn made(arguments: &Arguments, project: &Project, title: &str) -> Result<Edition, Failed> {
    let stages = edition::ledger_stages(&project.plan);
    let request = crate::request::request(stages, arguments.verbose);
    let progress = Progress::new(arguments.verbose, arguments.quiet);
    let summary = run::run(project, &request, Mode::Aside, None, &progress);
    progress.end();
    if !summary.problems.is_empty() {
        let code = exit_code(&summary.problems);
        return Err(Failed { problems: summary.problems, code });
    }
    edition::of_run(project, &summary.made, title)?.ok_or_else(|| {
        Diagnostic::new(Kind::Usage, format!("{title} makes no ledger, so no number has a name"))
            .into()
    })
}
