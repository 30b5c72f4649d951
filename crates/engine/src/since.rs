//! What has changed since an earlier state of a project: of each stage, its
//! recipe of now held to that of then.
//!
//! The earlier state is a lock, or what this checkout remembers. A lock has the
//! digests of inputs, and its keys lead to recipes in the store; where the store
//! has none of them, only the inputs can be held to each other, and that is said.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::lock::{Block, Lock};
use crate::plan::{Origin, Stage};
use crate::project::Project;
use crate::recipe::{self, Change, Recipe, canonical, content_of, labels_of};
use crate::resolve::Done;
use crate::store::Made;

/// Stages as they were, by name.
pub type Before = BTreeMap<String, Was>;

/// A stage as it was.
#[derive(Clone, Debug)]
pub struct Was {
    /// Its key.
    pub key: Digest,
    /// Its recipe; of a lock whose recipe is not in the store, its inputs alone.
    pub recipe: Recipe,
    /// Whether that is the whole recipe.
    pub is_whole: bool,
    /// The kind of machine that the key speaks of, where a lock says so.
    platform: Option<String>,
    /// Its outputs by path, where a lock says so.
    outputs: BTreeMap<String, Made>,
}

/// What differs of a stage.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its position in the plan.
    pub stage: usize,
    /// Whether there was no such stage.
    pub is_new: bool,
    /// The lines of its recipe that differ.
    pub changes: Vec<Change>,
    /// Inputs whose content nobody can know yet, as lines of the recipe.
    pub unknown: Vec<String>,
    /// Whether more may differ than is known, since the recipe before is not.
    pub is_partial: bool,
}

impl Account {
    /// Whether anything differs, or may.
    pub fn differs(&self) -> bool {
        self.is_new || self.is_partial || !self.changes.is_empty() || !self.unknown.is_empty()
    }
}

/// The stages as a lock has them.
pub fn locked(project: &Project, lock: &Lock) -> Before {
    let was = |block: &Block| {
        let found = project.store.recipe(&block.key);
        let is_whole = found.is_some();
        let inputs = || {
            let mut recipe = Recipe::default();
            for (input, digest) in &block.inputs {
                let (role, path) = input.split_once(' ').unwrap_or((input, ""));
                let line = recipe::content(&recipe::input(role, path));
                recipe.set(line, digest.to_string());
            }
            recipe
        };
        let recipe = found.unwrap_or_else(inputs);
        let (platform, outputs) = (block.platform.clone(), block.outputs.clone());
        Was { key: block.key, recipe, is_whole, platform, outputs }
    };
    lock.stages.iter().map(|(name, block)| (name.clone(), was(block))).collect()
}

/// The stages as they were up to date last, or before that.
pub fn remembered(project: &Project, before_that: bool) -> Before {
    let mut stages = Before::new();
    for (name, last) in &project.state.stages {
        let key = if before_that { last.before } else { Some(last.key) };
        let known = key.and_then(|key| Some((key, project.store.recipe(&key)?)));
        if let Some((key, recipe)) = known {
            let outputs = BTreeMap::new();
            let was = Was { key, recipe, is_whole: true, platform: None, outputs };
            stages.insert(name.clone(), was);
        }
    }
    stages
}

/// What differs of the given stages, which must be closed and in order.
pub fn accounts(
    project: &Project,
    stages: &[usize],
    before: &Before,
) -> Result<Vec<Account>, Diagnostic> {
    let mut done: Vec<Option<Done>> = vec![None; project.plan.stages.len()];
    let mut accounts = Vec::new();
    for index in stages {
        let stage = &project.plan.stages[*index];
        let resolved = project.resolve(*index, &|other: usize| done[other].as_ref())?;
        let was = before.get(&stage.name);
        let mut account = account(project, *index, &resolved.recipe, was);
        if resolved.complete {
            let key = resolved.recipe.key();
            let same = was.is_some_and(|was| is_same(&resolved.recipe, was));
            if same {
                account.changes.clear();
                account.is_partial = false;
            }
            // What the lock promises of the same key is as good as in the store.
            let promised = || was.filter(|_| same).and_then(|was| outputs(stage, was));
            let known = project.store.look_up(&key).map(|record| record.outputs);
            if let Some(outputs) = known.or_else(promised) {
                done[*index] = Some(Done { key, resolved, outputs });
            }
        } else {
            account.unknown = unknown(project, *index, &done);
            let known = |change: &Change| !is_of(&account.unknown, &change.line);
            account.changes.retain(known);
        }
        accounts.push(account);
    }
    Ok(accounts)
}

