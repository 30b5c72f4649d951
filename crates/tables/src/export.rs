//! Goes through an export of a data provider row by row: CSV with known columns.
//!
//! It is for tables too long to be kept cell by cell; `raw` holds short ones
//! to a whole schema. Both are read by the same rules.

use engine::diagnostic::{Checked, Diagnostic, Place};
use engine::function::Artifact;

use crate::csv::{Cell, Csv, Row};
use crate::faults::Faults;
use crate::layout::header::{header, uneven};
use crate::schema::Dialect;
use crate::unpack;

/// How many rows without the right number of cells are shown.
const LIMIT: usize = 20;

/// A row, as far as it was asked for.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    csv: &'a Csv<'a>,
    row: &'a Row,
    /// Where the cells stand that were asked for.
    columns: &'a [usize],
}

impl<'a> Seen<'a> {
    /// The row as a spreadsheet counts it, where the header is row 1.
    pub fn number(self) -> usize {
        self.row.number
    }

    /// That this breaks a rule; `name` is what the study calls the column.
    pub fn fault(self, column: usize, name: &str, message: &str) -> Diagnostic {
        let message = format!("row {}, column `{name}`: {message}", self.number());
        Diagnostic::contract(message).at(self.place(column))
    }

    /// What stands in one of the columns that were asked for.
    pub fn text(self, column: usize) -> &'a str {
        &self.cell(column).text
    }

    /// Where that stands.
    pub fn place(self, column: usize) -> Place {
        self.csv.cell(self.cell(column))
    }

    fn cell(self, column: usize) -> &'a Cell {
        &self.row.cells[self.columns[column]]
    }
}

/// Hands each row to `take`; the header must be `names`, in this order.
pub fn read(artifact: &Artifact, names: &[&str], take: impl FnMut(Seen)) -> Checked<()> {
    let in_order = |csv: &Csv, found: &Row| {
        if found.cells.iter().map(|cell| cell.text.as_str()).eq(names.iter().copied()) {
            return Ok(());
        }
        let message = "the header has other columns or another order";
        let fault = Diagnostic::contract(message).at(csv.row(found));
        Err(vec![fault.hint(format!("it is to be `{}`", names.join(",")))])
    };
    walk(artifact, names, in_order, take)
}

/// Hands each row to `take`, wherever the columns `names` stand in it.
pub fn read_named(artifact: &Artifact, names: &[&str], take: impl FnMut(Seen)) -> Checked<()> {
    walk(artifact, names, |_, _| Ok(()), take)
}

/// The same, if the header is one of which `allowed` has no fault to find.
fn walk(
    artifact: &Artifact,
    names: &[&str],
    allowed: impl Fn(&Csv, &Row) -> Checked<()>,
    mut take: impl FnMut(Seen),
) -> Checked<()> {
    let delimiter = Dialect::of(artifact)?.delimiter;
    let csv = Csv::begun(&artifact.path, unpack::bytes(artifact)?, delimiter)?;
    if let Some(fault) = csv.empty() {
        return Err(vec![fault]);
    }
    let header = header(&csv, names, 1)?;
    allowed(&csv, header.row)?;
    let mut faults = Faults::new(LIMIT);
    csv.each(delimiter, |row| match uneven(&csv, &header, row) {
        Some(fault) => faults.add(|| fault),
        None => take(Seen { csv: &csv, row, columns: &header.columns }),
    })?;
    csv.cut_off().into_iter().for_each(|fault| faults.add(|| fault));
    if faults.is_empty() { Ok(()) } else { Err(faults.shown()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    fn rows(bytes: &[u8], free: bool) -> Result<Vec<(usize, String, String)>, String> {
        let mut rows = Vec::new();
        let artifact = given::artifact("raw/x.csv", bytes);
        let take = |seen: Seen| {
            let place = seen.place(1);
            let place = format!("{}:{}", place.line, place.column);
            rows.push((seen.number(), place, [0, 1].map(|at| seen.text(at)).join("|")));
        };
        let done = match free {
            false => read(&artifact, &["a", "b"], take),
            true => read_named(&artifact, &["a", "b"], take),
        };
        done.map_err(|found| found[0].to_string())?;
        Ok(rows)
    }

    #[test]
    fn rows_with_their_places() {
        let found = rows(b"a,b\r\n1,\"x\ny\"\r\n2,z\r\n", false).unwrap();
        let row = |number, place: &str, text: &str| (number, place.to_string(), text.to_string());
        assert_eq!(found, [row(2, "2:3", "1|x\ny"), row(3, "4:3", "2|z")]);
        let found = rows(b"\xef\xbb\xbfb,more,a\n1,2,3\n", true).unwrap();
        assert_eq!(found, [row(2, "2:1", "3|1")]);
        let packed = zstd::encode_all(&b"a,b\n1,2\n"[..], 3).unwrap();
        assert_eq!(rows(&packed, false).unwrap(), [row(2, "2:3", "1|2")]);
    }

    #[test]
    fn what_is_refused() {
        for (bytes, message) in [
            (&b""[..], "raw/x.csv: the file is empty"),
            (b"a,c\n1,2\n", "raw/x.csv:1: row 1: the column `b` is missing"),
            (b"a,b,a\n1,2,3\n", "raw/x.csv:1:5: two columns are called `a`"),
            (b"b,a\n1,2\n", "raw/x.csv:1: the header has other columns or another order"),
            (b"a,b\n1\n", "raw/x.csv:2: row 2 has 1 cell, the header has 2"),
            (b"a,b\n\n1,2\n", "raw/x.csv:2: row 2 has 1 cell, the header has 2"),
            (b"a,b\n1,2", "raw/x.csv:2: the last line has no line end: the file may be cut off"),
            (b"a,b\n1,x\"y\n", "raw/x.csv:2:4: a quote inside a cell that does not begin with one"),
            (b"a,b\n\"1,2\n", "raw/x.csv:2:1: the quote that opens here is never closed"),
            (b"a,b\n1,2\r3\n", "raw/x.csv:2:5: a carriage return without a line feed"),
            (b"a,b\n1,\0\n", "raw/x.csv:2:3: a zero byte"),
            (
                b"a,b\n1,\xe9\n",
                "raw/x.csv:2:3: the file is not UTF-8: byte 0xe9 begins no character",
            ),
            (b"\x1f\x8b\x08", "raw/x.csv: the gzip data end too early"),
        ] {
            assert_eq!(rows(bytes, false).unwrap_err(), message);
        }
    }

    /// A row that is wrong does not hide the next one.
    #[test]
    fn rows_of_another_length_are_told_together() {
        let artifact = given::artifact("raw/x.csv", b"a,b\n1\n1,2\n1,2,3\n");
        let found = read(&artifact, &["a", "b"], |_| {}).unwrap_err();
        assert_eq!(found.len(), 2);
        let said = "raw/x.csv:4: row 4 has 3 cells, the header has 2";
        assert_eq!(found[1].to_string(), said);
    }
    #[test]
    fn a_column_of_another_name() {
        let artifact = given::artifact("raw/x.csv", b"a,bird\n1,2\n");
        let faults = read_named(&artifact, &["a", "birds"], |_| ()).unwrap_err();
        assert_eq!(faults[0].hints[0], "did you mean `bird`?");
    }
}
