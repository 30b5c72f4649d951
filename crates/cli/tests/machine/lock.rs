//! `pipeline.lock`: what it holds, and how a run is held to it.

use crate::cache::{TEXT, study};
use crate::space::{Space, same};

#[test]
fn the_lock_is_the_same_wherever_it_is_made() {
    let (one, two) = (study(), study());
    let lock = one.text("pipeline.lock");
    assert_eq!(lock, two.text("pipeline.lock"));
    assert!(!lock.contains(&one.root().display().to_string()));
    one.good(&["--force"]);
    assert_eq!(one.text("pipeline.lock"), lock);
    one.remove("pipeline.lock");
    one.good(&[]);
    assert_eq!(one.text("pipeline.lock"), lock);
}

#[test]
fn a_part_of_a_run_keeps_the_rest_of_the_lock() {
    let space = study();
    let lock = space.text("pipeline.lock");
    space.edit("raw.csv", "lima", "rome");
    space.good(&["clean"]);
    let changed = space.text("pipeline.lock");
    let same = changed.lines().filter(|line| lock.contains(line)).count();
    assert_eq!(lock.lines().count() - same, 3, "{changed}");
    space.edit("pipeline.yaml", "  apart:\n", "  alone:\n");
    space.good(&[]);
    let changed = space.text("pipeline.lock");
    assert!(changed.contains("  alone:\n") && !changed.contains("  apart:\n"), "{changed}");
}

#[test]
fn locked_is_content_while_nothing_changes() {
    let space = study();
    std::fs::remove_dir_all(space.path(".colophon")).unwrap();
    std::fs::remove_dir_all(space.path("outputs")).unwrap();
    let story = space.good(&["--locked"]);
    assert_eq!(story.told(), "ran apart clean first text");
    assert_eq!(space.text("outputs/text.txt"), TEXT);
    assert_eq!(space.good(&["--locked", "first"]).told(), "cached clean first");
}

#[test]
fn locked_refuses_a_change_and_puts_nothing_in_place() {
    let space = study();
    let lock = space.text("pipeline.lock");
    space.edit("raw.csv", "lima,1", "lima,3");
    let said = space.say(&["run", "--locked", "--jobs", "1"]);
    assert_eq!(said.code, 6);
    same(
        &said.err,
        "     ran clean  TIME\n     ran first  TIME\n     ran text  TIME\n  \
         cached apart\n\
         error: `pipeline.lock` would change, and `--locked` forbids it\n  \
         | `outputs/clean.csv` is DIGEST, locked as DIGEST\n  \
         | `outputs/first.csv` is DIGEST, locked as DIGEST\n  \
         | `outputs/text.txt` is DIGEST, locked as DIGEST\n\
         hint: nothing was put in place; `colophon why STAGE` tells the cause\n\
         hint: if the change is meant, `colophon run` writes the lock and you commit it\n\
         failed: 3 ran, 1 cached in TIME\n",
    );
    assert_eq!(space.text("outputs/text.txt"), TEXT);
    assert_eq!(space.text("pipeline.lock"), lock);
    assert_eq!(space.good(&["--locked", "apart"]).told(), "cached apart");
    // The work was not in vain.
    let story = space.good(&[]);
    assert_eq!(story.told(), "cached apart clean first text");
    assert_eq!(space.text("outputs/text.txt"), "- NAME,N\n- LIMA,3\n");
}

#[test]
fn locked_sees_other_recipes_new_stages_and_old_ones() {
    let space = study();
    space.edit("pipeline.yaml", "head -n 2 {{", "head -2 {{");
    let story = space.run(&["--locked"]);
    assert_eq!(story.code, 6);
    let told = "stage `first` has another recipe, with the same outputs";
    assert!(story.problems[0].contains(told), "{:?}", story.problems);
    space.edit("pipeline.yaml", "head -2 {{", "head -n 2 {{");
    space.edit("pipeline.yaml", "  apart:\n", "  alone:\n");
    let story = space.run(&["--locked"]);
    assert_eq!(story.code, 6);
    for told in ["| stage `alone` is not in the lock", "| stage `apart` is locked but no longer"] {
        assert!(story.problems[0].contains(told), "{:?}", story.problems);
    }
    space.remove("pipeline.lock");
    assert_eq!(space.run(&["--locked"]).code, 6);
    assert!(!space.exists("pipeline.lock"));
}

