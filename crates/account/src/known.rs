//! The values that stages have reported, by full name, and expressions computed over them.

use std::collections::{BTreeMap, BTreeSet};

use engine::function::{Artifact, Failure};

use crate::expression::Expression;
use crate::lineage::Lineage;
use crate::record::{self, Record};

/// The label of what can settle nothing.
pub const SYNTHETIC: &str = "synthetic";

/// All values by their full names.
pub struct Known {
    values: BTreeMap<String, Value>,
}

/// A value that some stage has reported.
struct Value {
    number: Option<f64>,
    text: Option<String>,
    digits: usize,
    synthetic: bool,
}

impl Value {
    fn of(record: &Record, synthetic: bool) -> Self {
        let digits = record.get("digits").and_then(|it| it.as_u64()).unwrap_or(0);
        Value {
            number: record.get("number").and_then(|it| it.as_f64()),
            text: record.get("text").and_then(|it| it.as_str()).map(String::from),
            digits: usize::try_from(digits).unwrap_or(0),
            synthetic,
        }
    }
}

/// A number with the names of the values that it rests on.
pub struct Computed {
    /// The number.
    pub number: f64,
    /// The values in its expression.
    pub names: BTreeSet<String>,
    /// Whether any of them rests on a stand-in.
    pub synthetic: bool,
}

impl Known {
    /// Reads the values of several stages.
    pub fn read(lineage: &Lineage, artifacts: &[Artifact]) -> Result<Self, Failure> {
        let mut values = BTreeMap::new();
        for artifact in artifacts {
            let (stage, labels) = lineage.maker(artifact)?;
            let synthetic = artifact.labels.union(&labels).any(|label| label == SYNTHETIC);
            for (key, record) in record::read(artifact)? {
                values.insert(format!("{stage}.{key}"), Value::of(&record, synthetic));
            }
        }
        Ok(Known { values })
    }

    /// Every name.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.values.keys().map(String::as_str)
    }

    /// A value that is a text, unless it rests on a stand-in.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).filter(|value| !value.synthetic)?.text.as_deref()
    }

    /// With how many decimals a value is shown.
    pub fn digits(&self, name: &str) -> Option<usize> {
        self.values.get(name).map(|value| value.digits)
    }

    /// The names in an expression that no stage has reported.
    pub fn strangers<'a>(&self, expression: &'a Expression) -> Vec<&'a str> {
        let names = expression.names().into_iter();
        names.filter(|name| !self.values.contains_key(*name)).collect()
    }

    /// Computes an expression; the message says why it cannot be.
    pub fn compute(&self, expression: &Expression) -> Result<Computed, String> {
        let number = expression.compute(&|name| {
            let number = self.values.get(name).and_then(|value| value.number);
            number.ok_or_else(|| format!("the value `{name}` is no number"))
        })?;
        let names: BTreeSet<String> = expression.names().into_iter().map(String::from).collect();
        let synthetic =
            names.iter().any(|name| self.values.get(name).is_some_and(|value| value.synthetic));
        Ok(Computed { number, names, synthetic })
    }
}
