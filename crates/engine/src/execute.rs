//! Does what a stage says: calls its function or runs its command.
//!
//! It is given the content of the inputs and gives the content of the outputs;
//! it knows neither keys nor the store's layout.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;

use crate::diagnostic::{Diagnostic, Kind, listed};
use crate::function::{Function, Job, Output};
use crate::options;
use crate::own;
use crate::plan::{Command, Stage};
use crate::process::{self, Ended};
use crate::state::FOLDER;

/// What commands are given besides their inputs.
pub(crate) struct Surroundings<'a> {
    /// The project's folder.
    pub(crate) root: &'a Path,
    /// The date of the edition.
    pub(crate) date: Option<&'a str>,
    /// The environment that commands may see.
    pub(crate) env: &'a BTreeMap<String, String>,
    /// More than zero once the run is to stop.
    pub(crate) stop: &'a AtomicUsize,
}

/// The outputs of a stage, by name.
pub(crate) type Made = BTreeMap<String, Output>;

/// Calls a function; a panic in it is a failure like any other.
pub(crate) fn call(stage: &Stage, function: &Function, job: &Job) -> Result<Made, Vec<Diagnostic>> {
    let result = catch_unwind(AssertUnwindSafe(|| (function.run)(job)));
    let mut outputs = match result {
        Ok(Ok(outputs)) => outputs,
        Ok(Err(failure)) => return Err(failure.diagnostics),
        Err(panic) => {
            let message = format!("function `{}` panicked: {}", function.name, text(&*panic));
            return Err(vec![
                Diagnostic::new(Kind::Stage, message)
                    .hint("this is a mistake in the function, not in the data"),
            ]);
        }
    };
    let mut made = Made::new();
    for name in stage.outputs.keys() {
        let Some(output) = outputs.remove(name.as_str()) else {
            let message = format!("function `{}` made no output `{name}`", function.name);
            return Err(vec![Diagnostic::new(Kind::Stage, message)]);
        };
        made.insert(name.clone(), output);
    }
    Ok(made)
}

fn text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}

/// Runs a command in `folder`, a new private folder. `lay` puts one input at a path.
pub(crate) fn command(
    stage: &Stage,
    command: &Command,
    folder: &Path,
    around: &Surroundings,
    lay: impl Fn(&Path) -> Result<(), Vec<Diagnostic>>,
) -> Result<Made, Vec<Diagnostic>> {
    let (project, temp) = (folder.join("project"), folder.join("temp"));
    for path in [&project, &temp] {
        make_folder(path)?;
    }
    lay(&project)?;
    for path in stage.outputs.values() {
        if let Some(parent) = project.join(path).parent() {
            make_folder(parent)?;
        }
    }
    let logs = logs(around.root, &stage.name)?;
    let files = (create(&logs.0)?, create(&logs.1)?);
    let env = environment(stage, command, around, &temp);
    let ended = process::run(command, &project, &env, files, around.stop);
    let ended = ended.map_err(|error| vec![cannot_start(command, around.root, &error)])?;
    let problem = match ended {
        Ended::Exited(status) if status.success() => {
            let made = collect(stage, &project);
            let _ = fs::remove_dir_all(folder);
            return made;
        }
        Ended::Exited(status) => failed(stage, &status.to_string(), &logs, around.root),
        Ended::TimedOut => {
            let limit = command.timeout.unwrap_or_default().as_secs_f64();
            let message = format!("stage `{}` took longer than its {limit} s", stage.name);
            Diagnostic::new(Kind::Stage, message)
                .details(tail(&logs))
                .hint("raise `timeout`, or see why it takes so long")
        }
        Ended::Stopped => {
            let message = format!("stage `{}` was stopped", stage.name);
            Diagnostic::new(Kind::Infrastructure, message)
                .hint("what was done is kept; `colophon run` goes on from here")
        }
    };
    let _ = fs::remove_dir_all(folder);
    Err(vec![problem])
}

