//! Where two editions part: of each stage what changed by itself, and from a stage
//! back to those changes.
//!
//! A ledger holds of each stage the digests of its inputs and outputs, its
//! parameters and its command. So what differs is seen without running anything and
//! without a store. Of a function's code it holds the path alone: where a stage was
//! given the same and made something else, its code is what changed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;
use serde_json::Value as Json;

use crate::ledger::{Input, Ledger, Stage};

/// What kind of thing somebody changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A raw file of the data package.
    Source,
    /// Another file: a script, a text, a list of claims.
    File,
    /// A parameter of a stage.
    Parameter,
    /// The command of a stage.
    Command,
    /// The code of a function, or what it was built with.
    Code,
    /// Which outputs of other stages a stage takes.
    Input,
    /// A stage that there was not, or that there is no longer.
    Stage,
}

/// A file as it was or is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct File {
    /// Its path.
    pub path: String,
    /// The digest of its content.
    pub digest: String,
}

/// What somebody changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// What kind of thing.
    pub kind: Kind,
    /// Which one: a path, the name of a parameter or of an input.
    pub what: String,
    /// What it was: a value, or an output that was taken; nothing where it is new.
    pub before: Option<String>,
    /// What it is; nothing where it is gone.
    pub after: Option<String>,
    /// The stages that have it.
    pub stages: Vec<String>,
    /// The files behind it, where their contents can be compared.
    pub files: Option<(File, File)>,
}

/// What differs between two ledgers.
#[derive(Debug, Default)]
pub struct Diverged<'a> {
    /// Everything that was changed, by the first stage that has it.
    pub causes: Vec<Cause>,
    /// The stages, by name.
    index: BTreeMap<&'a str, usize>,
    stages: Vec<Parted<'a>>,
}

/// A stage of two editions.
#[derive(Debug)]
struct Parted<'a> {
    name: &'a str,
    /// The causes that it has by itself.
    own: Vec<usize>,
    /// Whether it was given or made something else.
    differs: bool,
    /// The stages that it takes something from.
    upstream: Vec<usize>,
}

/// The way from what was changed to a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// Positions in [`Diverged::causes`].
    pub causes: Vec<usize>,
    /// From the stage where the nearest cause is to the one that was asked for.
    pub through: Vec<String>,
}

/// Compares two ledgers. `code` names files of a function's code that are known to
/// differ; it may know of none.
pub fn diverged<'a>(
    before: &'a Ledger,
    after: &'a Ledger,
    code: &dyn Fn(&Stage) -> Vec<String>,
) -> Diverged<'a> {
    let mut found = Diverged::default();
    let mut known: BTreeMap<(Kind, String, Option<String>, Option<String>), usize> =
        BTreeMap::new();
    let names: BTreeSet<&String> = before.stages.keys().chain(after.stages.keys()).collect();
    found.index = names.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
    for name in names {
        let (old, new) = (before.stages.get(name), after.stages.get(name));
        let Some(stage) = new.or(old) else { continue };
        let upstream = stage.upstream().into_iter().filter_map(|it| found.index.get(it).copied());
        let (mut own, upstream) = (Vec::new(), upstream.collect());
        let (mut differs, changes) = match (old, new) {
            (Some(old), Some(new)) if old == new => {
                (false, code(new).iter().map(|it| change(Kind::Code, it, None, None)).collect())
            }
            (Some(old), Some(new)) => (
                old.outputs != new.outputs || digests(old) != digests(new),
                changes(before, after, old, new, code),
            ),
            (None, _) => (true, vec![change(Kind::Stage, name, None, Some("there"))]),
            (_, None) => (true, vec![change(Kind::Stage, name, Some("there"), None)]),
        };
        for cause in changes {
            differs = true;
            let identity =
                (cause.kind, cause.what.clone(), cause.before.clone(), cause.after.clone());
            let index = *known.entry(identity).or_insert(found.causes.len());
            if index == found.causes.len() {
                found.causes.push(cause);
            }
            found.causes[index].stages.push(name.clone());
            own.push(index);
        }
        found.stages.push(Parted { name, own, differs, upstream });
    }
    found.leave_out_what_is_taken();
    found
}

