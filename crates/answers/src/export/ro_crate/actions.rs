//! The steps of the pipeline, and what happened in the run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::ids::{self, many, one};
use super::labels::labelled;
use super::parameters::{connections, values_of, values_of_pipeline};
use crate::export::bundle::{Bundle, Step};

/// The ids of what is done: the run, and each stage.
pub(super) fn ids(bundle: &Bundle) -> Vec<String> {
    let mut ids = vec![ids::RUN.to_string(), ids::ORGANISED.to_string()];
    ids.extend(bundle.steps.iter().map(|step| ids::action(&step.name)));
    ids
}

/// The steps that the pipeline declares; of a matrix, one.
pub(super) fn steps(bundle: &Bundle) -> Vec<Json> {
    let tools: BTreeMap<&str, String> =
        bundle.steps.iter().map(|step| (step.group.as_str(), ids::tool(step))).collect();
    // Two stages may use one tool, and each step has all connections of its tool.
    let mut connected: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for connection in connections(bundle) {
        if let Some(tool) = connection.step.as_ref().and_then(|step| tools.get(step.as_str())) {
            connected.entry(tool).or_default().insert(connection.id());
        }
    }
    let mut seen = BTreeSet::new();
    let mut entities = Vec::new();
    for step in bundle.steps.iter().filter(|step| seen.insert(step.group.clone())) {
        let connected = connected.get(&ids::tool(step)).cloned().unwrap_or_default();
        let position = entities.len() + 1;
        entities.push(json!({
            "@id": ids::step(&step.group), "@type": "HowToStep", "name": step.group,
            "description": about(step), "position": position.to_string(),
            "workExample": one(&ids::tool(step)), "connection": many(connected),
        }));
    }
    entities
}

/// The run, the program that did it, and of each stage what it did.
pub(super) fn run(bundle: &Bundle) -> Vec<Json> {
    let mut entities = vec![engine(bundle), whole(bundle), organised(bundle)];
    for step in &bundle.steps {
        entities.push(json!({
            "@id": ids::control(&step.name), "@type": "ControlAction",
            "name": format!("bring stage {} up to date", step.name),
            "description": "the program sees to a stage",
            "instrument": one(&ids::step(&step.group)), "object": one(&ids::action(&step.name)),
        }));
        entities.push(stage(bundle, step));
    }
    entities
}

fn engine(bundle: &Bundle) -> Json {
    json!({
        "@id": ids::ENGINE, "@type": "SoftwareApplication", "name": "Colophon",
        "description": "a content-addressed task runner, and the functions compiled into it",
        "softwareVersion": bundle.program, "url": ids::url(bundle),
    })
}

fn whole(bundle: &Bundle) -> Json {
    let mut given = BTreeSet::new();
    for input in bundle.steps.iter().flat_map(|step| step.stage.inputs.values().flatten()) {
        if input.maker().is_none() && bundle.files.contains_key(&input.path) {
            given.insert(ids::file(&input.path));
        }
    }
    let made: BTreeSet<String> = bundle.outputs("").into_iter().map(ids::file).collect();
    action(
        bundle,
        json!({
            "@id": ids::RUN, "@type": "CreateAction",
            "name": format!("run of the pipeline of {}", bundle.title),
            "description": "what pipeline.lock says was made",
            "instrument": one(&ids::file(ids::PIPELINE)),
            "object": many(given.into_iter().chain(values_of_pipeline(bundle))),
            "result": many(made),
        }),
    )
}

fn organised(bundle: &Bundle) -> Json {
    action(
        bundle,
        json!({
            "@id": ids::ORGANISED, "@type": "OrganizeAction", "name": "run of Colophon",
            "description": "the program brings every stage up to date",
            "instrument": one(ids::ENGINE), "result": one(ids::RUN),
            "object": many(bundle.steps.iter().map(|step| ids::control(&step.name))),
        }),
    )
}

fn stage(bundle: &Bundle, step: &Step) -> Json {
    let inputs = step.stage.inputs.values().flatten();
    let known = inputs.filter(|input| bundle.files.contains_key(&input.path));
    let given: BTreeSet<String> = known.map(|input| ids::file(&input.path)).collect();
    let made = step.stage.outputs.values().map(|output| ids::file(&output.path));
    let mut entity = json!({
        "@id": ids::action(&step.name), "@type": "CreateAction",
        "name": format!("run of stage {}", step.name), "description": about(step),
        "instrument": one(&ids::tool(step)),
        "object": many(given.into_iter().chain(values_of(step))), "result": many(made),
    });
    labelled(&mut entity, &step.stage.labels);
    // Keywords are of works; what an action was given says the rest.
    if let Some(entries) = entity.as_object_mut() {
        entries.remove("keywords");
    }
    action(bundle, entity)
}

/// An action with who is behind it, when, and that it went well: nothing else is locked.
fn action(bundle: &Bundle, mut entity: Json) -> Json {
    if let Some(author) = bundle.authors.first() {
        entity["agent"] = one(&ids::author(author));
    }
    if let Some(date) = &bundle.date {
        entity["endTime"] = json!(date);
    }
    entity["actionStatus"] = json!("http://schema.org/CompletedActionStatus");
    entity
}

fn about(step: &Step) -> String {
    match (step.about.is_empty(), &step.stage.about) {
        (false, _) => step.about.clone(),
        (true, Some(about)) => about.clone(),
        (true, None) => format!("stage {}", step.group),
    }
}
