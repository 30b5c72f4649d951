//! `colophon show`: prints a file as a table, whatever its form.

use std::path::Path;

use answers::ledger::Ledger;
use answers::printed::printed;
use answers::rows::{Condition, Rows};
use clap::Args;
use engine::diagnostic::{Diagnostic, Kind};
use engine::digest::Digest;
use engine::project::Project;
use serde_json::Value as Json;

use crate::arguments::Arguments;
use crate::report::{Failed, columns, count, print, print_json, say};
use crate::study::Study;
use crate::text::{Text, padded, width};
use crate::verbs::look;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A file of the project, or the digest of an object of the store.
    #[arg(value_name = "FILE")]
    file: String,
    /// Only the first rows.
    #[arg(long, value_name = "N")]
    head: Option<usize>,
    /// Only rows that meet a condition, as in `--where country=Peru` or `--where 'year>=2020'`;
    /// of several, all.
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = Condition::parse)]
    conditions: Vec<Condition>,
    /// Print comma-separated values instead of a table for people.
    #[arg(long)]
    csv: bool,
}

pub(crate) fn show(study: &Study, arguments: &Arguments, verb: &Show) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    let (name, bytes) = find(&project, &verb.file)?;
    let Some(mut rows) = rows(study, &name, &bytes)? else {
        if !verb.conditions.is_empty() || verb.head.is_some() || verb.csv {
            let message = format!("`{name}` is no table, so it has no rows to choose from");
            return Err(Diagnostic::new(Kind::Usage, message).into());
        }
        return text(&name, bytes);
    };
    let all = rows.rows.len();
    rows.keep(&verb.conditions)?;
    let met = rows.rows.len();
    rows.rows.truncate(verb.head.unwrap_or(usize::MAX));
    if arguments.json {
        return print_json(&json(&rows));
    }
    match verb.csv {
        true => print(Text::file(&csv(&rows)))?,
        false => print(table(&rows))?,
    }
    if !arguments.quiet && !verb.csv {
        let shown = rows.rows.len();
        let of = if met < all { format!("{met} of ") } else { String::new() };
        let first = if shown < met { format!(", the first {shown} shown") } else { String::new() };
        say(&format!("{of}{}{first}", count(all, "row")));
    }
    Ok(())
}

/// The content of a file of the project, or of an object.
fn find(project: &Project, file: &str) -> Result<(String, Vec<u8>), Failed> {
    let path = project.plan.root.join(file);
    let path = if path.is_file() { path } else { Path::new(file).into() };
    if !path.is_file()
        && let Some(digest) = Digest::from_hex(&file.to_lowercase())
    {
        if let Some(bytes) = project.store.read(&digest)? {
            return Ok((file.into(), bytes));
        }
        let message = format!("the store has no object `{file}`");
        return Err(Diagnostic::new(Kind::Usage, message).into());
    }
    let bytes = std::fs::read(&path).map_err(|error| {
        let mut problem = Diagnostic::io("read", Path::new(file), &error);
        problem.kind = Kind::Usage;
        problem.hint("name a file of the project, such as `outputs/ledger.json`, or a digest")
    })?;
    Ok((file.into(), bytes))
}

/// A file as a table, if it is one.
pub(crate) fn rows(study: &Study, name: &str, bytes: &[u8]) -> Result<Option<Rows>, Failed> {
    let wrong = |message: String| Diagnostic::new(Kind::Usage, message);
    let cells = (study.cells)(bytes).map_err(|error| wrong(format!("`{name}`: {error}")))?;
    if let Some((columns, rows)) = cells {
        return Ok(Some(Rows { columns, rows }));
    }
    if bytes.starts_with(b"PAR1") {
        let message = format!("`{name}` is Parquet, which this program can't read");
        return Err(wrong(message)
            .hint("`colophon` and a study's own program can: they have the general functions")
            .into());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(None) };
    if let Ok(json) = serde_json::from_str::<Json>(text) {
        if json["values"].is_object() && json["stages"].is_object() {
            return Ok(Some(values(&Ledger::read(name, bytes)?)));
        }
        return Ok(objects(&json));
    }
    let delimiter = match Path::new(name).extension().and_then(|it| it.to_str()) {
        Some("csv") => b',',
        Some("tsv") => b'\t',
        _ => return Ok(None),
    };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
    let failed = |error: csv::Error| wrong(format!("`{name}` is no table: {error}"));
    let columns = reader.headers().map_err(failed)?.iter().map(String::from).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let cell = |it: &str| Some(it.to_string()).filter(|it| !it.is_empty());
        rows.push(record.map_err(failed)?.iter().map(cell).collect());
    }
    Ok(Some(Rows { columns, rows }))
}

