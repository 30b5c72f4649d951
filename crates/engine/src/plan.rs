//! The checked plan of a project: every stage with its inputs resolved, in an
//! order in which they can run, or everything that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::diagnostic::{Checked, Diagnostic, Kind, Place, did_you_mean, listed, nearest};
use crate::digest::Digest;
use crate::draft::{self, Draft};
use crate::function::Function;
use crate::pipeline::{self, Pipeline};
use crate::reference::References;
use crate::source::{self, Source};
use crate::yaml::Document;

/// Where results are put, relative to the project.
pub const OUTPUTS: &str = "outputs";

/// What decides how a project is read, besides its files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The profile, if one is chosen.
    pub profile: Option<String>,
    /// Replaces the pipeline's date (`YYYY-MM-DD`).
    pub date: Option<String>,
    /// Parameters that replace those of the pipeline.
    pub params: Map<String, Value>,
}

/// A checked pipeline.
#[derive(Clone)]
pub struct Plan {
    /// The project's folder.
    pub root: PathBuf,
    /// The project's name.
    pub name: String,
    /// The date of the edition.
    pub date: Option<String>,
    /// The stages; each comes after all stages that it takes something from.
    pub stages: Vec<Stage>,
    /// The sources by name.
    pub sources: BTreeMap<String, Source>,
    /// The files that were read to make this plan, besides inputs.
    pub files: Vec<String>,
    /// The folders that were listed to make it.
    pub folders: BTreeSet<String>,
}

/// A stage with everything resolved; of a matrix, one cell.
#[derive(Clone)]
pub struct Stage {
    /// Its full name: `ztest@table1-median`.
    pub name: String,
    /// Its name in `pipeline.yaml`: `ztest`.
    pub group: String,
    /// What it makes, for readers.
    pub desc: String,
    /// What it does.
    pub action: Action,
    /// The parameters in normal form.
    pub params: Value,
    /// The inputs by role, sorted by path.
    pub inputs: BTreeMap<String, Vec<Input>>,
    /// The outputs by name: paths relative to the project.
    pub outputs: BTreeMap<String, String>,
    /// Labels added to the outputs.
    pub labels: BTreeSet<String>,
    /// Labels removed from the outputs.
    pub declassified: BTreeSet<String>,
    /// Why they are removed.
    pub reason: Option<String>,
    /// The stage's own seed.
    pub seed: Digest,
    /// Where it is declared.
    pub at: Place,
}

/// What a stage does.
#[derive(Clone)]
pub enum Action {
    /// Calls a function of this program.
    Function(Function),
    /// Runs a program.
    Command(Command),
}

/// A program to run.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

/// One input of a stage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// Its path, relative to the project.
    pub path: String,
    /// Where it comes from.
    pub from: Origin,
}

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// An output of a stage: its position in the plan and the output's name.
    Stage(usize, String),
    /// A source, by name.
    Source(String),
    /// A file of the project.
    File,
    /// What the engine knows of everything that the other inputs come from.
    Lineage,
}

impl Options {
    /// Whether these are the files as they stand, without overrides.
    pub fn is_plain(&self) -> bool {
        self.profile.is_none() && self.params.is_empty() && self.date.is_none()
    }
}

