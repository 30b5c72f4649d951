//! What a cell may hold: the types of a schema, and values that can be compared.

use serde::Deserialize;

use crate::calendar;

/// The type of a cell.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
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
    /// A day of the calendar, such as `2015-01-31`.
    Date,
    /// A month of a year, such as `2015-01`.
    Yearmonth,
}

impl Kind {
    /// The name by which a schema asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Yearmonth => "yearmonth",
        }
    }

    /// What its cells are.
    pub fn what(self) -> &'static str {
        match self {
            Kind::String => "a text",
            Kind::Integer => "a whole number",
            Kind::Number => "a finite number",
            Kind::Boolean => "true or false",
            Kind::Date => "a date like `2015-01-31`",
            Kind::Yearmonth => "a month like `2015-01`",
        }
    }

    /// Reads a value as the description of a table writes it.
    pub fn read(self, text: &str) -> Option<Scalar> {
        match self {
            Kind::String => Some(Scalar::Text(text.into())),
            Kind::Integer => text.parse().ok().map(Scalar::Integer),
            Kind::Number => {
                text.parse().ok().filter(|number: &f64| number.is_finite()).map(Scalar::Number)
            }
            Kind::Boolean => text.parse().ok().map(Scalar::Boolean),
            Kind::Date => engine::calendar::day(text).map(|_| Scalar::Text(text.into())),
            Kind::Yearmonth => {
                calendar::month(text).map(|month| Scalar::Text(calendar::text(month)))
            }
        }
    }
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

/// What a cell holds, in the form in which equal values are equal: `1` and `01`
/// are one whole number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key<'a> {
    /// Nothing.
    Missing,
    /// A text, a day or a month.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// The bits of a decimal number.
    Number(u64),
    /// True or false.
    Boolean(bool),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        for sound in ["2015-01-31", "2016-02-29", "2000-02-29", "0001-12-31"] {
            assert_eq!(Kind::Date.read(sound), Some(Scalar::Text(sound.into())));
        }
        for wrong in
            ["2015-02-29", "1900-02-29", "2015-04-31", "2015-1-1", "2015-01-00", "2015-01-1x", "é"]
        {
            assert_eq!(Kind::Date.read(wrong), None, "{wrong}");
        }
    }
}
