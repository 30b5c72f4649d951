//! The last step from a draft to a stage: its parameters in normal form, or its
//! command with everything filled in.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Draft, Inputs};
use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::function::Function;
use crate::pipeline::{self, Pipeline};
use crate::plan::{Action, Command, Stage};
use crate::shape;
use crate::template::Templates;
use crate::yaml::{Data, Document, Node};

impl Draft<'_> {
    /// The finished stage.
    pub(crate) fn finish(
        &self,
        inputs: &Inputs,
        pipeline: &Pipeline,
        document: &Document,
        found: &mut Vec<Diagnostic>,
    ) -> Stage {
        let (action, params) = match self.function {
            Some(function) => {
                let params = self.params(&function, document, found);
                (Action::Function(function), params)
            }
            None => (Action::Command(self.command(inputs, document, found)), Value::Null),
        };
        let declassify = self.declared.declassify.as_ref();
        Stage {
            name: self.name.clone(),
            group: self.group.to_string(),
            desc: self.declared.desc.clone(),
            action,
            params,
            inputs: inputs.roles.clone(),
            outputs: self.outputs.iter().map(|(k, v)| (k.clone(), v.path.clone())).collect(),
            labels: self.declared.labels.iter().cloned().collect(),
            declassified: declassify
                .map(|d| d.labels.iter().cloned().collect())
                .unwrap_or_default(),
            reason: declassify.map(|declassify| declassify.reason.clone()),
            seed: Digest::of_texts("colophon 1 seed", [&*pipeline.seed.to_string(), &*self.name]),
            at: self.at.clone(),
        }
    }

    /// The function's parameters, held to its schema, in normal form.
    fn params(
        &self,
        function: &Function,
        document: &Document,
        found: &mut Vec<Diagnostic>,
    ) -> Value {
        let path = ["stages", self.group, "params"];
        let empty = Node { line: 0, column: 0, width: 0, data: Data::Map(Vec::new()) };
        let declared = self.node.get("params").unwrap_or(&empty);
        let at = || document.place(self.key(&["params"]));
        let before = found.len();
        let mut report = |node: &Node, message: String| {
            found.push(Diagnostic::new(Kind::Usage, message).at(document.place(node)));
        };
        let node = Templates::new(&self.context).node(declared, &mut report);
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
            let message =
                format!("`{}` of function `{}`: {message}", path.join("."), function.name);
            found.push(Diagnostic::new(Kind::Usage, message).at(at()));
            Value::Null
        })
    }

    fn command(
        &self,
        inputs: &Inputs,
        document: &Document,
        found: &mut Vec<Diagnostic>,
    ) -> Command {
        let mut context = self.context.clone();
        let outputs: Map<String, Value> =
            self.outputs.iter().map(|(name, output)| (name.clone(), json!(output.path))).collect();
        context.insert("inputs".into(), Value::Object(inputs.seen.clone()));
        context.insert("outputs".into(), Value::Object(outputs));
        let templates = Templates::new(&context);
        let mut report = |path: &[&str], message: String| {
            let at = document.place(self.value(path));
            found.push(Diagnostic::new(Kind::Usage, message).at(at));
        };
        let mut command = Command::default();
        let at = ["cmd"];
        let filled = match &self.declared.cmd {
            Some(pipeline::Command::Shell(text)) => {
                templates.command(text).map(|text| vec!["/bin/sh".into(), "-ec".into(), text])
            }
            Some(pipeline::Command::Arguments(list)) => {
                let parts: Result<Vec<_>, _> =
                    list.iter().map(|text| templates.arguments(text)).collect();
                parts.map(|parts| parts.concat())
            }
            None => return command,
        };
        match filled {
            Ok(arguments) if is_empty(&arguments) => {
                report(&at, "the command is empty".into());
            }
            Ok(arguments) => command.arguments = arguments,
            Err(message) => report(&at, message),
        }
        for (name, value) in &self.declared.env {
            match templates.text(value) {
                Ok(value) => drop(command.env.insert(name.clone(), value)),
                Err(message) => report(&["env", name], message),
            }
        }
        if let Some(text) = &self.declared.timeout {
            match duration(text) {
                Some(timeout) => command.timeout = Some(timeout),
                None => report(
                    &["timeout"],
                    format!("`{text}` is not a duration such as `90s`, `30m` or `2h`"),
                ),
            }
        }
        command
    }
}

/// Whether a command says nothing: no program, or a shell without words.
fn is_empty(arguments: &[String]) -> bool {
    match arguments {
        [shell, flags, text] if shell == "/bin/sh" && flags == "-ec" => text.trim().is_empty(),
        [] => true,
        [program, ..] => program.trim().is_empty(),
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
