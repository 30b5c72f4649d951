//! A field of the Frictionless table schema: its type, and what its cells must satisfy.
//!
//! It judges one cell at a time; what concerns whole columns is checked by `raw`.

use std::borrow::Cow;
use std::cmp::Ordering;

use engine::diagnostic::did_you_mean;
use engine::words::{brief, count};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::scalar::{Key, Kind, Scalar};

/// Texts that stand for a missing value.
#[derive(Clone, Deserialize)]
#[serde(from = "Vec<Value>")]
pub struct Missing(Vec<String>);

impl From<Vec<Value>> for Missing {
    /// The standard lets each text have a label, too.
    fn from(values: Vec<Value>) -> Self {
        let text = |value: &Value| value.as_str().or(value["value"].as_str()).map(String::from);
        Missing(values.iter().filter_map(text).collect())
    }
}

impl<const N: usize> From<[&str; N]> for Missing {
    fn from(texts: [&str; N]) -> Self {
        Missing(texts.map(String::from).to_vec())
    }
}

/// One column.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// Its name in the header.
    pub name: String,
    /// The type of its cells.
    #[serde(rename = "type", default)]
    pub kind: Kind,
    /// What its cells must satisfy.
    #[serde(default)]
    pub constraints: Constraints,
    /// Texts that mean true.
    #[serde(default = "truths")]
    pub true_values: Vec<String>,
    /// Texts that mean false.
    #[serde(default = "falsehoods")]
    pub false_values: Vec<String>,
    /// Texts that stand for a missing value.
    pub missing_values: Option<Missing>,
    /// Between the whole and the decimals of a number, where that is no point.
    pub decimal_char: Option<char>,
    /// Between groups of digits, where there is something.
    pub group_char: Option<char>,
}

fn truths() -> Vec<String> {
    ["true", "True", "TRUE", "1"].map(String::from).to_vec()
}

fn falsehoods() -> Vec<String> {
    ["false", "False", "FALSE", "0"].map(String::from).to_vec()
}

/// What the cells of a column must satisfy.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Constraints {
    /// No cell is missing.
    pub required: bool,
    /// No value occurs twice.
    pub unique: bool,
    /// The only values allowed.
    pub r#enum: Option<Vec<Value>>,
    /// The least value.
    pub minimum: Option<Value>,
    /// The greatest value.
    pub maximum: Option<Value>,
    /// A regular expression that the whole cell matches.
    #[serde(deserialize_with = "whole")]
    pub pattern: Option<(String, Regex)>,
    /// The least number of characters.
    pub min_length: Option<usize>,
    /// The greatest number of characters.
    pub max_length: Option<usize>,
}

fn whole<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<(String, Regex)>, D::Error> {
    let text = String::deserialize(d)?;
    let regex = Regex::new(&format!("^(?:{text})$")).map_err(serde::de::Error::custom)?;
    Ok(Some((text, regex)))
}

/// What is wrong with a cell, and perhaps what was meant.
pub type Fault = (String, Option<String>);

impl Field {
    /// Whether a text stands for a missing value.
    pub fn missing(&self, text: &str) -> bool {
        match &self.missing_values {
            None => text.is_empty(),
            Some(Missing(texts)) => texts.iter().any(|value| value == text),
        }
    }

    /// Reads a cell and holds it to the type and every constraint.
    pub fn read(&self, text: &str) -> Result<Scalar, Fault> {
        if self.missing(text) {
            return match self.constraints.required {
                true => Err(("a value is required".into(), None)),
                false => Ok(Scalar::Missing),
            };
        }
        let value = self.parse(text)?;
        self.judge(text, &value)?;
        Ok(value)
    }

