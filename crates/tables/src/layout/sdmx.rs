//! SDMX-CSV, as the OECD and others publish it: a row an observation.
//!
//! Version 1 begins with the column `DATAFLOW`, version 2 with `STRUCTURE`,
//! `STRUCTURE_ID` and `ACTION`; then come the dimensions by their codes, the
//! period, the value and its attributes, and after each column its labels
//! where they were asked for. A missing value is empty or `NaN`.

use std::collections::{BTreeMap, BTreeSet};

use engine::diagnostic::{Checked, Diagnostic, did_you_mean};
use serde::Deserialize;

use super::header::{Header, Years, fault, header, named, plain, uneven};
use super::observation::Observation;
use crate::csv::{Cell, Csv, Row};
use crate::names::Economies;

/// What is read of the file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The code that each of these dimensions must have; other rows are left out.
    #[serde(default)]
    pub of: BTreeMap<String, String>,
    /// The first and the last year.
    pub years: Years,
    /// The resource whose economies alone are kept.
    pub economies: Option<String>,
}

const COLUMNS: [&str; 3] = ["REF_AREA", "TIME_PERIOD", "OBS_VALUE"];

impl Settings {
    /// The observations of the file.
    pub fn read(&self, csv: &Csv, economies: &mut Economies) -> Checked<Vec<Observation>> {
        let asked: Vec<&str> =
            COLUMNS.into_iter().chain(self.of.keys().map(String::as_str)).collect();
        let header = header(csv, &asked, 1)?;
        let attribute =
            |name: &str| header.row.cells.iter().position(|cell| plain(&cell.text) == name);
        let (multiplier, action) = (attribute("UNIT_MULT"), attribute("ACTION"));
        let (mut seen, mut faults) = (Vec::new(), Vec::new());
        let mut codes: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); self.of.len()];
        let mut any = false;
        for row in &csv.rows[1..] {
            if let Some(fault) = uneven(csv, &header, row) {
                faults.push(fault);
                continue;
            }
            let code = |at: usize| code(&header, row, at);
            let of = header.columns[COLUMNS.len()..].iter().map(|at| code(*at));
            codes.iter_mut().zip(of.clone()).for_each(|(codes, code)| {
                codes.insert(code);
            });
            if !of.eq(self.of.values().map(String::as_str)) {
                continue;
            }
            any = true;
            let [place, period, value] =
                [0, 1, 2].map(|at| named(csv, &header, row, header.columns[at]));
            let Ok(year) = code(header.columns[1]).parse::<i64>() else {
                let what = format!("`{}` is not a year", period.text);
                faults.push(fault(csv, row, &period, &what).hint("fetch yearly data"));
                continue;
            };
            if !(self.years.0..=self.years.1).contains(&year) {
                continue;
            }
            for (at, allowed, hint) in [
                (multiplier, &["", "0"][..], "fetch the data in single units"),
                (action, &["I", "A", "R"], "fetch the whole table, not its changes"),
            ] {
                if let Some(at) = at.filter(|at| !allowed.contains(&code(*at))) {
                    let cell = named(csv, &header, row, at);
                    let what = format!("`{}` is not read", cell.text);
                    faults.push(fault(csv, row, &cell, &what).hint(hint));
                }
            }
            let area = Cell { text: code(header.columns[0]).into(), ..place };
            let found = economies.find(row.number, &area.text, None, || csv.cell(&area));
            let Some((iso3, name)) = found else { continue };
            let (number, line) = (row.number, row.line);
            let text = if value.text == "NaN" { String::new() } else { value.text.clone() };
            let (year, value) = (Cell { text: year.to_string(), ..period }, Cell { text, ..value });
            seen.push(Observation { number, line, economy: area, iso3, name, year, value });
        }
        if !any && faults.is_empty() {
            faults = self.nothing(csv, &header, &codes);
        }
        if faults.is_empty() { Ok(seen) } else { Err(faults) }
    }

    /// Why no row has the codes that were asked for.
    fn nothing(&self, csv: &Csv, header: &Header, codes: &[BTreeSet<&str>]) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        let columns = header.columns[COLUMNS.len()..].iter();
        for (((dimension, code), known), column) in self.of.iter().zip(codes).zip(columns) {
            if !known.contains(code.as_str()) {
                let message = format!("no row has `{code}` in the column `{dimension}`");
                let place = csv.cell(&header.row.cells[*column]);
                let mut fault = Diagnostic::contract(message).at(place);
                fault.hints.extend(did_you_mean(code, known.iter().copied()));
                faults.push(fault);
            }
        }
        if faults.is_empty() {
            let fault = Diagnostic::contract("no row has all codes of `of`").at(csv.whole());
            faults.push(fault.hint("fetch a table with this part, or change `of` of the layout"));
        }
        faults
    }
}

