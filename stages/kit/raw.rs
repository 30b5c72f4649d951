//! A raw table with its descriptor, and the rules that concern whole columns: its keys.

use std::collections::{BTreeMap, BTreeSet};

use engine::diagnostic::{Checked, Diagnostic, Place, did_you_mean};
use engine::function::Artifact;

use super::csv::{Csv, Row};
use super::names::{Economies, Names, RESOURCE};
use super::schema::{Field, ForeignKey, Resource};
use super::{sheet, unpack};

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
        let layout = resource.dialect.layout.as_ref();
        let csv = match layout.and_then(|layout| layout.sheet()) {
            Some(sheet) => sheet::read(artifact, sheet)?,
            None => {
                let bytes = unpack::bytes(artifact)?;
                Csv::read(&artifact.path, bytes, resource.dialect.delimiter)?
            }
        };
        Ok(Raw { resource, csv })
    }

    /// Turns a provider's layout into rows of the schema. The names of
    /// countries and the economies that are kept are among the `references`.
    pub fn laid_out(mut self, references: &[Artifact]) -> Checked<Self> {
        let Some(layout) = self.resource.dialect.layout.clone() else { return Ok(self) };
        if self.csv.rows.is_empty() {
            return Err(vec![empty(&self.csv)]);
        }
        let names = Names::read(&Raw::open(self.find(references, RESOURCE, "the layout")?)?)?;
        let kept = match layout.economies() {
            None => None,
            Some(name) => {
                let table = Raw::open(self.find(references, name, "the layout")?)?;
                let codes = table.combinations(&["iso3".to_string()]);
                Some(codes.into_iter().flatten().collect())
            }
        };
        let mut economies = Economies::new(names, kept);
        let rows = layout.rows(&self.csv, &self.resource, &mut economies);
        let strange = economies.fault();
        match (rows, strange) {
            (Ok(rows), None) => self.csv.rows = rows,
            (Ok(_), Some(fault)) => return Err(vec![fault]),
            (Err(faults), fault) => return Err(faults.into_iter().chain(fault).collect()),
        }
        Ok(self)
    }

    /// The columns in their order.
    pub fn fields(&self) -> &[Field] {
        &self.resource.schema.fields
    }

    /// The rows after the header, counted as a spreadsheet does.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &Row)> {
        self.csv.rows.iter().skip(1).map(|row| (row.number, row))
    }

    /// The same, less those with too few or too many cells.
    pub fn whole_rows(&self) -> impl Iterator<Item = (usize, &Row)> {
        self.rows().filter(|(_, row)| row.cells.len() == self.fields().len())
    }

    /// The places of some columns, less those that the table does not have.
    pub fn positions(&self, names: &[String]) -> Vec<usize> {
        let position = |name: &String| self.fields().iter().position(|f| f.name == *name);
        names.iter().filter_map(position).collect()
    }

    /// Whether a text stands for a missing value.
    pub fn missing(&self, text: &str) -> bool {
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
            faults.push(Diagnostic::contract(message).at(place).hint("keep one of the two rows"));
        }
        faults
    }

    /// Rows that give some of the fields that go together, and lack others.
    pub fn together_faults(&self) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for columns in self.resource.schema.together.iter().map(|names| self.positions(names)) {
            for (number, row) in self.whole_rows() {
                let lacks = |column: &&usize| self.missing(&row.cells[**column].text);
                let name = |column: &usize| &self.fields()[*column].name;
                let Some(given) = columns.iter().find(|column| !lacks(column)) else { continue };
                for column in columns.iter().filter(lacks) {
                    let (name, given) = (name(column), name(given));
                    let message = format!(
                        "row {number}, column `{name}`: a value is required, as `{given}` has one"
                    );
                    let fault = Diagnostic::contract(message);
                    let fault = fault.at(self.csv.cell(&row.cells[*column]));
                    faults.push(fault.hint(format!("give it, or empty `{given}` too")));
                }
            }
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
                name => {
                    let table = self.find(references, name, "the foreign keys")?;
                    Raw::open(table)?.combinations(names)
                }
            };
            faults.extend(self.strangers(key, &known));
        }
        Ok(faults)
    }

    /// A raw table that a part of this one's description refers to.
    fn find<'b>(
        &self,
        references: &'b [Artifact],
        name: &str,
        part: &str,
    ) -> Checked<&'b Artifact> {
        let called = |artifact: &&Artifact| {
            artifact.resource.as_ref().is_some_and(|resource| resource["name"] == name)
        };
        references.iter().find(called).ok_or_else(|| {
            let verb = if part.ends_with('s') { "refer" } else { "refers" };
            let message = format!("{part} of `{}` {verb} to `{name}`", self.resource.name);
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

/// The fault of a file without a row.
pub fn empty(csv: &Csv) -> Diagnostic {
    let fault = Diagnostic::contract("the file is empty").at(csv.whole());
    fault.hint("put the table back, with its header")
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
    let own = own.chain(schema.together.iter().flatten());
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
