//! A lock that was written on another kind of machine.

use engine::run::Mode;

use crate::toy::Toy;

const OTHER: Option<&str> = Some("aarch64-macos");

#[test]
fn equal_results_of_another_machine_are_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    assert_eq!(toy.on(OTHER, Mode::Update).1.problems, []);
    let lock = toy.read("pipeline.lock");
    assert_eq!(lock.matches("    platform: aarch64-macos\n").count(), 7, "{lock}");
    // Here: everything runs, gives the same, and that is told in one line.
    for mode in [Mode::Locked, Mode::Update] {
        let (seen, summary) = toy.on(None, mode);
        assert_eq!(summary.problems, []);
        let told = "the lock was written on `aarch64-macos`: 7 keys differ by that alone, and \
                    every output is equal";
        assert_eq!(*seen.notes.lock().unwrap(), [told]);
        assert_eq!(toy.read("pipeline.lock"), lock, "{mode:?}");
    }
    // A change that is meant is written as it is made here.
    toy.write("raw/0.txt", "x\ny\n");
    assert_eq!(toy.on(None, Mode::Update).1.problems, []);
    assert!(!toy.read("pipeline.lock").contains("aarch64-macos"));
}

#[test]
fn a_differing_output_is_a_difference_wherever_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    toy.on(OTHER, Mode::Update);
    let lock = toy.lock();
    let made = &lock.stages["all"].outputs["outputs/all.txt"];
    let planted = "0".repeat(64);
    toy.write("pipeline.lock", &lock.text().replace(&made.digest.to_string(), &planted));
    let problems = toy.on(None, Mode::Locked).1.problems;
    assert_eq!(problems[0].message, "`pipeline.lock` would change, and `--locked` forbids it");
    assert_eq!(problems[0].details.len(), 1, "{problems:?}");
}

#[test]
fn another_recipe_is_told_though_the_machine_is_another_too() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    toy.write("version", "1");
    toy.on(OTHER, Mode::Update);
    // The same results by other code, which the lock does not know.
    toy.write("version", "2");
    let problems = toy.on(None, Mode::Locked).1.problems;
    let told = "stage `all` has another recipe, with the same outputs";
    assert!(problems[0].details.contains(&told.to_string()), "{problems:?}");
}
