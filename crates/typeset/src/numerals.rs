//! Finds the naked numbers of a source: numerals in its prose that are neither
//! a value nor marked as literal.
//!
//! It reads the syntax tree, so code, formulas, labels, links and comments are
//! left alone. A numeral in prose may be
//! - a literal, in the brackets of `#lit[…]`;
//! - part of a date: a year from 1800 to 2099, or a day that its month has;
//! - a reference: what follows one of the words of `REFERENCE`, such as Table;
//! - part of a name, right after a letter, as in BLAKE3.
//!
//! Any other is naked.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use typst::syntax::{LinkedNode, SyntaxKind, parse};

use crate::problem::Problem;
use crate::prose::Run;

/// The numerals in the prose of a source, by what they are.
#[derive(Debug, Default)]
pub struct Numerals {
    /// How many are marked as literal.
    pub literals: usize,
    /// How many are part of a date.
    pub dates: usize,
    /// How many are part of a reference or a name.
    pub references: usize,
    /// Those that nothing answers for.
    pub naked: Vec<Naked>,
}

/// A numeral that nothing answers for.
#[derive(Debug)]
pub struct Naked {
    /// The number as it is written, without commas.
    pub number: String,
    /// Where it stands.
    pub problem: Problem,
}

/// Months by the days that they have at most.
const MONTHS: [(&str, &str); 3] = [
    ("January|March|May|July|August|October|December", "3[01]|[12][0-9]|0?[1-9]"),
    ("April|June|September|November", "30|[12][0-9]|0?[1-9]"),
    ("February", "[12][0-9]|0?[1-9]"),
];

static NUMERAL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[-\u{2212}]?\d[\d,]*(?:\.\d+)?(?:\u{a0}?%)?"));
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    let number = r"-(?:0[1-9]|1[0-2])\b(?:-(?:0[1-9]|[12][0-9]|3[01])\b)?";
    let year = format!(r"(?:1[89]|20)\d\d(?:s\b|\b(?:{number})?)");
    let month = |(months, days): (&str, &str)| {
        format!(r"\b(?:(?:{days})\s)?(?:{months})\b(?:\s(?:{days})\b,?)?(?:\s{year})?")
    };
    let months = MONTHS.map(month).join("|");
    pattern(&format!(r"{months}|\b{year}(?:\u{{2013}}\d\d\b)?"))
});
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    let one = r"\d+(?:[.-]\d+)*(?:\u{2013}\d+)?";
    let singular = "Table|Figure|Appendix|Section|[Cc]hapter|Article|Annex|[Pp]art|[Pp]age|\
                    [Rr]ow|[Tt]ype|[Gg]roup|[Ll]ayer|[Ss]tep|ISO|No\\.";
    let plural = "Tables|Figures|Sections|[Cc]hapters|Articles|[Pp]arts|[Pp]ages|[Rr]ows|[Tt]ypes";
    let more = format!(r"(?:(?:,\s{one})*\s(?:and|or|to)\s{one})?");
    pattern(&format!(r"\b(?:(?:{singular})[\s\u{{a0}}]{one}|(?:{plural})[\s\u{{a0}}]{one}{more})"))
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is right")
}

/// The numerals in the prose of the source at `path`.
pub fn numerals(path: &str, text: &str) -> Numerals {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = parse(text);
    let mut found = Numerals::default();
    walk(&LinkedNode::new(&root), false, &mut |run, literal| {
        sort(run, literal, path, text, &mut found);
    });
    found
}

/// Visits each run of prose; `literal` is whether it is marked as such.
fn walk(node: &LinkedNode, literal: bool, visit: &mut impl FnMut(&Run, bool)) {
    let literal = match node.kind() {
        SyntaxKind::Equation | SyntaxKind::Raw => return,
        SyntaxKind::FuncCall => match callee(node).as_deref() {
            // Chinese text is quoted as it stands.
            Some("zh") => return,
            Some("lit") => true,
            _ => literal,
        },
        SyntaxKind::Markup => {
            visit(&Run::of(node), literal);
            literal
        }
        _ => literal,
    };
    for child in node.children() {
        walk(&child, literal, visit);
    }
}

/// The name of the function that a call calls.
fn callee(call: &LinkedNode) -> Option<String> {
    call.children().next().map(|it| it.full_text().to_string())
}

/// Sorts the numerals of a run.
fn sort(run: &Run, literal: bool, path: &str, source: &str, found: &mut Numerals) {
    let ranges = |pattern: &Regex| -> Vec<Range<usize>> {
        pattern.find_iter(&run.text).map(|it| it.range()).collect()
    };
    let (dates, references) = (ranges(&DATE), ranges(&REFERENCE));
    // From the first digit on, a numeral lies in such a range as a whole.
    let within = |of: &[Range<usize>], numeral: &Range<usize>| {
        let text = &run.text[numeral.clone()];
        let digit = numeral.start + text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let end = numeral.start + text.trim_end_matches(',').len();
        of.iter().any(|it| it.contains(&digit) && end <= it.end)
    };
    for numeral in NUMERAL.find_iter(&run.text) {
        let range = numeral.range();
        let before = run.text[..range.start].chars().next_back();
        let after_letter = before.is_some_and(|c| c.is_alphabetic() || c == '_');
        if literal {
            found.literals += 1;
        } else if within(&references, &range) {
            found.references += 1;
        } else if within(&dates, &range) {
            found.dates += 1;
        } else if after_letter {
            found.references += 1;
        } else {
            found.naked.push(naked(numeral.as_str(), run.place(range), path, source));
        }
    }
}

fn naked(numeral: &str, range: Range<usize>, path: &str, source: &str) -> Naked {
    let shown = numeral.trim_end_matches(',');
    let message = format!("`{shown}` is a naked number: neither a value nor marked as literal");
    let mut problem = Problem::new(message)
        .hint(format!("write `#lit[{shown}]` if it is quoted or part of a name"));
    let end = range.end - (numeral.len() - shown.len());
    problem.set_place(path, source, range.start..end);
    Naked { number: shown.replace([',', '\u{a0}'], "").replace('\u{2212}', "-"), problem }
}
