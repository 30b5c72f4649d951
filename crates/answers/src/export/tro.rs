//! A Transparent Research Object: a declaration in the vocabulary TROV, version 0.1 (draft).
//!
//! It tells which files there were before the run and which after it. No trusted system
//! has watched the run, so it claims no capability and no attribute.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::bundle::Bundle;
use super::{media, sha256};

/// The declaration; `key` is the public key of whoever signs.
pub fn declaration(bundle: &Bundle, key: Option<&str>) -> Json {
    let artifacts = artifacts(bundle);
    let made: BTreeSet<&str> = bundle.outputs("").into_iter().collect();
    let before: Vec<&str> = paths(bundle).filter(|path| !made.contains(path)).collect();
    let after: Vec<&str> = paths(bundle).collect();
    let all: String = artifacts.keys().map(|hash| hash.as_str()).collect();
    let list: Vec<Json> = artifacts
        .iter()
        .map(|(hash, (id, path))| {
            json!({
                "@id": id, "@type": "trov:ResearchArtifact", "trov:hash": self::hash(hash),
                "trov:mimeType": media::of(path).0,
            })
        })
        .collect();
    let mut tro = json!({
        "@id": "tro",
        "@type": ["trov:TransparentResearchObject", "schema:CreativeWork"],
        "trov:vocabularyVersion": "0.1",
        "schema:name": bundle.title,
        "schema:description": about(bundle),
        "trov:createdWith": {
            "@type": "schema:SoftwareApplication",
            "schema:name": "Colophon",
            "schema:softwareVersion": bundle.program,
        },
        "trov:wasAssembledBy": assembler(bundle, key),
        "trov:hasComposition": {
            "@id": "composition/1",
            "@type": "trov:ArtifactComposition",
            "trov:hasFingerprint": {
                "@id": "fingerprint",
                "@type": "trov:CompositionFingerprint",
                "trov:hash": hash(&sha256::of(all.as_bytes())),
            },
            "trov:hasArtifact": list,
        },
        "trov:hasArrangement": [
            arrangement(bundle, 0, "the files before the run", &before, &artifacts),
            arrangement(bundle, 1, "the files after the run", &after, &artifacts),
        ],
        "trov:hasPerformance": [{
            "@id": "trp/0",
            "@type": "trov:TrustedResearchPerformance",
            "rdfs:comment": "a run of the pipeline that nobody but its authors has watched",
            "trov:wasConductedBy": { "@id": "trs" },
            "trov:accessedArrangement": binding(0),
            "trov:contributedToArrangement": binding(1),
        }],
    });
    if let Some(date) = &bundle.date {
        tro["schema:dateCreated"] = json!(date);
    }
    json!({
        "@context": [{
            "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
            "trov": "https://w3id.org/trace/trov/0.1#",
            "schema": "https://schema.org/",
        }],
        "@graph": [tro],
    })
}

fn about(bundle: &Bundle) -> String {
    let about = if bundle.about.is_empty() { &bundle.title } else { &bundle.about };
    match bundle.synthetic(paths(bundle)) {
        0 => about.clone(),
        n => format!("{about} (synthetic files: {n})"),
    }
}

fn assembler(bundle: &Bundle, key: Option<&str>) -> Json {
    let mut trs = json!({
        "@id": "trs",
        "@type": ["trov:TrustedResearchSystem", "schema:SoftwareApplication"],
        "schema:name": format!("Colophon {}", bundle.program),
        "schema:description": "The authors' own run: the digests can be checked, and no \
                               independent system vouches for how the files were made.",
    });
    if let Some(key) = key {
        trs["trov:publicKey"] = json!(key);
    }
    trs
}

/// That the run saw an arrangement as it lies in the project.
fn binding(arrangement: usize) -> Json {
    json!({
        "@id": format!("trp/0/binding/{arrangement}"), "@type": "trov:ArrangementBinding",
        "trov:arrangement": { "@id": format!("arrangement/{arrangement}") },
    })
}

fn paths(bundle: &Bundle) -> impl Iterator<Item = &str> {
    bundle.files.keys().map(String::as_str)
}

fn hash(value: &str) -> Json {
    json!({ "trov:hashAlgorithm": "sha256", "trov:hashValue": value })
}

/// The different contents by their digests: id and one of the paths.
fn artifacts(bundle: &Bundle) -> BTreeMap<String, (String, &str)> {
    let mut found: BTreeMap<String, (String, &str)> = BTreeMap::new();
    for (path, file) in &bundle.files {
        found.entry(file.sha256.clone()).or_insert((String::new(), path));
    }
    for (number, (id, _)) in found.values_mut().enumerate() {
        *id = format!("composition/1/artifact/{number}");
    }
    found
}

fn arrangement(
    bundle: &Bundle,
    number: usize,
    comment: &str,
    paths: &[&str],
    artifacts: &BTreeMap<String, (String, &str)>,
) -> Json {
    let id = format!("arrangement/{number}");
    let location = |(n, path): (usize, &&str)| {
        let (artifact, _) = &artifacts[&bundle.files[*path].sha256];
        json!({
            "@id": format!("{id}/location/{n}"), "@type": "trov:ArtifactLocation",
            "trov:artifact": { "@id": artifact }, "trov:path": path,
        })
    };
    let locations: Vec<Json> = paths.iter().enumerate().map(location).collect();
    json!({
        "@id": id, "@type": "trov:ArtifactArrangement", "rdfs:comment": comment,
        "trov:hasArtifactLocation": locations,
    })
}
