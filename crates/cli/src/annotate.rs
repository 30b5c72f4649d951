//! Problems as the hosts of code show them beside the lines of a change: commands of a
//! GitHub workflow, and SARIF, which GitHub, GitLab and editors read.

use std::sync::{Mutex, OnceLock};

use clap::ValueEnum;
use engine::diagnostic::{Diagnostic, Kind};
use serde_json::{Value, json};

use crate::report::{Failed, print, print_json};
use crate::text::Text;

/// The form in which problems are told besides the one for people.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// On standard error alone.
    #[default]
    Text,
    /// Annotations of a GitHub workflow, on standard output.
    Github,
    /// SARIF 2.1.0, on standard output.
    Sarif,
}

static FORM: OnceLock<Form> = OnceLock::new();
static TOLD: Mutex<Vec<Diagnostic>> = Mutex::new(Vec::new());

/// Chooses the form, once.
pub(crate) fn choose(form: Form) {
    let _ = FORM.set(form);
}

/// Remembers what was told.
pub(crate) fn note(problems: &[Diagnostic]) {
    if FORM.get().is_some_and(|form| *form != Form::Text) {
        TOLD.lock().expect("no panic while held").extend_from_slice(problems);
    }
}

/// Writes what was told in the chosen form.
pub(crate) fn end() -> Result<(), Failed> {
    let told = std::mem::take(&mut *TOLD.lock().expect("no panic while held"));
    match FORM.get().copied().unwrap_or_default() {
        Form::Text => Ok(()),
        Form::Github => {
            let lines: String = told.iter().map(github).collect();
            if lines.is_empty() { Ok(()) } else { print(Text::file(&lines)) }
        }
        Form::Sarif => print_json(&sarif(&told)),
    }
}

/// One annotation; GitHub shows the first ten of a step.
fn github(problem: &Diagnostic) -> String {
    let level = if problem.kind == Kind::Note { "notice" } else { "error" };
    let mut properties = Vec::new();
    if let Some(at) = &problem.at {
        properties.push(format!("file={}", property(&at.path)));
        if at.line > 0 {
            properties.push(format!("line={}", at.line));
        }
        if at.column > 0 {
            properties.push(format!("col={}", at.column));
        }
    }
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{level}{space}{}::{}\n", properties.join(","), data(&words(problem)))
}

/// What is told of a problem, beside its place.
fn words(problem: &Diagnostic) -> String {
    let mut lines = vec![problem.message.clone()];
    lines.extend(problem.details.iter().cloned());
    lines.extend(problem.values.iter().map(|it| match &it.before {
        Some(before) => format!("`{}` is {}, and was {before}", it.name, it.now),
        None => format!("`{}` is {}", it.name, it.now),
    }));
    lines.extend(problem.hints.iter().map(|hint| format!("hint: {hint}")));
    lines.join("\n")
}

/// Text of an annotation: a line break in it would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A log of one run.
fn sarif(problems: &[Diagnostic]) -> Value {
    let rule = |kind: Kind| serde_json::to_value(kind).unwrap_or_default();
    let mut rules: Vec<Value> = problems.iter().map(|it| rule(it.kind)).collect();
    rules.sort_by_key(ToString::to_string);
    rules.dedup();
    let result = |problem: &Diagnostic| {
        let level = if problem.kind == Kind::Note { "note" } else { "error" };
        let mut result = json!({
            "ruleId": rule(problem.kind), "level": level, "message": { "text": words(problem) },
        });
        if let Some(at) = &problem.at {
            let mut place = json!({ "artifactLocation": { "uri": uri(&at.path) } });
            if at.line > 0 {
                place["region"] = json!({ "startLine": at.line });
            }
            if at.line > 0 && at.column > 0 {
                place["region"]["startColumn"] = at.column.into();
                place["region"]["endColumn"] = (at.column + at.width).into();
            }
            result["locations"] = json!([{ "physicalLocation": place }]);
        }
        result
    };
    let rules: Vec<_> = rules.iter().map(|id| json!({ "id": id })).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "colophon", "version": env!("CARGO_PKG_VERSION"), "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": problems.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// A path as a relative reference.
fn uri(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use engine::diagnostic::Place;

    use super::*;

    fn problem() -> Diagnostic {
        let at =
            Place { path: "a, b/p:q.yaml".into(), line: 3, column: 5, width: 2, text: "x".into() };
        Diagnostic::new(Kind::Usage, "no 100 %\nof it").at(at).hint("write it")
    }

    #[test]
    fn an_annotation_is_one_line() {
        assert_eq!(
            github(&problem()),
            "::error file=a%2C b/p%3Aq.yaml,line=3,col=5::no 100 %25%0Aof it%0Ahint: write it\n"
        );
        let note = Diagnostic::new(Kind::Note, "x");
        assert_eq!(github(&note), "::notice::x\n");
    }

    #[test]
    fn a_log_of_sarif() {
        let log = sarif(&[problem(), Diagnostic::new(Kind::Note, "x")]);
        let run = &log["runs"][0];
        assert_eq!(run["results"][0]["ruleId"], "usage");
        let place = &run["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%2C%20b/p%3Aq.yaml");
        assert_eq!(place["region"], json!({ "startLine": 3, "startColumn": 5, "endColumn": 7 }));
        assert_eq!(run["results"][1]["level"], "note");
        assert_eq!(run["tool"]["driver"]["rules"], json!([{ "id": "note" }, { "id": "usage" }]));
    }
}
