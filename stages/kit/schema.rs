//! The Frictionless table schema: its fields, types and constraints.
//!
//! It judges one cell at a time; what concerns whole columns is checked by `ingest`.

use engine::diagnostic::{Checked, Diagnostic, did_you_mean};
use engine::function::Artifact;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::layout::Layout;
use super::panel;

/// A resource descriptor, as far as a table needs it.
#[derive(Deserialize)]
pub struct Resource {
    /// The name by which others refer to it.
    pub name: String,
    /// The encoding; only UTF-8 is read.
    #[serde(default = "utf8")]
    pub encoding: String,
    /// How the text is divided into cells.
    #[serde(default)]
    pub dialect: Dialect,
    /// What the columns hold.
    pub schema: Schema,
}

fn utf8() -> String {
    "utf-8".into()
}

/// How the text is divided into cells.
#[derive(Deserialize)]
#[serde(default)]
pub struct Dialect {
    /// Between two cells of a row.
    pub delimiter: char,
    /// The layout of a provider; tables of our own have none.
    pub layout: Option<Layout>,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect { delimiter: ',', layout: None }
    }
}

impl Dialect {
    /// The dialect of a raw file, whether or not it has a schema.
    pub fn of(artifact: &Artifact) -> Checked<Self> {
        let dialect = artifact.resource.as_ref().and_then(|resource| resource.get("dialect"));
        dialect.map_or(Ok(Dialect::default()), |dialect| {
            serde_json::from_value(dialect.clone()).map_err(|error| {
                let message = format!("the dialect of `{}` is wrong: {error}", artifact.path);
                vec![Diagnostic::contract(message)]
            })
        })
    }
}

/// What the columns hold.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schema {
    /// The columns in their order.
    pub fields: Vec<Field>,
    /// Texts that stand for a missing value.
    #[serde(default = "empty")]
    pub missing_values: Vec<String>,
    /// The columns that identify a row.
    #[serde(default)]
    pub primary_key: Names,
    /// Columns whose values must occur elsewhere.
    #[serde(default)]
    pub foreign_keys: Vec<ForeignKey>,
    /// Fields of which a row gives all or none; beyond the standard.
    #[serde(default)]
    pub together: Vec<Vec<String>>,
}

fn empty() -> Vec<String> {
    vec![String::new()]
}

/// One name or several.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// A single name.
    One(String),
    /// A list of names.
    Many(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Names::Many(Vec::new())
    }
}

impl Names {
    /// The names.
    pub fn list(&self) -> &[String] {
        match self {
            Names::One(name) => std::slice::from_ref(name),
            Names::Many(names) => names,
        }
    }
}

/// Columns whose values must occur elsewhere.
#[derive(Deserialize)]
pub struct ForeignKey {
    /// The columns here.
    pub fields: Names,
    /// The columns there.
    pub reference: Reference,
}

/// Where the values of a foreign key must occur.
#[derive(Deserialize)]
pub struct Reference {
    /// The resource; empty for the table itself.
    #[serde(default)]
    pub resource: String,
    /// Its columns.
    pub fields: Names,
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
}

fn truths() -> Vec<String> {
    ["true", "True", "TRUE", "1"].map(String::from).to_vec()
}

fn falsehoods() -> Vec<String> {
    ["false", "False", "FALSE", "0"].map(String::from).to_vec()
}

/// The type of a cell.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Any text.
    #[default]
    String,
    /// A whole number.
    Integer,
    /// A decimal number.
    Number,
    /// True or false.
    Boolean,
    /// A month of a year, such as `2015-01`.
    Yearmonth,
}

/// What the cells of a column must satisfy.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
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

/// The content of a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Nothing.
    Missing,
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A finite decimal number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

/// What is wrong with a cell, and perhaps what was meant.
pub type Fault = (String, Option<String>);

impl Field {
    /// Reads a cell and holds it to the type and every constraint.
    pub fn read(&self, text: &str, missing: &[String]) -> Result<Scalar, Fault> {
        if missing.iter().any(|value| value == text) {
            return match self.constraints.required {
                true => Err(("a value is required".into(), None)),
                false => Ok(Scalar::Missing),
            };
        }
        let value = self.parse(text)?;
        self.judge(text, &value)?;
        Ok(value)
    }

