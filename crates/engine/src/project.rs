//! A checkout with all that a run needs: its plan, its files, its state and the store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostic::{Checked, Diagnostic, Kind};
use crate::digest::Digest;
use crate::files::Files;
use crate::function::Function;
use crate::lineage;
use crate::options::Options;
use crate::own;
use crate::plan::{Action, Input, Origin, Plan, Stage};
use crate::recipe::{Recipe, canonical};
use crate::state::State;
use crate::store::{Made, Store};
use crate::witness;

/// An open project.
pub struct Project {
    /// The plan.
    pub plan: Plan,
    /// Where results live.
    pub store: Arc<Store>,
    /// The files of the project.
    pub files: Files,
    /// What the checkout remembers.
    pub state: State,
    /// The kind of machine that functions were compiled for.
    platform: String,
    codes: BTreeMap<usize, Digest>,
}

/// The line of a recipe that names the kind of machine.
pub(crate) const PLATFORM: &str = "platform";

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

/// What a project is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To answer questions: nothing is made, moved or removed.
    Look,
    /// To run it.
    Work,
}

impl Project {
    /// Opens the project at `root`; the store is the checkout's own unless given.
    pub fn open(
        root: &Path,
        functions: &[Function],
        options: &Options,
        store: Option<&Path>,
        access: Access,
    ) -> Checked<Self> {
        let root = &root.canonicalize().map_err(|error| {
            let mut problem = Diagnostic::io("open", root, &error);
            problem.kind = Kind::Usage;
            vec![problem]
        })?;
        let plan = Plan::load(root, functions, options)?;
        let store = open_store(root, store, access).map_err(|problem| vec![problem])?;
        let state = State::read(root);
        let files = Files::new(root, state.files.clone());
        let codes = codes(&plan);
        let ours = || format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
        let platform = options.platform.clone().unwrap_or_else(ours);
        Ok(Project { plan, store: Arc::new(store), files, state, platform, codes })
    }

    /// Removes the witness: what it vouched for was changed in the store.
    pub fn distrust(&self) {
        witness::remove(&self.plan.root);
    }

    /// Whether a result was changed by hand, so that replacing it would lose
    /// something: it is neither what was put there nor anything that the store has.
    pub fn is_edited(&self, path: &str) -> bool {
        let file = self.plan.root.join(path);
        if !file.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            return false;
        }
        self.files.digest(path).is_ok_and(|known| {
            self.state.published.get(path) != Some(&known.digest) && !self.store.has(&known.digest)
        })
    }

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
                let line = format!("{role}.{}", input.path);
                let Some(digest) = self.input(index, input, &line, &mut resolved, done)? else {
                    resolved.complete = false;
                    continue;
                };
                resolved.recipe.set(format!("input.{line}"), digest.to_string());
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
            resolved.recipe.set(format!("label.{line}"), text.join(" "));
            resolved.labels.extend(labels.iter().cloned());
        }
        Ok(Some(digest))
    }

    /// The lines of a recipe that do not depend on inputs.
    fn action(&self, stage: &Stage) -> Recipe {
        let mut recipe = Recipe::new();
        recipe.set("seed", stage.seed.to_string());
        match &stage.action {
            Action::Function(function) => {
                recipe.set("action", format!("function {}", function.name));
                recipe.set(PLATFORM, &self.platform);
                for (path, text) in function.sources() {
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
            lineage::Known {
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

/// The store that is named, or else the checkout's own, if it was made here.
fn open_store(root: &Path, named: Option<&Path>, access: Access) -> Result<Store, Diagnostic> {
    let open = match access {
        Access::Look => Store::look,
        Access::Work => Store::open,
    };
    if let Some(named) = named {
        return open(named);
    }
    let folder = own_store(root)?;
    if !Store::is_foreign(&folder) {
        if access == Access::Work {
            own::make(root, OWN_STORE)?;
        }
        return open(&folder);
    }
    let message = format!("the store in `{OWN_STORE}` was not made in this checkout");
    let problem = Diagnostic::new(Kind::Usage, format!("{message}, so nothing in it is believed"))
        .hint(format!("remove it, and `colophon run` makes its own: `rm -r {OWN_STORE}`"))
        .hint(format!("if you trust whoever filled it, name it: `--store {OWN_STORE}`"));
    match access {
        Access::Work => Err(problem),
        Access::Look => {
            let store = Store::none();
            store.note(Diagnostic { kind: Kind::Note, ..problem });
            Ok(store)
        }
    }
}

/// The folder of the checkout's own store; no link leads to it.
pub fn own_store(root: &Path) -> Result<PathBuf, Diagnostic> {
    own::look(root, OWN_STORE)
}

/// The checkout's own store, relative to the project.
const OWN_STORE: &str = ".colophon/store";

/// The digests of all sources that the plan's functions depend on, by address:
/// they are compiled in, so each is hashed once.
fn codes(plan: &Plan) -> BTreeMap<usize, Digest> {
    let mut codes = BTreeMap::new();
    for stage in &plan.stages {
        if let Action::Function(function) = &stage.action {
            for (_, text) in function.sources() {
                let address = text.as_ptr() as usize;
                codes.entry(address).or_insert_with(|| Digest::of(text.as_bytes()));
            }
        }
    }
    codes
}
