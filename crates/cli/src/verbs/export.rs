//! `colophon export`: a study in the forms that archives, journals and checkers take.
//!
//! Only what is as `pipeline.lock` has it is exported; what is licensed is not, and what
//! is made up is said to be.

mod gather;
mod made;
mod origin;
mod sign;
mod site;
mod tables;
mod write;

use std::collections::BTreeSet;
use std::path::PathBuf;

use answers::export::bundle::{Bundle, Content, LICENSED};
use answers::export::{codecheck, harmless, ro_crate, slsa, tro};
use clap::{Args, ValueEnum};
use engine::diagnostic::{Diagnostic, Kind};
use engine::project::Project;

use crate::arguments::Arguments;
use crate::message;
use crate::report::{Failed, count, print, say};
use crate::study::Study;
use crate::text::Text;
use made::Made;

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The form.
    #[arg(value_enum)]
    pub(crate) format: Form,
    /// Write to this path, which is new: a folder or a `.zip` for `ro-crate`, `codecheck`
    /// and `csv`, a file for the others [default: standard output, for those that are one
    /// document].
    #[arg(long, value_name = "PATH")]
    pub(crate) to: Option<PathBuf>,
    /// Sign a document with this SSH key, by `ssh-keygen`; the signature is put beside it.
    #[arg(long, value_name = "KEY", requires = "to")]
    pub(crate) sign: Option<PathBuf>,
    /// The edition that a `site` shows, named as for `diff`; of another one it is not known
    /// what stands on which page [default: what lies in `outputs/` now].
    #[arg(long, value_name = "EDITION")]
    pub(crate) from: Option<String>,
    /// Let a `site` say how long each stage took here the last time; such a page is not the
    /// same the next time.
    #[arg(long, conflicts_with = "from")]
    pub(crate) times: bool,
}

/// A form in which a study is exported.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A Workflow Run RO-Crate: every file, with what made it of what.
    RoCrate,
    /// The table of a code check: figure, table or number, program, line, reproduced.
    Aea,
    /// `codecheck.yml` and the files of its manifest.
    Codecheck,
    /// The declaration of a Transparent Research Object.
    Tro,
    /// An in-toto statement with SLSA provenance over the reports and the lock.
    Slsa,
    /// Values and tables as CSV.
    Csv,
    /// A page that opens in a browser: every number with what it rests on.
    Site,
}

pub(crate) fn export(study: &Study, arguments: &Arguments, verb: &Export) -> Result<(), Failed> {
    if let Some(to) = &verb.to {
        write::check(to)?;
    }
    if verb.format == Form::Site {
        let (to, from) = (verb.to.as_deref(), verb.from.as_deref());
        return site::site(study, arguments, (to, from, verb.times));
    }
    if verb.from.is_some() || verb.times {
        let message = "`--from` and `--times` are for `export site`";
        return Err(Diagnostic::new(Kind::Usage, message).into());
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
    let of_all = |contents| Made::new(contents, bundle.files.keys().cloned());
    Ok(match verb.format {
        Form::RoCrate => {
            dated(bundle)?;
            of_all(ro_crate::contents(bundle))
        }
        Form::Tro => {
            let declaration = harmless::json(&tro::declaration(bundle, key));
            unsigned(of_all(made::one("tro.jsonld", declaration)), key)
        }
        Form::Slsa => {
            let statement = harmless::json(&slsa::statement(bundle));
            let mut made = unsigned(of_all(made::one("slsa.json", statement)), key);
            if bundle.outputs(".pdf").is_empty() {
                made.notes.push("no stage makes a PDF, so it speaks of the lock alone".into());
            }
            made
        }
        Form::Codecheck => {
            let paths = codecheck::manifest(bundle).into_iter().map(String::from);
            let note = "who checked, and what came of it, is for the checker to fill in";
            Made::new(codecheck::contents(bundle), paths).noted(note)
        }
        Form::Aea => tables::aea(project, bundle, verb.to.as_deref())?,
        Form::Csv => tables::csv(project, bundle)?,
        Form::Site => unreachable!("a site is no bundle"),
    })
}

fn unsigned(made: Made, key: Option<&str>) -> Made {
    match key {
        Some(_) => made,
        None => made.noted("it is not signed: `--sign KEY` takes an SSH key"),
    }
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
