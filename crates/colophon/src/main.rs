//! The program for every study: the functions that any study can use, and none of its own.

use std::process::ExitCode;

use cli::Study;
use engine::code::Source;
use engine::function::Function;

/// What decides about the libraries that all functions are built with.
const BUILD: &[Source] = &[
    ("Cargo.toml", include_str!("../../../Cargo.toml")),
    ("Cargo.lock", include_str!("../../../Cargo.lock")),
];

/// Everything that a function may name.
const CODE: &[&[Source]] =
    &[account::SOURCES, engine::SOURCES, tables::SOURCES, typeset::SOURCES, BUILD];

/// A function: a file of a crate.
macro_rules! function {
    ($crate_name:ident :: $name:ident) => {
        engine::function!($name: $crate_name::$name, $crate_name::$name::SOURCE, CODE)
    };
}

/// The number of threads of polars is fixed, so that nothing can come to depend on
/// that of the machine.
const STUDY: Study = Study {
    functions: &[
        Function {
            check: Some(tables::ingest::check),
            enters: Some(tables::layout::enters),
            ..function!(tables::ingest)
        },
        function!(account::audit),
        function!(account::ledger),
        function!(account::manifest),
        function!(account::report),
    ],
    cells: tables::cells::read,
    env: &[("POLARS_MAX_THREADS", "4")],
    clear: &["POLARS_"],
    fonts: &[],
};

fn main() -> ExitCode {
    cli::main(&STUDY)
}
