//! What a page knows, as plain data: lists in a fixed order, and no name as a key.

use std::collections::{BTreeMap, BTreeSet};

use answers::diverged::File;
use answers::ledger::{Ledger, Stage, Value};
use answers::places::{Figure, Places};
use answers::printed::printed;
use answers::web::Web;
use engine::project::Project;
use serde_json::{Value as Json, json};

use super::{claims, drawing, tables};
use crate::edition::Edition;

/// So many bytes of tables a page holds; what is left out is said.
const TABLES: usize = 4 << 20;

/// Everything.
pub(super) fn data(
    project: &Project,
    edition: &Edition,
    places: &Places,
    seconds: &BTreeMap<String, f64>,
) -> Json {
    let ledger = &edition.ledger;
    let values = ledger.values.iter().map(|(name, it)| value(name, it, places));
    let stages = ledger.stages.iter().map(|(name, it)| {
        let mut stage = stage(name, it);
        let declared = project.plan.stages.iter().filter(|_| edition.is_here);
        let desc = declared.filter(|it| it.name == *name).map(|it| it.desc.as_str()).next();
        stage["desc"] = desc.filter(|it| !it.is_empty()).into();
        stage["seconds"] = seconds.get(name).copied().into();
        stage
    });
    json!({
        "name": project.plan.name,
        "commit": edition.commit,
        "pages": places.pages,
        "values": values.collect::<Vec<_>>(),
        "stages": stages.collect::<Vec<_>>(),
        "sources": sources(ledger),
        "words": places.claims,
        "claims": claims::claims(project, edition),
        "figures": places.figures.iter().map(|it| figure(ledger, it)).collect::<Vec<_>>(),
        "files": files(project, edition, places),
        "drawings": drawing::drawings(ledger),
        "timed": !seconds.is_empty(),
    })
}

fn value(name: &str, value: &Value, places: &Places) -> Json {
    let mut json = json!({
        "name": name, "printed": printed(value), "exact": value.full(), "unit": value.unit,
        "about": value.about, "stage": value.stage, "labels": value.labels,
        "isText": value.text.is_some(), "rows": value.rows,
        "pages": places.pages_of(name),
        "sentences": places.values.get(name).map_or(&[][..], |it| &it.sentences),
    });
    if let (Some(low), Some(high)) = (value.low, value.high) {
        json["interval"] = json!([low, high]);
    }
    json
}

fn stage(name: &str, stage: &Stage) -> Json {
    let inputs = stage.inputs.iter().flat_map(|(role, list)| {
        list.iter().filter(|it| !it.is_lineage()).map(move |it| {
            json!({ "role": role, "path": it.path, "digest": it.digest,
                    "stage": it.maker(), "source": it.source() })
        })
    });
    let outputs = stage.outputs.iter().map(|(name, it)| {
        json!({ "name": name, "path": it.path, "digest": it.digest, "size": it.size,
                "rows": it.rows })
    });
    // Names of parameters are data as well.
    let params = stage.params.as_object().into_iter().flatten();
    let params = params.map(|(name, it)| json!([name, it.to_string()]));
    json!({
        "name": name, "group": drawing::group(name), "action": stage.action(),
        "code": stage.code, "command": stage.cmd, "about": stage.about,
        "params": params.collect::<Vec<_>>(), "labels": stage.labels,
        "declassified": stage.declassified,
        "inputs": inputs.collect::<Vec<_>>(), "outputs": outputs.collect::<Vec<_>>(),
    })
}

/// The raw files as the data package describes them, and those that it does not.
fn sources(ledger: &Ledger) -> Vec<Json> {
    let named = |list: &Json| -> Vec<Json> {
        let all = list.as_array().into_iter().flatten();
        all.map(|it| {
            json!({ "title": it["title"].as_str().or(it["name"].as_str()),
                             "path": it["path"].as_str() })
        })
        .collect()
    };
    let mut read: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for input in ledger.stages.values().flat_map(|stage| stage.inputs.values().flatten()) {
        if let Some(source) = input.source() {
            read.insert(source, (&input.path, &input.digest));
        }
    }
    let described: BTreeSet<&str> = ledger.sources.keys().map(String::as_str).collect();
    let names = described.iter().chain(read.keys().filter(|it| !described.contains(*it)));
    let source = |name: &&str| {
        let told = ledger.sources.get(*name).unwrap_or(&Json::Null);
        let (path, digest) = read.get(name).copied().unzip();
        json!({
            "name": name, "title": told["title"].as_str(),
            "description": told["description"].as_str(),
            "path": told["path"].as_str().or(path), "digest": told["digest"].as_str().or(digest),
            "size": told["size"].as_u64(), "labels": told["labels"].as_array(),
            "licences": named(&told["licenses"]), "origins": named(&told["sources"]),
        })
    };
    names.map(source).collect()
}

/// A figure with the stages that made what it is drawn from, and their labels.
fn figure(ledger: &Ledger, figure: &Figure) -> Json {
    let web = Web::new(ledger);
    let paths = figure.data.iter().map(|it| it.trim_start_matches('/'));
    let stages: BTreeSet<&str> = paths.clone().filter_map(|path| web.maker(path)).collect();
    let labels = stages.iter().filter_map(|it| ledger.stages.get(*it)).flat_map(|it| &it.labels);
    json!({
        "kind": figure.kind, "number": figure.number, "caption": figure.caption,
        "page": figure.page, "data": paths.collect::<Vec<_>>(), "stages": stages,
        "labels": labels.collect::<BTreeSet<_>>(),
    })
}

/// The files behind figures; a file that is not shown says why.
fn files(project: &Project, edition: &Edition, places: &Places) -> Vec<Json> {
    let all = places.figures.iter().flat_map(|it| &it.data);
    let paths: BTreeSet<&str> = all.map(|path| path.trim_start_matches('/')).collect();
    let outputs = edition.ledger.stages.values().flat_map(|it| it.outputs.values());
    let outputs: BTreeMap<&str, _> = outputs.map(|it| (it.path.as_str(), it)).collect();
    let mut left = TABLES;
    let file = |path: &str| {
        let absent = |why: &str| json!({ "path": path, "absent": why });
        let Some(output) = outputs.get(path) else { return absent("no stage makes it") };
        if output.size > tables::LARGEST {
            return absent("it is larger than this page can hold");
        }
        let file = File { path: path.into(), digest: output.digest.clone() };
        let Some(bytes) = edition.content(Some(project), &file) else {
            return absent("it is not there any more as it was");
        };
        let Some(mut shown) = tables::tables(path, &bytes) else {
            return absent("it is neither JSON nor comma-separated values");
        };
        let size = shown.to_string().len();
        if size > left {
            return absent("the tables before it fill what this page can hold");
        }
        left -= size;
        shown["path"] = path.into();
        shown["size"] = output.size.into();
        shown
    };
    paths.into_iter().map(file).collect()
}
