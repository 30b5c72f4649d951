//! A panel of millions of rows through ingest, tagging and the series, beside pandas and DuckDB.
//!
//! `cargo run -- run`, which makes what the panel rests on, and then
//! `cargo bench -p access-barriers --bench volume --profile dev --config benches/volume.toml`.
//! `SIZES="10 91"` are the factors by which the stand-in is multiplied, `PYTHON`
//! is an interpreter with pandas, pyarrow and duckdb, `MEMORY=16` the gigabytes
//! of address space that it may have.
//!
//! Each step is a process of its own, from reading its files to having written
//! its results; its peak memory is the `VmHWM` of that process. The steps are
//! the study's own functions, unchanged. All three ways must give equal sums.

#![expect(clippy::disallowed_methods, reason = "a bench measures what functions must not see")]
#![expect(clippy::disallowed_types, reason = "a bench measures what functions must not see")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use engine::function::{Artifact, Job, Outputs};
use serde_json::json;
use tables::table;

/// What a step took: seconds of the clock and of processors, kilobytes at its
/// peak, and rows that it read or made.
struct Took {
    seconds: f64,
    busy: f64,
    peak: u64,
    rows: u64,
}

fn main() {
    let folder = setting("VOLUME_FOLDER", "");
    match setting("VOLUME_STEP", "").as_str() {
        "" => compare(),
        step => measured(step, Path::new(&folder)),
    }
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.into())
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// Every step at every size, as a table.
fn compare() {
    if !project().join("outputs/tag.parquet").exists() {
        println!("make the pairs first: `cargo run -- run`");
        return;
    }
    for size in setting("SIZES", "10").split_whitespace() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let made = step("make", folder, size).expect("the stand-in is made");
        println!("{} rows (size {size}):", made.rows);
        line("the stand-in is made", &Ok(made));
        let panel = step("panel", folder, size).expect("the panel is read");
        let series = step("series", folder, size).expect("the series are made");
        let peak = panel.peak.max(series.peak);
        let (seconds, busy) = (panel.seconds + series.seconds, panel.busy + series.busy);
        let all = Took { seconds, busy, peak, rows: panel.rows };
        line("ingest (panel)", &Ok(panel));
        line("tag and series", &Ok(series));
        line("ingest, tag and series", &Ok(all));
        let ours = sums(folder);
        for tool in ["pandas", "duckdb"] {
            let took = python(tool, folder);
            line(tool, &took);
            if took.is_ok() {
                let theirs = std::fs::read_to_string(folder.join(tool)).expect("its sums");
                assert!(theirs == ours, "the sums of {tool} differ");
            }
        }
        println!("  {} sums, equal wherever there are any", ours.lines().count());
    }
}

fn line(name: &str, took: &Result<Took, String>) {
    match took {
        Ok(Took { seconds, busy, peak, rows }) => {
            let megabytes = *peak as f64 / 1024.0;
            let times = format!("{seconds:8.1} s {busy:8.1} s of processors");
            println!("  {name:<24} {times} {megabytes:8.0} MB {rows:>12} rows");
        }
        Err(message) => println!("  {name:<24} failed: {message}"),
    }
}

/// Runs a step of ours as a process.
fn step(step: &str, folder: &Path, size: &str) -> Result<Took, String> {
    let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    command.env("VOLUME_STEP", step).env("VOLUME_FOLDER", folder).env("VOLUME_SIZE", size);
    command.envs(stages::STUDY.env.iter().copied());
    finished(&mut command)
}

fn python(tool: &str, folder: &Path) -> Result<Took, String> {
    let mut command = Command::new(setting("PYTHON", "python3"));
    command.arg(project().join("benches/volume.py")).arg(tool);
    command.arg(folder.join("stand_in.parquet")).arg(project().join("outputs/tag.parquet"));
    finished(command.arg(folder.join(tool)).arg(setting("MEMORY", "16")))
}

/// Waits for a process and reads the four numbers that it says.
fn finished(command: &mut Command) -> Result<Took, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_string();
    let numbers: Vec<f64> = said.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    match (output.status.success(), &numbers[..]) {
        (true, &[seconds, busy, peak, rows]) => {
            Ok(Took { seconds, busy, peak: peak as u64, rows: rows as u64 })
        }
        _ => {
            let why = String::from_utf8_lossy(&output.stderr);
            let last = why.lines().last().unwrap_or("nothing said");
            Err(format!("{last} ({})", output.status))
        }
    }
}

