//! What a document is made from, and what becomes of it.

use std::collections::BTreeMap;

use time::{Date, PrimitiveDateTime, Time};
use typst::foundations::Datetime;

use crate::claims::Claim;
use crate::places::{Figure, Printed};
use crate::problem::Problem;

/// Everything that a document is made from.
#[derive(Clone, Debug)]
pub struct Project {
    /// Every file by its path in the project, with forward slashes and none at the front.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The path of the main source.
    pub main: String,
    /// What the sources read as `sys.inputs`.
    pub inputs: BTreeMap<String, String>,
    /// The date of the document.
    pub date: Date,
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
    /// Each printing of a value, in reading order.
    pub values: Vec<Printed>,
    /// Figures and tables, in reading order.
    pub figures: Vec<Figure>,
}

/// The start of a day, as Typst has it.
pub(crate) fn midnight(day: Date) -> Datetime {
    Datetime::Datetime(PrimitiveDateTime::new(day, Time::MIDNIGHT))
}
