//! From what differs of each stage to the few things that somebody changed, and
//! the way from there to the stage that was asked for.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use engine::plan::{Input, Origin, Stage};
use engine::project::Project;
use engine::recipe::{self, Change, content_of, labels_of};
use engine::since::Account;

/// What somebody changed.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// The line of the recipe, from what to what. Of things that are no line:
    /// `stage` (it is new), `result` (it is gone), `recipe` (it is not known).
    pub(super) change: Change,
    /// The stages whose recipe has that line.
    pub(super) stages: Vec<usize>,
    /// Whether it is from and to something else in some of them, as the commands
    /// of the cells of a matrix are.
    pub(super) varies: bool,
    /// One of them and those after it, up to the stage that was asked for.
    pub(super) path: Vec<usize>,
}

/// The stages through which changes reach those that were asked for.
pub(super) struct Web {
    /// Each with the stages right before it that it is reached from.
    pub(super) because: BTreeMap<usize, BTreeSet<usize>>,
    /// What is at the beginning of it all.
    pub(super) causes: Vec<Cause>,
}

/// Follows what differs of the asked stages back to its causes.
pub(super) fn web(project: &Project, accounts: &[Account], asked: &[usize]) -> Web {
    let accounts: BTreeMap<usize, &Account> = accounts.iter().map(|it| (it.stage, it)).collect();
    let mut walk = Walk { project, accounts, next: BTreeMap::new(), because: BTreeMap::new() };
    let mut own: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
    let mut queue: VecDeque<usize> = VecDeque::new();
    for index in asked {
        if walk.differs(*index) {
            walk.next.insert(*index, (None, 0));
            queue.push_back(*index);
        }
    }
    // What is said of everything upstream comes last: it is a way of its own only
    // where the data gives none.
    let mut lineages = Vec::new();
    while let Some(index) = queue.pop_front() {
        let (changes, before) = walk.look(index);
        own.insert(index, changes);
        walk.because.entry(index).or_default().extend(&before.direct);
        if before.lineage {
            lineages.push(index);
        }
        walk.reach(before.direct, index, &mut queue);
        if queue.is_empty() {
            for index in std::mem::take(&mut lineages) {
                let origins = walk.origins(index);
                walk.because.entry(index).or_default().extend(&origins);
                walk.reach(origins, index, &mut queue);
            }
        }
    }
    let causes = walk.causes(own);
    Web { because: walk.because, causes }
}

struct Walk<'a> {
    project: &'a Project,
    accounts: BTreeMap<usize, &'a Account>,
    /// Each stage that was reached, with the next on the way to what was asked and
    /// how far that is.
    next: BTreeMap<usize, (Option<usize>, usize)>,
    because: BTreeMap<usize, BTreeSet<usize>>,
}

/// What a stage takes otherwise from stages before it.
#[derive(Default)]
struct Taken {
    direct: BTreeSet<usize>,
    lineage: bool,
}

