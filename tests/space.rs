//! A space: a temporary copy of the project, and the program at work in it.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

/// The project that is tested.
pub(crate) const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// What a run of the study reads.
const PARTS: [&str; 11] = [
    "pipeline.yaml",
    "pipeline.lock",
    "claims.yaml",
    "raw",
    "report",
    "stages",
    "crates/account/src",
    "crates/arithmetic/src",
    "crates/tables/src",
    "crates/typeset/src",
    "Cargo.lock",
];

/// A temporary copy of the project.
pub(crate) struct Space {
    _folder: TempDir,
    root: PathBuf,
}

/// How the program ended and what it said, with times and short digests
/// replaced by words.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What a run did, from the events of `run --json`; names are sorted.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) code: i32,
    pub(crate) ran: Vec<String>,
    pub(crate) cached: Vec<String>,
    pub(crate) failed: Vec<String>,
    pub(crate) skipped: Vec<String>,
    pub(crate) published: Vec<String>,
    /// The words of what went wrong.
    pub(crate) problems: Vec<String>,
}

/// A file with all that a copy of it needs.
struct Copied {
    path: String,
    bytes: Vec<u8>,
    permissions: Permissions,
}

/// The files of a project in which a run has ended well, and how it went.
struct Finished {
    files: Vec<Copied>,
    story: Story,
}

/// One run serves all tests that begin after it.
fn finished() -> &'static Finished {
    static FINISHED: OnceLock<Finished> = OnceLock::new();
    FINISHED.get_or_init(|| {
        let space = Space::fresh();
        let story = space.run(&[]);
        assert_eq!((story.code, &story.problems[..]), (0, &[][..]), "{story:?}");
        Finished { files: copied(space.root(), ""), story }
    })
}

impl Space {
    /// The project as it is cloned: nothing has run.
    pub(crate) fn fresh() -> Self {
        Space::fresh_in("project")
    }

    /// The same, below this path of a temporary folder.
    pub(crate) fn fresh_in(path: &str) -> Self {
        let space = Space::empty(path);
        for part in PARTS {
            for file in copied(Path::new(PROJECT), part) {
                space.place(&file);
            }
        }
        space
    }

    /// The project after its first run, with outputs and store.
    pub(crate) fn finished() -> Self {
        let space = Space::empty("project");
        finished().files.iter().for_each(|file| space.place(file));
        space
    }

    pub(crate) fn empty(path: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("study-").tempdir().unwrap();
        let root = folder.path().join(path);
        fs::create_dir_all(&root).unwrap();
        Space { _folder: folder, root }
    }

    fn place(&self, file: &Copied) {
        self.file(&file.path, &file.bytes);
        fs::set_permissions(self.path(&file.path), file.permissions.clone()).unwrap();
    }

