//! A graph drawn as SVG: stages in columns by their distance from the raw data.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::drawn::Graph;

const WIDTH: f64 = 170.0;
const HEIGHT: f64 = 34.0;
const GAP_X: f64 = 70.0;
const GAP_Y: f64 = 16.0;
const MARGIN: f64 = 20.0;

/// The drawing.
pub(super) fn draw(graph: &Graph) -> String {
    let places = places(graph);
    let (mut right, mut bottom) = (0.0_f64, 0.0_f64);
    for (x, y) in places.values() {
        right = right.max(x + WIDTH);
        bottom = bottom.max(y + HEIGHT);
    }
    let (width, height) = (right + MARGIN, bottom + MARGIN);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for drawn in &graph.stages {
        let (x, y) = places[drawn.name.as_str()];
        for from in &drawn.from {
            let (from_x, from_y) = places[from.as_str()];
            let (x1, y1) = (from_x + WIDTH, from_y + HEIGHT / 2.0);
            let (x2, y2) = (x, y + HEIGHT / 2.0);
            let bend = GAP_X / 2.0;
            let _ = writeln!(
                text,
                "<path d=\"M{x1} {y1} C{} {y1} {} {y2} {x2} {y2}\" fill=\"none\" \
                 stroke=\"#9aa5b1\" stroke-width=\"1.2\"/>",
                x1 + bend,
                x2 - bend
            );
        }
    }
    for drawn in &graph.stages {
        let (x, y) = places[drawn.name.as_str()];
        let does = escape(&drawn.does);
        let _ = writeln!(
            text,
            "<g><title>{does}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" rx=\"5\" fill=\"#f4f6f8\" stroke=\"#52606d\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#1f2933\">{}</text></g>",
            x + WIDTH / 2.0,
            y + HEIGHT / 2.0 + 4.5,
            escape(&drawn.label())
        );
    }
    text.push_str("</svg>\n");
    text
}

/// The upper left corner of each stage.
fn places(graph: &Graph) -> BTreeMap<&str, (f64, f64)> {
    let mut column: BTreeMap<&str, usize> = BTreeMap::new();
    let mut filled: BTreeMap<usize, usize> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for drawn in &graph.stages {
        let before = drawn.from.iter().filter_map(|from| column.get(from.as_str())).max();
        let x = before.map_or(0, |before| before + 1);
        column.insert(&drawn.name, x);
        let y = filled.entry(x).or_default();
        let at = (MARGIN + x as f64 * (WIDTH + GAP_X), MARGIN + *y as f64 * (HEIGHT + GAP_Y));
        places.insert(drawn.name.as_str(), at);
        *y += 1;
    }
    places
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
