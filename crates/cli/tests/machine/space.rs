//! A space: a temporary project, and the program at work in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_colophon-bare");

/// A temporary project.
pub(crate) struct Space {
    folder: TempDir,
    /// Where its commands have their private folders.
    temp: TempDir,
}

/// How the program ended and what it said; times, digests and the project's
/// folder are replaced by words.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What a run did, from the events of `run --json`.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) code: i32,
    /// Stages that ran, sorted.
    pub(crate) ran: Vec<String>,
    /// Stages whose result was known, sorted.
    pub(crate) cached: Vec<String>,
    /// Stages that failed, sorted.
    pub(crate) failed: Vec<String>,
    /// Stages that were not tried, sorted.
    pub(crate) skipped: Vec<String>,
    /// Paths that were put in place, sorted.
    pub(crate) published: Vec<String>,
    /// Messages that are no errors.
    pub(crate) notes: Vec<String>,
    /// Messages that are, with their details and hints.
    pub(crate) problems: Vec<String>,
}

impl Space {
    /// A project with this `pipeline.yaml`; the first two lines are written for it.
    pub(crate) fn new(stages: &str) -> Self {
        let space = Space::empty();
        space.pipeline(stages);
        space
    }

    /// A folder without a project.
    pub(crate) fn empty() -> Self {
        let made = |prefix: &str| tempfile::Builder::new().prefix(prefix).tempdir().unwrap();
        Space { folder: made("space-"), temp: made("t-") }
    }

    /// Writes `pipeline.yaml`: a version, a name, and these lines.
    pub(crate) fn pipeline(&self, stages: &str) {
        self.file("pipeline.yaml", format!("version: 1\nname: x\n{stages}"));
    }

    /// The project's folder.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the project.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// Writes a file of the project.
    pub(crate) fn file(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The text of a file of the project.
    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Replaces words of a file of the project.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        assert!(text.contains(from), "`{from}` is not in {path}");
        self.file(path, text.replace(from, to));
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The program, about to be started in the project.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.root()).stdin(Stdio::null());
        for name in ["COLOPHON_STORE", "SOURCE_DATE_EPOCH", "CI", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.env("NO_COLOR", "1").env("TMPDIR", self.temp.path());
        command
    }

