//! The layouts in which providers publish their tables, read as they come.
//!
//! A resource names its layout under `dialect`. A layout turns the provider's
//! rows into rows of the resource's schema, and each cell keeps the line and
//! the column at which the provider printed it; what a cell may hold is then
//! checked as in any other table. Columns that no layout needs are left alone.

pub mod app_store;
pub mod sdmx;
pub mod un_migrant_stock;
pub mod world_bank;

#[cfg(test)]
pub mod given;

use engine::diagnostic::{Checked, Diagnostic, did_you_mean};
use engine::words::count;
use serde::Deserialize;

use crate::csv::{Cell, Csv, Row};
use crate::field::Field;
use crate::names::Economies;

/// A layout and its few settings.
#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Layout {
    /// Bulk CSV of the World Bank: a preamble, then a column a year.
    WorldBank(world_bank::Settings),
    /// Workbook of the UN on migrants by destination and origin.
    UnMigrantStock(un_migrant_stock::Settings),
    /// SDMX-CSV, as the OECD publishes it.
    Sdmx(sdmx::Settings),
    /// Export of an app store intelligence provider: long CSV.
    AppStore(app_store::Settings),
}

/// The first and the last year that are read.
pub type Years = (i64, i64);

impl Layout {
    /// The resource whose economies alone are kept.
    pub fn economies(&self) -> Option<&str> {
        match self {
            Layout::WorldBank(settings) => settings.economies.as_deref(),
            Layout::UnMigrantStock(settings) => settings.economies.as_deref(),
            Layout::Sdmx(settings) => settings.economies.as_deref(),
            Layout::AppStore(settings) => settings.economies.as_deref(),
        }
    }

    /// The years that are read, where the layout has any.
    pub fn years(&self) -> Option<Years> {
        match self {
            Layout::WorldBank(settings) => Some(settings.years),
            Layout::UnMigrantStock(settings) => Some(settings.years),
            Layout::Sdmx(settings) => Some(settings.years),
            Layout::AppStore(_) => None,
        }
    }

    /// Why fields are not those that the layout gives, and which it gives.
    pub fn misfit(&self, fields: &[Field]) -> Option<(String, String)> {
        let Layout::AppStore(settings) = self else {
            let hint = "it has the fields `country`, `iso3`, `year` and one for the value";
            let message = "the fields of the schema do not fit the layout";
            return value(fields).is_none().then(|| (message.into(), hint.into()));
        };
        settings.misfit(fields)
    }

    /// The sheet of the workbook in which the table is.
    pub fn sheet(&self) -> Option<&str> {
        match self {
            Layout::UnMigrantStock(settings) => Some(&settings.sheet),
            _ => None,
        }
    }

    /// The provider's rows as rows of the schema, its header first.
    pub fn rows(
        &self,
        csv: &Csv,
        fields: &[Field],
        economies: &mut Economies,
    ) -> Checked<Vec<Row>> {
        let mut rows = vec![Row { number: 0, line: 1, cells: Vec::new() }];
        let header = fields.iter().map(|field| Cell { text: field.name.clone(), ..top() });
        rows[0].cells.extend(header);
        if let Layout::AppStore(settings) = self {
            rows.extend(settings.rows(csv, fields, economies)?);
            return some(csv, rows);
        }
        let Some(value) = value(fields) else { return some(csv, rows) };
        let seen = match self {
            Layout::WorldBank(settings) => settings.read(csv, economies),
            Layout::UnMigrantStock(settings) => settings.read(csv, economies),
            Layout::Sdmx(settings) => settings.read(csv, economies),
            Layout::AppStore(_) => Ok(Vec::new()),
        }?;
        rows.extend(seen.into_iter().map(|seen| seen.row(fields, value)));
        some(csv, rows)
    }
}

/// The rows, unless there are none but the header.
fn some(csv: &Csv, rows: Vec<Row>) -> Checked<Vec<Row>> {
    if rows.len() > 1 {
        return Ok(rows);
    }
    let fault = Diagnostic::contract("the layout keeps no row of the file").at(csv.whole());
    let hint = "change `years` or `economies` of the layout, or fetch another file";
    Err(vec![fault.hint(hint)])
}

/// The place of what no cell of the file says.
fn top() -> Cell {
    Cell { line: 1, column: 1, width: 1, ..Cell::default() }
}

/// One observation, each part with its place in the file.
pub struct Observation {
    /// The provider's row.
    pub number: usize,
    /// Its line.
    pub line: usize,
    /// Where the economy stands.
    pub economy: Cell,
    /// Its code.
    pub iso3: String,
    /// Its name in the tables of the study.
    pub name: String,
    /// The year.
    pub year: Cell,
    /// The value.
    pub value: Cell,
}

impl Observation {
    /// What a row says of an economy, by its code and name, in one year.
    pub fn of(row: &Row, at: &Cell, economy: (&str, &str), year: Cell, value: Cell) -> Self {
        let (iso3, name) = (economy.0.to_string(), economy.1.to_string());
        let (number, line) = (row.number, row.line);
        Observation { number, line, economy: at.clone(), iso3, name, year, value }
    }

    fn row(self, fields: &[Field], value: &str) -> Row {
        let Observation { number, line, economy, iso3, name, year, value: seen } = self;
        let cell = |field: &Field| match field.name.as_str() {
            "country" => Cell { text: name.clone(), ..economy.clone() },
            "iso3" => Cell { text: iso3.clone(), ..economy.clone() },
            "year" => year.clone(),
            name if name == value => seen.clone(),
            _ => economy.clone(),
        };
        Row { number, line, cells: fields.iter().map(cell).collect() }
    }
}

/// The one field that is no key of an observation: its value.
fn value(fields: &[Field]) -> Option<&str> {
    let names = fields.iter().map(|field| field.name.as_str());
    let mut values = names.filter(|name| !["country", "iso3", "year"].contains(name));
    values.next().filter(|_| values.next().is_none())
}

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
    let (has, needs) = (row.cells.len(), header.row.cells.len());
    let cells = count(has, "cell");
    let message = format!("row {} has {cells}, the header has {needs}", row.number);
    let fault = Diagnostic::contract(message).at(csv.row(row));
    (has != needs).then(|| fault.hint("the file may be cut off: fetch it again"))
}

/// What is wrong with a cell, by its row and the provider's column.
pub fn fault(csv: &Csv, row: &Row, cell: &Cell, what: &str) -> Diagnostic {
    let head = cell.head.as_ref().map(|head| format!(", {head}")).unwrap_or_default();
    Diagnostic::contract(format!("row {}{head}: {what}", row.number)).at(csv.cell(cell))
}
