//! From a stage to its recipe, as soon as the stages before it are done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::lineage::{self, Facts};
use crate::plan::{Action, Input, Origin, Stage};
use crate::project::Project;
use crate::recipe::{self, Recipe, canonical};
use crate::store::Made;

/// A stage whose inputs are known: its recipe and what follows from it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The recipe.
    pub recipe: Recipe,
    /// The digests of the inputs, in the plan's order.
    pub inputs: BTreeMap<String, Vec<Digest>>,
    /// The labels that the outputs carry.
    pub labels: BTreeSet<String>,
    /// The lineage, if it is an input.
    pub lineage: Option<Arc<[u8]>>,
    /// Whether every input was known; otherwise the recipe lacks lines.
    pub complete: bool,
}

/// A stage that is up to date: its recipe and its outputs.
#[derive(Clone, Debug)]
pub struct Done {
    /// The key.
    pub key: Digest,
    /// The recipe and the inputs.
    pub resolved: Resolved,
    /// The outputs by name.
    pub outputs: BTreeMap<String, Made>,
}

/// What is known of each stage after a run.
pub(crate) type AllDone = [OnceLock<Done>];

impl Project {
    /// The recipe of a stage, given what is known of the stages before it.
    pub fn resolve<'a>(
        &self,
        index: usize,
        done: &impl Fn(usize) -> Option<&'a Done>,
    ) -> Result<Resolved, Diagnostic> {
        let stage = &self.plan.stages[index];
        let mut resolved = Resolved {
            recipe: self.action(stage),
            inputs: BTreeMap::new(),
            labels: stage.labels.clone(),
            lineage: None,
            complete: true,
        };
        for (role, inputs) in &stage.inputs {
            let mut digests = Vec::new();
            for input in inputs {
                let line = recipe::input(role, &input.path);
                let Some(digest) = self.input(index, input, &line, &mut resolved, done)? else {
                    resolved.complete = false;
                    continue;
                };
                resolved.recipe.set(recipe::content(&line), digest.to_string());
                digests.push(digest);
            }
            resolved.inputs.insert(role.clone(), digests);
        }
        resolved.labels.retain(|label| !stage.declassified.contains(label));
        Ok(resolved)
    }

    fn input<'a>(
        &self,
        index: usize,
        input: &Input,
        line: &str,
        resolved: &mut Resolved,
        done: &impl Fn(usize) -> Option<&'a Done>,
    ) -> Result<Option<Digest>, Diagnostic> {
        let (digest, labels) = match &input.from {
            Origin::File => {
                let known = self.files.digest(&input.path)?;
                let sees_mode = matches!(self.plan.stages[index].action, Action::Command(_));
                if sees_mode && known.executable {
                    resolved.recipe.set(format!("mode.{line}"), "executable");
                }
                (known.digest, None)
            }
            Origin::Source(name) => {
                let source = &self.plan.sources[name];
                let reading = Digest::of(canonical(&source.reading).as_bytes());
                resolved.recipe.set(format!("reading.{line}"), reading.to_string());
                (self.files.digest(&input.path)?.digest, Some(&source.labels))
            }
            Origin::Stage(other, output) => {
                let Some(done) = done(*other) else { return Ok(None) };
                let made = &done.outputs[output];
                if made.executable && matches!(self.plan.stages[index].action, Action::Command(_)) {
                    resolved.recipe.set(format!("mode.{line}"), "executable");
                }
                (made.digest, Some(&done.resolved.labels))
            }
            Origin::Lineage => {
                let Some(text) = self.lineage(index, done)? else { return Ok(None) };
                let digest = Digest::of(&text);
                resolved.lineage = Some(text);
                (digest, None)
            }
        };
        if let Some(labels) = labels.filter(|labels| !labels.is_empty()) {
            let text: Vec<_> = labels.iter().map(String::as_str).collect();
            resolved.recipe.set(recipe::labels(line), text.join(" "));
            resolved.labels.extend(labels.iter().cloned());
        }
        Ok(Some(digest))
    }

    /// The descriptions of the sources that a stage takes.
    fn descriptions(&self, stage: &Stage) -> Vec<&Value> {
        let inputs = stage.inputs.values().flatten();
        let names = inputs.filter_map(|input| match &input.from {
            Origin::Source(name) => Some(name),
            _ => None,
        });
        names.filter_map(|name| self.plan.sources.get(name)).map(|it| &it.descriptor).collect()
    }

    /// The lines of a recipe that do not depend on inputs.
    fn action(&self, stage: &Stage) -> Recipe {
        let mut recipe = Recipe::new();
        recipe.set("seed", stage.seed.to_string());
        match &stage.action {
            Action::Function(function) => {
                recipe.set("action", format!("function {}", function.name));
                recipe.set_platform(&self.platform);
                let resources = self.descriptions(stage);
                let counts = |path: &str| function.enters.is_none_or(|it| it(path, &resources));
                for (path, text) in function.sources().filter(|(path, _)| counts(path)) {
                    let digest = self.codes[&(text.as_ptr() as usize)];
                    recipe.set(format!("code.{path}"), digest.to_string());
                }
                recipe.set_value("param", &stage.params);
                for name in stage.outputs.keys() {
                    recipe.set(format!("output.{name}"), "");
                }
            }
            Action::Command(command) => {
                recipe.set("action", "command");
                for (n, argument) in command.arguments.iter().enumerate() {
                    recipe.set(format!("argument.{n:03}"), argument);
                }
                for (name, value) in &command.env {
                    recipe.set(format!("env.{name}"), value);
                }
                for (name, path) in &stage.outputs {
                    recipe.set(format!("output.{name}"), path);
                }
                if let Some(date) = &self.plan.date {
                    recipe.set("date", date);
                }
            }
        }
        recipe
    }

    fn lineage<'a>(
        &self,
        index: usize,
        done: &impl Fn(usize) -> Option<&'a Done>,
    ) -> Result<Option<Arc<[u8]>>, Diagnostic> {
        let upstream = self.plan.closure(self.plan.stages[index].upstream());
        if upstream.iter().any(|index| done(*index).is_none()) {
            return Ok(None);
        }
        let known = |index: usize| {
            let done = done(index).expect("every stage upstream was just seen to be done");
            Facts {
                inputs: &done.resolved.inputs,
                outputs: &done.outputs,
                labels: &done.resolved.labels,
            }
        };
        let value = lineage::lineage(&self.plan, index, known, |name| self.source(name));
        Ok(Some(canonical(&value).into_bytes().into()))
    }

    /// What the lineage of a stage says of its sources: that is known before
    /// any stage has run.
    pub(crate) fn described(&self, index: usize) -> Map<String, Value> {
        let upstream = self.plan.closure(self.plan.stages[index].upstream());
        lineage::sources(&self.plan, &upstream, |name| self.source(name))
    }

    fn source(&self, name: &str) -> Option<(Digest, u64)> {
        let known = self.files.digest(&self.plan.sources[name].path).ok()?;
        Some((known.digest, known.size))
    }
}
