//! Ordered arithmetic: the same bits on every machine.

pub mod stats;
pub mod random;
pub mod draw;

/// Every source of this crate.
pub const SOURCES: &[(&str, &str)] = &[
    ("crates/arithmetic/src/stats.rs", include_str!("stats.rs")),
    ("crates/arithmetic/src/random.rs", include_str!("random.rs")),
    ("crates/arithmetic/src/draw.rs", include_str!("draw.rs")),
];
