//! `colophon why`: why a stage runs, in terms of rows, parameters and code.
//!
//! What somebody changed comes first, then the way from there to the stage. It
//! compares with the committed lock, since that is what others have.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use engine::digest::Digest;
use engine::plan::{Origin, Plan};
use engine::project::Project;
use engine::recipe::{Change, content_of};
use engine::run::forecast::{Verdict, forecast};
use engine::since::{self, Account};

use crate::arguments::Arguments;
use crate::message;
use crate::report::{Failed, print, print_json};
use crate::study::Study;
use crate::text::Text;
use crate::verbs::look;

mod answer;
mod causes;
mod committed;
mod json;
pub(crate) mod rows;
mod telling;
mod words;

use answer::{Answer, Link, Told};
use causes::{Cause, Web};
use committed::Since;
use telling::{folded, tell};
pub(crate) use words::reason;

#[derive(Args, Debug)]
pub(crate) struct Why {
    /// A stage, a cell or an output path.
    #[arg(value_name = "STAGE")]
    pub(crate) stage: String,
    /// Compare with the lock at this revision of git, or with the `last` run here
    /// [default: the lock that is committed, else `pipeline.lock`].
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
}

pub(crate) fn why(study: &Study, arguments: &Arguments, verb: &Why) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    let asked = project.plan.find(&verb.stage)?;
    let answers = answers(&project, &asked, verb.since.as_deref())?;
    message::all(&project.store.notes());
    if arguments.json {
        return print_json(&answers);
    }
    let mut text = Text::default();
    for (n, answer) in answers.iter().enumerate() {
        tell(&project.plan, &asked, answer, n > 0, &mut text);
    }
    print(text)
}

/// The answer, and where nothing has changed since, what changed before that.
fn answers(
    project: &Project,
    asked: &[usize],
    revision: Option<&str>,
) -> Result<Vec<Answer>, Failed> {
    let stages = project.plan.closure(asked.iter().copied());
    let (since, before) = match revision {
        Some("last") => (Since::Last, since::remembered(project, false)),
        Some(revision) => {
            let (since, lock) = committed::at(&project.plan, revision)?;
            (since, since::locked(project, &lock))
        }
        None => match committed::committed(&project.plan)? {
            Some((since, lock)) => (since, since::locked(project, &lock)),
            None => (Since::Last, since::remembered(project, false)),
        },
    };
    let accounts = since::accounts(project, &stages, &before)?;
    let verdicts = verdicts(project, &stages)?;
    let first = answer(project, asked, since, &accounts, verdicts.clone());
    let settled = |index: &usize| matches!(verdicts[index], Verdict::Cached | Verdict::Restore);
    let is_last = revision.is_none_or(|revision| revision == "last");
    if !first.causes.is_empty() || !is_last || !asked.iter().all(settled) {
        return Ok(vec![first]);
    }
    let (now, before) = (since::remembered(project, false), since::remembered(project, true));
    let accounts = since::between(project, &stages, &now, &before);
    let second = answer(project, asked, Since::Last, &accounts, verdicts);
    Ok(if second.causes.is_empty() { vec![first] } else { vec![first, second] })
}

fn verdicts(project: &Project, stages: &[usize]) -> Result<BTreeMap<usize, Verdict>, Failed> {
    let forecasts = forecast(project, stages)?;
    Ok(stages.iter().copied().zip(forecasts.iter().map(|forecast| forecast.verdict)).collect())
}

fn answer(
    project: &Project,
    asked: &[usize],
    since: Since,
    accounts: &[Account],
    verdicts: BTreeMap<usize, Verdict>,
) -> Answer {
    let plan = &project.plan;
    let name = |index: &usize| plan.stages[*index].name.clone();
    let first = project.state.stages.is_empty();
    let Web { mut because, mut causes } = causes::web(project, accounts, asked);
    if first {
        // Where nothing ran yet, that is the whole answer.
        causes.retain(|cause| !matches!(cause.change.line.as_str(), "stage" | "result"));
    }
    for index in asked {
        because.entry(*index).or_default();
    }
    let told = |cause: &Cause| {
        let details = details(project, cause);
        Told {
            says: says(plan, cause, asked, details.is_empty()),
            stages: cause.stages.iter().map(name).collect(),
            details,
            change: cause.change.clone(),
        }
    };
    let changes: BTreeMap<usize, &Account> = accounts.iter().map(|it| (it.stage, it)).collect();
    let link = |(index, before): (&usize, &BTreeSet<usize>)| Link {
        stage: name(index),
        verdict: verdicts[index],
        changes: changes.get(index).map(|it| it.changes.clone()).unwrap_or_default(),
        because: before.iter().map(name).collect(),
    };
    let partial = because.keys().filter(|index| changes.get(index).is_some_and(|it| it.is_partial));
    Answer {
        asked: asked.iter().map(name).collect(),
        first,
        causes: causes.iter().map(told).collect(),
        stages: because.iter().map(link).collect(),
        inputs: inside(project, asked, &changes),
        partial: partial.count(),
        web: causes,
        since,
        verdicts,
    }
}

