//! The other verbs, and what holds for all of them.

use crate::cache::study;
use crate::space::{Space, same};

#[test]
fn from_nothing_to_a_first_result() {
    let space = Space::empty();
    let said = space.say(&["init"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    same(&said.out, "wrote ./pipeline.yaml; `colophon run` runs it\n");
    assert_eq!(space.good(&[]).told(), "ran greeting shouted");
    assert_eq!(space.text("outputs/shouted.txt"), "HELLO\n");
    let said = space.say(&["init"]);
    same(&said.err, "error: `./pipeline.yaml` exists already\nhint: it was not touched\n");
    assert_eq!(said.code, 2);
}

#[test]
fn wrong_usage() {
    let space = Space::new("stages: {}\n");
    for arguments in [&["rum"][..], &["run", "--jobs", "0"], &["run", "--locked", "--frozen"]] {
        let said = space.say(arguments);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{arguments:?}");
        assert!(said.err.starts_with("error: "), "{}", said.err);
    }
    let help = space.say(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    assert!(help.out.contains("Exit codes: 0 done"), "{}", help.out);
    assert_eq!(space.say(&["--version"]).code, 0);
    let said = space.say(&["run", "-C", "nowhere"]);
    assert_eq!(said.code, 2);
    assert!(!space.exists("nowhere"));
}

#[test]
fn a_pipeline_without_stages() {
    let space = Space::new("stages: {}\n");
    same(&space.say(&["run"]).err, "nothing ran: there are no stages\n");
    same(&space.say(&["check"]).out, "`x` is sound: 0 stages, 0 sources\n");
}

#[test]
fn quiet_says_only_what_went_wrong() {
    let space = study();
    space.edit("raw.csv", "lima,1", "lima,3");
    let said = space.say(&["run", "--quiet"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
    space.edit("pipeline.yaml", "cmd: head", "cmd: exit 4; head");
    let said = space.say(&["run", "--quiet"]);
    same(&said.err, "error: stage `first` failed with exit code 4\n");
}

#[test]
fn reading_verbs_write_nothing_where_there_is_no_project() {
    let space = Space::empty();
    for arguments in [&["plan"][..], &["status"], &["cache", "size"], &["cache", "check"]] {
        space.say(arguments);
        assert_eq!(space.files(""), [""; 0], "{arguments:?}");
    }
}

#[test]
fn the_graph_as_text_and_for_other_programs() {
    let space = study();
    for format in ["text", "mermaid", "dot", "svg"] {
        let said = space.say(&["graph", "--format", format]);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        for stage in ["clean", "first", "text", "apart"] {
            assert!(said.out.contains(stage), "{format}: {}", said.out);
        }
    }
    assert!(!space.say(&["graph", "first"]).out.contains("apart"));
}

#[test]
fn the_schema_accepts_what_the_program_accepts() {
    let said = Space::empty().say(&["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(schema["title"], "pipeline.yaml");
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let space = study();
    let mut plan = space.command(&["schema"]);
    let mut child = plan.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_nobody_uses_can_go() {
    let space = study();
    let size = |space: &Space| space.say(&["cache", "size"]).out;
    let before = size(&space);
    same(&space.say(&["cache", "gc", "--keep-days", "0"]).out, "nothing can go\n");
    for cell in ["lima,2", "lima,3", "lima,4"] {
        space.file("raw.csv", format!("name,n\n{cell}\noslo,2\n"));
        space.good(&[]);
    }
    let said = space.say(&["cache", "gc", "--keep-days", "0"]);
    assert!(
        said.out.ends_with(" can go; `colophon cache gc --keep-days 0 --delete` removes them\n"),
        "{}",
        said.out
    );
    assert_ne!(size(&space), before);
    let said = space.say(&["cache", "gc", "--keep-days", "0", "--delete"]);
    assert!(said.out.starts_with("removed "), "{}", said.out);
    same(&space.say(&["cache", "gc", "--keep-days", "0"]).out, "nothing can go\n");
    assert_eq!(space.good(&[]).told(), "cached apart clean first text");
    // The last two recipes are kept, so that `why` can still tell.
    assert!(space.say(&["why", "clean"]).out.contains("row 2 (lima), column `n`: 3 -> 4"));
    let said = space.say(&["cache", "check"]);
    assert!(said.out.ends_with(" sound, 0 damaged\n"), "{}", said.out);
}

#[test]
fn nothing_goes_while_a_run_uses_the_store() {
    let space = study();
    let ready = space.path("ready").display().to_string();
    let slow = format!("cmd: touch {ready}; sleep 30; head");
    space.edit("pipeline.yaml", "cmd: head", &slow);
    let mut run = space.command(&["run", "--quiet"]).spawn().unwrap();
    crate::space::until("the run is under way", || space.exists("ready"));
    let said = space.say(&["cache", "gc", "--keep-days", "0", "--delete"]);
    same(&said.err, "error: another run uses the store\nhint: try again when it has ended\n");
    assert_eq!(said.code, 9);
    let pid = run.id().to_string();
    std::process::Command::new("kill").arg(&pid).status().unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(143));
}
