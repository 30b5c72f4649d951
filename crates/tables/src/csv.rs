//! Reads CSV strictly (RFC 4180) and remembers where each cell stands.
//!
//! It is the only reader of CSV, of short tables, which are kept cell by cell,
//! and of long ones, which are gone through row by row. It knows no schema: what
//! a column means is checked elsewhere. A sheet of a workbook takes the same
//! form, with its cells' names.

use std::borrow::Cow;

use engine::diagnostic::{Checked, Diagnostic, Place};
use engine::words::count;

use crate::encoding;

/// No table has more columns, and no spreadsheet does.
pub const COLUMNS: usize = 16_384;
/// No table that is kept cell by cell has more cells.
pub const CELLS: usize = 10_000_000;
/// The text is known by every so many of its lines, as long files have millions.
const STEP: usize = 256;

/// A CSV file: its lines, for messages, and its rows.
pub struct Csv<'a> {
    /// Its path in the project.
    pub path: &'a str,
    text: Cow<'a, str>,
    /// Where the first and each `STEP`th line after it begin in the text.
    starts: Vec<usize>,
    /// The sheet of a workbook that this is.
    pub sheet: Option<String>,
    /// The rows in the order of the file, the header first.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Default)]
pub struct Row {
    /// The row as a spreadsheet counts it, from 1.
    pub number: usize,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its cells.
    pub cells: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its content, without quotes.
    pub text: String,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The column at which it begins, in characters from 1, quotes included.
    pub column: usize,
    /// How many characters it takes on that line, quotes included; at least 1.
    pub width: usize,
    /// What the provider calls its column, where that is not the field's name.
    pub head: Option<String>,
}

impl<'a> Csv<'a> {
    /// Reads the file; the first violation of the format ends it.
    pub fn read(path: &'a str, bytes: impl Into<Cow<'a, [u8]>>, delimiter: char) -> Checked<Self> {
        Csv::read_within(CELLS, path, bytes.into(), delimiter)
    }

    fn read_within(
        most: usize,
        path: &'a str,
        bytes: Cow<'a, [u8]>,
        delimiter: char,
    ) -> Checked<Self> {
        let mut csv = Csv::new(path, encoding::text(path, bytes)?);
        let (mut rows, mut cells) = (Vec::new(), 0);
        let (mut reader, mut row) = (Reader::new(&csv.text, delimiter), Row::default());
        while csv.next(&mut reader, &mut row)? {
            cells += row.cells.len();
            if cells > most {
                return Err(vec![too_many(path, most)]);
            }
            rows.push(std::mem::take(&mut row));
        }
        csv.rows = rows;
        Ok(csv)
    }

    /// A file of any length, of which only the first row is kept.
    pub fn begun(path: &'a str, bytes: Cow<'a, [u8]>, delimiter: char) -> Checked<Self> {
        let mut csv = Csv::new(path, encoding::text(path, bytes)?);
        let mut row = Row::default();
        if csv.next(&mut Reader::new(&csv.text, delimiter), &mut row)? {
            csv.rows.push(row);
        }
        Ok(csv)
    }

    /// Hands each row after the first to `take`, which is done with it before the next is read.
    pub fn each(&self, delimiter: char, mut take: impl FnMut(&Row)) -> Checked<()> {
        let (mut reader, mut row) = (Reader::new(&self.text, delimiter), Row::default());
        while self.next(&mut reader, &mut row)? {
            if row.number > 1 {
                take(&row);
            }
        }
        Ok(())
    }

    /// Reads the next row, if there is one.
    fn next(&self, reader: &mut Reader, row: &mut Row) -> Checked<bool> {
        if reader.rest.is_empty() {
            return Ok(false);
        }
        match reader.row(row) {
            Ok(()) if row.cells.len() > COLUMNS => Err(vec![too_wide(self.path, row)]),
            Ok(()) => Ok(true),
            Err(broken) => Err(vec![self.broken(broken, reader.rest)]),
        }
    }

    fn broken(&self, Broken { line, column, message }: Broken, rest: &str) -> Diagnostic {
        let hint = match rest {
            "" => "the file may be cut off",
            _ => "put the cell in quotes, and double each quote within it",
        };
        Diagnostic::contract(message).hint(hint).at(self.place(line, column, 1))
    }

    /// A text whose rows are not known yet.
    pub fn new(path: &'a str, text: Cow<'a, str>) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).step_by(STEP).collect();
        Csv { path, text, starts, sheet: None, rows: Vec::new() }
    }

    /// The place of a cell.
    pub fn cell(&self, cell: &Cell) -> Place {
        self.place(cell.line, cell.column, cell.width)
    }

    /// The place of a row.
    pub fn row(&self, row: &Row) -> Place {
        Place::line(self.path, row.line, self.line(row.line))
    }

    /// The file as a whole.
    pub fn whole(&self) -> Place {
        Place::file(self.path)
    }

    /// The name of a cell in a workbook, such as `Table 1!D14`; columns from 0.
    pub fn name_of(&self, row: usize, column: usize) -> Option<String> {
        let sheet = self.sheet.as_ref()?;
        let (mut letters, mut left) = (String::new(), column + 1);
        while left > 0 {
            letters.insert(0, char::from(b'A' + ((left - 1) % 26) as u8));
            left = (left - 1) / 26;
        }
        Some(format!("{sheet}!{letters}{row}"))
    }

    /// That the file has no row.
    pub fn empty(&self) -> Option<Diagnostic> {
        let says = || Diagnostic::contract("the file is empty").at(self.whole());
        self.rows.is_empty().then(|| says().hint("put the table back, with its header"))
    }

    /// That a row has not as many cells as the header.
    pub fn uneven(&self, row: &Row, needs: usize) -> Option<Diagnostic> {
        let has = row.cells.len();
        let says = || {
            let cells = count(has, "cell");
            let message = format!("row {} has {cells}, the header has {needs}", row.number);
            Diagnostic::contract(message).at(self.row(row))
        };
        (has != needs).then(says)
    }

    /// That the file does not end with a line end: one that was cut within its
    /// last number would otherwise be read as whole.
    pub fn cut_off(&self) -> Option<Diagnostic> {
        let whole = self.text.is_empty() || self.text.ends_with('\n');
        let says = || {
            let message = "the last line has no line end: the file may be cut off";
            let number = self.text.matches('\n').count() + 1;
            let place = Place::line(self.path, number, self.line(number));
            Diagnostic::contract(message).at(place).hint("end the last line if the file is whole")
        };
        (!whole).then(says)
    }

    fn line(&self, line: usize) -> &str {
        let (before, after) = ((line - 1) / STEP, (line - 1) % STEP);
        let start = self.starts.get(before).copied().unwrap_or(self.text.len());
        let line = self.text[start..].split('\n').nth(after).unwrap_or("");
        line.strip_suffix('\r').unwrap_or(line)
    }

    fn place(&self, line: usize, column: usize, width: usize) -> Place {
        Place { column, width, ..Place::line(self.path, line, self.line(line)) }
    }
}