/// Exactly what a command sees of the environment.
fn environment(
    stage: &Stage,
    command: &Command,
    around: &Surroundings,
    temp: &Path,
) -> Vec<(String, String)> {
    let temp = temp.display().to_string();
    let seed = u64::from_le_bytes(stage.seed.bytes()[..8].try_into().expect("eight bytes"));
    let mut env = around.env.clone();
    for (name, value) in [
        ("HOME", temp.as_str()),
        ("TMPDIR", &temp),
        ("TZ", "UTC"),
        ("LC_ALL", "C.UTF-8"),
        ("LANG", "C.UTF-8"),
        // Threads that share a sum, and hashes that are salted, differ from run to run.
        ("OMP_NUM_THREADS", "1"),
        ("OPENBLAS_NUM_THREADS", "1"),
        ("MKL_NUM_THREADS", "1"),
        ("PYTHONHASHSEED", "0"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("COLOPHON_SEED", &(seed >> 1).to_string()),
    ] {
        env.insert(name.into(), value.into());
    }
    if let Some(epoch) = around.date.and_then(options::epoch) {
        env.insert("SOURCE_DATE_EPOCH".into(), epoch.to_string());
    }
    env.extend(command.env.clone());
    env.into_iter().collect()
}

fn failed(stage: &Stage, status: &str, logs: &(PathBuf, PathBuf), root: &Path) -> Diagnostic {
    let status = status.replace("exit status: ", "exit code ");
    let message = format!("stage `{}` failed with {status}", stage.name);
    let said = fs::read_to_string(&logs.1).unwrap_or_default();
    let mut problem = Diagnostic::new(Kind::Stage, message).details(tail(logs));
    if rustix::fs::statvfs(root).is_ok_and(|disk| disk.f_bavail == 0) {
        let error = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let full = Diagnostic::io("write to", root, &error);
        (problem.kind, problem.hints) = (full.kind, full.hints);
        problem.details.push(full.message);
        return problem;
    }
    let undeclared = undeclared(stage, &said, root);
    if !undeclared.is_empty() {
        problem.kind = Kind::Undeclared;
        let names = listed(undeclared.iter().map(String::as_str));
        problem.hints.push(format!(
            "it names {names}, which the project has but the stage doesn't declare: \
             add it to `inputs`"
        ));
    }
    let log = logs.1.strip_prefix(root).unwrap_or(&logs.1);
    problem.hint(format!("all that it said is in `{}`", log.display()))
}

/// Files of the project that the program speaks of and that it was not given.
fn undeclared(stage: &Stage, said: &str, root: &Path) -> Vec<String> {
    let declared: Vec<_> = stage.inputs.values().flatten().map(|input| &input.path).collect();
    let edge = |c: char| c.is_whitespace() || "'\"`():,;=<>[]".contains(c);
    let mut found = Vec::new();
    for word in said.split(edge).map(|word| word.trim_start_matches("./").trim_end_matches('.')) {
        let looks_like =
            word.contains(['.', '/']) && !word.starts_with('/') && !word.contains("..");
        let known = declared.iter().any(|path| *path == word)
            || stage.outputs.values().any(|path| path == word);
        if looks_like && !known && root.join(word).is_file() {
            found.push(word.to_string());
        }
    }
    found.sort();
    found.dedup();
    found
}

fn cannot_start(command: &Command, root: &Path, error: &std::io::Error) -> Diagnostic {
    let program = &command.arguments[0];
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        return Diagnostic::new(Kind::Stage, format!("`{program}` can't be executed"))
            .hint(format!("make it executable: `chmod +x {program}`"));
    }
    if error.kind() != std::io::ErrorKind::NotFound {
        return Diagnostic::io("start", Path::new(program), error);
    }
    let mut problem = Diagnostic::new(Kind::Stage, format!("cannot find the program `{program}`"));
    let undeclared = program.contains('/') && root.join(program).exists();
    if undeclared {
        problem.kind = Kind::Undeclared;
    }
    match undeclared {
        true => {
            problem.hint("the project has it, but the stage doesn't declare it: add it to `inputs`")
        }
        false => problem.hint("install it, or put the folder it is in on PATH"),
    }
}

