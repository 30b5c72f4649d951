//! A stage on its way from declaration to plan: one cell, its templates filled
//! in, its inputs not yet known.

pub(super) mod matrix;

use std::collections::{BTreeMap, BTreeSet};

use super::labels;
use super::pipeline::{self, Pipeline};
use super::template::mistake::tell;
use super::template::{Context, Scope, Templates};
use crate::diagnostic::{Diagnostic, Kind, Place, did_you_mean};
use crate::function::Function;
use crate::outputs::OUTPUTS;
use crate::yaml::{Document, Node};

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
    pub(super) node: &'a Node,
}

/// An output and where its path is declared.
pub(crate) struct DraftOutput {
    pub(crate) path: String,
    pub(crate) at: Place,
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
            Err(mistakes) => found.extend(tell(mistakes, document, node, path)),
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

impl Draft<'_> {
    /// The key at a path within the stage, as far as the path goes.
    pub(super) fn key(&self, path: &[&str]) -> &Node {
        within((self.key, self.node), path).0
    }

    /// The value there.
    pub(super) fn value(&self, path: &[&str]) -> &Node {
        within((self.key, self.node), path).1
    }
}