impl Walk<'_> {
    fn stage(&self, index: usize) -> &Stage {
        &self.project.plan.stages[index]
    }

    fn differs(&self, index: usize) -> bool {
        self.accounts.get(&index).is_some_and(|account| account.differs())
    }

    fn reach(&mut self, found: BTreeSet<usize>, from: usize, queue: &mut VecDeque<usize>) {
        let far = self.next.get(&from).map_or(0, |(_, far)| far + 1);
        for index in found {
            if let Entry::Vacant(slot) = self.next.entry(index) {
                slot.insert((Some(from), far));
                queue.push_back(index);
            }
        }
    }

    /// What changed of a stage by itself, and where the rest comes from.
    fn look(&self, index: usize) -> (Vec<Change>, Taken) {
        let (mut own, mut taken) = (Vec::new(), Taken::default());
        let Some(account) = self.accounts.get(&index) else { return (own, taken) };
        let inputs = inputs(self.stage(index));
        for change in &account.changes {
            let labels = labels_of(&change.line);
            let input = content_of(&change.line).or(labels).and_then(|it| inputs.get(it));
            let is_label = labels.is_some();
            let is_new = change.before.is_none() && !is_label;
            match input.map(|input| &input.from) {
                Some(Origin::Stage(other, _)) if is_label => {
                    // Labels are told where they were put on.
                    let above = self.accounts.get(other).is_some_and(|above| {
                        above.changes.iter().any(|change| labels_of(&change.line).is_some())
                    });
                    if above {
                        taken.direct.insert(*other);
                    } else {
                        own.push(change.clone());
                    }
                }
                Some(Origin::Stage(other, _)) if !is_new => drop(taken.direct.insert(*other)),
                Some(Origin::Lineage) if !is_new => taken.lineage = true,
                // The same as the change of the raw file itself.
                _ if change.line.starts_with("source.") && change.line.ends_with(".digest") => {}
                _ => own.push(change.clone()),
            }
        }
        for line in &account.unknown {
            match content_of(line).and_then(|it| inputs.get(it)).map(|it| &it.from) {
                Some(Origin::Stage(other, _)) => drop(taken.direct.insert(*other)),
                _ => taken.lineage = true,
            }
        }
        if account.is_new {
            own = vec![fact("stage")];
        } else if account.is_partial && own.is_empty() && taken.direct.is_empty() {
            own.push(fact("recipe"));
        } else if !account.differs() {
            own.push(fact("result"));
        }
        (own, taken)
    }

    /// The stages upstream of one that changed by themselves.
    fn origins(&self, index: usize) -> BTreeSet<usize> {
        let upstream = self.project.plan.closure(self.stage(index).upstream());
        let is_origin = |other: &usize| self.differs(*other) && !self.look(*other).0.is_empty();
        upstream.into_iter().filter(is_origin).collect()
    }

    /// Changes that several stages share, once each, in the order of the plan.
    fn causes(&self, own: BTreeMap<usize, Vec<Change>>) -> Vec<Cause> {
        let mut causes: Vec<Cause> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for (index, changes) in own {
            let group = &self.stage(index).group;
            for change in commands(changes) {
                let (same, alike) = (identity(&change), format!("{} {group}", change.line));
                let found = known.get(&same).or_else(|| known.get(&alike)).copied();
                let shared = found.unwrap_or(causes.len());
                if found.is_none() {
                    let (stages, path) = (Vec::new(), Vec::new());
                    causes.push(Cause { change, stages, varies: false, path });
                } else {
                    causes[shared].varies |= !known.contains_key(&same);
                }
                known.entry(same).or_insert(shared);
                known.entry(alike).or_insert(shared);
                let stages = &mut causes[shared].stages;
                if stages.last() != Some(&index) {
                    stages.push(index);
                }
            }
        }
        let far = |index: &usize| self.next.get(index).map_or(usize::MAX, |(_, far)| *far);
        for cause in &mut causes {
            let nearest = cause.stages.iter().copied().min_by_key(far);
            cause.path = nearest.map(|index| self.path(index)).unwrap_or_default();
        }
        causes
    }

    fn path(&self, from: usize) -> Vec<usize> {
        let mut path = vec![from];
        let mut at = from;
        while let Some((Some(next), _)) = self.next.get(&at) {
            path.push(*next);
            at = *next;
        }
        path
    }
}

fn fact(what: &str) -> Change {
    Change { line: what.into(), before: None, after: None }
}

/// The inputs of a stage by role and path.
pub(super) fn inputs(stage: &Stage) -> BTreeMap<String, &Input> {
    let mut found = BTreeMap::new();
    for (role, list) in &stage.inputs {
        for input in list {
            found.insert(recipe::input(role, &input.path), input);
        }
    }
    found
}

/// What makes two changes the same one.
fn identity(change: &Change) -> String {
    let Change { line, before, after } = change;
    let (kind, name) = line.split_once('.').unwrap_or((line, ""));
    match kind {
        // Each stage has a seed of its own.
        "seed" | "stage" | "result" | "recipe" => kind.to_string(),
        "label" => format!("label {before:?} {after:?}"),
        // One file may play several parts.
        "input" | "mode" | "reading" => {
            let path = name.split_once('.').map_or(name, |(_, path)| path);
            format!("{kind} {path} {before:?} {after:?}")
        }
        _ => format!("{line} {before:?} {after:?}"),
    }
}

/// Of the arguments of a command that changed, the last: it has the text that a
/// shell is given.
fn commands(mut changes: Vec<Change>) -> Vec<Change> {
    let last = changes.iter().rposition(|change| change.line.starts_with("argument."));
    let mut at = 0;
    changes.retain(|change| {
        at += 1;
        !change.line.starts_with("argument.") || Some(at - 1) == last
    });
    changes
}
