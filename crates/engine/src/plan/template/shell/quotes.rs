//! What stands in quotes, substitutions and comments of a shell text.

use super::word::in_name;
use super::wrong::Wrong;
use super::{Atom, DEPTH, Scanner};

impl Scanner<'_> {
    pub(super) fn comment(&mut self) {
        while let Some(atom) = self.peek(0) {
            match atom {
                Atom::Char('\n') => return,
                Atom::Char(_) => {}
                Atom::Hole(hole) => self.wrong(hole, Wrong::Comment),
            }
            self.at += 1;
        }
    }

    /// Reads `'…'`; `code` is the program that would execute it.
    pub(super) fn single(&mut self, code: Option<String>) -> String {
        let mut text = String::new();
        self.at += 1;
        while let Some(atom) = self.peek(0) {
            self.at += 1;
            match atom {
                Atom::Char('\'') => break,
                Atom::Char(c) => text.push(c),
                Atom::Hole(hole) => self.wrong(hole, in_quotes(code.as_ref())),
            }
        }
        text
    }

    /// Reads `"…"`.
    pub(super) fn double(&mut self, code: Option<String>) -> String {
        let mut text = String::new();
        self.at += 1;
        while let Some(atom) = self.peek(0) {
            match atom {
                Atom::Char('"') => {
                    self.at += 1;
                    break;
                }
                Atom::Char('$') => drop(self.dollar(true)),
                Atom::Char('`') => self.backticks(),
                Atom::Char('\\') => {
                    if let Some(Atom::Hole(hole)) = self.peek(1) {
                        self.wrong(hole, in_quotes(code.as_ref()));
                    }
                    // `$`, `\`, a line end and `(` are `$(` to a shell.
                    let dollar = self.at > 0 && self.atoms[self.at - 1] == Atom::Char('$');
                    self.unclear |= dollar && self.is(1, '\n');
                    self.at += 2;
                }
                Atom::Char(c) => {
                    text.push(c);
                    self.at += 1;
                }
                Atom::Hole(hole) => {
                    self.wrong(hole, in_quotes(code.as_ref()));
                    self.at += 1;
                }
            }
        }
        text
    }

    /// Reads `$` and what belongs to it; whether that is a name, which letters
    /// that follow would become part of.
    pub(super) fn dollar(&mut self, quoted: bool) -> bool {
        match self.peek(1) {
            Some(Atom::Hole(hole)) => {
                self.wrong(hole, if quoted { Wrong::Quotes } else { Wrong::Dollar });
                self.at += 2;
            }
            Some(Atom::Char('(')) if self.is(2, '(') => {
                self.at += 3;
                self.arithmetic();
            }
            Some(Atom::Char('(')) => {
                self.at += 2;
                self.commands(true);
            }
            Some(Atom::Char('{')) => {
                self.at += 2;
                self.braces(quoted);
            }
            Some(Atom::Char('\'')) if !quoted => {
                // Some shells read escapes in `$'…'`, in others it is `$` and a text.
                self.at += 1;
                let text = self.single(None);
                self.unclear |= text.contains('\\');
            }
            Some(Atom::Char(c)) if c.is_ascii_alphabetic() || c == '_' => {
                self.at += 1;
                while matches!(self.peek(0), Some(Atom::Char(c)) if in_name(c)) {
                    self.at += 1;
                }
                return true;
            }
            Some(Atom::Char(c)) if c.is_ascii_digit() || "$?!#@*-".contains(c) => self.at += 2,
            _ => self.at += 1,
        }
        false
    }

    /// Reads with every place inside of it being wrong in the same way.
    pub(super) fn within(&mut self, wrong: Wrong, read: impl FnOnce(&mut Self)) {
        let outer = self.inside.clone();
        self.inside.get_or_insert(wrong);
        self.depth += 1;
        match self.depth > DEPTH {
            true => (self.unclear, self.at) = (true, self.atoms.len()),
            false => read(self),
        }
        self.depth -= 1;
        self.inside = outer;
    }

    /// Reads what follows `((`, which may also be two brackets of commands.
    pub(super) fn arithmetic(&mut self) {
        self.within(Wrong::Arithmetic, |it| {
            let mut open = 2;
            while let Some(atom) = it.peek(0) {
                match atom {
                    Atom::Hole(hole) => it.wrong(hole, Wrong::Arithmetic),
                    Atom::Char('(') => open += 1,
                    Atom::Char(')') => open -= 1,
                    Atom::Char('\'' | '"' | '`' | '\\' | '#') => it.unclear = true,
                    Atom::Char('$') => {
                        it.dollar(false);
                        continue;
                    }
                    Atom::Char(_) => {}
                }
                it.at += 1;
                if open == 0 {
                    return;
                }
            }
        });
    }

    /// Reads what follows `${`.
    pub(super) fn braces(&mut self, quoted: bool) {
        self.within(Wrong::Braces, |it| {
            while let Some(atom) = it.peek(0) {
                match atom {
                    Atom::Char('}') => {
                        it.at += 1;
                        return;
                    }
                    Atom::Char('\'' | '"') if quoted => {
                        it.unclear = true;
                        it.at += 1;
                    }
                    Atom::Char('\'') => drop(it.single(None)),
                    Atom::Char('"') => drop(it.double(None)),
                    Atom::Char('`') => it.backticks(),
                    Atom::Char('$') => drop(it.dollar(quoted)),
                    Atom::Char('\\') => {
                        if let Some(Atom::Hole(hole)) = it.peek(1) {
                            it.wrong(hole, Wrong::Braces);
                        }
                        it.at += 2;
                    }
                    Atom::Hole(hole) => {
                        it.wrong(hole, Wrong::Braces);
                        it.at += 1;
                    }
                    Atom::Char(_) => it.at += 1,
                }
            }
        });
    }

    /// Reads `` `…` ``.
    pub(super) fn backticks(&mut self) {
        self.within(Wrong::Backticks, |it| {
            it.at += 1;
            while let Some(atom) = it.peek(0) {
                it.at += 1;
                match atom {
                    Atom::Char('`') => return,
                    Atom::Char('\\') => {
                        if let Some(Atom::Hole(hole)) = it.peek(0) {
                            it.wrong(hole, Wrong::Backticks);
                        }
                        it.at += 1;
                    }
                    Atom::Char(_) => {}
                    Atom::Hole(hole) => it.wrong(hole, Wrong::Backticks),
                }
            }
        });
    }
}

/// What is wrong within quotes, of which `code` is the program that executes
/// what they hold.
fn in_quotes(code: Option<&String>) -> Wrong {
    code.map_or(Wrong::Quotes, |program| Wrong::CodeInQuotes(program.clone()))
}
