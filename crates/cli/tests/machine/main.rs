//! The machine as its users see it: projects in temporary folders, commands on
//! the command line, and what comes of them.

#![expect(clippy::unwrap_used, reason = "a test may stop wherever it is surprised")]

mod annotate;
mod cache;
mod claims;
mod commands;
mod completions;
mod damage;
mod diff;
mod disk;
mod docs;
mod durable;
mod errors;
mod export;
mod failures;
mod history;
mod kill;
mod limits;
mod links;
mod lock;
mod logs;
mod mistakes;
mod outputs;
mod params;
mod plain;
mod private;
mod references;
mod rules;
mod schema;
mod shapes;
mod shortcut;
mod show;
mod signals;
mod site;
mod space;
mod stranger;
mod templates;
mod trace;
mod usage;
mod verbs;
mod verify;
mod watch;
mod why;
