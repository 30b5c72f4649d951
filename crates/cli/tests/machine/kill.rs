//! Killed at any moment, a run leaves nothing wrong and nothing to clean up.
//!
//! Where `strace` is installed, the program is killed at the first, second, …
//! call of each system call that writes or opens, until a run survives. Counts
//! are per thread, and the main thread reaches most of them first; so the calls
//! on the store's own paths, which mostly its writer makes, are swept by
//! themselves. Two runs at once are tested here too.

use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::space::{PROGRAM, Space};

const STAGES: &str = "\
stages:
  a:
    cmd: [cp, '{{ inputs.t }}', '{{ outputs.t }}']
    inputs: { t: in.txt }
    outputs: { t: a.txt }
  b:
    cmd: tr a-z A-Z < {{ inputs.t }} | tee {{ outputs.u }} > {{ outputs.t }}
    inputs: { t: a.t }
    outputs: { t: b.txt, u: deep/u.txt }
";

pub(crate) fn fresh() -> Space {
    let space = Space::new(STAGES);
    space.file("in.txt", "in\n");
    space
}

/// What a run that nobody disturbs leaves: every file but logs, and the lock.
struct Reference {
    files: Vec<String>,
    lock: String,
    took: Duration,
}

fn reference() -> &'static Reference {
    static REFERENCE: OnceLock<Reference> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let space = fresh();
        let begun = Instant::now();
        space.good(&[]);
        let took = begun.elapsed();
        Reference { files: left(&space), lock: space.text("pipeline.lock"), took }
    })
}

/// Every file of the project and its store. Logs are for people; a folder of the
/// store that was not yet given its name is empty and is swept after an hour.
fn left(space: &Space) -> Vec<String> {
    let mut files = space.files("");
    files.retain(|path| {
        let own = path.starts_with(".colophon/logs/") || path == ".colophon/witness";
        !own && !path.contains("/.new-")
    });
    files
}

/// Everything that is wrong in a project in which a run was killed.
pub(crate) fn faults(space: &Space) -> Vec<String> {
    faults_beside(space, false)
}

/// The same, where the store may hold results of another state as well.
fn faults_beside(space: &Space, other: bool) -> Vec<String> {
    let reference = reference();
    let mut found = Vec::new();
    let mut hold = |so: bool, what: String| {
        if !so {
            found.push(what);
        }
    };
    let right = [("a.txt", "in\n"), ("b.txt", "IN\n"), ("deep/u.txt", "IN\n")];
    for (path, text) in right {
        let path = format!("outputs/{path}");
        let older = if text == "in\n" { "other\n" } else { "OTHER\n" };
        let whole = |now: String| now == text || (other && now == older);
        let sound = !space.exists(&path) || whole(space.text(&path));
        hold(sound, format!("{path} is half written"));
    }
    let said = space.say(&["cache", "check", "--json"]);
    let health: Value = serde_json::from_str(&said.out).unwrap_or_default();
    let none = said.out.contains("there is no store in");
    let sound = none || health["damaged"] == 0 && health["incomplete"] == 0;
    hold(sound, format!("the store is not sound: {}{}", said.out, said.err));
    let story = space.run(&[]);
    let well = story.code == 0 && story.problems.is_empty() && story.notes.is_empty();
    hold(well, format!("the next run: {story:?}"));
    for (path, text) in right {
        let path = format!("outputs/{path}");
        hold(space.exists(&path) && space.text(&path) == text, format!("{path} is wrong"));
    }
    let lock = space.exists("pipeline.lock").then(|| space.text("pipeline.lock"));
    hold(lock.as_ref() == Some(&reference.lock), "the lock is another".into());
    let left = left(space);
    // Results of another state of the project are no rest of a run.
    let other = |path: &String| other && (path.contains("/objects/") || path.contains("/results/"));
    let strange = |path: &&String| !reference.files.contains(path) && !other(path);
    let more: Vec<_> = left.iter().filter(strange).collect();
    let less: Vec<_> = reference.files.iter().filter(|path| !left.contains(path)).collect();
    hold(more.is_empty() && less.is_empty(), format!("left over: {more:?}, missing: {less:?}"));
    let story = space.run(&[]);
    hold(story.told() == "cached a b", format!("the run after that: {}", story.told()));
    found
}

/// The paths of objects and records, and of their folders.
pub(crate) fn store_paths() -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for file in &reference().files {
        if file.contains("/objects/") || file.contains("/results/") {
            paths.push(file.clone());
            paths.push(file.rsplit_once('/').unwrap().0.to_string());
        }
    }
    paths
}

