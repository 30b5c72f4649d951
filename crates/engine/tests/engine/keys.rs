//! What moves a key and what does not.

use std::collections::BTreeSet;

use crate::toy::Toy;

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn toy() -> (tempfile::TempDir, Toy) {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    toy.run();
    (folder, toy)
}

const ALL: [&str; 7] = ["left", "right", "lines", "told", "each@1", "each@2", "all"];

#[test]
fn the_first_run_runs_all_and_the_second_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    assert_eq!(toy.run().0, names(&ALL));
    assert_eq!(toy.run().0, names(&[]));
}

#[test]
fn equal_bytes_stop_a_change() {
    let (_folder, toy) = toy();
    // As many lines as before: `lines` gives the same bytes, and `told` is spared.
    toy.write("raw/2.txt", "x\n");
    assert_eq!(toy.run().0, names(&["right", "lines"]));
    toy.write("raw/2.txt", "x\ny\n");
    assert_eq!(toy.run().0, names(&["right", "lines", "told", "each@1", "each@2", "all"]));
}

#[test]
fn going_back_runs_nothing() {
    let (_folder, toy) = toy();
    let before = toy.results();
    toy.write("raw/0.txt", "x\ny\n");
    assert!(!toy.run().0.is_empty());
    assert_ne!(toy.results(), before);
    toy.write("raw/0.txt", "0\n");
    assert_eq!(toy.run().0, names(&[]));
    assert_eq!(toy.results(), before);
}

#[test]
fn a_comment_in_the_code_stops_at_its_stages() {
    let (_folder, toy) = toy();
    toy.write("version", "1");
    toy.run();
    // Every use of `join` runs, gives the same bytes, and `count` is spared.
    toy.write("version", "2");
    assert_eq!(toy.run().0, names(&["left", "right", "told", "each@1", "each@2", "all"]));
}

#[test]
fn a_default_written_down_is_the_default() {
    let (_folder, toy) = toy();
    let text = toy.read("pipeline.yaml");
    toy.write("pipeline.yaml", &text.replace("params: { suffix: 0 }, ", ""));
    assert_eq!(toy.run().0, names(&[]));
    let reordered = text.replace(
        "{ uses: count, inputs: { texts: [left.text, right.text] }",
        "{ desc: counted, inputs: { texts: [right.text, left.text] }, uses: count",
    );
    assert_ne!(reordered, text);
    toy.write("pipeline.yaml", &reordered);
    assert_eq!(toy.run().0, names(&[]));
}

#[test]
fn a_moved_project_keeps_its_results() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(&folder.path().join("here"));
    toy.run();
    std::fs::rename(folder.path().join("here"), folder.path().join("there")).unwrap();
    let moved = Toy { root: folder.path().join("there") };
    assert_eq!(moved.run().0, names(&[]));
}

#[test]
fn a_program_that_is_older_than_its_sources_says_so() {
    let (_folder, toy) = toy();
    let told = || {
        let problem = engine::compiled::check(&toy.open(None).plan);
        problem.map(|problem| problem.message)
    };
    // Another project than the program's own holds none of its sources.
    assert_eq!(told(), None);
    toy.write("join.rs", "//! Joins.\nv0");
    toy.write("count.rs", "//! Counts.");
    assert_eq!(told(), None);
    toy.write("join.rs", "//! Joins.\nv7");
    assert_eq!(told().unwrap(), "`join.rs` is not what this program was built from");
    toy.write("count.rs", "//! Counts. Or not.");
    assert_eq!(told().unwrap(), "`count.rs`, `join.rs` are not what this program was built from");
}
