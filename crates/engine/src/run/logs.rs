//! What commands say: a log for each stream, and its last lines for messages.
//!
//! The log of a result is in the store and named in its record. In the checkout
//! lies that of the last attempt, which may have failed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::stream::KEPT;
use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::own;
use crate::plain;
use crate::scratch::Scratch;

/// The streams, as files and records name them.
pub(crate) const STREAMS: [&str; 2] = ["stdout", "stderr"];

/// How much of the end of a stream is looked at for messages.
const END: u64 = 64 << 10;

/// The longest that a log can be: both ends of a stream, and a line between them.
pub(super) const LONGEST: u64 = 2 * KEPT as u64 + 100;

/// How many last lines of a stream are shown.
const LINES: usize = 20;

/// The logs of a command that is about to run.
#[derive(Debug)]
pub(crate) struct Logs {
    logs: [Log; 2],
    failed: PathBuf,
}

#[derive(Debug)]
struct Log {
    file: File,
    /// Until it has its name, so that another run of the same stage has its own.
    temp: Option<PathBuf>,
    path: PathBuf,
}

impl Logs {
    /// New logs of a stage; until they have their names they are in `scratch`.
    pub(crate) fn new(
        root: &Path,
        stage: &str,
        scratch: &Scratch,
    ) -> Result<Self, Vec<Diagnostic>> {
        own::make(root, FOLDER_OF_LOGS).map_err(|problem| vec![problem])?;
        let open = |stream: &str| -> Result<Log, Vec<Diagnostic>> {
            let temp = scratch.path();
            let file = File::options().read(true).write(true).create_new(true).open(&temp);
            let file = file.map_err(|error| vec![Diagnostic::io("write", &temp, &error)])?;
            Ok(Log { file, temp: Some(temp), path: path(root, stage, stream) })
        };
        let logs = [open(STREAMS[0])?, open(STREAMS[1])?];
        Ok(Logs { logs, failed: path(root, stage, FAILED) })
    }

    /// The files that are to be written.
    pub(crate) fn paths(&self) -> [OsString; 2] {
        let path = |log: &Log| log.temp.as_ref().unwrap_or(&log.path).into();
        [path(&self.logs[0]), path(&self.logs[1])]
    }

    /// Gives them their names, once they are open.
    pub(crate) fn settle(&mut self) {
        for log in &mut self.logs {
            if let Some(temp) = log.temp.take() {
                // Whatever is in the way, the log is still read from here.
                let _ = fs::rename(temp, &log.path);
            }
        }
    }

    /// All that was said, by stream; nothing of a stream that said nothing.
    pub(crate) fn said(&self) -> Vec<(&'static str, Vec<u8>)> {
        let said = STREAMS.into_iter().zip(self.logs.iter().map(|log| log.end(LONGEST)));
        said.filter(|(_, bytes)| !bytes.is_empty()).collect()
    }

    /// The end of what was said, standard output first.
    pub(crate) fn ends(&self) -> [String; 2] {
        let end = |log: &Log| String::from_utf8_lossy(&log.end(END)).into_owned();
        [end(&self.logs[0]), end(&self.logs[1])]
    }

    /// The files that hold something, relative to the project.
    pub(crate) fn names(&self, root: &Path) -> Vec<String> {
        let full = self.logs.iter().filter(|log| log.size() > 0);
        full.map(|log| log.path.strip_prefix(root).unwrap_or(&log.path).display().to_string())
            .collect()
    }

    /// Notes how the attempt ended that they are of: its key, and what went wrong.
    pub(crate) fn note(&self, failed: Option<(&Digest, &str)>) {
        let _ = match failed {
            Some((key, message)) => own::create(&self.failed)
                .and_then(|mut file| file.write_all(format!("{key}\n{message}\n").as_bytes())),
            None => fs::remove_file(&self.failed),
        };
    }
}

impl Log {
    fn size(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    /// Its last bytes, at most so many.
    fn end(&self, limit: u64) -> Vec<u8> {
        let size = self.size();
        let mut bytes = vec![0; size.min(limit) as usize];
        match self.file.read_exact_at(&mut bytes, size.saturating_sub(limit)) {
            Ok(()) => bytes,
            Err(_) => Vec::new(),
        }
    }
}

/// Ends the name of the file that says how the last attempt failed.
pub(super) const FAILED: &str = "failed";

/// Where logs are, relative to the project.
const FOLDER_OF_LOGS: &str = ".colophon/logs";

/// A file that belongs to a stage.
pub(super) fn path(root: &Path, stage: &str, what: &str) -> PathBuf {
    root.join(FOLDER_OF_LOGS).join(format!("{stage}.{what}"))
}

/// The last lines of both streams, as they can be shown: standard error last,
/// where the cause mostly stands, and each under its name where both said something.
pub(crate) fn last_lines(ends: &[String; 2]) -> Vec<String> {
    let [out, err] = ends.each_ref().map(|end| {
        let lines: Vec<_> = end.lines().map(|line| plain::said(line.as_bytes())).collect();
        lines[lines.len().saturating_sub(LINES)..].to_vec()
    });
    if out.is_empty() || err.is_empty() {
        return [out, err].concat();
    }
    let title = |name: &str| vec![format!("{name}:")];
    [title("standard output"), out, title("standard error"), err].concat()
}
