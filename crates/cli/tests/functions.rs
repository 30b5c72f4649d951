//! Functions that don't end: a signal ends the run all the same.
//!
//! A program of its own: started without arguments it is the test, else a study
//! whose functions never come back.

#![expect(clippy::unwrap_used, reason = "a test may stop wherever it is surprised")]

use std::fs;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use cli::Study;
use engine::function::{Function, Outputs};

/// Makes its output at once.
const QUICK: Function = Function {
    name: "quick",
    own: ("quick.rs", "//! Quick."),
    code: &[],
    inputs: &[],
    outputs: &["t"],
    schema: || serde_json::json!({ "type": "object" }).try_into().unwrap(),
    normalise: |params| Ok(params.clone()),
    check: None,
    enters: None,
    run: |_| Ok(Outputs::from([("t", b"quick\n".to_vec().into())])),
};

/// Works for ever.
const ENDLESS: Function = Function {
    name: "endless",
    own: ("endless.rs", "//! Endless."),
    code: &[],
    run: |_| {
        fs::write(std::env::var_os("READY").unwrap(), "").unwrap();
        loop {
            std::hint::black_box(());
        }
    },
    ..QUICK
};

const PIPELINE: &str = "\
version: 1
name: x
stages:
  quick: { uses: quick, outputs: { t: q } }
  endless: { uses: endless, outputs: { t: e } }
  command: { cmd: 'trap \"\" TERM; sleep 61.625; sleep 61.625', outputs: { t: c } }
";

fn main() -> ExitCode {
    if std::env::args_os().len() > 1 && std::env::var_os("READY").is_some() {
        return cli::main(&Study {
            functions: &[QUICK, ENDLESS],
            env: &[],
            clear: &[],
            fonts: &[],
        });
    }
    one_signal_ends_what_waits_for_functions();
    two_signals_end_everything();
    println!("2 passed");
    ExitCode::SUCCESS
}

struct Space(tempfile::TempDir);

impl Space {
    fn start(stages: &[&str]) -> (Self, Child) {
        let space = Space(tempfile::tempdir().unwrap());
        let path = |name: &str| space.0.path().join(name);
        fs::write(path("pipeline.yaml"), PIPELINE).unwrap();
        let mut run = Command::new(std::env::current_exe().unwrap());
        run.args(["run", "--jobs", "3"]).args(stages).current_dir(space.0.path());
        run.env("READY", path("ready")).env_remove("COLOPHON_STORE").env("NO_COLOR", "1");
        let child = run.stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while !path("ready").exists() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
        (space, child)
    }
}

fn signal(child: &Child) {
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
}

/// Waits for the end; gives the code and standard error.
fn end(child: Child, within: Duration) -> (Option<i32>, String) {
    let begun = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(begun.elapsed() < within, "it took {:?}", begun.elapsed());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn one_signal_ends_what_waits_for_functions() {
    let (space, child) = Space::start(&["quick", "endless"]);
    signal(&child);
    let (code, said) = end(child, Duration::from_secs(5));
    assert_eq!(code, Some(143), "{said}");
    assert!(said.contains("error: stage `endless` was stopped\n"), "{said}");
    assert_eq!(fs::read_to_string(space.0.path().join("outputs/q")).unwrap(), "quick\n");
}

fn two_signals_end_everything() {
    let (_space, child) = Space::start(&[]);
    signal(&child);
    std::thread::sleep(Duration::from_millis(100));
    signal(&child);
    let (code, said) = end(child, Duration::from_secs(5));
    assert_eq!(code, Some(143), "{said}");
    let begun = Instant::now();
    while is_running("sleep\x0061.625\0") {
        assert!(begun.elapsed() < Duration::from_secs(5), "its command is left");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_running(command: &str) -> bool {
    let lines = fs::read_dir("/proc").unwrap().flatten();
    let mut lines = lines.map(|it| fs::read(it.path().join("cmdline")).unwrap_or_default());
    lines.any(|line| String::from_utf8_lossy(&line) == command)
}