pub(crate) fn strace_works() -> bool {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    if tried.is_ok_and(|output| output.status.success()) {
        return true;
    }
    eprintln!("skipped: `strace` is not installed or not allowed; only delays are swept");
    false
}

/// Runs the project and does something to the n-th call of a system call, of
/// those on the given paths where there are any. What it did stands in `trace`.
pub(crate) fn strace(space: &Space, call: &str, what: &str, n: usize, paths: &[String]) -> Output {
    strace_of(space, &["run", "--jobs", "1", "--quiet"], call, what, n, paths)
}

fn strace_of(
    space: &Space,
    arguments: &[&str],
    call: &str,
    what: &str,
    n: usize,
    paths: &[String],
) -> Output {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qqq", "-o", "/dev/null"]);
    if what.starts_with("error") {
        strace.arg("-o").arg(space.path(".colophon/logs/trace"));
        std::fs::create_dir_all(space.path(".colophon/logs")).unwrap();
    }
    strace.args(["-e", &format!("trace={call}")]);
    strace.args(["-e", &format!("inject={call}:{what}:when={n}")]);
    for path in paths {
        strace.arg("-P").arg(space.path(path));
    }
    let colophon = space.command(arguments);
    strace.arg(PROGRAM).args(colophon.get_args()).current_dir(space.root());
    strace.stdin(Stdio::null()).output().unwrap()
}

/// What is killed: a verb, in a project that was prepared for it.
struct Scene {
    prepare: fn() -> Space,
    arguments: &'static [&'static str],
    /// Whether the store holds results of another state as well.
    other: bool,
}

/// The first run of a project.
const FIRST: Scene =
    Scene { prepare: fresh, arguments: &["run", "--jobs", "1", "--quiet"], other: false };

/// Kills a verb at every call of these system calls, or at every `stride`-th.
fn sweep(scene: &Scene, calls: &[&str], paths: &[String], stride: usize) {
    if !strace_works() {
        return;
    }
    let Scene { prepare, arguments, other } = scene;
    let mut found = Vec::new();
    for call in calls {
        let mut n = 1;
        loop {
            let space = prepare();
            let output = strace_of(&space, arguments, call, "signal=SIGKILL", n, paths);
            let faults = faults_beside(&space, *other);
            let told = |fault: &String| format!("{arguments:?} killed at {call} {n}: {fault}");
            found.extend(faults.iter().map(told));
            if output.status.success() {
                break;
            }
            n += stride;
            assert!(n < 1000, "no run survives {call}");
        }
        eprintln!("{arguments:?} {call}: killed {} times", n / stride);
        let may_miss = *other || !paths.is_empty() || *call == "linkat";
        assert!(n > 1 || may_miss, "{call} is never called");
    }
    assert!(found.is_empty(), "{} faults, such as\n{}", found.len(), some(&found));
}

