//! Level 2: everything is made again in a private empty store, and compared.

use std::path::PathBuf;

use engine::compiled;
use engine::diagnostic::Diagnostic;
use engine::project::{Access, Project};
use engine::run::{self, Mode};
use engine::store::Store;
use tempfile::TempDir;

use super::checkout::Checkout;
use super::parted;
use super::verdict::{Finding, Verdict};
use crate::arguments::Arguments;
use crate::progress::Progress;
use crate::report::{Failed, count, exit_code};
use crate::study::Study;
use crate::verbs::options;

/// Gives the folder that holds the store, and the store.
pub(super) fn level(
    study: &Study,
    arguments: &Arguments,
    checkout: &Checkout,
    verdict: &mut Verdict,
) -> Result<(TempDir, PathBuf), Failed> {
    if let Some(old) = compiled::check(&checkout.project.plan) {
        return Err(old.into());
    }
    let folder = private()?;
    let store = folder.path().join("store");
    let (root, options) = (&arguments.directory, options(arguments)?);
    let project = Project::open(root, study.functions, &options, Some(&store), Access::Work)?;
    let stages: Vec<usize> = (0..project.plan.stages.len()).collect();
    let request = crate::request::request(stages, arguments.verbose);
    let progress = Progress::new(arguments.verbose, arguments.quiet || arguments.json);
    let summary = run::run(&project, &request, Mode::Aside, None, &progress);
    progress.end();
    let mut found = Vec::new();
    if !summary.problems.is_empty() {
        if matches!(exit_code(&summary.problems), 8 | 9) {
            return Err(summary.problems.into());
        }
        let details = summary.problems.iter().map(ToString::to_string).collect();
        found.push(Finding::new(2, "what is locked can't be made again").details(details));
    } else {
        let made = Store::look(&store)?;
        found.extend(parted::first(checkout, &summary.lock, &made, 2)?);
    }
    let stages = count(summary.ran, "stage");
    let outputs = count(summary.made.len(), "output");
    let what = format!("{stages} rebuilt, {outputs} equal to the last byte");
    verdict.note(2, what, found);
    Ok((folder, store))
}

/// A folder of this verification alone; it goes with it.
pub(super) fn private() -> Result<TempDir, Failed> {
    let made = tempfile::Builder::new().prefix("colophon-verify-").tempdir();
    made.map_err(|error| Diagnostic::io("make a folder in", &std::env::temp_dir(), &error).into())
}