    fn parse(&self, text: &str) -> Result<Scalar, Fault> {
        let fault = |what: &str| (format!("`{text}` is not {what}"), None);
        match self.kind {
            Kind::String => Ok(Scalar::Text(text.into())),
            Kind::Integer => text.parse().map(Scalar::Integer).map_err(|_| fault("a whole number")),
            Kind::Number => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Scalar::Number(number)),
                _ => Err(fault("a finite number")),
            },
            Kind::Boolean if self.true_values.iter().any(|t| t == text) => {
                Ok(Scalar::Boolean(true))
            }
            Kind::Boolean if self.false_values.iter().any(|t| t == text) => {
                Ok(Scalar::Boolean(false))
            }
            Kind::Boolean => Err(fault("true or false")),
            Kind::Yearmonth => match panel::month(text) {
                Some(month) => Ok(Scalar::Text(panel::text(month))),
                None => Err(fault("a month like `2015-01`")),
            },
        }
    }

    fn judge(&self, text: &str, value: &Scalar) -> Result<(), Fault> {
        let fail = |rule: String| Err((format!("`{text}` {rule}"), None));
        let rules = &self.constraints;
        if let Some(allowed) = &rules.r#enum {
            let texts: Vec<String> = allowed.iter().map(plain).collect();
            if !texts.iter().any(|one| self.parse(one).as_ref() == Ok(value)) {
                let known = texts.iter().map(String::as_str);
                return Err((
                    format!("`{text}` is not an allowed value"),
                    did_you_mean(text, known),
                ));
            }
        }
        if let Some(minimum) = &rules.minimum
            && self.below(value, minimum)
        {
            return fail(format!("is less than the minimum {}", plain(minimum)));
        }
        if let Some(maximum) = &rules.maximum
            && self.above(value, maximum)
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
                fail(format!("is shorter than {least} characters"))
            }
            (_, Some(most)) if length > most => fail(format!("is longer than {most} characters")),
            _ => Ok(()),
        }
    }

    fn below(&self, value: &Scalar, bound: &Value) -> bool {
        match (value, self.parse(&plain(bound))) {
            (Scalar::Integer(a), Ok(Scalar::Integer(b))) => *a < b,
            (Scalar::Number(a), Ok(Scalar::Number(b))) => *a < b,
            // Months of four-digit years stand in the order of their letters.
            (Scalar::Text(a), Ok(Scalar::Text(b))) if self.kind == Kind::Yearmonth => *a < b,
            _ => false,
        }
    }

    fn above(&self, value: &Scalar, bound: &Value) -> bool {
        match (value, self.parse(&plain(bound))) {
            (Scalar::Integer(a), Ok(Scalar::Integer(b))) => *a > b,
            (Scalar::Number(a), Ok(Scalar::Number(b))) => *a > b,
            (Scalar::Text(a), Ok(Scalar::Text(b))) if self.kind == Kind::Yearmonth => *a > b,
            _ => false,
        }
    }
}

/// A value of the descriptor as it would stand in a cell.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: Value, text: &str) -> Result<Scalar, String> {
        let field: Field = serde_json::from_value(field).unwrap();
        field.read(text, &empty()).map_err(|(message, _)| message)
    }

    #[test]
    fn types() {
        let field = |kind: &str| serde_json::json!({ "name": "f", "type": kind });
        assert_eq!(read(field("string"), " x"), Ok(Scalar::Text(" x".into())));
        assert_eq!(read(field("integer"), "-12"), Ok(Scalar::Integer(-12)));
        assert_eq!(read(field("number"), "1e3"), Ok(Scalar::Number(1000.0)));
        assert_eq!(read(field("boolean"), "True"), Ok(Scalar::Boolean(true)));
        assert_eq!(read(field("integer"), ""), Ok(Scalar::Missing));
        assert_eq!(read(field("integer"), "1.0"), Err("`1.0` is not a whole number".into()));
        assert_eq!(read(field("number"), "NaN"), Err("`NaN` is not a finite number".into()));
        assert_eq!(read(field("boolean"), "yes"), Err("`yes` is not true or false".into()));
        assert_eq!(read(field("yearmonth"), "2015-12"), Ok(Scalar::Text("2015-12".into())));
        let wrong = Err("`2015-13` is not a month like `2015-01`".into());
        assert_eq!(read(field("yearmonth"), "2015-13"), wrong);
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
        assert_eq!(read(short(), "abcd"), Err("`abcd` is longer than 3 characters".into()));
    }
}