pub(crate) fn some(found: &[String]) -> String {
    found.iter().take(12).map(String::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn killed_at_every_other_open_and_close() {
    // There are 200 of them, a third while the program is loaded: every other
    // one keeps the whole below a minute and a half.
    sweep(&FIRST, &["openat", "close"], &[], 2);
}

#[test]
fn killed_at_every_write_and_sync() {
    sweep(&FIRST, &["write", "fsync", "copy_file_range", "flock"], &[], 1);
}

#[test]
fn killed_at_every_change_of_a_name() {
    sweep(
        &FIRST,
        &["rename,renameat,renameat2", "unlink,unlinkat", "mkdir,mkdirat", "chmod,fchmod"],
        &[],
        1,
    );
}

#[test]
fn killed_at_every_call_on_the_store() {
    sweep(&FIRST, &["openat", "fsync", "mkdir", "close", "read", "statx"], &store_paths(), 1);
}

/// A project that was run in another state before, and is back in its own.
fn warm() -> Space {
    let space = Space::new(STAGES);
    space.file("in.txt", "other\n");
    space.good(&[]);
    space.file("in.txt", "in\n");
    space
}

/// The same after its last run, with nothing in place.
fn bare() -> Space {
    let space = warm();
    space.good(&[]);
    std::fs::remove_dir_all(space.path("outputs")).unwrap();
    space
}

const CHANGES: [&str; 4] =
    ["rename,renameat,renameat2", "unlink,unlinkat,rmdir", "fsync", "copy_file_range,write"];

#[test]
fn killed_beside_older_results() {
    let arguments = &["run", "--jobs", "1", "--quiet"];
    sweep(&Scene { prepare: warm, arguments, other: true }, &CHANGES, &[], 1);
}

#[test]
fn killed_while_results_are_put_in_place() {
    for arguments in [&["run", "--quiet"][..], &["run", "--frozen", "--quiet"]] {
        sweep(&Scene { prepare: bare, arguments, other: true }, &CHANGES, &[], 1);
    }
}

#[test]
fn killed_while_the_store_is_collected() {
    let prepare = || {
        let space = warm();
        space.good(&[]);
        std::fs::remove_file(space.path(".colophon/state.json")).unwrap();
        space
    };
    let arguments = &["cache", "gc", "--keep-days", "0", "--delete"];
    let calls = ["unlink,unlinkat", "flock", "openat"];
    sweep(&Scene { prepare, arguments, other: true }, &calls, &[], 1);
}

/// Kills runs after delays that are spread over the time that a run takes.
#[test]
fn killed_at_any_time() {
    let kills = if strace_works() { 50 } else { 200 };
    eprintln!("killed after {kills} delays");
    let (mut seed, mut found) = (2024_u64, Vec::new());
    let most = reference().took.as_micros() as u64 * 3 / 2;
    for n in 0..kills {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let delay = Duration::from_micros((seed >> 33) % most);
        let space = fresh();
        let mut run = space.command(&["run", "--quiet"]).spawn().unwrap();
        std::thread::sleep(delay);
        run.kill().unwrap();
        run.wait().unwrap();
        let faults = faults(&space);
        found.extend(faults.iter().map(|fault| format!("kill {n} after {delay:?}: {fault}")));
    }
    assert!(found.is_empty(), "{} faults, such as\n{}", found.len(), some(&found));
}

#[test]
fn several_runs_of_one_project_at_once() {
    for round in 0..5 {
        let space = fresh();
        let start = || space.command(&["run", "--quiet"]).stderr(Stdio::piped()).spawn().unwrap();
        let runs: Vec<_> = (0..4).map(|_| start()).collect();
        for run in runs {
            let output = run.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "round {round}: {said}");
        }
        assert_eq!(faults(&space), [""; 0], "round {round}");
    }
}

#[test]
fn several_projects_with_one_store_at_once() {
    let store = Space::empty();
    let folder = store.path("store").display().to_string();
    for round in 0..5 {
        let spaces: Vec<_> = (0..4).map(|_| fresh()).collect();
        for space in &spaces {
            space.file("in.txt", format!("in {round}\n"));
        }
        let start = |space: &Space| {
            let mut run = space.command(&["run", "--quiet", "--store", &folder]);
            run.stderr(Stdio::piped()).spawn().unwrap()
        };
        let runs: Vec<_> = spaces.iter().map(start).collect();
        for (run, space) in runs.into_iter().zip(&spaces) {
            let output = run.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "round {round}: {said}");
            assert_eq!(space.text("outputs/deep/u.txt"), format!("IN {round}\n"));
            assert_eq!(space.text("pipeline.lock"), spaces[0].text("pipeline.lock"));
        }
    }
    let left = store.files("store/v1");
    let strange = |path: &&String| path.contains("/temp/") || path.contains("/quarantine/");
    assert_eq!(left.iter().filter(strange).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_run_is_not_disturbed_by_another_that_is_killed() {
    let space = fresh();
    let wait =
        "until test -e GO; do sleep 0.01; done; touch SEEN; cp {{ inputs.t }} {{ outputs.t }}";
    let go = space.path("go").display().to_string();
    let wait = wait.replace("GO", &go).replace("SEEN", &space.path("seen").display().to_string());
    space.edit("pipeline.yaml", "[cp, '{{ inputs.t }}', '{{ outputs.t }}']", &wait);
    let start = || space.command(&["run", "--quiet"]).stderr(Stdio::piped()).spawn().unwrap();
    let (mut killed, other) = (start(), start());
    let working = || space.private().iter().filter(|path| path.ends_with("in.txt")).count();
    crate::space::until("both are at work", || working() == 2);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let third = start();
    crate::space::until("a third is at work", || working() == 2);
    space.file("go", "");
    for run in [other, third] {
        let output = run.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
    assert_eq!(space.text("outputs/b.txt"), "IN\n");
    assert_eq!(space.good(&[]).told(), "cached a b");
    assert_eq!(space.files(".colophon/work"), [""; 0]);
    assert_eq!(space.private(), [""; 0]);
}
