//! Where in a text for the shell something is inserted, and what is wrong there.
//!
//! Reads the text as `/bin/sh` does, as far as quotes, substitutions, comments,
//! here-documents, redirections and words go. Where shells differ, nothing
//! after that place is let through.

pub(super) mod wrong;
mod word;
mod quotes;
#[cfg(test)]
mod tests;

use super::cut::Piece;
use super::inserted::Inserted;
use word::{Line, Word};
use wrong::{Spot, Wrong};

/// The places of all expressions of a text. `inserted` holds what they stand
/// for; nothing for those that stand for nothing.
pub(super) fn spots(pieces: &[Piece], inserted: &[Option<Inserted>]) -> Vec<Spot> {
    let mut atoms = Vec::new();
    let mut holes = 0;
    for piece in pieces {
        match piece {
            Piece::Text(text) => atoms.extend(text.chars().map(Atom::Char)),
            Piece::Hole(_) => {
                atoms.push(Atom::Hole(holes));
                holes += 1;
            }
        }
    }
    let mut scanner = Scanner {
        atoms,
        at: 0,
        inserted,
        spots: vec![Err(Wrong::Unclear); holes],
        inside: None,
        unclear: false,
        depth: 0,
        pending: Vec::new(),
    };
    scanner.commands(false);
    scanner.spots
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Atom {
    Char(char),
    Hole(usize),
}

/// A here-document whose text has not begun yet.
struct HereDocument {
    delimiter: String,
    /// Whether its text stands as it is.
    plain: bool,
    /// Whether tabs before its lines count for nothing.
    tabs: bool,
}

struct Scanner<'a> {
    atoms: Vec<Atom>,
    at: usize,
    inserted: &'a [Option<Inserted>],
    spots: Vec<Spot>,
    /// What all places are in, however they are nested.
    inside: Option<Wrong>,
    /// Something was met that shells read in different ways.
    unclear: bool,
    depth: usize,
    pending: Vec<HereDocument>,
}

