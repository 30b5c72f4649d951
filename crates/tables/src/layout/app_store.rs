//! Export of an app store intelligence provider: long CSV, a row an app, store, country and month.
//!
//! The columns are `app`, `store`, `country`, `month`, `downloads` and `rank`,
//! in any order and under whatever names the settings give; a country is
//! named or coded (alpha-2 or alpha-3), a month may be the first of its days.

use std::collections::BTreeMap;

use engine::diagnostic::{Checked, did_you_mean};
use serde::Deserialize;

use super::header::{header, named, uneven};
use crate::csv::{Cell, Csv, Row};
use crate::field::Field;
use crate::names::Economies;

/// What is read of the file.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What the provider calls the columns, where that is something else.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// The resource whose economies alone are kept.
    pub economies: Option<String>,
}

/// The columns of an export.
pub const COLUMNS: [&str; 6] = ["app", "store", "country", "month", "downloads", "rank"];
const COUNTRY: usize = 2;
const MONTH: usize = 3;

impl Settings {
    /// The provider's names of the columns.
    pub fn names(&self) -> [&str; 6] {
        COLUMNS.map(|name| self.columns.get(name).map_or(name, String::as_str))
    }

    /// Why these are not fields of the layout, or its columns not those that it has.
    pub fn misfit(&self, fields: &[Field]) -> Option<(String, String)> {
        let known = |name: &&str| *name == "iso3" || COLUMNS.contains(name);
        let field = fields.iter().map(|field| field.name.as_str()).find(|name| !known(name));
        if let Some(field) = field {
            let message = format!("the layout has no column for the field `{field}`");
            return Some((message, format!("it has `iso3`, `{}`", COLUMNS.join("`, `"))));
        }
        let name = self.columns.keys().find(|name| !COLUMNS.contains(&name.as_str()))?;
        let message = format!("the layout has no column `{name}`");
        Some((message, did_you_mean(name, COLUMNS).unwrap_or_default()))
    }

    /// The rows of the export as rows of the schema.
    pub fn rows(
        &self,
        csv: &Csv,
        fields: &[Field],
        economies: &mut Economies,
    ) -> Checked<Vec<Row>> {
        let header = header(csv, &self.names(), 1)?;
        let (mut rows, mut faults) = (Vec::new(), Vec::new());
        for row in &csv.rows[1..] {
            if let Some(fault) = uneven(csv, &header, row) {
                faults.push(fault);
                continue;
            }
            let cell = |at: usize| named(csv, &header, row, header.columns[at]);
            let country = cell(COUNTRY);
            let found = economies.find(row.number, &country.text, None, || csv.cell(&country));
            let Some((iso3, name)) = found else { continue };
            let field = |field: &Field| match field.name.as_str() {
                "country" => Cell { text: name.clone(), ..country.clone() },
                "iso3" => Cell { text: iso3.clone(), ..country.clone() },
                "month" => {
                    let cell = cell(MONTH);
                    Cell { text: month(&cell.text).into(), ..cell }
                }
                name => cell(COLUMNS.iter().position(|column| *column == name).unwrap_or(COUNTRY)),
            };
            let cells = fields.iter().map(field).collect();
            rows.push(Row { number: row.number, line: row.line, cells });
        }
        if faults.is_empty() { Ok(rows) } else { Err(faults) }
    }
}

