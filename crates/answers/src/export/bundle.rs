//! What an export speaks of: a study as its lock has it, with the digests of its files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::ledger::{Ledger, Stage};

/// What must not leave a project.
pub const LICENSED: &str = "licensed";

/// What is made up, and has to be said.
pub const SYNTHETIC: &str = "synthetic";

/// A study.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// Its name.
    pub name: String,
    /// Its title; the name where it has none.
    pub title: String,
    /// What it is about; may be empty.
    pub about: String,
    /// The version of the study that it states, or else the beginning of its lock's digest.
    pub version: String,
    /// The date of the edition.
    pub date: Option<String>,
    /// Who made it.
    pub authors: Vec<Author>,
    /// What allows its use.
    pub licences: Vec<Licence>,
    /// Where it is to be had.
    pub url: Option<String>,
    /// The version of the program.
    pub program: String,
    /// The parameters of the pipeline.
    pub params: BTreeMap<String, Json>,
    /// Its stages in an order in which they can run.
    pub steps: Vec<Step>,
    /// The sources that they read, as the data package describes them.
    pub sources: BTreeMap<String, Json>,
    /// Every file that it is made of, or that it makes.
    pub files: BTreeMap<String, File>,
    /// Its numbers, where it has a ledger.
    pub ledger: Option<Ledger>,
}

/// A person or an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The full name.
    pub name: String,
    /// Whether it is a person.
    pub is_person: bool,
    /// The ORCID without the address before it.
    pub orcid: Option<String>,
    /// The organisation of a person.
    pub affiliation: Option<String>,
    /// Where to find them.
    pub url: Option<String>,
}

/// A licence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Licence {
    /// Its address, or a name of ours where it has none.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it says, in a sentence.
    pub about: String,
}

/// A stage; of a matrix, one cell.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Its full name.
    pub name: String,
    /// Its name in the pipeline.
    pub group: String,
    /// What it makes, for readers.
    pub about: String,
    /// The line of `pipeline.yaml` that declares it.
    pub line: usize,
    /// What it was given and what it made.
    pub stage: Stage,
    /// The text of its function's own file.
    pub code: Option<String>,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// The BLAKE3 of its content, as the lock has it.
    pub blake3: String,
    /// Its size in bytes.
    pub size: u64,
    /// What is to be known of its origin.
    pub labels: BTreeSet<String>,
    /// What it is, in a sentence.
    pub about: String,
}

/// What a file of an export holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// This text.
    Text(String),
    /// What the file of the project at this path holds.
    Copy(String),
}

/// The files of an export by path.
pub type Contents = BTreeMap<String, Content>;

impl Bundle {
    /// The stage that makes a file, and the name that it has there.
    pub fn maker(&self, path: &str) -> Option<(&Step, &str)> {
        self.steps.iter().find_map(|step| {
            let mut outputs = step.stage.outputs.iter();
            let (name, _) = outputs.find(|(_, output)| output.path == path)?;
            Some((step, name.as_str()))
        })
    }

    /// The stage of a name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The outputs that end so, such as the reports.
    pub fn outputs(&self, ending: &str) -> Vec<&str> {
        let outputs = self.steps.iter().flat_map(|step| step.stage.outputs.values());
        outputs.map(|output| output.path.as_str()).filter(|path| path.ends_with(ending)).collect()
    }

    /// The stages from which the reports are made directly: what they show is drawn from
    /// these files.
    pub fn shown(&self) -> BTreeSet<&str> {
        let makes = |step: &&Step| step.stage.outputs.values().any(|it| it.path.ends_with(".pdf"));
        let inputs = self.steps.iter().filter(makes).flat_map(|step| step.stage.inputs.values());
        let made = inputs.flatten().filter(|input| input.maker().is_some());
        made.map(|input| input.path.as_str()).collect()
    }

    /// How many of some files are made up, wholly or in part.
    pub fn synthetic<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> usize {
        let files = paths.into_iter().filter_map(|path| self.files.get(path));
        files.filter(|file| file.labels.contains(SYNTHETIC)).count()
    }
}

impl Step {
    /// The program: the file of its function, or its command as somebody would type it.
    pub fn program(&self) -> String {
        match (&self.stage.code, &self.stage.cmd) {
            (Some(code), _) => code.clone(),
            (None, Some(command)) => command.join(" "),
            (None, None) => String::new(),
        }
    }

    /// What its program is called among those of the study.
    pub fn tool(&self) -> &str {
        self.stage.uses.as_deref().unwrap_or(&self.group)
    }
}
