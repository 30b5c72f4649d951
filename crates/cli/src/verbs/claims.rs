//! `colophon claims`: what a text states, what became of each statement, and what
//! somebody accepts of it.
//!
//! The table is what the audit made: the output `table` of the stage that takes the
//! input `claims`. Accepting writes into the file of claims, nowhere else.

use clap::{Args, Subcommand, ValueEnum};
use engine::diagnostic::{Diagnostic, Kind, Place, did_you_mean};
use engine::plan::{Origin, Plan};
use engine::yaml::{Document, Node};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::report::{Failed, columns, count, print, print_json, say};
use crate::study::Study;
use crate::text::{Text, padded, width};
use crate::verbs::look;

#[derive(Args, Debug)]
pub(crate) struct Claims {
    #[command(subcommand)]
    verb: Option<ClaimsVerb>,
    /// Only those of a status.
    #[arg(long, value_enum)]
    status: Option<Status>,
}

#[derive(Subcommand, Debug)]
enum ClaimsVerb {
    /// Accept the status of a claim or a check: write it into the file of claims.
    Accept {
        /// The claim or the check.
        #[arg(value_name = "NAME")]
        name: String,
        /// The status that it has now.
        #[arg(long = "as", value_enum)]
        status: Status,
        /// Why it is so; where there is a reason already, this takes its place.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// How a claim or a check ends.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Reproduced,
    Agrees,
    Differs,
    NotCheckable,
}

impl Status {
    /// As it stands in files.
    fn word(self) -> &'static str {
        match self {
            Status::Reproduced => "reproduced",
            Status::Agrees => "agrees",
            Status::Differs => "differs",
            Status::NotCheckable => "not checkable",
        }
    }
}

pub(crate) fn claims(study: &Study, arguments: &Arguments, verb: &Claims) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    let audit = Audit::of(&project.plan)?;
    if let Some(ClaimsVerb::Accept { name, status, reason }) = &verb.verb {
        accept(&project.plan, &audit, name, *status, reason)?;
        if !arguments.quiet {
            let word = status.word();
            say(&format!("`{name}` is accepted as `{word}` in `{}`", audit.claims));
        }
        return Ok(());
    }
    let bytes = std::fs::read(project.plan.root.join(&audit.table)).map_err(|error| {
        let mut problem = Diagnostic::io("read", std::path::Path::new(&audit.table), &error);
        problem.kind = Kind::Usage;
        problem.hint("`colophon run` makes it")
    })?;
    let mut table: Value = serde_json::from_slice(&bytes).map_err(|error| {
        Diagnostic::new(Kind::Usage, format!("`{}` is no table of claims: {error}", audit.table))
    })?;
    if let Some(status) = verb.status {
        for kind in ["claims", "checks"] {
            if let Some(rows) = table[kind].as_array_mut() {
                rows.retain(|row| row["status"] == status.word());
            }
        }
    }
    if arguments.json {
        return print_json(&table);
    }
    print(told(&table))
}

/// The stage that audits claims.
struct Audit {
    /// The file of claims.
    claims: String,
    /// What became of them.
    table: String,
}

impl Audit {
    fn of(plan: &Plan) -> Result<Self, Diagnostic> {
        let found = plan.stages.iter().find_map(|stage| {
            let mut claims = stage.inputs.get("claims")?.iter();
            let claims = claims.find(|it| it.from == Origin::File)?.path.clone();
            Some(Audit { claims, table: stage.outputs.get("table")?.clone() })
        });
        found.ok_or_else(|| {
            Diagnostic::new(Kind::Usage, "no stage audits claims").hint(
                "let a stage use the function `audit`: it takes a file of `claims` and the \
                 `values` of others",
            )
        })
    }
}

/// The table for people.
fn told(table: &Value) -> Text {
    let mut text = Text::default();
    for (kind, title) in [("claims", "claim"), ("checks", "check")] {
        let rows: Vec<&Value> = table[kind].as_array().into_iter().flatten().collect();
        if rows.is_empty() {
            continue;
        }
        text.line(&format!("{}: {}", count(rows.len(), title), totals(&rows)));
        let widest = |key: &str| rows.iter().map(|row| width(word(row, key))).max().unwrap_or(0);
        let (name, status) = (widest("claim"), widest("status"));
        for row in rows {
            let colour = match word(row, "status") {
                "differs" => "33",
                "reproduced" | "agrees" => "32",
                _ => "2",
            };
            text.add("  ").paint(&padded(word(row, "status"), status), colour);
            let numbers = format!("  {}  {}", padded(word(row, "claim"), name), numbers(row));
            let left = columns().saturating_sub(status + 2);
            text.line(engine::plain::cut(numbers.trim_end(), left.max(40)).as_ref());
        }
    }
    text
}

