//! Runs that end early: they were stopped, or could not begin.

use std::sync::atomic::Ordering;

use engine::run::frozen::frozen;
use engine::run::request::Summary;
use engine::run::{Mode, run};

use crate::toy::{Seen, Toy, request};

/// A run that is stopped before anything runs.
fn stopped(toy: &Toy, mode: Mode) -> Summary {
    let project = toy.open(None);
    let request = request(&project);
    request.stop.store(1, Ordering::Relaxed);
    run(&project, &request, mode, None, &Seen::default())
}

fn messages(summary: &Summary) -> Vec<&str> {
    summary.problems.iter().map(|problem| problem.message.as_str()).collect()
}

#[test]
fn a_run_that_can_not_begin_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    toy.write("pipeline.lock", "<<<<<<< ours\n");
    let (ran, summary) = toy.run();
    assert_eq!(messages(&summary), ["this line is a mark of an unresolved merge"]);
    assert_eq!((ran.len(), toy.results().len()), (0, 1));
    let frozen = frozen(&toy.open(None), &[0], &Seen::default());
    assert_eq!(messages(&frozen), messages(&summary));
}

/// What is not reached is no difference from the lock.
#[test]
fn a_run_that_was_stopped_says_so_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    assert_eq!(toy.run().1.problems, []);
    toy.params([0, 7]);
    for mode in [Mode::Locked, Mode::Update, Mode::Leave] {
        let summary = stopped(&toy, mode);
        assert_eq!((summary.cached, summary.skipped, summary.failed), (6, 1, 0), "{mode:?}");
        assert_eq!(messages(&summary), ["the run was stopped"], "{mode:?}");
    }
}

#[test]
fn a_run_that_was_stopped_leaves_the_lock_alone() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    assert_eq!(toy.run().1.problems, []);
    let before = toy.read("raw/0.txt");
    toy.write("raw/0.txt", "x\ny\n");
    assert_eq!(toy.run().1.problems, []);
    let lock = toy.read("pipeline.lock");
    // Back to results that are known, but for the last one.
    toy.write("raw/0.txt", &before);
    toy.params([0, 7]);
    let summary = stopped(&toy, Mode::Update);
    assert_eq!((summary.cached, summary.skipped), (6, 1));
    assert_eq!(messages(&summary), ["the run was stopped"]);
    assert_eq!(toy.read("pipeline.lock"), lock);
    // What is known and differs from the lock is told where the lock is to hold.
    let problems = stopped(&toy, Mode::Locked).problems;
    assert_eq!(problems[0].message, "`pipeline.lock` would change, and `--locked` forbids it");
    assert!(!problems[0].details.iter().any(|it| it.contains("all")), "{problems:?}");
}

/// What is to take their place was not made.
#[test]
fn a_run_that_was_stopped_removes_no_results() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    assert_eq!(toy.run().1.problems, []);
    toy.params([0, 7]);
    toy.write(
        "pipeline.yaml",
        &toy.read("pipeline.yaml").replace("{ text: all.txt }", "{ text: z }"),
    );
    assert_eq!(stopped(&toy, Mode::Update).skipped, 1);
    assert!(toy.results().contains_key("outputs/all.txt"));
    assert_eq!(toy.run().1.problems, []);
    let results = toy.results();
    assert!(results.contains_key("outputs/z") && !results.contains_key("outputs/all.txt"));
}

#[test]
fn what_a_checkout_remembers_stays_out_of_its_history() {
    const FILE: &str = ".colophon/.gitignore";
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    // What a kill may have left, and what somebody else wants.
    for (before, after) in [(None, "*\n"), (Some(""), "*\n"), (Some("logs/\n"), "logs/\n")] {
        if let Some(text) = before {
            toy.write(FILE, text);
        }
        assert_eq!(toy.run().1.problems, []);
        assert_eq!(toy.read(FILE), after, "{before:?}");
    }
}
