//! Level 1: the lock is that of these files and this program, and ledger, manifest and
//! PDF say the same as it does.
//!
//! Nothing runs. Each stage's key and inputs are computed as a run would, from the outputs
//! that the lock gives to the stages before it.

use std::collections::BTreeSet;

use engine::resolve::Done;

use super::checkout::Checkout;
use super::verdict::{Finding, Verdict};
use super::{attachments, ledger, manifest};
use crate::edition::ledger_path;
use crate::report::{Failed, count};

/// Gives what could not be compared since it is not here.
pub(super) fn level(checkout: &Checkout, verdict: &mut Verdict) -> Result<Vec<Finding>, Failed> {
    let mut found = Vec::new();
    let done = closed(checkout, &mut found)?;
    if !found.is_empty() {
        verdict.findings.extend(found);
        return Ok(Vec::new());
    }
    let plan = &checkout.project.plan;
    let stages = count(done.len(), "stage");
    let (mut missing, mut what) = (Vec::new(), vec![format!("lock ({stages})")]);
    let mut absent = |path: &str| {
        let what = format!("`{path}` is not here, so nothing could be compared with it");
        missing.push(
            Finding::new(1, what)
                .path(path)
                .hint("`colophon run` makes it; so does `--level 2`, for this question alone"),
        );
    };
    if let Some(path) = ledger_path(plan) {
        match checkout.output(path)? {
            Some(bytes) => {
                let values = ledger::compare(checkout, &done, path, &bytes, &mut found)?;
                what.push(format!("ledger ({})", count(values, "value")));
            }
            None => absent(path),
        }
    }
    if let Some(stage) = checkout.manifest() {
        match checkout.output(&stage.outputs["manifest"])? {
            Some(bytes) => {
                let files = manifest::compare(checkout, stage, &bytes, &mut found)?;
                what.push(format!("manifest ({})", count(files, "file")));
            }
            None => absent(&stage.outputs["manifest"]),
        }
    }
    for path in plan.stages.iter().flat_map(|stage| stage.outputs.values()) {
        if !path.ends_with(".pdf") {
            continue;
        }
        match checkout.output(path)? {
            Some(bytes) => {
                let files = attachments::compare(checkout, path, bytes, &mut found);
                what.push(format!("`{path}` ({})", count(files, "attachment")));
            }
            None => absent(path),
        }
    }
    let what = match &what[..] {
        [lock] => format!("the {lock} is that of these files and this program"),
        [first @ .., last] => format!("{} and {last} agree", first.join(", ")),
        [] => String::new(),
    };
    verdict.note(1, what, found);
    Ok(missing)
}

/// Holds the lock to what a run would say of every stage, given the outputs in it.
fn closed(checkout: &Checkout, found: &mut Vec<Finding>) -> Result<Vec<Option<Done>>, Failed> {
    let plan = &checkout.project.plan;
    let mut done: Vec<Option<Done>> = Vec::new();
    for (index, stage) in plan.stages.iter().enumerate() {
        let name = stage.name.as_str();
        let mut tell = |what: String| found.push(Finding::new(1, what).stage(name));
        let Some(block) = checkout.locked.stages.get(name) else {
            tell(format!("stage `{name}` is not in the lock"));
            done.push(None);
            continue;
        };
        let paths: BTreeSet<&String> = stage.outputs.values().collect();
        for path in block.outputs.keys().filter(|path| !paths.contains(path)) {
            tell(format!("`{path}` is locked, and stage `{name}` does not make it"));
        }
        for path in paths.iter().filter(|path| !block.outputs.contains_key(**path)) {
            tell(format!("`{path}` of stage `{name}` is not in the lock"));
        }
        let made = |(name, path): (&String, &String)| {
            Some((name.clone(), block.outputs.get(path)?.clone()))
        };
        let Some(outputs) = stage.outputs.iter().map(made).collect() else {
            done.push(None);
            continue;
        };
        let resolved = checkout.project.resolve(index, &|other| done[other].as_ref())?;
        if !resolved.complete {
            // What is missing has been told of a stage before it.
            done.push(None);
            continue;
        }
        let mut same = true;
        let mut known = BTreeSet::new();
        for (role, list) in &stage.inputs {
            for (input, digest) in list.iter().zip(&resolved.inputs[role]) {
                let line = format!("{role} {}", input.path);
                let locked = block.inputs.get(&line);
                if locked != Some(digest) {
                    same = false;
                    let locked = locked.map_or("nothing".into(), |it| it.short());
                    tell(format!(
                        "the input `{line}` of stage `{name}` is {}, locked as {locked}",
                        digest.short()
                    ));
                }
                known.insert(line);
            }
        }
        for line in block.inputs.keys().filter(|line| !known.contains(*line)) {
            same = false;
            tell(format!("stage `{name}` is locked with the input `{line}`, which it has not"));
        }
        let key = match &block.platform {
            Some(platform) => resolved.recipe.key_on(platform),
            None => resolved.recipe.key(),
        };
        if same && key != block.key {
            let what = format!("stage `{name}` has another recipe here than in the lock");
            let hint = format!("`colophon why {name}` may tell what was changed");
            found.push(Finding::new(1, what).stage(name).hint(hint));
        }
        done.push(Some(Done { key: block.key, resolved, outputs }));
    }
    let known: BTreeSet<&String> = plan.stages.iter().map(|stage| &stage.name).collect();
    for name in checkout.locked.stages.keys().filter(|name| !known.contains(name)) {
        let what = format!("stage `{name}` is in the lock and not in `pipeline.yaml`");
        found.push(Finding::new(1, what).stage(name));
    }
    Ok(done)
}
