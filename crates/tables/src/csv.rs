//! Reads CSV strictly (RFC 4180) and remembers where each cell stands.
//!
//! It knows no schema: what a column means is checked elsewhere. A sheet of a
//! workbook takes the same form, with its cells' names.

use std::borrow::Cow;

use engine::diagnostic::{Checked, Diagnostic, Place};
use engine::words;

use crate::encoding;

/// No table has more columns, and no spreadsheet does.
pub const COLUMNS: usize = 16_384;
/// No table that is kept cell by cell has more cells.
pub const CELLS: usize = 10_000_000;

/// A CSV file: its lines, for messages, and its rows.
pub struct Csv<'a> {
    /// Its path in the project.
    pub path: &'a str,
    text: Cow<'a, str>,
    /// Where each line begins in the text.
    starts: Vec<usize>,
    /// The sheet of a workbook that this is.
    pub sheet: Option<String>,
    /// The rows in the order of the file, the header first.
    pub rows: Vec<Row>,
}

/// One row.
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
        let mut reader = Reader::new(&csv.text, delimiter);
        while reader.peek().is_some() {
            match reader.row(rows.len() + 1) {
                Ok(row) if row.cells.len() > COLUMNS => return Err(vec![too_wide(path, &row)]),
                Ok(row) if cells + row.cells.len() > most => {
                    return Err(vec![too_many(path, most)]);
                }
                Ok(row) => {
                    cells += row.cells.len();
                    rows.push(row);
                }
                Err(Broken { line, column, message }) => {
                    let mut diagnostic = Diagnostic::contract(message);
                    diagnostic = diagnostic.hint(match reader.peek() {
                        None => "the file may be cut off",
                        Some(_) => "put the cell in quotes, and double each quote within it",
                    });
                    return Err(vec![diagnostic.at(csv.place(line, column, 1))]);
                }
            }
        }
        csv.rows = rows;
        Ok(csv)
    }

    /// A text whose rows are not known yet.
    pub fn new(path: &'a str, text: Cow<'a, str>) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
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

    /// Whether the file ends with a line end, as a file that is whole does.
    pub fn ended(&self) -> bool {
        self.text.is_empty() || self.text.ends_with('\n')
    }

    fn line(&self, line: usize) -> &str {
        let start = self.starts.get(line - 1).copied().unwrap_or(self.text.len());
        let line = self.text[start..].split('\n').next().unwrap_or("");
        line.strip_suffix('\r').unwrap_or(line)
    }

    fn place(&self, line: usize, column: usize, width: usize) -> Place {
        Place { column, width, ..Place::line(self.path, line, self.line(line)) }
    }
}

/// The fault of a row that no table has.
fn too_wide(path: &str, row: &Row) -> Diagnostic {
    let message = format!("row {} has more than {} columns", row.number, grouped(COLUMNS));
    let place = Place::line(path, row.line, "");
    Diagnostic::contract(message)
        .at(place)
        .hint("is it a table, and is its `delimiter` the right one?")
}

/// The fault of a file that is too long to be kept cell by cell.
fn too_many(path: &str, most: usize) -> Diagnostic {
    let message = format!("the file has more than {} cells", grouped(most));
    let hint = "leave out the rows and columns that nothing needs";
    Diagnostic::contract(message).at(Place::file(path)).hint(hint)
}

fn grouped(number: usize) -> String {
    words::grouped(number as f64, 0)
}

/// A violation of the format at a place.
struct Broken {
    line: usize,
    column: usize,
    message: String,
}

