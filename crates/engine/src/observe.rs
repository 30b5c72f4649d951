//! What a run tells while it goes on. The engine itself never prints.

use serde::Serialize;

use crate::diagnostic::Diagnostic;

/// Someone who is told.
pub trait Observer: Sync {
    /// Something happened.
    fn event(&self, event: Event);
}

/// What happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run begins.
    Begun {
        /// How many stages it looks at.
        stages: usize,
    },
    /// A stage's recipe is known and it has to run.
    Started {
        /// The stage.
        stage: String,
        /// How long it took the last time, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        expected: Option<f64>,
    },
    /// A stage is up to date.
    Finished {
        /// The stage.
        stage: String,
        /// How it came to be so.
        how: How,
        /// How long it took, in seconds; zero unless it ran.
        seconds: f64,
        /// What its function says of the result, if it ran and says something.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A stage failed.
    Failed {
        /// The stage.
        stage: String,
        /// How long it took, in seconds.
        seconds: f64,
        /// What is wrong.
        diagnostics: Vec<Diagnostic>,
    },
    /// A stage was not tried, because of a failure or a signal.
    Skipped {
        /// The stage.
        stage: String,
    },
    /// A result was put in place.
    Published {
        /// Its path.
        path: String,
    },
    /// Something that the user should know.
    Noted {
        /// What.
        diagnostic: Diagnostic,
    },
}

/// How a stage came to be up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Its result was known.
    Cached,
    /// It ran.
    Ran,
}
