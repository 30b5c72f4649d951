//! A study with one function of its own, and those that any study can use.

use std::process::ExitCode;

use cli::Study;
use engine::code::Source;

mod largest;

/// The files of this study that a function may name, and what decides about libraries.
const SOURCES: &[Source] = engine::sources!("src/": "largest.rs");
/// The lock tells their versions; that of this one is the repository's.
const BUILD: &[Source] = &[
    ("Cargo.toml", include_str!("../Cargo.toml")),
    ("Cargo.lock", include_str!("../../../Cargo.lock")),
];

const CODE: &[&[Source]] = &[
    SOURCES,
    account::SOURCES,
    arithmetic::SOURCES,
    engine::SOURCES,
    tables::SOURCES,
    typeset::SOURCES,
    BUILD,
];

const STUDY: Study = Study {
    functions: &[
        engine::function!(ingest: tables::ingest, tables::ingest::SOURCE, CODE),
        engine::function!(largest: largest, SOURCES[0], CODE),
        engine::function!(ledger: account::ledger, account::ledger::SOURCE, CODE),
    ],
    cells: tables::cells::read,
    env: &[("POLARS_MAX_THREADS", "4")],
    clear: &["POLARS_"],
    fonts: &[],
};

fn main() -> ExitCode {
    cli::main(&STUDY)
}
