//! The countries' names as providers print them, brought to ISO 3166 by one table.
//!
//! A name is known exactly as the table has it, but for case, the form of
//! apostrophes, blanks around it and the mark of a footnote after it.

use std::collections::{BTreeMap, BTreeSet};

use engine::diagnostic::{Checked, Diagnostic, Place, nearest};

use crate::csv::{Cell, Csv, Row};
use crate::field::Field;

/// The resource that holds the table: columns `name`, `iso3` and `kind`.
pub const RESOURCE: &str = "country_names";

/// What a printed name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// A country.
    Country {
        /// Its code, ISO 3166 alpha-3.
        iso3: &'a str,
        /// Its name in the tables of the study.
        name: &'a str,
    },
    /// Several countries together, such as the world; such rows are left out.
    Aggregate,
}

/// The table.
#[derive(Default)]
pub struct Names {
    /// Codes by folded name; no code for an aggregate.
    codes: BTreeMap<String, Option<String>>,
    /// The study's names by code.
    names: BTreeMap<String, String>,
    /// Every name as the table has it, without codes of two letters.
    printed: Vec<String>,
}

impl Names {
    /// Reads the table, in which a name has one meaning and a code one name.
    pub fn read(csv: &Csv, fields: &[Field]) -> Checked<Self> {
        let position = |name| fields.iter().position(|field| field.name == name);
        let [Some(name), Some(iso3), Some(kind)] = ["name", "iso3", "kind"].map(position) else {
            let message = format!("`{}` needs the columns `name`, `iso3` and `kind`", csv.path);
            return Err(vec![Diagnostic::contract(message)]);
        };
        let code_field = &fields[iso3];
        let (mut names, mut faults) = (Names::default(), Vec::new());
        let whole = |row: &&Row| row.cells.len() == fields.len();
        for row in csv.rows.iter().skip(1).filter(whole) {
            let number = row.number;
            let [name, iso3, kind] = [name, iso3, kind].map(|at| &row.cells[at]);
            let code = (kind.text != "aggregate").then(|| iso3.text.clone());
            let mut fault = |column: &str, cell: &Cell, what: &str| {
                let message = format!("row {number}, column `{column}`: {what}");
                faults.push(Diagnostic::contract(message).at(csv.cell(cell)));
            };
            if code.as_ref().is_some_and(|code| code_field.missing(code)) {
                fault("iso3", iso3, "a country needs its code");
            }
            let before = names.codes.insert(fold(&name.text), code.clone());
            if before.is_some() {
                fault("name", name, &format!("`{}` is in the table already", name.text));
            }
            // Two letters are near to any other two.
            if kind.text != "code" {
                names.printed.push(name.text.clone());
            }
            if let (Some(code), "name") = (code, kind.text.as_str())
                && let Some(other) = names.names.insert(code, name.text.clone())
            {
                fault("kind", kind, &format!("the code has the name `{other}` already"));
            }
        }
        if faults.is_empty() { Ok(names) } else { Err(faults) }
    }

    /// What a name or a code stands for.
    pub fn find(&self, text: &str) -> Option<Known<'_>> {
        match self.codes.get(&fold(text)) {
            Some(None) => Some(Known::Aggregate),
            Some(Some(code)) => self.by_code(code),
            None => self.by_code(text),
        }
    }

    /// The country of an alpha-3 code.
    pub fn by_code(&self, code: &str) -> Option<Known<'_>> {
        let (iso3, name) = self.names.get_key_value(code)?;
        Some(Known::Country { iso3, name })
    }

    /// The known name nearest to one that is unknown; the code beside it says more.
    fn near(&self, text: &str, code: Option<&str>) -> Option<String> {
        if let Some(Known::Country { iso3, name }) = code.and_then(|code| self.by_code(code)) {
            return Some(format!("the code `{iso3}` beside it is that of `{name}`"));
        }
        let (text, mut best) = (fold(text), None);
        for name in &self.printed {
            let folded = fold(name);
            if nearest(&text, [folded.as_str()]).is_some()
                && best.as_ref().is_none_or(|(best, _): &(String, &String)| {
                    nearest(&text, [best.as_str(), folded.as_str()]) == Some(folded.as_str())
                })
            {
                best = Some((folded, name));
            }
        }
        best.map(|(_, name)| format!("did you mean `{name}`?"))
    }
}

/// A name as it is compared.
fn fold(name: &str) -> String {
    let name = name.trim().trim_end_matches('*').trim_end();
    name.replace('\u{2019}', "'").to_lowercase()
}

