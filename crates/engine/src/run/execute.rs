//! Does what a stage says: calls its function or runs its command.
//!
//! It is given the content of the inputs and gives the content of the outputs;
//! it knows neither keys nor the store's layout.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::failure::{self, Scene};
use super::logs::Logs;
use super::process::{Ended, Failed, Supervisors};
use super::workplace;
use crate::calendar;
use crate::diagnostic::{Diagnostic, Kind, listed};
use crate::digest::Digest;
use crate::files;
use crate::function::{Failure, Function, Job, Output, Outputs};
use crate::plan::{Command, Stage};
use crate::scratch::Scratch;

/// What commands are given besides their inputs.
pub(crate) struct Surroundings<'a> {
    /// The project's folder.
    pub(crate) root: &'a Path,
    /// The run's folder on the project's file system.
    pub(crate) scratch: &'a Scratch,
    /// The date of the edition.
    pub(crate) date: Option<&'a str>,
    /// The environment that commands may see.
    pub(crate) env: &'a BTreeMap<String, String>,
    /// More than zero once the run is to stop.
    pub(crate) stop: &'a AtomicUsize,
    /// Who looks after them.
    pub(crate) supervisors: &'a Supervisors,
    /// Whether the private folder of one that fails is kept.
    pub(crate) keep_failed: bool,
}

/// What a stage made.
#[derive(Debug, Default)]
pub(crate) struct Product {
    /// The outputs by name, and whether they may be executed.
    pub(crate) outputs: BTreeMap<String, (Output, bool)>,
    /// What its command said, by stream.
    pub(crate) logs: Vec<(&'static str, Vec<u8>)>,
}

/// How often it is looked whether the run is to stop.
const LOOK: Duration = Duration::from_millis(20);

/// The stack of a function's thread; only what is used of it costs anything.
const STACK: usize = 32 << 20;

/// Calls a function; a panic in it is a failure like any other.
///
/// It has a thread of its own. When the run is to stop, nobody waits for it any
/// longer: it can't be ended, but it has nothing in its hands.
pub(crate) fn call(
    stage: &Stage,
    function: &Function,
    job: Job,
    stop: &AtomicUsize,
) -> Result<Product, Vec<Diagnostic>> {
    let (run, job) = (function.run, Arc::new(job));
    let theirs = job.clone();
    let (sender, receiver) = sync_channel(1);
    let thread = std::thread::Builder::new().name(stage.name.clone()).stack_size(STACK);
    let spawned = thread.spawn(move || {
        let _ = sender.send(catch_unwind(AssertUnwindSafe(|| run(&theirs))));
    });
    let result = match spawned {
        // Where there can be no more threads this one has to do.
        Err(_) => catch_unwind(AssertUnwindSafe(|| run(&job))),
        Ok(_) => loop {
            match receiver.recv_timeout(LOOK) {
                Ok(result) => break result,
                Err(RecvTimeoutError::Disconnected) => break Err(Box::new("it left no result")),
                Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) > 0 => {
                    return Err(vec![failure::stopped(stage)]);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        },
    };
    take(stage, function, result)
}

/// The declared outputs among those that a function made.
fn take(
    stage: &Stage,
    function: &Function,
    result: Result<Result<Outputs, Failure>, Box<dyn Any + Send>>,
) -> Result<Product, Vec<Diagnostic>> {
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
    let mut made = Product::default();
    for name in stage.outputs.keys() {
        let Some(output) = outputs.remove(name.as_str()) else {
            let message = format!("function `{}` made no output `{name}`", function.name);
            return Err(vec![Diagnostic::new(Kind::Stage, message)]);
        };
        made.outputs.insert(name.clone(), (output, false));
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

/// Runs a command in `folder`, a new private folder, for the result of this key.
/// `lay` puts its inputs below a path.
pub(crate) fn command(
    stage: &Stage,
    (command, key): (&Command, &Digest),
    folder: &Path,
    around: &Surroundings,
    lay: impl Fn(&Path) -> Result<(), Vec<Diagnostic>>,
) -> Result<Product, Vec<Diagnostic>> {
    let project = folder.join("project");
    let ready = prepare(stage, folder, lay);
    let result = ready.and_then(|()| {
        let mut logs = Logs::new(around.root, &stage.name, around.scratch)?;
        let made = attempt(stage, command, folder, &mut logs, around);
        let said = made.as_ref().err().and_then(|problems| problems.first());
        logs.note(said.map(|problem| (key, problem.message.as_str())));
        made.map(|outputs| Product { outputs, logs: logs.said() })
    });
    let result = result.map_err(|mut problems| {
        if around.keep_failed
            && around.stop.load(Ordering::Relaxed) == 0
            && let Some(kept) = workplace::keep(folder, &stage.name)
            && let Some(problem) = problems.first_mut()
        {
            let kept = kept.join(project.file_name().unwrap_or_default());
            problem.hints.push(format!("its folder is kept: `{}`", kept.display()));
        }
        problems
    });
    workplace::remove(folder);
    result
}

/// Makes the private folder: the inputs, and folders for the outputs.
fn prepare(
    stage: &Stage,
    folder: &Path,
    lay: impl Fn(&Path) -> Result<(), Vec<Diagnostic>>,
) -> Result<(), Vec<Diagnostic>> {
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
    Ok(())
}

fn attempt(
    stage: &Stage,
    command: &Command,
    folder: &Path,
    logs: &mut Logs,
    around: &Surroundings,
) -> Result<BTreeMap<String, (Output, bool)>, Vec<Diagnostic>> {
    let project = &folder.join("project");
    let env = environment(stage, command, around, &folder.join("temp"));
    let ended = around.supervisors.run(command, project, env, logs, around.stop);
    let scene = Scene { stage, command, project, logs, root: around.root };
    Err(vec![match ended {
        Ok(Ended::Exited(status)) if status.success() => return collect(stage, project),
        Ok(Ended::Exited(status)) => failure::exited(&scene, status),
        Ok(Ended::TimedOut) => failure::timed_out(&scene),
        Ok(Ended::Stopped) => failure::stopped(stage),
        Err(Failed::Start(error)) => failure::cannot_start(&scene, &error),
        Err(Failed::Supervisor(error)) => failure::unsupervised(stage, &error),
    }])
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
    if let Some(day) = around.date.and_then(calendar::day) {
        env.insert("SOURCE_DATE_EPOCH".into(), calendar::seconds(day).to_string());
    }
    env.extend(command.env.clone());
    env.into_iter().collect()
}

/// Takes the declared outputs out of the private folder.
fn collect(
    stage: &Stage,
    project: &Path,
) -> Result<BTreeMap<String, (Output, bool)>, Vec<Diagnostic>> {
    let (mut made, mut found) = (BTreeMap::new(), Vec::new());
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
            Ok(metadata) => match fs::read(&file) {
                Ok(bytes) => {
                    made.insert(name.clone(), (bytes.into(), files::executable(&metadata)));
                }
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

fn make_folder(path: &Path) -> Result<(), Vec<Diagnostic>> {
    fs::create_dir_all(path).map_err(|error| vec![Diagnostic::io("make", path, &error)])
}