/// The code in a cell, without the label that stands after it where the
/// column has one.
fn code<'a>(header: &Header, row: &'a Row, at: usize) -> &'a str {
    let text = row.cells[at].text.trim();
    match header.row.cells[at].text.contains(':') {
        true => plain(text),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use engine::function::Failure;
    use serde_json::{Value, json};

    use super::super::given::{MEND, ingested, place, refusal};

    const PATH: &str = "raw/OECD.ELS.IMD,DSD_MIG@DF_MIG,1.0.csv";
    const HEADER: &str = "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,CITIZENSHIP,FREQ,MEASURE,SEX,\
        BIRTH_PLACE,EDUCATION_LEV,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT,DECIMALS";

    /// A row as the OECD's service gives it for `format=csvfile`.
    fn row(area: &str, origin: &str, measure: &str, year: &str, value: &str) -> String {
        format!(
            "DATAFLOW,OECD.ELS.IMD:DSD_MIG@DF_MIG(1.0),I,{area},{origin},A,{measure},_T,_Z,_Z,PS,\
             {year},{value},A,0,0\n"
        )
    }

    fn sound() -> String {
        [
            format!("{HEADER}\n"),
            row("AUS", "CHN", "B14", "2015", "508870"),
            row("AUS", "CHN", "B15", "2015", "1"),
            row("AUS", "IND", "B14", "2015", "432720"),
            row("AUS", "CHN", "B14", "2014", "470000"),
            row("CZE", "CHN", "B14", "2015", "5700"),
            row("OECD", "CHN", "B14", "2015", "4000000"),
            row("EST", "CHN", "B14", "2015", "NaN"),
            row("TUR", "CHN", "B14", "2015", "20000"),
        ]
        .concat()
    }

    fn read_as(text: &str, of: Value, delimiter: &str) -> Result<Vec<String>, Failure> {
        let layout =
            json!({ "kind": "sdmx", "of": of, "years": [2015, 2022], "economies": "countries" });
        let dialect = json!({ "layout": layout, "delimiter": delimiter });
        ingested(PATH, text.as_bytes(), "diaspora_oecd", dialect)
    }

    fn read(text: &str) -> Result<Vec<String>, Failure> {
        read_as(text, json!({ "CITIZENSHIP": "CHN", "MEASURE": "B14", "SEX": "_T" }), ",")
    }

    fn refused(from: &str, to: &str) -> String {
        refusal(read(&sound().replace(from, to)))
    }

    const ROWS: [&str; 3] =
        ["Australia,2015,508870", "Czech Republic,2015,5700", "Turkey,2015,20000"];

    #[test]
    fn a_table_as_it_is_fetched() {
        assert_eq!(read(&sound()).unwrap(), ROWS);
        // Version 1 has one column in place of three.
        let one = sound().replace("STRUCTURE,STRUCTURE_ID,ACTION", "DATAFLOW");
        let one = one.replace("DATAFLOW,OECD.ELS.IMD:DSD_MIG@DF_MIG(1.0),I", "OECD:DF_MIG(1.0)");
        assert_eq!(read(&one).unwrap(), ROWS);
        let other = sound().replace(',', ";");
        let of = json!({ "CITIZENSHIP": "CHN", "MEASURE": "B14", "SEX": "_T" });
        assert_eq!(read_as(&other, of, ";").unwrap(), ROWS);
    }

    /// Labels stand beside the codes, or in columns of their own.
    #[test]
    fn labels() {
        let text = sound()
            .replace("REF_AREA", "REF_AREA: Reference area")
            .replace(",AUS,", ",AUS: Australia,")
            .replace(",CZE,", ",CZE: Czechia,")
            .replace(",EST,", ",EST: Estonia,")
            .replace(",OECD,", ",OECD: OECD,")
            .replace(",TUR,", ",TUR: Türkiye,");
        assert_eq!(read(&text).unwrap(), ROWS);
        let beside = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            let label = if cells[3] == "REF_AREA" { "Reference area" } else { "\"A, label\"" };
            format!("{},{label},{}\n", cells[..4].join(","), cells[4..].join(","))
        };
        let text: String = sound().lines().map(beside).collect();
        assert_eq!(read(&text).unwrap(), ROWS);
    }

    #[test]
    fn a_cell_that_is_wrong() {
        assert_eq!(
            refused("508870", "508,870"),
            format!(
                "{PATH}:2: row 2 has 17 cells, the header has 16\n\
                 hint: the file may be cut off: fetch it again"
            )
        );
        assert_eq!(
            refused("508870", "many"),
            format!(
                "{PATH}:{}: row 2, column `OBS_VALUE`: `many` is not a whole number\n{MEND}",
                place(&sound(), "508870")
            )
        );
        assert_eq!(
            refused("2015,508870", "2015-Q1,508870"),
            format!(
                "{PATH}:{}: row 2, column `TIME_PERIOD`: `2015-Q1` is not a year\n\
                 hint: fetch yearly data",
                place(&sound(), "2015,508870")
            )
        );
        assert_eq!(
            refused("5700,A,0", "5.7,A,3"),
            format!(
                "{PATH}:{}: row 6, column `UNIT_MULT`: `3` is not read\n\
                 hint: fetch the data in single units",
                place(&sound().replace("5700,A,0", "5.7,A,3"), "3,0\n")
            )
        );
        assert_eq!(
            refused("CZE", "CZK"),
            format!(
                "{PATH}:{}: the country `CZK` is not known\n\
                 | row 6: `CZK`; no known name is near\n\
                 hint: add the names to the table `country_names` with their codes, aggregates \
                 as `aggregate`",
                place(&sound(), "CZE")
            )
        );
    }

    #[test]
    fn a_part_that_the_table_does_not_have() {
        assert_eq!(
            refusal(read_as(&sound(), json!({ "MEASURE": "B16" }), ",")),
            format!(
                "{PATH}:{}: no row has `B16` in the column `MEASURE`\n\
                 hint: did you mean `B14`?",
                place(&sound(), "MEASURE,SEX")
            )
        );
        assert_eq!(
            refusal(read_as(&sound(), json!({ "CITIZENSHIP": "IND", "MEASURE": "B15" }), ",")),
            format!(
                "{PATH}: no row has all codes of `of`\n\
                 hint: fetch a table with this part, or change `of` of the layout"
            )
        );
        assert_eq!(
            refused("OBS_VALUE", "OBSVALUE"),
            format!(
                "{PATH}:1: row 1: the column `OBS_VALUE` is missing\n\
                 hint: did you mean `OBSVALUE`?\n\
                 hint: the provider may have renamed it, or this is another file"
            )
        );
    }
}
