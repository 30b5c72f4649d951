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

use crate::reading::Ledger;
use crate::values::Values;

/// The Typst sources with their fonts, the tables that they read, the ledger, and the
/// digests of all that.
pub const INPUTS: &[Slot] =
    &[Slot::many("sources"), Slot::many("data"), Slot::one("ledger"), Slot::many("manifest")];
/// The report, and how many of its numbers and words are held to values.
pub const OUTPUTS: &[&str] = &["pdf", "coverage"];

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
    let project = Project {
        files: files(&roles.map(|role| job.many(role))),
        main: params.main.clone(),
        inputs: BTreeMap::from([
            ("date".to_string(), params.date.clone()),
            ("action".to_string(), action(params, &roles, job)?),
        ]),
        date: date(&params.date)?,
        standards: params.standards.clone(),
    };
    let made = match params.renderer {
        Renderer::Embedded => typeset::document::pdf(&project),
        Renderer::Cli => typeset::command::pdf(&project, Path::new("typst")),
    };
    let made = made.map_err(refused)?;
    let ledger = Ledger::decode(job.one("ledger"))?;
    let (mut coverage, naked) = numerals(&project);
    (coverage.values, coverage.claims) = (made.values, made.claims.len());
    let mut problems: Vec<_> = made.warnings.into_iter().map(diagnostic).collect();
    problems.extend(made.claims.into_iter().filter(|it| !it.holds).map(|it| broken(&ledger, it)));
    if params.naked == Naked::Refused {
        problems.extend(naked.into_iter().map(|it| bare(&ledger, it)));
    }
    if !problems.is_empty() {
        return Err(Failure { diagnostics: problems });
    }
    let pdf = Output::from(made.pdf).note(coverage.to_string());
    Ok(Outputs::from([("pdf", pdf), ("coverage", coverage.report().encode()?)]))
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

/// Reads a date; whether the calendar has that day, `typeset` says.
fn date(text: &str) -> Result<(i32, u8, u8), Failure> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| {
        parts.next().filter(|it| it.len() == digits && it.bytes().all(|b| b.is_ascii_digit()))
    };
    let read = part(4).zip(part(2)).zip(part(2)).filter(|_| parts.next().is_none());
    let numbers = read.and_then(|((year, month), day)| {
        Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
    });
    numbers.ok_or_else(|| Failure {
        diagnostics: vec![
            Diagnostic::new(Kind::Stage, format!("`{text}` is not a date"))
                .hint("write it as `YYYY-MM-DD`"),
        ],
    })
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
mod tests {
    use super::*;

    /// What the report says of a main source and a ledger.
    fn report(main: &str, date: &str) -> Result<Vec<u8>, Vec<String>> {
        let artifact = |path: &str, text: &str| Artifact {
            path: path.to_string(),
            bytes: text.as_bytes().into(),
            labels: Default::default(),
            resource: None,
        };
        let inputs = BTreeMap::from([
            ("sources".to_string(), vec![artifact("report/main.typ", main)]),
            ("ledger".to_string(), vec![artifact("outputs/ledger.json", "{\"z\": 1}")]),
        ]);
        let params = serde_json::json!({ "date": date });
        let job = Job::new(params, inputs, [0; 32]);
        let params = job.params().unwrap();
        let mut outputs = run(&params, &job).map_err(|failure| {
            failure.diagnostics.iter().map(|it| format!("{it} {:?}", it.hints)).collect::<Vec<_>>()
        })?;
        Ok(outputs.remove("pdf").unwrap().bytes)
    }

    #[test]
    fn a_report() {
        let main = "#sys.inputs.date #json(\"/outputs/ledger.json\").z";
        let pdf = report(main, "2026-11-21").unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        assert!(pdf == report(main, "2026-11-21").unwrap());
    }

    #[test]
    fn what_was_done() {
        let main = "#let it = json(bytes(sys.inputs.action))
            #assert.eq(it.function, \"report\")
            #assert.eq(it.params.main, \"report/main.typ\")
            #assert.eq(it.inputs.sources, (\"report/main.typ\",))
            #assert.eq(it.inputs.ledger, (\"outputs/ledger.json\",))";
        report(main, "2026-11-21").unwrap();
    }

    #[test]
    fn a_file_that_is_no_input() {
        assert_eq!(
            report("#json(\"/outputs/other.json\")", "2026-11-21").unwrap_err(),
            ["report/main.typ:1:7: file not found (searched at outputs/other.json) \
              [\"the report sees only the inputs that its stage declares\"]"]
        );
    }

    #[test]
    fn counts_inflect() {
        let none = Coverage::default();
        assert_eq!(none.to_string(), "0 values, 0 claims, 0 literals, no naked numbers");
        let one = Coverage { values: 1, claims: 1, literals: 1, naked: 1, ..none };
        assert_eq!(one.to_string(), "1 value, 1 claim, 1 literal, 1 naked number");
        let many = Coverage { values: 1200, naked: 10, ..one };
        assert_eq!(many.to_string(), "1,200 values, 1 claim, 1 literal, 10 naked numbers");
    }

    #[test]
    fn a_date_in_other_words() {
        for date in ["21 November 2026", "2026-11-21-1", "26-11-21"] {
            assert_eq!(
                report("", date).unwrap_err(),
                [format!("`{date}` is not a date [\"write it as `YYYY-MM-DD`\"]")]
            );
        }
    }
}
