//! What `why` answers.

use std::collections::BTreeMap;

use engine::recipe::Change;
use engine::run::forecast::Verdict;
use serde::Serialize;

use super::causes::Cause;
use super::committed::Since;

/// An answer: plain data, as long as the list of stages that it speaks of.
#[derive(Serialize)]
pub(super) struct Answer {
    /// The stages that were asked for.
    pub(super) asked: Vec<String>,
    /// What it compares with.
    pub(super) since: Since,
    /// Whether nothing ever ran here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) first: bool,
    /// What somebody changed.
    pub(super) causes: Vec<Told>,
    /// The stages through which that reaches the asked ones, in order.
    pub(super) stages: Vec<Link>,
    /// Inputs of the asked stages that differ inside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) inputs: Vec<Told>,
    /// How many stages the store has no recipe of from before: of them only
    /// inputs were compared.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) partial: usize,
    #[serde(skip)]
    pub(super) web: Vec<Cause>,
    #[serde(skip)]
    pub(super) verdicts: BTreeMap<usize, Verdict>,
}

/// A change, in words and as the lines that differ inside.
#[derive(Clone, Serialize)]
pub(super) struct Told {
    #[serde(flatten)]
    pub(super) change: Change,
    pub(super) says: String,
    /// The stages whose recipes have it.
    pub(super) stages: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) details: Vec<String>,
}

/// A stage on the way.
#[derive(Serialize)]
pub(super) struct Link {
    pub(super) stage: String,
    pub(super) verdict: Verdict,
    pub(super) changes: Vec<Change>,
    /// The stages right before it that it is reached from.
    pub(super) because: Vec<String>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}
