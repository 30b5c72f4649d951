//! The report as a PDF, typeset from its sources, its tables and the ledger.
//!
//! The sources see the given files under their project paths, and the date as
//! `sys.inputs.date`; nothing of the machine. The date is also the date that
//! the PDF bears. Typst is compiled into this program; with the renderer
//! `cli` an installed `typst` of the same version does the work, and gives the
//! same bytes.
//!
//! A warning of Typst refuses the report as an error does: an unknown font or
//! a layout that does not settle would leave pages that nobody meant.

use std::collections::BTreeMap;
use std::path::Path;

use engine::diagnostic::{Diagnostic, Kind, Place};
use engine::function::{Artifact, Failure, Job, Output, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use typeset::{Problem, Project, Typeset};

/// The Typst sources with their fonts, the tables that they read, and the ledger.
pub const INPUTS: &[Slot] = &[Slot::many("sources"), Slot::many("data"), Slot::one("ledger")];
/// The report.
pub const OUTPUTS: &[&str] = &["pdf"];

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
    let project = Project {
        files: files(&[job.many("sources"), job.many("data"), job.many("ledger")]),
        main: params.main.clone(),
        inputs: BTreeMap::from([("date".to_string(), params.date.clone())]),
        date: date(&params.date)?,
    };
    let made = match params.renderer {
        Renderer::Embedded => typeset::pdf(&project),
        Renderer::Cli => typeset::command::pdf(&project, Path::new("typst")),
    };
    match made {
        Ok(Typeset { pdf, warnings, .. }) if warnings.is_empty() => {
            Ok(Outputs::from([("pdf", Output::from(pdf))]))
        }
        Ok(Typeset { warnings, .. }) => Err(refused(warnings)),
        Err(problems) => Err(refused(problems)),
    }
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
    fn a_file_that_is_no_input() {
        assert_eq!(
            report("#json(\"/outputs/other.json\")", "2026-11-21").unwrap_err(),
            ["report/main.typ:1:7: file not found (searched at outputs/other.json) \
              [\"the report sees only the inputs that its stage declares\"]"]
        );
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
