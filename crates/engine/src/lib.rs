//! Computes: reads a pipeline, plans it, runs it and remembers every result.
//!
//! It knows no column, frame or terminal: it never prints, never exits, and
//! reads no environment but what it is handed. The modules stand in the order
//! in which a newcomer should read them, and each knows none that comes after it.

// What is said, and how things are named.
pub mod diagnostic;
pub mod plain;
pub mod words;
pub mod calendar;
pub mod digest;
pub mod code;
pub mod function;
pub mod given;
pub mod observe;

// Files that people write.
pub mod yaml;
pub mod shape;

// What is the program's own, whoever wrote the project.
mod own;
mod scratch;
mod seal;
mod durable;

// The files of a project: those that are there, and those that are made.
pub mod files;
mod outputs;

// What decides a result, and where results live.
pub mod recipe;
pub mod store;
pub mod lock;
pub mod state;

// From `pipeline.yaml` to a plan.
mod tree;
pub mod plan;

// A checkout: what its stages are made from, and whether they are up to date.
mod lineage;
pub mod project;
pub mod resolve;
pub mod compiled;
pub mod witness;
pub mod since;

// Doing it.
mod publish;
pub mod run;

/// The sources of the engine that may decide what a function makes. The others
/// only hand over what a function is given, and take what it gives.
pub const SOURCES: &[code::Source] = sources!("crates/engine/src/":
    "calendar.rs", "digest.rs", "words.rs", "yaml.rs", "yaml/parse.rs", "yaml/written.rs",
);
