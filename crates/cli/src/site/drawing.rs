//! The graph of an edition as boxes and arrows with places, for the page to draw.

use std::collections::{BTreeMap, BTreeSet};

use answers::ledger::Ledger;
use serde_json::{Value as Json, json};

use crate::layout::{HEIGHT, layout};
use crate::text::width;

/// More boxes than this nobody can read.
const MOST: usize = 600;

/// Longer names are cut in their box; the whole one is its name for screen readers.
const LONGEST: usize = 30;

/// The drawing with the cells of a matrix as one box, and the one with each by itself
/// where that is another.
pub(super) fn drawings(ledger: &Ledger) -> Vec<Json> {
    let folded = draw(ledger, false);
    let has_cells = ledger.stages.keys().any(|name| group(name) != name);
    let all = has_cells.then(|| draw(ledger, true)).flatten();
    folded.into_iter().chain(all).collect()
}

/// The stage of `pipeline.yaml` that a cell of a matrix is of.
pub(super) fn group(name: &str) -> &str {
    name.split_once('@').map_or(name, |(group, _)| group)
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
enum What<'a> {
    Source(&'a str),
    Stage(&'a str),
}

fn draw(ledger: &Ledger, cells: bool) -> Option<Json> {
    let named = |name| if cells { name } else { group(name) };
    let mut boxes: BTreeMap<What, BTreeSet<&str>> = BTreeMap::new();
    let mut arrows: BTreeSet<(What, What)> = BTreeSet::new();
    for (name, stage) in &ledger.stages {
        let this = What::Stage(named(name));
        boxes.entry(this.clone()).or_default().insert(name);
        for input in stage.inputs.values().flatten() {
            let from = match (input.source(), input.maker()) {
                (Some(source), _) => {
                    boxes.entry(What::Source(source)).or_default();
                    What::Source(source)
                }
                (None, Some(maker)) if ledger.stages.contains_key(maker) => {
                    What::Stage(named(maker))
                }
                _ => continue,
            };
            arrows.insert((from, this.clone()));
        }
    }
    if boxes.is_empty() || boxes.len() > MOST {
        return None;
    }
    let label = |(what, stages): (&What, &BTreeSet<&str>)| match (what, stages.len()) {
        (What::Source(name), _) => short(name, ""),
        (What::Stage(name), n) if n > 1 => short(name, &format!(" ×{n}")),
        (What::Stage(name), _) => short(name, ""),
    };
    let labels: Vec<String> = boxes.iter().map(label).collect();
    // Letters of 13 pixels, the widest fonts in mind.
    let widths: Vec<f64> = labels.iter().map(|it| width(it) as f64 * 7.6 + 30.0).collect();
    let index: BTreeMap<&What, usize> = boxes.keys().enumerate().map(|(i, it)| (it, i)).collect();
    let pairs: Vec<_> = arrows.iter().map(|(from, to)| (index[from], index[to])).collect();
    let found = layout(&widths, &pairs);
    let drawn = boxes.iter().zip(labels).zip(&found.boxes);
    let drawn = drawn.map(|(((what, stages), label), (x, y, wide))| {
        let (kind, name) = match what {
            What::Source(name) => ("source", name),
            What::Stage(name) => ("stage", name),
        };
        json!({ "kind": kind, "name": name, "label": label, "stages": stages,
                "at": [x, y, wide, HEIGHT] })
    });
    Some(json!({
        "cells": cells, "width": found.width, "height": found.height,
        "boxes": drawn.collect::<Vec<_>>(), "arrows": found.arrows,
    }))
}

fn short(name: &str, after: &str) -> String {
    let name = engine::plain::plain(name);
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…{after}", &name[..end]),
        None => format!("{name}{after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_as_one_box_and_each_by_itself() {
        let ledger: Ledger = serde_json::from_value(json!({ "stages": {
            "read@a": { "inputs": { "t": [{ "path": "a", "digest": "", "from": "raw:a" }] } },
            "read@b": {},
            "end": { "inputs": { "t": [
                { "path": "b", "digest": "", "from": "read@a.t" },
                { "path": "c", "digest": "", "from": "nobody.t" } ] } },
        } }))
        .unwrap();
        let drawings = drawings(&ledger);
        let labels = |at: usize| -> Vec<&str> {
            let boxes = drawings[at]["boxes"].as_array().unwrap();
            boxes.iter().map(|it| it["label"].as_str().unwrap()).collect()
        };
        assert_eq!(labels(0), ["a", "end", "read ×2"]);
        assert_eq!(labels(1), ["a", "end", "read@a", "read@b"]);
        assert_eq!(drawings[0]["arrows"].as_array().unwrap().len(), 2);
    }
}
