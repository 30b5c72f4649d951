//! Bulk CSV of the World Bank: four lines of preamble, a row an economy, a column a year.
//!
//! `API_SP.POP.TOTL_DS2_en_csv_v2_….csv` begins with `"Data Source"` and
//! `"Last Updated Date"`, each followed by an empty line; then come the header
//! and the rows, all of which end with a comma. A blank cell has no value.

use engine::diagnostic::{Checked, Diagnostic};
use serde::Deserialize;

use super::header::{Header, Years, fault, header, named, uneven, years};
use super::observation::Observation;
use crate::csv::{Cell, Csv, Row};
use crate::names::{Economies, Known};

/// What is read of the file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The code of the series, such as `SP.POP.TOTL`.
    pub indicator: String,
    /// The first and the last year.
    pub years: Years,
    /// The day of the release, as the preamble states it.
    pub release: Option<String>,
    /// The resource whose economies alone are kept.
    pub economies: Option<String>,
}

const COLUMNS: [&str; 4] = ["Country Name", "Country Code", "Indicator Name", "Indicator Code"];
/// The preamble takes four rows; other releases may have a few more.
const WITHIN: usize = 10;

impl Settings {
    /// The observations of the file.
    pub fn read(&self, csv: &Csv, economies: &mut Economies) -> Checked<Vec<Observation>> {
        let header = header(csv, &COLUMNS, WITHIN)?;
        let columns = years(csv, &header, self.years, 1)?;
        let (mut seen, mut faults) = (Vec::new(), self.preamble(csv, header.index));
        for row in &csv.rows[header.index + 1..] {
            if let Some(fault) = uneven(csv, &header, row) {
                faults.push(fault);
                continue;
            }
            let [place, code, _, indicator] =
                [0, 1, 2, 3].map(|at| named(csv, &header, row, header.columns[at]));
            if indicator.text != self.indicator {
                let what = format!("`{}` is not the series `{}`", indicator.text, self.indicator);
                let fault = fault(csv, row, &indicator, &what);
                faults.push(fault.hint("change `indicator` of the layout, or fetch that series"));
                break;
            }
            faults.extend(other_code(csv, row, &place, &code, economies));
            let found =
                economies.find(row.number, &place.text, Some(&code.text), || csv.cell(&place));
            let Some((iso3, name)) = found else { continue };
            for (year, column) in &columns {
                let year = Cell { text: year.to_string(), ..header.row.cells[*column].clone() };
                let value = value(csv, &header, row, *column);
                seen.push(Observation::of(row, &place, (&iso3, &name), year, value));
            }
        }
        if faults.is_empty() { Ok(seen) } else { Err(faults) }
    }

    /// What the rows before the header say otherwise than they should.
    fn preamble(&self, csv: &Csv, header: usize) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        let rows = &csv.rows[..header];
        if !rows.iter().any(|row| row.cells[0].text == "Data Source") {
            let fault = Diagnostic::contract("the file does not begin with `Data Source`");
            let hint = "keep the four lines of preamble: they say which release it is";
            faults.push(fault.at(csv.whole()).hint(hint));
        }
        let dated = rows.iter().find(|row| row.cells[0].text == "Last Updated Date");
        let date = dated.and_then(|row| Some((row, row.cells.get(1)?)));
        if let (Some(release), None) = (&self.release, date) {
            let message = format!("the file does not say that it is of `{release}`");
            let hint = "keep its line `Last Updated Date`, or leave `release` out";
            faults.push(Diagnostic::contract(message).at(csv.whole()).hint(hint));
        }
        if let (Some(release), Some((row, date))) = (&self.release, date)
            && date.text != *release
        {
            let what = format!("the file is of `{}`, not of `{release}`", date.text);
            let fault = fault(csv, row, date, &what);
            faults.push(fault.hint("change `release` of the layout if the data is to be renewed"));
        }
        faults
    }
}

/// A blank cell has no value, and neither has one of dots.
fn value(csv: &Csv, header: &Header, row: &Row, column: usize) -> Cell {
    let cell = named(csv, header, row, column);
    let text = cell.text.trim();
    Cell { text: if text == ".." { String::new() } else { text.into() }, ..cell }
}

