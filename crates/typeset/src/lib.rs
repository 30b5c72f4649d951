//! Typesets: a Typst project held in memory becomes a PDF, the same bytes each time.
//!
//! It knows no disk, clock, network or installed font, and neither the engine nor tables.

pub mod problem;
mod prose;
pub mod numerals;
pub mod claims;
pub mod places;
pub mod project;
mod limits;
mod world;
pub mod document;
pub mod command;

#[cfg(test)]
mod tests;

/// Every source of this crate, for whoever must know what its results depend on.
pub const SOURCES: &[(&str, &str)] = &[
    ("crates/typeset/src/project.rs", include_str!("project.rs")),
    ("crates/typeset/src/document.rs", include_str!("document.rs")),
    ("crates/typeset/src/world.rs", include_str!("world.rs")),
    ("crates/typeset/src/limits.rs", include_str!("limits.rs")),
    ("crates/typeset/src/problem.rs", include_str!("problem.rs")),
    ("crates/typeset/src/claims.rs", include_str!("claims.rs")),
    ("crates/typeset/src/places.rs", include_str!("places.rs")),
    ("crates/typeset/src/numerals.rs", include_str!("numerals.rs")),
    ("crates/typeset/src/prose.rs", include_str!("prose.rs")),
    ("crates/typeset/src/command.rs", include_str!("command.rs")),
];
