//! The descriptor of a table, with the Frictionless table schema in it.

use engine::diagnostic::{Checked, Diagnostic, Kind};
use engine::function::Artifact;
use serde::Deserialize;

use crate::descriptor;
use crate::field::{Field, Missing};
use crate::layout::Layout;
use crate::mistake::Mistake;

/// A resource descriptor, as far as a table needs it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// The name by which others refer to it.
    pub name: String,
    /// Texts that stand for a missing value, where the schema says nothing.
    pub missing_values: Option<Missing>,
    /// How the text is divided into cells.
    #[serde(default)]
    pub dialect: Dialect,
    /// What the columns hold.
    pub schema: Schema,
}

impl Resource {
    /// The descriptor of a raw table; every mistake in it is told.
    pub fn of(artifact: &Artifact) -> Checked<Self> {
        let Some(value) = &artifact.resource else {
            let message = format!("`{}` has no schema", artifact.path);
            let hint = "declare it in the data package and refer to it as `raw:NAME`";
            return Err(vec![Diagnostic::contract(message).hint(hint)]);
        };
        let wrong = told(artifact, descriptor::of_table(value));
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let mut resource: Resource = serde_json::from_value(value.clone())
            .map_err(|error| vec![mistaken(artifact, &error.to_string())])?;
        let schema = &mut resource.schema;
        let all = schema.missing_values.take().or(resource.missing_values.take());
        let all = all.unwrap_or_else(|| Missing::from([""]));
        for field in &mut schema.fields {
            field.missing_values.get_or_insert_with(|| all.clone());
        }
        Ok(resource)
    }
}

/// Mistakes in the descriptor of a raw file, as they are told at run time.
fn told(artifact: &Artifact, mistakes: Vec<Mistake>) -> Vec<Diagnostic> {
    let told = |(path, message): Mistake| {
        let (message, hint) = message.split_once('\n').unwrap_or((&message, ""));
        let place = if path.is_empty() { String::new() } else { format!("{}: ", path.join(".")) };
        let fault = mistaken(artifact, &format!("{place}{message}"));
        if hint.is_empty() { fault } else { fault.hint(hint) }
    };
    mistakes.into_iter().map(told).collect()
}

fn mistaken(artifact: &Artifact, what: &str) -> Diagnostic {
    let message = format!("the descriptor of `{}` is wrong: {what}", artifact.path);
    Diagnostic::new(Kind::Usage, message)
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
    /// The dialect of a raw file, whether or not it has a descriptor.
    pub fn of(artifact: &Artifact) -> Checked<Self> {
        let Some(resource) = &artifact.resource else { return Ok(Dialect::default()) };
        let wrong = told(artifact, descriptor::check(resource));
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let dialect = resource.get("dialect");
        dialect.map_or(Ok(Dialect::default()), |dialect| {
            serde_json::from_value(dialect.clone())
                .map_err(|error| vec![mistaken(artifact, &error.to_string())])
        })
    }
}

/// What the columns hold.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schema {
    /// The columns in their order.
    pub fields: Vec<Field>,
    /// Texts that stand for a missing value, where the field says nothing.
    pub missing_values: Option<Missing>,
    /// The columns that identify a row.
    #[serde(default)]
    pub primary_key: Names,
    /// Other columns of which each row has its own values.
    #[serde(default)]
    pub unique_keys: Vec<Vec<String>>,
    /// Columns whose values must occur elsewhere.
    #[serde(default)]
    pub foreign_keys: Vec<ForeignKey>,
    /// Fields of which a row gives all or none; beyond the standard.
    #[serde(default)]
    pub together: Vec<Vec<String>>,
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::{Value, json};

    use super::Dialect;
    use crate::{given, table};

    /// A raw file that has no schema may have a dialect all the same.
    #[test]
    fn a_dialect_without_a_schema() {
        let of = |delimiter: &str| {
            let resource = json!({ "name": "t", "dialect": { "delimiter": delimiter } });
            Dialect::of(&given::raw("raw/t.csv", b"", resource))
        };
        assert_eq!(of(";").unwrap().delimiter, ';');
        let said = of(";;").err().unwrap().remove(0).to_string();
        assert!(said.contains("`delimiter` must be one plain character"), "{said}");
        assert_eq!(Dialect::of(&given::artifact("raw/t.csv", b"")).unwrap().delimiter, ',');
    }

    /// What the data package says of how a file is read has its effect.
    #[test]
    fn what_a_resource_says_of_its_file() {
        let with = |bytes: &[u8], more: Value| {
            let fields = json!([{ "name": "x", "type": "integer" }, { "name": "y" }]);
            let mut resource = json!({ "name": "t", "schema": { "fields": fields } });
            resource.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let outputs = given::ingested(given::raw("raw/t.csv", bytes, resource))?;
            let frame = table::decode(&given::passed("t", &outputs["table"]))?;
            table::optional_integers(&frame, "x")
        };
        let said = |bytes: &[u8], more: Value| {
            let failure = with(bytes, more).unwrap_err();
            failure.diagnostics[0].to_string()
        };
        let dashes = b"x,y\n-,a\n1,b\n";
        assert_eq!(with(dashes, json!({ "missingValues": ["-"] })).unwrap(), [None, Some(1)]);
        let wrong = "raw/t.csv:2:1: row 2, column `x`: `-` is not a whole number";
        assert_eq!(said(dashes, json!({})), wrong);
        assert_eq!(
            said(b"x,y\n1,a\n", json!({ "compression": "gz" })),
            "raw/t.csv: the file is not packed, and its `compression` is `gz`"
        );
        let packed = zstd::encode_all(&b"x,y\n1,a\n"[..], 3).unwrap();
        assert_eq!(with(&packed, json!({ "compression": "zst" })).unwrap(), [Some(1)]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        gzip.write_all(b"x,y\n1,a\n").unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(with(&gzip, json!({ "compression": "gz" })).unwrap(), [Some(1)]);
        assert_eq!(
            said(&packed, json!({ "compression": "zip" })),
            "raw/t.csv: the file is Zstandard, and its `compression` is `zip`"
        );
        assert_eq!(
            said(b"x,y\n1,a\n", json!({ "format": "xlsx" })),
            "the descriptor of `raw/t.csv` is wrong: format: a workbook is read by a layout alone"
        );
    }
}