/// A code that is not that of the country beside it.
fn other_code(
    csv: &Csv,
    row: &Row,
    place: &Cell,
    code: &Cell,
    economies: &Economies,
) -> Option<Diagnostic> {
    match economies.names().find(&place.text) {
        Some(Known::Country { iso3, .. }) if iso3 != code.text => {
            let what = format!("`{}` is not the code of `{}`", code.text, place.text);
            Some(fault(csv, row, code, &what).hint(format!("its code is `{iso3}`")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::given::{MEND, ingested, place, refusal};

    const PATH: &str = "raw/API_SP.POP.TOTL_DS2_en_csv_v2.csv";

    /// The file as it is fetched: years from 1960 to 2024, a byte order mark,
    /// a comma at each end of line, and no value before 2015.
    fn file(rows: &[(&str, &str, &[&str])]) -> String {
        let years: Vec<String> = (1960..=2024).map(|year| format!("\"{year}\",")).collect();
        let mut text = "\u{feff}\"Data Source\",\"World Development Indicators\",\r\n\r\n\
            \"Last Updated Date\",\"2025-07-01\",\r\n\r\n\
            \"Country Name\",\"Country Code\",\"Indicator Name\",\"Indicator Code\","
            .to_string();
        text += &format!("{}\r\n", years.concat());
        for (name, code, values) in rows {
            text += &format!("\"{name}\",\"{code}\",\"Population, total\",\"SP.POP.TOTL\",");
            let values = std::iter::repeat_n(&"", 55).chain(*values).chain([&""; 65]).take(65);
            text += &values.map(|value| format!("\"{value}\",")).collect::<String>();
            text += "\r\n";
        }
        text
    }

    fn sound() -> String {
        file(&[
            ("Aruba", "ABW", &["104257", "104874"]),
            ("Africa Eastern and Southern", "AFE", &["607123269", "623369401"]),
            ("Arab World", "ARB", &["404042892", "412934133"]),
            ("Bahamas, The", "BHS", &["385650", "389131"]),
            ("Czechia", "CZE", &["10546059", "10566332"]),
            ("Egypt, Arab Rep.", "EGY", &["99597342", "101789386"]),
            ("Eritrea", "ERI", &["", ""]),
            ("Hong Kong SAR, China", "HKG", &["7291300", "7336600"]),
            ("Korea, Rep.", "KOR", &["51014947", "51217803"]),
            ("Turkiye", "TUR", &["79646178", "81019394"]),
            ("Viet Nam", "VNM", &["92823254", "93640435"]),
            ("Not classified", "INX", &["", ""]),
        ])
    }

    fn read_with(text: &str, more: Value) -> Result<Vec<String>, engine::function::Failure> {
        let mut layout = json!({ "kind": "world_bank", "indicator": "SP.POP.TOTL",
                                 "years": [2015, 2016], "economies": "countries" });
        layout.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ingested(PATH, text.as_bytes(), "population_wdi", json!({ "layout": layout }))
    }

    fn refused(text: &str) -> String {
        refusal(read_with(text, json!({})))
    }

    /// Aggregates and economies outside the study are left out, and the others
    /// have their names in the study.
    #[test]
    fn a_release_as_it_is_fetched() {
        let rows = read_with(&sound(), json!({ "release": "2025-07-01" })).unwrap();
        assert_eq!(
            rows,
            [
                "Czech Republic,CZE,2015,10546059",
                "Czech Republic,CZE,2016,10566332",
                "Egypt,EGY,2015,99597342",
                "Egypt,EGY,2016,101789386",
                "Hong Kong,HKG,2015,7291300",
                "Hong Kong,HKG,2016,7336600",
                "South Korea,KOR,2015,51014947",
                "South Korea,KOR,2016,51217803",
                "Turkey,TUR,2015,79646178",
                "Turkey,TUR,2016,81019394",
                "Vietnam,VNM,2015,92823254",
                "Vietnam,VNM,2016,93640435",
            ]
        );
    }

    #[test]
    fn a_cell_is_named_as_the_provider_prints_it() {
        for (from, to, message) in [
            (
                "\"51217803\"",
                "\"51217803.5\"",
                "row 14, column `2016`: `51217803.5` is not a whole number",
            ),
            ("\"79646178\"", "\"\"", "row 15, column `2015`: a value is required"),
            ("\"79646178\"", "\"-1\"", "row 15, column `2015`: `-1` is less than the minimum 1"),
        ] {
            let place = place(&sound(), from);
            let said = refused(&sound().replace(from, to));
            assert_eq!(said, format!("{PATH}:{place}: {message}\n{MEND}"));
        }
    }

    #[test]
    fn names_that_are_not_known() {
        let text = sound().replace("Turkiye", "Turkyie").replace("Viet Nam", "Vietnnam");
        let text = text.replace("\"VNM\"", "\"VNX\"").replace("Arab World", "Arab Worlds");
        assert_eq!(
            refused(&text),
            format!(
                "{PATH}:8:1: 3 names of countries are not known\n\
                 | row 8: `Arab Worlds`; did you mean `Arab World`?\n\
                 | row 15: `Turkyie`; the code `TUR` beside it is that of `Turkey`\n\
                 | row 16: `Vietnnam`; did you mean `Viet Nam`?\n\
                 hint: add the names to the table `country_names` with their codes, aggregates \
                 as `aggregate`"
            )
        );
    }

    /// Spreadsheets save CSV in Latin-1 or UTF-16 where they are let.
    #[test]
    fn a_file_in_another_encoding() {
        let dialect = json!({ "layout": { "kind": "world_bank", "indicator": "SP.POP.TOTL",
                                          "years": [2015, 2016], "economies": "countries" } });
        let read = |bytes: &[u8]| ingested(PATH, bytes, "population_wdi", dialect.clone());
        let text = sound().replace("Turkiye", "Türkiye");
        assert_eq!(read(text.as_bytes()).unwrap(), read(sound().as_bytes()).unwrap());
        let text = text.trim_start_matches('\u{feff}');
        let latin1: Vec<u8> = text.chars().map(|char| char as u8).collect();
        assert_eq!(
            refusal(read(&latin1)),
            format!(
                "{PATH}:15:3: the file is not UTF-8: byte 0xfc begins no character\n\
                 hint: save it as UTF-8, the only encoding that is read; in Latin-1 the byte is `ü`"
            )
        );
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(
            refusal(read(&utf16)),
            format!(
                "{PATH}: the file is UTF-16, not UTF-8\n\
                 hint: save it as UTF-8; spreadsheets call it `CSV UTF-8`"
            )
        );
    }

    #[test]
    fn another_file_than_the_declared_one() {
        assert_eq!(
            refusal(read_with(&sound(), json!({ "release": "2023-12-18" }))),
            format!(
                "{PATH}:3:21: row 3: the file is of `2025-07-01`, not of `2023-12-18`\n\
                 hint: change `release` of the layout if the data is to be renewed"
            )
        );
        assert_eq!(
            refused(&sound().replacen("SP.POP.TOTL", "SP.POP.GROW", 1)),
            format!(
                "{PATH}:6:35: row 6, column `Indicator Code`: `SP.POP.GROW` is not the series \
                 `SP.POP.TOTL`\nhint: change `indicator` of the layout, or fetch that series"
            )
        );
        assert_eq!(
            refused(&sound().replace("\"KOR\"", "\"PRK\"")),
            format!(
                "{PATH}:14:15: row 14, column `Country Code`: `PRK` is not the code of \
                 `Korea, Rep.`\nhint: its code is `KOR`"
            )
        );
    }

    #[test]
    fn renamed_or_missing_columns() {
        let hint = "hint: the provider may have renamed it, or this is another file";
        assert_eq!(
            refused(&sound().replace("Country Code", "Country Codes")),
            format!(
                "{PATH}:5: row 5: the column `Country Code` is missing\n\
                 hint: did you mean `Country Codes`?\n{hint}"
            )
        );
        assert_eq!(
            refused(&sound().replace("\"2016\"", "\"2016 [YR2016]\"")),
            format!(
                "{PATH}:5: row 5: the column `2016` is missing\n\
                 hint: change `years` of the layout, or fetch a release with it"
            )
        );
        let bare = sound().split_once("\r\n\r\n\"Country").unwrap().1.to_string();
        assert_eq!(
            refused(&format!("\"Country{bare}")),
            format!(
                "{PATH}: the file does not begin with `Data Source`\n\
                 hint: keep the four lines of preamble: they say which release it is"
            )
        );
    }

    #[test]
    fn a_file_cut_off_or_with_a_country_twice() {
        let text = sound();
        let (cut, _) = text.split_once(",\"51217803").unwrap();
        assert_eq!(
            refused(cut),
            format!(
                "{PATH}:14: row 14 has 60 cells, the header has 70\n\
                 hint: the file may be cut off: fetch it again"
            )
        );
        let row = text.lines().find(|line| line.starts_with("\"Viet Nam")).unwrap();
        let twice = format!("{text}{row}\r\n");
        assert_eq!(
            refused(&twice),
            format!(
                "{PATH}:18:1: row 18, columns `country`, `year`: `Vietnam`, `2015` is in row 16 \
                 too\nhint: keep one of the two rows"
            )
        );
    }
}