impl Plan {
    /// Reads a project, with everything that is wrong with it.
    pub fn load(root: &Path, functions: &[Function], options: &Options) -> Checked<Plan> {
        let bytes = read(root, pipeline::FILE).map_err(|problem| {
            vec![problem.hint("`colophon init` writes a pipeline to start from")]
        })?;
        let (mut pipeline, document, mut found) = Pipeline::parse(pipeline::FILE, &bytes)?;
        let mut unread = false;
        let overridden = apply(&mut pipeline, options, &document, &mut found);
        let (sources, files) = sources(root, &pipeline, &document);
        // Where the data package can't be read, no reference to it can be judged.
        let sources = sources.unwrap_or_else(|problems| {
            found.extend(problems);
            unread = true;
            BTreeMap::new()
        });
        let drafts = draft::all(&pipeline, &document, functions, &mut found);
        check_outputs(root, &drafts, &mut found);
        let references = References::new(root, &sources, unread, &drafts);
        let mut inputs = Vec::new();
        for draft in &drafts {
            inputs.push(draft.inputs(&references, &document, &overridden, &mut found));
        }
        let folders = references.listed.take();
        let order = match order(&drafts, &inputs) {
            Ok(order) => order,
            Err(cycle) => {
                found.push(cycle);
                return Err(tidy(found));
            }
        };
        let mut position = vec![0; drafts.len()];
        for (place, index) in order.iter().enumerate() {
            position[*index] = place;
        }
        let mut stages = Vec::new();
        for index in order {
            let inputs = &mut inputs[index];
            for input in inputs.roles.values_mut().flatten() {
                if let Origin::Stage(other, _) = &mut input.from {
                    *other = position[*other];
                }
            }
            stages.push(drafts[index].finish(inputs, &pipeline, &document, &mut found));
        }
        if !found.is_empty() {
            return Err(tidy(found));
        }
        let (root, name, date) = (root.to_path_buf(), pipeline.name, pipeline.date);
        Ok(Plan { root, name, date, stages, sources, files, folders })
    }

    /// The stages that a name stands for: a stage, a cell, a group or an output path.
    pub fn find(&self, name: &str) -> Result<Vec<usize>, Diagnostic> {
        let path = name.trim_start_matches("./");
        let fits = |stage: &Stage| {
            stage.name == name
                || stage.group == name
                || stage.outputs.values().any(|output| output == path)
        };
        let found: Vec<_> = (0..self.stages.len()).filter(|i| fits(&self.stages[*i])).collect();
        if found.is_empty() {
            let message = format!("no stage `{name}`");
            let mut problem = Diagnostic::new(Kind::Usage, message);
            let groups: BTreeSet<_> =
                self.stages.iter().map(|stage| stage.group.as_str()).collect();
            let names = self
                .stages
                .iter()
                .flat_map(|stage| stage.outputs.values().chain([&stage.name]).map(String::as_str));
            let near = nearest(path, groups.iter().copied().chain(names));
            problem.hints.push(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", listed(groups)),
            });
            return Err(problem);
        }
        Ok(found)
    }

    /// The given stages and everything that they are made from, in order.
    pub fn closure(&self, targets: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut wanted: BTreeSet<usize> = targets.into_iter().collect();
        for index in (0..self.stages.len()).rev() {
            if wanted.contains(&index) {
                wanted.extend(self.stages[index].upstream());
            }
        }
        wanted.into_iter().collect()
    }
}

impl Stage {
    /// The stages that it takes something from; a stage may appear more than once.
    pub fn upstream(&self) -> impl Iterator<Item = usize> + '_ {
        self.inputs.values().flatten().filter_map(|input| match input.from {
            Origin::Stage(index, _) => Some(index),
            _ => None,
        })
    }

    /// The function's name or the program's, for display.
    pub fn does(&self) -> &str {
        match &self.action {
            Action::Function(function) => function.name,
            Action::Command(command) => command.arguments.first().map_or("", String::as_str),
        }
    }
}

/// Reads a file of the project.
pub(crate) fn read(root: &Path, path: &str) -> Result<Vec<u8>, Diagnostic> {
    std::fs::read(root.join(path)).map_err(|error| {
        let mut problem = Diagnostic::io("read", Path::new(path), &error);
        problem.kind = Kind::Usage;
        problem
    })
}

