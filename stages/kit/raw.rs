//! A raw table with its descriptor, and the rules that concern whole columns: its keys.

use std::collections::{BTreeMap, BTreeSet};

use engine::diagnostic::{Checked, Diagnostic, Place, did_you_mean};
use engine::function::Artifact;

use super::csv::{Csv, Row};
use super::schema::{Field, ForeignKey, Resource};

/// A raw table.
pub struct Raw<'a> {
    /// Its descriptor.
    pub resource: Resource,
    /// Its text.
    pub csv: Csv<'a>,
}

/// The combinations of values that some columns take.
type Known = BTreeSet<Vec<String>>;

impl<'a> Raw<'a> {
    /// Reads a raw table as its descriptor says.
    pub fn open(artifact: &'a Artifact) -> Checked<Self> {
        let resource = resource(artifact)?;
        let here = || Place::file(&artifact.path);
        if !["utf-8", "utf8"].contains(&resource.encoding.to_lowercase().as_str()) {
            let message = format!("the encoding `{}` is not read", resource.encoding);
            let fault = Diagnostic::contract(message).at(here()).hint("save the file as UTF-8");
            return Err(vec![fault]);
        }
        let csv = Csv::read(&artifact.path, &artifact.bytes, resource.dialect.delimiter)?;
        Ok(Raw { resource, csv })
    }

    /// The columns in their order.
    pub fn fields(&self) -> &[Field] {
        &self.resource.schema.fields
    }