    /// What a cell holds, to be compared with others of its type; a text that
    /// is none of the type is compared as it stands.
    pub fn key<'a>(&self, text: &'a str) -> Key<'a> {
        if self.missing(text) {
            return Key::Missing;
        }
        if matches!(self.kind, Kind::String | Kind::Date | Kind::Yearmonth) {
            return Key::Text(text);
        }
        match self.parse(text) {
            Ok(Scalar::Integer(number)) => Key::Integer(number),
            // Zero has two signs and is one number.
            Ok(Scalar::Number(number)) => Key::Number((number + 0.0).to_bits()),
            Ok(Scalar::Boolean(value)) => Key::Boolean(value),
            _ => Key::Text(text),
        }
    }

    /// Reads a cell that is not missing.
    fn parse(&self, text: &str) -> Result<Scalar, Fault> {
        match self.kind {
            Kind::Integer | Kind::Number => match self.plain_number(text) {
                Some(number) => self.parse_plain(&number).map_err(|_| self.fault(text)),
                None => Err(self.fault(text)),
            },
            Kind::Boolean if self.true_values.iter().any(|t| t == text) => {
                Ok(Scalar::Boolean(true))
            }
            Kind::Boolean if self.false_values.iter().any(|t| t == text) => {
                Ok(Scalar::Boolean(false))
            }
            Kind::Boolean => Err(self.fault(text)),
            _ => self.parse_plain(text),
        }
    }

    /// Reads a value as the description of a table writes it.
    pub fn parse_plain(&self, text: &str) -> Result<Scalar, Fault> {
        self.kind.read(text).ok_or_else(|| self.fault(text))
    }

    fn fault(&self, text: &str) -> Fault {
        (format!("`{}` is not {}", brief(text), self.kind.what()), None)
    }

    /// A number with a point and without groups; nothing where it has a point
    /// of its own although something else is its decimal character.
    fn plain_number<'a>(&self, text: &'a str) -> Option<Cow<'a, str>> {
        if self.decimal_char.is_none() && self.group_char.is_none() {
            return Some(text.into());
        }
        let decimal = self.decimal_char.unwrap_or('.');
        let mut plain = String::new();
        for char in text.chars() {
            match char {
                _ if char == decimal => plain.push('.'),
                _ if Some(char) == self.group_char => {}
                '.' => return None,
                _ => plain.push(char),
            }
        }
        Some(plain.into())
    }

    fn judge(&self, text: &str, value: &Scalar) -> Result<(), Fault> {
        let fail = |rule: String| Err((format!("`{}` {rule}", brief(text)), None));
        let rules = &self.constraints;
        if let Some(allowed) = &rules.r#enum {
            let texts: Vec<String> = allowed.iter().map(plain).collect();
            if !texts.iter().any(|one| self.parse_plain(one).as_ref() == Ok(value)) {
                let known = texts.iter().map(String::as_str);
                let text = brief(text);
                return Err((
                    format!("`{text}` is not an allowed value"),
                    did_you_mean(&text, known),
                ));
            }
        }
        if let Some(minimum) = &rules.minimum
            && self.below(value, minimum)
        {
            return fail(format!("is less than the minimum {}", plain(minimum)));
        }
        if let Some(maximum) = &rules.maximum
            && self.beyond(value, maximum)
        {
            return fail(format!("is more than the maximum {}", plain(maximum)));
        }
        if let Some((pattern, regex)) = &rules.pattern
            && !regex.is_match(text)
        {
            return fail(format!("does not match the pattern `{pattern}`"));
        }
        let length = text.chars().count();
        match (rules.min_length, rules.max_length) {
            (Some(least), _) if length < least => {
                fail(format!("is shorter than {}", count(least, "character")))
            }
            (_, Some(most)) if length > most => {
                fail(format!("is longer than {}", count(most, "character")))
            }
            _ => Ok(()),
        }
    }

    fn below(&self, value: &Scalar, bound: &Value) -> bool {
        self.order(value, &plain(bound)) == Some(Ordering::Less)
    }

    fn beyond(&self, value: &Scalar, bound: &Value) -> bool {
        self.order(value, &plain(bound)) == Some(Ordering::Greater)
    }

    /// Whether a bound lies above another.
    pub fn above(&self, one: &str, other: &str) -> bool {
        let one = self.parse_plain(one);
        one.is_ok_and(|value| self.order(&value, other) == Some(Ordering::Greater))
    }

    /// How a value stands to a bound, where the type has an order.
    fn order(&self, value: &Scalar, bound: &str) -> Option<Ordering> {
        match (value, self.parse_plain(bound).ok()?) {
            (Scalar::Integer(a), Scalar::Integer(b)) => Some(a.cmp(&b)),
            (Scalar::Number(a), Scalar::Number(b)) => a.partial_cmp(&b),
            // Days and months of four-digit years stand in the order of their letters.
            (Scalar::Text(a), Scalar::Text(b)) if self.kind != Kind::String => Some(a.cmp(&b)),
            _ => None,
        }
    }
}

