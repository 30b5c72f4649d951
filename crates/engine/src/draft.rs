//! A stage on its way from declaration to plan: one cell, its templates filled
//! in, its inputs not yet known.

mod finish;
mod limits;
mod matrix;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Kind, Place, did_you_mean, listed};
use crate::function::{Arity, Function};
use crate::labels;
use crate::pipeline::{self, Pipeline};
use crate::plan::{Input, OUTPUTS, Origin};
use crate::reference::References;
use crate::template::{Context, Mistake, Scope, Templates};
use crate::yaml::{Data, Document, Node};

/// One cell of a declared stage.
pub(crate) struct Draft<'a> {
    pub(crate) name: String,
    pub(crate) group: &'a str,
    pub(crate) declared: &'a pipeline::Stage,
    pub(crate) function: Option<Function>,
    pub(crate) context: Context,
    pub(crate) outputs: BTreeMap<String, DraftOutput>,
    pub(crate) at: Place,
    /// Where the stage is declared: its name and what follows.
    key: &'a Node,
    node: &'a Node,
}

/// An output and where its path is declared.
pub(crate) struct DraftOutput {
    pub(crate) path: String,
    pub(crate) at: Place,
}

/// The inputs of a draft: by role, and as templates of a command see them.
pub(crate) struct Inputs {
    pub(crate) roles: BTreeMap<String, Vec<Input>>,
    seen: Map<String, Value>,
}

impl Inputs {
    pub(crate) fn upstream(&self) -> impl Iterator<Item = usize> + '_ {
        self.roles.values().flatten().filter_map(|input| match input.from {
            Origin::Stage(index, _) => Some(index),
            _ => None,
        })
    }
}

/// Every cell of every stage, in the order of the file.
pub(crate) fn all<'a>(
    pipeline: &'a Pipeline,
    document: &'a Document,
    params: Scope,
    functions: &[Function],
    found: &mut Vec<Diagnostic>,
) -> Vec<Draft<'a>> {
    let mut drafts = Vec::new();
    let mut common = Context::default().with("params", params);
    if let Some(date) = &pipeline.date {
        common = common.with("date", Scope::plain(&date.as_str().into()));
    }
    let entries = document.root.get("stages").map_or(&[][..], Node::entries);
    for (key, node) in entries {
        let Some((group, declared)) =
            key.text().and_then(|name| pipeline.stages.get_key_value(name))
        else {
            continue;
        };
        let at = document.place(key);
        if !is_name(group) {
            let message = format!("`{group}` can't be the name of a stage");
            let hint = "names hold letters, digits, `_` and `-`";
            found.push(Diagnostic::new(Kind::Usage, message).at(at.clone()).hint(hint));
        }
        let function = find_function(group, declared, document, (key, node), functions, found);
        let mut names = BTreeSet::new();
        matrix::check(group, document, node, found);
        labels::check_stage(group, node, document, found);
        for (cell, matrix) in matrix::cells(document, node) {
            let name = if cell.is_empty() { group.clone() } else { format!("{group}@{cell}") };
            if !names.insert(name.clone()) {
                let message = format!("two cells are named `{name}`");
                let at = document.place(within((key, node), &["matrix"]).0);
                found.push(Diagnostic::new(Kind::Usage, message).at(at));
            }
            let context = common.clone().with("matrix", matrix);
            let outputs = outputs(group, declared, document, (key, node), &context, found);
            let at = at.clone();
            drafts.push(Draft { name, group, declared, function, context, outputs, at, key, node });
        }
    }
    drafts
}

/// The key and the value at a path within a stage, as far as the path goes.
fn within<'a>(stage: (&'a Node, &'a Node), path: &[&str]) -> (&'a Node, &'a Node) {
    stage.1.nearest(path).unwrap_or(stage)
}