/// `19 reproduced, 6 differ` of some rows.
fn totals(rows: &[&Value]) -> String {
    let of = |status: &str| rows.iter().filter(|row| word(row, "status") == status).count();
    let all = ["reproduced", "agrees", "differs", "not checkable"];
    let some = all.into_iter().map(|status| (of(status), status)).filter(|(n, _)| *n > 0);
    some.map(|(n, status)| format!("{n} {status}")).collect::<Vec<_>>().join(", ")
}

/// What is stated, and what was computed, or why nothing was.
fn numbers(row: &Value) -> String {
    let (stated, unit) = (word(row, "published_text"), word(row, "unit"));
    match row["computed_text"].as_str() {
        Some(computed) => format!("stated {stated}, computed {computed} {unit}"),
        None => format!("stated {stated} {unit}; missing: {}", word(row, "missing")),
    }
}

fn word<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or("")
}

/// Writes a status and a reason into the file of claims.
fn accept(
    plan: &Plan,
    audit: &Audit,
    name: &str,
    status: Status,
    reason: &str,
) -> Result<(), Failed> {
    let path = plan.root.join(&audit.claims);
    let read = |error: std::io::Error| Diagnostic::io("read", &path, &error);
    let text = std::fs::read_to_string(&path).map_err(read)?;
    let document = Document::parse(&audit.claims, text.as_bytes())?;
    let found = ["claims", "checks"].into_iter().find_map(|kind| {
        let node = document.root.get(kind)?.get(name)?;
        Some((kind, node))
    });
    let Some((kind, claim)) = found else {
        let names = ["claims", "checks"].into_iter().filter_map(|kind| document.root.get(kind));
        let names: Vec<&str> =
            names.flat_map(Node::entries).filter_map(|(key, _)| key.text()).collect();
        let problem = Diagnostic::new(Kind::Usage, format!("there is no claim `{name}`"))
            .at(Place::file(&audit.claims));
        let near = did_you_mean(name, names.iter().copied());
        return Err(near.into_iter().fold(problem, Diagnostic::hint).into());
    };
    if reason.trim().is_empty() {
        let message = "a reason says why the status is right";
        return Err(Diagnostic::new(Kind::Usage, message).into());
    }
    let Some(accepted) = claim.get("accepted") else {
        let place = document.key_place(&[kind, name]);
        let message = format!("the claim `{name}` lacks `accepted`");
        return Err(Diagnostic::new(Kind::Usage, message).at(place).into());
    };
    let quoted = serde_json::Value::from(reason).to_string();
    let mut edits = vec![(range(&text, &document, accepted)?, status.word().to_string())];
    match claim.get("reason") {
        Some(node) => edits.push((range(&text, &document, node)?, quoted)),
        None => {
            let at = edits[0].0.start;
            let begin = text[..at].rfind('\n').map_or(0, |at| at + 1);
            let line = &text[begin..at];
            let indent: String = line.chars().take_while(|c| *c == ' ').collect();
            edits.push((begin..begin, format!("{indent}reason: {quoted}\n")));
        }
    }
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut written = text.clone();
    for (range, words) in edits {
        written.replace_range(range, &words);
    }
    // What is written has to read as what was meant.
    let again = Document::parse(&audit.claims, written.as_bytes())?;
    let of = |key: &str| again.root.get(kind)?.get(name)?.get(key)?.text();
    if (of("accepted"), of("reason")) != (Some(status.word()), Some(reason)) {
        return Err(by_hand(&document, claim).into());
    }
    let failed = |error: std::io::Error| Diagnostic::io("write", &path, &error);
    Ok(std::fs::write(&path, written).map_err(failed)?)
}

/// Where a value stands in the text.
fn range(
    text: &str,
    document: &Document,
    node: &Node,
) -> Result<std::ops::Range<usize>, Diagnostic> {
    let place = document.place(node);
    let source = document.source(node);
    let lines: usize = text.split_inclusive('\n').take(place.line - 1).map(str::len).sum();
    let line = text[lines..].lines().next().unwrap_or_default();
    let at = line.char_indices().nth(place.column.max(1) - 1).map_or(line.len(), |(at, _)| at);
    let start = lines + at;
    let is_there = !source.contains('\n') && text[start..].starts_with(source);
    match is_there {
        true => Ok(start..start + source.len()),
        false => Err(by_hand(document, node)),
    }
}

fn by_hand(document: &Document, node: &Node) -> Diagnostic {
    let message = "this is written in a way that can't be replaced safely";
    Diagnostic::new(Kind::Usage, message)
        .at(document.place(node))
        .hint("write the status and the reason into the file yourself")
}
