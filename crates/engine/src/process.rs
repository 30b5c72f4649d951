//! Runs a program in a private folder and ends it with everything it started.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::plan::Command;

/// How long processes have to end after SIGTERM before they get SIGKILL.
const GRACE: Duration = Duration::from_secs(10);

/// How a program ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// By itself.
    Exited(ExitStatus),
    /// It took longer than it may.
    TimedOut,
    /// The run was stopped.
    Stopped,
}

/// Processes that this program started and waits for, with their marks.
static CHILDREN: Mutex<BTreeMap<i32, String>> = Mutex::new(BTreeMap::new());

/// The variable by which a process that left its group is recognised.
pub(crate) const MARK: &str = "COLOPHON_STAGE";

/// Runs a command in `folder` with exactly the given environment.
///
/// `stop` becomes more than zero when the run is to end, and more than one when
/// it is to end at once.
pub(crate) fn run(
    command: &Command,
    folder: &Path,
    env: &[(String, String)],
    logs: (File, File),
    stop: &AtomicUsize,
) -> std::io::Result<Ended> {
    adopt_orphans();
    let mark = format!("{}-{}", std::process::id(), folder.display());
    let mut process = std::process::Command::new(&command.arguments[0]);
    process.args(&command.arguments[1..]).current_dir(folder).env_clear();
    process.envs(env.iter().map(|(name, value)| (name, value))).env(MARK, &mark);
    process.stdin(Stdio::null()).stdout(logs.0).stderr(logs.1);
    own_group(&mut process);
    let child = {
        // Held while starting, so that nobody takes the child for an orphan.
        let mut children = CHILDREN.lock().expect("no panic while held");
        let child = process.spawn()?;
        children.insert(child.id() as i32, mark.clone());
        child
    };
    let id = child.id() as i32;
    let ended = wait(child, command.timeout, stop, &mark);
    reap(&mark);
    CHILDREN.lock().expect("no panic while held").remove(&id);
    ended
}

fn wait(
    mut child: Child,
    timeout: Option<Duration>,
    stop: &AtomicUsize,
    mark: &str,
) -> std::io::Result<Ended> {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait()? {
            // A signal from the terminal may reach the program before us.
            let stopped = stop.load(Ordering::Relaxed) > 0 && !status.success();
            return Ok(if stopped { Ended::Stopped } else { Ended::Exited(status) });
        }
        let stopped = stop.load(Ordering::Relaxed) > 0;
        let late = timeout.is_some_and(|timeout| begun.elapsed() > timeout);
        if stopped || late {
            end(&mut child, stop, mark);
            return Ok(if stopped { Ended::Stopped } else { Ended::TimedOut });
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Ends a program and all that it started: first politely, then not.
fn end(child: &mut Child, stop: &AtomicUsize, mark: &str) {
    let Some(group) = Pid::from_raw(child.id() as i32) else { return };
    let begun = Instant::now();
    let mut asked = BTreeSet::new();
    let _ = kill_process_group(group, Signal::TERM);
    while begun.elapsed() < GRACE && stop.load(Ordering::Relaxed) < 2 {
        // They become ours one after the other, as what started them ends.
        for pid in strays(mark) {
            if asked.insert(pid.as_raw_nonzero()) {
                let _ = kill_process(pid, Signal::TERM);
            }
            let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG);
        }
        if matches!(child.try_wait(), Ok(Some(_))) && strays(mark).is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
}

/// Ends what a program left behind, and collects it.
fn reap(mark: &str) {
    for _ in 0..100 {
        let left = strays(mark);
        if left.is_empty() {
            return;
        }
        for pid in left {
            let _ = kill_process(pid, Signal::KILL);
            let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(target_os = "linux")]
fn adopt_orphans() {
    // A process whose parent is gone becomes our child instead of init's, so a
    // program that has put itself into the background is still found.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

#[cfg(not(target_os = "linux"))]
fn adopt_orphans() {}

/// What a program started and did not wait for: children of ours that carry its
/// mark. Those that have cleared their environment carry none; they are taken
/// for the program's own where it is the only one.
#[cfg(target_os = "linux")]
fn strays(mark: &str) -> Vec<Pid> {
    let waited = CHILDREN.lock().expect("no panic while held");
    let children = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let children = children.flat_map(|task| {
        let list = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()
    });
    let line = format!("{MARK}={mark}");
    let alone = waited.values().all(|other| other == mark);
    let marked = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let mut parts = environment.split(|byte| *byte == 0);
        // A dead child has no environment left; collecting it does no harm.
        alone || environment.is_empty() || parts.any(|part| part == line.as_bytes())
    };
    let stray = |pid: &i32| !waited.contains_key(pid) && marked(pid);
    children.filter(stray).filter_map(Pid::from_raw).collect()
}

#[cfg(not(target_os = "linux"))]
fn strays(_: &str) -> Vec<Pid> {
    Vec::new()
}

/// Puts a program into a process group of its own and, on Linux, has the kernel
/// end it should we be killed.
fn own_group(process: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    process.process_group(0);
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "the standard library has no safe way to run this in a child")]
    // SAFETY: the closure only makes one system call, which is allowed between
    // fork and exec.
    unsafe {
        process.pre_exec(|| {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
                .map_err(std::io::Error::from)
        });
    }
}
