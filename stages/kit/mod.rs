//! What the functions of the study share; its text is part of each function's code.

use engine::function::Source;

pub mod unpack;
pub mod encoding;
pub mod csv;
pub mod sheet;
pub mod faults;
pub mod scalar;
pub mod field;
pub mod forms;
pub mod descriptor;
pub mod meaning;
pub mod schema;
pub mod raw;
pub mod names;
pub mod layout;
pub mod table;
pub mod json;
pub mod values;
pub mod stats;
pub mod pair;
pub mod size;
pub mod random;
pub mod draw;
pub mod target;
pub mod panel;
pub mod market;
pub mod lines;
pub mod export;
pub mod download;
pub mod candidate;
pub mod flow;
pub mod axis;
pub mod compare;
pub mod lineage;
pub mod ledger;
pub mod expression;
pub mod claims;
pub mod known;
pub mod words;

#[cfg(test)]
pub mod given;

/// Everything besides its own file that a function's results depend on.
pub const SOURCES: &[Source] = &[
    ("stages/kit/mod.rs", include_str!("mod.rs")),
    ("stages/kit/unpack.rs", include_str!("unpack.rs")),
    ("stages/kit/encoding.rs", include_str!("encoding.rs")),
    ("stages/kit/csv.rs", include_str!("csv.rs")),
    ("stages/kit/sheet.rs", include_str!("sheet.rs")),
    ("stages/kit/faults.rs", include_str!("faults.rs")),
    ("stages/kit/scalar.rs", include_str!("scalar.rs")),
    ("stages/kit/field.rs", include_str!("field.rs")),
    ("stages/kit/forms.rs", include_str!("forms.rs")),
    ("stages/kit/descriptor.rs", include_str!("descriptor.rs")),
    ("stages/kit/meaning.rs", include_str!("meaning.rs")),
    ("stages/kit/schema.rs", include_str!("schema.rs")),
    ("stages/kit/raw.rs", include_str!("raw.rs")),
    ("stages/kit/names.rs", include_str!("names.rs")),
    ("stages/kit/layout/mod.rs", include_str!("layout/mod.rs")),
    ("stages/kit/layout/world_bank.rs", include_str!("layout/world_bank.rs")),
    ("stages/kit/layout/un_migrant_stock.rs", include_str!("layout/un_migrant_stock.rs")),
    ("stages/kit/layout/sdmx.rs", include_str!("layout/sdmx.rs")),
    ("stages/kit/layout/app_store.rs", include_str!("layout/app_store.rs")),
    ("stages/kit/table.rs", include_str!("table.rs")),
    ("stages/kit/json.rs", include_str!("json.rs")),
    ("stages/kit/values.rs", include_str!("values.rs")),
    ("stages/kit/stats.rs", include_str!("stats.rs")),
    ("stages/kit/pair.rs", include_str!("pair.rs")),
    ("stages/kit/size.rs", include_str!("size.rs")),
    ("stages/kit/random.rs", include_str!("random.rs")),
    ("stages/kit/draw.rs", include_str!("draw.rs")),
    ("stages/kit/target.rs", include_str!("target.rs")),
    ("stages/kit/panel.rs", include_str!("panel.rs")),
    ("stages/kit/market.rs", include_str!("market.rs")),
    ("stages/kit/lines.rs", include_str!("lines.rs")),
    ("stages/kit/export.rs", include_str!("export.rs")),
    ("stages/kit/download.rs", include_str!("download.rs")),
    ("stages/kit/candidate.rs", include_str!("candidate.rs")),
    ("stages/kit/flow.rs", include_str!("flow.rs")),
    ("stages/kit/axis.rs", include_str!("axis.rs")),
    ("stages/kit/compare.rs", include_str!("compare.rs")),
    ("stages/kit/lineage.rs", include_str!("lineage.rs")),
    ("stages/kit/ledger.rs", include_str!("ledger.rs")),
    ("stages/kit/expression.rs", include_str!("expression.rs")),
    ("stages/kit/claims.rs", include_str!("claims.rs")),
    ("stages/kit/known.rs", include_str!("known.rs")),
    ("stages/kit/words.rs", include_str!("words.rs")),
    ("Cargo.toml", include_str!("../../Cargo.toml")),
    ("Cargo.lock", include_str!("../../Cargo.lock")),
];
