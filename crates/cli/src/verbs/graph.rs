//! `colophon graph`: the graph of stages as text, Mermaid, DOT or SVG.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use engine::plan::{Origin, Plan};
use serde::Serialize;

use crate::Study;
use crate::args::{self, Arguments, Format};
use crate::report::{Failed, print, print_json};
use crate::text::{Text, padded, width};
use crate::verbs::{look, select};

mod svg;

/// Stages and what each takes from which, in the order of the plan.
#[derive(Debug, Default, Serialize)]
struct Graph {
    stages: Vec<Drawn>,
}

#[derive(Debug, Default, Serialize)]
struct Drawn {
    name: String,
    does: String,
    cells: usize,
    from: BTreeSet<String>,
    sources: BTreeSet<String>,
}

pub(crate) fn graph(
    study: &Study,
    arguments: &Arguments,
    verb: &args::Graph,
) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    let stages = select(&project.plan, &verb.targets.stages)?;
    let graph = Graph::new(&project.plan, &stages, verb.cells);
    if arguments.json {
        return print_json(&graph);
    }
    print(match verb.format {
        Format::Text => graph.text(),
        Format::Mermaid => Text::file(&graph.mermaid()),
        Format::Dot => Text::file(&graph.dot()),
        Format::Svg => Text::file(&svg::draw(&graph)),
    })
}

impl Graph {
    fn new(plan: &Plan, stages: &[usize], cells: bool) -> Self {
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

    fn text(&self) -> Text {
        let mut text = Text::default();
        let columns = self.stages.iter().map(|drawn| width(&drawn.label())).max().unwrap_or(0);
        for drawn in &self.stages {
            let mut from: Vec<String> = drawn.from.iter().cloned().collect();
            from.extend(drawn.sources.iter().map(|source| format!("raw:{source}")));
            let arrow = if from.is_empty() { "" } else { "<-" };
            let label = padded(&drawn.label(), columns);
            text.line(format!("{label}  {arrow} {}", from.join(", ")).trim_end());
        }
        text
    }

    fn mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        let id = |name: &str| name.replace(|c: char| !c.is_alphanumeric(), "_");
        for drawn in &self.stages {
            let _ = writeln!(text, "  {}[\"{}\"]", id(&drawn.name), drawn.label());
        }
        for drawn in &self.stages {
            for from in &drawn.from {
                let _ = writeln!(text, "  {} --> {}", id(from), id(&drawn.name));
            }
        }
        text
    }

    fn dot(&self) -> String {
        let mut text = String::from("digraph pipeline {\n  rankdir=LR;\n  node [shape=box];\n");
        for drawn in &self.stages {
            let _ = writeln!(text, "  {:?} [label={:?}];", drawn.name, drawn.label());
        }
        for drawn in &self.stages {
            for from in &drawn.from {
                let _ = writeln!(text, "  {from:?} -> {:?};", drawn.name);
            }
        }
        text.push_str("}\n");
        text
    }
}

impl Drawn {
    fn label(&self) -> String {
        match self.cells {
            1 => self.name.clone(),
            n => format!("{} ×{n}", self.name),
        }
    }
}
