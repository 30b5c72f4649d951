//! When a witness vouches for a project, and when nothing may.

use std::time::{Duration, SystemTime};

use engine::plan::options::Options;
use engine::run::request::Summary;
use engine::run::{Mode, run};
use engine::witness::{Question, holds, remove};

use crate::toy::{Seen, Toy, request};

fn asked() -> Question {
    let program = std::env::current_exe().unwrap();
    Question::new(&program, &Options::default(), &[], None).unwrap()
}

fn vouched(toy: &Toy) -> bool {
    holds(&toy.root, &asked()).is_some()
}

fn run_in(toy: &Toy, mode: Mode) -> Summary {
    let project = toy.open(None);
    run(&project, &request(&project), mode, Some(&asked()), &Seen::default())
}

/// Runs, with so much time between that a witness can be written.
fn settle(toy: &Toy) {
    for _ in 0..3 {
        assert_eq!(run_in(toy, Mode::Update).problems, []);
        std::thread::sleep(Duration::from_millis(60));
    }
}

fn settled() -> (tempfile::TempDir, Toy) {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    settle(&toy);
    assert!(vouched(&toy));
    (folder, toy)
}

#[test]
fn a_changed_project_gets_another_witness() {
    let (_folder, toy) = settled();
    toy.write("raw/0.txt", "x\n");
    assert!(!vouched(&toy));
    settle(&toy);
    assert!(vouched(&toy));
}

#[test]
fn sources_are_vouched_for_as_they_were_compiled_in() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    toy.write("join.rs", "//! Joins.\nv0");
    settle(&toy);
    assert!(vouched(&toy));
    // Of the same size, and as old as one likes: it is another text.
    toy.write("join.rs", "//! Joins.\nv7");
    settle(&toy);
    assert!(!vouched(&toy));
}

#[test]
fn what_looks_young_is_not_vouched_for() {
    let (_folder, toy) = settled();
    let file = std::fs::File::options().write(true).open(toy.root.join("raw/0.txt")).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(3600)).unwrap();
    settle(&toy);
    assert!(!vouched(&toy));
}

#[test]
fn a_run_with_a_problem_leaves_no_witness() {
    let (_folder, toy) = settled();
    // Everything is known and in place, and only what it remembers can't be written.
    std::fs::remove_file(toy.root.join(".colophon/state.json")).unwrap();
    std::fs::create_dir(toy.root.join(".colophon/state.json")).unwrap();
    remove(&toy.root);
    for _ in 0..2 {
        assert!(!vouched(&toy));
        assert_eq!(run_in(&toy, Mode::Update).problems.len(), 1);
    }
}
