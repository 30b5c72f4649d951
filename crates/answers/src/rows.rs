//! A table as text cells, and the rows of it that some conditions name.

use engine::diagnostic::{Diagnostic, Kind, did_you_mean};

/// A table; a cell that holds nothing is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows, each with a cell for each column.
    pub rows: Vec<Vec<Option<String>>>,
}

/// A condition on a column: `country = Peru`, `year >= 2020`, `barrier != none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The column.
    pub column: String,
    comparison: Comparison,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Is,
    IsNot,
    AtMost,
    AtLeast,
    Below,
    Above,
}

/// The longer ones first, since they begin with the shorter.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("!=", Comparison::IsNot),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("=", Comparison::Is),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

impl Condition {
    /// Reads a condition; nothing is told by an empty value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let at = text.find(['!', '<', '>', '=']).ok_or(EXPECTED)?;
        let rest = &text[at..];
        let found = COMPARISONS.iter().find(|(sign, _)| rest.starts_with(sign)).ok_or(EXPECTED)?;
        let (sign, comparison) = *found;
        let column = text[..at].trim().to_string();
        if column.is_empty() {
            return Err(EXPECTED.into());
        }
        let value = rest[sign.len()..].trim().to_string();
        Ok(Condition { column, comparison, value })
    }

    /// Whether a cell meets it. Numbers are compared as such; what is no number is
    /// neither below nor above one.
    fn holds(&self, cell: Option<&str>) -> bool {
        let number = |text: &str| text.parse::<f64>().ok();
        let text = cell.unwrap_or("");
        let numbers = number(text).zip(number(&self.value));
        let same = numbers.map_or(text == self.value, |(a, b)| a == b);
        match self.comparison {
            Comparison::Is => same,
            Comparison::IsNot => !same,
            Comparison::AtMost => numbers.is_some_and(|(a, b)| a <= b),
            Comparison::AtLeast => numbers.is_some_and(|(a, b)| a >= b),
            Comparison::Below => numbers.is_some_and(|(a, b)| a < b),
            Comparison::Above => numbers.is_some_and(|(a, b)| a > b),
        }
    }
}

const EXPECTED: &str = "expected COLUMN=VALUE, or with `!=`, `<`, `<=`, `>`, `>=`";

impl Rows {
    /// Keeps the rows that meet all conditions.
    pub fn keep(&mut self, conditions: &[Condition]) -> Result<(), Diagnostic> {
        for condition in conditions {
            let column = &condition.column;
            let Some(at) = self.columns.iter().position(|it| it == column) else {
                let names = self.columns.iter().map(String::as_str);
                let problem =
                    Diagnostic::new(Kind::Usage, format!("the table has no column `{column}`"));
                let near = did_you_mean(column, names.clone());
                let known = format!("it has {}", names.collect::<Vec<_>>().join(", "));
                return Err(problem.hint(near.unwrap_or(known)));
            };
            self.rows.retain(|row| condition.holds(row.get(at).and_then(|it| it.as_deref())));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn birds() -> Rows {
        let row = |cells: [&str; 2]| {
            cells.iter().map(|it| Some(it.to_string()).filter(|it| !it.is_empty())).collect()
        };
        Rows {
            columns: vec!["bird".into(), "size".into()],
            rows: [["wren", "8"], ["raven", "60"], ["crow", ""]].map(row).to_vec(),
        }
    }

    fn kept(conditions: &[&str]) -> usize {
        let conditions: Vec<_> =
            conditions.iter().map(|it| Condition::parse(it).unwrap()).collect();
        let mut rows = birds();
        rows.keep(&conditions).unwrap();
        rows.rows.len()
    }

    #[test]
    fn rows_that_meet_conditions() {
        assert_eq!(kept(&["bird=wren"]), 1);
        assert_eq!(kept(&["bird != wren"]), 2);
        assert_eq!(kept(&["size=8.0"]), 1);
        assert_eq!(kept(&["size>8"]), 1);
        assert_eq!(kept(&["size >= 8", "bird!=raven"]), 1);
        assert_eq!(kept(&["size="]), 1);
        assert_eq!((kept(&["size<60"]), kept(&["size<=60"])), (1, 2));
    }

    #[test]
    fn what_is_no_condition() {
        assert!(Condition::parse("bird").is_err() && Condition::parse("=x").is_err());
        assert!(Condition::parse("a!b").is_err());
        let error = birds().keep(&[Condition::parse("sise=1").unwrap()]).unwrap_err();
        assert_eq!(error.message, "the table has no column `sise`");
        assert_eq!(error.hints, ["did you mean `size`?"]);
    }
}
