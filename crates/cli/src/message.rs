//! Renders diagnostics: a sentence, the line with a caret, hints.

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;

use annotate_snippets::{AnnotationKind, Level, Origin, Snippet};
use engine::diagnostic::{Diagnostic, Kind, Place, Quoted};
use engine::plain::{self, plain};
use engine::run::request::Summary;

use crate::annotate;
use crate::report::{Failed, columns, count, print_json, print_json_line, say};
use crate::text::Text;

/// At most this many messages are shown; the rest is counted.
const SHOWN: usize = 50;

/// At most this many of one kind: more of them often follow from the first.
const ALIKE: usize = 3;

/// So many mistakes of a pipeline are told one by one all the same: each of them
/// is to be mended.
const FEW: usize = 12;

/// At most this many lines below a message.
const DETAILS: usize = 25;

/// Of a line of a file or a program, so many characters.
const LINE: usize = plain::LINE;

/// Whether a failure is told as JSON, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// It is told in words.
    Not,
    /// One object.
    Whole,
    /// The last of several, a line each.
    Lines,
}

/// Tells why a verb failed and gives the exit code.
pub(crate) fn tell(form: Json, failed: Failed) -> ExitCode {
    if form == Json::Lines && !failed.problems.is_empty() {
        // What reads events gets one, also where nothing was begun.
        let code = failed.code;
        let summary = Summary { problems: failed.problems, ..Summary::default() };
        let _ = print_json_line(&serde_json::json!({
            "event": "ended", "seconds": 0.0, "exit_code": code, "summary": summary,
        }));
    } else if form == Json::Whole && !failed.problems.is_empty() {
        let _ = print_json(&serde_json::json!({
            "problems": failed.problems, "exit_code": failed.code,
        }));
    } else {
        all(&failed.problems);
    }
    ExitCode::from(failed.code)
}

/// Writes diagnostics to standard error: of each kind the first ones, and how
/// many more there are; JSON has them all.
pub(crate) fn all(problems: &[Diagnostic]) {
    annotate::note(problems);
    let mut alike: BTreeMap<(Kind, &str, String), usize> = BTreeMap::new();
    let mut shown = 0;
    for problem in problems {
        let n = alike.entry(sort(problem)).or_default();
        *n += 1;
        let few = problem.kind == Kind::Usage && problems.len() <= FEW;
        if (few || *n <= ALIKE) && shown < SHOWN {
            shown += 1;
            say(render(problem));
        }
    }
    if let Some(more @ 1..) = problems.len().checked_sub(shown) {
        let hidden = alike.values().filter(|n| **n > ALIKE).map(|n| n - ALIKE).sum::<usize>();
        let like = if hidden == more { " like these" } else { "" };
        say(&format!("and {}{like}; `--json` has them all", count(more, "more problem")));
    }
}

/// What problems of one kind have in common: their file, and their words
/// without names and numbers. What a stage refuses in one file is of one kind
/// whatever the words: after an unclosed bracket a parser says this and that.
fn sort(problem: &Diagnostic) -> (Kind, &str, String) {
    let path = problem.at.as_ref().map_or("", |at| at.path.as_str());
    if problem.kind == Kind::Stage && !path.is_empty() {
        return (problem.kind, path, String::new());
    }
    let words = problem.message.split('`').step_by(2).collect::<Vec<_>>().join("`");
    (problem.kind, path, words.replace(|c: char| c.is_ascii_digit(), ""))
}

/// A diagnostic as text.
pub(crate) fn render(problem: &Diagnostic) -> Text {
    let level = if problem.kind == Kind::Note { Level::NOTE } else { Level::ERROR };
    let message = plain(&problem.message);
    let title = level.primary_title(plain::cut(&message, LINE));
    let path = problem.at.as_ref().map(|at| plain(&at.path)).unwrap_or_default();
    let mut places = [String::new(), String::new()];
    let group = match &problem.at {
        None => title.elements(Vec::<Origin>::new()),
        Some(at) if at.line == 0 => title.element(Origin::path(path)),
        // A line that is too long to be quoted.
        Some(at) if at.text.is_empty() && at.column > 1 => {
            let origin = Origin::path(path);
            title.element(origin.line(at.line).char_column(at.column))
        }
        Some(at) => {
            let (line, span, column) = line(at);
            // The renderer counts in what it is given, where escapes are longer.
            let counted = line[..span.start].chars().count() + 1;
            places = [counted, column].map(|column| format!("{path}:{}:{column}", at.line));
            let snippet = Snippet::source(line).line_start(at.line).path(path);
            title.element(snippet.annotation(AnnotationKind::Primary.span(span)))
        }
    };
    let mut text = Text::default();
    text.group(&group, columns(), &places);
    for line in problem.details.iter().take(DETAILS) {
        text.line(&format!("  | {}", plain::cut(line, LINE)));
    }
    if let Some(more @ 1..) = problem.details.len().checked_sub(DETAILS) {
        text.line(&format!("  | and {more} more"));
    }
    for Quoted { name, now, before } in &problem.values {
        text.line(&match before {
            Some(before) if before != now => format!("  | `{name}` is {now}, and was {before}"),
            _ => format!("  | `{name}` is {now}"),
        });
    }
    for hint in &problem.hints {
        text.paint("hint", "36;1").line(&format!(": {}", plain::cut(hint, LINE)));
    }
    text
}

