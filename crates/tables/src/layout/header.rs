//! Where a provider's columns are, and how messages name its cells.

use engine::diagnostic::{Checked, Diagnostic, did_you_mean};

use crate::csv::{Cell, Csv, Row};

/// The first and the last year that are read.
pub type Years = (i64, i64);

/// Where a table's header is, and the columns that were asked for.
pub struct Header<'a> {
    /// Its place among the rows.
    pub index: usize,
    /// The row.
    pub row: &'a Row,
    /// The columns asked for, in that order.
    pub columns: Vec<usize>,
}

/// Finds the header among the first `within` rows: the row with most of the
/// columns `asked`. Columns that are missing or stand twice are faults.
pub fn header<'a>(csv: &'a Csv, asked: &[&str], within: usize) -> Checked<Header<'a>> {
    let rows = || csv.rows.iter().take(within).enumerate();
    let is = |cell: &Cell, name: &str| cell.text.trim() == name || plain(&cell.text) == name;
    let has = |row: &Row, name: &str| row.cells.iter().any(|cell| is(cell, name));
    let fits = |row: &Row| asked.iter().filter(|name| has(row, name)).count();
    let found = rows().max_by_key(|(index, row)| (fits(row), std::cmp::Reverse(*index)));
    let Some((index, row)) = found.filter(|(_, row)| fits(row) > 0) else {
        let message = format!("no row has the columns `{}`", asked.join("`, `"));
        let fault = Diagnostic::contract(message).at(csv.whole());
        return Err(vec![fault.hint("is this the file that the layout is for?")]);
    };
    let (mut columns, mut faults) = (Vec::new(), Vec::new());
    let others = || row.cells.iter().map(|cell| plain(&cell.text)).filter(|name| !name.is_empty());
    for name in asked {
        let mut places = (0..row.cells.len()).filter(|at| is(&row.cells[*at], name));
        match (places.next(), places.next()) {
            (Some(place), None) => columns.push(place),
            (Some(_), Some(second)) => {
                let message = format!("two columns are called `{name}`");
                faults.push(Diagnostic::contract(message).at(csv.cell(&row.cells[second])));
            }
            (None, _) => {
                let message = format!("row {}: the column `{name}` is missing", row.number);
                let mut fault = Diagnostic::contract(message).at(csv.row(row));
                let others: Vec<&str> = others().filter(|other| !asked.contains(other)).collect();
                fault.hints.extend(did_you_mean(name, others));
                faults
                    .push(fault.hint("the provider may have renamed it, or this is another file"));
            }
        }
    }
    if faults.is_empty() { Ok(Header { index, row, columns }) } else { Err(faults) }
}

/// A name of a column without blanks around it and without the label that
/// SDMX may print after it.
pub fn plain(text: &str) -> &str {
    let text = text.trim();
    match text.split_once(':') {
        Some((id, _)) if !id.contains(' ') => id.trim_end(),
        _ => text,
    }
}

/// The columns of the years, which must all be there, or where the provider
/// publishes every few years at most `step` apart; of several columns of a year
/// the first one, because totals stand before their parts.
pub fn years(csv: &Csv, header: &Header, years: Years, step: i64) -> Checked<Vec<(i64, usize)>> {
    if years.0 > years.1 {
        let message = format!("the layout's `years` run from {} back to {}", years.0, years.1);
        return Err(vec![Diagnostic::contract(message).hint("write the first year first")]);
    }
    let (mut columns, mut faults) = (Vec::new(), Vec::new());
    let column = |year: i64| {
        let year = year.to_string();
        header.row.cells.iter().position(|cell| cell.text.trim() == year)
    };
    for year in years.0..=years.1 {
        match column(year) {
            Some(column) => columns.push((year, column)),
            None if year != years.1
                && columns.last().is_some_and(|(last, _)| year - last < step) => {}
            None => {
                let number = header.row.number;
                let message = format!("row {number}: the column `{year}` is missing");
                let fault = Diagnostic::contract(message).at(csv.row(header.row));
                faults.push(fault.hint("change `years` of the layout, or fetch a release with it"));
            }
        }
    }
    if faults.is_empty() { Ok(columns) } else { Err(faults) }
}

/// The cell of a row, as messages name it: with the provider's column.
pub fn named(csv: &Csv, header: &Header, row: &Row, column: usize) -> Cell {
    let cell = row.cells[column].clone();
    let name = header.row.cells.get(column).map_or("", |cell| cell.text.trim());
    let head = match csv.name_of(row.number, column) {
        Some(place) => format!("column `{name}`, cell `{place}`"),
        None => format!("column `{name}`"),
    };
    Cell { head: Some(head), ..cell }
}

