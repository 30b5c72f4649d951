//! Computes: reads a pipeline, plans it, runs it and remembers every result.
//!
//! It knows no column, frame or terminal: it never prints, never exits, and
//! reads no environment but what it is handed. The modules stand in the order
//! in which a newcomer should read them.

// What is said, and how things are named.
pub mod diagnostic;
pub mod plain;
pub mod words;
pub mod digest;
mod code;
pub mod function;
pub mod given;

// From `pipeline.yaml` to a plan.
pub mod yaml;
pub mod shape;
pub mod pipeline;
pub mod schema;
pub mod source;
mod template;
mod tree;
pub mod reference;
pub mod options;
mod shell;
mod draft;
mod labels;
mod outputs;
mod order;
pub mod plan;

// What is the program's own, whoever wrote the project.
mod own;

// What decides a result, and where results live.
pub mod recipe;
pub mod files;
mod scratch;
pub mod store;
mod writer;
pub mod gc;

// A checkout and what it remembers.
pub mod project;
mod lineage;
pub mod lock;
pub mod state;
pub mod compiled;
pub mod witness;

// Doing it.
pub mod observe;
pub mod forecast;
pub mod since;
mod stream;
pub mod supervise;
mod process;
mod workplace;
pub mod logs;
mod failure;
mod execute;
mod publish;
pub mod run;
pub mod session;

/// The sources of the engine that may decide what a function makes. The others
/// only hand over what a function is given, and take what it gives.
pub const SOURCES: &[function::Source] = sources!("crates/engine/src/":
    "digest.rs", "words.rs", "yaml.rs", "yaml/written.rs",
);
