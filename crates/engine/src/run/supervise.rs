//! What stands between us and a command: one small process that lets nothing of
//! the command outlive it, nor us, however we end.
//!
//! It is this very program, started anew (`ARGUMENT`) in a session of its own. It
//! takes orders from its standard input, a socket whose other end we alone hold:
//! when that closes, it kills all that it started and ends. Whatever a command
//! starts becomes its child once its own parent is gone, so that it knows the
//! whole tree, and what a command says passes through it and is capped on the way.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::stream::Stream;

/// The argument by which this program knows that it is to supervise.
pub const ARGUMENT: &str = "--supervise-commands";

/// How long processes have to end after SIGTERM before they get SIGKILL.
const GRACE: Duration = Duration::from_secs(10);

/// How long what was killed may take to be gone.
const GONE: Duration = Duration::from_secs(5);

/// How often it looks for processes that are gone where nothing wakes it.
const LOOK: Duration = Duration::from_millis(500);

/// What is to be run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: OsString,
    pub(crate) env: Vec<(String, String)>,
    /// The files that standard output and standard error go to.
    pub(crate) logs: [OsString; 2],
}

/// What is said while a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Word {
    /// It and all that it started is to end: SIGTERM, and SIGKILL after a while.
    End,
    /// It is to end at once.
    Kill,
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The command runs, and its logs are open.
    Started,
    /// It can't be started: the system's error.
    Failed(i32),
    /// Its logs can't be written: the system's error.
    Unlogged(i32),
    /// It ended, and so did all that it started: what `wait` says of it.
    Ended(i32),
}