impl Diverged<'_> {
    /// That a stage is new says nothing where another one takes its output in place of
    /// what it took: that is the cause.
    fn leave_out_what_is_taken(&mut self) {
        let taken = |cause: &Cause| {
            let output = cause.after.as_ref().filter(|_| cause.kind == Kind::Input)?;
            output.rsplit_once('.').map(|(stage, _)| stage.to_string())
        };
        let taken: BTreeSet<String> = self.causes.iter().filter_map(taken).collect();
        let causes = &self.causes;
        for stage in &mut self.stages {
            stage.own.retain(|index| {
                let Cause { kind, what, after, .. } = &causes[*index];
                !(*kind == Kind::Stage && after.is_some() && taken.contains(what))
            });
        }
    }

    /// What changed upstream of a stage, itself included, and the way from there.
    pub fn way(&self, stage: &str) -> Way {
        const NOWHERE: usize = usize::MAX;
        let (mut next, mut queue) = (vec![None; self.stages.len()], VecDeque::new());
        if let Some(at) = self.index.get(stage).filter(|at| self.stages[**at].differs) {
            next[*at] = Some(NOWHERE);
            queue.push_back(*at);
        }
        let (mut causes, mut nearest) = (BTreeSet::new(), NOWHERE);
        while let Some(at) = queue.pop_front() {
            let Parted { own, upstream, .. } = &self.stages[at];
            causes.extend(own.iter().copied());
            if nearest == NOWHERE && !own.is_empty() {
                nearest = at;
            }
            for other in upstream {
                if self.stages[*other].differs && next[*other].is_none() {
                    next[*other] = Some(at);
                    queue.push_back(*other);
                }
            }
        }
        let mut through = Vec::new();
        while nearest != NOWHERE {
            through.push(self.stages[nearest].name.to_string());
            nearest = next[nearest].unwrap_or(NOWHERE);
        }
        Way { causes: causes.into_iter().collect(), through }
    }
}

fn change(kind: Kind, what: &str, before: Option<&str>, after: Option<&str>) -> Cause {
    let (before, after) = (before.map(String::from), after.map(String::from));
    Cause { kind, what: what.into(), before, after, stages: Vec::new(), files: None }
}

fn digests(stage: &Stage) -> BTreeSet<(&str, &str)> {
    let inputs = stage.inputs.values().flatten().filter(|it| !it.is_lineage());
    inputs.map(|it| (it.path.as_str(), it.digest.as_str())).collect()
}

/// What changed of a stage by itself.
fn changes(
    before: &Ledger,
    after: &Ledger,
    old: &Stage,
    new: &Stage,
    code: &dyn Fn(&Stage) -> Vec<String>,
) -> Vec<Cause> {
    let mut found = Vec::new();
    for role in old.inputs.keys().chain(new.inputs.keys()).collect::<BTreeSet<_>>() {
        let of = |stage: &'_ Stage| stage.inputs.get(role).cloned().unwrap_or_default();
        inputs(role, &of(old), &of(new), (before, after), &mut found);
    }
    parameters("", &old.params, &new.params, &mut found);
    if old.cmd != new.cmd || old.uses != new.uses {
        let (before, after) = commands(old, new);
        found.push(change(Kind::Command, "the command", Some(&before), Some(&after)));
    }
    for path in code(new) {
        found.push(change(Kind::Code, &path, None, None));
    }
    let made = |stage: &Stage| -> BTreeMap<String, String> {
        stage.outputs.iter().map(|(name, it)| (name.clone(), it.digest.clone())).collect()
    };
    // Given the same, it made something else.
    if found.is_empty() && digests(old) == digests(new) && made(old) != made(new) {
        let what = new.code.clone().unwrap_or_else(|| "what the command runs".into());
        found.push(change(Kind::Code, &what, None, None));
    }
    found
}

/// Inputs of one role that are other files than before, or other outputs.
fn inputs(
    role: &str,
    old: &[Input],
    new: &[Input],
    ledgers: (&Ledger, &Ledger),
    found: &mut Vec<Cause>,
) {
    let identity = |it: &Input| it.from.clone().unwrap_or_else(|| it.path.clone());
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for it in old.iter().filter(|it| !it.is_lineage()) {
        match new.iter().find(|other| identity(other) == identity(it)) {
            Some(other) if it.maker().is_none() && other.digest != it.digest => {
                let kind = if it.source().is_some() { Kind::Source } else { Kind::File };
                let (a, b) = (file(it), file(other));
                let mut cause = change(kind, &other.path, Some(&a.digest), Some(&b.digest));
                cause.files = Some((a, b));
                found.push(cause);
            }
            Some(_) => {}
            None => gone.push(it),
        }
    }
    let is_new = |it: &&Input| !old.iter().any(|other| identity(other) == identity(it));
    come.extend(new.iter().filter(|it| !it.is_lineage()).filter(is_new));
    for at in 0..gone.len().max(come.len()) {
        let (a, b) = (gone.get(at), come.get(at));
        let name = |it: &&Input| identity(it);
        let mut cause = change(Kind::Input, role, None, None);
        (cause.before, cause.after) = (a.map(name), b.map(name));
        let behind = |ledger: &Ledger, it: &&Input| raw_behind(ledger, it);
        cause.files =
            a.and_then(|it| behind(ledgers.0, it)).zip(b.and_then(|it| behind(ledgers.1, it)));
        found.push(cause);
    }
}