/// Whether a problem lies in the lines of a stage.
fn is_within(problem: &Diagnostic, stage: (&Node, &Node)) -> bool {
    let line = problem.at.as_ref().map_or(0, |at| at.line);
    (stage.0.line..=stage.1.last_line()).contains(&line)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn find_function(
    group: &str,
    declared: &pipeline::Stage,
    document: &Document,
    stage: (&Node, &Node),
    functions: &[Function],
    found: &mut Vec<Diagnostic>,
) -> Option<Function> {
    let key = |name: &str| document.place(within(stage, &[name]).0);
    let problem = |message: String| Diagnostic::new(Kind::Usage, message);
    match (&declared.uses, &declared.cmd) {
        (Some(_), Some(_)) => {
            let message = format!("stage `{group}` has both `uses` and `cmd`");
            found.push(problem(message).at(key("cmd")));
            None
        }
        // A misspelt key has been reported already.
        (None, None) if found.iter().any(|problem| is_within(problem, stage)) => None,
        (None, None) => {
            let message = format!("stage `{group}` has neither `uses` nor `cmd`");
            let hint = "`uses` names a function, `cmd` a program";
            found.push(problem(message).at(document.place(stage.0)).hint(hint));
            None
        }
        (None, Some(_)) => {
            if !declared.params.is_empty() {
                let message = format!("stage `{group}` has `params`, which a command can't see");
                let hint = "write them into the command: `{{ params.name }}`";
                found.push(problem(message).at(key("params")).hint(hint));
            }
            None
        }
        (Some(name), None) => {
            let function = functions.iter().find(|function| function.name == name).copied();
            if function.is_none() {
                let at = document.place(within(stage, &["uses"]).1);
                let mut unknown = problem(format!("no function `{name}`")).at(at);
                let known: Vec<_> = functions.iter().map(|function| function.name).collect();
                unknown.hints.extend(did_you_mean(name, known.iter().copied()));
                if known.is_empty() {
                    unknown.hints.push("this program has no functions; use `cmd`".into());
                }
                found.push(unknown);
            }
            let (env, timeout) = (!declared.env.is_empty(), declared.timeout.is_some());
            for (name, given) in [("env", env), ("timeout", timeout)] {
                if given {
                    let message = format!("stage `{group}` has `{name}`, which only commands have");
                    found.push(problem(message).at(key(name)));
                }
            }
            function
        }
    }
}

fn outputs(
    group: &str,
    declared: &pipeline::Stage,
    document: &Document,
    stage: (&Node, &Node),
    context: &Context,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<String, DraftOutput> {
    let templates = Templates::new(context);
    let mut outputs = BTreeMap::new();
    for (name, path) in &declared.outputs {
        let node = within(stage, &["outputs", name]).1;
        match templates.text(path) {
            Ok(path) => {
                let (path, at) = (format!("{OUTPUTS}/{path}"), document.place(node));
                outputs.insert(name.clone(), DraftOutput { path, at });
            }
            Err(mistakes) => found.extend(told(mistakes, document, node, path)),
        }
    }
    let told = || found.iter().any(|problem| is_within(problem, stage));
    if declared.outputs.is_empty() && stage.1.get("outputs").is_some() && !told() {
        let message = format!("stage `{group}` declares no outputs");
        let at = document.place(within(stage, &["outputs"]).0);
        found.push(Diagnostic::new(Kind::Usage, message).at(at));
    }
    outputs
}

/// Mistakes of the templates in a text, which `node` says.
fn told(
    mistakes: Vec<Mistake>,
    document: &Document,
    node: &Node,
    text: &str,
) -> impl Iterator<Item = Diagnostic> {
    mistakes.into_iter().map(move |mistake| mistake.told(document, node, text))
}

impl Draft<'_> {
    /// Resolves the inputs and holds them to what the function takes.
    pub(crate) fn inputs(
        &self,
        references: &References,
        document: &Document,
        overridden: &BTreeMap<(String, String), String>,
        found: &mut Vec<Diagnostic>,
    ) -> Inputs {
        let templates = Templates::new(&self.context);
        let mut inputs = Inputs { roles: BTreeMap::new(), seen: Map::new() };
        for (role, declared) in &self.declared.inputs {
            let profile = overridden.get(&(self.group.to_string(), role.clone()));
            let slot = format!("{}.{role}", self.group);
            // Looked for only where something is wrong: there may be many roles.
            let declared_at = || match profile {
                Some(profile) => document
                    .nearest(&["profiles", profile.as_str(), "inputs", slot.as_str()])
                    .map_or(self.node, |(_, value)| value),
                None => self.value(&["inputs", role]),
            };
            let mut artifacts = Vec::new();
            let mut seen = Vec::new();
            for (index, reference) in declared.list().into_iter().enumerate() {
                let node = || match &declared_at().data {
                    Data::List(items) if index < items.len() => &items[index],
                    _ => declared_at(),
                };
                match templates.text(reference) {
                    Ok(text) => match references.resolve(&text, &|| document.place(node())) {
                        Ok(resolved) => {
                            seen.push(resolved.seen);
                            artifacts.extend(resolved.inputs);
                        }
                        Err(problems) => found.extend(problems),
                    },
                    Err(mistakes) => found.extend(told(mistakes, document, node(), reference)),
                }
            }
            artifacts.sort();
            artifacts.dedup();
            let single = matches!(declared, pipeline::References::One(_)) && seen.len() == 1;
            let seen = if single { seen.remove(0) } else { flat(seen) };
            inputs.seen.insert(role.clone(), seen);
            inputs.roles.insert(role.clone(), artifacts);
        }
        if let Some(function) = &self.function {
            self.check_roles(function, &inputs, document, found);
        }
        inputs
    }

    fn key(&self, path: &[&str]) -> &Node {
        within((self.key, self.node), path).0
    }

    fn value(&self, path: &[&str]) -> &Node {
        within((self.key, self.node), path).1
    }

    fn check_roles(
        &self,
        function: &Function,
        inputs: &Inputs,
        document: &Document,
        found: &mut Vec<Diagnostic>,
    ) {
        let known: Vec<_> = function.inputs.iter().map(|slot| slot.role).collect();
        let takes = match known.is_empty() {
            true => format!("function `{}` takes no inputs", function.name),
            false => {
                format!("function `{}` takes {}", function.name, listed(known.iter().copied()))
            }
        };
        for (role, artifacts) in &inputs.roles {
            let at = || document.place(self.key(&["inputs", role]));
            let Some(slot) = function.inputs.iter().find(|slot| slot.role == role) else {
                let message = format!("function `{}` has no input `{role}`", function.name);
                let mut problem = Diagnostic::new(Kind::Usage, message).at(at());
                problem.hints.extend(did_you_mean(role, known.iter().copied()));
                found.push(problem);
                continue;
            };
            if slot.arity != Arity::Many && artifacts.len() > 1 {
                let message = format!("input `{role}` takes one artifact, not {}", artifacts.len());
                found.push(Diagnostic::new(Kind::Usage, message).at(at()).hint(&takes));
            }
        }
        for slot in function.inputs.iter().filter(|slot| slot.arity == Arity::One) {
            if !inputs.roles.contains_key(slot.role) {
                let message = format!("stage `{}` lacks the input `{}`", self.group, slot.role);
                let at = self.at.clone();
                found.push(Diagnostic::new(Kind::Usage, message).at(at).hint(&takes));
            }
        }
        for name in self.outputs.keys() {
            if !function.outputs.contains(&name.as_str()) {
                let message = format!("function `{}` has no output `{name}`", function.name);
                let at = document.place(self.key(&["outputs", name]));
                let mut problem = Diagnostic::new(Kind::Usage, message).at(at);
                problem.hints.extend(did_you_mean(name, function.outputs.iter().copied()));
                found.push(problem);
            }
        }
    }
}

/// What several references of one role look like in templates: one list.
fn flat(seen: Vec<Value>) -> Value {
    let mut list = Vec::new();
    for value in seen {
        match value {
            Value::Array(items) => list.extend(items),
            other => list.push(other),
        }
    }
    Value::Array(list)
}
