//! Workbook of the UN Population Division: migrants by destination and origin.
//!
//! `undesa_pd_2020_ims_stock_by_sex_destination_and_origin.xlsx` and its
//! successors: the sheet `Table 1` has its header in row 11, a row for each
//! pair of a destination and an origin, regions among them, and a column a
//! year three times over: both sexes, men, women. `..` stands for no value,
//! and `*` after a name for a note.

use engine::diagnostic::{Checked, Diagnostic};
use serde::Deserialize;

use super::header::{Header, Years, fault, header, named, years};
use super::observation::Observation;
use crate::csv::{Cell, Csv, Row};
use crate::names::{Economies, Known};

/// What is read of the file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The country of origin.
    pub origin: String,
    /// The first and the last year; the UN gives every fifth.
    pub years: Years,
    /// The sheet.
    #[serde(default = "table1")]
    pub sheet: String,
    /// The resource whose economies alone are kept.
    pub economies: Option<String>,
}

fn table1() -> String {
    "Table 1".into()
}

const DESTINATION: &str = "Region, development group, country or area of destination";
const ORIGIN: &str = "Region, development group, country or area of origin";
/// The title and the notes before the header take ten rows.
const WITHIN: usize = 30;
/// Years between two estimates, at most.
const STEP: i64 = 5;

impl Settings {
    /// The observations of the sheet: migrants of both sexes from the origin.
    pub fn read(&self, csv: &Csv, economies: &mut Economies) -> Checked<Vec<Observation>> {
        let header = header(csv, &[DESTINATION, ORIGIN], WITHIN)?;
        let columns = years(csv, &header, self.years, STEP)?;
        self.both_sexes(csv, &header, columns[0].1)?;
        let wanted = match economies.names().find(&self.origin) {
            Some(Known::Country { iso3, .. }) => iso3.to_string(),
            _ => {
                let message = format!("the origin `{}` is no known country", self.origin);
                return Err(vec![
                    Diagnostic::contract(message).hint("mend `origin` of the layout"),
                ]);
            }
        };
        let mut seen = Vec::new();
        for row in &csv.rows[header.index + 1..] {
            let [place, origin] = [0, 1].map(|at| named(csv, &header, row, header.columns[at]));
            // Sub-headings and the notes at the end have no origin.
            if origin.text.trim().is_empty() {
                continue;
            }
            match economies.names().find(&origin.text) {
                Some(Known::Country { iso3, .. }) if iso3 == wanted => {}
                Some(_) => continue,
                None => {
                    economies.find(row.number, &origin.text, None, || csv.cell(&origin));
                    continue;
                }
            }
            let found = economies.find(row.number, &place.text, None, || csv.cell(&place));
            let Some((iso3, name)) = found else { continue };
            for (year, column) in &columns {
                let year = Cell { text: year.to_string(), ..header.row.cells[*column].clone() };
                let value = value(csv, &header, row, *column);
                seen.push(Observation::of(row, &place, (&iso3, &name), year, value));
            }
        }
        if seen.is_empty() {
            let message = format!("no row has the origin `{}`", self.origin);
            let fault = Diagnostic::contract(message).at(csv.whole());
            return Err(vec![fault.hint("the sheet may be cut off: fetch the workbook again")]);
        }
        Ok(seen)
    }

    /// Holds the first block of years to be that of both sexes, where the
    /// cell above its first year says what it is.
    fn both_sexes(&self, csv: &Csv, header: &Header, column: usize) -> Checked<()> {
        let Some(row) = header.index.checked_sub(1).map(|index| &csv.rows[index]) else {
            return Ok(());
        };
        let title = &row.cells[column];
        let text = title.text.trim();
        if text.is_empty() || text.to_lowercase().contains("both sexes") {
            return Ok(());
        }
        let what = format!("`{text}` is not said to be of both sexes");
        let hint = "the layout reads the columns of both sexes, which stand first";
        Err(vec![fault(csv, row, title, &what).hint(hint)])
    }
}

/// A cell of a year; dots have no value.
fn value(csv: &Csv, header: &Header, row: &Row, column: usize) -> Cell {
    let cell = named(csv, header, row, column);
    let text = cell.text.trim();
    Cell {
        text: if [".", "..", "-"].contains(&text) { String::new() } else { text.into() },
        ..cell
    }
}

#[cfg(test)]
mod tests {
    use engine::function::Failure;
    use serde_json::{Value, json};

    use super::super::given::{MEND, ingested, refusal, workbook};
    use super::{DESTINATION, ORIGIN};

    const PATH: &str = "raw/undesa_pd_2020_ims_stock_by_sex_destination_and_origin.xlsx";

    fn texts(cells: &[&str]) -> Vec<String> {
        cells.iter().map(ToString::to_string).collect()
    }

    /// The sheet as the UN publishes it in its edition of 2020: ten rows of
    /// title, a header, and three blocks of years.
    fn sheet(rows: &[(&str, &str, &str, [&str; 2])]) -> Vec<Vec<String>> {
        let mut sheet = vec![
            texts(&["", "United Nations"]),
            texts(&["", "Population Division"]),
            texts(&["", "Department of Economic and Social Affairs"]),
            texts(&[]),
            texts(&["", "International Migrant Stock 2020"]),
            texts(&["", "Table 1. International migrant stock at mid-year by sex and by region"]),
            texts(&["", "POP/DB/MIG/Stock/Rev.2020"]),
            texts(&["", "Copyright © 2020 by United Nations"]),
            texts(&[]),
            texts(&["", "", "", "", "", "", "", "Both sexes", "", "Male", "", "Female"]),
            texts(&[
                "Index",
                DESTINATION,
                "Notes of destination",
                "Location code of destination",
                "Type of data of destination",
                ORIGIN,
                "Location code of origin",
                "2015",
                "2020",
                "2015",
                "2020",
                "2015",
                "2020",
            ]),
        ];
        for (index, (destination, note, origin, values)) in (1..).zip(rows) {
            let mut row = vec![index.to_string()];
            row.extend(texts(&[destination, note, "76", "B R", origin, "156"]));
            row.extend(texts(values));
            row.extend(texts(&["1", "2", "3", ".."]));
            sheet.push(row);
        }
        sheet
    }