/// Takes the declared outputs out of the private folder.
fn collect(stage: &Stage, project: &Path) -> Result<Made, Vec<Diagnostic>> {
    let (mut made, mut found) = (Made::new(), Vec::new());
    for (name, path) in &stage.outputs {
        let file = project.join(path);
        let problem = |message: String| Diagnostic::new(Kind::Stage, message);
        let of = format!("output `{name}` of stage `{}`", stage.name);
        match fs::symlink_metadata(&file) {
            Err(_) => {
                let written = written(stage, project);
                let problem = problem(format!("{of} is missing: the command wrote no `{path}`"));
                found.push(match written.is_empty() {
                    true => problem.hint("write it to the path that `{{ outputs.… }}` stands for"),
                    false => {
                        let names = listed(written.iter().map(String::as_str));
                        problem.hint(format!("it wrote {names}"))
                    }
                });
            }
            Ok(metadata) if metadata.is_dir() => found.push(
                problem(format!("{of} is a folder: `{path}`"))
                    .hint("declare each file of it as an output, or pack them into one"),
            ),
            Ok(metadata) if !metadata.is_file() || leaves(&file, project) => found.push(
                problem(format!("{of} is not a regular file: `{path}`"))
                    .hint("write the content itself, not a link to it"),
            ),
            Ok(_) => match fs::read(&file) {
                Ok(bytes) => drop(made.insert(name.clone(), bytes.into())),
                Err(error) => found.push(Diagnostic::io("read", &file, &error)),
            },
        }
    }
    if found.is_empty() { Ok(made) } else { Err(found) }
}

/// Whether a path goes through links to somewhere else.
fn leaves(file: &Path, project: &Path) -> bool {
    let inside = |project: PathBuf| file.canonicalize().is_ok_and(|file| file.starts_with(project));
    !project.canonicalize().is_ok_and(inside)
}

/// Files that a command wrote and that nobody declared.
fn written(stage: &Stage, project: &Path) -> Vec<String> {
    let declared: Vec<_> = stage
        .inputs
        .values()
        .flatten()
        .map(|input| &input.path)
        .chain(stage.outputs.values())
        .collect();
    let (mut found, mut folders) = (Vec::new(), vec![project.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if let Ok(path) = path.strip_prefix(project) {
                found.push(path.display().to_string());
            }
        }
    }
    found.retain(|path| !declared.contains(&path));
    found.sort();
    found
}

/// Where a stage's words are kept: standard output and standard error.
pub(crate) fn logs(root: &Path, stage: &str) -> Result<(PathBuf, PathBuf), Vec<Diagnostic>> {
    let folder = own::make(root, &format!("{FOLDER}/logs")).map_err(|problem| vec![problem])?;
    Ok((folder.join(format!("{stage}.stdout")), folder.join(format!("{stage}.stderr"))))
}

/// The last lines that a program said, standard error before standard output.
fn tail(logs: &(PathBuf, PathBuf)) -> Vec<String> {
    const LINES: usize = 20;
    let lines = |path: &PathBuf| -> Vec<String> {
        let bytes = fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines: Vec<_> = text.lines().map(printable).collect();
        lines[lines.len().saturating_sub(LINES)..].to_vec()
    };
    let said = lines(&logs.1);
    if said.is_empty() { lines(&logs.0) } else { said }
}

/// A line without the control characters that could take over a terminal.
fn printable(line: &str) -> String {
    line.chars().filter(|c| !c.is_control() || *c == '\t').collect()
}

fn make_folder(path: &Path) -> Result<(), Vec<Diagnostic>> {
    fs::create_dir_all(path).map_err(|error| vec![Diagnostic::io("make", path, &error)])
}

fn create(path: &Path) -> Result<File, Vec<Diagnostic>> {
    own::create(path).map_err(|error| vec![Diagnostic::io("write", path, &error)])
}
