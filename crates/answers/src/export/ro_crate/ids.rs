//! What the entities of a crate are called.

use serde_json::{Value as Json, json};

use crate::export::bundle::{Author, Bundle, Step};
use crate::export::harmless::address;

/// What a reader finds first.
pub(super) const README: &str = "README.md";

/// The pipeline.
pub(super) const PIPELINE: &str = "pipeline.yaml";
/// The language of the pipeline.
pub(super) const LANGUAGE: &str = "#language";
/// The program.
pub(super) const ENGINE: &str = "#colophon";
/// The run.
pub(super) const RUN: &str = "#run";
/// What the program did during the run.
pub(super) const ORGANISED: &str = "#organised";

/// A reference.
pub(super) fn one(id: &str) -> Json {
    json!({ "@id": id })
}

/// References.
pub(super) fn many(ids: impl IntoIterator<Item = String>) -> Json {
    ids.into_iter().map(|id| one(&id)).collect()
}

/// Adds entries to an entity, or replaces those that it has.
pub(super) fn merge(entity: &mut Json, more: Json) {
    if let (Json::Object(entity), Json::Object(more)) = (entity, more) {
        entity.extend(more);
    }
}

/// An entity without lists of one, as RO-Crate wants it, and without empty ones.
pub(super) fn compact(entity: Json) -> Json {
    let Json::Object(entries) = entity else { return entity };
    let kept = entries.into_iter().filter_map(|(name, value)| match value {
        Json::Array(mut items) if items.len() < 2 => Some((name, items.pop()?)),
        value => Some((name, value)),
    });
    Json::Object(kept.collect())
}

pub(super) fn file(path: &str) -> String {
    address(path)
}

/// The program of a stage: the file of its function where the crate has it.
pub(super) fn tool(step: &Step) -> String {
    match (&step.stage.code, &step.code) {
        (Some(path), Some(_)) => file(path),
        _ => format!("#program/{}", address(step.tool())),
    }
}

pub(super) fn step(group: &str) -> String {
    format!("#step/{}", address(group))
}

pub(super) fn action(stage: &str) -> String {
    format!("#action/{}", address(stage))
}

pub(super) fn control(stage: &str) -> String {
    format!("#control/{}", address(stage))
}

pub(super) fn author(author: &Author) -> String {
    match (&author.orcid, &author.url) {
        (Some(orcid), _) => format!("https://orcid.org/{}", address(orcid)),
        (None, Some(url)) => url.clone(),
        (None, None) => format!("#author/{}", address(&author.name)),
    }
}

/// A licence that has no address.
pub(super) fn licence(title: &str) -> String {
    format!("#licence/{}", address(title))
}

/// The organisation of a name.
pub(super) fn affiliation(name: &str) -> String {
    format!("#organisation/{}", address(name))
}

/// Who publishes: the first organisation among the authors, or that of the first
/// person who has one, or else all of them together.
pub(super) fn organisation(bundle: &Bundle) -> String {
    let made = bundle.authors.iter().find(|it| !it.is_person).map(author);
    let of = bundle.authors.iter().find_map(|it| it.affiliation.as_deref()).map(affiliation);
    made.or(of).unwrap_or_else(|| affiliation(AUTHORS))
}

/// All authors together, where none of them has an organisation.
pub(super) const AUTHORS: &str = "authors";

/// Where the study is to be had: a place of the crate where there is no address.
pub(super) fn url(bundle: &Bundle) -> Json {
    match &bundle.url {
        Some(url) => json!(url),
        None => json!(PIPELINE),
    }
}
