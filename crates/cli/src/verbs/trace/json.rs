//! A trace for programs.

use serde_json::{Value, json};

use super::asked::{Asked, What};
use super::below::below;

pub(super) fn answer(asked: &Asked, what: &What) -> Value {
    let stages = asked.stages(what);
    let only = match what {
        What::Value(name) => Some(name.as_str()),
        _ => None,
    };
    let asked_for = match what {
        What::Value(name) => json!({
            "value": name, "record": asked.ledger.values[name],
            "printed": asked.places.values.get(name),
        }),
        What::Stage(name) => json!({ "stage": name }),
        What::Output(path) => json!({ "output": path }),
        What::Figure(figure) => json!({ "figure": figure }),
        What::File { path, line } => json!({ "file": path, "line": line }),
        What::Parameter(stages, name) => json!({ "parameter": name, "stages": stages }),
    };
    let mut steps = Vec::new();
    let above = stages.iter().filter(|_| asked.has_above(what));
    for step in above.flat_map(|stage| asked.web.above(stage)).filter(|step| !step.again) {
        let stage = &asked.ledger.stages[&step.stage];
        let mut is = serde_json::to_value(stage).expect("a stage is plain data");
        if let Some(digest) = stage.code.as_ref().and_then(|path| asked.code(path)) {
            is["code_digest"] = digest.into();
        }
        steps.push(json!({ "stage": step.stage, "depth": step.depth, "is": is }));
    }
    let below = below(asked, &stages, only);
    json!({
        "of": asked.edition.title,
        "asked": asked_for,
        "above": steps,
        "sources": asked.ledger.sources,
        "below": {
            "stages": below.stages, "values": below.values, "printed": below.printed,
            "figures": below.figures, "claims": below.claims, "pages": below.pages,
            "ends": below.ends,
        },
    })
}