/// A socket over which lines of JSON go.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: UnixStream,
    unread: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Wire { stream, unread: Vec::new() }
    }

    pub(crate) fn say(&mut self, message: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        self.stream.write_all(&line)
    }

    /// The next message; `None` if there is none within this time. An error is
    /// the end of the other side.
    pub(crate) fn hear<T: DeserializeOwned>(
        &mut self,
        within: Option<Duration>,
    ) -> io::Result<Option<T>> {
        let mut piece = [0; 1 << 16];
        let mut seen = 0;
        loop {
            if let Some(end) = self.unread[seen..].iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=seen + end).collect();
                return Ok(Some(serde_json::from_slice(&line)?));
            }
            seen = self.unread.len();
            self.stream.set_read_timeout(within)?;
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => self.unread.extend(&piece[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Supervises one command after the other, until nobody orders any more.
pub fn supervise() {
    let Ok(orders) = rustix::stdio::stdin().try_clone_to_owned() else { return };
    let mut wire = Wire::new(UnixStream::from(orders));
    // Neither the terminal's signals nor a signal to our group are meant for it.
    let _ = rustix::process::setsid();
    adopt_orphans();
    while let Ok(Some(order)) = wire.hear::<Order>(None) {
        let answer = run(&order, &mut wire);
        if wire.say(&answer).is_err() {
            return;
        }
    }
}

/// Runs a command to its end.
fn run(order: &Order, wire: &mut Wire) -> Answer {
    let number = |error: io::Error| error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error());
    let streams =
        Stream::new(&order.logs[0]).and_then(|out| Ok((out, Stream::new(&order.logs[1])?)));
    let ((mut out, out_end), (mut err, err_end)) = match streams {
        Ok(streams) => streams,
        Err(error) => return Answer::Unlogged(number(error)),
    };
    let child = match start(order, out_end, err_end) {
        Ok(child) => child,
        Err(error) => return Answer::Failed(number(error)),
    };
    let mut tree = Tree { child, status: None, asked: BTreeSet::new() };
    let exit = exit_of(child);
    let mut ending: Option<Instant> = None;
    let mut killed = wire.say(&Answer::Started).is_err();
    while !killed && !tree.is_gone(ending.is_some()) {
        match ending {
            Some(since) if since.elapsed() > GRACE => break,
            Some(_) => tree.ask(),
            None => {}
        }
        let pause = match (&exit, ending) {
            _ if !wire.unread.is_empty() => Duration::ZERO,
            (Some(_), None) => LOOK,
            _ => Duration::from_millis(5),
        };
        if watch(wire, [&out, &err], exit.as_ref(), pause) {
            match wire.hear::<Word>(Some(Duration::from_millis(1))) {
                Ok(Some(Word::End)) => ending = ending.or(Some(Instant::now())),
                Ok(Some(Word::Kill)) | Err(_) => killed = true,
                Ok(None) => {}
            }
        }
        out.take();
        err.take();
    }
    tree.kill();
    out.finish();
    err.finish();
    Answer::Ended(tree.status.unwrap_or(Signal::KILL.as_raw()))
}

/// Waits until something happens; gives whether there is a word to hear.
fn watch(wire: &Wire, streams: [&Stream; 2], exit: Option<&OwnedFd>, pause: Duration) -> bool {
    let mut seen = vec![PollFd::new(&wire.stream, PollFlags::IN)];
    let open = streams.into_iter().filter_map(Stream::pipe);
    seen.extend(open.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    seen.extend(exit.map(|exit| PollFd::new(exit, PollFlags::IN)));
    let pause = Timespec::try_from(pause).ok();
    let happened = poll(&mut seen, pause.as_ref()).is_ok_and(|n| n > 0);
    !wire.unread.is_empty() || (happened && !seen[0].revents().is_empty())
}

fn start(order: &Order, out: impl Into<Stdio>, err: impl Into<Stdio>) -> io::Result<Pid> {
    let mut command = Command::new(&order.arguments[0]);
    command.args(&order.arguments[1..]).current_dir(&order.folder).env_clear();
    command.envs(order.env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    own_group(&mut command);
    let begun = Instant::now();
    loop {
        match command.spawn() {
            // Another program that is just being started still holds a script open
            // that was written a moment ago.
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy
                    && begun.elapsed() < Duration::from_secs(1) =>
            {
                std::thread::sleep(Duration::from_millis(2));
            }
            // Waited for by number, with all others that become our children.
            other => return other.map(|child| Pid::from_child(&child)),
        }
    }
}

/// A command and all that it started.
struct Tree {
    child: Pid,
    /// What `wait` says of the command itself, once it has ended.
    status: Option<i32>,
    /// Those that were asked to end.
    asked: BTreeSet<i32>,
}

impl Tree {
    /// Collects what has ended; whether nothing is left. While the command runs by
    /// itself (not `all`), only the command counts.
    fn is_gone(&mut self, all: bool) -> bool {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.child => {
                    self.status = Some(status.as_raw());
                }
                Ok(Some(_)) => {}
                Ok(None) => return !all && self.status.is_some(),
                Err(Errno::INTR) => {}
                // There is no child left.
                Err(_) => return true,
            }
        }
    }

    /// Asks all of them to end, and later those that have become our own children
    /// since: what the others start in order to tidy up is left alone.
    fn ask(&mut self) {
        let first = self.asked.insert(self.child.as_raw_nonzero().get());
        // Looked for before the first of them hears of it, and begins to tidy up.
        let found = descendants(first);
        if first {
            let _ = kill_process_group(self.child, Signal::TERM);
            let _ = kill_process_group(self.child, Signal::CONT);
        }
        for pid in found {
            if self.asked.insert(pid.as_raw_nonzero().get()) {
                let _ = kill_process(pid, Signal::TERM);
                // One that is stopped hears of nothing else.
                let _ = kill_process(pid, Signal::CONT);
            }
        }
    }

    /// Kills whatever is left.
    fn kill(&mut self) {
        let begun = Instant::now();
        while !self.is_gone(true) && begun.elapsed() < GONE {
            if self.status.is_none() {
                let _ = kill_process_group(self.child, Signal::KILL);
            }
            for pid in descendants(true) {
                let _ = kill_process(pid, Signal::KILL);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Our children, and `all` that they started.
#[cfg(target_os = "linux")]
fn descendants(all: bool) -> Vec<Pid> {
    let mut found = BTreeSet::new();
    let mut parents = vec!["self".to_string()];
    while let Some(parent) = parents.pop() {
        let threads = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten();
        for thread in threads.flatten() {
            let list = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok());
            let new = children.filter(|pid| found.insert(*pid)).map(|pid| pid.to_string());
            parents.extend(new.filter(|_| all));
        }
    }
    found.into_iter().filter_map(Pid::from_raw).collect()
}

#[cfg(not(target_os = "linux"))]
fn descendants(_: bool) -> Vec<Pid> {
    Vec::new()
}

/// Something that can be read once a process has ended, where the system has that.
#[cfg(target_os = "linux")]
fn exit_of(process: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn exit_of(_: Pid) -> Option<OwnedFd> {
    None
}

#[cfg(target_os = "linux")]
fn adopt_orphans() {
    // A process whose parent is gone becomes our child instead of init's, so a
    // program that has put itself into the background is still found.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

#[cfg(not(target_os = "linux"))]
fn adopt_orphans() {}

/// Puts a program into a process group of its own and, on Linux, has the kernel
/// end it should its supervisor be killed.
fn own_group(process: &mut Command) {
    use std::os::unix::process::CommandExt;
    process.process_group(0);
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "the standard library has no safe way to run this in a child")]
    // SAFETY: the closure only makes one system call, which is allowed between
    // fork and exec.
    unsafe {
        process.pre_exec(|| {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
                .map_err(io::Error::from)
        });
    }
}