    /// Starts the program and waits for it.
    pub(crate) fn say(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| self.normal(&String::from_utf8(bytes).unwrap());
        let code = output.status.code().unwrap_or(-1);
        Said { code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs the pipeline; more arguments of `run` may be given.
    pub(crate) fn run(&self, arguments: &[&str]) -> Story {
        let arguments = [&["run", "--json"], arguments].concat();
        let output = self.command(&arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut story = Story { code: output.status.code().unwrap_or(-1), ..Story::default() };
        story.read(&text, &self.root().display().to_string());
        story
    }

    /// Runs the pipeline, which must do well.
    pub(crate) fn good(&self, arguments: &[&str]) -> Story {
        let story = self.run(arguments);
        assert_eq!((story.code, &story.problems[..]), (0, &[][..]), "{story:?}");
        story
    }

    /// Every file below a folder of the project, sorted, with slashes.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        files(self.root(), folder)
    }

    /// Where its commands have their private folders.
    pub(crate) fn temp(&self) -> &Path {
        self.temp.path()
    }

    /// Every file in private folders of its commands.
    pub(crate) fn private(&self) -> Vec<String> {
        files(self.temp(), "")
    }

    /// The object in the project's own store that has these bytes.
    pub(crate) fn object(&self, bytes: &str) -> PathBuf {
        let objects = self.files(".colophon/store/v1/objects");
        let mut objects = objects.iter().map(|path| self.path(path));
        let object = objects.find(|path| fs::read(path).is_ok_and(|b| b == bytes.as_bytes()));
        object.unwrap_or_else(|| panic!("no object holds {bytes:?}"))
    }

    /// How many files the store has set aside.
    pub(crate) fn quarantined(&self) -> usize {
        self.files(".colophon/store/v1/quarantine").len()
    }

    fn normal(&self, text: &str) -> String {
        words(&text.replace(&self.root().display().to_string(), "PROJECT"))
    }
}

impl Story {
    fn read(&mut self, text: &str, root: &str) {
        for line in text.lines().filter(|line| line.starts_with("{\"")) {
            let event: Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| event[key].as_str().unwrap_or("").to_string();
            match word("event").as_str() {
                "finished" if word("how") == "ran" => self.ran.push(word("stage")),
                "finished" => self.cached.push(word("stage")),
                "failed" => self.failed.push(word("stage")),
                "skipped" => self.skipped.push(word("stage")),
                "published" => self.published.push(word("path")),
                "noted" => self.notes.push(sentence(&event["diagnostic"])),
                "ended" => {
                    let problems = event["summary"]["problems"].as_array();
                    self.problems.extend(problems.into_iter().flatten().map(sentence));
                }
                _ => {}
            }
        }
        // Mistakes that stop a run before it begins are one JSON value.
        if let Ok(whole) = serde_json::from_str::<Value>(text) {
            let problems = whole["problems"].as_array();
            self.problems.extend(problems.into_iter().flatten().map(sentence));
        }
        // A known result whose bytes were lost is first cached and then ran.
        self.cached.retain(|stage| !self.ran.contains(stage));
        for list in [&mut self.ran, &mut self.cached, &mut self.failed, &mut self.skipped] {
            list.sort();
        }
        self.published.sort();
        for list in [&mut self.notes, &mut self.problems] {
            list.iter_mut().for_each(|text| *text = words(&text.replace(root, "PROJECT")));
        }
    }

    /// Stages that ran and stages that did not, as `ran a b, cached c`.
    pub(crate) fn told(&self) -> String {
        let part = |word: &str, list: &[String]| {
            (!list.is_empty()).then(|| format!("{word} {}", list.join(" ")))
        };
        let parts = [
            part("ran", &self.ran),
            part("cached", &self.cached),
            part("failed", &self.failed),
            part("skipped", &self.skipped),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Every file below a folder, sorted, relative to a root.
fn files(root: &Path, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => folders.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    let short = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
    let mut found: Vec<_> = found.iter().map(short).collect();
    found.sort();
    found
}

/// A diagnostic as lines: the message, its details and its hints.
fn sentence(diagnostic: &Value) -> String {
    let list = |key: &str, before: &str| -> Vec<String> {
        let lines = diagnostic[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        lines.map(|line| format!("{before}{line}")).collect()
    };
    let message = diagnostic["message"].as_str().unwrap_or("").to_string();
    [vec![message], list("details", "| "), list("hints", "hint: ")].concat().join("\n")
}

/// Text with durations replaced by `TIME` and short digests by `DIGEST`.
pub(crate) fn words(text: &str) -> String {
    let mut normal = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, from) = rest.split_at(start);
        let part = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let end = from.find(|c| !part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let number = word.parse::<f64>().is_ok();
        let unit = [" ms", " s"].into_iter().find(|unit| {
            let next = after.strip_prefix(unit).map(|rest| rest.chars().next());
            next.is_some_and(|next| !next.is_some_and(char::is_alphanumeric))
        });
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let digest = word.len() == 12 && word.chars().all(hex) && !number;
        normal.push_str(before);
        rest = match (number, unit) {
            (true, Some(unit)) => {
                normal.push_str("TIME");
                &after[unit.len()..]
            }
            _ => {
                normal.push_str(if digest { "DIGEST" } else { word });
                after
            }
        };
    }
    normal + rest
}

/// Holds text to what is expected and shows both as they stand.
#[track_caller]
pub(crate) fn same(said: &str, expected: &str) {
    let expected = expected.trim_start_matches('\n');
    assert!(said == expected, "--- said\n{said}\n--- expected\n{expected}\n---");
}

/// Waits until something is so; panics when it takes too long.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn words_of_a_message() {
    assert_eq!(words("     ran a  12 ms\n(1.2 s)"), "     ran a  TIME\n(TIME)");
    assert_eq!(words("5c4b53fe1247 -> 4 sheep"), "DIGEST -> 4 sheep");
    assert_eq!(words("longer than its 1 s"), "longer than its TIME");
    assert_eq!(words("3 seconds, v1.2"), "3 seconds, v1.2");
}
