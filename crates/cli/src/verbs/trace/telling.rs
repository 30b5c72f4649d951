//! A trace in words.

use answers::ledger::{Input, Stage, Value};
use answers::places::listed;
use answers::printed::printed;
use answers::web::Step;
use engine::words::brief;

use super::asked::{Asked, What};
use super::below::{Below, below};
use super::rows;
use crate::report::count;
use crate::text::Text;

/// Of a list so many entries are told, unless all are asked for.
const SHOWN: usize = 20;

/// So many digits of a digest tell two apart.
const DIGEST: usize = 12;

pub(super) fn tell(asked: &Asked, what: &What, all: bool, text: &mut Text) {
    let only = match what {
        What::Value(name) => {
            value(asked, name, text);
            Some(name.as_str())
        }
        _ => {
            title(asked, what, text);
            None
        }
    };
    let stages = asked.stages(what);
    if asked.has_above(what) {
        text.end().line("it rests on");
        for step in stages.iter().flat_map(|stage| asked.web.above(stage)) {
            above(asked, &step, text);
        }
    }
    let below = below(asked, &stages, only);
    if only.is_none() {
        reached(asked, &below, all, text);
    }
    claims(&below, all, text);
}

/// A value: what it is, and where it is printed.
fn value(asked: &Asked, name: &str, text: &mut Text) {
    let value = &asked.ledger.values[name];
    text.paint(name, "1").line(&format!(" = {}", with_unit(value)));
    text.line(&value.about);
    if value.number.is_some_and(|number| number.fract() != 0.0) {
        text.line(&format!("in full {}", value.full()));
    }
    if let (Some(low), Some(high)) = (value.low, value.high) {
        text.line(&format!("between {low} and {high}"));
    }
    if let Some(rows) = &value.rows {
        text.line(&format!("rows: {rows}"));
        for line in rows::lines(asked, value, rows) {
            text.line(&format!("  {line}"));
        }
    }
    labels(value.labels.iter(), text);
    let pages = asked.places.pages_of(name);
    if !pages.is_empty() {
        text.line(&format!("printed on page {}", listed(&pages)));
    } else if asked.places.pages > 0 {
        text.line("not printed");
    }
    let sentences = asked.places.values.get(name).map_or(&[][..], |it| &it.sentences);
    for sentence in sentences.iter().take(SHOWN) {
        text.line(&format!("  {}:{}  {}", sentence.path, sentence.line, sentence.text));
    }
}

fn with_unit(value: &Value) -> String {
    match value.unit.as_str() {
        "" => printed(value),
        unit => format!("{} {unit}", printed(value)),
    }
}

fn labels<'a>(labels: impl Iterator<Item = &'a String>, text: &mut Text) {
    let labels: Vec<&str> = labels.map(String::as_str).collect();
    if !labels.is_empty() {
        let colour = if labels == ["published"] { "2" } else { "33" };
        text.paint(&labels.join(", "), colour).end();
    }
}

fn title(asked: &Asked, what: &What, text: &mut Text) {
    match what {
        What::Value(_) => {}
        What::Stage(name) => {
            text.paint(name, "1").end();
            labels(asked.ledger.stages[name].labels.iter(), text);
        }
        What::Output(path) => {
            text.paint(path, "1");
            let mut made = asked.ledger.stages.values().flat_map(|it| it.outputs.values());
            if let Some(made) = made.find(|it| it.path == *path) {
                let rows = made.rows.map(|rows| format!(", {}", count(rows as usize, "row")));
                text.add(&format!("  {}{}", short(&made.digest), rows.unwrap_or_default()));
            }
            text.end();
        }
        What::Figure(figure) => {
            text.paint(&format!("{} {}", figure.kind, figure.number), "1");
            text.line(&format!(" on page {}: {}", figure.page, brief(&figure.caption)));
            text.line(&format!("drawn from {}", figure.data.join(", ")));
        }
        What::File { path, line } => {
            text.paint(path, "1").end();
            source(asked, path, text);
            if let Some(line) = line {
                row(asked, path, *line, text);
            }
        }
        What::Parameter(stages, name) => {
            text.paint(&format!("parameter {name}"), "1").end();
            for stage in stages.iter().take(SHOWN) {
                text.line(&format!("  {stage}: {}", asked.ledger.stages[stage].params));
            }
        }
    }
}

/// What the data package says of a raw file.
fn source(asked: &Asked, path: &str, text: &mut Text) {
    let found = asked.ledger.sources.values().find(|it| it["path"] == *path);
    let Some(source) = found else { return };
    for key in ["title", "description"] {
        if let Some(words) = source[key].as_str() {
            text.line(words);
        }
    }
    for (key, list) in [("from", "sources"), ("licence", "licenses")] {
        let name = |it: &serde_json::Value| {
            let named = it["title"].as_str().or(it["name"].as_str()).or(it["path"].as_str());
            named.map(String::from)
        };
        let named = source[list].as_array().into_iter().flatten().filter_map(name);
        let names: Vec<_> = named.collect();
        if !names.is_empty() {
            text.line(&format!("{key}: {}", names.join("; ")));
        }
    }
    if let Some(digest) = source["digest"].as_str() {
        text.line(&format!("digest {}", short(digest)));
    }
}

