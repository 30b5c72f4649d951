//! Reads an export of a data provider row by row: CSV with a fixed header.
//!
//! It is for tables too long to be kept cell by cell; `raw` holds short ones
//! to a whole schema.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};
use engine::diagnostic::{Checked, Diagnostic, Place};
use engine::function::Artifact;

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
    let path = &artifact.path;
    let fault = |line: usize, message: String| {
        let place = Place { line, ..Place::file(path) };
        vec![Diagnostic::contract(message).at(place)]
    };
    if artifact.bytes.starts_with(&[0x1f, 0x8b]) || artifact.bytes.starts_with(b"\x28\xb5\x2f\xfd")
    {
        let found = fault(0, "the file is compressed".into());
        return Err(found.into_iter().map(|d| d.hint("unpack it")).collect());
    }
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(&artifact.bytes[..]);
    let mut record = StringRecord::new();
    let (mut row, mut line, mut seen) = (0, 1, 0);
    loop {
        // The reader counts lines where a record ends, which is before the
        // line feed of a Windows line end: they are counted here instead.
        let mut start = reader.position().byte() as usize;
        while artifact.bytes.get(start).is_some_and(|byte| b"\r\n".contains(byte)) {
            start += 1;
        }
        line += artifact.bytes[seen..start].iter().filter(|byte| **byte == b'\n').count();
        seen = start;
        let more = reader.read_record(&mut record).map_err(|error| broken(&error, line, &fault))?;
        row += 1;
        match (row, more) {
            (1, false) => return Err(fault(0, "the file is empty".into())),
            (1, true) if record.iter().ne(header.iter().copied()) => {
                let found = record.iter().collect::<Vec<_>>().join(",");
                let message = format!("the header is `{found}`, not `{}`", header.join(","));
                return Err(fault(1, message));
            }
            (1, true) => {}
            (_, true) => take(At { row, line }, &record),
            (_, false) => break,
        }
    }
    if !artifact.bytes.ends_with(b"\n") {
        let message = "the last line has no line end: the file may be cut off".into();
        return Err(fault(reader.position().line() as usize, message));
    }
    Ok(())
}

/// Gives faults the text of their lines, which messages show.
pub fn quote(artifact: &Artifact, faults: &mut [Diagnostic]) {
    let lines: Vec<usize> =
        faults.iter().filter_map(|fault| Some(fault.at.as_ref()?.line)).collect();
    let texts: BTreeMap<usize, &[u8]> = artifact
        .bytes
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(at, line)| (at + 1, line))
        .filter(|(line, _)| lines.contains(line))
        .collect();
    for place in faults.iter_mut().filter_map(|fault| fault.at.as_mut()) {
        if let Some(line) = texts.get(&place.line) {
            place.text = String::from_utf8_lossy(line).trim_end().into();
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
                format!("the row has {len} cells, the header has {expected_len}")
            }
            csv::ErrorKind::Utf8 { .. } => "the file is not UTF-8".into(),
            _ => format!("the file cannot be read: {error}"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::given;

    fn rows(bytes: &[u8]) -> Result<Vec<(usize, usize, String)>, String> {
        let mut rows = Vec::new();
        let artifact = given::artifact("raw/x.csv", bytes);
        read(&artifact, &["a", "b"], |at, record| {
            rows.push((at.row, at.line, record.iter().collect::<Vec<_>>().join("|")));
        })
        .map_err(|found| found[0].to_string())?;
        Ok(rows)
    }

    #[test]
    fn rows_with_their_lines() {
        let found = rows(b"a,b\r\n1,\"x\ny\"\r\n2,z\r\n").unwrap();
        assert_eq!(found, [(2, 2, "1|x\ny".into()), (3, 4, "2|z".into())]);
    }

    #[test]
    fn what_is_refused() {
        for (bytes, message) in [
            (&b""[..], "raw/x.csv: the file is empty"),
            (b"a,c\n1,2\n", "raw/x.csv:1: the header is `a,c`, not `a,b`"),
            (b"a,b\n1\n", "raw/x.csv:2: the row has 1 cells, the header has 2"),
            (b"a,b\n1,2", "raw/x.csv:2: the last line has no line end: the file may be cut off"),
            (b"a,b\n1,\xe9\n", "raw/x.csv:2: the file is not UTF-8"),
            (b"\x1f\x8b\x08", "raw/x.csv: the file is compressed"),
        ] {
            assert_eq!(rows(bytes).unwrap_err(), message);
        }
    }
}