/// The values of a ledger.
fn values(ledger: &Ledger) -> Rows {
    let columns = ["name", "value", "unit", "about", "stage", "labels"];
    let row = |(name, value): (&String, &answers::ledger::Value)| {
        let labels: Vec<&str> = value.labels.iter().map(String::as_str).collect();
        let cells =
            [name, &printed(value), &value.unit, &value.about, &value.stage, &labels.join(" ")];
        cells.iter().map(|it| Some(it.to_string()).filter(|it| !it.is_empty())).collect()
    };
    Rows {
        columns: columns.map(String::from).to_vec(),
        rows: ledger.values.iter().map(row).collect(),
    }
}

/// A list of objects, the only one that JSON holds at its top or one step below.
fn objects(json: &Json) -> Option<Rows> {
    let is_list = |it: &&Json| it.as_array().is_some_and(|list| list.iter().any(Json::is_object));
    let list = match json {
        Json::Array(_) => Some(json).filter(is_list)?,
        Json::Object(entries) => {
            let mut lists = entries.values().filter(is_list);
            lists.next().filter(|_| lists.next().is_none())?
        }
        _ => return None,
    };
    let mut columns: Vec<String> = Vec::new();
    let objects = || list.as_array().into_iter().flatten().filter_map(Json::as_object);
    for object in objects() {
        for key in object.keys().filter(|key| !columns.contains(key)).collect::<Vec<_>>() {
            columns.push(key.clone());
        }
    }
    let cell = |value: &Json| match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let row = |object: &serde_json::Map<String, Json>| {
        columns.iter().map(|column| object.get(column).and_then(cell)).collect()
    };
    let rows = objects().map(row).collect();
    Some(Rows { columns, rows })
}

/// What is no table.
fn text(name: &str, bytes: Vec<u8>) -> Result<(), Failed> {
    match String::from_utf8(bytes) {
        Ok(text) => print(Text::file(&text)),
        Err(error) => {
            let size = count(error.as_bytes().len(), "byte");
            let message = format!("`{name}` is neither a table nor text: {size}");
            Err(Diagnostic::new(Kind::Usage, message).into())
        }
    }
}

fn json(rows: &Rows) -> Vec<Json> {
    let object = |row: &Vec<Option<String>>| {
        let cells = rows.columns.iter().zip(row);
        Json::Object(cells.map(|(name, cell)| (name.clone(), cell.clone().into())).collect())
    };
    rows.rows.iter().map(object).collect()
}

fn csv(rows: &Rows) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(&rows.columns).and_then(|()| {
        rows.rows.iter().try_for_each(|row| {
            writer.write_record(row.iter().map(|cell| cell.as_deref().unwrap_or("")))
        })
    });
    written.expect("memory takes what it is given");
    let bytes = writer.into_inner().expect("memory takes what it is given");
    String::from_utf8(bytes).expect("cells are text")
}

/// A table for people: no line is longer than the terminal is wide.
fn table(rows: &Rows) -> Text {
    const WIDEST: usize = 40;
    let cell = |it: &str| engine::plain::cut(&it.replace('\n', " "), WIDEST).into_owned();
    let of = |at: usize| {
        let cells = rows.rows.iter().filter_map(|row| row.get(at)?.as_deref());
        let widest = cells.map(|it| width(&cell(it))).max().unwrap_or(0);
        widest.max(width(&cell(&rows.columns[at])))
    };
    let mut left = columns();
    let mut shown = Vec::new();
    for (at, name) in rows.columns.iter().enumerate() {
        let wide = of(at);
        if !shown.is_empty() && wide + 2 > left {
            break;
        }
        left = left.saturating_sub(wide + 2);
        shown.push((at, name, wide));
    }
    let mut text = Text::default();
    let head: Vec<_> = shown.iter().map(|(_, name, wide)| padded(&cell(name), *wide)).collect();
    text.paint(head.join("  ").trim_end(), "1").end();
    for row in &rows.rows {
        let cells = shown.iter().map(|(at, _, wide)| {
            padded(&cell(row.get(*at).and_then(|it| it.as_deref()).unwrap_or("")), *wide)
        });
        text.line(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    if let Some(more @ 1..) = rows.columns.len().checked_sub(shown.len()) {
        text.line(&format!("({} that the line has no room for)", count(more, "column")));
    }
    text
}