/// What differed of the given stages between two states that are remembered.
pub fn between(project: &Project, stages: &[usize], now: &Before, before: &Before) -> Vec<Account> {
    let known = stages
        .iter()
        .filter_map(|index| Some((*index, &now.get(&project.plan.stages[*index].name)?.recipe)));
    known
        .map(|(index, recipe)| {
            let was = before.get(&project.plan.stages[index].name);
            // A stage that came up once has had no other recipe since.
            let was = was.or_else(|| now.get(&project.plan.stages[index].name));
            account(project, index, recipe, was)
        })
        .collect()
}

fn account(project: &Project, index: usize, now: &Recipe, was: Option<&Was>) -> Account {
    let mut account = Account {
        stage: index,
        is_new: was.is_none(),
        changes: Vec::new(),
        unknown: Vec::new(),
        is_partial: false,
    };
    let Some(was) = was else { return account };
    account.changes = now.changes(&was.recipe);
    if !was.is_whole {
        account.is_partial = true;
        account.changes.retain(|change| content_of(&change.line).is_some());
    }
    account.changes.extend(sources(project, index, &was.recipe));
    account
}

/// Whether a recipe is the one that was, but for the kind of machine.
fn is_same(recipe: &Recipe, was: &Was) -> bool {
    let there = |platform: &String| recipe.key_on(platform) == was.key;
    recipe.key() == was.key || was.platform.as_ref().is_some_and(there)
}

fn outputs(stage: &Stage, was: &Was) -> Option<BTreeMap<String, Made>> {
    let made =
        |(name, path): (&String, &String)| Some((name.clone(), was.outputs.get(path).cloned()?));
    stage.outputs.iter().map(made).collect()
}

/// The inputs of a stage whose content nobody can know yet, as lines.
pub(crate) fn unknown(project: &Project, index: usize, done: &[Option<Done>]) -> Vec<String> {
    let mut lines = Vec::new();
    let stages = &project.plan.stages;
    for (role, inputs) in &stages[index].inputs {
        for input in inputs {
            let unknown = match input.from {
                Origin::Stage(other, _) => done[other].is_none(),
                Origin::Lineage => {
                    let mut upstream = project.plan.closure(stages[index].upstream()).into_iter();
                    upstream.any(|other| done[other].is_none())
                }
                Origin::File | Origin::Source(_) => false,
            };
            if unknown {
                lines.push(recipe::content(&recipe::input(role, &input.path)));
            }
        }
    }
    lines
}

/// Whether a line speaks of one of some inputs: of its content or its labels.
pub(crate) fn is_of(inputs: &[String], line: &str) -> bool {
    let input = labels_of(line).map(recipe::content);
    inputs.iter().any(|known| known == line || Some(known) == input.as_ref())
}

/// What is said of sources otherwise than in an earlier lineage that a stage
/// was given, as lines `source.NAME.KEY`: so its lineage is another one, whatever
/// the stages before it make.
pub fn sources(project: &Project, index: usize, before: &Recipe) -> Vec<Change> {
    let mut changes = Vec::new();
    for line in lineages(project, index) {
        let digest = before.lines().get(&line).and_then(|hex| Digest::from_hex(hex));
        let old = digest.and_then(|digest| project.store.read(&digest).ok().flatten());
        let old = old.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        if let Some(Value::Object(old)) = old.as_ref().map(|old| &old["sources"]) {
            differences(&project.described(index), old, &mut changes);
        }
    }
    changes
}

/// The lines of a stage's recipe that hold a lineage.
pub(crate) fn lineages(project: &Project, index: usize) -> impl Iterator<Item = String> {
    project.plan.stages[index].inputs.iter().flat_map(|(role, inputs)| {
        let inputs = inputs.iter().filter(|input| input.from == Origin::Lineage);
        inputs.map(move |input| recipe::content(&recipe::input(role, &input.path)))
    })
}

fn differences(now: &Map<String, Value>, old: &Map<String, Value>, changes: &mut Vec<Change>) {
    let mut names: Vec<_> = now.keys().chain(old.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (Some(now), Some(old)) = (now.get(name), old.get(name)) else {
            let there =
                |it: &Map<String, Value>| it.contains_key(name).then(|| "there".to_string());
            let (before, after) = (there(old), there(now));
            changes.push(Change { line: format!("source.{name}."), before, after });
            continue;
        };
        let entries = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let (now, old) = (entries(now), entries(old));
        let mut keys: Vec<_> = now.keys().chain(old.keys()).collect();
        keys.sort();
        keys.dedup();
        // The size says no more than the digest.
        for key in keys.into_iter().filter(|key| *key != "size") {
            let text = |entries: &Map<String, Value>| match entries.get(key) {
                Some(Value::String(digest)) if key == "digest" => Some(digest.clone()),
                value => value.map(canonical),
            };
            let (before, after) = (text(&old), text(&now));
            if before != after {
                changes.push(Change { line: format!("source.{name}.{key}"), before, after });
            }
        }
    }
}
