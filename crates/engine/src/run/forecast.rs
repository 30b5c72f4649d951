//! What a run would do, without doing it: the static graph, the history, and
//! an honest "may" where early cut-off decides.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::project::Project;
use crate::publish::{self, Wanted};
use crate::recipe::{Change, Recipe};
use crate::resolve::Done;
use crate::since;

/// What would happen to a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Its result is known and in place.
    Cached,
    /// Its result is known but not in place.
    Restore,
    /// It runs.
    Run,
    /// It runs unless the stages before it give the same bytes as before.
    May,
}

/// What would happen to a stage, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Forecast {
    /// The stage.
    pub stage: String,
    /// What would happen.
    pub verdict: Verdict,
    /// What differs from the last time; empty if it never ran here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Whether it was ever up to date in this checkout.
    pub known: bool,
    /// Stages before it that will or may run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<String>,
    /// Results that were edited by hand since they were made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<String>,
    /// How long it took the last time, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// Foresees a run of the given stages, which must be closed and in order.
pub fn forecast(project: &Project, stages: &[usize]) -> Result<Vec<Forecast>, Diagnostic> {
    let mut done: Vec<Option<Done>> = vec![None; project.plan.stages.len()];
    let mut forecasts = Vec::new();
    for index in stages {
        let forecast = one(project, *index, &mut done)?;
        forecasts.push(forecast);
    }
    Ok(forecasts)
}

/// The keys of the given stages, which must be closed and in order; `None` where
/// a stage before it has no known result.
pub fn keys(project: &Project, stages: &[usize]) -> Result<BTreeMap<usize, Digest>, Diagnostic> {
    let mut done: Vec<Option<Done>> = vec![None; project.plan.stages.len()];
    let mut keys = BTreeMap::new();
    for index in stages {
        let resolved = project.resolve(*index, &|other: usize| done[other].as_ref())?;
        if !resolved.complete {
            continue;
        }
        let key = resolved.recipe.key();
        keys.insert(*index, key);
        let record = project.store.look_up(&key);
        done[*index] = record.map(|record| Done { key, resolved, outputs: record.outputs });
    }
    Ok(keys)
}

/// The last recipe of a stage in this checkout, if the store still has it.
pub fn last_recipe(project: &Project, stage: &str) -> Option<Recipe> {
    project.store.recipe(&project.state.stages.get(stage)?.key)
}

fn one(project: &Project, index: usize, done: &mut [Option<Done>]) -> Result<Forecast, Diagnostic> {
    let stage = &project.plan.stages[index];
    let resolved = project.resolve(index, &|other: usize| done[other].as_ref())?;
    let last = last_recipe(project, &stage.name);
    let seconds =
        project.state.stages.get(&stage.name).and_then(|last| project.store.seconds(&last.key));
    let ours = |path: &String| project.state.published.contains_key(path);
    let edited = |path: &&String| ours(path) && project.is_edited(path);
    let mut forecast = Forecast {
        stage: stage.name.clone(),
        verdict: Verdict::Run,
        changes: Vec::new(),
        known: last.is_some(),
        waits: Vec::new(),
        edited: stage.outputs.values().filter(|path| edited(path)).cloned().collect(),
        seconds,
    };
    if resolved.complete {
        let key = resolved.recipe.key();
        if let Some(record) = project.store.look_up(&key) {
            let root = &project.plan.root;
            let in_place = stage.outputs.iter().all(|(name, path)| {
                let wanted = Wanted::new(path, &record.outputs[name]);
                publish::is_in_place(root, &project.files, &wanted)
            });
            forecast.verdict = if in_place { Verdict::Cached } else { Verdict::Restore };
            done[index] = Some(Done { key, resolved, outputs: record.outputs });
            return Ok(forecast);
        }
        if let Some(last) = last {
            forecast.changes = changes(project, index, &resolved.recipe, &last);
        }
        return Ok(forecast);
    }
    forecast.waits = project.plan.stages[index]
        .upstream()
        .filter(|other| done[*other].is_none())
        .map(|other| project.plan.stages[other].name.clone())
        .collect();
    forecast.waits.sort();
    forecast.waits.dedup();
    if let Some(last) = last {
        let unknown = since::unknown(project, index, done);
        forecast.changes = changes(project, index, &resolved.recipe, &last);
        forecast.changes.retain(|change| !since::is_of(&unknown, &change.line));
        if forecast.changes.is_empty() {
            forecast.verdict = Verdict::May;
        }
    }
    Ok(forecast)
}

/// What differs from the last recipe. Where the lineage says something else of a
/// source, that is told instead of the digest of it all.
fn changes(project: &Project, index: usize, now: &Recipe, last: &Recipe) -> Vec<Change> {
    let mut changes = since::sources(project, index, last);
    let lineages: Vec<String> = match changes.is_empty() {
        true => Vec::new(),
        false => since::lineages(project, index).collect(),
    };
    let others = now.changes(last).into_iter();
    changes.extend(others.filter(|change| !lineages.contains(&change.line)));
    changes
}
