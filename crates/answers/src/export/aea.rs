//! The table that checks of code ask for: each figure, table and number in the text, with
//! the program and the line that makes it, and whether it came out as it is printed.

use csv::Writer;
use serde::Deserialize;

use super::bundle::{Bundle, SYNTHETIC, Step};
use super::harmless::{cell, markdown};
use crate::ledger::Value;
use crate::places::{Figure, Places, listed};
use crate::printed::printed;

/// One line of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// `figure`, `table`, `data`, `number`, `claim` or `check`.
    pub kind: String,
    /// Its number, or the name of a value or claim.
    pub name: String,
    /// What it is: a caption, or what a number counts.
    pub what: String,
    /// The number as it is printed.
    pub printed: String,
    /// The pages where it stands.
    pub page: String,
    /// The program: the file of a function, or a command.
    pub program: String,
    /// Where in it, or in the pipeline, it is made: `path:line`.
    pub line: String,
    /// The file that the program makes.
    pub output: String,
    /// Whether it came out: `as locked`, or how a claim ended.
    pub reproduced: String,
    /// What else is to be known.
    pub note: String,
}

const COLUMNS: [&str; 10] =
    ["kind", "name", "what", "printed", "page", "program", "line", "output", "reproduced", "note"];

/// What the file of an edition and what was made of it have in common.
const AS_LOCKED: &str = "as locked";

/// What became of the claims of a published report.
#[derive(Debug, Default, Deserialize)]
pub struct Audit {
    #[serde(default)]
    claims: Vec<Claim>,
    #[serde(default)]
    checks: Vec<Claim>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Claim {
    claim: String,
    section: String,
    counts: String,
    published_text: Option<String>,
    computed_text: Option<String>,
    status: String,
    missing: Option<String>,
    values: Vec<String>,
}

/// The output that tells where things stand, and the one that tells of claims.
pub fn paths(bundle: &Bundle) -> (Option<&str>, Option<&str>) {
    let output = |step: &'_ Step, name: &str| step.stage.outputs.contains_key(name);
    let path = |step: Option<&'_ Step>, name: &str| -> Option<String> {
        step.map(|step| step.stage.outputs[name].path.clone())
    };
    let places = path(bundle.steps.iter().find(|step| output(step, "places")), "places");
    let audits = |step: &&Step| step.stage.inputs.contains_key("claims") && output(step, "table");
    let audit = path(bundle.steps.iter().find(audits), "table");
    let known = |path: Option<String>| {
        path.and_then(|path| bundle.files.get_key_value(&path)).map(|(path, _)| path.as_str())
    };
    (known(places), known(audit))
}

/// The lines of the table.
pub fn rows(bundle: &Bundle, places: Option<&Places>, audit: Option<&Audit>) -> Vec<Row> {
    let mut rows = match places {
        Some(places) => places.figures.iter().flat_map(|it| figure(bundle, it)).collect(),
        None => shown(bundle),
    };
    let values = bundle.ledger.iter().flat_map(|ledger| &ledger.values);
    let is_printed = |name: &str| places.is_none_or(|it| it.values.contains_key(name));
    for (name, value) in values.filter(|(name, _)| is_printed(name)) {
        rows.push(number(bundle, name, value, places));
    }
    if let Some(audit) = audit {
        rows.extend(audit.claims.iter().map(|it| claim(bundle, "claim", it)));
        rows.extend(audit.checks.iter().map(|it| claim(bundle, "check", it)));
    }
    rows
}

/// The files from which a report is made, where nobody says where they stand.
fn shown(bundle: &Bundle) -> Vec<Row> {
    let mut rows = Vec::new();
    for path in bundle.shown() {
        let Some((step, output)) = bundle.maker(path) else { continue };
        let kind = match output {
            "ledger" | "manifest" | "root" | "values" => continue,
            name if name.contains("figure") => "figure",
            name if name.contains("table") => "table",
            _ => "data",
        };
        let row = Row { kind: kind.into(), what: step.about.clone(), ..Row::default() };
        rows.push(made(bundle, row, step, path));
    }
    rows
}

fn figure(bundle: &Bundle, figure: &Figure) -> Vec<Row> {
    let row = Row {
        kind: figure.kind.clone(),
        name: figure.number.to_string(),
        what: figure.caption.clone(),
        page: figure.page.to_string(),
        ..Row::default()
    };
    if figure.data.is_empty() {
        return vec![row];
    }
    let row_of = |path: &String| match bundle.maker(path) {
        Some((step, _)) => made(bundle, row.clone(), step, path),
        None => Row { output: path.clone(), ..row.clone() },
    };
    figure.data.iter().map(row_of).collect()
}

