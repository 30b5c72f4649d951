//! A sheet of a workbook (XLSX) as rows of cells, in the form that CSV has.
//!
//! Each cell keeps its text as the sheet stores it: numbers in full, whole
//! ones without a point, whatever format they are shown in.

use std::borrow::Cow;
use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx, XlsxError};
use engine::diagnostic::{Checked, Diagnostic, Place, did_you_mean};
use engine::function::Artifact;

use crate::csv::{CELLS, Cell, Csv, Row};
use crate::unpack;

/// Between two cells of a row as messages show it.
const BETWEEN: &str = " | ";
/// Beyond this, a double doesn't hold every whole number.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// Reads a sheet.
pub fn read<'a>(artifact: &'a Artifact, sheet: &str) -> Checked<Csv<'a>> {
    let path = artifact.path.as_str();
    let fault = |message: String| Diagnostic::contract(message).at(Place::file(path));
    let broken = |error: &XlsxError| {
        let message = format!("the file is no workbook that can be read: {}", plain(error));
        vec![fault(message).hint("fetch it again, as XLSX: it may be cut off or of another format")]
    };
    unpack::bounded(artifact)?;
    let mut book: Xlsx<_> =
        Xlsx::new(Cursor::new(&artifact.bytes[..])).map_err(|error| broken(&error))?;
    let sheets = book.sheet_names();
    if !sheets.iter().any(|name| name == sheet) {
        let mut fault = fault(format!("the workbook has no sheet `{sheet}`"));
        fault.hints.extend(did_you_mean(sheet, sheets.iter().map(String::as_str)));
        return Err(vec![fault]);
    }
    // A single stray cell far out would ask for the memory of all between.
    let mut reader = book.worksheet_cells_reader(sheet).map_err(|error| broken(&error))?;
    let (high, wide) = reader.dimensions().end;
    if (u64::from(high) + 1) * (u64::from(wide) + 1) > CELLS as u64 {
        let message =
            format!("the sheet `{sheet}` claims to reach row {}, column {}", high + 1, wide + 1);
        return Err(vec![fault(message).hint("delete what stands far below or beside the table")]);
    }
    while let Some(cell) = reader.next_cell().map_err(|error| broken(&error))? {
        let (row, column) = cell.get_position();
        if (u64::from(row) + 1) * (u64::from(column) + 1) > CELLS as u64 {
            let message = format!("the sheet `{sheet}` has a cell in row {}", row + 1);
            let hint = "delete what stands far below or beside the table";
            return Err(vec![fault(message).hint(hint)]);
        }
    }
    drop(reader);
    let range = book.worksheet_range(sheet).map_err(|error| broken(&error))?;
    Ok(rows(path, sheet, &range))
}

fn plain(error: &XlsxError) -> String {
    error.to_string().lines().next().unwrap_or("").to_lowercase()
}

/// Every row from the first of the sheet on, whether or not it holds anything.
fn rows<'a>(path: &'a str, sheet: &str, range: &Range<Data>) -> Csv<'a> {
    let (height, width) = range.end().map_or((0, 0), |(row, column)| (row + 1, column + 1));
    let (mut text, mut rows) = (String::new(), Vec::new());
    for row in 0..height {
        let (line, mut cells, mut at) = (row as usize + 1, Vec::new(), 1);
        for column in 0..width {
            let content = range.get_value((row, column)).map(content).unwrap_or_default();
            // A line end in a cell would be one of the text that messages quote.
            let shown = content.replace(['\r', '\n'], " ");
            let chars = shown.chars().count();
            if column > 0 {
                text.push_str(BETWEEN);
            }
            text.push_str(&shown);
            let width = chars.max(1);
            cells.push(Cell { text: content, line, column: at, width, head: None });
            at += chars + BETWEEN.len();
        }
        text.push('\n');
        rows.push(Row { number: line, line, cells });
    }
    let mut csv = Csv::new(path, Cow::Owned(text));
    (csv.sheet, csv.rows) = (Some(sheet.into()), rows);
    csv
}

fn content(data: &Data) -> String {
    match data {
        Data::Float(number) if libm::trunc(*number) == *number && number.abs() < WHOLE => {
            (*number as i64).to_string()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;
    use crate::layout::given::{claiming, workbook};

    fn texts(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    }

    fn refused(book: &[u8]) -> String {
        let artifact = given::artifact("raw/t.xlsx", book);
        read(&artifact, "t").err().unwrap()[0].to_string()
    }

    #[test]
    fn rows_as_messages_show_them() {
        let rows = texts(&[&[], &["", "Türkiye"], &["a\nb", "c"]]);
        let artifact = given::artifact("raw/t.xlsx", &workbook(&[("t", rows)]));
        let csv = read(&artifact, "t").unwrap();
        let row = |at: usize| {
            let row = &csv.rows[at];
            assert_eq!((row.number, row.line), (at + 1, at + 1));
            let cells = row.cells.iter().map(|cell| (cell.text.as_str(), cell.column, cell.width));
            cells.collect::<Vec<_>>()
        };
        assert_eq!(csv.rows.len(), 3);
        assert_eq!(row(0), [("", 1, 1), ("", 4, 1)]);
        assert_eq!(row(1), [("", 1, 1), ("Türkiye", 4, 7)]);
        assert_eq!(row(2), [("a\nb", 1, 3), ("c", 7, 1)]);
        assert_eq!(csv.cell(&csv.rows[2].cells[1]).text, "a b | c");
        assert_eq!(csv.name_of(3, 1), Some("t!B3".into()));
    }

    /// Numbers have all their digits and no sign of a zero, as spreadsheets show them.
    #[test]
    fn numbers_in_full() {
        let numbers = ["24632", "-7", "0.5", "-0", "100000000000000000000"];
        let artifact = given::artifact("raw/t.xlsx", &workbook(&[("t", texts(&[&numbers]))]));
        let csv = read(&artifact, "t").unwrap();
        let cells: Vec<&str> = csv.rows[0].cells.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(cells, ["24632", "-7", "0.5", "0", "100000000000000000000"]);
    }

    /// A thousand columns by ten thousand rows are as many cells as there may be.
    #[test]
    fn a_cell_far_out() {
        let few = || [("t", texts(&[&["a"]]))];
        let within = claiming("ALL10000", &few());
        assert!(read(&given::artifact("raw/t.xlsx", &within), "t").is_ok());
        let said = "raw/t.xlsx: the sheet `t` claims to reach row 10001, column 1000";
        assert_eq!(refused(&claiming("ALL10001", &few())), said);
        let mut rows = vec![Vec::new(); 10_001];
        rows[10_000] = vec![String::new(); 1_000];
        rows[10_000][999] = "x".into();
        let said = "raw/t.xlsx: the sheet `t` has a cell in row 10001";
        assert_eq!(refused(&workbook(&[("t", rows)])), said);
    }

    #[test]
    fn what_is_no_workbook() {
        let said = refused(b"a,b\n1,2\n");
        assert!(said.starts_with("raw/t.xlsx: the file is no workbook that can be read: "));
        assert!(said.contains("zip"), "{said}");
        let other = workbook(&[("u", texts(&[&["a"]]))]);
        assert_eq!(refused(&other), "raw/t.xlsx: the workbook has no sheet `t`");
    }
}