/// A row that has not as many cells as its header.
pub fn uneven(csv: &Csv, header: &Header, row: &Row) -> Option<Diagnostic> {
    let fault = csv.uneven(row, header.row.cells.len())?;
    Some(fault.hint("the file may be cut off: fetch it again"))
}

/// What is wrong with a cell, by its row and the provider's column.
pub fn fault(csv: &Csv, row: &Row, cell: &Cell, what: &str) -> Diagnostic {
    let head = cell.head.as_ref().map(|head| format!(", {head}")).unwrap_or_default();
    Diagnostic::contract(format!("row {}{head}: {what}", row.number)).at(csv.cell(cell))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "People,,\nby country,,\nCountry ,2015,2020\nPeru,1,2\nCountry,3,4\n";

    fn csv(text: &str) -> Csv<'_> {
        Csv::read("t.csv", text.as_bytes(), ',').unwrap()
    }

    fn said<T>(result: Checked<T>) -> Vec<String> {
        result.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_row_with_most_of_the_columns() {
        let csv = csv(TEXT);
        let found = header(&csv, &["2015", "Country"], 5).unwrap();
        assert_eq!((found.index, found.row.number, found.columns), (2, 3, vec![1, 0]));
        let found = header(&csv, &["Country"], 5).unwrap();
        assert_eq!(found.index, 2);
        let none = ["t.csv: no row has the columns `2015`, `Country`"];
        assert_eq!(said(header(&csv, &["2015", "Country"], 2)), none);
        let one = header(&csv, &["2015", "Contry"], 5).err().unwrap().remove(0);
        assert_eq!(one.to_string(), "t.csv:3: row 3: the column `Contry` is missing");
        assert_eq!(one.hints[0], "did you mean `Country`?");
        let twice = self::csv("a,b,a: again\n1,2,3\n");
        assert_eq!(said(header(&twice, &["a"], 1)), ["t.csv:1:5: two columns are called `a`"]);
    }

    /// SDMX prints a code, a colon and a label; a sentence may hold a colon too.
    #[test]
    fn names_without_labels() {
        assert_eq!(plain(" REF_AREA: Reference area "), "REF_AREA");
        assert_eq!(plain("REF_AREA"), "REF_AREA");
        assert_eq!(plain("Type of data: all"), "Type of data: all");
    }

    #[test]
    fn columns_of_years() {
        let csv = csv(TEXT);
        let header = header(&csv, &["Country"], 5).unwrap();
        let found = |from, to, step| years(&csv, &header, (from, to), step);
        assert_eq!(found(2015, 2020, 5).unwrap(), [(2015, 1), (2020, 2)]);
        assert_eq!(found(2020, 2020, 5).unwrap(), [(2020, 2)]);
        let missing = |year: i64| format!("t.csv:3: row 3: the column `{year}` is missing");
        assert_eq!(said(found(2015, 2020, 4)), [missing(2019)]);
        assert_eq!(said(found(2015, 2020, 1)), [2016, 2017, 2018, 2019].map(missing));
        assert_eq!(said(found(2014, 2015, 5)), [missing(2014)]);
        // The last year must be there, however near the one before it is.
        assert_eq!(said(found(2015, 2021, 5)), [missing(2021)]);
        let back = ["the layout's `years` run from 2020 back to 2015"];
        assert_eq!(said(found(2020, 2015, 5)), back);
    }

    #[test]
    fn cells_and_rows_that_messages_name() {
        let mut csv = csv(TEXT);
        csv.rows[4].cells.pop();
        let place = |csv: &Csv| {
            let header = header(csv, &["Country"], 5).unwrap();
            named(csv, &header, &csv.rows[3], 1)
        };
        let cell = place(&csv);
        assert_eq!((cell.text.as_str(), cell.line, cell.column), ("1", 4, 6));
        assert_eq!(cell.head.as_deref(), Some("column `2015`"));
        assert_eq!(
            fault(&csv, &csv.rows[3], &cell, "wrong").to_string(),
            "t.csv:4:6: row 4, column `2015`: wrong"
        );
        csv.sheet = Some("t".into());
        assert_eq!(place(&csv).head.as_deref(), Some("column `2015`, cell `t!B4`"));
        let header = header(&csv, &["Country"], 5).unwrap();
        assert_eq!(uneven(&csv, &header, &csv.rows[3]), None);
        let uneven = uneven(&csv, &header, &csv.rows[4]).unwrap().to_string();
        assert_eq!(uneven, "t.csv:5: row 5 has 2 cells, the header has 3");
    }
}