/// The fault of a row that no table has.
fn too_wide(path: &str, row: &Row) -> Diagnostic {
    let message = format!("row {} has more than {}", row.number, count(COLUMNS, "column"));
    let place = Place::line(path, row.line, "");
    Diagnostic::contract(message)
        .at(place)
        .hint("is it a table, and is its `delimiter` the right one?")
}

/// The fault of a file that is too long to be kept cell by cell.
fn too_many(path: &str, most: usize) -> Diagnostic {
    let message = format!("the file has more than {}", count(most, "cell"));
    let hint = "leave out the rows and columns that nothing needs";
    Diagnostic::contract(message).at(Place::file(path)).hint(hint)
}

/// A violation of the format at a place.
struct Broken {
    line: usize,
    column: usize,
    message: String,
}

/// Walks over the text and counts lines and columns.
struct Reader<'a> {
    rest: &'a str,
    delimiter: char,
    rows: usize,
    line: usize,
    column: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, delimiter: char) -> Self {
        Reader { rest: text, delimiter, rows: 0, line: 1, column: 1 }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Goes past so many bytes, and gives them.
    fn pass(&mut self, length: usize) -> &'a str {
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        match piece.rsplit_once('\n') {
            None => self.column += piece.chars().count(),
            Some((before, last)) => {
                self.line += before.matches('\n').count() + 1;
                self.column = last.chars().count() + 1;
            }
        }
        piece
    }

    fn broken(&self, message: &str) -> Result<(), Broken> {
        Err(Broken { line: self.line, column: self.column, message: message.into() })
    }

    /// Reads a row into the room that an earlier one took.
    fn row(&mut self, row: &mut Row) -> Result<(), Broken> {
        self.rows += 1;
        (row.number, row.line) = (self.rows, self.line);
        let mut filled = 0;
        loop {
            if filled == row.cells.len() {
                row.cells.push(Cell::default());
            }
            self.cell(&mut row.cells[filled])?;
            filled += 1;
            if filled > COLUMNS {
                return Ok(());
            }
            let after = self.peek().map_or(0, char::len_utf8);
            match self.pass(after) {
                "" | "\n" => break,
                "\r" if self.rest.starts_with('\n') => {
                    self.pass(1);
                    break;
                }
                "\r" => return self.broken("a carriage return without a line feed"),
                _ => {}
            }
        }
        row.cells.truncate(filled);
        Ok(())
    }

    /// Reads a cell up to, not including, the delimiter or the line end.
    fn cell(&mut self, cell: &mut Cell) -> Result<(), Broken> {
        cell.text.clear();
        (cell.line, cell.column) = (self.line, self.column);
        match self.rest.starts_with('"') {
            true => self.quoted(&mut cell.text)?,
            false => self.plain(&mut cell.text)?,
        }
        let first = || cell.text.chars().take_while(|c| *c != '\n').count() + 1;
        let width = if self.line == cell.line { self.column - cell.column } else { first() };
        cell.width = width.max(1);
        Ok(())
    }

    fn plain(&mut self, text: &mut String) -> Result<(), Broken> {
        let delimiter = self.delimiter;
        let ends = |char| matches!(char, '\n' | '\r' | '"' | '\0') || char == delimiter;
        let length = self.rest.find(ends).unwrap_or(self.rest.len());
        text.push_str(self.pass(length));
        match self.peek() {
            Some('"') => self.broken("a quote inside a cell that does not begin with one"),
            Some('\0') => self.broken("a zero byte"),
            _ => Ok(()),
        }
    }

    fn quoted(&mut self, text: &mut String) -> Result<(), Broken> {
        let (line, column) = (self.line, self.column);
        loop {
            // The quote that opens the cell, or the second of two within it.
            self.pass(1);
            let Some(length) = self.rest.find('"') else {
                self.pass(self.rest.len());
                let message = "the quote that opens here is never closed".into();
                return Err(Broken { line, column, message });
            };
            text.push_str(self.pass(length));
            self.pass(1);
            if !self.rest.starts_with('"') {
                break;
            }
            text.push('"');
        }
        match self.peek() {
            None | Some('\n' | '\r') => Ok(()),
            Some(char) if char == self.delimiter => Ok(()),
            Some(_) => self.broken("a closing quote must be followed by a delimiter or a line end"),
        }
    }
}

#[cfg(test)]
mod tests;
