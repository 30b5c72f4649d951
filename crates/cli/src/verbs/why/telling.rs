//! An answer of `why` in words: what becomes of the stage, what somebody changed,
//! and the way from there.

use std::collections::BTreeMap;

use engine::plan::Plan;
use engine::run::forecast::Verdict;

use super::answer::Answer;
use super::committed::Since;
use super::words;
use crate::report::count;
use crate::text::Text;

/// At most this many causes are told; the rest is counted.
const CAUSES: usize = 10;

/// Of the inputs of the stage itself, so many are told.
const INPUTS: usize = 3;

pub(super) fn tell(plan: &Plan, asked: &[usize], answer: &Answer, again: bool, text: &mut Text) {
    let since = answer.since.says();
    if again {
        let who = if asked.len() == 1 { "it" } else { "they" };
        text.line(&format!("{who} ran here the last time because:"));
    } else {
        title(plan, asked, answer, &since, text);
    }
    for (told, cause) in answer.causes.iter().zip(&answer.web).take(CAUSES) {
        text.line(&format!("  {}", told.says));
        for line in &told.details {
            text.line(&format!("    {line}"));
        }
        if cause.path.len() > 1 {
            text.line(&format!("    {}", way(plan, &cause.path, answer)));
        }
    }
    if let Some(more @ 1..) = answer.causes.len().checked_sub(CAUSES) {
        text.line(&format!("  and {}; `--json` has them all", count(more, "more change")));
    }
    // Where a cause is an input of the stage itself, it has been told.
    let inputs: Vec<_> = answer.inputs.iter().filter(|told| !told.details.is_empty()).collect();
    if !inputs.is_empty() {
        text.line("what it takes from other stages differs:");
    }
    for told in inputs.iter().take(INPUTS) {
        text.line(&format!("  {}", words::what(&told.change.line)));
        for line in &told.details {
            text.line(&format!("    {line}"));
        }
    }
    if let Some(more @ 1..) = inputs.len().checked_sub(INPUTS) {
        text.line(&format!("  and {}; `--json` has them all", count(more, "more input")));
    }
    if answer.partial > 0 && answer.causes.iter().all(|told| told.change.line != "recipe") {
        let stages = count(answer.partial, "stage");
        text.line(&format!(
            "of {stages} only inputs were compared: the store has no recipe from before"
        ));
    }
}

/// What becomes of the asked stages, and how much led to it.
fn title(plan: &Plan, asked: &[usize], answer: &Answer, since: &str, text: &mut Text) {
    let all = answer.verdicts.len();
    let nothing = answer.causes.is_empty();
    let runs =
        asked.iter().any(|index| matches!(answer.verdicts[index], Verdict::Run | Verdict::May));
    if answer.first && runs {
        let changed = match (nothing, answer.since == Since::Last) {
            (_, true) => String::new(),
            (true, _) => format!("; nothing has changed since {since}"),
            _ => format!("; since {since}, {} led to it:", count(answer.causes.len(), "change")),
        };
        text.line(&format!("nothing ran here yet: {} will run{changed}", count(all, "stage")));
        return;
    }
    let stages = folded(plan, asked);
    let word = |index: &usize| match answer.verdicts[index] {
        Verdict::Cached => "up to date",
        Verdict::Restore => "known but not in place",
        Verdict::Run => "will run",
        Verdict::May => "may run",
    };
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for index in asked {
        *groups.entry(word(index)).or_default() += 1;
    }
    let verdict = match (groups.len(), word(&asked[0])) {
        (1, word) if word.ends_with("run") => word.to_string(),
        (1, word) if asked.len() == 1 => format!("is {word}"),
        (1, word) => format!("are {word}"),
        _ => {
            let parts: Vec<_> = groups.iter().map(|(word, n)| format!("{n} {word}")).collect();
            format!("are not alike: {}", parts.join(", "))
        }
    };
    let stages = if asked.len() == 1 { format!("stage {stages}") } else { stages };
    text.line(&match nothing {
        true if runs => {
            let missing = match asked.iter().any(|index| answer.verdicts[index] == Verdict::Run) {
                true if asked.len() == 1 => "its result is not in the store",
                true => "some of their results are not in the store",
                false => "results of stages before it are not in the store",
            };
            format!("{stages} {verdict}: nothing has changed since {since}, but {missing}")
        }
        true => format!("{stages} {verdict}: nothing has changed since {since}"),
        false => {
            let changes = count(answer.causes.len(), "change");
            format!("{stages} {verdict}: {changes} since {since} led to it")
        }
    });
}

/// The way of a change, with the cells of a matrix counted; of a long one its ends.
fn way(plan: &Plan, path: &[usize], answer: &Answer) -> String {
    const ENDS: usize = 4;
    let mut cells: BTreeMap<&str, usize> = BTreeMap::new();
    for link in &answer.stages {
        *cells.entry(group(&link.stage)).or_default() += 1;
    }
    let name = |index: &usize| {
        let stage = &plan.stages[*index];
        match cells.get(stage.group.as_str()) {
            Some(n) if *n > 1 && stage.name != stage.group => format!("{} ×{n}", stage.group),
            _ => stage.name.clone(),
        }
    };
    let mut names: Vec<String> = path.iter().map(name).collect();
    if let Some(more @ 2..) = names.len().checked_sub(2 * ENDS) {
        names.splice(ENDS..ENDS + more, [format!("{more} more")]);
    }
    names.join(" -> ")
}

fn group(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

/// Stages by name, with the cells of a matrix counted: `` `ztest ×4` and `tag` ``.
pub(super) fn folded(plan: &Plan, stages: &[usize]) -> String {
    const SHOWN: usize = 4;
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for index in stages {
        let stage = &plan.stages[*index];
        match groups.iter_mut().find(|(group, _)| *group == stage.group) {
            Some((_, cells)) => cells.push(&stage.name),
            None => groups.push((&stage.group, vec![&stage.name])),
        }
    }
    let more: usize = groups.iter().skip(SHOWN).map(|(_, cells)| cells.len()).sum();
    let mut names: Vec<String> = groups
        .iter()
        .take(SHOWN)
        .map(|(group, cells)| match cells[..] {
            [cell] => format!("`{cell}`"),
            _ => format!("`{group} ×{}`", cells.len()),
        })
        .collect();
    if more > 0 {
        names.push(count(more, "more stage"));
    }
    let last = names.pop().unwrap_or_default();
    match names.is_empty() {
        true => last,
        false => format!("{} and {last}", names.join(", ")),
    }
}
