//! What the program foresees and how it explains it.

use crate::cache::study;
use crate::space::{Space, same};

#[test]
fn plan_before_the_first_run() {
    let space = Space::new(crate::cache::STAGES);
    space.file("raw.csv", crate::cache::RAW);
    space.file("loose.txt", "loose\n");
    let said = space.say(&["plan", "--check"]);
    same(
        &said.out,
        "     run clean                    it never ran here\n     \
         run first                    it never ran here\n     \
         run text                     it never ran here\n     \
         run apart                    it never ran here\n4 will run\n",
    );
    assert_eq!((said.code, said.err.as_str()), (3, ""));
    assert!(!space.exists("outputs"));
}

#[test]
fn plan_says_may_where_early_cut_off_decides() {
    let space = study();
    let said = space.say(&["plan", "--check"]);
    assert_eq!(said.code, 0);
    same(
        &said.out,
        "  cached clean\n  cached first\n  cached text\n  cached apart\n\
         nothing to run: 4 stages up to date\n",
    );
    space.edit("raw.csv", "oslo,2", "oslo,4");
    let said = space.say(&["plan", "--check"]);
    assert_eq!(said.code, 3);
    same(
        &said.out,
        "     run clean                    input `raw` (raw.csv) changed: DIGEST -> DIGEST\n \
         may run first                    if clean changes\n \
         may run text                     if first changes\n  cached apart\n\
         1 will run, 2 may run, 1 cached\n",
    );
    let said = space.say(&["status"]);
    assert_eq!(said.code, 0);
    same(
        &said.out,
        "     run clean                    input `raw` (raw.csv) changed: DIGEST -> DIGEST\n \
         may run first                    if clean changes\n \
         may run text                     if first changes\n3 of 4 stages not up to date\n",
    );
    assert_eq!(space.say(&["plan", "--check", "apart"]).code, 0);
}

#[test]
fn why_names_row_and_column_before_and_after_the_run() {
    let space = study();
    same(
        &space.say(&["why", "clean"]).out,
        "stage `clean` is up to date, and has had this recipe since it first ran here\n",
    );
    space.edit("raw.csv", "oslo,2", "oslo,4");
    let row = "  input `raw` (raw.csv) changed: DIGEST -> DIGEST\n    \
               row 3, column `n`: 2 -> 4\n";
    let said = space.say(&["why", "clean"]);
    same(&said.out, &format!("stage `clean` will run because:\n{row}"));
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    space.good(&[]);
    let said = space.say(&["why", "outputs/clean.csv"]);
    let told = "stage `clean` is up to date; before that it ran because:\n";
    same(&said.out, &format!("{told}{row}"));
}

#[test]
fn why_follows_a_change_to_its_origin() {
    let space = study();
    space.edit("raw.csv", "lima,1\n", "lima,1\nrome,7\n");
    same(
        &space.say(&["why", "text"]).out,
        "stage `text` may run:\n  input `t` (outputs/first.csv) may change\n    \
         stage `first` may run:\n      input `t` (outputs/clean.csv) may change\n        \
         stage `clean` will run because:\n          \
         input `raw` (raw.csv) changed: DIGEST -> DIGEST\n            \
         row 3 is new: rome, 7\n",
    );
}

#[test]
fn why_names_the_command_and_variables() {
    let space = study();
    space.edit("pipeline.yaml", "head -n 2 {{", "head -n 3 {{");
    space.edit("pipeline.yaml", "  first:\n", "  first:\n    env: { MODE: fast }\n");
    same(
        &space.say(&["why", "first"]).out,
        "stage `first` will run because:\n  the command changed: \
         head -n 2 outputs/clean.csv > outputs/first.csv -> \
         head -n 3 outputs/clean.csv > outputs/first.csv\n  variable `MODE` is new\n",
    );
}

#[test]
fn why_of_a_stage_that_never_ran_or_was_lost() {
    let space = Space::new(crate::cache::STAGES);
    space.file("raw.csv", crate::cache::RAW);
    space.file("loose.txt", "loose\n");
    let never = "stage `clean` will run, since it never ran here\n";
    same(&space.say(&["why", "clean"]).out, never);
    space.good(&[]);
    std::fs::remove_dir_all(space.path(".colophon/store/v1/objects")).unwrap();
    let lost = "stage `clean` will run, since its result is no longer in the store\n";
    same(&space.say(&["why", "clean"]).out, lost);
    assert_eq!(space.good(&[]).told(), "ran apart clean first text");
}

#[test]
fn answers_as_json() {
    let space = study();
    space.edit("raw.csv", "oslo,2", "oslo,4");
    let json = |arguments: &[&str]| -> serde_json::Value {
        let said = space.say(arguments);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        serde_json::from_str(&said.out).unwrap()
    };
    let why = json(&["why", "clean", "--json"]);
    assert_eq!(why[0]["reasons"][0]["rows"][0], "row 3, column `n`: 2 -> 4");
    let plan = json(&["plan", "--json"]);
    assert_eq!(plan[0]["verdict"], "run");
    assert_eq!(plan[1]["waits"], serde_json::json!(["clean"]));
    assert_eq!(json(&["status", "--json"]).as_array().unwrap().len(), 3);
    let said = space.say(&["why", "cleen", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &told["exit_code"]), (2, &2.into()));
    assert_eq!(told["problems"][0]["hints"][0], "did you mean `clean`?");
}
