//! Who made a study and what allows its use, from the files in which people say so.

use std::path::Path;

use answers::export::bundle::{Author, Bundle, Licence};
use engine::diagnostic::{Diagnostic, Kind};
use engine::yaml::Document;
use serde_json::Value as Json;

use crate::report::Failed;

const CITATION: &str = "CITATION.cff";

/// Files beside the pipeline that belong to an export where they are there.
pub(super) const FILES: [(&str, &str); 8] = [
    (CITATION, "how the study is cited"),
    ("README.md", "what the study is and how it is run"),
    ("LICENSE", "a licence of the study"),
    ("LICENSE.md", "a licence of the study"),
    ("LICENSE.txt", "a licence of the study"),
    ("LICENSE-MIT", "a licence of the study"),
    ("LICENSE-APACHE", "a licence of the study"),
    ("pipeline.lock", "what the pipeline produces"),
];

/// Fills in title, authors, licences, address, version and date.
pub(super) fn fill(root: &Path, bundle: &mut Bundle) -> Result<(), Failed> {
    let citation = yaml(root, CITATION)?;
    let package = package(root)?;
    let text = |from: &Json, name: &str| from[name].as_str().map(tidy).filter(|it| !it.is_empty());
    let title = text(&citation, "title").or_else(|| text(&package, "title"));
    bundle.title = title.unwrap_or_else(|| bundle.name.clone());
    let about = text(&citation, "abstract").or_else(|| text(&package, "description"));
    bundle.about = about.unwrap_or_default();
    let locked = bundle.files.get("pipeline.lock");
    let locked = locked.and_then(|lock| lock.blake3.get(..12)).unwrap_or_default();
    let version = citation["version"].as_f64().map(|version| version.to_string());
    bundle.version =
        text(&citation, "version").or(version).unwrap_or_else(|| format!("lock-{locked}"));
    bundle.date = bundle.date.take().or_else(|| text(&citation, "date-released"));
    let url = text(&citation, "repository-code").or_else(|| text(&citation, "url"));
    let url = url.or_else(|| text(&package, "homepage"));
    bundle.url = url.filter(|url| is_address(url));
    let authors = citation["authors"].as_array().into_iter().flatten().filter_map(author);
    bundle.authors = authors.collect();
    if bundle.authors.is_empty() {
        let people = package["contributors"].as_array().into_iter().flatten();
        bundle.authors = people.filter_map(contributor).collect();
    }
    bundle.licences = licences(&citation, &package);
    Ok(())
}

/// The data package that the pipeline names, if it does.
fn package(root: &Path) -> Result<Json, Failed> {
    let pipeline = yaml(root, engine::plan::pipeline::FILE)?;
    match pipeline["data"].as_str() {
        Some(path) => yaml(root, path),
        None => Ok(Json::Null),
    }
}

fn yaml(root: &Path, path: &str) -> Result<Json, Failed> {
    match std::fs::read(root.join(path)) {
        Ok(bytes) => Ok(Document::parse(path, &bytes)?.root.value()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Json::Null),
        Err(error) => {
            let problem = Diagnostic::io("read", Path::new(path), &error);
            Err(Diagnostic { kind: Kind::Usage, ..problem }.into())
        }
    }
}

/// Text without line breaks.
fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// An author of `CITATION.cff`: a person, or an entity with a name.
fn author(of: &Json) -> Option<Author> {
    let text = |name: &str| of[name].as_str().map(tidy).filter(|it| !it.is_empty());
    let parts = ["given-names", "name-particle", "family-names", "name-suffix"];
    let full: Vec<String> = parts.into_iter().filter_map(text).collect();
    let is_person = !full.is_empty();
    let name = if is_person { full.join(" ") } else { text("name")? };
    let orcid = text("orcid").map(|it| it.rsplit('/').next().unwrap_or("").to_string());
    let orcid = orcid.filter(|it| {
        it.len() == 19 && it.chars().all(|c| c.is_ascii_digit() || c == '-' || c == 'X')
    });
    let url = text("website").filter(|url| is_address(url));
    Some(Author { name, is_person, orcid, affiliation: text("affiliation"), url })
}

/// A contributor of a data package.
fn contributor(of: &Json) -> Option<Author> {
    let text = |name: &str| of[name].as_str().map(tidy).filter(|it| !it.is_empty());
    let url = text("path").filter(|url| is_address(url));
    let affiliation = text("organization");
    Some(Author { name: text("title")?, is_person: true, orcid: None, affiliation, url })
}

/// The licences that the citation names by SPDX, or else those of the data package.
fn licences(citation: &Json, package: &Json) -> Vec<Licence> {
    let named = match &citation["license"] {
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        Json::String(name) => vec![name.as_str()],
        _ => Vec::new(),
    };
    let is_plain =
        |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || "-.+".contains(c));
    let mut found: Vec<Licence> = named
        .into_iter()
        .filter(is_plain)
        .map(|name| Licence {
            id: format!("https://spdx.org/licenses/{name}"),
            name: name.into(),
            about: format!("the licence {name}, as the list of SPDX has it"),
        })
        .collect();
    if found.is_empty() {
        let all = package["licenses"].as_array().into_iter().flatten();
        let known = all.filter_map(|licence| {
            let id = licence["path"].as_str().filter(|path| is_address(path))?.to_string();
            let name = licence["name"].as_str().or(licence["title"].as_str())?.to_string();
            let about = licence["title"].as_str().unwrap_or(&name).to_string();
            Some(Licence { id, name, about })
        });
        found = known.collect();
    }
    if found.is_empty() {
        found.push(Licence {
            id: "#licence/none".into(),
            name: "no licence stated".into(),
            about: "the study states no licence, so nothing allows its use".into(),
        });
    }
    found
}
