//! `colophon why`: why a stage runs, in terms of rows, parameters and code.

use std::collections::BTreeSet;

use engine::digest::Digest;
use engine::forecast::{Verdict, forecast, last_recipe};
use engine::plan::{Input, Origin, Stage};
use engine::project::Project;
use engine::recipe::{Change, Recipe};
use serde::Serialize;

use crate::Study;
use crate::args::{self, Arguments};
use crate::message;
use crate::report::{Failed, print, print_json};
use crate::verbs::look;

mod rows;

/// Why a stage runs or ran.
#[derive(Serialize)]
struct Answer {
    stage: String,
    verdict: String,
    reasons: Vec<Reason>,
}

/// One change, what it means, and what it comes from.
#[derive(Serialize)]
struct Reason {
    #[serde(flatten)]
    change: Change,
    says: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<Answer>,
}

pub(crate) fn why(study: &Study, arguments: &Arguments, verb: &args::Why) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    let stages = project.plan.find(&verb.stage)?;
    let forecasts = forecast(&project, &project.plan.closure(stages.iter().copied()))?;
    let verdict = |index: usize| {
        let name = &project.plan.stages[index].name;
        forecasts
            .iter()
            .find(|forecast| forecast.stage == *name)
            .map(|forecast| (forecast.verdict, forecast.changes.clone(), forecast.known))
    };
    let mut asked = Asked { project: &project, verdicts: &verdict, told: BTreeSet::new() };
    let answers: Vec<_> = stages.iter().map(|index| asked.answer(*index)).collect();
    message::all(&project.store.notes());
    if arguments.json {
        return print_json(&answers);
    }
    let mut text = String::new();
    for answer in &answers {
        tell(answer, 0, &mut text);
    }
    print(crate::text::Text::file(&text))
}

type Verdicts<'a> = dyn Fn(usize) -> Option<(Verdict, Vec<Change>, bool)> + 'a;

/// The question, and the stages that have been answered for.
struct Asked<'a> {
    project: &'a Project,
    verdicts: &'a Verdicts<'a>,
    told: BTreeSet<usize>,
}

impl Asked<'_> {
    fn answer(&mut self, index: usize) -> Answer {
        let project = self.project;
        let stage = &project.plan.stages[index];
        let (verdict, changes, known) =
            (self.verdicts)(index).unwrap_or((Verdict::Run, Vec::new(), false));
        let (words, changes) = match verdict {
            Verdict::Cached | Verdict::Restore => match last_change(project, &stage.name) {
                Some(changes) => ("is up to date; before that it ran because", changes),
                None => ("is up to date, and has had this recipe since it first ran here", vec![]),
            },
            Verdict::May => ("may run", waiting(project, stage, self.verdicts)),
            Verdict::Run if !known => ("will run, since it never ran here", Vec::new()),
            Verdict::Run if changes.is_empty() => {
                ("will run, since its result is no longer in the store", Vec::new())
            }
            Verdict::Run => ("will run because", changes),
        };
        // A cause that several stages share is told once.
        if !self.told.insert(index) && !changes.is_empty() {
            let verdict = "see above".into();
            return Answer { stage: stage.name.clone(), verdict, reasons: Vec::new() };
        }
        let settled = matches!(verdict, Verdict::Cached | Verdict::Restore);
        let reasons = changes.into_iter().map(|change| self.reason(stage, change, settled));
        let reasons = reasons.collect();
        Answer { stage: stage.name.clone(), verdict: words.into(), reasons }
    }

    fn reason(&mut self, stage: &Stage, change: Change, settled: bool) -> Reason {
        let says = reason(&change);
        let input = input(stage, &change.line);
        let rows =
            input.map(|input| rows(self.project, input, &change, settled)).unwrap_or_default();
        let because = match input.map(|input| &input.from) {
            Some(Origin::Stage(other, _)) => vec![self.answer(*other)],
            Some(Origin::Lineage) => self.lineage(stage, settled),
            _ => Vec::new(),
        };
        Reason { change, says, rows, because }
    }

    /// What a changed lineage comes from: the stages upstream of it that read
    /// raw data or files which changed.
    fn lineage(&mut self, stage: &Stage, settled: bool) -> Vec<Answer> {
        let upstream = self.project.plan.closure(stage.upstream());
        let changed = |index: &usize| {
            let stage = &self.project.plan.stages[*index];
            let changes = match settled {
                true => last_change(self.project, &stage.name).unwrap_or_default(),
                false => (self.verdicts)(*index).map(|(_, changes, _)| changes).unwrap_or_default(),
            };
            changes.iter().any(|change| match input(stage, &change.line) {
                Some(input) => matches!(input.from, Origin::File | Origin::Source(_)),
                None => change.line.starts_with("param."),
            })
        };
        let roots: Vec<_> = upstream.into_iter().filter(changed).collect();
        roots.into_iter().map(|index| self.answer(index)).collect()
    }
}

