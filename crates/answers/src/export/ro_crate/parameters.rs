//! What programs and the pipeline take and make, by role: formal parameters, what stood
//! for them in the run, and how they are connected.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::ids::{self, many, one};
use crate::export::bundle::{Bundle, Step};
use crate::export::harmless::address;

/// The formal parameters of programs and of the pipeline, by their ids.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    all: BTreeMap<String, Parameter>,
    /// Of each file, the parameters that it stood for.
    of_file: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug)]
struct Parameter {
    name: String,
    kind: &'static str,
    /// What stood for it: ids of files or of values.
    examples: BTreeSet<String>,
}

/// A value that a stage or the pipeline was given.
struct Value<'a> {
    of: String,
    parameter: String,
    name: &'a str,
    value: &'a Json,
}

const OF_PIPELINE: &str = "pipeline";

impl Parameters {
    pub(super) fn of(bundle: &Bundle) -> Self {
        let mut found = Parameters::default();
        for step in &bundle.steps {
            let tool = tool(step);
            for (role, inputs) in &step.stage.inputs {
                let id = id(&tool, "in", role);
                for input in inputs.iter().filter(|it| bundle.files.contains_key(&it.path)) {
                    found.add_file(&id, role, &input.path);
                    if input.maker().is_none() {
                        let id = self::id(OF_PIPELINE, "in", &input.path);
                        found.add_file(&id, &input.path, &input.path);
                    }
                }
            }
            for (name, output) in &step.stage.outputs {
                found.add_file(&id(&tool, "out", name), name, &output.path);
            }
        }
        for path in last(bundle) {
            found.add_file(&id(OF_PIPELINE, "out", path), path, path);
        }
        for value in values(bundle) {
            let example = self::value(&value.of, value.name);
            let kind = kind(value.value);
            let entry = found.all.entry(value.parameter).or_insert_with(|| Parameter {
                name: value.name.into(),
                kind,
                examples: BTreeSet::new(),
            });
            if entry.kind != kind {
                entry.kind = "PropertyValue";
            }
            entry.examples.insert(example);
        }
        found
    }

    fn add_file(&mut self, id: &str, name: &str, path: &str) {
        let (name, kind, examples) = (name.to_string(), "File", BTreeSet::new());
        let entry = self.all.entry(id.into());
        let parameter = entry.or_insert_with(|| Parameter { name, kind, examples });
        parameter.examples.insert(ids::file(path));
        self.of_file.entry(path.into()).or_default().insert(id.into());
    }

    /// The parameters that a file stood for.
    pub(super) fn of_file(&self, path: &str) -> Vec<String> {
        self.of_file.get(path).into_iter().flatten().cloned().collect()
    }

    fn beginning(&self, beginnings: &[String]) -> Vec<String> {
        let fits = |id: &&String| beginnings.iter().any(|begin| id.starts_with(begin.as_str()));
        self.all.keys().filter(fits).cloned().collect()
    }

    /// What a program takes: files by role, and values.
    pub(super) fn taken(&self, step: &Step) -> Vec<String> {
        let tool = tool(step);
        self.beginning(&[id(&tool, "in", ""), id(&tool, "param", "")])
    }

    /// What a program makes.
    pub(super) fn made_by(&self, step: &Step) -> Vec<String> {
        self.beginning(&[id(&tool(step), "out", "")])
    }

    /// What the pipeline takes.
    pub(super) fn given(&self) -> Vec<String> {
        self.beginning(&[id(OF_PIPELINE, "in", ""), id(OF_PIPELINE, "param", "")])
    }

    /// What the pipeline makes that no stage of it takes.
    pub(super) fn made(&self) -> Vec<String> {
        self.beginning(&[id(OF_PIPELINE, "out", "")])
    }

    /// The connections from stages to what the pipeline makes.
    pub(super) fn ends(&self, bundle: &Bundle) -> Vec<String> {
        connections(bundle).into_iter().filter(|it| it.step.is_none()).map(|it| it.id()).collect()
    }