/// A step within its own process.
fn measured(step: &str, folder: &Path) {
    let begun = Instant::now();
    let rows = match step {
        "make" => make(folder),
        "panel" => panel(folder),
        _ => series(folder),
    };
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    println!("{seconds} {} {} {rows}", busy(), peak.trim().trim_end_matches(" kB"));
}

/// Seconds that processors spent on this process, in the kernel too.
fn busy() -> f64 {
    // Fields 14 and 15, in hundredths; the second may hold spaces and ends with `)`.
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = rest.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    ticks.sum::<u64>() as f64 / 100.0
}

fn make(folder: &Path) -> u64 {
    let size: u32 = setting("VOLUME_SIZE", "1").parse().expect("a size");
    let params = stages::stand_ins::stand_in::Params { size, ..Default::default() };
    let job = job(&[
        ("pairs", "tag.parquet".into()),
        ("apps", "raw/apps.parquet".into()),
        ("countries", "raw/countries.parquet".into()),
        ("population", "population.parquet".into()),
        ("published", "raw/downloads_published.parquet".into()),
    ]);
    let outputs = done(stages::stand_ins::stand_in::run(&params, &job));
    write(folder, "stand_in.parquet", &outputs, "panel")
}

fn panel(folder: &Path) -> u64 {
    let table = folder.join("stand_in.parquet");
    let job = job(&[("table", table), ("countries", "raw/countries.parquet".into())]);
    let outputs = done(stages::data::panel::run(&stages::data::panel::Params::default(), &job));
    write(folder, "panel.parquet", &outputs, "table");
    let values: serde_json::Value =
        serde_json::from_slice(&outputs["values"].bytes).expect("values");
    values["rows"]["number"].as_u64().expect("a number of rows")
}

fn series(folder: &Path) -> u64 {
    let job_of_tag = job(&[
        ("pairs", "barriers.parquet".into()),
        ("countries", "raw/countries.parquet".into()),
        ("apps", "raw/apps.parquet".into()),
    ]);
    let tagged = done(stages::data::tag::run(&stages::data::tag::Params {}, &job_of_tag));
    write(folder, "tag.parquet", &tagged, "pairs");
    let job =
        job(&[("panel", folder.join("panel.parquet")), ("pairs", folder.join("tag.parquet"))]);
    let params = serde_json::from_value(json!({ "matrix": "table1" })).expect("parameters");
    write(folder, "series.parquet", &done(stages::downloads::series::run(&params, &job)), "table")
}

fn done(result: Result<Outputs, engine::function::Failure>) -> Outputs {
    result.unwrap_or_else(|failure| panic!("{:?}", failure.diagnostics))
}

/// A job over files, those of the project below its outputs.
fn job(inputs: &[(&str, PathBuf)]) -> Job {
    let artifact = |path: &PathBuf| Artifact {
        path: path.display().to_string(),
        bytes: std::fs::read(project().join("outputs").join(path)).expect("a file").into(),
        labels: BTreeSet::new(),
        resource: None,
    };
    let inputs: BTreeMap<String, Vec<Artifact>> =
        inputs.iter().map(|(role, path)| (role.to_string(), vec![artifact(path)])).collect();
    Job::new(json!({}), inputs, [0; 32])
}

fn write(folder: &Path, name: &str, outputs: &Outputs, output: &str) -> u64 {
    std::fs::write(folder.join(name), &outputs[output].bytes).expect("space on the disk");
    outputs[output].rows.expect("a table")
}

/// Our sums as sorted lines, those of zero left out.
fn sums(folder: &Path) -> String {
    let path = folder.join("series.parquet");
    let bytes = std::fs::read(&path).expect("the series").into();
    let (path, labels, resource) = (path.display().to_string(), BTreeSet::new(), None);
    let artifact = Artifact { path, bytes, labels, resource };
    let frame = table::decode(&artifact).expect("a table");
    let texts = |name| table::texts(&frame, name).expect("a column");
    let (regions, kinds, months) = (texts("region"), texts("barrier"), texts("month"));
    let downloads = table::integers(&frame, "downloads").expect("a column");
    let mut lines: Vec<String> = (0..frame.height())
        .filter(|row| downloads[*row] != 0)
        .map(|row| format!("{},{},{},{}\n", regions[row], kinds[row], months[row], downloads[row]))
        .collect();
    lines.sort();
    lines.concat()
}