/// The economies of a file: known ones, those that are kept, and strangers.
pub struct Economies {
    names: Names,
    /// The codes of the economies that are kept; all of them where there is none.
    kept: Option<BTreeSet<String>>,
    strangers: Vec<Stranger>,
}

struct Stranger {
    text: String,
    rows: Vec<usize>,
    at: Place,
    near: Option<String>,
}

impl Economies {
    /// Economies of the table, of which only `kept` are kept.
    pub fn new(names: Names, kept: Option<BTreeSet<String>>) -> Self {
        Economies { names, kept, strangers: Vec::new() }
    }

    /// The table.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The code and the name of the economy that a row names, where it is to be
    /// kept. `code` is the one that the provider prints beside it.
    pub fn find(
        &mut self,
        number: usize,
        text: &str,
        code: Option<&str>,
        at: impl FnOnce() -> Place,
    ) -> Option<(String, String)> {
        match self.names.find(text) {
            Some(Known::Aggregate) => None,
            Some(Known::Country { iso3, name }) => {
                let kept = self.kept.as_ref().is_none_or(|kept| kept.contains(iso3));
                kept.then(|| (iso3.to_string(), name.to_string()))
            }
            None => {
                let text = text.trim().to_string();
                match self.strangers.iter_mut().find(|stranger| stranger.text == text) {
                    Some(stranger) => stranger.rows.push(number),
                    None => {
                        let near = self.names.near(&text, code);
                        let (rows, at) = (vec![number], at());
                        self.strangers.push(Stranger { text, rows, at, near });
                    }
                }
                None
            }
        }
    }

