//! A raw file to checked cells, and the one codec of tables.
//!
//! The modules stand in the order in which a file passes through them.

pub mod unpack;
pub mod encoding;
pub mod csv;
pub mod sheet;
pub mod faults;
pub mod calendar;
pub mod scalar;
pub mod field;
pub mod forms;
pub mod mistake;
pub mod meaning;
pub mod descriptor;
pub mod layout;
pub mod schema;
pub mod names;
pub mod raw;
pub mod export;
pub mod table;
pub mod cells;
pub mod ingest;

#[cfg(test)]
mod given;

/// Every source of this crate.
pub const SOURCES: &[engine::code::Source] = engine::sources!("crates/tables/src/":
    "unpack.rs", "encoding.rs", "csv.rs", "sheet.rs", "faults.rs", "calendar.rs", "scalar.rs",
    "field.rs", "forms.rs", "mistake.rs", "meaning.rs", "descriptor.rs", "layout/mod.rs",
    "layout/header.rs", "layout/observation.rs", "layout/world_bank.rs",
    "layout/un_migrant_stock.rs", "layout/sdmx.rs", "layout/app_store.rs", "schema.rs",
    "names.rs", "raw.rs", "export.rs", "table.rs", "cells.rs", "ingest.rs",
);
