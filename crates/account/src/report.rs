//! The report as a PDF, typeset from its sources, its tables and the ledger.
//!
//! The sources see the given files under their project paths, and the date as
//! `sys.inputs.date`; nothing of the machine. The date is also the date that the PDF bears.
//! `sys.inputs.action` is JSON of this function, its parameters, and the paths that it was
//! given by role: a report that attaches this and the files can be typeset from itself.
//! Typst is compiled into this program; with the renderer `cli` an installed `typst`
//! of the same version does the work, and gives the same bytes.
//!
//! Refused is a report
//! - with a warning of Typst: an unknown font or a layout that does not settle
//!   would leave pages that nobody meant;
//! - with a claim that is false: `#claim("ztest.z < 0")[fewer]` holds a condition
//!   over values of the ledger, and its words stand only while that is true;
//! - with a naked number: each numeral of the prose is a value, or marked as
//!   literal, or part of a date, a reference or a name.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use engine::calendar;
use engine::code::Source;
use engine::diagnostic::{Diagnostic, Kind, Place};
use engine::function::{Artifact, Failure, Job, Output, Outputs, Slot};
use engine::words::count;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use typeset::claims::Claim;
use typeset::numerals::{self, Naked as NakedNumber};
use typeset::problem::Problem;
use typeset::project::Project;

use crate::json;
use crate::pages::{Places, places};
use crate::reading::Ledger;
use crate::values::Values;

/// The Typst sources with their fonts, the tables that they read, the ledger of their values
/// where they print any, and the digests of all that.
pub const INPUTS: &[Slot] =
    &[Slot::many("sources"), Slot::many("data"), Slot::optional("ledger"), Slot::many("manifest")];
/// The report, how many of its numbers and words are held to values, and on which pages
/// it prints what.
pub const OUTPUTS: &[&str] = &["pdf", "coverage", "places"];

/// This file.
pub const SOURCE: Source = ("crates/account/src/report.rs", include_str!("report.rs"));

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The path of the main source, such as `report/main.typ`.
    #[serde(default = "main_source")]
    pub main: String,
    /// The date of this edition, as `YYYY-MM-DD`.
    pub date: String,
    /// Which Typst does the work.
    #[serde(default)]
    pub renderer: Renderer,
    /// The standards that the PDF keeps, such as `a-3a` and `ua-1`.
    #[serde(default)]
    pub standards: Vec<String>,
    /// What becomes of naked numbers in the prose.
    #[serde(default)]
    pub naked: Naked,
    /// Whether it is a draft: words that are not true are marked, on each page too, and
    /// nothing is refused for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
}

/// What becomes of naked numbers in the prose.
#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Naked {
    /// The report is refused.
    #[default]
    Refused,
    /// They are counted, for a draft.
    Counted,
}

/// Which Typst does the work.
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Renderer {
    /// The one that is compiled into this program.
    #[default]
    Embedded,
    /// The command `typst`, of the same version.
    Cli,
}

fn main_source() -> String {
    "report/main.typ".to_string()
}

/// Typesets the report.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let roles = ["sources", "data", "ledger", "manifest"];
    let mut project = Project {
        files: files(&roles.map(|role| job.many(role))),
        main: params.main.clone(),
        inputs: BTreeMap::from([
            ("date".to_string(), params.date.clone()),
            ("action".to_string(), action(params, &roles, job)?),
        ]),
        date: calendar::day(&params.date).ok_or_else(|| no_date(&params.date))?,
        standards: params.standards.clone(),
    };
    if params.draft {
        mark_as_draft(&mut project);
    }
    let made = match params.renderer {
        Renderer::Embedded => typeset::document::pdf(&project),
        Renderer::Cli => typeset::command::pdf(&project, Path::new("typst")),
    };
    let made = made.map_err(refused)?;
    let ledger = job.optional("ledger").map_or(Ok(Ledger::default()), Ledger::decode)?;
    let (mut coverage, naked) = numerals(&project);
    (coverage.values, coverage.claims) = (made.values.len(), made.claims.len());
    let places = places(&project, &ledger, &made);
    if params.draft {
        let untrue = made.claims.iter().filter(|it| !it.holds).count();
        let note = format!("DRAFT: {} not true", count(untrue, "statement"));
        return outputs(made.pdf, &coverage, &places, &note);
    }
    let mut problems: Vec<_> = made.warnings.into_iter().map(diagnostic).collect();
    problems.extend(made.claims.into_iter().filter(|it| !it.holds).map(|it| broken(&ledger, it)));
    if params.naked == Naked::Refused {
        problems.extend(naked.into_iter().map(|it| bare(&ledger, it)));
    }
    if !problems.is_empty() {
        return Err(Failure { diagnostics: problems });
    }
    outputs(made.pdf, &coverage, &places, &coverage.to_string())
}

fn outputs(
    pdf: Vec<u8>,
    coverage: &Coverage,
    places: &Places,
    note: &str,
) -> Result<Outputs, Failure> {
    Ok(Outputs::from([
        ("pdf", Output::from(pdf).note(note)),
        ("coverage", coverage.report().encode()?),
        ("places", json::encode(places)?),
    ]))
}

/// The source that puts a mark on each page of a draft.
const DRAFT: &str = "draft.typ";

