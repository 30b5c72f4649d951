//! Files that no person wrote: endless, waited for, huge or too deep. Each is
//! told at once, with the limit.

use std::time::{Duration, Instant};

use crate::references::{refused, sentences};
use crate::space::{Space, same};

const PIPELINE: &str = "version: 1\nname: x\nstages: {}\n";

/// Puts something in the place of a file, and holds `check` to its words.
#[track_caller]
fn told(path: &str, data: &str, put: impl Fn(&Space), expected: &str) {
    let space = Space::new(&format!("{data}stages: {{}}\n"));
    space.file("raw/p.yaml", "resources: []\n");
    space.remove(path);
    put(&space);
    let begun = Instant::now();
    refused(&space, expected);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn files_that_are_no_files() {
    let pipe = |path: &'static str| {
        move |space: &Space| {
            let made = std::process::Command::new("mkfifo").arg(space.path(path)).status();
            assert!(made.unwrap().success());
        }
    };
    let link = |path: &'static str, to: &'static str| {
        move |space: &Space| std::os::unix::fs::symlink(to, space.path(path)).unwrap()
    };
    let irregular = "error: `pipeline.yaml` is not a regular file\n";
    told("pipeline.yaml", "", link("pipeline.yaml", "/dev/zero"), irregular);
    told("pipeline.yaml", "", link("pipeline.yaml", "/dev/stdin"), irregular);
    told("pipeline.yaml", "", pipe("pipeline.yaml"), irregular);
    let data = "data: raw/p.yaml\n";
    let irregular = "error: the input `raw/p.yaml` is not a regular file\n--> pipeline.yaml:3:7\n\
                     hint: an input is a file, a folder or a glob\n";
    told("raw/p.yaml", data, link("raw/p.yaml", "/dev/zero"), irregular);
    told("raw/p.yaml", data, pipe("raw/p.yaml"), irregular);
}

#[test]
fn files_that_are_too_large() {
    let hint = "hint: data belong in files that the pipeline names\n";
    let huge = |path: &'static str, size: u64| {
        move |space: &Space| {
            let file = std::fs::File::create(space.path(path)).unwrap();
            file.set_len(size).unwrap();
        }
    };
    for size in [(32 << 20) + 1, 1 << 40] {
        let error = "error: `pipeline.yaml` is larger than 32 MiB\n";
        told("pipeline.yaml", "", huge("pipeline.yaml", size), &format!("{error}{hint}"));
        let error = "error: `raw/p.yaml` is larger than 32 MiB\n--> pipeline.yaml:3:7\n";
        told(
            "raw/p.yaml",
            "data: raw/p.yaml\n",
            huge("raw/p.yaml", size),
            &format!("{error}{hint}"),
        );
    }
}

/// As deep as is read at all works in a small stack; deeper is a mistake.
#[test]
fn files_that_are_too_deep() {
    let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (file, before) in [
        ("pipeline.yaml", PIPELINE.replace("stages: {}", "params:\n  a: ")),
        ("raw/p.yaml", "resources: []\nx: ".to_string()),
    ] {
        for depth in [100, 1_000, 1_900, 10_000] {
            let space = Space::new("data: raw/p.yaml\nstages: {}\n");
            space.file("raw/p.yaml", "resources: []\n");
            let after = if file == "pipeline.yaml" { "\nstages: {}\n" } else { "\n" };
            space.file(file, format!("{}{}{after}", before.trim_end_matches('\n'), nest(depth)));
            let said = space.say(&["check"]);
            let told = sentences(&said.err);
            let deep = told.starts_with("error: the file is nested too deeply\n");
            assert!(said.code == 0 || (said.code == 2 && deep), "{file} {depth}: {said:?}");
        }
    }
}

#[test]
fn more_cells_than_can_be_planned() {
    let axes = |n: usize| {
        let axis = |axis: usize| format!("a{axis}: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]");
        (0..n).map(axis).collect::<Vec<_>>().join(", ")
    };
    for n in [6, 40] {
        let space = Space::new(&format!(
            "stages:\n  a:\n    cmd: x\n    matrix: {{ {} }}\n    outputs: {{ t: t }}\n",
            axes(n)
        ));
        refused(
            &space,
            "error: the stages have more than 100000 cells\n--> pipeline.yaml:6:5\n\
             hint: let a stage do the work of many cells\n",
        );
    }
}