/// A value of the descriptor as text.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: Value, text: &str) -> Result<Scalar, String> {
        let field: Field = serde_json::from_value(field).unwrap();
        field.read(text).map_err(|(message, _)| message)
    }

    #[test]
    fn types() {
        let field = |kind: &str| serde_json::json!({ "name": "f", "type": kind });
        assert_eq!(read(field("string"), " x"), Ok(Scalar::Text(" x".into())));
        assert_eq!(read(field("integer"), "-12"), Ok(Scalar::Integer(-12)));
        assert_eq!(read(field("number"), "1e3"), Ok(Scalar::Number(1000.0)));
        assert_eq!(read(field("boolean"), "True"), Ok(Scalar::Boolean(true)));
        for text in ["false", "False", "FALSE", "0"] {
            assert_eq!(read(field("boolean"), text), Ok(Scalar::Boolean(false)));
        }
        // Where a table has words of its own, no others are read.
        let own = serde_json::json!({ "name": "f", "type": "boolean",
            "trueValues": ["ja"], "falseValues": ["nein"] });
        assert_eq!(read(own.clone(), "ja"), Ok(Scalar::Boolean(true)));
        assert_eq!(read(own.clone(), "nein"), Ok(Scalar::Boolean(false)));
        assert_eq!(read(own, "true"), Err("`true` is not true or false".into()));
        assert_eq!(read(field("integer"), ""), Ok(Scalar::Missing));
        assert_eq!(read(field("integer"), "1.0"), Err("`1.0` is not a whole number".into()));
        assert_eq!(read(field("number"), "NaN"), Err("`NaN` is not a finite number".into()));
        assert_eq!(read(field("boolean"), "yes"), Err("`yes` is not true or false".into()));
        assert_eq!(read(field("yearmonth"), "2015-12"), Ok(Scalar::Text("2015-12".into())));
        let wrong = Err("`2015-13` is not a month like `2015-01`".into());
        assert_eq!(read(field("yearmonth"), "2015-13"), wrong);
    }

    #[test]
    fn bounds_of_days() {
        let field = serde_json::json!({ "name": "f", "type": "date",
            "constraints": { "minimum": "2015-01-31", "maximum": "2015-02-28" } });
        let message = "`2015-01-30` is less than the minimum 2015-01-31";
        assert_eq!(read(field.clone(), "2015-01-30"), Err(message.into()));
        let message = "`2015-03-01` is more than the maximum 2015-02-28";
        assert_eq!(read(field, "2015-03-01"), Err(message.into()));
    }

    #[test]
    fn characters_of_numbers_and_missing_values() {
        let field = |kind: &str| {
            serde_json::json!({ "name": "f", "type": kind,
            "decimalChar": ",", "groupChar": "." })
        };
        assert_eq!(read(field("number"), "1.234,5"), Ok(Scalar::Number(1234.5)));
        let field =
            |kind: &str| serde_json::json!({ "name": "f", "type": kind, "decimalChar": "," });
        assert_eq!(read(field("number"), "1,5"), Ok(Scalar::Number(1.5)));
        assert_eq!(read(field("number"), "1.5"), Err("`1.5` is not a finite number".into()));
        let field = serde_json::json!({ "name": "f", "type": "integer", "groupChar": "\u{a0}",
            "missingValues": ["-", { "value": "n/a", "label": "not asked" }] });
        assert_eq!(read(field.clone(), "12\u{a0}000"), Ok(Scalar::Integer(12_000)));
        assert_eq!(read(field.clone(), "-"), Ok(Scalar::Missing));
        assert_eq!(read(field.clone(), "n/a"), Ok(Scalar::Missing));
        assert_eq!(read(field, ""), Err("`` is not a whole number".into()));
    }

    /// What is compared is the value, not how it is written.
    #[test]
    fn equal_values_have_equal_keys() {
        let field = |kind: &str| -> Field {
            serde_json::from_value(serde_json::json!({ "name": "f", "type": kind })).unwrap()
        };
        let keys = |kind, a, b| field(kind).key(a) == field(kind).key(b);
        assert!(keys("integer", "1", "01") && keys("integer", "1", "+1"));
        assert!(keys("number", "1", "1.00") && keys("number", "0", "-0"));
        assert!(keys("boolean", "true", "True") && keys("boolean", "1", "TRUE"));
        assert!(!keys("string", "1", "01") && !keys("integer", "1", "x"));
        assert_eq!(field("integer").key(""), Key::Missing);
    }

    #[test]
    fn constraints() {
        let with = |kind: &str, rules: Value| {
            let mut field = serde_json::json!({ "name": "f", "type": kind });
            field["constraints"] = rules;
            field
        };
        let codes = serde_json::json!({ "required": true, "enum": [0, 1, 2, 3] });
        let code = || with("integer", codes.clone());
        assert_eq!(read(code(), "3"), Ok(Scalar::Integer(3)));
        assert_eq!(read(code(), "4"), Err("`4` is not an allowed value".into()));
        assert_eq!(read(code(), ""), Err("a value is required".into()));
        let iso = || with("string", serde_json::json!({ "pattern": "[A-Z]{3}" }));
        assert_eq!(read(iso(), "HKG"), Ok(Scalar::Text("HKG".into())));
        assert_eq!(read(iso(), "HKGG"), Err("`HKGG` does not match the pattern `[A-Z]{3}`".into()));
        let range = || with("number", serde_json::json!({ "minimum": 0, "maximum": 1.5 }));
        assert_eq!(read(range(), "-0.1"), Err("`-0.1` is less than the minimum 0".into()));
        assert_eq!(read(range(), "2"), Err("`2` is more than the maximum 1.5".into()));
        let months = serde_json::json!({ "minimum": "2015-01", "maximum": "2023-12" });
        let month = || with("yearmonth", months.clone());
        assert_eq!(read(month(), "2023-12"), Ok(Scalar::Text("2023-12".into())));
        assert_eq!(
            read(month(), "2014-12"),
            Err("`2014-12` is less than the minimum 2015-01".into())
        );
        assert_eq!(
            read(month(), "2024-01"),
            Err("`2024-01` is more than the maximum 2023-12".into())
        );
        let short = || with("string", serde_json::json!({ "minLength": 2, "maxLength": 3 }));
        assert_eq!(read(short(), "抖"), Err("`抖` is shorter than 2 characters".into()));
        for text in ["抖音", "abc"] {
            assert_eq!(read(short(), text), Ok(Scalar::Text(text.into())));
        }
        // A text has no order.
        let bound = with("string", serde_json::json!({ "minimum": "b", "maximum": "c" }));
        assert_eq!(read(bound.clone(), "a"), Ok(Scalar::Text("a".into())));
        assert_eq!(read(bound, "d"), Ok(Scalar::Text("d".into())));
        let one = with("string", serde_json::json!({ "maxLength": 1 }));
        assert_eq!(read(one, "ab"), Err("`ab` is longer than 1 character".into()));
        assert_eq!(read(short(), "abcd"), Err("`abcd` is longer than 3 characters".into()));
    }
}
