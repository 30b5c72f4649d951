//! The last step from a draft to a stage: its parameters in normal form, or its
//! command with everything filled in.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::inputs::Inputs;
use super::options::{is_variable, no_variable};
use super::pipeline::{self, Pipeline, Variable};
use super::template::mistake::{Mistake, tell};
use super::template::{Scope, Templates};
use super::{Action, Command, Stage, limits, shell};
use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::function::Function;
use crate::shape;
use crate::yaml::{Data, Document, Node};

/// The finished stage.
pub(super) fn stage(
    draft: &Draft,
    inputs: &Inputs,
    pipeline: &Pipeline,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> Stage {
    let (action, params) = match draft.function {
        Some(function) => {
            let params = params(draft, &function, document, found);
            (Action::Function(function), params)
        }
        None => {
            let command = command(draft, inputs, document, found);
            limits::check(draft, &command, inputs, document, found);
            (Action::Command(command), Value::Null)
        }
    };
    let declassify = draft.declared.declassify.as_ref();
    Stage {
        name: draft.name.clone(),
        group: draft.group.to_string(),
        desc: draft.declared.desc.clone(),
        action,
        params,
        inputs: inputs.roles.clone(),
        outputs: draft.outputs.iter().map(|(k, v)| (k.clone(), v.path.clone())).collect(),
        labels: draft.declared.labels.iter().cloned().collect(),
        declassified: declassify.map(|d| d.labels.iter().cloned().collect()).unwrap_or_default(),
        reason: declassify.map(|declassify| declassify.reason.clone()),
        seed: Digest::of_texts("colophon 1 seed", [&*pipeline.seed.to_string(), &*draft.name]),
        at: draft.at.clone(),
    }
}

/// The function's parameters, held to its schema, in normal form.
fn params(
    draft: &Draft,
    function: &Function,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> Value {
    let path = ["stages", draft.group, "params"];
    let empty = Node { line: 0, column: 0, width: 0, source: (0, 0), data: Data::Map(Vec::new()) };
    let declared = draft.node.get("params").unwrap_or(&empty);
    let at = || document.place(draft.key(&["params"]));
    let before = found.len();
    let mut report = |node: &Node, mistake: Mistake| {
        found.push(mistake.told(document, node, node.text().unwrap_or("")));
    };
    let node = Templates::new(&draft.context).node(declared, &mut report);
    let schema = (function.schema)().to_value();
    let mut problems = shape::check(document, &node, &path.join("."), &schema);
    for problem in &mut problems {
        if problem.at.as_ref().is_some_and(|at| at.line == 0) {
            problem.at = Some(Box::new(at()));
        }
    }
    found.extend(problems);
    if found.len() > before {
        return Value::Null;
    }
    (function.normalise)(&node.value()).unwrap_or_else(|message| {
        let message = format!("`{}` of function `{}`: {message}", path.join("."), function.name);
        found.push(Diagnostic::new(Kind::Usage, message).at(at()));
        Value::Null
    })
}

fn command(
    draft: &Draft,
    inputs: &Inputs,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> Command {
    // A path that could not be filled in has been told, and is none the less declared.
    let path = |name| draft.outputs.get(name).map(|output| output.path.as_str());
    let names = draft.declared.outputs.keys();
    let outputs: Map<String, Value> =
        names.map(|name| (name.clone(), json!(path(name).unwrap_or(name)))).collect();
    let inputs = inputs.seen.iter().map(|(role, seen)| (role.clone(), no_option(seen)));
    let context = draft.context.clone();
    let context = context.with("inputs", Scope::plain(&Value::Object(inputs.collect())));
    let templates = Templates::new(&context.with("outputs", Scope::plain(&Value::Object(outputs))));
    let mut command = Command::default();
    if let Some(declared) = &draft.declared.cmd {
        command.arguments = arguments(draft, declared, &templates, document, found);
    }
    environment(draft, &mut command, &templates, document, found);
    if let Some(text) = &draft.declared.timeout {
        match duration(text) {
            Some(timeout) => command.timeout = Some(timeout),
            None => {
                let message = format!("`{text}` is not a duration such as `90s`, `30m` or `2h`");
                let at = document.place(draft.value(&["timeout"]));
                found.push(Diagnostic::new(Kind::Usage, message).at(at));
            }
        }
    }
    command
}

/// The program and its arguments, filled in.
fn arguments(
    draft: &Draft,
    declared: &pipeline::Command,
    templates: &Templates,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let node = draft.value(&["cmd"]);
    let arguments = match declared {
        pipeline::Command::Shell(text) => match templates.command(text) {
            Ok(text) => shell::arguments(text),
            Err(mistakes) => {
                found.extend(tell(mistakes, document, node, text));
                return Vec::new();
            }
        },
        pipeline::Command::Arguments(list) => match templates.arguments(list) {
            Ok(arguments) => arguments,
            Err(mistakes) => {
                found.extend(mistakes.into_iter().map(|(index, mistake)| {
                    mistake.told(document, node.item(index).unwrap_or(node), &list[index])
                }));
                return Vec::new();
            }
        },
    };
    if is_empty(&arguments) {
        let message = "the command is empty";
        found.push(Diagnostic::new(Kind::Usage, message).at(document.place(node)));
    }
    arguments
}

/// The variables that are declared, filled in.
fn environment(
    draft: &Draft,
    command: &mut Command,
    templates: &Templates,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) {
    for (name, variable) in &draft.declared.env {
        let node = draft.value(&["env", name]);
        let key = || document.place(draft.key(&["env", name]));
        let (node, filled) = match variable {
            Variable::Text(text) => (node.get("default").unwrap_or(node), templates.text(text)),
            Variable::Given(value) => (node, Ok(value.clone())),
            // It is missing, which has been told.
            Variable::Caller(_) => continue,
        };
        match filled {
            _ if !is_variable(name) => found.push(no_variable(name, key())),
            Ok(value) if value.contains('\0') => {
                let message = format!("the variable `{name}` holds a NUL character");
                let problem = Diagnostic::new(Kind::Usage, message).at(document.place(node));
                found.push(problem.hint("take it out; no variable can hold one"));
            }
            Ok(value) => drop(command.env.insert(name.clone(), value)),
            Err(mistakes) => {
                let text = node.text().unwrap_or("");
                found.extend(tell(mistakes, document, node, text));
            }
        }
    }
}

/// Paths that begin with a dash are written so that no program takes them for
/// options.
fn no_option(seen: &Value) -> Value {
    match seen {
        Value::String(path) if path.starts_with('-') => format!("./{path}").into(),
        Value::Array(paths) => paths.iter().map(no_option).collect(),
        other => other.clone(),
    }
}

/// Whether a command says nothing: no program, or a shell without words.
fn is_empty(arguments: &[String]) -> bool {
    match (shell::text(arguments), arguments) {
        (Some(text), _) => text.trim().is_empty(),
        (None, []) => true,
        (None, [program, ..]) => program.trim().is_empty(),
    }
}

/// A duration such as `90s`, `30m` or `2h`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_at_checked(text.trim().len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    (number > 0.0).then(|| Duration::try_from_secs_f64(number * seconds).ok()).flatten()
}