/// The line of a place made plain, the bytes of it that are underlined, and the
/// column of the line as it is in the file. Of a long line, what is round the mark.
fn line(at: &Place) -> (String, Range<usize>, usize) {
    let chars: Vec<char> = at.text.chars().collect();
    let is_space = |c: &char| c.is_whitespace();
    let indent = chars.iter().take_while(|c| is_space(c)).count();
    let (start, width) = match at.column {
        0 => (indent, at.text.trim().chars().count()),
        column => (column - 1, at.width),
    };
    let start = start.min(chars.len());
    let end = (start + width.min(LINE)).min(chars.len());
    let from = if chars.len() > LINE { start.saturating_sub(LINE / 4) } else { 0 };
    let to = if chars.len() > LINE { (from + LINE).max(end) } else { chars.len() };
    // The renderer knows how to show a tab, and to count it.
    let shown = |chars: &[char]| -> String {
        let text: String = chars.iter().collect();
        text.split('\t').map(plain).collect::<Vec<_>>().join("\t")
    };
    let cut = |is: bool| if is { "…" } else { "" };
    let before = cut(from > 0).to_string() + &shown(&chars[from..start]);
    let marked = shown(&chars[start..end]);
    let to = to.min(chars.len());
    let after = shown(&chars[end..to]) + cut(to < chars.len());
    let span = before.len()..before.len() + marked.len();
    (before + &marked + &after, span, start + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message without colour.
    fn render(problem: &Diagnostic) -> String {
        super::render(problem).shown(false).trim_end().to_string()
    }

    #[test]
    fn the_mark_stands_below_what_it_means() {
        let mark = |text: &str, column: usize, width: usize| {
            let at = Place { path: "p.yaml".into(), line: 7, column, width, text: text.into() };
            let told = render(&Diagnostic::new(Kind::Usage, "no").at(at));
            let lines: Vec<&str> = told.lines().collect();
            (lines[1].to_string(), lines[3].to_string(), lines[4].to_string())
        };
        let place = |column: usize| format!(" --> p.yaml:7:{column}");
        let wide = mark("名前: 漢字 x", 5, 2);
        assert_eq!(wide, (place(5), "7 | 名前: 漢字 x".into(), "  |       ^^^^".into()));
        let accents = mark("e\u{301}e\u{301}: x", 7, 1);
        assert_eq!(accents.2, "  |     ^");
        // An escape is shown longer than it is; the column is that of the file.
        let escape = mark("a: \x1b[2J, b: \u{202e}c", 14, 1);
        let line = "7 | a: \\x1b[2J, b: \\u{202e}c";
        assert_eq!(escape, (place(14), line.into(), "  |                        ^".into()));
        let tab = mark("\ta: b", 2, 1);
        assert_eq!(tab, (place(2), "7 |     a: b".into(), "  |     ^".into()));
    }

    #[test]
    fn a_long_line_is_shown_round_the_mark() {
        let text = "x".repeat(4_000_000) + "HERE" + &"y".repeat(1_000_000);
        let at = Place { path: "a".into(), line: 1, column: 4_000_001, width: 4, text };
        let told = render(&Diagnostic::new(Kind::Usage, "no".repeat(9_000)).at(at));
        assert!(told.contains(":1:4000001") && told.contains("HERE"), "{told}");
        assert!(told.len() < 2000, "{}", told.len());
        let told = render(&Diagnostic::new(Kind::Usage, "no").hint("漢".repeat(9_000)));
        assert!(told.ends_with("漢… and 8500 more characters"), "{told}");
    }

    #[test]
    fn one_kind_is_told_by_words_alone() {
        let of = |message: &str| Diagnostic::new(Kind::Usage, message);
        assert_eq!(sort(&of("`a` has 3 `b`")), sort(&of("`c d` has 11 `x`")));
        assert_ne!(sort(&of("`a` has no `b`")), sort(&of("`a` has a `b`")));
        let of = |message: &str| {
            Diagnostic::new(Kind::Stage, message).at(Place::line("main.typ", 3, "#("))
        };
        assert_eq!(sort(&of("unclosed delimiter")), sort(&of("expected comma")));
    }

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
