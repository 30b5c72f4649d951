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
    nodes: Vec<Node>,
}

#[derive(Debug, Default, Serialize)]
struct Node {
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
                graph.nodes.push(Node { name: name(*index), does, ..Node::default() });
                graph.nodes.len() - 1
            });
            let node = &mut graph.nodes[at];
            node.cells += 1;
            for input in stage.inputs.values().flatten() {
                match &input.from {
                    Origin::Stage(other, _) => drop(node.from.insert(name(*other))),
                    Origin::Source(source) => drop(node.sources.insert(source.clone())),
                    Origin::File | Origin::Lineage => {}
                }
            }
        }
        graph
    }

    fn text(&self) -> Text {
        let mut text = Text::default();
        let columns = self.nodes.iter().map(|node| width(&node.label())).max().unwrap_or(0);
        for node in &self.nodes {
            let mut from: Vec<String> = node.from.iter().cloned().collect();
            from.extend(node.sources.iter().map(|source| format!("raw:{source}")));
            let arrow = if from.is_empty() { "" } else { "<-" };
            let label = padded(&node.label(), columns);
            text.line(format!("{label}  {arrow} {}", from.join(", ")).trim_end());
        }
        text
    }

    fn mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        let id = |name: &str| name.replace(|c: char| !c.is_alphanumeric(), "_");
        for node in &self.nodes {
            let _ = writeln!(text, "  {}[\"{}\"]", id(&node.name), node.label());
        }
        for node in &self.nodes {
            for from in &node.from {
                let _ = writeln!(text, "  {} --> {}", id(from), id(&node.name));
            }
        }
        text
    }

    fn dot(&self) -> String {
        let mut text = String::from("digraph pipeline {\n  rankdir=LR;\n  node [shape=box];\n");
        for node in &self.nodes {
            let _ = writeln!(text, "  {:?} [label={:?}];", node.name, node.label());
        }
        for node in &self.nodes {
            for from in &node.from {
                let _ = writeln!(text, "  {from:?} -> {:?};", node.name);
            }
        }
        text.push_str("}\n");
        text
    }
}

impl Node {
    fn label(&self) -> String {
        match self.cells {
            1 => self.name.clone(),
            n => format!("{} ×{n}", self.name),
        }
    }
}