#[test]
fn locked_tells_a_failure_before_a_difference() {
    let space = study();
    space.edit("pipeline.yaml", "cmd: head", "cmd: false && head");
    let story = space.run(&["--locked"]);
    assert_eq!(
        (story.code, story.told()),
        (1, "cached apart clean, failed first, skipped text".into())
    );
}

/// It would have no effect: the lock knows no variant, and nothing runs.
#[test]
fn frozen_takes_no_variant_and_no_force() {
    let space = study();
    space.edit("pipeline.yaml", "stages:", "profiles: { draft: {} }\nstages:");
    let told = "error: `--frozen` puts in place what the lock of the plain pipeline holds, \
                this is a variant of it\n\
                hint: leave out `--profile` and `--param`, and unset SOURCE_DATE_EPOCH\n";
    let said = space.say(&["run", "--frozen", "--profile", "draft"]);
    same(&said.err, told);
    assert_eq!(said.code, 2);
    let said = space.say(&["run", "--frozen", "--force"]);
    assert!(said.err.starts_with("error: the argument '--frozen' cannot be used with"), "{said:?}");
    assert_eq!(said.code, 2);
}

#[test]
fn frozen_runs_nothing() {
    let space = study();
    std::fs::remove_dir_all(space.path("outputs")).unwrap();
    space.edit("raw.csv", "lima,1", "lima,3");
    let story = space.good(&["--frozen"]);
    assert_eq!(story.told(), "");
    assert_eq!(story.published.len(), 4);
    assert_eq!(space.text("outputs/text.txt"), TEXT);
    std::fs::remove_file(space.object(TEXT)).unwrap();
    space.remove("outputs/text.txt");
    space.remove("outputs/first.csv");
    let said = space.say(&["run", "--frozen"]);
    assert_eq!(said.code, 3);
    same(
        &said.err,
        "error: `--frozen` can't put everything in place, since it runs nothing\n  \
         | `outputs/text.txt` (DIGEST) is not in the store\n\
         hint: `colophon run` makes what is missing\n\
         failed: 3 cached, 1 put in place in TIME\n",
    );
    assert!(space.exists("outputs/first.csv") && !space.exists("outputs/text.txt"));
}

#[test]
fn a_lock_with_merge_marks_is_told_before_anything_runs() {
    let space = study();
    let lock = space.text("pipeline.lock");
    space.file("pipeline.lock", lock.replace("  first:\n", "<<<<<<< ours\n  first:\n"));
    space.edit("raw.csv", "lima,1", "lima,3");
    let line = 1 + lock.lines().position(|line| line == "  first:").unwrap();
    let pad = " ".repeat(line.to_string().len());
    let expected = format!(
        "error: this line is a mark of an unresolved merge\n{pad}--> pipeline.lock:{line}:1\n\
         {pad} |\n{line} | <<<<<<< ours\n{pad} | ^^^^^^^^^^^^\n\
         hint: take either side, or delete the file, and `colophon run` writes it anew\n"
    );
    for arguments in [&["check"][..], &["run"], &["run", "--locked"], &["run", "--frozen"]] {
        let said = space.say(arguments);
        let err = said.err.trim_end_matches("failed: nothing was done in TIME\n");
        same(err, &expected);
        assert_eq!(said.code, 2, "{arguments:?}");
        assert_eq!(space.text("outputs/text.txt"), TEXT);
    }
    space.remove("pipeline.lock");
    assert_eq!(space.good(&[]).told(), "ran clean first text, cached apart");
}

#[test]
fn a_lock_that_nobody_wrote() {
    let space = Space::new("stages:\n  a: { cmd: 'echo > {{ outputs.t }}', outputs: { t: t } }\n");
    space.file("pipeline.lock", "version: 1\nstages:\n  a:\n    key: 12\n");
    let said = space.say(&["check"]);
    assert_eq!(said.code, 2);
    same(
        &said.err,
        r"
error: this line is not one that `colophon run` writes
 --> pipeline.lock:4:5
  |
4 |     key: 12
  |     ^^^^^^^
hint: take either side, or delete the file, and `colophon run` writes it anew
",
    );
}
