//! Builds the numbers and words that a stage reports.

use std::collections::BTreeMap;

use engine::function::{Failure, Output};
use serde::Serialize;

use crate::json;

/// The values of one stage by key.
#[derive(Default)]
pub struct Values {
    records: BTreeMap<String, Record>,
}

/// One value as it is written.
#[derive(Serialize)]
#[serde(untagged)]
enum Record {
    Number {
        number: Number,
        digits: u8,
        unit: String,
        about: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        low: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        high: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rows: Option<String>,
    },
    Text {
        text: String,
        about: String,
    },
}

#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Number {
    Integer(i64),
    Real(f64),
}

impl Values {
    /// Reports a count or another whole number.
    pub fn integer(&mut self, key: &str, number: i64, unit: &str, about: &str) {
        self.add(key, Number::Integer(number), 0, (unit, about));
    }

    /// Reports how many things there are.
    pub fn count(&mut self, key: &str, number: usize, unit: &str, about: &str) {
        self.integer(key, i64::try_from(number).unwrap_or(i64::MAX), unit, about);
    }

    /// Reports a number that is shown with `digits` decimals.
    pub fn number(&mut self, key: &str, number: f64, digits: u8, unit: &str, about: &str) {
        self.add(key, Number::Real(number), digits, (unit, about));
    }

    /// Reports a word.
    pub fn text(&mut self, key: &str, text: &str, about: &str) {
        let record = Record::Text { text: text.into(), about: about.into() };
        self.records.insert(key.into(), record);
    }

    /// Adds an interval to a number that was reported.
    pub fn interval(&mut self, key: &str, from: f64, to: f64) {
        if let Some(Record::Number { low, high, .. }) = self.records.get_mut(key) {
            (*low, *high) = (Some(from), Some(to));
        }
    }

    /// Adds which rows a reported number counts.
    pub fn rows(&mut self, key: &str, which: &str) {
        if let Some(Record::Number { rows, .. }) = self.records.get_mut(key) {
            *rows = Some(which.into());
        }
    }

    fn add(&mut self, key: &str, number: Number, digits: u8, (unit, about): (&str, &str)) {
        let (unit, about) = (unit.into(), about.into());
        let record =
            Record::Number { number, digits, unit, about, low: None, high: None, rows: None };
        self.records.insert(key.into(), record);
    }

    /// Writes them, sorted by key; a number that is not finite is refused.
    pub fn encode(self) -> Result<Output, Failure> {
        for (key, record) in &self.records {
            let Record::Number { number: Number::Real(number), low, high, .. } = record else {
                continue;
            };
            if [Some(number), low.as_ref(), high.as_ref()].iter().flatten().any(|n| !n.is_finite())
            {
                return Err(Failure::from(format!("the value `{key}` is not a finite number")));
            }
        }
        json::encode(&self.records)
    }
}

/// A name as part of a key: lower-case words joined by `_`.
pub fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_sorted_with_integers_as_integers() {
        let mut values = Values::default();
        values.number("z", -2.1183, 3, "standard errors", "a statistic");
        values.interval("z", -4.0, 0.0);
        values.count("n", 50, "countries", "how many");
        values.rows("n", "countries in both tables");
        values.text("sign", "negative", "its sign");
        let text = String::from_utf8(values.encode().unwrap().bytes).unwrap();
        let flat: Vec<_> = text.split_whitespace().collect();
        assert_eq!(
            flat.join(" "),
            "{ \"n\": { \"number\": 50, \"digits\": 0, \"unit\": \"countries\", \
             \"about\": \"how many\", \"rows\": \"countries in both tables\" }, \
             \"sign\": { \"text\": \"negative\", \"about\": \"its sign\" }, \
             \"z\": { \"number\": -2.1183, \"digits\": 3, \"unit\": \"standard errors\", \
             \"about\": \"a statistic\", \"low\": -4.0, \"high\": 0.0 } }"
        );
    }

    #[test]
    fn names_become_parts_of_keys() {
        assert_eq!(slug("New Zealand"), "new_zealand");
        assert_eq!(slug("phone number (type 2)"), "phone_number_type_2");
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        let mut values = Values::default();
        values.number("z", f64::NAN, 3, "", "");
        let failure = values.encode().unwrap_err();
        assert_eq!(failure.diagnostics[0].message, "the value `z` is not a finite number");
    }
}
