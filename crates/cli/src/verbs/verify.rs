//! `colophon verify`: holds a checkout to its lock, or a report to what it carries, in
//! levels that say what they prove.
//!
//! A level is entered only where those below it found nothing, so the first divergence
//! stands where it comes from. What each level proves and what not, `docs/verify.md` tells.

use std::path::{Path, PathBuf};

use clap::Args;
use engine::diagnostic::{Diagnostic, Kind};
use engine::digest::Digest;
use engine::lock::Lock;
use engine::plan::pipeline;
use engine::store::Store;

use crate::arguments::Arguments;
use crate::edition;
use crate::report::{Failed, print, print_json};
use crate::study::Study;
use crate::text::Text;
use crate::verbs::look;
use checkout::Checkout;
use told::going_on;
use verdict::{Finding, Verdict};

mod checkout;
mod told;
mod verdict;
mod present;
mod agree;
mod ledger;
mod manifest;
mod attachments;
mod again;
mod copied;
mod perturbed;
mod parted;
mod alone;

/// Holds a checkout to its lock, or a report to what it carries.
#[derive(Args, Debug)]
#[command(after_help = "Level 0: everything that is here has its digest. Level 1: lock, ledger, \
manifest and PDF agree. Level 2: everything is made again in an empty store and compared byte by \
byte. Level 3: twice more, under other surroundings. Exit code 4: not verified.")]
pub(crate) struct Verify {
    /// Verify this report by what it carries, and then the checkout, if it is one of it.
    #[arg(value_name = "REPORT.pdf")]
    pub(crate) pdf: Option<PathBuf>,
    /// How far to go, from 0 to 3 [default: 1; 2 for a report].
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub(crate) level: Option<u8>,
    /// Look for the fonts of a report in this folder too.
    #[arg(long, value_name = "DIR", requires = "pdf")]
    pub(crate) fonts: Option<PathBuf>,
    /// Write the answer to this file as well: JSON if its name ends with `.json`, else text.
    #[arg(long = "report", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

pub(crate) fn verify(study: &Study, arguments: &Arguments, verb: &Verify) -> Result<(), Failed> {
    let mut verdict = Verdict::default();
    match &verb.pdf {
        Some(file) => of_report(study, arguments, verb, file, &mut verdict)?,
        None => of_checkout(study, arguments, verb.level.unwrap_or(1), &mut verdict)?,
    }
    tell(arguments, verb, &verdict)
}

/// A report by what it carries, and the checkout at hand where it is the one that made it.
fn of_report(
    study: &Study,
    arguments: &Arguments,
    verb: &Verify,
    file: &Path,
    verdict: &mut Verdict,
) -> Result<(), Failed> {
    let name = file.display().to_string();
    let pdf = edition::read(file, &name)?;
    let root = &arguments.directory;
    let root = root.join(pipeline::FILE).is_file().then_some(root.as_path());
    let level = verb.level.unwrap_or(2);
    let places = alone::Places { study, fonts: verb.fonts.as_deref(), root };
    alone::level(&places, &name, &pdf, level, verdict)?;
    let Some(root) = root.filter(|_| verdict.holds()) else { return Ok(()) };
    let digest = Digest::of(&pdf);
    let lock = Lock::read(root)?;
    let mut made = lock.stages.values().flat_map(|block| block.outputs.values());
    if made.any(|made| made.digest == digest) {
        return of_checkout(study, arguments, level, verdict);
    }
    let what = format!("`{name}` is no output of the checkout here, by its lock");
    match verb.level {
        // Who names a level asks for the checkout's.
        Some(3) => verdict.findings.push(Finding::new(3, what).path(&name)),
        _ => going_on(arguments, &format!("{what}, so it was verified by itself")),
    }
    Ok(())
}

/// The levels one after the other, up to the one that is asked for or that fails.
fn of_checkout(
    study: &Study,
    arguments: &Arguments,
    level: u8,
    verdict: &mut Verdict,
) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    if !project.plan.is_plain {
        let message = "the lock holds the plain pipeline, and this is a variant of it";
        return Err(Diagnostic::new(Kind::Usage, message).hint("unset SOURCE_DATE_EPOCH").into());
    }
    let Some(mut checkout) = Checkout::open(&project, verdict)? else { return Ok(()) };
    present::level(&checkout, verdict)?;
    verdict.root = checkout.root()?;
    if level == 0 || !verdict.holds() {
        return Ok(());
    }
    let place = verdict.proved.len();
    let mut missing = agree::level(&checkout, verdict)?;
    if verdict.holds() && level >= 2 {
        let (folder, store) = again::level(study, arguments, &checkout, verdict)?;
        if verdict.holds() && !missing.is_empty() {
            // What was not here is here now: the first level once more.
            verdict.proved.remove(place);
            checkout.again = Some(Store::look(&store)?);
            missing = agree::level(&checkout, verdict)?;
            verdict.proved[place..].sort_by_key(|it| it.level);
            verdict.root = checkout.root()?;
        }
        drop(folder);
    }
    verdict.findings.extend(missing);
    if level == 3 && verdict.holds() {
        perturbed::level(arguments, &checkout, verdict)?;
    }
    Ok(())
}

/// Prints the answer, keeps it in a file where that is asked for, and ends with its code.
fn tell(arguments: &Arguments, verb: &Verify, verdict: &Verdict) -> Result<(), Failed> {
    let json = verdict.json();
    if let Some(file) = &verb.file {
        let is_json = file.extension().is_some_and(|it| it == "json");
        let pretty = || serde_json::to_string_pretty(&json).expect("a verdict is plain data");
        let text = if is_json { pretty() + "\n" } else { verdict.text() };
        std::fs::write(file, text).map_err(|error| Diagnostic::io("write", file, &error))?;
    }
    match arguments.json {
        true => print_json(&json)?,
        false => print(Text::file(&verdict.text()))?,
    }
    if verdict.holds() { Ok(()) } else { Err(Failed::code(4)) }
}
