//! An axis of a drawing: what it shows, in which unit, and on which scale.

use serde::Serialize;

/// An axis.
#[derive(Serialize)]
pub struct Axis {
    /// What it shows.
    pub label: String,
    /// The unit.
    pub unit: &'static str,
    /// Whether the scale is logarithmic.
    pub log: bool,
}
