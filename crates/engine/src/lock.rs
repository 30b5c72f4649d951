//! `pipeline.lock`: what the committed state of a project produces.
//!
//! One sorted block a stage, one fact a line, no times, hosts or paths of a
//! machine, so that it merges as text. It is YAML for whoever reads it; the
//! program reads it line by line and takes only what it would write itself.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Kind, Place};
use crate::digest::Digest;
use crate::store::Made;

/// The name of the file at the root of a project.
pub const FILE: &str = "pipeline.lock";

const HEADER: &str = "# Written by `colophon run`; commit it. \
                      It holds what this project produces.\n\
                      version: 1\nstages:\n";

/// The lock of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// A block for each stage.
    pub stages: BTreeMap<String, Block>,
}

/// What the lock holds of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The key of its recipe.
    pub key: Digest,
    /// The digests of its inputs by role and path.
    pub inputs: BTreeMap<String, Digest>,
    /// Its outputs by path.
    pub outputs: BTreeMap<String, Made>,
}

impl Lock {
    /// Reads the lock of the project at `root`; an empty one if there is none.
    pub fn read(root: &Path) -> Result<Self, Diagnostic> {
        match std::fs::read_to_string(root.join(FILE)) {
            Ok(text) => Lock::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Lock::default()),
            Err(error) => Err(Diagnostic::io("read", Path::new(FILE), &error)),
        }
    }

    /// Reads the text of a lock.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let mut parser = Parser::default();
        for (index, line) in text.lines().enumerate() {
            parser.line(line).ok_or_else(|| {
                let message = match line.starts_with(['<', '=', '>']) {
                    true => "this line is a mark of an unresolved merge",
                    false => "this line is not one that `colophon run` writes",
                };
                Diagnostic::new(Kind::Usage, message)
                    .at(Place::line(FILE, index + 1, line))
                    .hint("take either side, or delete the file, and `colophon run` writes it anew")
            })?;
        }
        Ok(parser.finish())
    }

    /// The text of the lock.
    pub fn text(&self) -> String {
        let mut text = String::from(HEADER);
        for (name, block) in &self.stages {
            let _ = writeln!(text, "  {name}:\n    key: {}", block.key);
            if !block.inputs.is_empty() {
                text.push_str("    inputs:\n");
            }
            for (input, digest) in &block.inputs {
                let _ = writeln!(text, "      {}: {digest}", quoted(input));
            }
            text.push_str("    outputs:\n");
            for (path, made) in &block.outputs {
                let rows = made.rows.map(|rows| format!(", rows: {rows}")).unwrap_or_default();
                let (digest, size) = (made.digest, made.size);
                let path = quoted(path);
                let _ = writeln!(text, "      {path}: {{ digest: {digest}, size: {size}{rows} }}");
            }
        }
        text
    }

    /// Every difference from what was locked, one sentence each.
    pub fn differences(&self, locked: &Lock) -> Vec<String> {
        let mut found = Vec::new();
        for (name, block) in &self.stages {
            let Some(old) = locked.stages.get(name) else {
                found.push(format!("stage `{name}` is not in the lock"));
                continue;
            };
            for (path, made) in &block.outputs {
                match old.outputs.get(path) {
                    Some(before) if before.digest == made.digest => {}
                    Some(before) => found.push(format!(
                        "`{path}` is {}, locked as {}",
                        made.digest.short(),
                        before.digest.short()
                    )),
                    None => found.push(format!("`{path}` is not in the lock")),
                }
            }
            let gone = old.outputs.keys().filter(|path| !block.outputs.contains_key(*path));
            found.extend(gone.map(|path| format!("`{path}` is locked but no longer made")));
            let same = |(path, made): (&String, &Made)| {
                old.outputs.get(path).is_some_and(|before| before.digest == made.digest)
            };
            if old != block && block.outputs.iter().all(same) {
                found.push(match old.key == block.key {
                    true => format!("stage `{name}` is locked with other inputs, sizes or rows"),
                    false => format!("stage `{name}` has another recipe, with the same outputs"),
                });
            }
        }
        let gone = locked.stages.keys().filter(|name| !self.stages.contains_key(*name));
        found.extend(gone.map(|name| format!("stage `{name}` is locked but no longer declared")));
        found
    }
}

