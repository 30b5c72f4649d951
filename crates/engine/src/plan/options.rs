//! What decides how a project is read besides its files: the profile, the
//! parameters and the date that the caller gives.

mod params;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::given;
use super::pipeline::{self, Pipeline, Variable};
use super::template::Scope;
use crate::calendar;
use crate::diagnostic::{Diagnostic, Kind, Place, did_you_mean};
use crate::yaml::{Document, Node};
use params::Params;

/// What decides how a project is read, besides its files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The profile, if one is chosen.
    pub profile: Option<String>,
    /// Replaces the pipeline's date (`YYYY-MM-DD`).
    pub date: Option<String>,
    /// Parameters that replace those of the pipeline, as they were written; the
    /// last of a name counts.
    pub params: Vec<(String, String)>,
    /// The variables of the caller's environment that the pipeline asks for,
    /// see [`asked`].
    pub env: BTreeMap<String, String>,
    /// The kind of machine, where it is not to be this one's; for tests.
    pub platform: Option<String>,
}

impl Options {
    /// Whether these give the pipeline as it stands, which declares `date`.
    pub(crate) fn is_plain(&self, date: Option<&str>) -> bool {
        let dated = self.date.is_none() || self.date.as_deref() == date;
        self.profile.is_none() && self.params.is_empty() && dated
    }
}

/// The variables of the caller's environment that the pipeline at `root` asks
/// for; none where it can't be read, which is told later.
pub fn asked(root: &Path) -> BTreeSet<String> {
    let Ok((bytes, _)) = given::pipeline(root) else { return BTreeSet::new() };
    // Most pipelines ask for nothing, and this is looked up at every start.
    let key = |word: &str| word.trim_start_matches(['"', '\'', ' ']).starts_with(':');
    if !String::from_utf8_lossy(&bytes).split("from").skip(1).any(key) {
        return BTreeSet::new();
    }
    let Ok(document) = Document::parse(pipeline::FILE, &bytes) else { return BTreeSet::new() };
    let stages = document.root.get("stages").map_or(&[][..], Node::entries);
    let env = stages.iter().filter_map(|(_, stage)| stage.get("env")).flat_map(Node::entries);
    let from = env.filter_map(|(_, variable)| variable.get("from")?.text());
    from.filter(|name| is_variable(name)).map(String::from).collect()
}

/// Whether a variable of an environment may have this name.
pub(crate) fn is_variable(name: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(letters) && name.starts_with(|c: char| !c.is_ascii_digit())
}

/// What a pipeline is after the profile and the other overrides.
pub(crate) struct Applied {
    /// The inputs that the profile replaced, each with the profile's name.
    pub(crate) overridden: BTreeMap<(String, String), String>,
    /// The parameters as templates see them.
    pub(crate) params: Scope,
}

/// Applies the profile and the other overrides.
pub(crate) fn apply(
    pipeline: &mut Pipeline,
    options: &Options,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> Applied {
    let mut params = Params::of(document);
    let mut overridden = BTreeMap::new();
    if let Some(name) = &options.profile {
        match pipeline.profiles.contains_key(name) {
            true => {
                params.replace_by_profile(name, document, found);
                overridden = inputs_of_profile(pipeline, name, document, found);
            }
            false => {
                let mut problem = Diagnostic::new(Kind::Usage, format!("no profile `{name}`"))
                    .at(Place::file(&document.path));
                let known = pipeline.profiles.keys().map(String::as_str);
                problem.hints.extend(did_you_mean(name, known));
                found.push(problem);
            }
        }
    }
    for (name, text) in &options.params {
        params.replace_by_text(name, text, document, found);
    }
    variables(pipeline, options, document, found);
    if let Some(date) = &options.date {
        pipeline.date = Some(date.clone());
    }
    if let Some(date) = &pipeline.date
        && calendar::day(date).is_none()
    {
        found.push(
            Diagnostic::new(Kind::Usage, format!("`{date}` is not a date"))
                .at(document.value_place(&["date"]))
                .hint("write it as `YYYY-MM-DD`, in quotes"),
        );
    }
    Applied { overridden, params: params.scope() }
}

/// Puts the inputs of a profile in place of those of the stages.
fn inputs_of_profile(
    pipeline: &mut Pipeline,
    name: &str,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<(String, String), String> {
    let mut overridden = BTreeMap::new();
    let inputs = pipeline.profiles.get(name).map(|profile| profile.inputs.clone());
    for (input, references) in inputs.unwrap_or_default() {
        let slot = input.split_once('.').and_then(|(stage, role)| {
            let inputs = &mut pipeline.stages.get_mut(stage)?.inputs;
            Some((stage, role, inputs.get_mut(role)?))
        });
        match slot {
            Some((stage, role, slot)) => {
                *slot = references;
                overridden.insert((stage.to_string(), role.to_string()), name.to_string());
            }
            None => found.push(
                Diagnostic::new(Kind::Usage, format!("no stage has the input `{input}`"))
                    .at(document.key_place(&["profiles", name, "inputs", &input]))
                    .hint("an override is written `stage.role`"),
            ),
        }
    }
    overridden
}

/// Fills in the variables that commands take from the caller's environment.
fn variables(
    pipeline: &mut Pipeline,
    options: &Options,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) {
    for (stage, declared) in &mut pipeline.stages {
        for (name, variable) in &mut declared.env {
            let Variable::Caller(caller) = variable else { continue };
            let place = || document.value_place(&["stages", stage, "env", name, "from"]);
            let node = document.nearest(&["stages", stage, "env", name]);
            if node.is_some_and(|(_, node)| node.get("from").is_none()) {
                // This has been told.
            } else if !is_variable(&caller.from) {
                found.push(no_variable(&caller.from, place()));
            } else if let Some(value) = options.env.get(&caller.from) {
                *variable = Variable::Given(value.clone());
            } else if let Some(default) = &caller.default {
                *variable = Variable::Text(default.clone());
            } else {
                let message = format!("your environment has no variable `{}`", caller.from);
                found.push(Diagnostic::new(Kind::Usage, message).at(place()).hint(format!(
                    "set it, as in `export {}=…`, or give it a `default:` here",
                    caller.from
                )));
            }
        }
    }
}

/// The mistake that a variable can't have this name.
pub(crate) fn no_variable(name: &str, at: Place) -> Diagnostic {
    Diagnostic::new(Kind::Usage, format!("`{name}` can't be the name of a variable"))
        .at(at)
        .hint("names hold letters, digits and `_`, and begin with no digit")
}
