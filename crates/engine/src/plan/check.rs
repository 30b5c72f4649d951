//! Every mistake of a project, those of profiles that nobody chose included.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use super::options::Options;
use super::pipeline::{self, Pipeline};
use super::reference::Absent;
use super::{Plan, given, parse};
use crate::diagnostic::{Checked, Diagnostic, Kind, tidy};
use crate::function::Function;
use crate::yaml::Document;

impl Plan {
    /// Reads a project with each of its profiles in turn, unless one is chosen.
    /// Comes with notes on files that a profile needs and that are not here.
    pub fn check(
        root: &Path,
        functions: &[Function],
        options: &Options,
    ) -> Checked<(Plan, Vec<Diagnostic>)> {
        let plan = Plan::load(root, functions, options);
        let (Ok((pipeline, document)), None) = (declared(root), &options.profile) else {
            return plan.map(|plan| (plan, Vec::new()));
        };
        let mut found = plan.as_ref().err().cloned().unwrap_or_default();
        let mut notes = Vec::new();
        for name in pipeline.profiles.keys() {
            let options = Options { profile: Some(name.clone()), ..options.clone() };
            let absent = Absent::Note(RefCell::default());
            let problems = Plan::read(root, functions, &options, &absent).err().unwrap_or_default();
            for mut problem in problems {
                let same = |it: &Diagnostic| it.at == problem.at && it.message == problem.message;
                if found.iter().any(same) {
                    continue;
                }
                if !is_within(&problem, &document, name) {
                    problem.hints.push(format!("it is so with `--profile {name}`"));
                }
                found.push(problem);
            }
            let Absent::Note(absent) = absent else { continue };
            notes.extend(absent.into_inner().into_iter().map(|(path, at)| {
                let message = format!("the profile `{name}` needs `{path}`, which is not here");
                Diagnostic::new(Kind::Note, message).at(at)
            }));
        }
        if found.is_empty() { plan.map(|plan| (plan, tidy(notes))) } else { Err(tidy(found)) }
    }
}

/// The names of a project's profiles.
pub fn profiles(root: &Path) -> Checked<BTreeSet<String>> {
    Ok(declared(root)?.0.profiles.into_keys().collect())
}

fn declared(root: &Path) -> Checked<(Pipeline, Document)> {
    let (bytes, _) = given::pipeline(root).map_err(|problem| vec![problem])?;
    let (pipeline, document, _) = parse::parse(pipeline::FILE, &bytes)?;
    Ok((pipeline, document))
}

/// Whether a problem lies in the lines of a profile.
fn is_within(problem: &Diagnostic, document: &Document, name: &str) -> bool {
    let line = problem.at.as_ref().map_or(0, |at| at.line);
    let profile = document.nearest(&["profiles", name]);
    profile.is_some_and(|(key, value)| (key.line..=value.last_line()).contains(&line))
}