/// A cause in words, with the stages that it is a cause for, unless those are
/// the asked ones.
fn says(plan: &Plan, cause: &Cause, asked: &[usize], bare: bool) -> String {
    let stages = folded(plan, &cause.stages);
    let of = if cause.stages == asked { String::new() } else { format!(" of {stages}") };
    let change = &cause.change;
    match change.line.as_str() {
        "stage" if cause.stages.len() == 1 => format!("{stages} is new"),
        "stage" => format!("{stages} are new"),
        "result" => format!("the results of {stages} are not in the store"),
        "recipe" => format!(
            "another command, code or parameter of {stages}: which one is not known, since the \
             store has no recipe of it from before"
        ),
        "seed" => format!("the seed{of} changed"),
        line => {
            let mut groups = cause.stages.iter().map(|index| &plan.stages[*index].group);
            let first = groups.next();
            // A file that plays several parts is told by its path alone.
            let path = content_of(line).and_then(|it| it.split_once('.'));
            let what = match path.filter(|_| groups.any(|group| Some(group) != first)) {
                Some((_, path)) => format!("input `{path}`"),
                None => words::what(line),
            };
            // Digests say less than what differs inside, and of code they say nothing.
            let digests = line.starts_with("code.") || line.starts_with("reading.");
            match change.before.is_some() && change.after.is_some() {
                true if digests || !bare => format!("{what}{of} changed"),
                _ => format!("{what}{of} {}", words::how(change)),
            }
        }
    }
}

/// Whether a change is better told by its lines.
fn is_long(change: &Change) -> bool {
    let long = |text: &Option<String>| {
        text.as_ref().is_some_and(|text| text.contains('\n') || text.chars().count() > 120)
    };
    long(&change.before) || long(&change.after)
}

/// What differs inside of what changed.
fn details(project: &Project, cause: &Cause) -> Vec<String> {
    let (Some(before), Some(after)) = (&cause.change.before, &cause.change.after) else {
        return Vec::new();
    };
    let Some(path) = content_of(&cause.change.line) else {
        return match (is_long(&cause.change), cause.varies) {
            (true, _) => rows::differences("", before.as_bytes(), after.as_bytes()),
            (_, true) => vec![format!("such as {before} -> {after}")],
            (false, false) => Vec::new(),
        };
    };
    let path = path.split_once('.').map_or(path, |(_, path)| path);
    let stored = |hex: &str| project.store.read(&Digest::from_hex(hex)?).ok()?;
    let Some(before) = stored(before) else { return Vec::new() };
    let read = || {
        let bytes = std::fs::read(project.plan.root.join(path)).ok()?;
        (Digest::of(&bytes).to_string() == *after).then_some(bytes)
    };
    let after = stored(after).or_else(read);
    after.map(|after| rows::differences(path, &before, &after)).unwrap_or_default()
}

/// What differs inside of the inputs that the asked stages take from others.
fn inside(project: &Project, asked: &[usize], accounts: &BTreeMap<usize, &Account>) -> Vec<Told> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for index in asked {
        let stage = &project.plan.stages[*index];
        let inputs = causes::inputs(stage);
        let changes = accounts.get(index).map(|account| &account.changes[..]).unwrap_or_default();
        for change in changes.iter().filter(|it| it.before.is_some() && it.after.is_some()) {
            let input = content_of(&change.line).and_then(|it| inputs.get(it));
            let Some(input) = input.filter(|it| matches!(it.from, Origin::Stage(..))) else {
                continue;
            };
            let cause = Cause {
                change: change.clone(),
                stages: vec![*index],
                varies: false,
                path: Vec::new(),
            };
            told.entry(input.path.clone()).or_insert_with(|| Told {
                says: format!("{} {}", words::what(&change.line), words::how(change)),
                stages: vec![stage.name.clone()],
                details: details(project, &cause),
                change: change.clone(),
            });
        }
    }
    told.into_values().collect()
}
