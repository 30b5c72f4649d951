//! One observation of a provider's table, each part with its place in the file.

use crate::csv::{Cell, Row};
use crate::field::Field;

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

    /// The row of the schema that it is, whose value has this name.
    pub fn row(self, fields: &[Field], value: &str) -> Row {
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
pub fn value(fields: &[Field]) -> Option<&str> {
    let names = fields.iter().map(|field| field.name.as_str());
    let mut values = names.filter(|name| !["country", "iso3", "year"].contains(name));
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str]) -> Vec<Field> {
        let field = |name: &&str| serde_json::from_value(serde_json::json!({ "name": name }));
        names.iter().map(|name| field(name).unwrap()).collect()
    }

    #[test]
    fn an_observation_in_the_order_of_the_schema() {
        let cell = |text: &str, column| Cell { text: text.into(), column, ..Cell::default() };
        let row = Row { number: 7, line: 9, cells: Vec::new() };
        let (year, seen) = (cell("2015", 30), cell("127", 40));
        let place = cell("Japon", 20);
        let seen = Observation::of(&row, &place, ("JPN", "Japan"), year, seen);
        let row = seen.row(&fields(&["people", "year", "iso3", "country", "note"]), "people");
        assert_eq!((row.number, row.line), (7, 9));
        let found: Vec<_> = row.cells.iter().map(|it| (it.text.as_str(), it.column)).collect();
        assert_eq!(found, [("127", 40), ("2015", 30), ("JPN", 20), ("Japan", 20), ("Japon", 20)]);
    }

    #[test]
    fn the_one_field_of_the_value() {
        let of = |names: &[&str]| value(&fields(names)).map(String::from);
        assert_eq!(of(&["country", "people", "iso3", "year"]), Some("people".into()));
        assert_eq!(of(&["country", "year"]), None);
        assert_eq!(of(&["people", "births", "year"]), None);
    }
}
