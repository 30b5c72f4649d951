//! Ten thousand commands in layers: a run with nothing to do, and a plan,
//! beside `ninja` and `make` on the same graph.
//!
//! `cargo bench -p cli --bench graph` (needs `ninja` and `make`; `STAGES=500`
//! makes it smaller). Each figure is the median of the wall times of `RUNS`
//! runs, the tools taking turns so that the machine's moods hit all alike.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const WIDTH: usize = 100;

fn main() {
    let number = |name: &str, default: usize| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (stages, runs) = (number("STAGES", 10_000), number("RUNS", 11));
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    write(root, stages);
    let colophon = env!("CARGO_BIN_EXE_colophon-bare");
    let tools: Vec<(&str, Vec<&str>)> = vec![
        ("colophon run", vec!["colophon", colophon, "run", "-q"]),
        ("colophon plan", vec!["colophon", colophon, "plan", "-q"]),
        ("ninja", vec!["ninja", "ninja", "--quiet"]),
        ("make", vec!["make", "make", "--silent", "-j2"]),
    ];
    println!("{stages} stages, {WIDTH} a layer; nothing cached:");
    let mut present = Vec::new();
    for (name, command) in tools {
        let first = time(root, &command);
        match first {
            None => println!("  {name:<14} not installed"),
            Some(seconds) => {
                if name != "colophon plan" {
                    println!("  {name:<14} {seconds:8.2} s");
                }
                present.push((name, command, Vec::new()));
            }
        }
    }
    // Files that were only just written are hashed once more before their time
    // stamps are believed; the second run is the first that tells.
    std::thread::sleep(std::time::Duration::from_millis(100));
    time(root, &["colophon", colophon, "run", "-q"]);
    for _ in 0..runs {
        for (_, command, times) in &mut present {
            times.extend(time(root, command));
        }
    }
    println!("nothing to do, median of {runs} (fastest, slowest):");
    for (name, _, times) in &mut present {
        times.sort_by(f64::total_cmp);
        let (low, high) = (times[0], times[times.len() - 1]);
        let median = times[times.len() / 2];
        println!("  {name:<14} {:8.1} ms ({:.1}, {:.1})", median * 1e3, low * 1e3, high * 1e3);
    }
}

/// The same graph three times: each stage joins two files of the layer before.
fn write(root: &Path, stages: usize) {
    let mut pipeline = String::from("version: 1\nname: bench\nstages:\n");
    let mut ninja = String::from("rule join\n  command = cat $in > $out\n");
    let mut make = String::from("all:");
    for i in 0..stages {
        let _ = write!(make, " o/{i}");
    }
    make.push('\n');
    for i in 0..stages {
        let layer = i / WIDTH;
        let inputs: Vec<usize> = match layer {
            0 => Vec::new(),
            _ => [i, i + 1].iter().map(|j| (layer - 1) * WIDTH + j % WIDTH).collect(),
        };
        let _ = write!(pipeline, "  s{i}:\n    cmd: ");
        if inputs.is_empty() {
            let _ = writeln!(pipeline, "echo {i} > {{{{ outputs.o }}}}");
            let _ = write!(ninja, "rule r{i}\n  command = echo {i} > $out\nbuild o/{i}: r{i}\n");
            let _ = write!(make, "o/{i}:\n\techo {i} > $@\n");
        } else {
            let [a, b] = inputs[..] else { unreachable!("two inputs") };
            let _ = write!(
                pipeline,
                "head -n 1 -q {{{{ inputs.a }}}} {{{{ inputs.b }}}} > {{{{ outputs.o }}}}\n    \
                 inputs: {{ a: s{a}.o, b: s{b}.o }}\n"
            );
            let _ = write!(
                ninja,
                "rule r{i}\n  command = head -n 1 -q $in > $out\nbuild o/{i}: r{i} o/{a} o/{b}\n"
            );
            let _ = write!(make, "o/{i}: o/{a} o/{b}\n\thead -n 1 -q $^ > $@\n");
        }
        let _ = writeln!(pipeline, "    outputs: {{ o: o/{i} }}");
    }
    let files = [("pipeline.yaml", pipeline), ("build.ninja", ninja), ("Makefile", make)];
    for (tool, (name, text)) in ["colophon", "ninja", "make"].into_iter().zip(files) {
        std::fs::create_dir_all(root.join(tool).join("o")).expect("a folder");
        std::fs::write(root.join(tool).join(name), text).expect("a file");
    }
}

/// The wall time of a command in seconds; `None` if the program is missing.
fn time(root: &Path, command: &[&str]) -> Option<f64> {
    let begun = Instant::now();
    let mut process = Command::new(command[1]);
    // The first word is the folder of the tool, the second the tool.
    process.args(&command[2..]).current_dir(root.join(command[0])).stdout(Stdio::null());
    let status = process.status().ok()?;
    assert!(status.success(), "{command:?} failed");
    Some(begun.elapsed().as_secs_f64())
}
