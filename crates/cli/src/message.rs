//! Renders diagnostics: a sentence, the line with a caret, hints.

use std::ops::Range;
use std::process::ExitCode;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use engine::diagnostic::{Diagnostic, Kind, Place, Quoted};

use crate::args::Arguments;
use crate::report::{Failed, colour, count, paint, print_json, say};

/// At most this many messages are shown; the rest is counted.
const SHOWN: usize = 50;

/// Tells why a verb failed and gives the exit code.
pub(crate) fn tell(arguments: &Arguments, failed: Failed) -> ExitCode {
    if arguments.json && !failed.problems.is_empty() {
        let _ = print_json(&serde_json::json!({
            "problems": failed.problems, "exit_code": failed.code,
        }));
    } else {
        all(&failed.problems);
    }
    ExitCode::from(failed.code)
}

/// Writes diagnostics to standard error.
pub(crate) fn all(problems: &[Diagnostic]) {
    for problem in problems.iter().take(SHOWN) {
        say(&render(problem));
    }
    if let Some(more @ 1..) = problems.len().checked_sub(SHOWN) {
        say(&format!("and {}", count(more, "more problem")));
    }
}

/// A diagnostic as text.
pub(crate) fn render(problem: &Diagnostic) -> String {
    let level = if problem.kind == Kind::Note { Level::NOTE } else { Level::ERROR };
    let title = level.primary_title(problem.message.as_str());
    let group = match &problem.at {
        None => title.elements(Vec::<Origin>::new()),
        Some(at) if at.line == 0 => title.element(Origin::path(at.path.as_str())),
        // A line that is too long to be quoted.
        Some(at) if at.text.is_empty() && at.column > 1 => {
            let origin = Origin::path(at.path.as_str());
            title.element(origin.line(at.line).char_column(at.column))
        }
        Some(at) => {
            let span = span(at);
            let snippet = Snippet::source(at.text.as_str())
                .line_start(at.line)
                .path(at.path.as_str())
                .annotation(AnnotationKind::Primary.span(span));
            title.element(snippet)
        }
    };
    let renderer = if colour() { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&[group]);
    for line in &problem.details {
        text.push_str(&format!("\n  | {line}"));
    }
    for Quoted { name, now, before } in &problem.values {
        text.push_str(&match before {
            Some(before) if before != now => format!("\n  | `{name}` is {now}, and was {before}"),
            _ => format!("\n  | `{name}` is {now}"),
        });
    }
    for hint in &problem.hints {
        text.push_str(&format!("\n{}: {hint}", paint("hint", "36;1")));
    }
    text
}

/// The bytes of a line that a place underlines.
fn span(at: &Place) -> Range<usize> {
    let byte = |column: usize| {
        at.text.char_indices().nth(column).map_or(at.text.len(), |(index, _)| index)
    };
    match at.column {
        0 => byte(at.text.len() - at.text.trim_start().len())..at.text.trim_end().len(),
        column => byte(column - 1)..byte(column - 1 + at.width).max(byte(column - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_message() {
        let text = "  diaspora: { uses: interpolat }".to_string();
        let at = Place { path: "pipeline.yaml".into(), line: 9, column: 21, width: 10, text };
        let problem = Diagnostic::new(Kind::Usage, "no function `interpolat`")
            .at(at)
            .hint("did you mean `interpolate`?");
        assert_eq!(
            render(&problem),
            "error: no function `interpolat`
 --> pipeline.yaml:9:21
  |
9 |   diaspora: { uses: interpolat }
  |                     ^^^^^^^^^^
hint: did you mean `interpolate`?"
        );
        let problem = Diagnostic::new(Kind::Stage, "stage `a` failed with exit code 3")
            .details(["no such file".to_string()]);
        assert_eq!(render(&problem), "error: stage `a` failed with exit code 3\n  | no such file");
        let mut problem = Diagnostic::new(Kind::Contract, "`fell` is no longer true")
            .value("series.decline", "-3.1")
            .value("series.n", "9");
        problem.values[0].before = Some("82".into());
        assert_eq!(
            render(&problem),
            "error: `fell` is no longer true\n  | `series.decline` is -3.1, and was 82\n  \
             | `series.n` is 9"
        );
    }
}
