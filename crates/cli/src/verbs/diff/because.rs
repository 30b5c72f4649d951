//! What was changed, in words.

use answers::diverged::{Cause, Kind};

/// Longer commands are not repeated in a clause.
const LONG: usize = 100;

/// A cause in a clause: what changed, and from what to what.
pub(super) fn says(cause: &Cause) -> String {
    let Cause { kind, what, before, after, .. } = cause;
    let change = |name: String| match (before, after) {
        (Some(before), Some(after)) => format!("{name}: {before} -> {after}"),
        (None, Some(after)) => format!("{name} is new: {after}"),
        (Some(before), None) => format!("{name} is gone: it was {before}"),
        (None, None) => format!("{name} changed"),
    };
    match kind {
        Kind::Source | Kind::File => match &cause.files {
            Some((old, new)) if old.path != new.path => {
                format!("`{}` in place of `{}`", new.path, old.path)
            }
            _ => format!("`{what}` changed"),
        },
        Kind::Parameter => change(format!("parameter `{what}`")),
        Kind::Command => match (before, after) {
            (Some(a), Some(b)) if a.len() + b.len() <= LONG && !(a.clone() + b).contains('\n') => {
                change("the command".into())
            }
            _ => "the command changed".into(),
        },
        Kind::Code => format!("code `{what}` changed, or what it was built with"),
        Kind::Input => match (before, after) {
            (Some(before), Some(after)) => {
                format!("input `{what}` takes `{after}` in place of `{before}`")
            }
            (None, Some(after)) => format!("input `{what}` takes `{after}` as well"),
            (Some(before), None) => format!("input `{what}` no longer takes `{before}`"),
            (None, None) => format!("input `{what}` changed"),
        },
        Kind::Stage if before.is_some() => "the stage is gone".into(),
        Kind::Stage => "the stage is new".into(),
    }
}

/// The stages that have a cause, with the cells of a matrix counted.
pub(super) fn stages(cause: &Cause) -> String {
    let mut groups: Vec<(&str, Vec<&String>)> = Vec::new();
    for stage in &cause.stages {
        let group = stage.split('@').next().unwrap_or(stage);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, cells)) => cells.push(stage),
            None => groups.push((group, vec![stage])),
        }
    }
    const NAMED: usize = 4;
    let name = |(group, cells): &(&str, Vec<&String>)| match &cells[..] {
        [one] => format!("`{one}`"),
        cells => format!("`{group}` ×{}", cells.len()),
    };
    let names: Vec<_> = groups.iter().take(NAMED).map(name).collect();
    match groups.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