fn number(bundle: &Bundle, name: &str, value: &Value, places: Option<&Places>) -> Row {
    let pages = places.map(|places| listed(&places.pages_of(name))).unwrap_or_default();
    let unit = if value.unit.is_empty() { String::new() } else { format!(" ({})", value.unit) };
    let row = Row {
        kind: "number".into(),
        name: name.into(),
        what: format!("{}{unit}", value.about),
        printed: printed(value),
        page: pages,
        ..Row::default()
    };
    let Some(step) = bundle.step(&value.stage) else { return row };
    let output = step.stage.outputs.get("values").or(step.stage.outputs.values().next());
    let path = output.map(|output| output.path.as_str()).unwrap_or_default();
    let mut row = made(bundle, row, step, path);
    row.line = line(step, Some(name));
    if value.labels.contains(SYNTHETIC) {
        row.note = SYNTHETIC.into();
    }
    row
}

fn claim(bundle: &Bundle, kind: &str, claim: &Claim) -> Row {
    let value = claim.values.first();
    let of = bundle.ledger.as_ref().zip(value);
    let stage = of.and_then(|(ledger, name)| ledger.values.get(name)).map(|it| &it.stage);
    let step = stage.and_then(|stage| bundle.step(stage));
    let section = if claim.section.is_empty() { "" } else { ": " };
    let mut notes = Vec::new();
    notes.extend(claim.computed_text.as_ref().map(|text| format!("computed {text}")));
    notes.extend(claim.missing.as_ref().map(|missing| format!("missing {missing}")));
    if claim.values.len() > 1 {
        notes.push(format!("from {}", claim.values.join(", ")));
    }
    let row = Row {
        kind: kind.into(),
        name: claim.claim.clone(),
        what: format!("{}{section}{}", claim.section, claim.counts),
        printed: claim.published_text.clone().unwrap_or_default(),
        reproduced: claim.status.clone(),
        note: notes.join("; "),
        ..Row::default()
    };
    let Some(step) = step else { return row };
    let output = step.stage.outputs.get("values").map(|it| it.path.clone()).unwrap_or_default();
    Row { program: step.program(), line: line(step, value.map(String::as_str)), output, ..row }
}

/// A row with the program behind a file.
fn made(bundle: &Bundle, row: Row, step: &Step, path: &str) -> Row {
    let labels = bundle.files.get(path).map(|file| &file.labels);
    let is_synthetic = labels.is_some_and(|labels| labels.contains(SYNTHETIC));
    Row {
        program: step.program(),
        line: line(step, None),
        output: path.into(),
        reproduced: AS_LOCKED.into(),
        note: if is_synthetic { SYNTHETIC.into() } else { String::new() },
        ..row
    }
}

/// The line of a function that reports a value, or on which the function begins; of a
/// command, the line that declares its stage.
fn line(step: &Step, value: Option<&str>) -> String {
    let (Some(path), Some(code)) = (&step.stage.code, &step.code) else {
        return format!("pipeline.yaml:{}", step.line);
    };
    let find = |text: &str| code.lines().position(|line| line.contains(text));
    let mut named = value;
    while let Some(name) = named {
        if let Some(at) = find(&format!("\"{name}\"")) {
            return format!("{path}:{}", at + 1);
        }
        named = name.split_once('.').map(|(_, rest)| rest);
    }
    format!("{path}:{}", find("pub fn run(").unwrap_or(0) + 1)
}

impl Row {
    fn cells(&self) -> [&str; 10] {
        [
            &self.kind,
            &self.name,
            &self.what,
            &self.printed,
            &self.page,
            &self.program,
            &self.line,
            &self.output,
            &self.reproduced,
            &self.note,
        ]
    }
}

/// The table as CSV.
pub fn csv(rows: &[Row]) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    let done = "a vector takes every row";
    writer.write_record(COLUMNS).expect(done);
    for row in rows {
        writer.write_record(row.cells().map(cell)).expect(done);
    }
    String::from_utf8(writer.into_inner().expect(done)).expect("texts are UTF-8")
}

/// The table as Markdown.
pub fn markup(rows: &[Row]) -> String {
    let line = |cells: [String; 10]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(COLUMNS.map(String::from));
    text.push_str(&line(COLUMNS.map(|_| "---".into())));
    for row in rows {
        text.push_str(&line(row.cells().map(markdown)));
    }
    text
}
