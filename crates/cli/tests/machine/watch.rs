//! `watch`: a run after each change, in one process, until a signal.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::space::{Space, until};

const COPY: &str = "stages:\n  a:\n    cmd: cp {{ inputs.t }} {{ outputs.t }}\n    \
                    inputs: { t: in.txt }\n    outputs: { t: a.txt }\n";

#[test]
fn runs_again_when_an_input_changes() {
    let space = Space::new(COPY);
    space.file("in.txt", "one\n");
    let log = space.path("watch.log");
    let mut watch = space.command(&["watch"]);
    let mut child =
        watch.stdout(Stdio::null()).stderr(File::create(&log).unwrap()).spawn().unwrap();
    let said = || std::fs::read_to_string(&log).unwrap();
    let out = || std::fs::read_to_string(space.path("outputs/a.txt")).unwrap_or_default();
    until("the first run is done", || out() == "one\n");
    space.file("in.txt", "two\n");
    until("the change is taken up", || out() == "two\n");

    // A mistake is told, and does not end it.
    space.pipeline(&COPY.replace("in.txt", "im.txt"));
    until("the mistake is told", || said().contains("`im.txt`"));
    space.pipeline(COPY);
    space.file("in.txt", "three\n");
    until("the mended pipeline runs", || out() == "three\n");

    until("it waits again", || said().matches("watching").count() == 4);
    let number = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &number]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(said().ends_with("watching 2 paths; Ctrl-C ends it\n"), "{}", said());
}
