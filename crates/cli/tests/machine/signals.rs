//! Ctrl-C and SIGTERM: the run ends with everything that it started.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::space::{Space, same, until, words};

/// The processes whose command line holds a word, by number.
fn alive(word: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).replace('\0', " ").contains(word) {
            found.push(pid);
        }
    }
    found
}

/// Ends what a failed test would leave behind.
struct Leftovers(String);

impl Drop for Leftovers {
    fn drop(&mut self) {
        // A shell among them may start another before it is ended itself.
        for pid in (0..3).flat_map(|_| alive(&self.0)) {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).output();
        }
    }
}

/// A run that is under way, in a group of its own.
struct Running {
    child: Child,
    /// A number of seconds to sleep that no one else uses; it marks the processes.
    word: String,
    _leftovers: Leftovers,
}

impl Running {
    /// Starts a run whose command says `ready` by making a file; `SLEEP` in it is
    /// a word that marks the processes of this test.
    fn start(space: &Space, command: &str) -> Self {
        let word = format!("sleep 4{}.5", std::process::id() as u64 * 100 + unique());
        let ready = space.path("ready").display().to_string();
        let command = command.replace("SLEEP", &word).replace("READY", &ready);
        space.file("tool.sh", format!("#!/bin/sh\n{command}\necho done > outputs/b.txt\n"));
        space.pipeline(
            "stages:\n  a: { cmd: 'echo a > {{ outputs.t }}', outputs: { t: a.txt } }\n  b:\n    \
             cmd: [sh, tool.sh]\n    inputs: { t: a.t, script: tool.sh }\n    \
             outputs: { t: b.txt }\n  c:\n    cmd: cp {{ inputs.t }} {{ outputs.t }}\n    \
             inputs: { t: b.t }\n    outputs: { t: c.txt }\n",
        );
        let mut run = space.command(&["run"]);
        let child = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let running = Running { child, _leftovers: Leftovers(word.clone()), word };
        until("the command is under way", || space.exists("ready"));
        running
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Waits for the end; gives the code and standard error.
    fn end(self, within: Duration) -> (i32, String) {
        let begun = Instant::now();
        let output = self.child.wait_with_output().unwrap();
        assert!(begun.elapsed() < within, "it took {:?}", begun.elapsed());
        assert_eq!(alive(&self.word), [0; 0], "something was left running");
        (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).unwrap())
    }
}

/// A number that no other test of this process uses.
fn unique() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// What was done is kept, nothing is half written, and the next run completes.
fn completes(space: &Space) {
    let half = space.files("outputs").iter().any(|path| path != "outputs/a.txt");
    assert!(!half, "{:?}", space.files("outputs"));
    assert_eq!(space.files(".colophon/work"), [""; 0]);
    assert_eq!(space.private(), [""; 0]);
    space.file("tool.sh", "echo done > outputs/b.txt\n");
    assert_eq!(space.good(&[]).told(), "ran b c, cached a");
    assert_eq!(space.text("outputs/c.txt"), "done\n");
}

const SOON: Duration = Duration::from_secs(3);

#[test]
fn ctrl_c_ends_the_command() {
    let space = Space::empty();
    let run = Running::start(&space, "echo half > outputs/b.txt; touch READY; SLEEP");
    run.signal("INT");
    let (code, said) = run.end(SOON);
    assert_eq!(code, 130, "{said}");
    completes(&space);
}

#[test]
fn words_of_a_stopped_run() {
    let space = Space::empty();
    let run = Running::start(&space, "touch READY; SLEEP");
    run.signal("INT");
    let (_, said) = run.end(SOON);
    same(
        &words(&said),
        "     ran a  TIME\nstopping; once more to stop at once\n  failed b  TIME\n skipped c\n\
         error: stage `b` was stopped\n\
         hint: what was done is kept; `colophon run` goes on from here\n\
         failed: 1 ran, 1 failed, 1 skipped, 1 put in place in TIME\n",
    );
}

#[test]
fn sigterm_ends_the_command() {
    let space = Space::empty();
    let run = Running::start(&space, "touch READY; SLEEP");
    run.signal("TERM");
    let (code, said) = run.end(SOON);
    assert_eq!(code, 143, "{said}");
    completes(&space);
}

#[test]
fn a_command_may_tidy_up_before_it_ends() {
    let space = Space::empty();
    let tidied = space.path("tidied").display().to_string();
    let trap = format!("trap 'touch {tidied}; exit 1' TERM; touch READY; SLEEP & wait");
    let run = Running::start(&space, &trap);
    run.signal("INT");
    assert_eq!(run.end(SOON).0, 130);
    assert!(space.exists("tidied"));
}

#[test]
fn twice_ends_at_once_what_does_not_listen() {
    let space = Space::empty();
    let run = Running::start(&space, "trap '' TERM INT; touch READY; SLEEP; SLEEP");
    run.signal("INT");
    std::thread::sleep(Duration::from_millis(100));
    run.signal("INT");
    assert_eq!(run.end(SOON).0, 130);
    completes(&space);
}

/// Forks twice into a session of its own and listens to nothing.
const DAEMON: &str = "setsid sh -c '(trap \"\" TERM INT HUP; touch READY; SLEEP; SLEEP) &' & ";

#[test]
fn a_daemon_is_found() {
    let space = Space::empty();
    let run = Running::start(&space, &format!("{DAEMON} SLEEP"));
    run.signal("TERM");
    std::thread::sleep(Duration::from_millis(100));
    run.signal("TERM");
    assert_eq!(run.end(SOON).0, 143);
    completes(&space);
}

