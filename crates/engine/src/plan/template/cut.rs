//! Cuts a text into what stands as it is written and expressions `{{ … }}`.
//!
//! Nothing else is syntax: `{#`, `${#s}` and `{%` reach a command as written.

use std::ops::Range;

use super::mistake::Mistake;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text as it is written.
    Text(&'a str),
    /// An expression.
    Hole(Hole<'a>),
}

/// An expression and where it stands with its braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hole<'a> {
    pub(super) expression: &'a str,
    pub(super) at: Range<usize>,
}

/// The words that statements of Jinja begin with.
const STATEMENTS: [&str; 16] = [
    "autoescape",
    "block",
    "call",
    "do",
    "extends",
    "filter",
    "for",
    "from",
    "if",
    "import",
    "include",
    "macro",
    "raw",
    "set",
    "with",
    "else",
];

/// The parts of a text. Where it has expressions, one line end at its end is
/// left out, as Jinja does.
pub(super) fn cut(text: &str) -> Result<Vec<Piece<'_>>, Mistake> {
    let all = if text.contains('{') { text.strip_suffix('\n').unwrap_or(text) } else { text };
    let (mut pieces, mut from, mut search) = (Vec::new(), 0, 0);
    while let Some(found) = all[search..].find('{').map(|at| search + at) {
        let inside = found + 2;
        if is_statement(&all[found..]) {
            return Err(Mistake::new(
                "templates hold expressions `{{ … }}` only, no statements `{% … %}`",
                found..inside,
            ));
        }
        if !all[found..].starts_with("{{") {
            search = found + 1;
            continue;
        }
        let Some(end) = end(all, inside) else {
            return Err(Mistake::new("`{{` is not closed", found..inside)
                .hint("end it with `}}`, or write `{{ \"{{\" }}` for the braces themselves"));
        };
        let mut expression = &all[inside..end];
        let mut before = &all[from..found];
        // `{{-` and `-}}` take white space with them.
        if let Some(rest) = expression.strip_prefix('-') {
            (expression, before) = (rest, before.trim_end());
        }
        expression = expression.strip_prefix('+').unwrap_or(expression);
        from = end + 2;
        if let Some(rest) = expression.strip_suffix('-') {
            expression = rest;
            from += all[from..].len() - all[from..].trim_start().len();
        }
        search = from;
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(match expression.trim() {
            "'{{'" | "\"{{\"" => Piece::Text("{{"),
            expression => Piece::Hole(Hole { expression, at: found..end + 2 }),
        });
    }
    if from < all.len() {
        pieces.push(Piece::Text(&all[from..]));
    }
    Ok(pieces)
}

/// Whether a text begins with a statement that somebody meant as one.
fn is_statement(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("{%") else { return false };
    let rest = rest.trim_start_matches(['-', '+']).trim_start();
    let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
    let known = STATEMENTS.contains(&word.strip_prefix("end").unwrap_or(word));
    known && rest.contains("%}")
}

/// Where the `}}` of an expression stands: outside of texts and brackets.
fn end(text: &str, from: usize) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, byte) in text.bytes().enumerate().skip(from) {
        match (quote, byte) {
            (Some(_), b'\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(mark), _) if byte == mark && !escaped => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'}') if depth == 0 && text.as_bytes()[at..].starts_with(b"}}") => {
                return Some(at);
            }
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = false;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts as one text: expressions stand between `<` and `>`.
    fn parts(text: &str) -> String {
        let show = |piece: &Piece| match piece {
            Piece::Text(text) => (*text).to_string(),
            Piece::Hole(hole) => format!("<{}>", hole.expression),
        };
        match cut(text) {
            Ok(pieces) => pieces.iter().map(show).collect(),
            Err(mistake) => mistake.message,
        }
    }

    #[test]
    fn expressions_end_where_they_end() {
        assert_eq!(parts("a{{ b }}c{{d}}"), "a<b>c<d>");
        assert_eq!(parts("{{ '}}' ~ \"\\\"}}\" }}x"), "<'}}' ~ \"\\\"}}\">x");
        assert_eq!(parts("{{ {'a': {'b': 1}} }}x"), "<{'a': {'b': 1}}>x");
        assert_eq!(parts("a {{- b -}} c"), "a<b>c");
        assert_eq!(parts("{{ b }"), "`{{` is not closed");
    }

    #[test]
    fn all_else_is_text() {
        let texts = ["${#s}", "{# x #}", "{%s}", "printf '{%d %}'", "{ {", "}}", "${x%%.*}", "{"];
        for text in texts {
            assert_eq!(parts(text), text);
        }
        assert_eq!(parts("a {# {{ b }} #} {% x"), "a {# <b> #} {% x");
        assert_eq!(parts("{{ '{{' }}.Names}} {{ \"{{\" }}"), "{{.Names}} {{");
    }

    #[test]
    fn statements_are_told() {
        for text in ["{% if a %}b{% endif %}", "x {%- endfor -%}", "{%set a=1%}"] {
            assert!(parts(text).contains("no statements"), "{text}");
        }
    }

    #[test]
    fn one_line_end_goes() {
        assert_eq!(parts("a {{ b }}\n\n"), "a <b>\n");
        assert_eq!(parts("a\n"), "a\n");
    }
}
