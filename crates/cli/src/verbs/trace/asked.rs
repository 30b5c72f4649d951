//! What `trace` is asked, and whom it asks.

use answers::ledger::Ledger;
use answers::places::{Figure, Places};
use answers::web::Web;
use engine::digest::Digest;
use engine::plan::Action;
use engine::project::Project;

use crate::edition::Edition;
use crate::study::Study;

/// What is traced.
pub(super) enum What {
    /// A value, by its full name.
    Value(String),
    /// A stage.
    Stage(String),
    /// A file that a stage makes.
    Output(String),
    /// A figure or a table of the report.
    Figure(Figure),
    /// A file that no stage makes, or a line of it.
    File {
        /// Its path.
        path: String,
        /// The line, from 1.
        line: Option<usize>,
    },
    /// A parameter, with the stages that have it.
    Parameter(Vec<String>, String),
}

/// What is asked, and whom.
pub(super) struct Asked<'a> {
    pub(super) study: &'a Study,
    pub(super) project: Option<&'a Project>,
    pub(super) edition: &'a Edition,
    pub(super) ledger: &'a Ledger,
    pub(super) web: Web<'a>,
    pub(super) places: &'a Places,
}

impl Asked<'_> {
    /// The stages that what was asked for comes from, or is made by.
    pub(super) fn stages<'a>(&'a self, what: &'a What) -> Vec<&'a str> {
        let own = |name: &'a str| self.ledger.stages.contains_key(name).then_some(name);
        match what {
            What::Value(name) => own(&self.ledger.values[name].stage).into_iter().collect(),
            What::Stage(name) => own(name).into_iter().collect(),
            What::Output(path) => self.web.maker(path).into_iter().collect(),
            What::Figure(figure) => {
                let data = figure.data.iter().map(|it| it.trim_start_matches('/'));
                data.filter_map(|path| self.web.maker(path)).collect()
            }
            What::File { path, .. } => self.web.readers(path),
            What::Parameter(stages, _) => stages.iter().map(String::as_str).collect(),
        }
    }

    /// The digest of a source that this program was compiled with.
    pub(super) fn code(&self, path: &str) -> Option<String> {
        let stages = &self.project?.plan.stages;
        let functions = stages.iter().filter_map(|stage| match &stage.action {
            Action::Function(function) => Some(function),
            Action::Command(_) => None,
        });
        let mut sources = functions.flat_map(|function| function.sources());
        let (_, text) = sources.find(|(known, _)| *known == path)?;
        Some(Digest::of(text.as_bytes()).to_string())
    }

    /// Whether one asks for what it rests on: a raw file rests on nothing.
    pub(super) fn has_above(&self, what: &What) -> bool {
        !matches!(what, What::File { .. } | What::Parameter(..))
    }
}
