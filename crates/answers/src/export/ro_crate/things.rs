//! Files, programs, people and licences as entities of a crate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::ids::{self, many, one};
use super::labels::labelled;
use super::parameters::Parameters;
use crate::export::bundle::{Bundle, Step};
use crate::export::media;

/// The profiles that the crate and its workflow hold to.
pub(super) fn profiles(all: &[(&str, &str, &str)], bioschemas: &str) -> Vec<Json> {
    let profile = |address: &str, name: &str, version: &str| {
        json!({
            "@id": address, "@type": "CreativeWork", "name": name, "version": version,
            "description": format!("the profile {name}, version {version}"),
        })
    };
    let mut found: Vec<_> = all.iter().map(|(at, name, of)| profile(at, name, of)).collect();
    found.push(profile(bioschemas, "Bioschemas ComputationalWorkflow", "1.0-RELEASE"));
    found
}

/// Every file but the pipeline, the page for readers and the files of programs, which say
/// more.
pub(super) fn files(bundle: &Bundle, parameters: &Parameters) -> Vec<Json> {
    let programs: BTreeSet<String> = bundle.steps.iter().map(ids::tool).collect();
    let is_other = |path: &&String| {
        ![ids::PIPELINE, ids::README].contains(&path.as_str())
            && !programs.contains(&ids::file(path))
    };
    let others = bundle.files.keys().filter(is_other);
    others.map(|path| file_entity(bundle, path, parameters)).collect()
}

/// A file with its size, its digests and where it comes from.
pub(super) fn file_entity(bundle: &Bundle, path: &str, parameters: &Parameters) -> Json {
    let file = bundle.files.get(path).cloned().unwrap_or_default();
    let (media, pronom) = media::of(path);
    let encoding = match pronom {
        Some(pronom) => json!([media, one(&address(pronom))]),
        None => json!(media),
    };
    let mut entity = json!({
        "@id": ids::file(path), "@type": "File", "name": path, "description": file.about,
        "contentSize": file.size.to_string(), "sha256": file.sha256,
        "identifier": format!("blake3:{}", file.blake3), "encodingFormat": encoding,
    });
    let stood_for = parameters.of_file(path);
    if !stood_for.is_empty() {
        entity["exampleOfWork"] = many(stood_for);
    }
    if let Some(source) = bundle.sources.values().find(|it| it["path"] == path) {
        let licences = of_source(source);
        if !licences.is_empty() {
            entity["license"] = many(licences.into_keys());
        }
        let origins = source["sources"].as_array().into_iter().flatten();
        let urls: Vec<_> = origins.filter_map(|origin| origin["path"].as_str()).collect();
        if !urls.is_empty() {
            entity["isBasedOn"] = json!(urls);
        }
    }
    labelled(&mut entity, &file.labels);
    entity
}

/// The programs of the stages: functions by their files, and commands.
pub(super) fn tools(bundle: &Bundle, parameters: &Parameters) -> Vec<Json> {
    let mut entities = BTreeMap::new();
    for step in &bundle.steps {
        let id = ids::tool(step);
        entities.entry(id).or_insert_with(|| tool(bundle, step, parameters));
    }
    entities.into_values().collect()
}

fn tool(bundle: &Bundle, step: &Step, parameters: &Parameters) -> Json {
    let about = step.stage.about.as_deref().unwrap_or(&step.about);
    let about = if about.is_empty() { "the program of a stage" } else { about };
    let mut entity = match (&step.stage.code, &step.code) {
        (Some(path), Some(_)) => file_entity(bundle, path, parameters),
        _ => json!({ "@id": ids::tool(step) }),
    };
    let is_file = entity["@type"] == "File";
    let kinds =
        if is_file { json!(["File", "SoftwareSourceCode"]) } else { json!("SoftwareSourceCode") };
    let kind = if step.stage.uses.is_some() { "function" } else { "command of stage" };
    let more = json!({
        "@type": kinds, "name": format!("{kind} {}", step.tool()), "description": about,
        "version": bundle.version, "url": ids::url(bundle),
        "input": many(parameters.taken(step)), "output": many(parameters.made_by(step)),
    });
    ids::merge(&mut entity, more);
    if let Some(command) = &step.stage.cmd {
        entity["text"] = json!(command.join(" "));
    }
    entity
}

/// The kinds of content that files name by an address of PRONOM.
pub(super) fn media(bundle: &Bundle) -> Vec<Json> {
    let known = bundle.files.keys().map(|path| media::of(path));
    let known: BTreeMap<_, _> = known.filter_map(|(media, id)| Some((id?, media))).collect();
    let entity = |(id, media): (&str, &str)| {
        json!({
            "@id": address(id), "@type": "WebSite", "name": media,
            "description": format!("{media} in the registry of formats PRONOM"),
        })
    };
    known.into_iter().map(entity).collect()
}

fn address(pronom: &str) -> String {
    format!("https://www.nationalarchives.gov.uk/PRONOM/{pronom}")
}

/// The authors and their organisations.
pub(super) fn authors(bundle: &Bundle) -> Vec<Json> {
    let mut entities: BTreeMap<String, Json> = BTreeMap::new();
    let organisation = |id: &str, name: &str, url: &Option<String>| {
        let url = url.as_ref().or(bundle.url.as_ref());
        json!({
            "@id": id, "@type": "Organization", "name": name, "description": name,
            "url": url.map_or_else(|| json!(ids::PIPELINE), |url| json!(url)),
        })
    };
    for author in &bundle.authors {
        let id = ids::author(author);
        let entity = match author.is_person {
            false => organisation(&id, &author.name, &author.url),
            true => {
                let of = author.affiliation.as_deref().map(ids::affiliation);
                let of = of.unwrap_or_else(|| ids::organisation(bundle));
                json!({
                    "@id": id, "@type": "Person", "name": author.name,
                    "description": author.name, "affiliation": one(&of),
                })
            }
        };
        entities.insert(id, entity);
        if let Some(name) = &author.affiliation {
            let id = ids::affiliation(name);
            entities.insert(id.clone(), organisation(&id, name, &None));
        }
    }
    let id = ids::affiliation(ids::AUTHORS);
    if !bundle.authors.is_empty() && ids::organisation(bundle) == id {
        let name = format!("the authors of {}", bundle.title);
        entities.insert(id.clone(), organisation(&id, &name, &None));
    }
    entities.into_values().collect()
}

/// The licences of the study and of its sources.
pub(super) fn licences(bundle: &Bundle) -> Vec<Json> {
    let mut found: BTreeMap<String, (String, String)> = BTreeMap::new();
    for source in bundle.sources.values() {
        found.extend(of_source(source));
    }
    for licence in &bundle.licences {
        found.insert(licence.id.clone(), (licence.name.clone(), licence.about.clone()));
    }
    let entities = found.into_iter().map(|(id, (name, about))| {
        json!({ "@id": id, "@type": "CreativeWork", "name": name, "description": about })
    });
    entities.collect()
}

/// The licences of a source, by id: name and description.
fn of_source(source: &Json) -> BTreeMap<String, (String, String)> {
    let all = source["licenses"].as_array().into_iter().flatten();
    let known = all.filter_map(|licence| {
        let name = licence["name"].as_str().or(licence["title"].as_str())?;
        let title = licence["title"].as_str().unwrap_or(name);
        let at = licence["path"].as_str().filter(|path| path.starts_with("http"));
        let id = at.map_or_else(|| ids::licence(title), String::from);
        Some((id, (name.to_string(), title.to_string())))
    });
    known.collect()
}
