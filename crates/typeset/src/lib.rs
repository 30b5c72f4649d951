//! Typesets: a Typst project held in memory becomes a PDF, the same bytes each time.
//!
//! It knows no disk, clock, network or installed font, and neither the engine nor tables.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use typst::diag::{SourceDiagnostic, Warned};
use typst::foundations::Datetime;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

mod claims;
pub mod command;
mod limits;
mod numerals;
pub mod problem;
mod prose;
mod world;

pub use claims::Claim;
pub use numerals::{Naked, Numerals, numerals};
pub use problem::{Problem, Severity};

/// Every source of this crate, for whoever must know what its results depend on.
pub const SOURCES: &[(&str, &str)] = &[
    ("crates/typeset/src/lib.rs", include_str!("lib.rs")),
    ("crates/typeset/src/world.rs", include_str!("world.rs")),
    ("crates/typeset/src/limits.rs", include_str!("limits.rs")),
    ("crates/typeset/src/problem.rs", include_str!("problem.rs")),
    ("crates/typeset/src/claims.rs", include_str!("claims.rs")),
    ("crates/typeset/src/numerals.rs", include_str!("numerals.rs")),
    ("crates/typeset/src/prose.rs", include_str!("prose.rs")),
    ("crates/typeset/src/command.rs", include_str!("command.rs")),
];

/// Everything that a document is made from.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Every file by its path in the project, with forward slashes and none at the front.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The path of the main source.
    pub main: String,
    /// What the sources read as `sys.inputs`.
    pub inputs: BTreeMap<String, String>,
    /// The date of the document: year, month, day.
    pub date: (i32, u8, u8),
    /// The standards that the PDF keeps, such as `a-3a` and `ua-1`.
    pub standards: Vec<String>,
}

/// A finished document.
#[derive(Clone, Debug)]
pub struct Typeset {
    /// The PDF.
    pub pdf: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
    /// What the author should look at, though it was no obstacle.
    pub warnings: Vec<Problem>,
    /// The words that are true only under a condition, in reading order.
    pub claims: Vec<Claim>,
    /// How many times a value is printed.
    pub values: usize,
}

/// Typesets a project with the Typst that is compiled into this program.
///
/// The options are those of the command line's `typst compile` where it is given the
/// same date, so that both give the same bytes (`command`).
pub fn pdf(project: &Project) -> Result<Typeset, Vec<Problem>> {
    let midnight = midnight(project.date)?;
    let standards = standards(&project.standards)?;
    limits::check(project)?;
    limits::roomy(|| export(project, midnight, standards))
}

fn export(
    project: &Project,
    midnight: Datetime,
    standards: PdfStandards,
) -> Result<Typeset, Vec<Problem>> {
    let (world, document, mut made) = lay_out(project)?;
    let options = PdfOptions {
        timestamp: Some(Timestamp::new_utc(midnight)),
        standards,
        ..Default::default()
    };
    made.pdf = typst_pdf::pdf(&document, &options).map_err(|errors| problems(&world, &errors))?;
    // What the last documents left in Typst's memory spares most of the work of the next,
    // where one process sets several; older things go.
    typst::comemo::evict(4);
    Ok(made)
}

/// Lays a project out in pages and reads what they say; there is no PDF yet.
fn lay_out(project: &Project) -> Result<(world::Files, PagedDocument, Typeset), Vec<Problem>> {
    let world = world::Files::new(project)?;
    let Warned { output, warnings } = typst::compile::<PagedDocument>(&world);
    let document = output.map_err(|errors| problems(&world, &errors))?;
    let made = Typeset {
        pdf: Vec::new(),
        pages: document.pages().len(),
        warnings: problems(&world, &warnings),
        claims: claims::claims(&world, &document),
        values: claims::count(&document, "value-use"),
    };
    Ok((world, document, made))
}

fn problems(world: &world::Files, found: &[SourceDiagnostic]) -> Vec<Problem> {
    found.iter().map(|it| problem::of(world, it)).collect()
}

/// The version of the Typst that is compiled into this program.
pub fn version() -> &'static str {
    typst::utils::version().raw()
}

/// Standards by name, or what is wrong with them.
fn standards(names: &[String]) -> Result<PdfStandards, Vec<Problem>> {
    let mut list = Vec::new();
    for name in names {
        // Typst's own names: those of its command line.
        let read = StrDeserializer::<serde::de::value::Error>::new(name);
        list.push(PdfStandard::deserialize(read).map_err(|_| {
            let problem = Problem::new(format!("there is no PDF standard `{name}`"));
            vec![problem.hint("write one such as `a-3a`, `a-2b`, `ua-1` or `1.7`")]
        })?);
    }
    PdfStandards::new(&list).map_err(|error| {
        let problem = Problem::new(error.message().to_string());
        vec![error.hints().iter().fold(problem, |problem, hint| problem.hint(hint.as_str()))]
    })
}

/// The start of a day, or what is wrong with it.
fn midnight((year, month, day): (i32, u8, u8)) -> Result<Datetime, Vec<Problem>> {
    Datetime::from_ymd_hms(year, month, day, 0, 0, 0).ok_or_else(|| {
        let message = format!("there is no day {year:04}-{month:02}-{day:02}");
        vec![Problem::new(message).hint("write a date of the calendar as year, month, day")]
    })
}

#[cfg(test)]
mod tests;
