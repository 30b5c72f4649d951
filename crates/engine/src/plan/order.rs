//! The order of stages: each after all that it takes something from.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::inputs::Inputs;
use super::upstream;
use crate::diagnostic::{Diagnostic, Kind, listed};

/// An order in which every stage comes after its inputs, near the file's own.
pub(crate) fn order(drafts: &[Draft], inputs: &[Inputs]) -> Result<Vec<usize>, Diagnostic> {
    let mut waits: Vec<BTreeSet<usize>> = Vec::new();
    let mut feeds: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for (index, inputs) in inputs.iter().enumerate() {
        let upstream: BTreeSet<usize> = upstream(&inputs.roles).collect();
        for other in &upstream {
            feeds[*other].push(index);
        }
        waits.push(upstream);
    }
    let mut ready: BTreeSet<usize> = (0..drafts.len()).filter(|i| waits[*i].is_empty()).collect();
    let mut order = Vec::new();
    while let Some(index) = ready.pop_first() {
        order.push(index);
        for next in &feeds[index] {
            waits[*next].remove(&index);
            if waits[*next].is_empty() {
                ready.insert(*next);
            }
        }
    }
    if order.len() == drafts.len() { Ok(order) } else { Err(cycle(drafts, &waits)) }
}

/// Follows what the remaining stages wait for until one comes up again.
fn cycle(drafts: &[Draft], waits: &[BTreeSet<usize>]) -> Diagnostic {
    let start = waits.iter().position(|waits| !waits.is_empty()).unwrap_or(0);
    let mut path = vec![start];
    while let Some(next) = waits[path[path.len() - 1]].first().copied() {
        if let Some(at) = path.iter().position(|index| *index == next) {
            path.drain(..at);
            path.push(next);
            break;
        }
        path.push(next);
    }
    if let [one, _] = path[..] {
        let message = format!("stage `{}` takes its own output", drafts[one].name);
        return Diagnostic::new(Kind::Usage, message)
            .at(drafts[one].at.clone())
            .hint("take it out of its inputs");
    }
    // Read along the flow of data: what a stage waits for stands before it.
    path.reverse();
    let first = path.iter().enumerate().min_by_key(|(_, index)| **index).map_or(0, |(at, _)| at);
    path.pop();
    let length = path.len().max(1);
    path.rotate_left(first % length);
    path.push(path[0]);
    let names: Vec<_> = path.iter().map(|index| drafts[*index].name.as_str()).collect();
    Diagnostic::new(Kind::Usage, format!("the stages form a cycle: {}", names.join(" -> ")))
        .at(drafts[path[0]].at.clone())
        .hint(format!(
            "take one of {} out of the others' inputs",
            listed(names[1..].iter().copied())
        ))
}
