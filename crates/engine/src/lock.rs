//! `pipeline.lock`: what the committed state of a project produces.
//!
//! One sorted block a stage, one fact a line, no times, hosts or paths of a
//! machine, so that it merges as text. It is YAML for whoever reads it; the
//! program reads it line by line and takes only what it would write itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Kind, Place};
use crate::digest::Digest;
use crate::files::{self, Look};
use crate::outputs;
use crate::store::Made;

/// The name of the file at the root of a project.
pub const FILE: &str = "pipeline.lock";

/// A lock holds a line for each input and output; more than this is no lock.
const LIMIT: u64 = 256 << 20;

const HEADER: &str = "# Written by `colophon run`; commit it. \
                      It holds what this project produces.\n\
                      version: 1\nstages:\n";

/// What is added to an output that may be executed.
const EXECUTABLE: &str = ", executable: true";

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
    /// The kind of machine that the key speaks of, if it does.
    pub platform: Option<String>,
    /// The digests of its inputs by role and path.
    pub inputs: BTreeMap<String, Digest>,
    /// Its outputs by path.
    pub outputs: BTreeMap<String, Made>,
}

impl Lock {
    /// Reads the lock of the project at `root`; an empty one if there is none.
    pub fn read(root: &Path) -> Result<Self, Diagnostic> {
        Lock::look(root).map(|(lock, _)| lock)
    }

    /// The same, with the look at the file.
    pub(crate) fn look(root: &Path) -> Result<(Self, Option<Look>), Diagnostic> {
        match files::read(&root.join(FILE), LIMIT) {
            Ok((bytes, look)) => Ok((Lock::parse(&String::from_utf8_lossy(&bytes))?, look)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok((Lock::default(), None))
            }
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
                    false if parser.foreign => "this path is not one that an output can have",
                    false => "this line is not one that `colophon run` writes",
                };
                Diagnostic::new(Kind::Usage, message)
                    .at(Place::line(FILE, index + 1, line))
                    .hint("take either side, or delete the file, and `colophon run` writes it anew")
            })?;
        }
        Ok(parser.finish())
    }

    /// The keys that it speaks of.
    pub fn keys(&self) -> BTreeSet<Digest> {
        self.stages.values().map(|block| block.key).collect()
    }

    /// The text of the lock.
    pub fn text(&self) -> String {
        let mut text = String::from(HEADER);
        for (name, block) in &self.stages {
            let _ = writeln!(text, "  {name}:\n    key: {}", block.key);
            if let Some(platform) = &block.platform {
                let _ = writeln!(text, "    platform: {platform}");
            }
            if !block.inputs.is_empty() {
                text.push_str("    inputs:\n");
            }
            for (input, digest) in &block.inputs {
                let _ = writeln!(text, "      {}: {digest}", quoted(input));
            }
            text.push_str("    outputs:\n");
            for (path, made) in &block.outputs {
                let rows = made.rows.map(|rows| format!(", rows: {rows}")).unwrap_or_default();
                let mode = if made.executable { EXECUTABLE } else { "" };
                let (digest, size) = (made.digest, made.size);
                let path = quoted(path);
                let _ = writeln!(
                    text,
                    "      {path}: {{ digest: {digest}, size: {size}{rows}{mode} }}"
                );
            }
        }
        text
    }

    /// Every difference from what was locked.
    ///
    /// The lock promises results. A key may be that of another kind of machine;
    /// `key_on` gives a stage's key there, and where it is the locked one, nothing
    /// else differs.
    pub(crate) fn differences(
        &self,
        locked: &Lock,
        key_on: &dyn Fn(&str, &str) -> Option<Digest>,
    ) -> Differences {
        let mut found = Vec::new();
        let mut platforms = BTreeMap::new();
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
            if old == block || !block.outputs.iter().all(same) {
                continue;
            }
            let results = old.inputs == block.inputs && old.outputs == block.outputs;
            match &old.platform {
                Some(platform) if results && key_on(name, platform) == Some(old.key) => {
                    *platforms.entry(platform.clone()).or_default() += 1;
                }
                _ if old.key == block.key => {
                    found.push(format!(
                        "stage `{name}` is locked with other inputs, sizes, rows or modes"
                    ));
                }
                _ => {
                    found.push(format!("stage `{name}` has another recipe, with the same outputs"))
                }
            }
        }
        let gone = locked.stages.keys().filter(|name| !self.stages.contains_key(*name));
        found.extend(gone.map(|name| format!("stage `{name}` is locked but no longer declared")));
        Differences { found, platforms }
    }
}

/// How two locks differ.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// What differs, a sentence each.
    pub(crate) found: Vec<String>,
    /// How many keys differ by nothing but the kind of machine, by that kind.
    pub(crate) platforms: BTreeMap<String, usize>,
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
    /// Whether the line that is wrong names a path that no output can have.
    foreign: bool,
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
                let (inputs, outputs) = (BTreeMap::new(), BTreeMap::new());
                let block = Block { key, platform: None, inputs, outputs };
                self.stage = Some((line.strip_suffix(':')?.into(), None, block));
            }
            4 if line == "inputs:" => self.outputs = false,
            4 if line == "outputs:" => self.outputs = true,
            4 if line.starts_with("platform: ") => {
                let platform = line.strip_prefix("platform: ")?;
                self.stage.as_mut()?.2.platform = Some(platform.into());
            }
            4 => self.stage.as_mut()?.1 = Some(Digest::from_hex(line.strip_prefix("key: ")?)?),
            6 if self.outputs => {
                let (path, made) = line.strip_suffix(" }")?.rsplit_once(": { digest: ")?;
                let (digest, rest) = made.split_once(", size: ")?;
                let plain = rest.strip_suffix(EXECUTABLE);
                let (rest, executable) = (plain.unwrap_or(rest), plain.is_some());
                let (size, rows) = match rest.split_once(", rows: ") {
                    Some((size, rows)) => (size, Some(rows.parse().ok()?)),
                    None => (rest, None),
                };
                let (digest, size) = (Digest::from_hex(digest)?, size.parse().ok()?);
                let made = Made { digest, size, rows, executable };
                let path = unquoted(path)?;
                // What is put in place is put where this says.
                self.foreign = !outputs::is_plain(&path);
                if self.foreign {
                    return None;
                }
                self.stage.as_mut()?.2.outputs.insert(path, made);
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
mod tests;