/// A key as YAML needs it: quoted where it is not plain.
fn quoted(key: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./@".contains(c);
    match key.chars().all(plain) && key.starts_with(char::is_alphabetic) {
        true => key.into(),
        false => serde_json::Value::from(key).to_string(),
    }
}

fn unquoted(key: &str) -> Option<String> {
    match key.starts_with('"') {
        true => serde_json::from_str(key).ok(),
        false => Some(key.into()),
    }
}

#[derive(Default)]
struct Parser {
    lock: Lock,
    stage: Option<(String, Option<Digest>, Block)>,
    outputs: bool,
}

impl Parser {
    fn line(&mut self, line: &str) -> Option<()> {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let line = line.trim_start_matches(' ');
        match indent {
            0 if line.is_empty() || line.starts_with('#') => {}
            0 if line == "version: 1" || line == "stages:" => {}
            2 => {
                self.close();
                let key = Digest::of(b"");
                let block = Block { key, inputs: BTreeMap::new(), outputs: BTreeMap::new() };
                self.stage = Some((line.strip_suffix(':')?.into(), None, block));
            }
            4 if line == "inputs:" => self.outputs = false,
            4 if line == "outputs:" => self.outputs = true,
            4 => self.stage.as_mut()?.1 = Some(Digest::from_hex(line.strip_prefix("key: ")?)?),
            6 if self.outputs => {
                let (path, made) = line.strip_suffix(" }")?.rsplit_once(": { digest: ")?;
                let (digest, rest) = made.split_once(", size: ")?;
                let (size, rows) = match rest.split_once(", rows: ") {
                    Some((size, rows)) => (size, Some(rows.parse().ok()?)),
                    None => (rest, None),
                };
                let made =
                    Made { digest: Digest::from_hex(digest)?, size: size.parse().ok()?, rows };
                self.stage.as_mut()?.2.outputs.insert(unquoted(path)?, made);
            }
            6 => {
                let (input, digest) = line.rsplit_once(": ")?;
                let inputs = &mut self.stage.as_mut()?.2.inputs;
                inputs.insert(unquoted(input)?, Digest::from_hex(digest)?);
            }
            _ => return None,
        }
        Some(())
    }

    fn close(&mut self) {
        if let Some((name, Some(key), mut block)) = self.stage.take() {
            block.key = key;
            self.lock.stages.insert(name, block);
        }
    }

    fn finish(mut self) -> Lock {
        self.close();
        self.lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let made = |text: &str, rows| Made { digest: Digest::of(text.as_bytes()), size: 3, rows };
        let block = Block {
            key: Digest::of(b"key"),
            inputs: BTreeMap::from([("table raw/a b.csv".into(), Digest::of(b"in"))]),
            outputs: BTreeMap::from([
                ("outputs/a.json".into(), made("out", None)),
                ("outputs/b.parquet".into(), made("rows", Some(7))),
            ]),
        };
        Lock { stages: BTreeMap::from([("a@x-1".into(), block)]) }
    }

    #[test]
    fn round_trip() {
        let text = lock().text();
        assert_eq!(Lock::parse(&text), Ok(lock()));
        assert_eq!(Lock::parse("").map(|lock| lock.stages.len()), Ok(0));
        assert!(crate::yaml::Document::parse(FILE, text.as_bytes()).is_ok());
    }

    #[test]
    fn a_merge_conflict_is_named() {
        let text = lock().text().replace("    outputs:\n", "<<<<<<< ours\n    outputs:\n");
        let problem = Lock::parse(&text).expect_err("a mistake");
        assert_eq!(
            problem.to_string(),
            "pipeline.lock:8: this line is a mark of an unresolved merge"
        );
    }

    #[test]
    fn outputs_count() {
        let mut changed = lock();
        let block = changed.stages.get_mut("a@x-1").expect("there");
        block.outputs.get_mut("outputs/a.json").expect("there").digest = Digest::of(b"other");
        let found = changed.differences(&lock());
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("`outputs/a.json` is "), "{found:?}");
        assert!(lock().differences(&lock()).is_empty());
    }
}
