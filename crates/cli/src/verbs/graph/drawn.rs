//! What a graph shows: stages, and what each takes from which.

use std::collections::{BTreeMap, BTreeSet};

use engine::plan::{Origin, Plan};
use serde::Serialize;

/// The stages in the order of the plan.
#[derive(Debug, Default, Serialize)]
pub(super) struct Graph {
    pub(super) stages: Vec<Drawn>,
}

/// A stage, or all cells of one.
#[derive(Debug, Default, Serialize)]
pub(super) struct Drawn {
    pub(super) name: String,
    pub(super) does: String,
    pub(super) cells: usize,
    pub(super) from: BTreeSet<String>,
    pub(super) sources: BTreeSet<String>,
}

impl Graph {
    /// The graph of some stages, each cell by itself or not.
    pub(super) fn new(plan: &Plan, stages: &[usize], cells: bool) -> Self {
        let name = |index: usize| {
            let stage = &plan.stages[index];
            if cells { stage.name.clone() } else { stage.group.clone() }
        };
        let mut graph = Graph::default();
        let mut position: BTreeMap<String, usize> = BTreeMap::new();
        for index in stages {
            let stage = &plan.stages[*index];
            let at = *position.entry(name(*index)).or_insert_with(|| {
                let does = stage.does().to_string();
                graph.stages.push(Drawn { name: name(*index), does, ..Drawn::default() });
                graph.stages.len() - 1
            });
            let drawn = &mut graph.stages[at];
            drawn.cells += 1;
            for input in stage.inputs.values().flatten() {
                match &input.from {
                    Origin::Stage(other, _) => drop(drawn.from.insert(name(*other))),
                    Origin::Source(source) => drop(drawn.sources.insert(source.clone())),
                    Origin::File | Origin::Lineage => {}
                }
            }
        }
        graph
    }
}

impl Drawn {
    /// Its name, and of how many cells it is.
    pub(super) fn label(&self) -> String {
        match self.cells {
            1 => self.name.clone(),
            n => format!("{} ×{n}", self.name),
        }
    }
}
