//! The difference between two versions of a text, as rows and columns where it
//! is a table (CSV, TSV), as paths inside where it is JSON, else as lines.

use std::path::Path;
use std::time::{Duration, Instant};

use engine::plain;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::json;
use crate::report::count;

/// At most this many differences are told; the rest is counted.
const SHOWN: usize = 10;

/// A cell is shown up to so many characters, a line up to twice as many.
const CELL: usize = 100;

/// How long the smallest difference is looked for; after that any one will do.
const PATIENCE: Duration = Duration::from_millis(500);

/// What differs between two versions of the file at `path`.
pub(crate) fn differences(path: &str, before: &[u8], after: &[u8]) -> Vec<String> {
    let (Ok(before), Ok(after)) = (std::str::from_utf8(before), std::str::from_utf8(after)) else {
        let same = if before.len() == after.len() { "also " } else { "" };
        let (before, after) = (count(before.len(), "byte"), count(after.len(), "byte"));
        return vec![format!("{before} before, {same}{after} now")];
    };
    let end = Instant::now() + PATIENCE;
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let values = value(before).filter(|it| it.is_object() || it.is_array()).zip(value(after));
    let delimiter = match Path::new(path).extension().and_then(|ext| ext.to_str()) {
        Some("csv") => Some(b','),
        Some("tsv") => Some(b'\t'),
        _ => None,
    };
    let tables = delimiter.and_then(|d| Some((Table::read(before, d)?, Table::read(after, d)?)));
    let mut found = match (&tables, &values) {
        (Some((before, after)), _) => table(before, after, end),
        (None, Some((before, after))) => json::differences(before, after, end),
        (None, None) => lines(before, after, end),
    };
    if found.is_empty() {
        found.push("nothing that is read differs: spaces, quotes or line ends".into());
    }
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

fn table(before: &Table, after: &Table, end: Instant) -> Vec<String> {
    let mut found = Vec::new();
    let new = after.header.iter().filter(|name| !before.header.contains(name));
    found.extend(new.map(|name| format!("column `{name}` is new")));
    let gone = before.header.iter().filter(|name| !after.header.contains(name));
    found.extend(gone.map(|name| format!("column `{name}` is gone")));
    if before.header != after.header {
        return found;
    }
    let rows = (&before.rows[..], &after.rows[..]);
    for op in capture_diff_slices_deadline(Algorithm::Myers, rows.0, rows.1, Some(end)) {
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
    format!("row {} {what}: {}", index + 2, plain::cut(&cells.join(", "), CELL))
}

/// What tells a row from others, for whoever does not count: its first cells, as far as
/// they are what they were.
fn key(table: &Table, old: &[String], new: &[String]) -> String {
    const CELLS: usize = 2;
    if table.header.len() < 2 {
        return String::new();
    }
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).take(CELLS);
    let cells: Vec<_> = same.map(|(_, cell)| plain::cut(cell, CELL / 4)).collect();
    if cells.is_empty() { String::new() } else { format!(" ({})", cells.join(", ")) }
}

fn cells(before: &Table, after: &Table, i: usize, j: usize, found: &mut Vec<String>) {
    let (old, new) = (&before.rows[i], &after.rows[j]);
    for (column, name) in after.header.iter().enumerate() {
        let (was, is) = (old.get(column), new.get(column));
        if was != is {
            let show = |cell: Option<&String>| {
                plain::cut(cell.map_or("nothing", String::as_str), CELL).into_owned()
            };
            let (row, key) = (j + 2, key(after, old, new));
            found.push(format!("row {row}{key}, column `{name}`: {} -> {}", show(was), show(is)));
        }
    }
}

fn lines(before: &str, after: &str, end: Instant) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut found = Vec::new();
    let show = |line: &str| plain::cut(line.trim(), 2 * CELL).into_owned();
    for op in capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(end)) {
        if !matches!(op, DiffOp::Equal { .. }) {
            found
                .extend(op.old_range().map(|i| format!("line {} before: {}", i + 1, show(old[i]))));
            found
                .extend(op.new_range().map(|j| format!("line {} now:    {}", j + 1, show(new[j]))));
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
            ["row 3 (Peru, 3), column `2016`: 4 -> 5"]
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
    fn values_of_json() {
        let found = differences("a.json", b"{\"a\": [1, {\"b\": 2}]}", b"{\"a\": [1, {\"b\": 3}]}");
        assert_eq!(found, ["/a/1/b: 2 -> 3"]);
        // Half of it is text like any other.
        assert_eq!(differences("a.json", b"[1]", b"[1").len(), 2);
        let found = differences("a.json", b"[1]", b"[ 1 ]");
        assert_eq!(found, ["nothing that is read differs: spaces, quotes or line ends"]);
    }

    #[test]
    fn tables_without_anything_in_common_are_told_in_time() {
        let table = |seed: u64| {
            let rows = (0..60_000_u64).map(|n| format!("{}\n", n.wrapping_mul(seed) % 1_000_003));
            rows.fold("n\n".to_string(), |text, row| text + &row)
        };
        let begun = std::time::Instant::now();
        let found = differences("a.csv", table(7919).as_bytes(), table(104_729).as_bytes());
        assert!(found.len() == 11, "{found:?}");
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }

    #[test]
    fn other_texts() {
        let found = differences("main.typ", b"one\ntwo\n", b"one\nthree\n");
        assert_eq!(found, ["line 2 before: two", "line 2 now:    three"]);
    }
}
