//! Reads an export of a data provider row by row: CSV with known columns.
//!
//! It is for tables too long to be kept cell by cell; `raw` holds short ones
//! to a whole schema.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};
use engine::diagnostic::{Checked, Diagnostic, Place, did_you_mean};
use engine::function::Artifact;
use engine::words::{count, grouped};

use crate::csv::COLUMNS;
use crate::schema::Dialect;
use crate::{encoding, unpack};

/// Where a row stands: its number as in a spreadsheet, and its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The row, where the header is row 1.
    pub row: usize,
    /// The line of the file, or 0 where there is none.
    pub line: usize,
}

impl At {
    /// A violated rule in one column of the row.
    pub fn fault(self, path: &str, column: &str, message: &str) -> Diagnostic {
        let place = match self.line {
            0 => Place::file(path),
            line => Place { line, ..Place::file(path) },
        };
        let message = format!("row {}, column `{column}`: {message}", self.row);
        Diagnostic::contract(message).at(place)
    }
}

/// Hands each row to `take`; the header must be `header`, in this order.
pub fn read(
    artifact: &Artifact,
    header: &[&str],
    mut take: impl FnMut(At, &StringRecord),
) -> Checked<()> {
    walk(
        artifact,
        |found| {
            places(&artifact.path, header, found)?;
            if found.iter().eq(header.iter().copied()) {
                return Ok(());
            }
            let message = "the header has other columns or another order";
            let fault = Diagnostic::contract(message).at(quoted(&artifact.path, found));
            Err(vec![fault.hint(format!("it is to be `{}`", header.join(",")))])
        },
        |_, at, record| take(at, record),
    )
}

/// Hands the cells of the columns `names` to `take`, wherever they stand.
pub fn read_named<const N: usize>(
    artifact: &Artifact,
    names: [&str; N],
    mut take: impl FnMut(At, [&str; N]),
) -> Checked<()> {
    walk(
        artifact,
        |found| places(&artifact.path, &names, found),
        |places, at, record| {
            take(at, std::array::from_fn(|column| record.get(places[column]).unwrap_or("")));
        },
    )
}

/// Hands the header to `head` and each row after it to `take`.
fn walk<T>(
    artifact: &Artifact,
    head: impl Fn(&StringRecord) -> Checked<T>,
    mut take: impl FnMut(&T, At, &StringRecord),
) -> Checked<()> {
    let path = &artifact.path;
    let fault = |line: usize, message: String| {
        let place = Place { line, ..Place::file(path) };
        vec![Diagnostic::contract(message).at(place)]
    };
    let delimiter = u8::try_from(Dialect::of(artifact)?.delimiter).unwrap_or(b',');
    let text = encoding::text(path, unpack::bytes(artifact)?)?;
    let bytes = text.as_bytes();
    let mut reader = ReaderBuilder::new();
    let mut reader = reader.has_headers(false).delimiter(delimiter).from_reader(bytes);
    let (mut record, mut header) = (StringRecord::new(), None);
    let (mut row, mut line, mut seen) = (0, 1, 0);
    loop {
        // The reader counts lines where a record ends, which is before the
        // line feed of a Windows line end: they are counted here instead.
        let mut start = reader.position().byte() as usize;
        while bytes.get(start).is_some_and(|byte| b"\r\n".contains(byte)) {
            start += 1;
        }
        line += bytes[seen..start].iter().filter(|byte| **byte == b'\n').count();
        seen = start;
        let more = reader.read_record(&mut record).map_err(|error| broken(&error, line, &fault))?;
        row += 1;
        match (&header, more) {
            (None, false) => return Err(fault(0, "the file is empty".into())),
            (None, true) if record.len() > COLUMNS => {
                let most = grouped(COLUMNS as f64, 0);
                return Err(fault(1, format!("row 1 has more than {most} columns")));
            }
            (None, true) => header = Some(head(&record)?),
            (Some(header), true) => take(header, At { row, line }, &record),
            (Some(_), false) => break,
        }
    }
    if !text.ends_with('\n') {
        let message = "the last line has no line end: the file may be cut off".into();
        let found = fault(reader.position().line() as usize, message).into_iter();
        return Err(found.map(|d| d.hint("end the last line if the file is whole")).collect());
    }
    Ok(())
}

/// The header as a place.
fn quoted(path: &str, header: &StringRecord) -> Place {
    Place::line(path, 1, header.iter().collect::<Vec<_>>().join(","))
}

/// Where the columns `names` stand.
fn places(path: &str, names: &[&str], header: &StringRecord) -> Checked<Vec<usize>> {
    let (mut places, mut faults) = (Vec::new(), Vec::new());
    for name in names {
        if let Some(place) = header.iter().position(|other| other.trim() == *name) {
            places.push(place);
            continue;
        }
        let message = format!("the column `{name}` is missing");
        let mut fault = Diagnostic::contract(message).at(quoted(path, header));
        let others = header.iter().map(str::trim).filter(|other| !names.contains(other));
        fault.hints.extend(did_you_mean(name, others.collect::<Vec<_>>()));
        faults.push(fault);
    }
    if faults.is_empty() { Ok(places) } else { Err(faults) }
}