/// Applies the profile and the other overrides; gives the inputs that it replaced.
fn apply(
    pipeline: &mut Pipeline,
    options: &Options,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<(String, String), String> {
    let mut overridden = BTreeMap::new();
    if let Some(name) = &options.profile {
        let profile_name = name.as_str();
        let Some(profile) = pipeline.profiles.get(name).cloned() else {
            let mut problem = Diagnostic::new(Kind::Usage, format!("no profile `{name}`"))
                .at(Place::file(&document.path));
            problem.hints.extend(did_you_mean(name, pipeline.profiles.keys().map(String::as_str)));
            found.push(problem);
            return overridden;
        };
        for (name, value) in profile.params {
            let at = || document.key_place(&["profiles", profile_name, "params", &name]);
            set_param(pipeline, &name, value, Some(at()), found);
        }
        for (input, references) in profile.inputs {
            let at = || document.key_place(&["profiles", name, "inputs", &input]);
            let slot = input.split_once('.').and_then(|(stage, role)| {
                let inputs = &mut pipeline.stages.get_mut(stage)?.inputs;
                Some((stage, role, inputs.get_mut(role)?))
            });
            match slot {
                Some((stage, role, slot)) => {
                    *slot = references;
                    overridden.insert((stage.to_string(), role.to_string()), name.clone());
                }
                None => found.push(
                    Diagnostic::new(Kind::Usage, format!("no stage has the input `{input}`"))
                        .at(at())
                        .hint("an override is written `stage.role`"),
                ),
            }
        }
    }
    for (name, value) in &options.params {
        set_param(pipeline, name, value.clone(), None, found);
    }
    if let Some(date) = &options.date {
        pipeline.date = Some(date.clone());
    }
    if let Some(date) = &pipeline.date
        && epoch(date).is_none()
    {
        found.push(
            Diagnostic::new(Kind::Usage, format!("`{date}` is not a date"))
                .at(document.value_place(&["date"]))
                .hint("write it as `YYYY-MM-DD`, in quotes"),
        );
    }
    overridden
}

/// Replaces a parameter that the pipeline has.
fn set_param(
    pipeline: &mut Pipeline,
    name: &str,
    value: Value,
    at: Option<Place>,
    found: &mut Vec<Diagnostic>,
) {
    if let Some(slot) = pipeline.params.get_mut(name) {
        *slot = value;
        return;
    }
    let mut problem =
        Diagnostic::new(Kind::Usage, format!("the pipeline has no parameter `{name}`"));
    problem.at = at.map(Box::new);
    problem.hints.extend(did_you_mean(name, pipeline.params.keys().map(String::as_str)));
    found.push(problem);
}

/// Seconds from 1970-01-01 to midnight UTC of a date `YYYY-MM-DD`.
pub fn epoch(date: &str) -> Option<i64> {
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let (year, month, day): (i64, i64, i64) =
        (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month - 1).ok()?)?;
    if !(1..=length).contains(&day) {
        return None;
    }
    let before = year - 1;
    let leap_days = before / 4 - before / 100 + before / 400;
    let days = before * 365 + leap_days + lengths[..month as usize - 1].iter().sum::<i64>() + day;
    Some((days - 719_163) * 86_400)
}

fn sources(
    root: &Path,
    pipeline: &Pipeline,
    document: &Document,
) -> (Checked<BTreeMap<String, Source>>, Vec<String>) {
    let mut files = vec![pipeline::FILE.to_string()];
    let Some(path) = &pipeline.data else { return (Ok(BTreeMap::new()), files) };
    files.push(path.clone());
    let parsed = match read(root, path) {
        Ok(bytes) => source::parse(path, &bytes),
        Err(problem) => Err(vec![problem.at(document.value_place(&["data"]))]),
    };
    (parsed, files)
}

