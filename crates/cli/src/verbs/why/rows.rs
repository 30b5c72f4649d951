//! The difference between two versions of a text, as rows and columns where it
//! is a table (CSV, TSV), else as lines.

use std::path::Path;

use similar::{DiffOp, capture_diff_slices};

/// At most this many differences are told; the rest is counted.
const SHOWN: usize = 10;

/// What differs between two versions of the file at `path`.
pub(crate) fn differences(path: &str, before: &[u8], after: &[u8]) -> Vec<String> {
    let (Ok(before), Ok(after)) = (std::str::from_utf8(before), std::str::from_utf8(after)) else {
        return vec![format!("{} bytes before, {} bytes now", before.len(), after.len())];
    };
    let delimiter = match Path::new(path).extension().and_then(|ext| ext.to_str()) {
        Some("csv") => Some(b','),
        Some("tsv") => Some(b'\t'),
        _ => None,
    };
    let tables = delimiter.and_then(|d| Some((Table::read(before, d)?, Table::read(after, d)?)));
    let mut found = match &tables {
        Some((before, after)) => table(before, after),
        None => lines(before, after),
    };
    let more = found.len().saturating_sub(SHOWN);
    if more > 0 {
        found.truncate(SHOWN);
        found.push(format!("and {more} more"));
    }
    found
}

struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn read(text: &str, delimiter: u8) -> Option<Self> {
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.delimiter(delimiter).flexible(true).has_headers(true);
        let mut reader = reader.from_reader(text.as_bytes());
        let cells = |record: &csv::StringRecord| record.iter().map(String::from).collect();
        let header = cells(reader.headers().ok()?);
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.ok()?;
            rows.push(cells(&record));
        }
        Some(Table { header, rows })
    }
}

fn table(before: &Table, after: &Table) -> Vec<String> {
    let mut found = Vec::new();
    let new = after.header.iter().filter(|name| !before.header.contains(name));
    found.extend(new.map(|name| format!("column `{name}` is new")));
    let gone = before.header.iter().filter(|name| !after.header.contains(name));
    found.extend(gone.map(|name| format!("column `{name}` is gone")));
    if before.header != after.header {
        return found;
    }
    for op in capture_diff_slices(similar::Algorithm::Myers, &before.rows, &after.rows) {
        let (old_range, new_range) = (op.old_range(), op.new_range());
        match op {
            DiffOp::Equal { .. } => {}
            DiffOp::Replace { .. } if old_range.len() == new_range.len() => {
                for (i, j) in old_range.zip(new_range) {
                    cells(before, after, i, j, &mut found);
                }
            }
            _ => {
                found.extend(old_range.map(|i| row("is gone", i, &before.rows[i])));
                found.extend(new_range.map(|j| row("is new", j, &after.rows[j])));
            }
        }
    }
    found
}

/// Rows are counted as a spreadsheet shows them: the header is row 1.
fn row(what: &str, index: usize, cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().take(4).map(String::as_str).collect();
    format!("row {} {what}: {}", index + 2, cells.join(", "))
}

fn cells(before: &Table, after: &Table, i: usize, j: usize, found: &mut Vec<String>) {
    let (old, new) = (&before.rows[i], &after.rows[j]);
    for (column, name) in after.header.iter().enumerate() {
        let (was, is) = (old.get(column), new.get(column));
        if was != is {
            let show = |cell: Option<&String>| cell.map_or("nothing", String::as_str).to_string();
            found.push(format!("row {}, column `{name}`: {} -> {}", j + 2, show(was), show(is)));
        }
    }
}

fn lines(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut found = Vec::new();
    for op in capture_diff_slices(similar::Algorithm::Myers, &old, &new) {
        if !matches!(op, DiffOp::Equal { .. }) {
            found.extend(
                op.old_range().map(|i| format!("line {} before: {}", i + 1, old[i].trim())),
            );
            found.extend(
                op.new_range().map(|j| format!("line {} now:    {}", j + 1, new[j].trim())),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn a_cell() {
        let before = "country,2015,2016\nChina,1,2\nPeru,3,4\n";
        let after = "country,2015,2016\nChina,1,2\nPeru,3,5\n";
        assert_eq!(
            differences("raw/a.csv", before.as_bytes(), after.as_bytes()),
            ["row 3, column `2016`: 4 -> 5"]
        );
    }

    #[test]
    fn rows_and_columns() {
        let before = "a,b\n1,2\n3,4\n";
        let found = differences("a.csv", before.as_bytes(), b"a,b\n1,2\n3,4\n5,6\n");
        assert_eq!(found, ["row 4 is new: 5, 6"]);
        let found = differences("a.csv", before.as_bytes(), b"a,c\n1,2\n3,4\n");
        assert_eq!(found, ["column `c` is new", "column `b` is gone"]);
    }

    #[test]
    fn other_texts() {
        let found = differences("main.typ", b"one\ntwo\n", b"one\nthree\n");
        assert_eq!(found, ["line 2 before: two", "line 2 now:    three"]);
    }
}
