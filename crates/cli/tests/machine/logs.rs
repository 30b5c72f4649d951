//! What commands said: which log is that of a stage, and how much of it is kept.

use std::fs;

use crate::space::{Space, same};

/// A stage that says which `n` it has.
fn talker() -> Space {
    Space::new(
        "params: { n: 1 }\nstages:\n  a:\n    \
         cmd: echo out {{ params.n }}; echo err {{ params.n }} >&2; echo {{ params.n }} > \
         {{ outputs.t }}\n    outputs: { t: a.txt }\n",
    )
}

#[test]
fn a_log_belongs_to_its_result() {
    let space = talker();
    let log = |space: &Space| space.say(&["log", "a"]);
    space.good(&[]);
    let first = "standard output:\nout 1\nstandard error:\nerr 1\n";
    same(&log(&space).out, first);
    space.edit("pipeline.yaml", "{ n: 1 }", "{ n: 2 }");
    same(&log(&space).out, first);
    same(
        &log(&space).err,
        "note: this is of the last result of stage `a`; what it is made from has changed since\n",
    );
    space.good(&[]);
    same(&log(&space).out, "standard output:\nout 2\nstandard error:\nerr 2\n");
    space.edit("pipeline.yaml", "{ n: 2 }", "{ n: 1 }");
    assert_eq!(space.good(&[]).told(), "cached a");
    assert_eq!((log(&space).out.as_str(), log(&space).err.as_str()), (first, ""));
    // Nothing of it is in the checkout but in the store.
    fs::remove_dir_all(space.path(".colophon/logs")).unwrap();
    same(&log(&space).out, first);
    space.good(&[]);
    assert_eq!(space.say(&["cache", "gc", "--keep-days", "0", "--delete"]).code, 0);
    same(&log(&space).out, first);
}

#[test]
fn a_log_as_json() {
    let space = talker();
    space.good(&[]);
    let said = space.say(&["log", "outputs/a.txt", "--json"]);
    let logs: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(logs[0]["stage"], "a");
    assert_eq!(logs[0]["of"], "result");
    assert_eq!(logs[0]["stdout"], "out 1\n");
    assert_eq!(logs[0]["stderr"], "err 1\n");
    assert!(space.text("pipeline.lock").contains(logs[0]["key"].as_str().unwrap()));
}

#[test]
fn a_failed_attempt_has_its_log() {
    let space = talker();
    space.good(&[]);
    space.edit("pipeline.yaml", "echo {{ params.n }} >", "exit 3; echo {{ params.n }} >");
    space.edit("pipeline.yaml", "{ n: 1 }", "{ n: 7 }");
    assert_eq!(space.run(&[]).code, 1);
    let said = space.say(&["log", "a"]);
    same(&said.out, "standard output:\nout 7\nstandard error:\nerr 7\n");
    same(&said.err, "note: the last attempt failed: stage `a` failed with exit code 3\n");
    space.edit("pipeline.yaml", "exit 3; echo {{ params.n }} >", "echo {{ params.n }} >");
    space.edit("pipeline.yaml", "{ n: 7 }", "{ n: 1 }");
    assert_eq!(space.good(&[]).told(), "cached a");
    let said = space.say(&["log", "a"]);
    assert_eq!(
        (said.out.as_str(), said.err.as_str()),
        ("standard output:\nout 1\nstandard error:\nerr 1\n", "")
    );
}

/// A result that is known says nothing of a later attempt to make it once more.
#[test]
fn an_attempt_after_the_result() {
    let space = talker();
    let flag = space.path("flag").display().to_string();
    space.edit("pipeline.yaml", "echo out", &format!("test ! -e {flag}; echo out"));
    space.good(&[]);
    std::thread::sleep(std::time::Duration::from_millis(20));
    space.file("flag", "");
    assert_eq!(space.run(&["--force"]).code, 1);
    same(
        &space.say(&["log", "a"]).err,
        "note: the last attempt failed: stage `a` failed with exit code 1\n",
    );
    space.remove("flag");
    space.good(&["--force"]);
    assert!(space.say(&["log", "a"]).out.contains("out 1\n"));
}

#[test]
fn where_there_is_no_log() {
    let space = Space::new("stages:\n  a: { cmd: 'echo > {{ outputs.t }}', outputs: { t: t } }\n");
    let said = space.say(&["log", "a"]);
    assert_eq!(said.code, 2);
    same(
        &said.err,
        "error: stage `a` has no result and no log\nhint: `colophon run a` makes them\n",
    );
    space.good(&[]);
    let said = space.say(&["log", "a"]);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", "note: stage `a` said nothing\n"));
    same(&space.say(&["log", "b"]).err, "error: no stage `b`\nhint: known: `a`\n");
}

#[test]
fn a_damaged_log_is_no_damaged_result() {
    let space = talker();
    space.good(&[]);
    let object = space.object("out 1\n");
    fs::remove_file(&object).unwrap();
    assert_eq!(space.good(&[]).told(), "cached a");
    let said = space.say(&["log", "a"]);
    same(
        &said.err,
        "error: the log of stage `a` is no longer in the store\n\
         hint: `colophon run --force a` makes it anew\n",
    );
}

#[test]
fn a_log_obeys_no_terminal() {
    let space = talker();
    space.edit("pipeline.yaml", "echo out {{ params.n }}", "printf '\\033[2Jgone\\n'");
    space.good(&[]);
    same(&space.say(&["log", "a"]).out, "standard output:\n\\x1b[2Jgone\nstandard error:\nerr 1\n");
}

#[test]
fn much_is_said_and_little_is_kept() {
    let space = Space::new(
        "stages:\n  a:\n    cmd: [sh, -c, 'echo first >&2; yes much | head -c 300000000 >&2; \
         echo last >&2; exit 3']\n    outputs: { t: t }\n",
    );
    let output = std::process::Command::new("/usr/bin/env")
        .args(["bash", "-c", "ulimit -v 4000000; exec \"$0\" run --quiet", crate::space::PROGRAM])
        .current_dir(space.root())
        .env("TMPDIR", space.temp())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("  | much\n  | last\n"), "{said}");
    let log = fs::read(space.path(".colophon/logs/a.stderr")).unwrap();
    assert!(log.len() < 17 << 20, "{}", log.len());
    let log = String::from_utf8(log).unwrap();
    let missing = format!("\n[left out here: {} B]\n", 300_000_011 - (16 << 20));
    assert!(log.starts_with("first\nmuch\n") && log.ends_with("\nlast\n"));
    assert!(log.contains(&missing), "{missing}");
}

#[test]
fn a_failed_command_can_be_looked_at() {
    let space = talker();
    space.edit("pipeline.yaml", "echo {{ params.n }} >", "echo half > half; exit 3; echo 1 >");
    space.run(&[]);
    assert_eq!(space.private(), [""; 0]);
    let story = space.run(&["--keep-failed"]);
    let hint = "hint: its folder is kept: `";
    let at = story.problems[0].find(hint).expect("a hint") + hint.len();
    let folder = story.problems[0][at..].split('`').next().unwrap();
    assert_eq!(fs::read_to_string(format!("{folder}/half")).unwrap(), "half\n");
    // The next run leaves it alone.
    space.run(&[]);
    assert!(fs::exists(format!("{folder}/half")).unwrap());
    space.edit("pipeline.yaml", "exit 3; echo 1 >", "echo 1 >");
    space.good(&["--keep-failed"]);
    assert_eq!(space.private().len(), 1);
}
