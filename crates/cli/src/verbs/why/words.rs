//! A change of a recipe in words.

use engine::digest::Digest;
use engine::recipe::Change;

/// What changed, from what to what: `parameter `n` changed: 1 -> 2`.
pub(crate) fn reason(change: &Change) -> String {
    format!("{} {}", what(&change.line), how(change))
}

/// What a line of a recipe speaks of.
pub(super) fn what(line: &str) -> String {
    let (kind, name) = line.split_once('.').unwrap_or((line, ""));
    let (role, path) = name.split_once('.').unwrap_or((name, ""));
    match kind {
        "input" => format!("input `{role}` ({path})"),
        "param" => format!("parameter `{name}`"),
        "code" => format!("code `{name}`"),
        "argument" => "the command".into(),
        "env" => format!("variable `{name}`"),
        "label" => format!("the labels of input `{role}` ({path})"),
        "mode" => format!("whether input `{role}` ({path}) may be executed"),
        "reading" => format!("how input `{role}` ({path}) is to be read (its schema)"),
        "output" => format!("output `{name}`"),
        "action" => "what the stage does".into(),
        "source" if path.is_empty() => format!("source `{role}`"),
        "source" if path == "digest" => format!("source `{role}`"),
        "source" => format!("`{path}` of source `{role}`"),
        other => format!("the {other}"),
    }
}

/// How it changed.
pub(super) fn how(change: &Change) -> String {
    match (short(&change.before), short(&change.after)) {
        (Some(before), Some(after)) => format!("changed: {before} -> {after}"),
        (None, Some(_)) => "is new".into(),
        (Some(_), None) => "is gone".into(),
        (None, None) => "is not known yet".into(),
    }
}

/// A value of a recipe; digests are shortened.
fn short(value: &Option<String>) -> Option<String> {
    value.as_deref().map(|text| match Digest::from_hex(text) {
        Some(digest) => digest.short(),
        None => text.to_string(),
    })
}
