//! A project of small text functions that can be edited, damaged and killed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use engine::function::{Failure, Function, Job, Outputs, Slot, normalise};
use engine::lock::Lock;
use engine::observe::{Event, How, Observer};
use engine::plan::options::Options;
use engine::project::{Access, Project};
use engine::run::request::{Request, Summary};
use engine::run::{Mode, run};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Joins texts and adds a suffix.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// What is added.
    #[serde(default)]
    pub(crate) suffix: i64,
}

fn join(job: &Job, version: &str) -> Result<Outputs, Failure> {
    let params: Params = job.params()?;
    let mut text = String::new();
    for input in job.many("texts") {
        text.push_str(&format!("{}\n{}", input.path, String::from_utf8_lossy(&input.bytes)));
    }
    text.push_str(&format!("{version} {}\n", params.suffix));
    Ok(Outputs::from([("text", text.into_bytes().into())]))
}

/// Says only how many lines there are, so that most changes stop at it.
fn count(job: &Job) -> Result<Outputs, Failure> {
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    let lines: usize = job.many("texts").iter().map(|input| lines(&input.bytes)).sum();
    Ok(Outputs::from([("text", format!("{lines}\n").into_bytes().into())]))
}

macro_rules! toy {
    ($name:literal, $code:literal, $run:expr) => {
        Function {
            name: $name,
            own: (concat!($name, ".rs"), $code),
            code: &[],
            inputs: {
                const INPUTS: &[Slot] = &[Slot::many("texts")];
                INPUTS
            },
            outputs: &["text"],
            schema: || schemars::schema_for!(Params),
            normalise: normalise::<Params>,
            check: None,
            enters: None,
            run: $run,
        }
    };
}

/// The functions in a version of their code. The second one differs from the
/// first by what it does, the third from the second by a comment only.
pub(crate) fn functions(version: usize) -> Vec<Function> {
    let join = match version {
        0 => toy!("join", "//! Joins.\nv0", |job| join(job, "v0")),
        1 => toy!("join", "//! Joins.\nv1", |job| join(job, "v1")),
        _ => toy!("join", "//! Joins.\nv1 // a comment", |job| join(job, "v1")),
    };
    vec![join, toy!("count", "//! Counts.", count)]
}

/// How many raw files there are.
pub(crate) const FILES: usize = 3;

/// A project on disk; what it is made of is on disk too, so that a process
/// which knows only the folder can run it.
pub(crate) struct Toy {
    pub(crate) root: PathBuf,
}

impl Toy {
    pub(crate) fn new(root: &Path) -> Self {
        let toy = Toy { root: root.to_path_buf() };
        std::fs::create_dir_all(root.join("raw")).unwrap();
        for file in 0..FILES {
            toy.write(&format!("raw/{file}.txt"), &format!("{file}\n"));
        }
        toy.params([0, 0]);
        toy.write("version", "0");
        toy
    }

    /// The pipeline: two joins, a count that hides much of them, and a last join.
    pub(crate) fn params(&self, params: [i64; 2]) {
        let [first, last] = params;
        let text = format!(
            "version: 1
name: toy
stages:
  left: {{ uses: join, inputs: {{ texts: [raw/0.txt, raw/1.txt] }},
    params: {{ suffix: {first} }}, outputs: {{ text: left.txt }} }}
  right: {{ uses: join, inputs: {{ texts: [raw/1.txt, raw/2.txt] }},
    outputs: {{ text: d/right.txt }} }}
  lines: {{ uses: count, inputs: {{ texts: [left.text, right.text] }},
    outputs: {{ text: lines.txt }} }}
  told: {{ uses: join, inputs: {{ texts: lines.text }}, outputs: {{ text: told.txt }} }}
  each:
    uses: join
    matrix: {{ n: [1, 2] }}
    inputs: {{ texts: [told.text, left.text] }}
    params: {{ suffix: \"{{{{ matrix.n }}}}\" }}
    outputs: {{ text: \"each/{{{{ matrix.n }}}}.txt\" }}
  all: {{ uses: join, inputs: {{ texts: \"each@*.text\" }}, params: {{ suffix: {last} }},
    outputs: {{ text: all.txt }} }}
"
        );
        self.write("pipeline.yaml", &text);
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        std::fs::write(self.root.join(path), text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).unwrap_or_default()
    }

    pub(crate) fn open(&self, platform: Option<&str>) -> Project {
        let version = self.read("version").parse().unwrap();
        let platform = platform.map(String::from);
        let options = Options { platform, ..Options::default() };
        Project::open(&self.root, &functions(version), &options, None, Access::Work).unwrap()
    }

    /// Runs everything; gives what ran and the summary.
    pub(crate) fn run(&self) -> (BTreeSet<String>, Summary) {
        let (seen, summary) = self.watch();
        (seen.ran.into_inner().unwrap(), summary)
    }

    /// Runs everything; gives all that was told.
    pub(crate) fn watch(&self) -> (Seen, Summary) {
        self.on(None, Mode::Update)
    }

    /// Runs everything as on another kind of machine.
    pub(crate) fn on(&self, platform: Option<&str>, mode: Mode) -> (Seen, Summary) {
        let project = self.open(platform);
        let request = request(&project);
        let seen = Seen::default();
        let summary = run(&project, &request, mode, None, &seen);
        (seen, summary)
    }

    pub(crate) fn lock(&self) -> Lock {
        Lock::read(&self.root).unwrap()
    }

    /// Every file below `outputs/` and the lock, with their content.
    pub(crate) fn results(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root.join("outputs")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&self.root).unwrap().display().to_string();
                    found.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
        found.insert("pipeline.lock".into(), self.read("pipeline.lock").into_bytes());
        found
    }

    /// The same project in another folder, with nothing that was ever made.
    pub(crate) fn made_anew(&self, root: &Path) -> Toy {
        let toy = Toy { root: root.to_path_buf() };
        std::fs::create_dir_all(root.join("raw")).unwrap();
        let files = (0..FILES).map(|file| format!("raw/{file}.txt"));
        for path in files.chain(["pipeline.yaml".into(), "version".into()]) {
            toy.write(&path, &self.read(&path));
        }
        toy
    }

    /// The files of a part of the store, sorted.
    pub(crate) fn stored(&self, part: &str) -> Vec<PathBuf> {
        let folder = self.root.join(".colophon/store/v1").join(part);
        let fans = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let files = fans.flat_map(|fan| std::fs::read_dir(fan.path()).into_iter().flatten());
        let mut files: Vec<_> = files.flatten().map(|file| file.path()).collect();
        files.sort();
        files
    }
}

/// Everything, two stages at a time.
pub(crate) fn request(project: &Project) -> Request {
    Request {
        stages: (0..project.plan.stages.len()).collect(),
        force: BTreeSet::new(),
        jobs: 2,
        keep_going: false,
        keep_failed: false,
        verbose: false,
        env: BTreeMap::new(),
        chosen_place: None,
        places: Vec::new(),
        program: PathBuf::new(),
        stop: Arc::new(AtomicUsize::new(0)),
    }
}

/// What a run told.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) ran: Mutex<BTreeSet<String>>,
    /// What should be known, such as what was found damaged.
    pub(crate) notes: Mutex<Vec<String>>,
}

impl Observer for Seen {
    fn event(&self, event: Event) {
        match event {
            Event::Finished { stage, how: How::Ran, .. } => {
                self.ran.lock().unwrap().insert(stage);
            }
            Event::Noted { diagnostic } => self.notes.lock().unwrap().push(diagnostic.message),
            _ => {}
        }
    }
}
