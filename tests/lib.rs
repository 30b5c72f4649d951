//! The study and the program together, as an author, a reviewer and CI meet them.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests read files and run programs, and may stop wherever they are surprised"
)]

// A copy of the project, and the program at work in it; no tests of its own but of itself.
mod space;
// What an author does to the real study, and what has to come of it.
mod story;
// A new release of a raw table: what runs, what moves, and the way back.
mod update;
// The study verified: the checkout, and the PDF with nothing else.
mod verify;
// Raw data that breaks its contract, and mistakes in the pipeline: codes, words, nothing touched.
mod refusal;
// What has no end or no sense: limits, and the messages that name them.
mod limits;
// Words and numbers of the report, held to the values.
mod words;
// Whatever could make the same inputs give other bytes.
mod determinism;
// The report set by an installed `typst` instead of the embedded one.
mod renderer;
// What the data says, held against the published figures and against the raw files.
mod data;
// The licensed panel in place of its stand-in.
mod licensed;
// Each command of the docs is run.
mod docs;
// The examples are what their pages say.
mod examples;
// The schema of the pipeline, held to it by a validator that is not ours.
mod schema;
// House rules on the form of files.
mod tidy;
// Who may know whom: crates, stages, and what counts as a function's code.
mod edges;
// What the dependencies may be licensed under, and where they may come from.
mod licences;
// Arrows within a crate: no file and no room imports from itself by way of others.
mod house;