/// Holds `check` of a pipeline to seconds of processor time and to memory.
#[track_caller]
fn planned(stages: &str, code: i32) {
    let space = Space::empty();
    space.file("pipeline.yaml", stages);
    space.file("raw.csv", "");
    let limits = format!("ulimit -t 12; ulimit -v 1500000; exec {} check", crate::space::PROGRAM);
    let output = std::process::Command::new("sh")
        .args(["-c", &limits])
        .current_dir(space.root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let start: String = said.chars().take(400).collect();
    assert_eq!(output.status.code(), Some(code), "{} {start}", output.status);
}

#[test]
fn the_time_of_planning_grows_with_the_pipeline_and_no_faster() {
    let stage = |i: usize, input: &str| {
        format!(
            "s{i}: {{ cmd: 'x {{{{ outputs.t }}}}', inputs: {{ p: {input} }}, outputs: {{ \
            t: s{i}.txt }} }}"
        )
    };
    let all = |inputs: &dyn Fn(usize) -> String, between: &str| {
        let stages: Vec<_> = (0..4_000).map(|i| stage(i, &inputs(i))).collect();
        stages.join(between)
    };
    let chain = |i: usize| if i == 0 { "raw.csv".into() } else { format!("s{}.t", i - 1) };
    let head = "version: 1\nname: x\nstages:\n  ";
    planned(&format!("{head}{}\n", all(&chain, "\n  ")), 0);
    // A file of one line: each place in it is a place in all of it.
    planned(&format!("{{version: 1, name: x, stages: {{{}}}}}\n", all(&chain, ", ")), 0);
    // As many mistakes as stages.
    planned(&format!("{head}{}\n", all(&|i| format!("z{i}.t"), "\n  ")), 2);
    let roles: Vec<_> = (0..20_000).map(|i| format!("      r{i}: raw.csv\n")).collect();
    planned(
        &format!("{head}a:\n    cmd: x\n    outputs: {{ t: t }}\n    inputs:\n{}", roles.concat()),
        0,
    );
}

#[test]
fn a_mistake_in_a_line_that_is_too_long_to_quote() {
    let space = Space::empty();
    let long = "x".repeat(3_000);
    space.file(
        "pipeline.yaml",
        format!(
            "version: 1\nname: x\nstages: {{ a: {{ desc: {long}, cmd: x, outputs: {{ t: \
        /t }} }} }}\n"
        ),
    );
    refused(
        &space,
        "error: the output path `/t` is absolute\n--> pipeline.yaml:3:3046\n\
         hint: paths of outputs are relative to `outputs/`\n",
    );
}

/// Of a stage with very many inputs no content is kept; the file is named all the same.
#[test]
fn why_names_the_file_among_very_many() {
    for (count, kept) in [(1000, true), (1001, false)] {
        let space = Space::new(
            "stages:\n  a:\n    cmd: 'ls data > {{ outputs.t }}'\n    \
             inputs: { t: data/*.csv }\n    outputs: { t: t.txt }\n",
        );
        for n in 0..count {
            space.file(&format!("data/{n:04}.csv"), format!("n\n{n}\n"));
        }
        space.good(&[]);
        let objects = space.files(".colophon/store/v1/objects").len();
        assert_eq!(objects > count, kept, "{objects} objects");
        assert_eq!(space.text("outputs/t.txt").lines().count(), count);
        space.file("data/0500.csv", "n\n7\n");
        let told = "stage `a` will run: 1 change since `pipeline.lock` led to it\n  \
                    input `t` (data/0500.csv) changed";
        let how = match kept {
            true => "\n    row 2, column `n`: 500 -> 7\n",
            false => ": DIGEST -> DIGEST\n",
        };
        same(&space.say(&["why", "a"]).out, &format!("{told}{how}"));
        assert_eq!(space.good(&[]).told(), "ran a");
    }
}
