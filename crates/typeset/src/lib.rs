//! Typesets: a Typst project held in memory becomes a PDF, the same bytes each time.
//!
//! It knows no disk, clock, network or installed font, and neither the engine nor tables.

use std::collections::BTreeMap;

use typst::diag::{SourceDiagnostic, Warned};
use typst::foundations::Datetime;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, Timestamp};

pub mod command;
pub mod problem;
mod world;

pub use problem::{Problem, Severity};

/// Every source of this crate, for whoever must know what its results depend on.
pub const SOURCES: &[(&str, &str)] = &[
    ("crates/typeset/src/lib.rs", include_str!("lib.rs")),
    ("crates/typeset/src/world.rs", include_str!("world.rs")),
    ("crates/typeset/src/problem.rs", include_str!("problem.rs")),
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
}

/// Typesets a project with the Typst that is compiled into this program.
///
/// The options are those of the command line's `typst compile` where it is given the
/// same date, so that both give the same bytes (`command`).
pub fn pdf(project: &Project) -> Result<Typeset, Vec<Problem>> {
    let midnight = midnight(project.date)?;
    let world = world::Files::new(project)?;
    let Warned { output, warnings } = typst::compile::<PagedDocument>(&world);
    let problems = |found: &[SourceDiagnostic]| {
        found.iter().map(|it| problem::of(&world, it)).collect::<Vec<_>>()
    };
    let document = output.map_err(|errors| problems(&errors))?;
    let options =
        PdfOptions { timestamp: Some(Timestamp::new_utc(midnight)), ..Default::default() };
    let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| problems(&errors))?;
    // What one document leaves in Typst's memory is of little use to the next.
    typst::comemo::evict(0);
    Ok(Typeset { pdf, pages: document.pages().len(), warnings: problems(&warnings) })
}

/// The version of the Typst that is compiled into this program.
pub fn version() -> &'static str {
    typst::utils::version().raw()
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