/// A month, of which some providers print the first day.
pub fn month(text: &str) -> &str {
    match text.strip_suffix("-01") {
        Some(month) if month.len() == 7 => month,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use engine::function::Failure;
    use serde_json::{Value, json};

    use super::super::given::{MEND, ingested_as, refusal};

    const HEADER: &str = "App,Store,Country,Date,Downloads,Revenue,Rank\n";
    const ROWS: &str = "wechat,apple,Korea (the Republic of),2015-01-01,6000,12.5,5\n\
        wechat,google_play,US,2015-01-01,70,0,\n\
        qq,apple,Türkiye,2023-12-01,0,0,1\n\
        qq,apple,Worldwide,2023-12-01,1,0,1\n";

    fn read_as(bytes: &[u8], columns: Value) -> Result<Vec<String>, Failure> {
        let layout = json!({ "kind": "app_store", "columns": columns, "economies": "countries" });
        let descriptor = json!({
            "name": "downloads",
            "dialect": { "layout": layout },
            "schema": {
                "fields": [
                    { "name": "app", "constraints": { "required": true } },
                    { "name": "iso3", "constraints": { "required": true } },
                    { "name": "store", "constraints": { "enum": ["apple", "google_play"] } },
                    { "name": "month", "type": "yearmonth",
                      "constraints": { "minimum": "2015-01", "maximum": "2023-12" } },
                    { "name": "downloads", "type": "integer",
                      "constraints": { "required": true, "minimum": 0 } },
                    { "name": "rank", "type": "integer", "constraints": { "minimum": 1 } },
                ],
                "primaryKey": ["app", "iso3", "store", "month"],
            },
        });
        ingested_as("raw/export.csv", bytes, descriptor)
    }

    fn read(rows: &str) -> Result<Vec<String>, Failure> {
        let columns = json!({ "app": "App", "store": "Store", "country": "Country",
                              "month": "Date", "downloads": "Downloads", "rank": "Rank" });
        read_as(format!("{HEADER}{rows}").as_bytes(), columns)
    }

    fn refused(from: &str, to: &str) -> String {
        let rows = ROWS.replace("qq,apple,Worldwide,2023-12-01,1,0,1\n", "");
        assert!(rows.contains(from));
        refusal(read(&rows.replace(from, to)))
    }

    #[test]
    fn an_export_as_its_provider_names_the_columns() {
        let world = ROWS.replace("Worldwide", "World");
        let expected = [
            "qq,TUR,apple,2023-12,0,1",
            "wechat,KOR,apple,2015-01,6000,5",
            "wechat,USA,google_play,2015-01,70,",
        ];
        assert_eq!(read(&world).unwrap(), expected);
        // The same with the columns' own names, compressed.
        let text = format!("app,store,country,month,downloads,more,rank\n{world}");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        gzip.write_all(text.as_bytes()).unwrap();
        assert_eq!(read_as(&gzip.finish().unwrap(), json!({})).unwrap(), expected);
        let zstandard = zstd::encode_all(text.as_bytes(), 3).unwrap();
        assert_eq!(read_as(&zstandard, json!({})).unwrap(), expected);
        assert_eq!(
            refusal(read_as(&zstandard[..zstandard.len() - 5], json!({}))),
            "raw/export.csv: the Zstandard data end too early\n\
             hint: the file was cut off: fetch it again"
        );
    }

    #[test]
    fn rows_that_no_export_has() {
        assert_eq!(
            refused("6000,12.5", "-6000,12.5"),
            format!(
                "raw/export.csv:2:49: row 2, column `Downloads`: `-6000` is less than the minimum \
                 0\n{MEND}"
            )
        );
        assert_eq!(
            refused("2023-12-01", "2024-01-01"),
            format!(
                "raw/export.csv:4:18: row 4, column `Date`: `2024-01` is more than the maximum \
                 2023-12\n{MEND}"
            )
        );
        assert_eq!(
            refused("2023-12-01", "December"),
            format!(
                "raw/export.csv:4:18: row 4, column `Date`: `December` is not a month like \
                 `2015-01`\n{MEND}"
            )
        );
        assert_eq!(
            refused("wechat,google_play,US", "wechat,apple,South Korea"),
            "raw/export.csv:3:1: row 3, columns `app`, `iso3`, `store`, `month`: \
             `wechat`, `KOR`, `apple`, `2015-01` is in row 2 too\n\
             hint: keep one of the two rows"
        );
        assert_eq!(
            refused("Türkiye", "Turky"),
            "raw/export.csv:4:10: the country `Turky` is not known\n\
             | row 4: `Turky`; did you mean `Turkey`?\n\
             hint: add the names to the table `country_names` with their codes, aggregates as \
             `aggregate`"
        );
        assert_eq!(
            refused("2023-12-01,0,0,1\n", "2023-12"),
            "raw/export.csv:4: row 4 has 4 cells, the header has 7\n\
             hint: the file may be cut off: fetch it again"
        );
    }

    #[test]
    fn columns_that_are_not_there() {
        assert_eq!(
            refusal(read_as(format!("{HEADER}{ROWS}").as_bytes(), json!({ "aps": "App" }))),
            "the descriptor of `raw/export.csv` is wrong: dialect.layout: the layout has no column \
             `aps`\nhint: did you mean `app`?"
        );
        let columns = json!({ "app": "App", "store": "Store", "country": "Country",
                              "month": "Month", "downloads": "Downloads", "rank": "Rank" });
        assert_eq!(
            refusal(read_as(format!("{HEADER}{ROWS}").as_bytes(), columns)),
            "raw/export.csv:1: row 1: the column `Month` is missing\n\
             hint: known: `Date`, `Revenue`\n\
             hint: the provider may have renamed it, or this is another file"
        );
    }
}
