//! The ledger, held to the lock and to the files of values that it was made from.

use std::collections::BTreeSet;

use engine::plan::Origin;
use engine::resolve::Done;
use serde_json::{Map, Value};

use super::checkout::Checkout;
use super::verdict::Finding;
use crate::report::Failed;
use crate::verbs::why::rows::differences;

/// Gives how many values it has.
pub(super) fn compare(
    checkout: &Checkout,
    done: &[Option<Done>],
    path: &str,
    bytes: &[u8],
    found: &mut Vec<Finding>,
) -> Result<usize, Failed> {
    let Ok(Value::Object(ledger)) = serde_json::from_slice(bytes) else {
        found.push(Finding::new(1, format!("`{path}` is no ledger")).path(path));
        return Ok(0);
    };
    let plan = &checkout.project.plan;
    let index = plan.stages.iter().rposition(|stage| stage.outputs.contains_key("ledger"));
    let index = index.expect("a stage makes the ledger");
    if let Some(lineage) = done[index].as_ref().and_then(|done| done.resolved.lineage.as_ref()) {
        let lineage: Value = serde_json::from_slice(lineage).unwrap_or_default();
        for part in ["stages", "sources"] {
            let (theirs, ours) = (ledger.get(part), lineage.get(part));
            if theirs != ours {
                let what = format!("the `{part}` of `{path}` are not those of the lock");
                let text = |it: Option<&Value>| it.unwrap_or(&Value::Null).to_string();
                let inside = differences(path, text(ours).as_bytes(), text(theirs).as_bytes());
                found.push(Finding::new(1, what).path(path).details(inside));
            }
        }
    }
    let none = Map::new();
    let values = ledger.get("values").and_then(Value::as_object).unwrap_or(&none);
    let reported = plan.stages[index].inputs.get("values").map_or(&[][..], Vec::as_slice);
    let (mut known, mut complete) = (BTreeSet::new(), !reported.is_empty());
    for input in reported {
        let Origin::Stage(maker, _) = &input.from else { continue };
        let (stage, done) = (&plan.stages[*maker], &done[*maker]);
        let file = checkout.output(&input.path)?;
        let records = file.and_then(|bytes| serde_json::from_slice::<Map<_, _>>(&bytes).ok());
        let Some(records) = records else {
            // It is not here, so what it says is not known.
            complete = false;
            known.extend(values.keys().filter(|it| it.starts_with(&stage.name)).cloned());
            continue;
        };
        for (key, record) in records {
            let name = format!("{}.{key}", stage.name);
            let labels = done.as_ref().map(|it| serde_json::json!(it.resolved.labels));
            let expected = entry(&record, &stage.name, labels);
            let told = values.get(&name).unwrap_or(&Value::Null);
            if told != &expected {
                let what = format!("`{name}` in `{path}` is not what `{}` says", input.path);
                let (was, is) = (expected.to_string(), told.to_string());
                let inside = differences(path, was.as_bytes(), is.as_bytes());
                found.push(Finding::new(1, what).path(path).details(inside));
            }
            known.insert(name);
        }
    }
    if complete {
        for name in values.keys().filter(|name| !known.contains(*name)) {
            let what = format!("`{name}` in `{path}` is reported by no stage");
            found.push(Finding::new(1, what).path(path));
        }
    }
    Ok(values.len())
}

/// A value as the ledger has it.
fn entry(record: &Value, stage: &str, labels: Option<Value>) -> Value {
    let mut entry = record.clone();
    let Value::Object(fields) = &mut entry else { return entry };
    for (number, text) in [("number", "exact"), ("low", "exact_low"), ("high", "exact_high")] {
        if let Some(exact) = fields.get(number).map(Value::to_string) {
            fields.insert(text.into(), exact.into());
        }
    }
    fields.insert("stage".into(), stage.into());
    if let Some(labels) = labels {
        fields.insert("labels".into(), labels);
    }
    entry
}
