//! `colophon export`: a study in the forms that archives, journals and checkers take.
//!
//! Only what is as `pipeline.lock` has it is exported; what is licensed is not, and what
//! is made up is said to be.

mod gather;
mod origin;
mod sign;
mod write;

use std::collections::BTreeSet;

use answers::export::bundle::{Bundle, Content, Contents, LICENSED};
use answers::export::{aea, codecheck, harmless, ro_crate, slsa, tro, values};
use engine::diagnostic::{Diagnostic, Kind};
use engine::project::Project;

use crate::args::Arguments;
use crate::args::export::{Export, Form};
use crate::message;
use crate::report::{Failed, count, print, say};
use crate::study::Study;
use crate::text::Text;

/// What is exported, and what it speaks of.
struct Made {
    contents: Contents,
    /// The files of the project that it carries or describes.
    speaks_of: BTreeSet<String>,
    /// Whether it names values.
    values: bool,
    /// What should be known of it.
    notes: Vec<String>,
}

pub(crate) fn export(study: &Study, arguments: &Arguments, verb: &Export) -> Result<(), Failed> {
    if let Some(to) = &verb.to {
        write::check(to)?;
    }
    let is_one = matches!(verb.format, Form::Aea | Form::Tro | Form::Slsa);
    if !is_one && verb.to.is_none() {
        let message = "this form has several files, and nothing says where they are to be put";
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("name a folder that is new, or a file: `--to NAME` or `--to NAME.zip`")
            .into());
    }
    if verb.sign.is_some() && !matches!(verb.format, Form::Tro | Form::Slsa) {
        let message = "only `slsa` and `tro` are signed: they speak for the other files";
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("leave out `--sign`, and sign one of these beside it")
            .into());
    }
    let project = gather::open(study, arguments)?;
    if let Some(to) = &verb.to {
        write::outside(&project.plan.root, to)?;
    }
    message::all(&project.store.notes());
    let bundle = gather::bundle(&project)?;
    let key = verb.sign.as_deref().map(sign::public).transpose()?;
    let made = made(&project, &bundle, verb, key.as_deref())?;
    licensed(&bundle, &made)?;
    match &verb.to {
        None => {
            let text = made.contents.values().find_map(|content| match content {
                Content::Text(text) => Some(text.as_str()),
                Content::Copy(_) => None,
            });
            print(Text::file(text.unwrap_or_default()))?;
        }
        Some(to) if is_one => write::document(&made.contents, to)?,
        Some(to) => write::all(&project.plan.root, &bundle, &made.contents, to)?,
    }
    if let (Some(to), Some(key)) = (&verb.to, &verb.sign) {
        sign::sign(key, to)?;
    }
    if !arguments.quiet {
        tell(&bundle, verb, &made);
    }
    Ok(())
}

fn made(
    project: &Project,
    bundle: &Bundle,
    verb: &Export,
    key: Option<&str>,
) -> Result<Made, Failed> {
    let one = |name: &str, text: String| Contents::from([(name.into(), Content::Text(text))]);
    let all: BTreeSet<String> = bundle.files.keys().cloned().collect();
    let of_all = |contents| Made { contents, speaks_of: all.clone(), values: false, notes: vec![] };
    let read = |path: &str| std::fs::read(project.plan.root.join(path)).ok();
    Ok(match verb.format {
        Form::RoCrate => {
            dated(bundle)?;
            of_all(ro_crate::contents(bundle))
        }
        Form::Tro => {
            let fingerprint = |text: &str| gather::sha256(text.as_bytes());
            let declaration = tro::declaration(bundle, key, &fingerprint);
            unsigned(of_all(one("tro.jsonld", harmless::json(&declaration))), key)
        }
        Form::Slsa => {
            let statement = slsa::statement(bundle);
            let mut made = unsigned(of_all(one("slsa.json", harmless::json(&statement))), key);
            if bundle.outputs(".pdf").is_empty() {
                made.notes.push("no stage makes a PDF, so it speaks of the lock alone".into());
            }
            made
        }
        Form::Codecheck => {
            let speaks_of = codecheck::manifest(bundle).into_iter().map(String::from).collect();
            let notes =
                vec!["who checked, and what came of it, is for the checker to fill in".into()];
            Made { contents: codecheck::contents(bundle), speaks_of, values: false, notes }
        }
        Form::Aea => {
            let (places, audit) = aea::paths(bundle);
            let places: Option<aea::Places> = places.map(|it| parsed(project, it)).transpose()?;
            let audit: Option<aea::Audit> = audit.map(|it| parsed(project, it)).transpose()?;
            let rows = aea::rows(bundle, places.as_ref(), audit.as_ref());
            let is_markdown =
                verb.to.as_ref().is_some_and(|to| to.extension().is_some_and(|it| it == "md"));
            let text = if is_markdown { aea::markup(&rows) } else { aea::csv(&rows) };
            let speaks_of = rows.iter().map(|row| row.output.clone()).collect();
            let mut notes = Vec::new();
            if places.is_none() {
                notes.push(
                    "no stage makes an output `places`, so pages and numbers of figures stay empty"
                        .into(),
                );
            }
            if audit.is_none() {
                notes.push(
                    "no stage holds claims to its numbers, so there is no row of them".into(),
                );
            }
            if bundle.ledger.is_none() {
                notes.push("no stage makes a ledger, so there is no row of numbers".into());
            }
            Made { contents: one("aea.csv", text), speaks_of, values: true, notes }
        }
        Form::Csv => {
            let tables = values::tables(bundle, &read);
            let mut notes = Vec::new();
            if bundle.ledger.is_none() {
                notes.push(format!("no stage makes a ledger, so there is no `{}`", values::FILE));
            }
            if !tables.left_out.is_empty() {
                let paths: Vec<&str> = tables.left_out.iter().map(String::as_str).collect();
                let names = engine::diagnostic::listed(paths);
                notes.push(format!("tables in Parquet are left out: {names}"));
            }
            if tables.contents.is_empty() {
                let message = "there is nothing to export: no ledger, and no table in JSON or CSV";
                return Err(Diagnostic::new(Kind::Usage, message)
                    .hint("let a stage use the function `ledger`: it takes the `values` of the others")
                    .into());
            }
            Made { contents: tables.contents, speaks_of: tables.from, values: true, notes }
        }
    })
}

