//! `colophon accept`: takes the newest result of a stage in place of the first.
//!
//! A store keeps the first result of a recipe and puts others beside it. Where
//! the first is the wrong one, be it planted or made by chance, a person says so.

use engine::diagnostic::{Diagnostic, Kind};
use engine::run::forecast::keys;
use engine::witness;

use crate::arguments::{Arguments, Stages};
use crate::report::{Failed, print};
use crate::study::Study;
use crate::text::Text;
use crate::verbs::{named, work};

pub(crate) fn accept(study: &Study, arguments: &Arguments, verb: &Stages) -> Result<(), Failed> {
    let project = work(study, arguments)?;
    let stages = named(&project.plan, &verb.stages)?;
    let keys = keys(&project, &project.plan.closure(stages.iter().copied()))?;
    let mut accepted = Vec::new();
    for index in &stages {
        if let Some(key) = keys.get(index)
            && project.store.accept(key)?
        {
            accepted.push(project.plan.stages[*index].name.as_str());
        }
    }
    if accepted.is_empty() {
        let problem = Diagnostic::new(Kind::Usage, "no stage that is named has a second result");
        return Err(problem
            .hint("`colophon run --force STAGE` makes one, if it comes out otherwise")
            .into());
    }
    witness::remove(&project.plan.root);
    let mut text = Text::default();
    for stage in accepted {
        text.line(&format!("the newest result of stage `{stage}` counts from now on"));
    }
    text.line("`colophon run` puts it in place, with what depends on it");
    print(text)
}