/// Deeper than this, nothing is looked at.
const DEPTH: usize = 100;

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> Option<Atom> {
        self.atoms.get(self.at + ahead).copied()
    }

    fn is(&self, ahead: usize, c: char) -> bool {
        self.peek(ahead) == Some(Atom::Char(c))
    }

    /// Whether a sign stands before that could be more with what follows: `$`,
    /// `\`, a line end and `(` are `$(` to a shell.
    fn is_behind_sign(&self) -> bool {
        let before = self.at.checked_sub(1).map(|at| self.atoms[at]);
        matches!(before, Some(Atom::Char('$' | '<' | '>' | '(')))
    }

    fn set(&mut self, hole: usize, spot: Spot) {
        self.spots[hole] = match (&self.inside, self.unclear) {
            (Some(wrong), _) => Err(wrong.clone()),
            (None, true) => Err(Wrong::Unclear),
            (None, false) => spot,
        };
    }

    fn wrong(&mut self, hole: usize, wrong: Wrong) {
        self.set(hole, Err(wrong));
    }

    /// Reads commands until the end or, in brackets, until `)`.
    fn commands(&mut self, brackets: bool) {
        self.depth += 1;
        if self.depth > DEPTH {
            (self.unclear, self.at) = (true, self.atoms.len());
        }
        let outer = self.pending.len();
        let mut line = Line::default();
        while let Some(atom) = self.peek(0) {
            let Atom::Char(c) = atom else {
                self.bare_hole(&mut line);
                continue;
            };
            match c {
                ' ' | '\t' => self.end_word(&mut line, None),
                '\n' => {
                    self.end_command(&mut line);
                    self.at += 1;
                    // A text that began outside of these brackets: shells differ.
                    self.unclear |= outer > 0;
                    self.here_documents();
                    continue;
                }
                ';' | '&' | '|' => self.end_command(&mut line),
                '<' | '>' => {
                    self.redirection(&mut line, c);
                    continue;
                }
                '(' if self.is(1, '(') => {
                    self.end_command(&mut line);
                    self.at += 2;
                    self.arithmetic();
                    continue;
                }
                '(' => {
                    let array = line.word.as_ref().is_some_and(Word::assigns);
                    self.end_command(&mut line);
                    self.at += 1;
                    match array {
                        true => self.within(Wrong::Array, |it| it.commands(true)),
                        false => self.commands(true),
                    }
                    line.start = true;
                    continue;
                }
                ')' => {
                    self.end_command(&mut line);
                    if line.cases == 0 && brackets {
                        self.at += 1;
                        break;
                    }
                    self.unclear |= line.cases == 0;
                }
                '#' if line.word.is_none() => {
                    self.comment();
                    continue;
                }
                _ => {
                    self.letter(&mut line, c);
                    continue;
                }
            }
            self.at += 1;
        }
        self.end_word(&mut line, None);
        self.unclear |= brackets && self.pending.len() > outer;
        self.depth -= 1;
    }

    /// A character of a word, and what belongs to it.
    fn letter(&mut self, line: &mut Line, c: char) {
        let word = line.word();
        match c {
            '\'' => {
                let code = line.code();
                let text = self.single(code);
                line.word().quoted(&text);
            }
            '"' => {
                let code = line.code();
                let text = self.double(code);
                line.word().quoted(&text);
            }
            '`' => {
                word.quoted("");
                self.backticks();
            }
            '$' => {
                word.quoted("");
                if self.dollar(false) {
                    line.word().ends_in_name();
                }
            }
            '\\' => {
                match self.peek(1) {
                    Some(Atom::Hole(hole)) => self.wrong(hole, Wrong::Backslash),
                    Some(Atom::Char('\n')) => {
                        if word.is_empty() {
                            line.word = None;
                        }
                        self.unclear |= self.is_behind_sign();
                    }
                    None => {}
                    Some(Atom::Char(c)) => word.quoted(&c.to_string()),
                }
                self.at += 2;
            }
            c => {
                word.push(c);
                self.at += 1;
            }
        }
    }

    /// Something is inserted outside of quotes.
    fn bare_hole(&mut self, line: &mut Line) {
        let Some(Atom::Hole(hole)) = self.peek(0) else { return };
        self.at += 1;
        let called = self.is(0, '(');
        let force = line.word().insert(hole, self.inserted[hole].as_ref()) || called;
        self.set(hole, Ok(force));
    }

    fn end_command(&mut self, line: &mut Line) {
        self.end_word(line, None);
        line.end();
    }

    /// Ends a word; `next` is the redirection that it stands before.
    fn end_word(&mut self, line: &mut Line, next: Option<char>) {
        let Some(word) = line.word.take() else { return };
        // Behind `a[`, bash reads on to `]`, spaces and all.
        self.unclear |= word.opens_subscript();
        for (hole, spot) in line.finish(&word, next.is_some(), self.inserted) {
            // What was wrong already stays so.
            if self.spots[hole].is_ok() {
                self.set(hole, spot);
            }
        }
    }

    fn redirection(&mut self, line: &mut Line, c: char) {
        self.end_word(line, Some(c));
        self.at += 1;
        if c == '<' && self.is(0, '<') && !self.is(1, '<') {
            self.at += 1;
            let tabs = self.is(0, '-');
            self.at += usize::from(tabs);
            let (delimiter, plain) = self.delimiter();
            self.pending.push(HereDocument { delimiter, plain, tabs });
            return;
        }
        if self.is(0, '(') {
            // `<( … )`: a command like any other, which is a word.
            return;
        }
        let descriptor = self.is(0, '&');
        while self.is(0, '<') || self.is(0, '>') || self.is(0, '|') || self.is(0, '&') {
            self.at += 1;
        }
        line.target = Some(descriptor);
    }

    /// The delimiter of a here-document, and whether it was quoted.
    fn delimiter(&mut self) -> (String, bool) {
        while self.is(0, ' ') || self.is(0, '\t') {
            self.at += 1;
        }
        let (mut text, mut quoted) = (String::new(), false);
        while let Some(atom) = self.peek(0) {
            match atom {
                Atom::Hole(hole) => {
                    self.wrong(hole, Wrong::Delimiter);
                    self.unclear = true;
                    self.at += 1;
                }
                Atom::Char(' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')') => break,
                Atom::Char('\'') => {
                    quoted = true;
                    text += &self.single(None);
                }
                Atom::Char('"') => {
                    quoted = true;
                    text += &self.double(None);
                }
                Atom::Char('\\') => {
                    quoted = true;
                    if let Some(Atom::Char(c)) = self.peek(1) {
                        text.push(c);
                    }
                    self.at += 2;
                }
                Atom::Char(c) => {
                    self.unclear |= c == '$' || c == '`';
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        (text, quoted)
    }

    /// Reads the texts of the here-documents that were announced.
    fn here_documents(&mut self) {
        for document in std::mem::take(&mut self.pending) {
            while self.peek(0).is_some() && !self.here_line(&document) {}
        }
    }

    /// Reads a line of a here-document; whether it was the last.
    fn here_line(&mut self, document: &HereDocument) -> bool {
        let (mut text, mut holes) = (String::new(), false);
        while let Some(atom) = self.peek(0) {
            self.at += 1;
            match atom {
                Atom::Char('\n') => break,
                Atom::Char(c) => text.push(c),
                Atom::Hole(hole) => {
                    holes = true;
                    self.wrong(hole, Wrong::HereDocument);
                }
            }
        }
        if document.tabs {
            text = text.trim_start_matches('\t').into();
        }
        self.unclear |= !document.plain && hides_lines(&text);
        !holes && text == document.delimiter
    }
}

/// Whether what a line of a here-document begins could go on in the next one,
/// so that some shells do not see the delimiter there.
fn hides_lines(line: &str) -> bool {
    let closes = |(at, open): (usize, &str)| {
        let close = if open == "$(" { ')' } else { '}' };
        let inner = line[at + open.len()..].split_once(close).map(|(inner, _)| inner);
        inner.is_some_and(|inner| !inner.contains(['\'', '"', '\\', '(', '{', '`']))
    };
    let mut begun = line.match_indices("$(").chain(line.match_indices("${"));
    let ticks = line.matches('`').count();
    line.ends_with('\\')
        || !begun.all(closes)
        || ticks % 2 == 1
        || (ticks > 0 && line.contains('\\'))
}
