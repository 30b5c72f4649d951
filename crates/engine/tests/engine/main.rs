//! The engine over toy functions: whatever happens between two runs, the next
//! one has the same bytes as a run from scratch, and runs nothing in vain.

#![expect(clippy::unwrap_used, reason = "a test may end by a panic")]

/// A project of small text functions that can be edited, damaged and killed.
mod toy;

/// What functions find in the descriptions of sources before anything runs.
mod descriptions;

/// Random histories of edits, damage and kills.
mod history;

/// What moves a key and what does not.
mod keys;

/// A lock that was written on another kind of machine.
mod platform;

/// Edits while a run goes on.
mod meanwhile;

/// The shortcut of a run with nothing to do.
mod witness;

/// Runs that end early.
mod ends;
