//! A raw table with its descriptor, and the rules that concern whole columns: its keys.

use std::collections::{BTreeMap, BTreeSet};

use engine::diagnostic::{Checked, Diagnostic, Kind, did_you_mean};
use engine::function::Artifact;
use engine::words::brief;

use crate::csv::{Csv, Row};
use crate::faults::Faults;
use crate::field::Field;
use crate::names::{Economies, Names, RESOURCE};
use crate::scalar::Key;
use crate::schema::{ForeignKey, Resource};
use crate::sheet;
use crate::unpack;

/// A raw table.
pub struct Raw<'a> {
    /// Its descriptor.
    pub resource: Resource,
    /// Its text.
    pub csv: Csv<'a>,
}

impl<'a> Raw<'a> {
    /// Reads a raw table as its descriptor says.
    pub fn open(artifact: &'a Artifact) -> Checked<Self> {
        let resource = Resource::of(artifact)?;
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
        if let Some(fault) = self.csv.empty() {
            return Err(vec![fault]);
        }
        let table = Raw::open(self.find(references, RESOURCE, "the layout")?)?;
        let names = Names::read(&table.csv, table.fields())?;
        let kept = match layout.economies() {
            None => None,
            Some(name) => {
                let table = Raw::open(self.find(references, name, "the layout")?)?;
                Some(table.texts("iso3"))
            }
        };
        let mut economies = Economies::new(names, kept);
        let rows = layout.rows(&self.csv, self.fields(), &mut economies);
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

    /// The texts of a column.
    fn texts(&self, name: &str) -> BTreeSet<String> {
        let columns = self.positions(&[name.to_string()]);
        let texts = |row: &Row| columns.first().map(|column| row.cells[*column].text.clone());
        self.whole_rows().filter_map(|(_, row)| texts(row)).collect()
    }

    /// The columns of the primary key; all of them where there is none.
    pub fn key(&self) -> Vec<usize> {
        match &self.positions(self.resource.schema.primary_key.list())[..] {
            [] => (0..self.fields().len()).collect(),
            key => key.to_vec(),
        }
    }

    /// Values that occur twice where they must not.
    pub fn unique_faults(&self, faults: &mut Faults) {
        let key = self.key();
        self.repeated(&key, true, faults);
        let single = self.fields().iter().enumerate().filter(|(_, f)| f.constraints.unique);
        let single = single.map(|(column, _)| vec![column]);
        let several = self.resource.schema.unique_keys.iter().map(|names| self.positions(names));
        for columns in single.chain(several).filter(|columns| *columns != key) {
            self.repeated(&columns, false, faults);
        }
    }

    /// Rows that repeat an earlier row in `columns`; missing values repeat
    /// nothing unless the columns are the `key`.
    fn repeated(&self, columns: &[usize], key: bool, faults: &mut Faults) {
        let mut seen: BTreeMap<Vec<Key>, (usize, &Row)> = BTreeMap::new();
        let mut found = faults.none();
        let texts = |row: &Row| {
            let texts: Vec<_> =
                columns.iter().map(|c| brief(&row.cells[*c].text).into_owned()).collect();
            texts.join("`, `")
        };
        for (number, row) in self.whole_rows() {
            let values: Vec<Key> =
                columns.iter().map(|c| self.fields()[*c].key(&row.cells[*c].text)).collect();
            if !key && values.contains(&Key::Missing) {
                continue;
            }
            let Some((first, before)) = seen.get(&values).copied() else {
                seen.insert(values, (number, row));
                continue;
            };
            found.add(|| {
                let message = if columns.len() == self.fields().len() {
                    format!("row {number} repeats row {first}")
                } else {
                    let names: Vec<&str> =
                        columns.iter().map(|c| self.fields()[*c].name.as_str()).collect();
                    let (names, text, other) = (named("column", &names), texts(row), texts(before));
                    let other =
                        if text == other { String::new() } else { format!(", as `{other}`") };
                    format!("row {number}, {names}: `{text}` is in row {first} too{other}")
                };
                let place = self.csv.cell(&row.cells[columns[0]]);
                Diagnostic::contract(message).at(place).hint("keep one of the two rows")
            });
        }
        faults.join(found);
    }

    /// Rows that give some of the fields that go together, and lack others.
    pub fn together_faults(&self, faults: &mut Faults) {
        let mut found = faults.none();
        for columns in self.resource.schema.together.iter().map(|names| self.positions(names)) {
            for (number, row) in self.whole_rows() {
                let lacks =
                    |column: &&usize| self.fields()[**column].missing(&row.cells[**column].text);
                let name = |column: &usize| &self.fields()[*column].name;
                let Some(given) = columns.iter().find(|column| !lacks(column)) else { continue };
                for column in columns.iter().filter(lacks) {
                    found.add(|| {
                        let (name, given) = (name(column), name(given));
                        let message = format!(
                            "row {number}, column `{name}`: a value is required, \
                             as `{given}` has one"
                        );
                        let fault = Diagnostic::contract(message);
                        let fault = fault.at(self.csv.cell(&row.cells[*column]));
                        fault.hint(format!("give it, or empty `{given}` too"))
                    });
                }
            }
        }
        faults.join(found);
    }

    /// Values of foreign keys that the tables they refer to do not have.
    pub fn foreign_faults(&self, references: &[Artifact], faults: &mut Faults) -> Checked<()> {
        for key in &self.resource.schema.foreign_keys {
            match key.reference.resource.as_str() {
                "" => self.strangers(key, self, faults)?,
                name if name == self.resource.name => self.strangers(key, self, faults)?,
                name => {
                    let table = self.find(references, name, "the foreign keys")?;
                    self.strangers(key, &Raw::open(table)?, faults)?;
                }
            }
        }
        Ok(())
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

    /// Values of a foreign key that another table does not have. Values of one
    /// type are compared as such, others as they are written.
    fn strangers(&self, key: &ForeignKey, other: &Raw, faults: &mut Faults) -> Checked<()> {
        let names: Vec<&str> = key.fields.list().iter().map(String::as_str).collect();
        let columns = self.positions(key.fields.list());
        let there = other.positions(key.reference.fields.list());
        if let Some(name) = key.reference.fields.list().iter().find(|name| !other.has(name)) {
            let (own, other) = (&self.resource.name, &other.resource.name);
            let message =
                format!("a foreign key of `{own}` names the unknown field `{name}` of `{other}`");
            return Err(vec![Diagnostic::new(Kind::Usage, message).hint("name one of its fields")]);
        }
        let alike: Vec<bool> = (columns.iter().zip(&there))
            .map(|(a, b)| self.fields()[*a].kind == other.fields()[*b].kind)
            .collect();
        let other_name = other.resource.name.as_str();
        let known: BTreeSet<Vec<Key>> =
            other.whole_rows().map(|(_, row)| other.values(row, &there, &alike)).collect();
        let mut found = faults.none();
        for (number, row) in self.whole_rows() {
            let values = self.values(row, &columns, &alike);
            if values.contains(&Key::Missing) || known.contains(&values) {
                continue;
            }
            found.add(|| {
                let texts: Vec<_> = columns.iter().map(|c| brief(&row.cells[*c].text)).collect();
                let (names, text) = (named("column", &names), texts.join("`, `"));
                let message = format!("row {number}, {names}: `{text}` is not in `{other_name}`");
                let place = self.csv.cell(&row.cells[columns[0]]);
                let mut fault = Diagnostic::contract(message).at(place);
                if let ([text], [column]) = (&texts[..], &there[..])
                    && known.len() <= NEAR
                {
                    let known: BTreeSet<&str> = (other.whole_rows())
                        .map(|(_, row)| row.cells[*column].text.as_str())
                        .collect();
                    fault.hints.extend(did_you_mean(text, known));
                }
                fault
            });
        }
        faults.join(found);
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.fields().iter().any(|field| field.name == name)
    }

    /// What a row holds in some columns: values, or texts where it is not `typed`.
    fn values<'b>(&self, row: &'b Row, columns: &[usize], typed: &[bool]) -> Vec<Key<'b>> {
        let value = |(column, typed): (&usize, &bool)| {
            let (field, text) = (&self.fields()[*column], row.cells[*column].text.as_str());
            match typed {
                false if !field.missing(text) => Key::Text(text),
                _ => field.key(text),
            }
        };
        columns.iter().zip(typed).map(value).collect()
    }
}

/// Of more names than this, none is looked for that may have been meant.
const NEAR: usize = 10_000;

/// A noun with its names in backticks, in the plural where there are several.
fn named(noun: &str, names: &[&str]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("{noun}{plural} `{}`", names.join("`, `"))
}

#[cfg(test)]
mod tests;
