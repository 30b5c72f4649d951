//! What became of one claim or check.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::claims::{Comparator, Status};
use crate::known::Computed;
use crate::numerals::shown;

/// What became of one claim or check.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) claim: String,
    pub(crate) section: String,
    pub(crate) counts: String,
    pub(crate) unit: String,
    pub(crate) comparator: Comparator,
    pub(crate) published: f64,
    pub(crate) published_text: String,
    pub(crate) evidence: String,
    pub(crate) status: Status,
    pub(crate) computed: Option<f64>,
    pub(crate) computed_text: Option<String>,
    /// Computed less published, where they differ.
    pub(crate) difference: Option<f64>,
    pub(crate) difference_text: Option<String>,
    /// What public data say of the same thing where the claim is not checkable.
    pub(crate) nearest: Option<f64>,
    pub(crate) nearest_text: Option<String>,
    pub(crate) missing: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) effect: Option<String>,
    /// The values that it was computed from.
    pub(crate) values: BTreeSet<String>,
}

impl Outcome {
    /// What the numbers alone decide; the caller adds what stands in the file.
    pub(crate) fn settled(
        status: Status,
        computed: Option<Computed>,
        due: f64,
        places: usize,
    ) -> Self {
        let number = computed.as_ref().map(|computed| computed.number);
        let difference = number.filter(|_| status == Status::Differs).map(|number| number - due);
        Outcome {
            claim: String::new(),
            section: String::new(),
            counts: String::new(),
            unit: String::new(),
            comparator: Comparator::Equal,
            published: due,
            published_text: String::new(),
            evidence: String::new(),
            status,
            computed: number,
            computed_text: number.map(|number| shown(number, places)),
            difference,
            difference_text: difference.map(|number| shown(number, places)),
            nearest: None,
            nearest_text: None,
            missing: None,
            reason: None,
            effect: None,
            values: computed.map(|computed| computed.names).unwrap_or_default(),
        }
    }

    pub(crate) fn numbers(&self) -> String {
        let computed = self.computed_text.as_deref().unwrap_or("nothing");
        format!("stated {}, computed {computed} {}", self.published_text, self.unit)
    }
}
