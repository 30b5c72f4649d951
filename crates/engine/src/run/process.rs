//! Runs a program in a private folder, by way of a supervisor that ends it with
//! everything it started (`supervise.rs`).

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::logs::Logs;
use super::supervise::{ARGUMENT, Answer, Order, Wire, Word};
use crate::plan::Command;

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

/// Why there is no end to speak of.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The program can't be started.
    Start(io::Error),
    /// Its supervisor can't be started, can't write, or was ended from outside.
    Supervisor(io::Error),
}

/// How often it is looked whether the run is to stop.
const LOOK: Duration = Duration::from_millis(20);

/// The supervisors of a run. Each looks after one command at a time, so there are
/// as many as commands have run at once.
#[derive(Debug)]
pub(crate) struct Supervisors {
    program: PathBuf,
    idle: Mutex<Vec<Supervisor>>,
}

impl Supervisors {
    /// `program` is this program, which supervises when it is given `ARGUMENT`.
    pub(crate) fn new(program: &Path) -> Self {
        Supervisors { program: program.to_path_buf(), idle: Mutex::default() }
    }

    /// Runs a command in `folder` with exactly the given environment.
    ///
    /// `stop` becomes more than zero when the run is to end, and more than one when
    /// it is to end at once.
    pub(crate) fn run(
        &self,
        command: &Command,
        folder: &Path,
        env: Vec<(String, String)>,
        logs: &mut Logs,
        stop: &AtomicUsize,
    ) -> Result<Ended, Failed> {
        let idle = self.idle.lock().expect("no panic while held").pop();
        let mut supervisor = match idle {
            Some(supervisor) => supervisor,
            None => Supervisor::start(&self.program).map_err(Failed::Supervisor)?,
        };
        let order = Order {
            arguments: command.arguments.clone(),
            folder: folder.into(),
            env,
            logs: logs.paths(),
        };
        let ended = supervisor.run(&order, command.timeout, logs, stop);
        if !matches!(ended, Err(Failed::Supervisor(_))) {
            self.idle.lock().expect("no panic while held").push(supervisor);
        }
        ended
    }
}

#[derive(Debug)]
struct Supervisor {
    process: Child,
    /// Gone once it is to end.
    wire: Option<Wire>,
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.wire = None;
        let _ = self.process.wait();
    }
}

impl Supervisor {
    fn start(program: &Path) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        // Whoever ends all processes of our name does not mean this one.
        let process = std::process::Command::new(program)
            .arg0("command-supervisor")
            .arg(ARGUMENT)
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Supervisor { process, wire: Some(Wire::new(ours)) })
    }

    fn run(
        &mut self,
        order: &Order,
        timeout: Option<Duration>,
        logs: &mut Logs,
        stop: &AtomicUsize,
    ) -> Result<Ended, Failed> {
        let wire = self.wire.as_mut().expect("it is there until it is dropped");
        wire.say(order).map_err(Failed::Supervisor)?;
        let begun = Instant::now();
        let (mut late, mut said) = (false, None);
        loop {
            let stopped = stop.load(Ordering::Relaxed);
            match wire.hear(Some(LOOK)).map_err(Failed::Supervisor)? {
                Some(Answer::Started) => logs.settle(),
                Some(Answer::Failed(number)) => {
                    logs.settle();
                    return Err(Failed::Start(io::Error::from_raw_os_error(number)));
                }
                Some(Answer::Unlogged(number)) => {
                    return Err(Failed::Supervisor(io::Error::from_raw_os_error(number)));
                }
                Some(Answer::Ended(status)) => {
                    let status = ExitStatus::from_raw(status);
                    // One that was asked to end may say that all went well.
                    return Ok(match said {
                        Some(_) if late => Ended::TimedOut,
                        Some(_) => Ended::Stopped,
                        None => Ended::Exited(status),
                    });
                }
                None => {}
            }
            late |= stopped == 0 && timeout.is_some_and(|timeout| begun.elapsed() > timeout);
            let word = match (stopped, late) {
                (2.., _) => Some(Word::Kill),
                (1, _) | (0, true) => Some(Word::End),
                (0, false) => None,
            };
            if let Some(word) = word.filter(|word| said != Some(*word)) {
                wire.say(&word).map_err(Failed::Supervisor)?;
                said = Some(word);
            }
        }
    }
}