/// Gives faults the text of their lines, which messages show.
pub fn quote(artifact: &Artifact, faults: &mut [Diagnostic]) {
    let text = unpack::bytes(artifact).and_then(|bytes| encoding::text(&artifact.path, bytes));
    let Ok(text) = text else { return };
    let lines: Vec<usize> =
        faults.iter().filter_map(|fault| Some(fault.at.as_ref()?.line)).collect();
    let texts: BTreeMap<usize, &str> = text
        .split('\n')
        .enumerate()
        .map(|(at, line)| (at + 1, line))
        .filter(|(line, _)| lines.contains(line))
        .collect();
    for place in faults.iter_mut().filter_map(|fault| fault.at.as_mut()) {
        if let Some(line) = texts.get(&place.line) {
            place.text = line.trim_end().into();
        }
    }
}

fn broken(
    error: &csv::Error,
    line: usize,
    fault: &dyn Fn(usize, String) -> Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    fault(
        line,
        match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!(
                    "the row has {}, the header has {expected_len}",
                    count(*len as usize, "cell")
                )
            }
            _ => format!("the file cannot be read: {error}"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    fn rows(bytes: &[u8], free: bool) -> Result<Vec<(usize, usize, String)>, String> {
        let mut rows = Vec::new();
        let artifact = given::artifact("raw/x.csv", bytes);
        let seen = match free {
            false => read(&artifact, &["a", "b"], |at, record| {
                rows.push((at.row, at.line, record.iter().collect::<Vec<_>>().join("|")));
            }),
            true => read_named(&artifact, ["a", "b"], |at, cells| {
                rows.push((at.row, at.line, cells.join("|")));
            }),
        };
        seen.map_err(|found| found[0].to_string())?;
        Ok(rows)
    }

    #[test]
    fn rows_with_their_lines() {
        let found = rows(b"a,b\r\n1,\"x\ny\"\r\n2,z\r\n", false).unwrap();
        assert_eq!(found, [(2, 2, "1|x\ny".into()), (3, 4, "2|z".into())]);
        let found = rows(b"\xef\xbb\xbfb,more,a\n1,2,3\n", true).unwrap();
        assert_eq!(found, [(2, 2, "3|1".into())]);
        let packed = zstd::encode_all(&b"a,b\n1,2\n"[..], 3).unwrap();
        assert_eq!(rows(&packed, false).unwrap(), [(2, 2, "1|2".into())]);
    }

    #[test]
    fn what_is_refused() {
        for (bytes, message) in [
            (&b""[..], "raw/x.csv: the file is empty"),
            (b"a,c\n1,2\n", "raw/x.csv:1: the column `b` is missing"),
            (b"b,a\n1,2\n", "raw/x.csv:1: the header has other columns or another order"),
            (b"a,b\n1\n", "raw/x.csv:2: the row has 1 cell, the header has 2"),
            (b"a,b\n1,2", "raw/x.csv:2: the last line has no line end: the file may be cut off"),
            (
                b"a,b\n1,\xe9\n",
                "raw/x.csv:2:3: the file is not UTF-8: byte 0xe9 begins no character",
            ),
            (b"\x1f\x8b\x08", "raw/x.csv: the gzip data end too early"),
        ] {
            assert_eq!(rows(bytes, false).unwrap_err(), message);
        }
    }
    #[test]
    fn a_fault_of_a_row() {
        let said = |line| At { row: 3, line }.fault("raw/x.csv", "a", "no day").to_string();
        assert_eq!(said(4), "raw/x.csv:4: row 3, column `a`: no day");
        assert_eq!(said(0), "raw/x.csv: row 3, column `a`: no day");
    }

    #[test]
    fn as_many_columns_as_there_may_be() {
        let wide = |columns: usize| format!("a,b{}\n", ",x".repeat(columns - 2));
        assert_eq!(rows(wide(COLUMNS).as_bytes(), true).unwrap(), []);
        let said = rows(wide(COLUMNS + 1).as_bytes(), true).unwrap_err();
        assert_eq!(said, "raw/x.csv:1: row 1 has more than 16,384 columns");
    }

    #[test]
    fn a_column_of_another_name() {
        let artifact = given::artifact("raw/x.csv", b"a,bird\n1,2\n");
        let faults = read_named(&artifact, ["a", "birds"], |_, _| ()).unwrap_err();
        assert_eq!(faults[0].hints, ["did you mean `bird`?"]);
    }

    #[test]
    fn faults_show_their_lines() {
        let artifact = given::artifact("raw/x.csv", b"a,b\n1,2\r\n3,4\n");
        let fault = |line| At { row: line, line }.fault("raw/x.csv", "a", "wrong");
        let mut faults = [fault(2), fault(3), fault(0)];
        quote(&artifact, &mut faults);
        assert_eq!(faults.map(|it| it.at.unwrap().text), ["1,2", "3,4", ""]);
    }
}
