//! The shortcut of a run with nothing to do, which looks at time stamps only:
//! whatever changed, it does not hold.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use crate::cache::{RAW, STAGES, TEXT};
use crate::space::{Space, same, until};

const WITNESS: &str = ".colophon/witness";

/// The study with a folder and a glob among its inputs, and a link; run until
/// the shortcut is taken.
pub(crate) fn settled() -> Space {
    let space = Space::empty();
    space.pipeline(&format!(
        "{STAGES}  list:\n    cmd: cat {{{{ inputs.all }}}} > {{{{ outputs.t }}}}; \
         find notes -type f | sort >> {{{{ outputs.t }}}}\n    \
         inputs: {{ all: '*.md', notes: notes/, link: link.txt }}\n    \
         outputs: {{ t: deep/list.txt }}\n"
    ));
    space.file("raw.csv", RAW);
    space.file("loose.txt", "loose\n");
    space.file("a.md", "a\n");
    space.file("notes/deep/n.txt", "n\n");
    space.file("target.dat", "target\n");
    symlink("target.dat", space.path("link.txt")).unwrap();
    until("the shortcut is taken", || {
        let said = space.say(&["run"]);
        assert_eq!(said.code, 0, "{}", said.err);
        space.exists(WITNESS) && said.err.starts_with("nothing ran: 5 stages are up to date")
    });
    space
}

