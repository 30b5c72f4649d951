//! What rests on what: from a stage up to raw files, and down to values.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use crate::ledger::{Input, Ledger, Stage};

/// The stages of an edition and the arrows between them.
pub struct Web<'a> {
    ledger: &'a Ledger,
    up: BTreeMap<&'a str, BTreeSet<&'a str>>,
    down: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// A stage on the way up, and how far it is from where one asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The stage.
    pub stage: String,
    /// How many arrows away it is: 0 is the stage that was asked for.
    pub depth: usize,
    /// Whether it has been shown further up, so that what is behind it is left out.
    pub again: bool,
    /// The inputs that no stage made: raw files, scripts, texts.
    pub files: Vec<Input>,
}

impl<'a> Web<'a> {
    /// The web of an edition.
    pub fn new(ledger: &'a Ledger) -> Self {
        let (mut up, mut down) = (BTreeMap::new(), BTreeMap::<_, BTreeSet<_>>::new());
        for (name, stage) in &ledger.stages {
            for other in stage.upstream() {
                down.entry(other).or_default().insert(name.as_str());
            }
            up.insert(name.as_str(), stage.upstream());
        }
        Web { ledger, up, down }
    }

    /// A stage and everything that it rests on, as a tree: each stage before those that
    /// it takes something from, and each told once.
    pub fn above(&self, stage: &str) -> Vec<Step> {
        let (mut steps, mut seen) = (Vec::new(), BTreeSet::new());
        // By hand, since a chain may be longer than a stack is deep.
        let mut waiting = vec![(stage, 0)];
        while let Some((name, depth)) = waiting.pop() {
            let Some((name, stage)) = self.ledger.stages.get_key_value(name) else { continue };
            let again = !seen.insert(name.as_str());
            let files = if again { Vec::new() } else { files(stage) };
            steps.push(Step { stage: name.clone(), depth, again, files });
            if !again {
                let next = self.up.get(name.as_str()).into_iter().flatten().rev();
                waiting.extend(next.map(|other| (*other, depth + 1)));
            }
        }
        steps
    }

    /// The stages that some stages reach, those included, nearest first.
    pub fn below(&self, stages: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let mut queue: VecDeque<&str> = stages.into_iter().collect();
        while let Some(name) = queue.pop_front() {
            if seen.insert(name) {
                found.push(name);
                queue.extend(self.down.get(name).into_iter().flatten());
            }
        }
        found
    }

    /// The stages that were given a file which no stage made.
    pub fn readers(&self, path: &str) -> Vec<&'a str> {
        let reads = |stage: &Stage| {
            let mut inputs = stage.inputs.values().flatten();
            inputs.any(|it| it.maker().is_none() && it.path == path)
        };
        let stages = self.ledger.stages.iter().filter(|(_, stage)| reads(stage));
        stages.map(|(name, _)| name.as_str()).collect()
    }

    /// The stage that made a file.
    pub fn maker(&self, path: &str) -> Option<&'a str> {
        let makes = |stage: &Stage| stage.outputs.values().any(|it| it.path == path);
        let found = self.ledger.stages.iter().find(|(_, stage)| makes(stage));
        found.map(|(name, _)| name.as_str())
    }

    /// The stages that have a parameter of this name.
    pub fn parameterised(&self, name: &str) -> Vec<&'a str> {
        let has = |stage: &Stage| {
            name.split('.').try_fold(&stage.params, |at, part| at.get(part)).is_some()
        };
        let stages = self.ledger.stages.iter().filter(|(_, stage)| has(stage));
        stages.map(|(name, _)| name.as_str()).collect()
    }
}

/// The inputs of a stage that no stage made.
fn files(stage: &Stage) -> Vec<Input> {
    let inputs = stage.inputs.values().flatten();
    let mut files: Vec<Input> =
        inputs.filter(|it| it.maker().is_none() && !it.is_lineage()).cloned().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup();
    files
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ledger::tests::birds;

    #[test]
    fn up_and_down() {
        let ledger = birds("a", "b", 0.5, &json!({}));
        let web = Web::new(&ledger);
        let above = web.above("test");
        let told: Vec<_> = above
            .iter()
            .map(|it| (it.stage.as_str(), it.depth, it.files[0].path.as_str()))
            .collect();
        assert_eq!(told, [("test", 0, "test.py"), ("count", 1, "raw/birds.csv")]);
        assert_eq!(web.below(["count"]), ["count", "test"]);
        assert_eq!(web.readers("raw/birds.csv"), ["count"]);
        assert_eq!(web.maker("outputs/n.parquet"), Some("count"));
        assert_eq!(web.parameterised("level"), ["test"]);
        assert!(web.above("no").is_empty() && web.readers("outputs/n.parquet").is_empty());
    }

    #[test]
    fn what_two_take_is_told_once() {
        let mut ledger = birds("a", "b", 0.5, &json!({}));
        let mut last = ledger.stages["test"].clone();
        last.inputs.insert(
            "more".into(),
            vec![Input {
                path: "outputs/test.json".into(),
                digest: "d".into(),
                from: Some("test.values".into()),
            }],
        );
        ledger.stages.insert("last".into(), last);
        let steps = Web::new(&ledger).above("last");
        let told: Vec<_> = steps.iter().map(|it| (it.stage.as_str(), it.depth, it.again)).collect();
        let expected =
            [("last", 0, false), ("count", 1, false), ("test", 1, false), ("count", 2, true)];
        assert_eq!(told, expected);
    }
}
