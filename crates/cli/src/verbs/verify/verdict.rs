//! What was proved, what was found, and the one line that says so.

use serde::Serialize;
use serde_json::{Value, json};

/// The answer of `verify`.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// What was proved, a level each.
    pub(super) proved: Vec<Proof>,
    /// Everything that is not as it should be.
    pub(super) findings: Vec<Finding>,
    /// The digest that stands for all of it, and what it is the digest of.
    pub(super) root: String,
}

/// What a level has proved.
#[derive(Debug, Serialize)]
pub(super) struct Proof {
    pub(super) level: u8,
    /// In a sentence.
    pub(super) what: String,
}

/// Something that is not as it should be.
#[derive(Debug, Default, Serialize)]
pub(super) struct Finding {
    /// The level that found it.
    pub(super) level: u8,
    /// The stage whose result it is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    /// In a sentence.
    pub(super) what: String,
    /// What differs inside: rows and columns, pages, bytes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) details: Vec<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hints: Vec<String>,
}

impl Finding {
    pub(super) fn new(level: u8, what: impl Into<String>) -> Self {
        Finding { level, what: what.into(), ..Finding::default() }
    }

    /// The same, of a file.
    #[must_use]
    pub(super) fn path(mut self, path: &str) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same, of a stage.
    #[must_use]
    pub(super) fn stage(mut self, stage: &str) -> Self {
        self.stage = Some(stage.into());
        self
    }

    /// The same, with what differs inside.
    #[must_use]
    pub(super) fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// The same, with what to do about it.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// Of what stands on one line each, so many lines are told; JSON has them all.
const SHOWN: usize = 20;

impl Verdict {
    /// Whether nothing was found.
    pub(super) fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    /// Notes what a level proved, or what it found.
    pub(super) fn note(&mut self, level: u8, what: impl Into<String>, found: Vec<Finding>) {
        match found.is_empty() {
            true => self.proved.push(Proof { level, what: what.into() }),
            false => self.findings.extend(found),
        }
    }

    /// The last line.
    pub(super) fn line(&self) -> String {
        match (self.findings.first(), self.proved.last()) {
            (Some(first), _) => format!("not verified: level {}: {}", first.level, first.what),
            (None, Some(last)) => {
                format!("verified at level {}: {} ({})", last.level, self.root, last.what)
            }
            (None, None) => "not verified: nothing was looked at".into(),
        }
    }

    /// The answer as text, a line each.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for Proof { level, what } in &self.proved {
            text.push_str(&format!("level {level}: {what}\n"));
        }
        for finding in self.findings.iter().take(SHOWN) {
            text.push_str(&format!("level {}: {}\n", finding.level, finding.what));
            for detail in &finding.details {
                text.push_str(&format!("  | {detail}\n"));
            }
            for hint in &finding.hints {
                text.push_str(&format!("  hint: {hint}\n"));
            }
        }
        if let Some(more @ 1..) = self.findings.len().checked_sub(SHOWN) {
            text.push_str(&format!("and {more} more; `--json` has them all\n"));
        }
        text + &self.line() + "\n"
    }

    /// The answer for programs.
    pub(super) fn json(&self) -> Value {
        json!({
            "verified": self.holds(),
            "level": self.proved.last().map(|it| it.level),
            "root": self.root,
            "proved": self.proved,
            "findings": self.findings,
            "verdict": self.line(),
        })
    }
}