/// What changed between the last two recipes of a stage.
fn last_change(project: &Project, stage: &str) -> Option<Vec<Change>> {
    let last = project.state.stages.get(stage)?;
    let before: Recipe = project.store.recipe(&last.before?)?;
    Some(last_recipe(project, stage)?.changes(&before))
}

/// The inputs of a stage whose content nobody can know yet, as changes.
fn waiting(project: &Project, stage: &Stage, verdicts: &Verdicts) -> Vec<Change> {
    let last = last_recipe(project, &stage.name).unwrap_or_default();
    let unknown = |input: &&Input| match input.from {
        Origin::Stage(other, _) => {
            !matches!(verdicts(other), Some((Verdict::Cached | Verdict::Restore, ..)))
        }
        _ => false,
    };
    let mut changes = Vec::new();
    for (role, inputs) in &stage.inputs {
        for input in inputs.iter().filter(unknown) {
            let line = format!("input.{role}.{}", input.path);
            let before = last.lines().get(&line).cloned();
            changes.push(Change { line, before, after: None });
        }
    }
    changes
}

fn input<'a>(stage: &'a Stage, line: &str) -> Option<&'a Input> {
    stage.inputs.iter().find_map(|(role, inputs)| {
        let rest = line.strip_prefix("input.")?.strip_prefix(role.as_str())?.strip_prefix('.')?;
        inputs.iter().find(|input| input.path == rest)
    })
}

/// The rows of an input that differ, where it is a text of the project.
fn rows(project: &Project, input: &Input, change: &Change, settled: bool) -> Vec<String> {
    if !matches!(input.from, Origin::File | Origin::Source(_)) {
        return Vec::new();
    }
    let stored = |digest: &Option<String>| {
        project.store.read(&Digest::from_hex(digest.as_deref()?)?).ok().flatten()
    };
    let Some(before) = stored(&change.before) else { return Vec::new() };
    let after = match settled {
        true => stored(&change.after),
        false => std::fs::read(project.plan.root.join(&input.path)).ok(),
    };
    after.map(|after| rows::differences(&input.path, &before, &after)).unwrap_or_default()
}

/// A change in words.
pub(crate) fn reason(change: &Change) -> String {
    let (kind, name) = change.line.split_once('.').unwrap_or((&change.line, ""));
    let short = |text: &Option<String>| {
        text.as_deref().map(|text| match Digest::from_hex(text) {
            Some(digest) => digest.short(),
            None => text.to_string(),
        })
    };
    let (before, after) = (short(&change.before), short(&change.after));
    let what = match kind {
        "input" => {
            let (role, path) = name.split_once('.').unwrap_or((name, ""));
            format!("input `{role}` ({path})")
        }
        "param" => format!("parameter `{name}`"),
        "code" => format!("code `{name}`"),
        "argument" => "the command".into(),
        "env" => format!("variable `{name}`"),
        "label" => format!("the labels of input `{}`", name.replacen('.', "` (", 1)) + ")",
        "mode" => {
            let role = name.split('.').next().unwrap_or(name);
            format!("whether input `{role}` may be executed")
        }
        "reading" => {
            let role = name.split('.').next().unwrap_or(name);
            format!("how input `{role}` is to be read (its schema)")
        }
        "output" => format!("output `{name}`"),
        "action" => "what the stage does".into(),
        other => format!("the {other}"),
    };
    match (before, after) {
        (Some(before), Some(after)) => format!("{what} changed: {before} -> {after}"),
        (None, Some(_)) => format!("{what} is new"),
        (Some(_), None) if kind == "input" => format!("{what} may change"),
        (Some(_), None) => format!("{what} is gone"),
        (None, None) => format!("{what} is not known yet"),
    }
}

fn tell(answer: &Answer, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let colon = if answer.reasons.is_empty() { "" } else { ":" };
    text.push_str(&format!("{indent}stage `{}` {}{colon}\n", answer.stage, answer.verdict));
    for reason in &answer.reasons {
        text.push_str(&format!("{indent}  {}\n", reason.says));
        for row in &reason.rows {
            text.push_str(&format!("{indent}    {row}\n"));
        }
        for because in &reason.because {
            tell(because, depth + 2, text);
        }
    }
}
