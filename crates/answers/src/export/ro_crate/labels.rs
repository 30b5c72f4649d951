//! How labels are told.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::export::bundle::SYNTHETIC;

/// How labels are told: as keywords, with what is made up in words.
pub(super) fn labelled(entity: &mut Json, labels: &BTreeSet<String>) {
    if labels.is_empty() {
        return;
    }
    entity["keywords"] = json!(labels);
    if labels.contains(SYNTHETIC) {
        let about = entity["description"].as_str().unwrap_or("").to_string();
        entity["description"] = json!(format!("{about} (synthetic: made up, or made from that)"));
    }
}