/// Whether a plain run does something after a change.
fn notices(space: &Space) -> bool {
    let said = space.say(&["run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    !said.err.starts_with("nothing ran")
}

/// Holds a change to being noticed, and its undoing too.
fn noticed(what: &str, change: impl Fn(&Space)) {
    let space = settled();
    change(&space);
    assert!(notices(&space), "not noticed: {what}");
    for _ in 0..2 {
        assert!(!notices(&space), "something to do after: {what}");
    }
}

#[test]
fn changes_of_inputs_are_noticed() {
    noticed("a cell, with size and time as before", |space| {
        let file = || fs::File::options().write(true).open(space.path("raw.csv")).unwrap();
        let time = file().metadata().unwrap().modified().unwrap();
        space.edit("raw.csv", "lima,1", "lima,3");
        file().set_modified(time).unwrap();
    });
    noticed("a file replaced by a renamed one", |space| {
        space.file("new", RAW.replace("lima", "rome"));
        fs::rename(space.path("new"), space.path("raw.csv")).unwrap();
    });
    noticed("a new file of a glob", |space| space.file("b.md", "b\n"));
    noticed("a new file deep in a folder", |space| space.file("notes/deep/m.txt", "m\n"));
    noticed("a new folder in a folder", |space| space.file("notes/other/m.txt", "m\n"));
    noticed("a file that is gone from a folder", |space| {
        space.file("notes/keep.txt", "");
        space.remove("notes/deep/n.txt");
    });
    noticed("what a link points to", |space| space.file("target.dat", "changed\n"));
    noticed("where a link points to", |space| {
        space.remove("link.txt");
        symlink("a.md", space.path("link.txt")).unwrap();
    });
    noticed("the pipeline", |space| space.edit("pipeline.yaml", "head -n 2 {{", "head -n 1 {{"));
}

#[test]
fn changes_of_results_are_noticed() {
    noticed("an output deleted", |space| space.remove("outputs/text.txt"));
    noticed("an output edited", |space| space.file("outputs/text.txt", TEXT.replace('-', "+")));
    noticed("an output replaced by a link", |space| {
        space.remove("outputs/text.txt");
        symlink("../raw.csv", space.path("outputs/text.txt")).unwrap();
    });
    noticed("all outputs deleted", |space| fs::remove_dir_all(space.path("outputs")).unwrap());
}

#[test]
fn what_was_forgotten_is_noticed() {
    noticed("a result forgotten", |space| {
        assert_eq!(space.say(&["forget", "first"]).code, 0);
    });
}

#[test]
fn the_lock_is_a_result_too() {
    let space = settled();
    let lock = space.text("pipeline.lock");
    space.remove("pipeline.lock");
    space.say(&["run"]);
    assert_eq!(space.text("pipeline.lock"), lock);
    until("the shortcut is taken", || !notices(&space) && space.exists(WITNESS));
    space.file("pipeline.lock", lock.replacen("size: ", "size: 1", 1));
    assert_eq!(space.say(&["run", "--locked"]).code, 6);
    space.say(&["run"]);
    assert_eq!(space.text("pipeline.lock"), lock);
}

#[test]
fn another_question_is_another_matter() {
    let space = settled();
    let ran = |arguments: &[&str]| {
        let said = space.say(&[&["run"], arguments].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        !said.err.starts_with("nothing ran")
    };
    assert!(ran(&["--store", "other"]));
    let output = space.command(&["run"]).env("SOURCE_DATE_EPOCH", "86400").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(" ran first "), "{said}");
    assert_eq!(space.say(&["plan", "--check"]).code, 0);
    assert!(ran(&["--force", "text"]));
    space.edit("raw.csv", "lima,1", "lima,7");
    assert!(!ran(&["apart"]));
    assert!(ran(&[]));
    assert_eq!(space.say(&["plan", "--check"]).code, 0);
    space.edit("raw.csv", "lima,7", "lima,8");
    assert_eq!(space.say(&["plan", "--check"]).code, 3);
    assert_eq!(space.say(&["plan", "--check", "apart"]).code, 0);
}

#[test]
fn a_damaged_or_foreign_witness_says_nothing() {
    let space = settled();
    let witness = space.text(WITNESS);
    for damage in [String::new(), "x".into(), witness.replacen('\n', " \n", 1), "\0".repeat(99)] {
        space.file(WITNESS, damage);
        space.edit("raw.csv", "\n", "\r\n");
        assert!(notices(&space));
        space.edit("raw.csv", "\r\n", "\n");
        assert!(notices(&space));
    }
    // A copy of the whole project, times and all, has other files.
    let copy = Space::empty();
    let mut copied = std::process::Command::new("cp");
    assert!(copied.arg("-a").arg(space.path(".")).arg(copy.root()).status().unwrap().success());
    copy.file("raw.csv", RAW.replace("lima", "rome"));
    let said = copy.say(&["run"]);
    let refused = "error: the store in `.colophon/store` was not made in this checkout";
    assert!(said.code == 2 && said.err.starts_with(refused), "{}", said.err);
    let said = copy.say(&["run", "--store", ".colophon/store"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(copy.text("outputs/text.txt").contains("ROME"));
}

/// Edits that follow a run at once, of the same size: git's racy case.
#[test]
fn quick_edits_are_never_missed() {
    let space = Space::new(STAGES);
    space.file("raw.csv", RAW);
    space.file("loose.txt", "loose\n");
    for n in 0..40 {
        space.file("raw.csv", RAW.replace("lima", &format!("li{:02}", n % 7)));
        let said = space.say(&["run", "--quiet"]);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        let wanted = format!("LI{:02}", n % 7);
        let text = space.text("outputs/text.txt");
        assert!(text.contains(&wanted), "edit {n}: {text}");
        // Sometimes there is time to write a witness.
        if n % 5 == 0 {
            std::thread::sleep(Duration::from_millis(30));
            space.say(&["run", "--quiet"]);
        }
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_by_a_run() {
    let space = Space::empty();
    let (seen, go) = (space.path("seen"), space.path("go"));
    space.pipeline(&format!(
        "stages:\n  slow:\n    cmd: touch {}; until test -e {}; do sleep 0.01; done; \
         cp {{{{ inputs.t }}}} {{{{ outputs.t }}}}\n    inputs: {{ t: in.txt }}\n    \
         outputs: {{ t: slow.txt }}\n",
        seen.display(),
        go.display()
    ));
    space.file("in.txt", "one\n");
    let run = space.command(&["run", "--quiet"]).spawn().unwrap();
    until("the command is under way", || seen.exists());
    space.file("in.txt", "two\n");
    space.file("go", "");
    assert!(run.wait_with_output().unwrap().status.success());
    // The result of what was read then is not taken for that of what is there now.
    assert_eq!(space.text("outputs/slow.txt"), "one\n");
    assert_eq!(space.say(&["plan", "--check"]).code, 3);
    assert_eq!(space.good(&[]).told(), "ran slow");
    assert_eq!(space.text("outputs/slow.txt"), "two\n");
    space.file("in.txt", "one\n");
    assert_eq!(space.good(&[]).told(), "cached slow");
}

#[test]
fn variants_leave_the_lock_alone() {
    let space = Space::new("params: { n: 1 }\nprofiles: { p: { params: { n: 2 } } }\n");
    let stages =
        "stages:\n  a: { cmd: 'echo {{ params.n }} > {{ outputs.t }}', outputs: { t: a } }\n";
    space.file("pipeline.yaml", space.text("pipeline.yaml") + stages);
    space.good(&[]);
    let lock = space.text("pipeline.lock");
    for arguments in [&["--profile", "p"][..], &["--param", "n=3"]] {
        space.good(arguments);
        assert_eq!(space.text("pipeline.lock"), lock);
        let said = space.say(&[&["run", "--locked"], arguments].concat());
        assert_eq!(said.code, 2);
        same(
            &said.err,
            "error: `--locked` holds the plain pipeline to its lock, this is a variant of it\n\
             hint: leave out `--profile` and `--param`, and unset SOURCE_DATE_EPOCH\n",
        );
    }
    let mode = |path: &str| fs::metadata(space.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("pipeline.lock"), mode("pipeline.yaml"));
    assert_eq!(mode("outputs/a"), mode("pipeline.yaml"));
}

#[test]
fn an_edit_during_a_run_is_told_and_taken_up() {
    let space = Space::empty();
    let (seen, go) = (space.path("seen"), space.path("go"));
    space.pipeline(&format!(
        "stages:\n  slow:\n    cmd: cat {{{{ inputs.t }}}} > {{{{ outputs.t }}}}; touch {}; \
         until test -e {}; do sleep 0.01; done\n    inputs: {{ t: in.txt }}\n    \
         outputs: {{ t: slow.txt }}\n",
        seen.display(),
        go.display()
    ));
    space.file("in.txt", "one\n");
    let run = space.command(&["run", "--quiet"]).stderr(std::process::Stdio::piped()).spawn();
    until("the command is under way", || seen.exists());
    space.file("in.txt", "two\n");
    space.file("go", "");
    let output = run.unwrap().wait_with_output().unwrap();
    same(
        &String::from_utf8(output.stderr).unwrap(),
        "note: `in.txt` was changed while this run went on\n\
         hint: the results are those of what was read; `colophon run` takes up the change\n",
    );
    assert_eq!(space.say(&["plan", "--check"]).code, 3);
    assert_eq!(space.say(&["run", "--locked"]).code, 6);
    assert_eq!(space.good(&[]).told(), "cached slow");
    assert_eq!(space.text("outputs/slow.txt"), "two\n");
}

/// Rounds of edits at random moments of a run whose syncs are slow.
#[test]
fn edits_at_random_moments_are_never_lost() {
    if !crate::kill::strace_works() {
        return;
    }
    let space = Space::new(
        "stages:\n  a: { cmd: 'sleep 0.02; cat {{ inputs.t }} > {{ outputs.t }}', \
         inputs: { t: in.txt }, outputs: { t: a.txt } }\n  b: { cmd: 'wc -c < {{ inputs.t }} > \
         {{ outputs.t }}', inputs: { t: a.t }, outputs: { t: b.txt } }\n",
    );
    let rounds: u64 =
        std::env::var("COLOPHON_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(30);
    for round in 0..rounds {
        let text = |n: u64| format!("{:04}\n", (round * 2 + n) % 10_000);
        space.file("in.txt", text(0));
        let colophon = space.command(&["run", "--quiet"]);
        let mut strace = std::process::Command::new("strace");
        strace.args(["-f", "-qqq", "-o", "/dev/null", "-e", "trace=fsync"]);
        strace.args(["-e", "inject=fsync:delay_exit=10000"]).arg(crate::space::PROGRAM);
        let run = strace.args(colophon.get_args()).current_dir(space.root()).spawn();
        std::thread::sleep(Duration::from_micros(round * 7919 % 160_000));
        space.file("in.txt", text(1));
        run.unwrap().wait().unwrap();
        // Twice, so that a witness of the first may be believed by the second.
        for _ in 0..2 {
            assert_eq!(space.say(&["run", "--quiet"]).code, 0);
        }
        assert_eq!(space.text("outputs/a.txt"), text(1), "round {round}");
    }
}

/// A file that two stages read, and that changes between them, while every
/// result stays as it was: only what the first one read tells of it.
#[test]
fn a_file_that_changes_between_two_stages() {
    let space = Space::empty();
    let (seen, go) = (space.path("seen"), space.path("go"));
    space.pipeline(&format!(
        "params: {{ n: 1 }}\nstages:\n  a:\n    cmd: wc -l < {{{{ inputs.t }}}} > \
         {{{{ outputs.t }}}}; touch {}; until test -e {}; do sleep 0.01; done\n    \
         inputs: {{ t: in.txt }}\n    outputs: {{ t: a.txt }}\n  b:\n    cmd: echo \
         {{{{ params.n }}}} > {{{{ outputs.t }}}}\n    inputs: {{ a: a.t, t: in.txt }}\n    \
         outputs: {{ t: b.txt }}\n",
        seen.display(),
        go.display()
    ));
    space.file("in.txt", "1\n");
    space.file("go", "");
    space.good(&[]);
    // A variant, which leaves the lock alone: so nothing at all is written.
    let run = ["run", "--param", "n=2"];
    until("the shortcut is taken", || {
        std::thread::sleep(Duration::from_millis(30));
        let said = space.say(&run);
        space.exists(WITNESS) && said.err.starts_with("nothing ran: 2 stages are up to date")
    });
    space.remove("go");
    space.remove("seen");
    space.file("in.txt", "2\n");
    let running = space.command(&run).stderr(std::process::Stdio::null()).spawn();
    until("the command is under way", || seen.exists());
    space.file("in.txt", "3\n4\n");
    std::thread::sleep(Duration::from_millis(60));
    space.file("go", "");
    assert!(running.unwrap().wait().unwrap().success());
    assert_eq!(space.say(&run).code, 0);
    assert_eq!(space.text("outputs/a.txt").trim(), "2");
}
