//! What is not exported: what is licensed, what the lock does not have, and over something.

use super::{birds, export, unrun};
use crate::space::{Space, same};

#[test]
fn what_is_licensed_is_refused() {
    let space = unrun();
    space.edit("raw/datapackage.yaml", "[published]", "[licensed]");
    space.good(&[]);
    for form in ["ro-crate", "tro", "slsa", "codecheck"] {
        let said = space.say(&["export", form, "--to", "there"]);
        assert_eq!(said.code, 5, "{form}: {said:?}");
        assert!(
            said.err.contains("carry `licensed`, and what is licensed is not exported\n"),
            "{said:?}"
        );
        assert!(said.err.contains("| it comes from source `birds`: Birds "), "{said:?}");
        assert!(!space.exists("there"), "{form}");
    }
    let said = space.say(&["export", "ro-crate", "--to", "there"]);
    assert!(
        said.err.contains("  | `outputs/values/count.json`\n  | `raw/birds.csv`\n"),
        "{said:?}"
    );
    // The table of names comes of nothing licensed.
    space.edit("pipeline.yaml", "  ledger:\n", "  booked:\n");
    space.edit("pipeline.yaml", "ledger.ledger", "booked.book");
    space.edit("pipeline.yaml", "{{ outputs.ledger }}", "{{ outputs.book }}");
    space.edit("pipeline.yaml", "outputs: { ledger:", "outputs: { book:");
    space.good(&["booked"]);
    let said = space.say(&["export", "csv", "--to", "there"]);
    assert_eq!(said.code, 5, "claims come of the numbers: {said:?}");
}

#[test]
fn only_what_the_lock_has_is_exported() {
    let space = birds();
    let named = space.say(&["export", "ro-crate"]);
    assert_eq!(named.code, 2);
    space.file("outputs/table/names.json", "[]");
    same(
        &space.say(&["export", "tro"]).err,
        "error: a result is not as `pipeline.lock` has it\n  | `outputs/table/names.json` is not \
         what was made\nhint: `colophon run` puts them in place\n",
    );
    assert_eq!(space.say(&["export", "tro"]).code, 4);
    space.good(&[]);
    space.edit("pipeline.yaml", "least: 10", "least: 55");
    let said = space.say(&["export", "tro"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.err.starts_with("error: 4 stages are not as `pipeline.lock` has it: "),
        "{said:?}"
    );
    space.edit("pipeline.yaml", "least: 55", "least: 10");
    assert_eq!(space.say(&["export", "tro"]).code, 0);
    // A clone without a store is held to the lock alone.
    std::fs::remove_dir_all(space.path(".colophon")).unwrap();
    assert_eq!(space.say(&["export", "tro"]).code, 0);
}

#[test]
fn nothing_is_overwritten() {
    let space = birds();
    space.file("there/mine", "mine");
    space.file("mine.zip", "mine");
    let before = space.files("outputs");
    for to in ["there", "mine.zip", "outputs/crate", "outputs", ".colophon/crate", "bin/count.sh"] {
        let said = space.say(&["export", "ro-crate", "--to", to]);
        assert_eq!(said.code, 2, "{to}: {said:?}");
    }
    assert_eq!(space.files("there"), ["there/mine"]);
    assert_eq!(space.files("outputs"), before);
    assert_eq!(space.text("mine.zip"), "mine");
    let said = space.say(&["export", "slsa", "--to", "mine.zip"]);
    same(
        &said.err,
        "error: there is something at `mine.zip` already\nhint: name a place where nothing is yet; \
         nothing is overwritten\n",
    );
}

#[test]
fn a_study_without_numbers_authors_or_date() {
    let space =
        Space::new("stages:\n  a: { cmd: 'echo > {{ outputs.t }}', outputs: { t: a.txt } }\n");
    space.good(&[]);
    let said = space.say(&["export", "ro-crate", "--to", "crate"]);
    assert!(
        said.err.starts_with("error: the edition has no date, and a crate needs one\n"),
        "{said:?}"
    );
    space.edit("pipeline.yaml", "name: x\n", "name: x\ndate: \"2026-11-27\"\n");
    space.good(&[]);
    export(&space, "ro-crate", "crate");
    let said = space.say(&["export", "csv", "--to", "csv"]);
    assert_eq!(said.code, 2, "{said:?}");
    let said = space.say(&["export", "aea"]);
    assert!(
        said.err.contains("note: no stage makes a ledger, so no row is a number\n"),
        "{said:?}"
    );
}
