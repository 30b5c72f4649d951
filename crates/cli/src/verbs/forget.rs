//! `colophon forget`: forgets the known results of stages, so that they run again.

use engine::diagnostic::{Diagnostic, Kind};
use engine::run::forecast::keys;
use engine::witness;

use crate::arguments::{Arguments, Stages};
use crate::report::{Failed, count, print};
use crate::study::Study;
use crate::verbs::{named, work};

pub(crate) fn forget(study: &Study, arguments: &Arguments, verb: &Stages) -> Result<(), Failed> {
    if verb.stages.is_empty() {
        let problem = Diagnostic::new(Kind::Usage, "no stage is named");
        return Err(problem.hint("`colophon forget STAGE`; nothing was forgotten").into());
    }
    let project = work(study, arguments)?;
    let stages = named(&project.plan, &verb.stages)?;
    let keys = keys(&project, &project.plan.closure(stages.iter().copied()))?;
    let mut forgotten = 0;
    for index in &stages {
        if let Some(key) = keys.get(index) {
            forgotten += usize::from(project.store.forget(key)?);
        }
    }
    // What stands below `outputs/` is not touched; the shortcut may not vouch for it.
    witness::remove(&project.plan.root);
    print(&match forgotten {
        0 => "nothing was known\n".to_string(),
        n => format!("forgot {}; the next run makes what it needs again\n", count(n, "result")),
    })
}
