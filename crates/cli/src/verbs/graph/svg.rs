//! A graph drawn as SVG: raw tables and stages in columns by their distance from the
//! raw data, for a light or a dark page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::drawn::Graph;
use crate::layout::{HEIGHT, layout, path};
use crate::text::width;

/// A raw table or a stage.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Drawn<'a> {
    Source(&'a str),
    Stage(&'a str),
}

const STYLE: &str = "\
svg { font: 13px system-ui, 'DejaVu Sans', sans-serif; background: #fff }
rect { fill: #f4f6f8; stroke: #52606d } .raw rect { fill: #fff; stroke-dasharray: 3 2 }
text { fill: #1f2933; text-anchor: middle } path { fill: none; stroke: #8a95a1; stroke-width: 1.2 }
@media (prefers-color-scheme: dark) {
  svg { background: #14171a } rect { fill: #262c32; stroke: #a9b0b7 } .raw rect { fill: #14171a }
  text { fill: #e8e6e1 } path { stroke: #6b7680 }
}
";

/// The drawing.
pub(super) fn draw(graph: &Graph) -> String {
    let sources: BTreeSet<&str> =
        graph.stages.iter().flat_map(|it| &it.sources).map(String::as_str).collect();
    // Of each box its class, its label and what it says besides.
    let mut boxes: Vec<(Drawn, &str, String, &str)> = Vec::new();
    boxes
        .extend(sources.iter().map(|it| (Drawn::Source(it), " class=\"raw\"", it.to_string(), "")));
    let stages = graph.stages.iter();
    boxes.extend(stages.map(|it| (Drawn::Stage(&it.name), "", it.label(), it.does.as_str())));
    let known: BTreeMap<&Drawn, usize> =
        boxes.iter().enumerate().map(|(at, it)| (&it.0, at)).collect();
    let mut arrows = Vec::new();
    for drawn in &graph.stages {
        let to = known[&Drawn::Stage(&drawn.name)];
        let from = drawn.from.iter().map(|it| Drawn::Stage(it));
        let from = from.chain(drawn.sources.iter().map(|it| Drawn::Source(it)));
        arrows.extend(from.filter_map(|it| Some((*known.get(&it)?, to))));
    }
    // Letters of 13 pixels, the widest fonts in mind.
    let widths: Vec<f64> = boxes.iter().map(|it| width(&it.2) as f64 * 7.6 + 24.0).collect();
    let found = layout(&widths, &arrows);
    let (wide, high) = (found.width, found.height);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" \
         width=\"{wide}\" height=\"{high}\">\n<style>\n{STYLE}</style>\n"
    );
    for (_, _, points) in &found.arrows {
        let _ = writeln!(text, "<path d=\"{}\"/>", path(points));
    }
    for ((drawn, class, label, does), (x, y, wide)) in boxes.iter().zip(&found.boxes) {
        let (title, round) = match drawn {
            Drawn::Source(name) => (format!("raw:{name}"), 14),
            Drawn::Stage(name) => (format!("{name}: {does}"), 4),
        };
        let (middle, line) = (x + wide / 2.0, y + HEIGHT / 2.0 + 4.5);
        let _ = writeln!(
            text,
            "<g{class}><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" \
             height=\"{HEIGHT}\" rx=\"{round}\"/>\
             <text x=\"{middle:.1}\" y=\"{line:.1}\">{}</text></g>",
            escape(&title),
            escape(label)
        );
    }
    text.push_str("</svg>\n");
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