/// A file of the project that a stage made as JSON.
fn parsed<T: serde::de::DeserializeOwned>(project: &Project, path: &str) -> Result<T, Failed> {
    let bytes = std::fs::read(project.plan.root.join(path))
        .map_err(|error| Diagnostic::io("read", path.as_ref(), &error))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!("`{path}` can't be read as what its name says: {error}");
        Diagnostic::new(Kind::Usage, message)
            .hint("give the output another name, if it is something else")
            .into()
    })
}

fn unsigned(mut made: Made, key: Option<&str>) -> Made {
    if key.is_none() {
        made.notes.push("it is not signed: `--sign KEY` takes an SSH key".into());
    }
    made
}

fn dated(bundle: &Bundle) -> Result<(), Failed> {
    if bundle.date.is_some() {
        return Ok(());
    }
    let message = "the edition has no date, and a crate needs one";
    Err(Diagnostic::new(Kind::Usage, message)
        .hint("add `date: \"YYYY-MM-DD\"` to `pipeline.yaml`, or `date-released` to `CITATION.cff`")
        .into())
}

/// Refuses what is licensed: each file and value, and the sources that it comes from.
fn licensed(bundle: &Bundle, made: &Made) -> Result<(), Failed> {
    let is_it = |labels: &BTreeSet<String>| labels.contains(LICENSED);
    let files = made.speaks_of.iter().filter_map(|path| bundle.files.get_key_value(path));
    let mut things: Vec<String> = files
        .filter(|(_, file)| is_it(&file.labels))
        .map(|(path, _)| format!("`{path}`"))
        .collect();
    if made.values {
        let values = bundle.ledger.iter().flat_map(|ledger| &ledger.values);
        let carried = values.filter(|(_, value)| is_it(&value.labels));
        things.extend(carried.map(|(name, _)| format!("value `{name}`")));
    }
    if things.is_empty() {
        return Ok(());
    }
    let of = |source: &serde_json::Value| {
        source["labels"].as_array().is_some_and(|it| it.iter().any(|label| label == LICENSED))
    };
    let named = |(name, source): (&String, &serde_json::Value)| {
        let title = source["title"].as_str().unwrap_or("");
        format!("it comes from source `{name}`: {title}").trim_end_matches(": ").to_string()
    };
    let sources: Vec<String> = bundle.sources.iter().filter(|(_, it)| of(it)).map(named).collect();
    let message = match &things[..] {
        [thing] => format!("{thing} carries `licensed`, and what is licensed is not exported"),
        all => format!(
            "{} carry `licensed`, and what is licensed is not exported",
            count(all.len(), "thing")
        ),
    };
    Err(Diagnostic::contract(message)
        .details(things.into_iter().chain(sources))
        .hint(
            "put a stand-in in its place, or `declassify` what may be given away, with the reason",
        )
        .into())
}

/// Says what was written, what of it is made up, and what else should be known.
fn tell(bundle: &Bundle, verb: &Export, made: &Made) {
    if let Some(to) = &verb.to {
        let files = count(made.contents.len(), "file");
        let signed = if verb.sign.is_some() { ", and its signature beside it" } else { "" };
        say(&format!("exported: {files} -> {}{signed}", to.display()));
    }
    let synthetic = bundle.synthetic(made.speaks_of.iter().map(String::as_str));
    if synthetic > 0 {
        let of = count(made.speaks_of.len(), "file");
        say(&format!(
            "note: {synthetic} of {of} that it speaks of carry `synthetic`, and it says so"
        ));
    }
    for note in &made.notes {
        say(&format!("note: {note}"));
    }
}
