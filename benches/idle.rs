//! The study with nothing to do: the wall time of `colophon run` as its users
//! build it.
//!
//! `cargo run -- run && cargo bench -p cli --bench idle` (`RUNS=50`).

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = root.join("target/debug/access-barriers");
    let runs = std::env::var("RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(50);
    if !program.exists() {
        println!("build it first: `cargo run -- run`");
        return;
    }
    // Whatever was just built or put in place is looked at once more.
    for _ in 0..2 {
        time(&program, &root);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    for verb in [&["run"][..], &["run", "--verbose"], &["plan"], &["--version"]] {
        let mut times: Vec<f64> = (0..runs).map(|_| run(&program, &root, verb)).collect();
        times.sort_by(f64::total_cmp);
        println!(
            "colophon {:<14} median {:5.1} ms (fastest {:.1}, slowest {:.1}, {runs} runs)",
            verb.join(" "),
            times[runs / 2] * 1e3,
            times[0] * 1e3,
            times[runs - 1] * 1e3
        );
    }
}

fn time(program: &Path, root: &Path) -> f64 {
    run(program, root, &["run"])
}

/// The wall time in seconds.
fn run(program: &Path, root: &Path, arguments: &[&str]) -> f64 {
    let begun = Instant::now();
    let mut process = Command::new(program);
    process.args(arguments).current_dir(root).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(process.status().expect("it starts").success(), "{arguments:?} failed");
    begun.elapsed().as_secs_f64()
}
