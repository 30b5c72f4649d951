//! A Workflow Run RO-Crate: the pipeline, its stages and their run with every file.
//!
//! It holds to RO-Crate 1.1, Workflow RO-Crate 1.0, and Process, Workflow and Provenance
//! Run Crate 0.5. Results bear no times, so the time of each action is the date of the
//! edition.

mod actions;
mod ids;
mod labels;
mod parameters;
mod things;

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::bundle::{Bundle, Content, Contents};
use super::{harmless, sha256};
use ids::{README, file, many, one};
use parameters::Parameters;

/// The name of the description of a crate.
pub const METADATA: &str = "ro-crate-metadata.json";

const CONTEXTS: [&str; 2] =
    ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"];

/// The profiles that a crate holds to: address, name, version.
const PROFILES: [(&str, &str, &str); 4] = [
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/provenance/0.5", "Provenance Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
];

const RO_CRATE: &str = "https://w3id.org/ro/crate/1.1";
const WORKFLOW_RO_CRATE: &str = PROFILES[3].0;
const BIOSCHEMAS: &str = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE";

/// The files of a crate: all of the study's, their description, and where the study has
/// nothing for readers, a page for them.
pub fn contents(bundle: &Bundle) -> Contents {
    let copies = bundle.files.keys().map(|path| (path.clone(), Content::Copy(path.clone())));
    let mut contents: Contents = copies.collect();
    contents.insert(METADATA.into(), Content::Text(harmless::json(&metadata(bundle))));
    if !bundle.files.contains_key(README) {
        contents.insert(README.into(), Content::Text(readme(bundle)));
    }
    contents
}

/// The description of a crate.
pub fn metadata(bundle: &Bundle) -> Json {
    let parameters = Parameters::of(bundle);
    let mut graph = vec![descriptor(), root(bundle)];
    graph.extend(things::profiles(&PROFILES, BIOSCHEMAS));
    graph.push(workflow(bundle, &parameters));
    graph.push(json!({
        "@id": ids::LANGUAGE, "@type": "ComputerLanguage", "name": "Colophon pipeline",
        "description": "stages with their inputs and outputs, declared in YAML",
        "url": one("https://yaml.org/"), "version": "1",
    }));
    graph.push(json!({
        "@id": "https://yaml.org/", "@type": "WebSite", "name": "YAML",
    }));
    graph.extend(things::tools(bundle, &parameters));
    graph.extend(things::files(bundle, &parameters));
    graph.push(page(bundle, &parameters));
    graph.extend(things::media(bundle));
    graph.extend(things::authors(bundle));
    graph.extend(things::licences(bundle));
    graph.extend(parameters.entities(bundle));
    graph.extend(actions::steps(bundle));
    graph.extend(actions::run(bundle));
    let graph: Vec<Json> = graph.into_iter().map(ids::compact).collect();
    json!({ "@context": CONTEXTS, "@graph": graph })
}

/// A page for readers, of a study that has none.
fn readme(bundle: &Bundle) -> String {
    let title = harmless::markdown(&bundle.title);
    format!(
        "# {title}\n\n{}\n\n\
         `{METADATA}` says what made which file of what.\n\
         `colophon run` makes the results again, and `pipeline.lock` holds their digests.\n",
        harmless::markdown(&about(bundle))
    )
}

/// The page for readers as an entity, whether the study wrote it or the export.
fn page(bundle: &Bundle, parameters: &Parameters) -> Json {
    let mut page = if bundle.files.contains_key(README) {
        things::file_entity(bundle, README, parameters)
    } else {
        let text = readme(bundle);
        json!({
            "@id": README, "@type": "File", "name": README,
            "contentSize": text.len().to_string(), "sha256": sha256::of(text.as_bytes()),
        })
    };
    let more = json!({
        "about": one("./"), "encodingFormat": "text/markdown",
        "description": "what the study is, for readers",
    });
    ids::merge(&mut page, more);
    page
}

fn descriptor() -> Json {
    json!({
        "@id": METADATA, "@type": "CreativeWork", "about": one("./"),
        "conformsTo": [one(RO_CRATE), one(WORKFLOW_RO_CRATE)],
    })
}

fn root(bundle: &Bundle) -> Json {
    let files: BTreeSet<&str> = bundle.files.keys().map(String::as_str).chain([README]).collect();
    let files = many(files.into_iter().map(file));
    let mut root = json!({
        "@id": "./", "@type": "Dataset", "name": bundle.title, "description": about(bundle),
        "datePublished": bundle.date, "version": bundle.version, "hasPart": files,
        "mainEntity": one(&file(ids::PIPELINE)),
        "conformsTo": many(PROFILES.iter().map(|(address, ..)| address.to_string())),
        "mentions": many(actions::ids(bundle)),
        "license": many(bundle.licences.iter().map(|licence| licence.id.clone())),
    });
    if !bundle.authors.is_empty() {
        root["author"] = many(bundle.authors.iter().map(ids::author));
        root["publisher"] = one(&ids::organisation(bundle));
    }
    if let Some(url) = &bundle.url {
        root["url"] = json!(url);
    }
    root
}

/// What the study is about, and what of it is made up.
fn about(bundle: &Bundle) -> String {
    let about = if bundle.about.is_empty() { &bundle.title } else { &bundle.about };
    let synthetic = bundle.synthetic(bundle.files.keys().map(String::as_str));
    match synthetic {
        0 => about.clone(),
        1 => format!("{about} (1 file is synthetic: its keyword is `synthetic`.)"),
        n => format!("{about} ({n} files are synthetic: their keyword is `synthetic`.)"),
    }
}

fn workflow(bundle: &Bundle, parameters: &Parameters) -> Json {
    let groups: BTreeSet<&str> = bundle.steps.iter().map(|step| step.group.as_str()).collect();
    let tools: BTreeSet<String> = bundle.steps.iter().map(ids::tool).collect();
    let mut workflow = things::file_entity(bundle, ids::PIPELINE, parameters);
    let more = json!({
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": format!("the pipeline of {}", bundle.title),
        "programmingLanguage": one(ids::LANGUAGE), "conformsTo": one(BIOSCHEMAS),
        "version": bundle.version, "url": ids::url(bundle),
        "step": many(groups.into_iter().map(ids::step)),
        "hasPart": many(tools),
        "input": many(parameters.given()), "output": many(parameters.made()),
        "connection": many(parameters.ends(bundle)),
    });
    ids::merge(&mut workflow, more);
    if !bundle.authors.is_empty() {
        workflow["author"] = many(bundle.authors.iter().map(ids::author));
    }
    workflow["license"] = many(bundle.licences.iter().map(|licence| licence.id.clone()));
    workflow
}