#[test]
fn a_daemon_that_has_changed_its_environment_is_found() {
    let space = Space::empty();
    let daemon = DAEMON.replace("setsid sh", "setsid env -i PATH=/usr/bin:/bin sh");
    let run = Running::start(&space, &format!("{daemon} SLEEP"));
    run.signal("INT");
    std::thread::sleep(Duration::from_millis(100));
    run.signal("INT");
    assert_eq!(run.end(SOON).0, 130);
    completes(&space);
}

#[test]
fn a_polite_child_in_another_session_ends_without_the_grace() {
    let space = Space::empty();
    let run = Running::start(&space, "setsid sh -c 'touch READY; SLEEP' & wait");
    run.signal("INT");
    assert_eq!(run.end(SOON).0, 130);
    completes(&space);
}

#[test]
fn a_daemon_does_not_outlive_its_stage() {
    let space = Space::empty();
    let wait = "until test -e READY; do sleep 0.01; done";
    let run = Running::start(&space, &format!("{DAEMON} {wait}"));
    let (code, said) = run.end(Duration::from_secs(10));
    assert_eq!(code, 0, "{said}");
    assert_eq!(space.files("outputs").len(), 3);
}

#[test]
fn a_timeout_ends_the_tree_too() {
    let space = Space::empty();
    let word = format!("sleep 4{}.5", std::process::id() as u64 * 100 + unique());
    let _leftovers = Leftovers(word.clone());
    space.pipeline(&format!(
        "stages:\n  a:\n    cmd: (setsid {word} &); {word} & {word}\n    timeout: 0.3s\n    \
         outputs: {{ t: t }}\n"
    ));
    let begun = Instant::now();
    let story = space.run(&[]);
    assert_eq!((story.code, story.told()), (1, "failed a".into()));
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
    assert_eq!(alive(&word), [0; 0]);
}

#[test]
fn a_killed_run_takes_its_command_with_it() {
    let space = Space::empty();
    let mut run = Running::start(&space, "touch READY; exec SLEEP");
    run.signal("KILL");
    run.child.wait().unwrap();
    until("the command is gone", || alive(&run.word).is_empty());
    space.file("tool.sh", "echo done > outputs/b.txt\n");
    // Whether `a` was already safe in the store is a matter of milliseconds.
    let story = space.good(&[]);
    assert!(story.ran.ends_with(&["b".into(), "c".into()]), "{story:?}");
    assert_eq!(space.files(".colophon/work"), [""; 0]);
    assert_eq!(space.private(), [""; 0]);
}

/// Whatever a command has started ends with the run, also where nobody can tell
/// from a process whose it is, and where nobody is left to end it.
#[test]
fn a_killed_run_takes_the_whole_tree_with_it() {
    let detached =
        "setsid env -i PATH=/usr/bin:/bin sh -c '(trap \"\" TERM INT HUP; SLEEP; SLEEP) &'";
    for command in [
        "SLEEP & SLEEP & touch READY; wait",
        "(SLEEP &) ; (SLEEP &) ; touch READY; SLEEP",
        "trap '' TERM INT; touch READY; SLEEP; SLEEP",
        &format!("{detached} & touch READY; SLEEP"),
        &format!("{detached} & touch READY; kill -STOP $$"),
    ] {
        let space = Space::empty();
        let mut run = Running::start(&space, command);
        until("all of it runs", || !alive(&run.word).is_empty());
        run.signal("KILL");
        run.child.wait().unwrap();
        until("all of it is gone", || alive(&run.word).is_empty());
        // The one that looks after a command has gone too.
        until("nobody looks after it", || {
            alive(&format!("{}/", space.temp().display())).is_empty()
        });
        space.file("tool.sh", "echo done > outputs/b.txt\n");
        space.good(&[]);
        assert_eq!(space.private(), [""; 0]);
    }
}

/// The processes that one has started.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let lists = threads.map(|it| fs::read_to_string(it.path().join("children")).unwrap());
    lists.collect::<String>().split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

#[test]
fn a_command_does_not_outlive_its_supervisor() {
    let space = Space::empty();
    let run = Running::start(&space, "touch READY; exec SLEEP");
    let supervisors = children(run.child.id());
    assert_eq!(supervisors.len(), 1);
    Command::new("kill").args(["-9", &supervisors[0].to_string()]).status().unwrap();
    let (code, said) = run.end(SOON);
    assert_eq!(code, 9, "{said}");
    assert!(
        said.contains(
            "error: the supervisor of stage `b` was ended from outside\n\
             hint: run again; where memory is short, with fewer `--jobs`\n"
        ),
        "{said}"
    );
    completes(&space);
}

/// One that says that all went well when it is asked to end has not made its result.
#[test]
fn half_a_result_is_none() {
    let space = Space::empty();
    let half = "trap 'echo half > outputs/b.txt; exit 0' TERM; touch READY; SLEEP & wait";
    let run = Running::start(&space, half);
    run.signal("INT");
    assert_eq!(run.end(SOON).0, 130);
    completes(&space);
}

/// A stage that is not asked anything has its own time.
#[test]
fn a_stopped_command_hears_that_it_is_to_end() {
    let space = Space::empty();
    let run = Running::start(&space, "touch READY; SLEEP & kill -STOP $$");
    until("it is stopped", || {
        alive("tool.sh").iter().any(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.contains(") T ")
        })
    });
    run.signal("TERM");
    assert_eq!(run.end(SOON).0, 143);
    completes(&space);
}

#[test]
fn a_signal_stops_what_has_not_begun() {
    let space = Space::empty();
    let run = Running::start(
        &space,
        "trap 'echo kept > outputs/b.txt; exit 0' TERM; touch READY; SLEEP & wait",
    );
    run.signal("INT");
    let (code, said) = run.end(SOON);
    assert_eq!(code, 130, "{said}");
    assert!(said.contains(" skipped c\n"), "{said}");
}
