//! The layouts in which providers publish their tables, read as they come.
//!
//! A resource names its layout under `dialect`. A layout turns the provider's
//! rows into rows of the resource's schema, and each cell keeps the line and
//! the column at which the provider printed it; what a cell may hold is then
//! checked as in any other table. Columns that no layout needs are left alone.

pub mod app_store;
pub mod header;
pub mod observation;
pub mod sdmx;
pub mod un_migrant_stock;
pub mod world_bank;

#[cfg(test)]
pub mod given;

use engine::diagnostic::{Checked, Diagnostic};
use serde::Deserialize;
use serde_json::Value;

use crate::csv::{Cell, Csv, Row};
use crate::field::Field;
use crate::names::Economies;

use self::header::Years;
use self::observation::value;

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

/// The files of the layouts, which are called as descriptions name them.
const KINDS: [&str; 4] = ["app_store", "sdmx", "un_migrant_stock", "world_bank"];

/// Whether a stage that takes tables with these descriptions can enter the code of a
/// source: that of a layout only where one of them names it.
pub fn enters(path: &str, resources: &[&Value]) -> bool {
    let inner = path.strip_prefix("crates/tables/src/layout/");
    let kind = inner.and_then(|file| file.strip_suffix(".rs")).filter(|kind| KINDS.contains(kind));
    let named = |kind: &str| resources.iter().any(|it| it["dialect"]["layout"]["kind"] == kind);
    kind.is_none_or(named)
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::forms::LAYOUTS;
    use crate::names::Names;

    #[test]
    fn a_layout_counts_where_a_description_names_it() {
        let with = |kind: &str| json!({ "dialect": { "layout": { "kind": kind } } });
        let (sdmx, plain) = (with("sdmx"), json!({ "name": "t" }));
        let path = |file: &str| format!("crates/tables/src/layout/{file}.rs");
        assert!(enters(&path("sdmx"), &[&plain, &sdmx]));
        assert!(!enters(&path("sdmx"), &[&plain]) && !enters(&path("world_bank"), &[&sdmx]));
        for file in ["mod", "header", "observation"] {
            assert!(enters(&path(file), &[]));
        }
        assert!(enters("crates/tables/src/csv.rs", &[]));
    }

    /// Each kind that a description may name is a file, and no other file is a kind.
    #[test]
    fn every_kind_is_a_file() {
        let mut known: Vec<&str> = LAYOUTS.iter().map(|it| it.0).collect();
        known.sort_unstable();
        assert_eq!(known, KINDS);
        for kind in KINDS {
            let path = format!("crates/tables/src/layout/{kind}.rs");
            assert!(crate::SOURCES.iter().any(|it| it.0 == path), "{path}");
        }
    }
    /// What no cell of the file says stands where the file begins.
    #[test]
    fn a_layout_that_keeps_no_row() {
        let csv = Csv::new("raw/t.csv", "a\n".into());
        let row = |number| Row { number, line: 1, cells: vec![top()] };
        assert_eq!(some(&csv, vec![row(0), row(2)]).unwrap().len(), 2);
        let said = some(&csv, vec![row(0)]).err().unwrap().remove(0).to_string();
        assert_eq!(said, "raw/t.csv: the layout keeps no row of the file");
        let place = csv.cell(&top());
        assert_eq!((place.line, place.column, place.width, place.text.as_str()), (1, 1, 1, "a"));
    }
    /// The rows that a layout makes of a small file, for a table with these fields.
    fn rows(layout: Value, text: &str, names: &[&str]) -> Checked<Vec<Vec<String>>> {
        let field = |name: &&str| serde_json::from_value(json!({ "name": name })).unwrap();
        let fields = |names: &[&str]| names.iter().map(field).collect::<Vec<Field>>();
        let known = "name,iso3,kind\nJapan,JPN,name\nJapon,JPN,variant\n";
        let known = Csv::read("raw/n.csv", known.as_bytes(), ',')?;
        let known = Names::read(&known, &fields(&["name", "iso3", "kind"]))?;
        let layout: Layout = serde_json::from_value(layout).unwrap();
        let csv = Csv::read("raw/t.csv", text.as_bytes(), ',')?;
        let rows = layout.rows(&csv, &fields(names), &mut Economies::new(known, None))?;
        let texts = |row: &Row| row.cells.iter().map(|cell| cell.text.clone()).collect();
        assert_eq!(texts(&rows[0]), *names);
        Ok(rows[1..].iter().map(texts).collect())
    }

    /// The study's name for the country, years and numbers without blanks, and nothing where
    /// the provider has dots or a word for nothing.
    #[test]
    fn what_each_layout_makes_of_its_cells() {
        let fields = ["country", "iso3", "year", "people"];
        let header = "Country Name,Country Code,Indicator Name,Indicator Code, 2015 ,2016\n";
        let row = "Japon,JPN,People,POP, 127 ,..\n";
        let bank = json!({ "kind": "world_bank", "indicator": "POP", "years": [2015, 2016] });
        let said = rows(bank.clone(), &format!("Data Source,x\n{header}{row}"), &fields);
        assert_eq!(said.unwrap(), [["Japan", "JPN", "2015", "127"], ["Japan", "JPN", "2016", ""]]);
        let said = rows(bank, &format!("Another,x\n{header}{row}"), &fields).unwrap_err();
        assert_eq!(said[0].message, "the file does not begin with `Data Source`");
        let un = json!({ "kind": "un_migrant_stock", "origin": "Japan", "years": [2015, 2015] });
        let area = "Region, development group, country or area of";
        let text = format!("\"{area} destination\",\"{area} origin\", 2015 \nJapon,Japan,5\n");
        assert_eq!(rows(un, &text, &fields).unwrap(), [["Japan", "JPN", "2015", "5"]]);
        let sdmx = json!({ "kind": "sdmx", "of": {}, "years": [2015, 2016] });
        let text = "REF_AREA,TIME_PERIOD,OBS_VALUE\nJPN, 2015 ,NaN\n";
        assert_eq!(rows(sdmx, text, &fields).unwrap(), [["Japan", "JPN", "2015", ""]]);
        let text = "app,store,country,month,downloads,rank\n\
                    qq,apple,Japon,2015-01,5,1\nqq,apple,Japon,2015-02-01,6,1\n";
        let fields = ["app", "country", "iso3", "month", "downloads"];
        assert_eq!(
            rows(json!({ "kind": "app_store", "columns": {} }), text, &fields).unwrap(),
            [["qq", "Japan", "JPN", "2015-01", "5"], ["qq", "Japan", "JPN", "2015-02", "6"]]
        );
    }
}