    fn sound() -> Vec<Vec<String>> {
        sheet(&[
            ("WORLD", "", "WORLD", ["247958644", "280598105"]),
            ("WORLD", "", "China*", ["9935432", "10461170"]),
            ("Sub-Saharan Africa", "", "China", ["90000", "90001"]),
            ("   Brazil", "", "China", ["22671", "24632"]),
            ("   Brazil", "", "Japan", ["50000", "50001"]),
            ("   Fiji", "", "China", ["..", "1100"]),
            ("   Republic of Korea", "1", "China", ["611730", "803010"]),
            ("   United States of America*", "2", "China", ["2101000", "2184110"]),
            ("   Viet Nam", "", "China", ["..", "3167"]),
        ])
    }

    fn read_book(book: &[u8], more: Value) -> Result<Vec<String>, Failure> {
        let mut layout = json!({ "kind": "un_migrant_stock", "origin": "China",
                                 "years": [2015, 2020], "economies": "countries" });
        layout.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ingested(PATH, book, "diaspora_un", json!({ "layout": layout }))
    }

    fn read(sheet: Vec<Vec<String>>) -> Result<Vec<String>, Failure> {
        let notes = vec![texts(&["", "NOTES"])];
        read_book(&workbook(&[("Table 1", sheet), ("NOTES", notes)]), json!({}))
    }

    fn with(row: usize, column: usize, text: &str) -> Vec<Vec<String>> {
        let mut sheet = sound();
        sheet[row - 1][column] = text.into();
        sheet
    }

    #[test]
    fn the_chinese_in_each_country_of_the_study() {
        let mut sheet = sound();
        let dots = sheet.pop().unwrap();
        assert_eq!(
            read(sheet.clone()).unwrap(),
            [
                "Brazil,2015,22671",
                "Brazil,2020,24632",
                "South Korea,2015,611730",
                "South Korea,2020,803010",
                "United States,2015,2101000",
                "United States,2020,2184110",
            ]
        );
        // Dots have no value, and this table of the study needs one.
        sheet.push(dots);
        assert_eq!(
            refusal(read(sheet)),
            format!(
                "{PATH}:20:47: row 20, column `2015`, cell `Table 1!H20`: a value is required\n\
                 {MEND}"
            )
        );
    }

    #[test]
    fn a_cell_is_named_as_the_workbook_names_it() {
        assert_eq!(
            refusal(read(with(15, 8, "24,632"))),
            format!(
                "{PATH}:15:53: row 15, column `2020`, cell `Table 1!I15`: `24,632` is not a \
                 whole number\n{MEND}"
            )
        );
        assert_eq!(
            refusal(read(with(15, 1, "Brasil"))),
            format!(
                "{PATH}:15:5: the country `Brasil` is not known\n\
                 | row 15: `Brasil`; did you mean `Brazil`?\n\
                 hint: add the names to the table `country_names` with their codes, aggregates \
                 as `aggregate`"
            )
        );
    }

    #[test]
    fn renamed_or_missing_columns() {
        assert_eq!(
            refusal(read(with(11, 5, "Region, development group, country or area of birth"))),
            format!(
                "{PATH}:11: row 11: the column `{ORIGIN}` is missing\n\
                 hint: did you mean `Region, development group, country or area of birth`?\n\
                 hint: the provider may have renamed it, or this is another file"
            )
        );
        let mut sheet = sound();
        sheet[10].iter_mut().filter(|cell| *cell == "2020").for_each(|cell| *cell = "2019".into());
        assert_eq!(
            refusal(read(sheet)),
            format!(
                "{PATH}:11: row 11: the column `2020` is missing\n\
                 hint: change `years` of the layout, or fetch a release with it"
            )
        );
        assert_eq!(
            refusal(read(with(10, 7, "Female"))),
            format!(
                "{PATH}:10:22: row 10: `Female` is not said to be of both sexes\n\
                 hint: the layout reads the columns of both sexes, which stand first"
            )
        );
    }

    #[test]
    fn another_workbook() {
        let book = workbook(&[("Table 2", sound()), ("Contents", Vec::new())]);
        assert_eq!(
            refusal(read_book(&book, json!({}))),
            format!("{PATH}: the workbook has no sheet `Table 1`\nhint: did you mean `Table 2`?")
        );
        assert!(read_book(&book, json!({ "sheet": "Table 2", "years": [2020, 2020] })).is_ok());
        let failure = refusal(read_book(&book[..book.len() / 2], json!({ "sheet": "Table 2" })));
        assert!(failure.starts_with(&format!("{PATH}: the file is no workbook")), "{failure}");
        assert_eq!(
            refusal(read_book(&book, json!({ "sheet": "Table 2", "origin": "World" }))),
            "the origin `World` is no known country\nhint: mend `origin` of the layout"
        );
        assert_eq!(
            refusal(read_book(&book, json!({ "sheet": "Table 2", "origin": "Peru" }))),
            format!(
                "{PATH}: no row has the origin `Peru`\n\
                 hint: the sheet may be cut off: fetch the workbook again"
            )
        );
    }
}