/// Each path has one producer, and none lies inside another.
fn check_outputs(root: &Path, drafts: &[Draft], found: &mut Vec<Diagnostic>) {
    let mut producers: BTreeMap<String, (&Draft, &str)> = BTreeMap::new();
    let mut links = BTreeMap::new();
    for draft in drafts {
        for (name, output) in &draft.outputs {
            if let Err((message, hint)) = check_path(root, &output.path, &mut links) {
                let problem = Diagnostic::new(Kind::Usage, message).at(output.at.clone());
                found.push(problem.hint(hint));
                continue;
            }
            // Names that differ only in case are one file on other systems.
            let folded = output.path.to_lowercase();
            if let Some((other, of)) = producers.get(&folded) {
                let message =
                    format!("`{}.{name}` and `{}.{of}` make the same path", draft.name, other.name);
                let hint = match draft.group == other.group && draft.name != other.name {
                    true => "let the path name the cell, as in `{{ matrix.… }}`",
                    false => "give one of them another path",
                };
                found.push(Diagnostic::new(Kind::Usage, message).at(output.at.clone()).hint(hint));
                continue;
            }
            producers.insert(folded, (draft, name));
        }
    }
    for (path, (draft, name)) in &producers {
        let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
        for parent in parents {
            if let Some((other, of)) = producers.get(parent) {
                let at = draft.outputs[*name].at.clone();
                let message = format!(
                    "`{}.{name}` lies inside `{}.{of}`, which is a file",
                    draft.name, other.name
                );
                found.push(Diagnostic::new(Kind::Usage, message).at(at));
            }
        }
    }
}

/// An output's path stays below `outputs/`, whatever the file system holds.
///
/// `links` remembers which folders were found to be symbolic links.
fn check_path(
    root: &Path,
    path: &str,
    links: &mut BTreeMap<PathBuf, bool>,
) -> Result<(), (String, &'static str)> {
    let hint = "paths of outputs are relative to `outputs/`";
    let inner = path.strip_prefix("outputs/").unwrap_or(path);
    if inner.starts_with('/') {
        return Err((format!("the output path `{inner}` is absolute"), hint));
    }
    if inner.is_empty() || inner.ends_with('/') {
        return Err((format!("the output path `{inner}` is not the path of a file"), hint));
    }
    if inner.split('/').any(|part| part == "..") {
        return Err((format!("the output path `{inner}` leaves the project"), hint));
    }
    if inner.contains(':') {
        return Err((format!("the output path `{inner}` holds a `:`"), "other systems forbid it"));
    }
    let plain = |part: &str| !part.is_empty() && part != "." && !part.ends_with(['.', ' ']);
    if !inner.split('/').all(plain) || inner.contains(['\\', '\n', '\0']) {
        return Err((format!("the output path `{inner}` is not written plainly"), hint));
    }
    let mut folder = root.to_path_buf();
    for part in path.split('/').take(path.matches('/').count()) {
        folder.push(part);
        if *links.entry(folder.clone()).or_insert_with(|| folder.is_symlink()) {
            let link = folder.strip_prefix(root).unwrap_or(&folder).display().to_string();
            return Err((
                format!("the output path `{inner}` goes through `{link}`, a symbolic link"),
                "a link may lead out of the project; make it a folder",
            ));
        }
    }
    Ok(())
}

/// An order in which every stage comes after its inputs, near the file's own.
fn order(drafts: &[Draft], inputs: &[draft::Inputs]) -> Result<Vec<usize>, Diagnostic> {
    let mut waits: Vec<BTreeSet<usize>> = Vec::new();
    let mut feeds: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for (index, inputs) in inputs.iter().enumerate() {
        let upstream: BTreeSet<usize> = inputs.upstream().collect();
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

/// Each mistake once, in the order of the files.
pub(crate) fn tidy(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|a, b| (&a.at, &a.message).cmp(&(&b.at, &b.message)));
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::epoch;

    #[test]
    fn dates() {
        assert_eq!(epoch("1970-01-01"), Some(0));
        assert_eq!(epoch("2024-09-12"), Some(1_726_099_200));
        assert_eq!(epoch("2000-02-29"), Some(951_782_400));
        assert_eq!(epoch("2023-02-29"), None);
        assert_eq!(epoch("12.9.2024"), None);
    }
}
