//! An edition with every stage of the plan: a ledger holds those that it rests on, and
//! figures, tables and the report come after it.

use answers::ledger::{Input, Ledger, Output, Stage};
use engine::lock::{Block, Lock};
use engine::plan::{self, Action, Origin, Plan};

/// Adds to a ledger the stages that the plan and the lock know of.
pub(super) fn complete(ledger: &mut Ledger, plan: &Plan, lock: &Lock) {
    for stage in &plan.stages {
        let known = ledger.stages.get(&stage.name);
        let labels = known.map_or_else(|| stage.labels.clone(), |it| it.labels.clone());
        let mut described = describe(plan, stage, lock.stages.get(&stage.name));
        described.labels = labels;
        ledger.stages.insert(stage.name.clone(), described);
    }
}

fn describe(plan: &Plan, stage: &plan::Stage, block: Option<&Block>) -> Stage {
    let mut described = Stage { params: stage.params.clone(), ..Stage::default() };
    for (role, inputs) in &stage.inputs {
        let input = |it: &plan::Input| {
            let digest = block.and_then(|block| block.inputs.get(&format!("{role} {}", it.path)));
            let from = match &it.from {
                Origin::Stage(other, output) => {
                    Some(format!("{}.{output}", plan.stages[*other].name))
                }
                Origin::Source(name) => Some(format!("raw:{name}")),
                Origin::File | Origin::Lineage => None,
            };
            let digest = digest.map(ToString::to_string).unwrap_or_default();
            Input { path: it.path.clone(), digest, from }
        };
        described.inputs.insert(role.clone(), inputs.iter().map(input).collect());
    }
    for (name, path) in &stage.outputs {
        let made = block.and_then(|block| block.outputs.get(path));
        let output = Output {
            path: path.clone(),
            digest: made.map(|it| it.digest.to_string()).unwrap_or_default(),
            size: made.map_or(0, |it| it.size),
            rows: made.and_then(|it| it.rows),
        };
        described.outputs.insert(name.clone(), output);
    }
    match &stage.action {
        Action::Function(function) => {
            described.uses = Some(function.name.into());
            described.code = Some(function.path().into());
            described.about = Some(function.about().into());
        }
        Action::Command(command) => described.cmd = Some(command.arguments.clone()),
    }
    described
}
