//! The inputs of a draft: what its references stand for, held to what its
//! function takes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::draft::Draft;
use super::reference::References;
use super::source::Package;
use super::template::Templates;
use super::template::mistake::tell;
use super::{Input, Origin, pipeline};
use crate::diagnostic::{Diagnostic, Kind, did_you_mean, listed};
use crate::function::{Arity, Function};
use crate::yaml::{Data, Document};

/// The inputs of a draft: by role, and as templates of a command see them.
pub(super) struct Inputs {
    pub(super) roles: BTreeMap<String, Vec<Input>>,
    pub(super) seen: Map<String, Value>,
}

/// Resolves the inputs and holds them to what the function takes.
pub(super) fn of(
    draft: &Draft,
    references: &References,
    document: &Document,
    overridden: &BTreeMap<(String, String), String>,
    found: &mut Vec<Diagnostic>,
) -> Inputs {
    let templates = Templates::new(&draft.context);
    let mut inputs = Inputs { roles: BTreeMap::new(), seen: Map::new() };
    for (role, declared) in &draft.declared.inputs {
        let profile = overridden.get(&(draft.group.to_string(), role.clone()));
        let slot = format!("{}.{role}", draft.group);
        // Looked for only where something is wrong: there may be many roles.
        let declared_at = || match profile {
            Some(profile) => document
                .nearest(&["profiles", profile.as_str(), "inputs", slot.as_str()])
                .map_or(draft.node, |(_, value)| value),
            None => draft.value(&["inputs", role]),
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
                Err(mistakes) => found.extend(tell(mistakes, document, node(), reference)),
            }
        }
        artifacts.sort();
        artifacts.dedup();
        let single = matches!(declared, pipeline::References::One(_)) && seen.len() == 1;
        let seen = if single { seen.remove(0) } else { flat(seen) };
        inputs.seen.insert(role.clone(), seen);
        inputs.roles.insert(role.clone(), artifacts);
    }
    if let Some(function) = &draft.function {
        check_roles(draft, function, &inputs, document, found);
    }
    inputs
}

fn check_roles(
    draft: &Draft,
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
        let at = || document.place(draft.key(&["inputs", role]));
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
            let message = format!("stage `{}` lacks the input `{}`", draft.group, slot.role);
            let at = draft.at.clone();
            found.push(Diagnostic::new(Kind::Usage, message).at(at).hint(&takes));
        }
    }
    for name in draft.outputs.keys() {
        if !function.outputs.contains(&name.as_str()) {
            let message = format!("function `{}` has no output `{name}`", function.name);
            let at = document.place(draft.key(&["outputs", name]));
            let mut problem = Diagnostic::new(Kind::Usage, message).at(at);
            problem.hints.extend(did_you_mean(name, function.outputs.iter().copied()));
            found.push(problem);
        }
    }
}

/// Lets functions look at the descriptions of the sources that they take.
pub(super) fn check_descriptions(
    drafts: &[Draft],
    inputs: &[Inputs],
    package: &Package,
    found: &mut Vec<Diagnostic>,
) {
    let mut seen = BTreeSet::new();
    for (draft, inputs) in drafts.iter().zip(inputs) {
        let Some((function, check)) = draft.function.and_then(|it| Some((it.name, it.check?)))
        else {
            continue;
        };
        for input in inputs.roles.values().flatten() {
            let Origin::Source(name) = &input.from else { continue };
            if let Some(source) = package.sources.get(name)
                && seen.insert((function, name.clone()))
            {
                found.extend(check(&source.descriptor).into_iter().map(|(path, message)| {
                    let (message, hint) = message.split_once('\n').unwrap_or((&message, ""));
                    let found = Diagnostic::new(Kind::Usage, message).at(source.place(&path));
                    if hint.is_empty() { found } else { found.hint(hint) }
                }));
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