    /// Parameters, values and connections as entities.
    pub(super) fn entities(&self, bundle: &Bundle) -> Vec<Json> {
        let mut entities = Vec::new();
        for (id, parameter) in &self.all {
            entities.push(json!({
                "@id": id, "@type": "FormalParameter", "name": parameter.name,
                "additionalType": parameter.kind,
                "conformsTo": one(FORMAL),
                "description": format!("`{}`, as the pipeline names it", parameter.name),
                "workExample": many(parameter.examples.iter().cloned()),
            }));
        }
        let mut values: BTreeMap<String, Json> = BTreeMap::new();
        for it in self::values(bundle) {
            let id = value(&it.of, it.name);
            let written = match it.value {
                Json::Bool(_) | Json::Number(_) | Json::String(_) => it.value.clone(),
                other => json!(other.to_string()),
            };
            let entity = json!({
                "@id": id, "@type": "PropertyValue", "name": it.name, "value": written,
                "description": format!("what `{}` was given for `{}`", it.of, it.name),
                "exampleOfWork": one(&it.parameter),
            });
            values.insert(id, entity);
        }
        entities.extend(values.into_values());
        entities.push(json!({
            "@id": FORMAL, "@type": "CreativeWork", "name": "FormalParameter", "version": "1.0",
            "description": "the profile of formal parameters of Bioschemas",
        }));
        let made: BTreeMap<_, _> =
            connections(bundle).into_iter().map(|it| (it.id(), it)).collect();
        entities.extend(made.into_iter().map(|(id, it)| {
            json!({
                "@id": id, "@type": "ParameterConnection", "name": "connection",
                "description": "what is made there is taken here",
                "sourceParameter": one(&it.source), "targetParameter": one(&it.target),
            })
        }));
        entities
    }
}

const FORMAL: &str = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE";

/// That what one program makes, or the pipeline takes, is what another takes.
pub(super) struct Connection {
    /// The step that takes it; nothing where it is made by the pipeline as a whole.
    pub(super) step: Option<String>,
    source: String,
    target: String,
}

impl Connection {
    pub(super) fn id(&self) -> String {
        let plain = |id: &str| id.trim_start_matches("#parameter/").to_string();
        format!("#connection/{}/{}", plain(&self.source), plain(&self.target))
    }
}

/// All connections.
pub(super) fn connections(bundle: &Bundle) -> Vec<Connection> {
    let mut found = Vec::new();
    for step in &bundle.steps {
        for (role, inputs) in &step.stage.inputs {
            for input in inputs.iter().filter(|it| bundle.files.contains_key(&it.path)) {
                let made = bundle.maker(&input.path).filter(|_| input.maker().is_some());
                let source = match made {
                    Some((maker, output)) => id(&tool(maker), "out", output),
                    None => id(OF_PIPELINE, "in", &input.path),
                };
                let target = id(&tool(step), "in", role);
                found.push(Connection { step: Some(step.group.clone()), source, target });
            }
        }
    }
    for path in last(bundle) {
        let Some((maker, output)) = bundle.maker(path) else { continue };
        let source = id(&tool(maker), "out", output);
        found.push(Connection { step: None, source, target: id(OF_PIPELINE, "out", path) });
    }
    found
}

/// The values that a stage was given, by the ids of their entities.
pub(super) fn values_of(step: &Step) -> Vec<String> {
    let params = step.stage.params.as_object();
    params.into_iter().flatten().map(|(name, _)| value(&step.name, name)).collect()
}

/// The values that the pipeline was given, likewise.
pub(super) fn values_of_pipeline(bundle: &Bundle) -> Vec<String> {
    bundle.params.keys().map(|name| value(OF_PIPELINE, name)).collect()
}

fn values(bundle: &Bundle) -> impl Iterator<Item = Value<'_>> {
    let of_pipeline = bundle.params.iter().map(|(name, value)| Value {
        of: OF_PIPELINE.into(),
        parameter: id(OF_PIPELINE, "param", name),
        name,
        value,
    });
    let of_steps = bundle.steps.iter().flat_map(|step| {
        let params = step.stage.params.as_object();
        params.into_iter().flatten().map(|(name, value)| Value {
            of: step.name.clone(),
            parameter: id(&tool(step), "param", name),
            name,
            value,
        })
    });
    of_pipeline.chain(of_steps)
}

/// The outputs that no stage takes.
fn last(bundle: &Bundle) -> Vec<&str> {
    let inputs = bundle.steps.iter().flat_map(|step| step.stage.inputs.values().flatten());
    let taken: BTreeSet<&str> = inputs.map(|input| input.path.as_str()).collect();
    let mut outputs = bundle.outputs("");
    outputs.retain(|path| !taken.contains(path));
    outputs
}

/// What a program is called in the ids of its parameters: never like the pipeline.
fn tool(step: &Step) -> String {
    let kind = if step.stage.uses.is_some() { "function" } else { "command" };
    format!("{kind}:{}", step.tool())
}

fn id(of: &str, kind: &str, name: &str) -> String {
    format!("#parameter/{}/{kind}/{}", address(of), address(name))
}

fn value(of: &str, name: &str) -> String {
    format!("#value/{}/{}", address(of), address(name))
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Bool(_) => "Boolean",
        Json::Number(number) if number.is_i64() || number.is_u64() => "Integer",
        Json::Number(_) => "Number",
        Json::String(_) => "Text",
        _ => "PropertyValue",
    }
}
