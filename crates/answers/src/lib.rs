//! What a ledger can answer: which numbers moved and why, and what rests on what.
//!
//! It reads bytes and gives plain data: it knows no terminal, no git, no store, and
//! nothing of how stages are run. The ledger of any study will do, whatever made it.

pub mod ledger;
pub mod printed;
pub mod moved;
pub mod diverged;
pub mod difference;
pub mod attached;
pub mod web;
pub mod places;
pub mod rows;
pub mod export;
pub mod pages;