    /// The rows after the header, counted as a spreadsheet does.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &Row)> {
        self.csv.rows.iter().enumerate().skip(1).map(|(index, row)| (index + 1, row))
    }

    /// The same, less those with too few or too many cells.
    fn whole_rows(&self) -> impl Iterator<Item = (usize, &Row)> {
        self.rows().filter(|(_, row)| row.cells.len() == self.fields().len())
    }

    fn positions(&self, names: &[String]) -> Vec<usize> {
        let position = |name: &String| self.fields().iter().position(|f| f.name == *name);
        names.iter().filter_map(position).collect()
    }

    fn missing(&self, text: &str) -> bool {
        self.resource.schema.missing_values.iter().any(|value| value == text)
    }

    /// Values that occur twice where they must not.
    pub fn unique_faults(&self) -> Vec<Diagnostic> {
        let mut key = self.positions(self.resource.schema.primary_key.list());
        if key.is_empty() {
            key = (0..self.fields().len()).collect();
        }
        let unique = self.fields().iter().enumerate().filter(|(_, f)| f.constraints.unique);
        let single: Vec<usize> =
            unique.map(|(column, _)| column).filter(|column| key != [*column]).collect();
        let mut faults = self.repeated(&key, true);
        faults.extend(single.iter().flat_map(|column| self.repeated(&[*column], false)));
        faults
    }

    /// Rows that repeat an earlier row in `columns`; missing values repeat
    /// nothing unless the columns are the `key`.
    fn repeated(&self, columns: &[usize], key: bool) -> Vec<Diagnostic> {
        let mut seen: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
        let mut faults = Vec::new();
        for (number, row) in self.whole_rows() {
            let texts: Vec<&str> = columns.iter().map(|c| row.cells[*c].text.as_str()).collect();
            if !key && texts.iter().any(|text| self.missing(text)) {
                continue;
            }
            let Some(first) = seen.get(&texts) else {
                seen.insert(texts, number);
                continue;
            };
            let message = if columns.len() == self.fields().len() {
                format!("row {number} repeats row {first}")
            } else {
                let names: Vec<&str> =
                    columns.iter().map(|c| self.fields()[*c].name.as_str()).collect();
                let (names, texts) = (named("column", &names), texts.join("`, `"));
                format!("row {number}, {names}: `{texts}` is in row {first} too")
            };
            let place = self.csv.cell(&row.cells[columns[0]]);
            faults.push(Diagnostic::contract(message).at(place));
        }
        faults
    }

    /// Values of foreign keys that the tables they refer to do not have.
    pub fn foreign_faults(&self, references: &[Artifact]) -> Checked<Vec<Diagnostic>> {
        let mut faults = Vec::new();
        for key in &self.resource.schema.foreign_keys {
            let names = key.reference.fields.list();
            let known = match key.reference.resource.as_str() {
                "" => self.combinations(names),
                name if name == self.resource.name => self.combinations(names),
                name => Raw::open(self.find(references, name)?)?.combinations(names),
            };
            faults.extend(self.strangers(key, &known));
        }
        Ok(faults)
    }

    fn find<'b>(&self, references: &'b [Artifact], name: &str) -> Checked<&'b Artifact> {
        let called = |artifact: &&Artifact| {
            artifact.resource.as_ref().is_some_and(|resource| resource["name"] == name)
        };
        references.iter().find(called).ok_or_else(|| {
            let message = format!("the foreign keys of `{}` refer to `{name}`", self.resource.name);
            let hint = format!("add `raw:{name}` to the stage's input `references`");
            vec![Diagnostic::contract(message).hint(hint)]
        })
    }

    /// The combinations of values that the columns `names` take.
    fn combinations(&self, names: &[String]) -> Known {
        let columns = self.positions(names);
        let texts = |row: &Row| columns.iter().map(|c| row.cells[*c].text.clone()).collect();
        self.whole_rows().map(|(_, row)| texts(row)).collect()
    }

    fn strangers(&self, key: &ForeignKey, known: &Known) -> Vec<Diagnostic> {
        let names: Vec<&str> = key.fields.list().iter().map(String::as_str).collect();
        let columns = self.positions(key.fields.list());
        let other = match key.reference.resource.as_str() {
            "" => self.resource.name.as_str(),
            name => name,
        };
        let mut faults = Vec::new();
        for (number, row) in self.whole_rows() {
            let texts: Vec<String> = columns.iter().map(|c| row.cells[*c].text.clone()).collect();
            if texts.iter().any(|text| self.missing(text)) || known.contains(&texts) {
                continue;
            }
            let (names, text) = (named("column", &names), texts.join("`, `"));
            let message = format!("row {number}, {names}: `{text}` is not in `{other}`");
            let place = self.csv.cell(&row.cells[columns[0]]);
            let mut fault = Diagnostic::contract(message).at(place);
            if let [text] = &texts[..] {
                let known: Vec<&str> = known.iter().map(|values| values[0].as_str()).collect();
                fault.hints.extend(did_you_mean(text, known));
            }
            faults.push(fault);
        }
        faults
    }
}

/// A noun with its names in backticks, in the plural where there are several.
fn named(noun: &str, names: &[&str]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("{noun}{plural} `{}`", names.join("`, `"))
}

/// The descriptor of a raw table.
fn resource(artifact: &Artifact) -> Checked<Resource> {
    let Some(value) = &artifact.resource else {
        let message = format!("`{}` has no schema", artifact.path);
        let hint = "declare it in the data package and refer to it as `raw:NAME`";
        return Err(vec![Diagnostic::contract(message).hint(hint)]);
    };
    let resource: Resource = serde_json::from_value(value.clone()).map_err(|error| {
        let message = format!("the descriptor of `{}` is wrong: {error}", artifact.path);
        vec![Diagnostic::contract(message)]
    })?;
    let schema = &resource.schema;
    let names: Vec<&str> = schema.fields.iter().map(|field| field.name.as_str()).collect();
    let own = schema.foreign_keys.iter().flat_map(|key| key.fields.list());
    for name in schema.primary_key.list().iter().chain(own) {
        if !names.contains(&name.as_str()) {
            let message = format!("a key of `{}` names the unknown field `{name}`", resource.name);
            let mut fault = Diagnostic::contract(message);
            fault.hints.extend(did_you_mean(name, names));
            return Err(vec![fault]);
        }
    }
    Ok(resource)
}
