//! What the functions of the study share; its text is part of each function's code.

use engine::function::Source;

pub mod csv;
pub mod schema;
pub mod raw;
pub mod table;
pub mod json;
pub mod values;
pub mod stats;
pub mod pair;
pub mod size;

#[cfg(test)]
pub mod given;

/// Everything besides its own file that a function's results depend on.
pub const SOURCES: &[Source] = &[
    ("stages/kit/mod.rs", include_str!("mod.rs")),
    ("stages/kit/csv.rs", include_str!("csv.rs")),
    ("stages/kit/schema.rs", include_str!("schema.rs")),
    ("stages/kit/raw.rs", include_str!("raw.rs")),
    ("stages/kit/table.rs", include_str!("table.rs")),
    ("stages/kit/json.rs", include_str!("json.rs")),
    ("stages/kit/values.rs", include_str!("values.rs")),
    ("stages/kit/stats.rs", include_str!("stats.rs")),
    ("stages/kit/pair.rs", include_str!("pair.rs")),
    ("stages/kit/size.rs", include_str!("size.rs")),
    ("Cargo.toml", include_str!("../../Cargo.toml")),
    ("Cargo.lock", include_str!("../../Cargo.lock")),
    ("architecture", std::env::consts::ARCH),
    ("system", std::env::consts::OS),
];
