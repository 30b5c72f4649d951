//! Text that may be shown: words and colours of ours, and what is foreign made plain.
//!
//! It can be made in no other way, and `report.rs` prints nothing else, so no
//! name, path or row of data reaches a terminal with an escape in it.

use annotate_snippets::{Group, Renderer};
use engine::plain::{self, plain};
use unicode_width::UnicodeWidthStr;

/// Text, once without and once with colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    plain: String,
    coloured: String,
}

/// One line is shown up to so many characters.
const LINE: usize = 2000;

impl Text {
    /// Adds words to the line; they may come from anywhere.
    pub(crate) fn add(&mut self, words: &str) -> &mut Self {
        let words = plain(words);
        let words = plain::cut(&words, LINE);
        self.plain.push_str(&words);
        self.coloured.push_str(&words);
        self
    }

    /// The same in a colour of the terminal (an SGR code).
    pub(crate) fn paint(&mut self, words: &str, code: &str) -> &mut Self {
        let words = plain(words);
        self.plain.push_str(&words);
        self.coloured.push_str(&format!("\x1b[{code}m{words}\x1b[0m"));
        self
    }

    /// Ends the line.
    pub(crate) fn end(&mut self) -> &mut Self {
        self.plain.push('\n');
        self.coloured.push('\n');
        self
    }

    /// Adds a whole line.
    pub(crate) fn line(&mut self, words: &str) -> &mut Self {
        self.add(words).end()
    }

    /// Adds a message with its place, all parts of which were made plain; where
    /// the renderer writes the first of two places, the second is meant.
    pub(crate) fn group(&mut self, group: &Group, width: usize, places: &[String; 2]) {
        let with = |renderer: Renderer| {
            let told = renderer.term_width(width).render(std::slice::from_ref(group));
            match told.split_once('\n') {
                Some((title, rest)) if places[0] != places[1] => {
                    format!("{title}\n{}", rest.replacen(&places[0], &places[1], 1))
                }
                _ => told,
            }
        };
        self.plain.push_str(&with(Renderer::plain()));
        self.coloured.push_str(&with(Renderer::styled()));
        self.end();
    }

    /// A file, such as a drawing: lines of any length.
    pub(crate) fn file(content: &str) -> Self {
        let lines: String = content.lines().flat_map(|line| [plain(line), "\n".into()]).collect();
        Text { plain: lines.clone(), coloured: lines }
    }

    /// Help, or what is wrong with the arguments, once they were made plain.
    pub(crate) fn usage(words: &clap::builder::StyledStr) -> Self {
        Text { plain: words.to_string(), coloured: words.ansi().to_string() }
    }

    /// What is written, with or without colour.
    pub(crate) fn shown(&self, colour: bool) -> &str {
        if colour { &self.coloured } else { &self.plain }
    }
}

impl From<&str> for Text {
    /// One line.
    fn from(line: &str) -> Self {
        let mut text = Text::default();
        text.line(line.strip_suffix('\n').unwrap_or(line));
        text
    }
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Self {
        text.clone()
    }
}

impl From<&String> for Text {
    fn from(line: &String) -> Self {
        line.as_str().into()
    }
}

/// Words with spaces after them, so that they fill so many columns of a terminal.
pub(crate) fn padded(words: &str, columns: usize) -> String {
    let words = plain(words);
    let missing = columns.saturating_sub(width(&words));
    format!("{words}{}", " ".repeat(missing))
}

/// How many columns of a terminal words take.
pub(crate) fn width(words: &str) -> usize {
    plain(words).width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_of_ours_are_shown() {
        let mut text = Text::default();
        text.paint("ran\x1b[2J", "32").add(" \x1b[31ma\nb").end().line("\u{9b}8m");
        let plain = "ran\\x1b[2J \\x1b[31ma\\nb\n\\u{9b}8m\n";
        assert_eq!(text.shown(false), plain);
        assert_eq!(
            text.shown(true),
            plain.replacen("ran\\x1b[2J", "\x1b[32mran\\x1b[2J\x1b[0m", 1)
        );
        assert_eq!(Text::from("a\n"), Text::from("a"));
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        assert_eq!(padded("ab", 4), "ab  ");
        assert_eq!(padded("漢", 4), "漢  ");
        assert_eq!(padded("e\u{301}", 4), "e\u{301}   ");
        assert_eq!(padded("\x07", 6), "\\x07  ");
    }
}
