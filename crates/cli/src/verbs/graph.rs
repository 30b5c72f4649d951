//! `colophon graph`: the graph of stages as text, Mermaid, DOT or SVG.

use std::fmt::Write;

use crate::arguments::{Arguments, Stages};
use crate::report::{Failed, print, print_json};
use crate::study::Study;
use crate::text::{Text, padded, width};
use crate::verbs::{look, select};
use clap::{Args, ValueEnum};

mod drawn;
mod svg;

use drawn::Graph as Drawing;

#[derive(Args, Debug)]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) targets: Stages,
    /// The form of the drawing.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Draw each cell of a matrix by itself.
    #[arg(long)]
    pub(crate) cells: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Mermaid,
    Dot,
    Svg,
}

pub(crate) fn graph(study: &Study, arguments: &Arguments, verb: &Graph) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    let stages = select(&project.plan, &verb.targets.stages)?;
    let graph = Drawing::new(&project.plan, &stages, verb.cells);
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

impl Drawing {
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
