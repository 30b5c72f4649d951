//! Edits while a run goes on: whatever it did not read is seen the next time.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use engine::observe::{Event, Observer};
use engine::plan::options::Options;
use engine::project::{Access, Project};
use engine::run::{Mode, run};
use engine::witness::{Question, holds};
use proptest::prelude::*;

use crate::toy::{FILES, Toy, functions, request};

/// Does something at the n-th event of a run.
struct Meddler<'a> {
    left: Mutex<usize>,
    act: &'a (dyn Fn() + Sync),
}

impl Observer for Meddler<'_> {
    fn event(&self, _: Event) {
        let mut left = self.left.lock().unwrap();
        *left = left.wrapping_sub(1);
        if *left == 0 {
            (self.act)();
        }
    }
}

/// A whole run as the program does it: the witness first, and a new one after.
fn as_the_program(toy: &Toy, act: (usize, &(dyn Fn() + Sync))) -> bool {
    let root: &Path = &toy.root;
    let program = std::env::current_exe().unwrap();
    let asked = Question::new(&program, &Options::default(), &[], None).unwrap();
    if holds(root, &asked).is_some() {
        return false;
    }
    let version = toy.read("version").parse().unwrap();
    let options = Options::default();
    let project = Project::open(root, &functions(version), &options, None, Access::Work).unwrap();
    let meddler = Meddler { left: Mutex::new(act.0), act: act.1 };
    run(&project, &request(&project), Mode::Update, Some(&asked), &meddler);
    true
}

fn quietly(toy: &Toy) -> bool {
    as_the_program(toy, (0, &|| {}))
}

/// What is edited at which event.
fn edits() -> impl Strategy<Value = Vec<(usize, usize, u8, bool)>> {
    proptest::collection::vec((1..30usize, 0..=FILES, 0..4u8, any::<bool>()), 1..6)
}

const CONTENTS: [&str; 4] = ["one\n", "two\n", "six\n", "ten\n"];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(30),
        max_shrink_iters: 50,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Files of equal size are written while a run goes on; afterwards, a run
    /// that believes the witness has the results of a run from scratch.
    #[test]
    fn an_edit_during_a_run_is_never_lost(edits in edits()) {
        let folder = tempfile::tempdir().unwrap();
        let toy = Toy::new(&folder.path().join("toy"));
        for _ in 0..2 {
            quietly(&toy);
            std::thread::sleep(Duration::from_millis(25));
        }
        for (step, (at, file, content, rest)) in edits.into_iter().enumerate() {
            // Something to do, so that the run reaches its stages.
            toy.params([0, step as i64 + 1]);
            let edit = || match file {
                FILES => toy.params([i64::from(content), step as i64 + 1]),
                file => toy.write(
                    &format!("raw/{file}.txt"),
                    CONTENTS[content as usize],
                ),
            };
            as_the_program(&toy, (at, &edit));
            if rest {
                std::thread::sleep(Duration::from_millis(25));
            }
            for _ in 0..3 {
                quietly(&toy);
            }
            let fresh = toy.made_anew(&folder.path().join(format!("fresh-{step}")));
            fresh.run();
            prop_assert_eq!(toy.results(), fresh.results());
        }
    }
}

/// The shortcut is taken at all, or the test above shows nothing.
#[test]
fn a_settled_project_is_known_by_its_witness() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    let mut runs = 0;
    while quietly(&toy) {
        runs += 1;
        assert!(runs < 5);
        std::thread::sleep(Duration::from_millis(60));
    }
    toy.write("raw/0.txt", "x\n");
    assert!(quietly(&toy));
}