    /// One fault for all names that are not known, if there are any.
    pub fn fault(self) -> Option<Diagnostic> {
        let strangers = self.strangers;
        let first = strangers.first()?;
        let listed = strangers.iter().map(|stranger| {
            let rows: Vec<String> = stranger.rows.iter().map(ToString::to_string).collect();
            let rows = if rows.len() > 3 {
                format!("rows {} and {} more", rows[..3].join(", "), rows.len() - 3)
            } else {
                format!("row{} {}", if rows.len() == 1 { "" } else { "s" }, rows.join(", "))
            };
            let near = stranger.near.as_deref().unwrap_or("no known name is near");
            format!("{rows}: `{}`; {near}", stranger.text)
        });
        let message = match strangers.len() {
            1 => format!("the country `{}` is not known", first.text),
            more => format!("{more} names of countries are not known"),
        };
        let fault = Diagnostic::contract(message).at(first.at.clone()).details(listed);
        Some(fault.hint(format!(
            "add the names to the table `{RESOURCE}` with their codes, aggregates as `aggregate`"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;
    use crate::raw::Raw;

    fn names() -> Names {
        let table = given::resource(RESOURCE);
        let raw = Raw::open(&table).unwrap();
        Names::read(&raw.csv, raw.fields()).unwrap()
    }

    /// The names that differ between providers, and what the study calls them.
    #[test]
    fn providers_names() {
        let names = names();
        for (printed, iso3, name) in [
            ("Czechia", "CZE", "Czech Republic"),
            ("Czech Republic", "CZE", "Czech Republic"),
            ("Türkiye", "TUR", "Turkey"),
            ("Turkiye", "TUR", "Turkey"),
            ("Korea, Rep.", "KOR", "South Korea"),
            ("Republic of Korea", "KOR", "South Korea"),
            ("Korea", "KOR", "South Korea"),
            ("Korea, Dem. People's Rep.", "PRK", "North Korea"),
            ("Korea, Dem. People\u{2019}s Rep.", "PRK", "North Korea"),
            ("Viet Nam", "VNM", "Vietnam"),
            ("Hong Kong SAR, China", "HKG", "Hong Kong"),
            ("China, Hong Kong SAR*", "HKG", "Hong Kong"),
            ("Hong Kong (China)", "HKG", "Hong Kong"),
            ("Russian Federation", "RUS", "Russia"),
            ("Egypt, Arab Rep.", "EGY", "Egypt"),
            ("  Ukraine*", "UKR", "Ukraine"),
            ("China, Taiwan Province of China*", "TWN", "Taiwan"),
            ("Chinese Taipei", "TWN", "Taiwan"),
            ("Slovak Republic", "SVK", "Slovakia"),
            ("Congo", "COG", "Republic of the Congo"),
            ("JP", "JPN", "Japan"),
            ("DEU", "DEU", "Germany"),
        ] {
            assert_eq!(names.find(printed), Some(Known::Country { iso3, name }), "{printed}");
        }
        for aggregate in ["World", "WORLD", "Arab World", "Euro area", "OECD", "EU27_2020"] {
            assert_eq!(names.find(aggregate), Some(Known::Aggregate), "{aggregate}");
        }
        assert_eq!(names.find("Atlantis"), None);
    }

    /// The study's countries keep their names.
    #[test]
    fn countries_of_the_study() {
        let (names, countries) = (names(), given::resource("countries"));
        let countries = Raw::open(&countries).unwrap();
        for (_, row) in countries.rows() {
            let (name, iso3) = (row.cells[0].text.as_str(), row.cells[1].text.as_str());
            assert_eq!(names.find(name), Some(Known::Country { iso3, name }));
        }
    }

    #[test]
    fn a_table_that_contradicts_itself() {
        let fields = ["name", "iso3", "kind"].map(|name| serde_json::json!({ "name": name }));
        let resource = serde_json::json!({ "name": RESOURCE, "schema": { "fields": fields } });
        let text = "name,iso3,kind\nJapan,JPN,name\nJAPAN,JPN,variant\nNippon,JPN,name\nX,,name\n";
        let table = given::raw("raw/n.csv", text.as_bytes(), resource);
        let raw = Raw::open(&table).unwrap();
        let faults = Names::read(&raw.csv, raw.fields()).err().unwrap();
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "raw/n.csv:3:1: row 3, column `name`: `JAPAN` is in the table already",
                "raw/n.csv:4:12: row 4, column `kind`: the code has the name `Japan` already",
                "raw/n.csv:5:3: row 5, column `iso3`: a country needs its code",
            ]
        );
    }
    /// A small table of its own, in which near names stand before and after each other.
    fn own(kept: Option<&[&str]>) -> Economies {
        let fields = ["name", "iso3", "kind"].map(|name| serde_json::json!({ "name": name }));
        let resource = serde_json::json!({ "name": RESOURCE, "schema": { "fields": fields } });
        let text = "name,iso3,kind\nAustria,AUT,name\nAustralia,AUS,name\nOsterreich,AUT,variant\n\
                    AT,AUT,code\nWorld,,aggregate\n";
        let table = given::raw("raw/n.csv", text.as_bytes(), resource);
        let raw = Raw::open(&table).unwrap();
        let names = Names::read(&raw.csv, raw.fields()).unwrap();
        let kept = kept.map(|kept| kept.iter().map(ToString::to_string).collect());
        Economies::new(names, kept)
    }

    #[test]
    fn economies_that_are_kept() {
        let mut kept = own(Some(&["AUT"]));
        let mut find = |name: &str| kept.find(2, name, None, || Place::file("raw/t.csv"));
        let austria = Some(("AUT".to_string(), "Austria".to_string()));
        for name in ["Austria", "osterreich*", "AT", "AUT"] {
            assert_eq!(find(name), austria, "{name}");
        }
        assert_eq!((find("Australia"), find("World")), (None, None));
        assert_eq!(kept.fault(), None);
        assert_eq!(own(None).names().find("World"), Some(Known::Aggregate));
        let found = own(None).find(2, "Australia", None, || Place::file("raw/t.csv"));
        assert_eq!(found, Some(("AUS".into(), "Australia".into())));
    }

    #[test]
    fn names_that_are_not_known() {
        let mut all = own(None);
        for (name, code, rows) in [
            ("Austra", None, &[2, 3, 4][..]),
            ("Australa", None, &[5]),
            ("Oz", Some("AUS"), &[6, 7, 8, 9, 10]),
            ("Atlantis", Some("ATL"), &[11, 12]),
        ] {
            for row in rows {
                let at = || Place::line("raw/t.csv", *row, "");
                assert_eq!(all.find(*row, name, code, at), None);
            }
        }
        let fault = all.fault().unwrap();
        assert_eq!(fault.to_string(), "raw/t.csv:2: 4 names of countries are not known");
        let told = [
            "rows 2, 3, 4: `Austra`; did you mean `Austria`?",
            "row 5: `Australa`; did you mean `Australia`?",
            "rows 6, 7, 8 and 2 more: `Oz`; the code `AUS` beside it is that of `Australia`",
            "rows 11, 12: `Atlantis`; no known name is near",
        ];
        assert_eq!(fault.details, told);
    }
}
