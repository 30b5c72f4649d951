//! The account of numbers: what stages report, and what is said and printed of it.

pub mod json;
pub mod numerals;
pub mod values;
pub mod record;
pub mod lineage;
pub mod expression;
pub mod known;
pub mod claims;
mod outcome;
pub mod audit;
pub mod ledger;
pub mod reading;
pub mod manifest;
pub mod pages;
pub mod report;

/// Every source of this crate.
pub const SOURCES: &[engine::code::Source] = engine::sources!("crates/account/src/":
    "json.rs", "numerals.rs", "values.rs", "record.rs", "lineage.rs", "expression.rs", "known.rs",
    "claims.rs", "outcome.rs", "audit.rs", "ledger.rs", "reading.rs", "manifest.rs", "pages.rs",
    "report.rs",
);