    /// The project's folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path in the project.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Writes a file of the project.
    pub(crate) fn file(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The text of a file of the project.
    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path)).unwrap()
    }

    /// The bytes of a file of the project.
    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Replaces words that stand exactly once in a file of the project.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}");
        self.file(path, text.replace(from, to));
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Every file below `outputs/` with its bytes.
    pub(crate) fn outputs(&self) -> BTreeMap<String, Vec<u8>> {
        copied(&self.root, "outputs").into_iter().map(|file| (file.path, file.bytes)).collect()
    }

    /// The program, about to be started in the project.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_access-barriers"));
        command.args(arguments).current_dir(&self.root).stdin(Stdio::null());
        for name in ["COLOPHON_STORE", "SOURCE_DATE_EPOCH", "CI", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        // A copy of a finished project brings its store with it, and says so.
        command.env("NO_COLOR", "1").env("COLOPHON_STORE", self.root.join(".colophon/store"));
        command
    }

    /// Starts the program and waits for it.
    pub(crate) fn say(&self, arguments: &[&str]) -> Said {
        self.say_with(arguments, &[])
    }

    /// The same with these environment variables.
    pub(crate) fn say_with(&self, arguments: &[&str], env: &[(&str, &str)]) -> Said {
        let output = self.command(arguments).envs(env.iter().copied()).output().unwrap();
        let text = |bytes| words(&String::from_utf8(bytes).unwrap());
        let code = output.status.code().unwrap_or(-1);
        Said { code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs the pipeline; more arguments of `run` may be given.
    pub(crate) fn run(&self, arguments: &[&str]) -> Story {
        self.run_with(arguments, &[])
    }

    /// The same with these environment variables.
    pub(crate) fn run_with(&self, arguments: &[&str], env: &[(&str, &str)]) -> Story {
        let arguments = [&["run", "--json"], arguments].concat();
        let output = self.command(&arguments).envs(env.iter().copied()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        Story::read(output.status.code().unwrap_or(-1), &text)
    }

    /// Runs the pipeline, which must do well, and gives the stages that ran.
    #[track_caller]
    pub(crate) fn ran(&self, arguments: &[&str]) -> String {
        let story = self.run(arguments);
        assert_eq!((story.code, &story.problems[..]), (0, &[][..]), "{story:?}");
        folded(&story.ran)
    }

    /// How many stages and cells `pipeline.yaml` declares.
    pub(crate) fn stages(&self) -> usize {
        let said = self.say(&["check", "--json"]);
        let check: Value = serde_json::from_str(&said.out).unwrap();
        check["stages"].as_u64().unwrap() as usize
    }
}

/// Names of stages; of a stage with many cells how many of them there are.
pub(crate) fn folded(names: &[String]) -> String {
    let group = |name: &str| name.split('@').next().unwrap_or(name).to_string();
    let mut folded: Vec<String> = Vec::new();
    for name in names {
        let cells = names.iter().filter(|other| group(other) == group(name)).count();
        let name = if cells > 6 { format!("{} ×{cells}", group(name)) } else { name.clone() };
        if folded.last() != Some(&name) {
            folded.push(name);
        }
    }
    folded.join(" ")
}

impl Story {
    /// How the run of `Space::finished` went.
    pub(crate) fn first() -> &'static Story {
        &finished().story
    }

    fn read(code: i32, text: &str) -> Self {
        let mut story = Story { code, ..Story::default() };
        for line in text.lines().filter(|line| line.starts_with("{\"event\"")) {
            let event: Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| event[key].as_str().unwrap_or("").to_string();
            match word("event").as_str() {
                "finished" if word("how") == "ran" => story.ran.push(word("stage")),
                "finished" => story.cached.push(word("stage")),
                "failed" => story.failed.push(word("stage")),
                "skipped" => story.skipped.push(word("stage")),
                "published" => story.published.push(word("path")),
                "ended" => {
                    let problems = event["summary"]["problems"].as_array();
                    let message = |problem: &Value| problem["message"].to_string();
                    story.problems.extend(problems.into_iter().flatten().map(message));
                }
                _ => {}
            }
        }
        let names = [&mut story.ran, &mut story.cached, &mut story.failed, &mut story.skipped];
        names.into_iter().for_each(|names| names.sort());
        story.published.sort();
        story
    }
}

/// Every file at or below a path of a folder, sorted, with slashes.
fn copied(root: &Path, path: &str) -> Vec<Copied> {
    let copy = |path: String| Copied {
        bytes: fs::read(root.join(&path)).unwrap(),
        permissions: fs::metadata(root.join(&path)).unwrap().permissions(),
        path,
    };
    files(root, path).into_iter().map(copy).collect()
}

/// The paths of every file at or below a path of a folder, sorted.
pub(crate) fn files(root: &Path, path: &str) -> Vec<String> {
    let (mut found, mut left) = (Vec::new(), vec![root.join(path)]);
    while let Some(path) = left.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => left.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) => found.push(path),
        }
    }
    let short = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
    let mut found: Vec<_> = found.iter().map(short).collect();
    found.sort();
    found
}

/// Text with durations replaced by `TIME` and short digests by `DIGEST`.
fn words(text: &str) -> String {
    let time = Regex::new(r"\b\d+(\.\d+)? (ms|s)\b").unwrap();
    let digest = Regex::new(r"\b[0-9a-f]{12}\b").unwrap();
    digest.replace_all(&time.replace_all(text, "TIME"), "DIGEST").into_owned()
}

/// Holds text to what is expected and shows both as they stand.
#[track_caller]
pub(crate) fn same(said: &str, expected: &str) {
    let expected = expected.trim_start_matches('\n');
    assert!(said == expected, "--- said\n{said}\n--- expected\n{expected}\n---");
}

/// Holds outputs to each other; names the paths that differ, not their bytes.
#[track_caller]
pub(crate) fn same_outputs(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) {
    let paths: Vec<_> = one.keys().chain(other.keys()).collect();
    let mut differ: Vec<_> = paths.into_iter().filter(|p| one.get(*p) != other.get(*p)).collect();
    differ.dedup();
    assert!(differ.is_empty(), "these differ: {differ:?}");
    assert!(one.contains_key("outputs/report.pdf"), "there is no report");
}

#[test]
fn words_of_a_message() {
    assert_eq!(words("(31 ms) 2.3 s, 5c4b53fe1247 -> 24 sheep"), "(TIME) TIME, DIGEST -> 24 sheep");
}