/// Lets the document begin with a mark that no page is without; a draft keeps no standard.
fn mark_as_draft(project: &mut Project) {
    let mark = format!(
        "#set page(foreground: place(top + center, dy: 5mm, context {{\n  \
         let n = query(<colophon-false>).len()\n  \
         let words = if n == 1 [1 statement is] else [#n statements are]\n  \
         text(9pt, weight: \"bold\", fill: rgb(\"#b00020\"))[DRAFT, not for publication: \
         #words not true]\n}}))\n#include \"/{}\"\n",
        project.main
    );
    project.files.insert(DRAFT.into(), mark.into_bytes());
    project.main = DRAFT.into();
    // What is struck through may stand where a standard allows no such thing.
    project.standards.clear();
    project.inputs.insert("draft".into(), "true".into());
}

/// How many numbers and words of the report are held to something.
#[derive(Default)]
struct Coverage {
    values: usize,
    claims: usize,
    literals: usize,
    dates: usize,
    references: usize,
    naked: usize,
}

impl Coverage {
    /// The counts as values.
    fn report(&self) -> Values {
        let mut values = Values::default();
        values.count("values", self.values, "numbers", "printed from the ledger");
        values.count("claims", self.claims, "words", "that stand under a condition");
        values.count("literals", self.literals, "numerals", "marked as literal");
        values.count("dates", self.dates, "numerals", "of dates");
        values.count("references", self.references, "numerals", "of references and names");
        values.count("naked", self.naked, "numerals", "that nothing answers for");
        values
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Coverage { values, claims, literals, naked, .. } = self;
        let (values, claims) = (count(*values, "value"), count(*claims, "claim"));
        let (literals, naked) = (count(*literals, "literal"), count(*naked, "naked number"));
        let naked = naked.replacen("0 ", "no ", usize::from(naked.starts_with("0 ")));
        write!(f, "{values}, {claims}, {literals}, {naked}")
    }
}

/// What is done here, for whoever is to do it again.
fn action(params: &Params, roles: &[&str], job: &Job) -> Result<String, Failure> {
    let paths = |role: &str| job.many(role).iter().map(|it| it.path.clone()).collect::<Vec<_>>();
    let inputs: BTreeMap<_, _> = roles.iter().map(|role| (*role, paths(role))).collect();
    let action = serde_json::json!({ "function": "report", "params": params, "inputs": inputs });
    serde_json::to_string(&action).map_err(|error| Failure::from(error.to_string()))
}

/// The numerals in the prose of all sources.
fn numerals(project: &Project) -> (Coverage, Vec<NakedNumber>) {
    let (mut coverage, mut naked) = (Coverage::default(), Vec::new());
    for (path, bytes) in project.files.iter().filter(|(path, _)| path.ends_with(".typ")) {
        // Typst has refused what is no text.
        let found = numerals::numerals(path, &String::from_utf8_lossy(bytes));
        coverage.literals += found.literals;
        coverage.dates += found.dates;
        coverage.references += found.references;
        coverage.naked += found.naked.len();
        naked.extend(found.naked);
    }
    (coverage, naked)
}

/// The given artifacts as files of the project.
fn files(inputs: &[&[Artifact]]) -> BTreeMap<String, Vec<u8>> {
    let file = |it: &Artifact| (it.path.clone(), it.bytes.to_vec());
    inputs.iter().copied().flatten().map(file).collect()
}

/// The failure that a text is no day of the calendar.
fn no_date(text: &str) -> Failure {
    let fault = Diagnostic::new(Kind::Stage, format!("`{text}` is not a date"));
    Failure { diagnostics: vec![fault.hint("write it as `YYYY-MM-DD`")] }
}

/// The failure that says what is wrong with the sources.
fn refused(problems: Vec<Problem>) -> Failure {
    Failure { diagnostics: problems.into_iter().map(diagnostic).collect() }
}

/// A claim that is false.
fn broken(ledger: &Ledger, claim: Claim) -> Diagnostic {
    let Claim { condition, names, words, sentence, page, problem, .. } = claim;
    let message = format!("`{words}` on page {page} is not true");
    let problem = Problem { message, ..problem };
    let mut diagnostic = diagnostic(problem).details([
        format!("sentence: {}", ledger.read_out(&sentence)),
        format!("condition: {condition}"),
    ]);
    diagnostic.kind = Kind::Contract;
    for name in names {
        let now = ledger.exact(&name);
        diagnostic = diagnostic.value(name, now);
    }
    diagnostic.hint("write what the values say, or mend what made them; `colophon why` tells what")
}

/// A numeral that nothing answers for, with the values that it may be.
fn bare(ledger: &Ledger, naked: NakedNumber) -> Diagnostic {
    let mut diagnostic = diagnostic(naked.problem);
    for name in ledger.equal(&naked.number) {
        diagnostic = diagnostic.hint(format!("it may be `#val(\"{name}\")`"));
    }
    diagnostic
}

/// A problem of the sources as the program shows it.
fn diagnostic(problem: Problem) -> Diagnostic {
    let Problem { message, path, line, column, width, text, hints, .. } = problem;
    let missing = message.starts_with("file not found");
    let mut diagnostic = Diagnostic::new(Kind::Stage, message);
    if line > 0 {
        diagnostic = diagnostic.at(Place { path, line, column, width, text });
    }
    for hint in hints {
        diagnostic = diagnostic.hint(hint);
    }
    if missing {
        diagnostic = diagnostic.hint("the report sees only the inputs that its stage declares");
    }
    diagnostic
}

#[cfg(test)]
mod tests;