/// Two commands: the arguments that differ, where the others are the same.
fn commands(old: &Stage, new: &Stage) -> (String, String) {
    if let (Some(a), Some(b)) = (&old.cmd, &new.cmd)
        && a.len() == b.len()
    {
        let differing = a.iter().zip(b).filter(|(a, b)| a != b);
        let (a, b): (Vec<&str>, Vec<&str>) =
            differing.map(|(a, b)| (a.as_str(), b.as_str())).unzip();
        return (a.join(" "), b.join(" "));
    }
    let whole = |stage: &Stage| match &stage.cmd {
        Some(cmd) => cmd.join(" "),
        None => stage.action().to_string(),
    };
    (whole(old), whole(new))
}

fn file(input: &Input) -> File {
    File { path: input.path.clone(), digest: input.digest.clone() }
}

/// The raw file that an input is, or that its maker alone was made from.
fn raw_behind(ledger: &Ledger, input: &Input) -> Option<File> {
    let Some(maker) = input.maker() else { return Some(file(input)) };
    let roles = ledger.stages.get(maker)?.inputs.values();
    let mut raw = roles.filter_map(|list| match &list[..] {
        [one] => one.source().map(|_| one),
        _ => None,
    });
    let found = raw.next().filter(|_| raw.next().is_none())?;
    Some(file(found))
}

/// Parameters that differ, by their dotted names.
fn parameters(name: &str, old: &Json, new: &Json, found: &mut Vec<Cause>) {
    if let (Json::Object(a), Json::Object(b)) = (old, new) {
        for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
            let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            let of = |it: &serde_json::Map<String, Json>| it.get(key).cloned();
            match (of(a), of(b)) {
                (Some(a), Some(b)) => parameters(&name, &a, &b, found),
                (a, b) => {
                    let [a, b] = [a, b].map(|it| it.map(|it| it.to_string()));
                    found.push(change(Kind::Parameter, &name, a.as_deref(), b.as_deref()));
                }
            }
        }
    } else if old != new {
        let (a, b) = (old.to_string(), new.to_string());
        found.push(change(Kind::Parameter, name, Some(&a), Some(&b)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ledger::tests::birds;

    fn told(before: &Ledger, after: &Ledger, stage: &str) -> (Vec<(Kind, String)>, Vec<String>) {
        let found = diverged(before, after, &|_| Vec::new());
        let way = found.way(stage);
        let cause = |index: &usize| {
            let cause = &found.causes[*index];
            (cause.kind, cause.what.clone())
        };
        (way.causes.iter().map(cause).collect(), way.through)
    }

    #[test]
    fn from_a_raw_file() {
        let (a, b) = (birds("a", "b", 0.5, &json!({})), birds("z", "y", 0.5, &json!({})));
        let expected = vec![(Kind::Source, "raw/birds.csv".to_string())];
        assert_eq!(told(&a, &b, "test"), (expected, vec!["count".into(), "test".into()]));
        assert_eq!(told(&a, &a, "test"), (vec![], vec![]));
    }

    #[test]
    fn from_a_parameter_and_from_code() {
        let (a, b) = (birds("a", "b", 0.5, &json!({})), birds("a", "b", 0.1, &json!({})));
        let expected = vec![(Kind::Parameter, "level".to_string())];
        assert_eq!(told(&a, &b, "test"), (expected, vec!["test".into()]));
        assert_eq!(told(&a, &b, "count"), (vec![], vec![]));
        // The same file, and another table.
        let b = birds("a", "y", 0.5, &json!({}));
        let expected = vec![(Kind::Code, "stages/count.rs".to_string())];
        assert_eq!(told(&a, &b, "test"), (expected, vec!["count".into(), "test".into()]));
    }

    #[test]
    fn from_another_input() {
        let (a, mut b) = (birds("a", "b", 0.5, &json!({})), birds("a", "b", 0.5, &json!({})));
        let other = b.stages["count"].clone();
        b.stages.insert("other".into(), other);
        let input = &mut b.stages.get_mut("test").unwrap().inputs.get_mut("table").unwrap()[0];
        input.from = Some("other.table".into());
        let found = diverged(&a, &b, &|_| Vec::new());
        let way = found.way("test");
        assert_eq!(way.causes.len(), 1, "that `other` is new says nothing more");
        let cause = &found.causes[way.causes[0]];
        assert_eq!((cause.kind, cause.what.as_str()), (Kind::Input, "table"));
        assert_eq!(cause.before.as_deref(), Some("count.table"));
        assert_eq!(cause.after.as_deref(), Some("other.table"));
        assert!(cause.files.is_some());
    }
}