/// Walks over the characters and counts lines and columns.
struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    delimiter: char,
    line: usize,
    column: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, delimiter: char) -> Self {
        Reader { chars: text.chars().peekable(), delimiter, line: 1, column: 1 }
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.chars.next()?;
        if char == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(char)
    }

    fn broken<T>(&self, message: &str) -> Result<T, Broken> {
        Err(Broken { line: self.line, column: self.column, message: message.into() })
    }

    fn row(&mut self, number: usize) -> Result<Row, Broken> {
        let mut row = Row { number, line: self.line, cells: Vec::new() };
        loop {
            row.cells.push(self.cell()?);
            if row.cells.len() > COLUMNS {
                return Ok(row);
            }
            match self.peek() {
                Some('\r') => {
                    self.next();
                    if self.peek() != Some('\n') {
                        return self.broken("a carriage return without a line feed");
                    }
                    self.next();
                    return Ok(row);
                }
                Some('\n') => {
                    self.next();
                    return Ok(row);
                }
                None => return Ok(row),
                Some(_) => self.next(),
            };
        }
    }

    /// Reads a cell up to, not including, the delimiter or the line end.
    fn cell(&mut self) -> Result<Cell, Broken> {
        let (line, column) = (self.line, self.column);
        let text = if self.peek() == Some('"') { self.quoted()? } else { self.plain()? };
        let chars = text.chars().take_while(|c| *c != '\n').count();
        let width = if self.line == line { self.column - column } else { chars + 1 };
        Ok(Cell { text, line, column, width: width.max(1), head: None })
    }

    fn plain(&mut self) -> Result<String, Broken> {
        let mut text = String::new();
        while let Some(char) = self.peek() {
            match char {
                '\n' | '\r' => break,
                '"' => return self.broken("a quote inside a cell that does not begin with one"),
                '\0' => return self.broken("a zero byte"),
                _ if char == self.delimiter => break,
                _ => text.extend(self.next()),
            }
        }
        Ok(text)
    }

    fn quoted(&mut self) -> Result<String, Broken> {
        let (line, column) = (self.line, self.column);
        let mut text = String::new();
        self.next();
        loop {
            match self.next() {
                None => {
                    let message = "the quote that opens here is never closed".into();
                    return Err(Broken { line, column, message });
                }
                Some('"') if self.peek() == Some('"') => text.extend(self.next()),
                Some('"') => break,
                Some(char) => text.push(char),
            }
        }
        match self.peek() {
            None | Some('\n' | '\r') => Ok(text),
            Some(char) if char == self.delimiter => Ok(text),
            Some(_) => self.broken("a closing quote must be followed by a delimiter or a line end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
        let csv = Csv::read("t.csv", text.as_bytes(), ',').map_err(|d| d[0].to_string())?;
        let texts = |row: &Row| row.cells.iter().map(|cell| cell.text.clone()).collect();
        Ok(csv.rows.iter().map(texts).collect())
    }

    #[test]
    fn reads_quotes_line_ends_and_a_byte_order_mark() {
        let text = "\u{feff}a,b\r\n\"x, \"\"y\"\"\",\n\"two\nlines\",抖音";
        let expected = vec![vec!["a", "b"], vec!["x, \"y\"", ""], vec!["two\nlines", "抖音"]];
        assert_eq!(rows(text).unwrap(), expected);
        assert_eq!(rows("").unwrap(), Vec::<Vec<String>>::new());
        assert_eq!(rows("a\n\nb\n").unwrap(), vec![vec!["a"], vec![""], vec!["b"]]);
    }

    #[test]
    fn knows_where_a_cell_stands() {
        let csv = Csv::read("t.csv", "a,b\n\"抖音\",12\n".as_bytes(), ',').unwrap();
        let cell = &csv.rows[1].cells[1];
        assert_eq!((cell.line, cell.column, cell.width), (2, 6, 2));
        assert_eq!(csv.cell(cell).text, "\"抖音\",12");
        assert_eq!((csv.cell(cell).line, csv.cell(cell).column, csv.cell(cell).width), (2, 6, 2));
        assert!(csv.ended());
    }

    #[test]
    fn refuses_what_is_no_table() {
        let commas = ",".repeat(COLUMNS - 1);
        assert_eq!(rows(&format!("{commas}\n")).unwrap()[0].len(), COLUMNS);
        let wide = rows(&",".repeat(3_000_000)).unwrap_err();
        assert_eq!(wide, "t.csv:1: row 1 has more than 16,384 columns");
        let within =
            |text: &'static str| Csv::read_within(2000, "t.csv", text.as_bytes().into(), ',');
        assert!(within("a,b\n1,2\n").is_ok());
        assert!(within("a,b\n".repeat(1000).leak()).is_ok());
        let many: &str = "a,b\n".repeat(1001).leak();
        let many = within(many).err().unwrap();
        assert_eq!(many[0].to_string(), "t.csv: the file has more than 2,000 cells");
    }

    #[test]
    fn refuses_what_is_broken() {
        for (text, message) in [
            ("a,b\n1,\"2\n3,4\n", "t.csv:2:3: the quote that opens here is never closed"),
            ("a\nx\"y\n", "t.csv:2:2: a quote inside a cell that does not begin with one"),
            ("a\n\"x\"y\n", "t.csv:2:4: a closing quote must be followed by a delimiter"),
            ("a\nx\ry\n", "t.csv:2:3: a carriage return without a line feed"),
            ("a\nx\0\n", "t.csv:2:2: a zero byte"),
        ] {
            let error = rows(text).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
    /// Of a cell over several lines only the first is marked.
    #[test]
    fn a_cell_of_two_lines() {
        let csv = Csv::read("t.csv", "\"two\nlines\",b\n".as_bytes(), ',').unwrap();
        let cells = &csv.rows[0].cells;
        assert_eq!((cells[0].line, cells[0].column, cells[0].width), (1, 1, 4));
        assert_eq!((cells[1].line, cells[1].column, cells[1].width), (2, 8, 1));
    }

    /// As spreadsheets name their columns: after Z comes AA, after ZZ comes AAA.
    #[test]
    fn names_of_cells() {
        let mut csv = Csv::new("t.xlsx", "".into());
        assert_eq!(csv.name_of(1, 0), None);
        csv.sheet = Some("Table 1".into());
        for (column, letters) in [
            (0, "A"),
            (3, "D"),
            (25, "Z"),
            (26, "AA"),
            (51, "AZ"),
            (52, "BA"),
            (701, "ZZ"),
            (702, "AAA"),
            (16_383, "XFD"),
        ] {
            assert_eq!(csv.name_of(14, column), Some(format!("Table 1!{letters}14")));
        }
    }
}
