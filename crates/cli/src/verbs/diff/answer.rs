//! What moved between two editions, with what differs inside of the files behind it.

use std::collections::BTreeMap;

use answers::difference::{Difference, difference};
use answers::ledger::Stage;
use answers::places::{Places, listed};
use engine::plan::Action;
use engine::project::Project;
use serde_json::json;

use crate::edition::{self, Edition};
use crate::git;
use crate::verbs::why;

/// What moved between two editions, with what differs inside of the files behind it.
pub(crate) struct Answer {
    pub(crate) before: Edition,
    pub(crate) after: Edition,
    pub(crate) found: Difference,
    /// Of each cause, what differs inside.
    pub(crate) details: Vec<Vec<String>>,
    /// Where the report that lies there prints what.
    places: Places,
}

impl Answer {
    pub(crate) fn new(project: &Project, before: Edition, after: Edition) -> Self {
        let changed = match (&before.commit, &after.commit) {
            (Some(from), to) if to.is_some() || after.is_here => {
                git::changed(&project.plan.root, from, to.as_deref())
            }
            _ => Default::default(),
        };
        let sources = sources(project);
        let code = |stage: &Stage| {
            let paths = stage.uses.as_ref().and_then(|uses| sources.get(uses.as_str()));
            let paths = paths.into_iter().flatten().filter(|path| changed.contains(**path));
            paths.map(|path| path.to_string()).collect()
        };
        let found = difference(&before.ledger, &after.ledger, &code);
        let inside = |cause: &answers::diverged::Cause| {
            let (old, new) = cause.files.as_ref()?;
            let old_bytes = before.content(Some(project), old)?;
            let new_bytes = after.content(Some(project), new)?;
            Some(why::rows::differences(&new.path, &old_bytes, &new_bytes))
        };
        let details = found.causes.iter().map(|it| inside(it).unwrap_or_default()).collect();
        let places = edition::places(&project.plan);
        Answer { before, after, found, details, places }
    }

    /// The pages on which a value is printed, as readers write them.
    pub(super) fn pages(&self, name: &str) -> String {
        listed(&self.places.pages_of(name))
    }

    pub(super) fn json(&self) -> serde_json::Value {
        let mut causes = serde_json::to_value(&self.found.causes).expect("causes are plain data");
        for (cause, details) in causes.as_array_mut().into_iter().flatten().zip(&self.details) {
            cause["details"] = json!(details);
        }
        let moved: Vec<_> = self.found.moved().collect();
        let pages = moved.iter().map(|it| (&it.name, self.places.pages_of(&it.name)));
        let pages: BTreeMap<_, _> = pages.filter(|(_, pages)| !pages.is_empty()).collect();
        json!({
            "before": self.before.title, "after": self.after.title,
            "values": self.found.values, "moved": moved.len(),
            "seen": moved.iter().filter(|it| it.seen).count(),
            "causes": causes, "groups": self.found.groups, "pages": pages,
        })
    }
}

/// The sources of the functions that the stages use, by function.
fn sources(project: &Project) -> BTreeMap<&'static str, Vec<&'static str>> {
    let functions = project.plan.stages.iter().filter_map(|stage| match &stage.action {
        Action::Function(function) => Some(function),
        Action::Command(_) => None,
    });
    let mut found = BTreeMap::new();
    for function in functions {
        found
            .entry(function.name)
            .or_insert_with(|| function.sources().map(|(path, _)| path).collect());
    }
    found
}