/// A line of a raw file, below the names of its columns.
fn row(asked: &Asked, path: &str, line: usize, text: &mut Text) {
    let Some(project) = asked.project else { return };
    let Ok(content) = std::fs::read_to_string(project.plan.root.join(path)) else { return };
    let head = content.lines().next().unwrap_or_default();
    match content.lines().nth(line - 1) {
        None => {
            let lines = count(content.lines().count(), "line");
            text.line(&format!("it has no line {line}: it has {lines}"));
        }
        Some(row) => {
            text.line(&format!("line 1  {head}")).line(&format!("line {line}  {row}"));
        }
    }
}

/// A stage above, with what it was given besides the outputs of others.
fn above(asked: &Asked, step: &Step, text: &mut Text) {
    const DEEPEST: usize = 12;
    let indent = "  ".repeat(step.depth.min(DEEPEST) + 1);
    let Some(stage) = asked.ledger.stages.get(&step.stage) else { return };
    text.add(&indent).paint(&step.stage, "36");
    if step.again {
        text.line("  (above)");
        return;
    }
    text.line(&format!("  {}", by(asked, stage)));
    if let Some(params) = stage.params.as_object().filter(|it| !it.is_empty()) {
        let param = |(name, value): (&String, &serde_json::Value)| format!("{name}: {value}");
        let params: Vec<_> = params.iter().map(param).collect();
        text.line(&format!("{indent}  with {}", params.join(", ")));
    }
    for file in step.files.iter().take(SHOWN) {
        text.line(&format!("{indent}  {}", given(file)));
    }
    if let Some(more @ 1..) = step.files.len().checked_sub(SHOWN) {
        text.line(&format!("{indent}  and {}", count(more, "more file")));
    }
}

/// The code of a stage: of a function its file, with the digest that is compiled in.
fn by(asked: &Asked, stage: &Stage) -> String {
    let Some(path) = &stage.code else {
        return stage.cmd.as_ref().map(|cmd| cmd.join(" ")).unwrap_or_default();
    };
    match asked.code(path) {
        Some(digest) => format!("{path} {}", short(&digest)),
        None => path.clone(),
    }
}

fn given(file: &Input) -> String {
    format!("{} {}", file.path, short(&file.digest))
}

fn short(digest: &str) -> &str {
    digest.get(..DIGEST).unwrap_or(digest)
}

/// What rests on it.
fn reached(asked: &Asked, below: &Below, all: bool, text: &mut Text) {
    let most = if all { usize::MAX } else { SHOWN };
    let (stages, values) = (count(below.stages.len(), "stage"), count(below.values.len(), "value"));
    let mut parts = vec![stages, format!("{values} ({} printed)", below.printed)];
    let tables = below.figures.iter().filter(|it| it.kind == "table").count();
    let figures = below.figures.len() - tables;
    parts.extend((figures > 0).then(|| count(figures, "figure")));
    parts.extend((tables > 0).then(|| count(tables, "table")));
    text.end().line(&format!("it reaches {}", parts.join(", ")));
    for name in below.values.iter().take(most) {
        let pages = asked.places.pages_of(name);
        let value = with_unit(&asked.ledger.values[*name]);
        let on = match pages.is_empty() {
            true => String::new(),
            false => format!("  page {}", listed(&pages)),
        };
        text.line(&format!("  {name} = {value}{on}"));
    }
    more(below.values.len(), most, "more value", text);
    for it in below.figures.iter().take(most) {
        text.line(&format!(
            "  {} {} on page {}: {}",
            it.kind,
            it.number,
            it.page,
            brief(&it.caption)
        ));
    }
    more(below.figures.len(), most, "more of them", text);
    if !below.pages.is_empty() {
        text.line(&format!("pages {}", listed(&below.pages)));
    }
    if !below.ends.is_empty() {
        text.line(&format!("in the end {}", below.ends.join(", ")));
    }
}

/// The words of the report that are true only while these values are as they are.
fn claims(below: &Below, all: bool, text: &mut Text) {
    let most = if all { usize::MAX } else { SHOWN };
    if below.claims.is_empty() {
        return;
    }
    text.end().line("words that hang on it");
    for claim in below.claims.iter().take(most) {
        text.line(&format!("  page {}: {} ({})", claim.page, claim.words, claim.condition));
    }
    more(below.claims.len(), most, "more claim", text);
}

fn more(all: usize, most: usize, noun: &str, text: &mut Text) {
    if let Some(left @ 1..) = all.checked_sub(most) {
        text.line(&format!("  and {}; `--all` lists them", count(left, noun)));
    }
}
