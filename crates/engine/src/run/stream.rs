//! What a command says on one stream, on its way into a log: its beginning and
//! its end, and between them how much is missing.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};

/// So much is kept of the beginning of a stream, and as much of its end.
pub(crate) const KEPT: usize = 8 << 20;

/// One stream of a command that runs.
pub(crate) struct Stream {
    /// Closed once nobody can write to it any more.
    pipe: Option<PipeReader>,
    log: Log<File>,
}

impl Stream {
    /// A stream into a file, and the end of it that a program writes to.
    pub(crate) fn new(file: &OsStr) -> io::Result<(Self, PipeWriter)> {
        let file = File::options().write(true).truncate(true).open(file)?;
        let (pipe, end) = io::pipe()?;
        rustix::io::ioctl_fionbio(&pipe, true)?;
        Ok((Stream { pipe: Some(pipe), log: Log::new(file, KEPT) }, end))
    }

    pub(crate) fn pipe(&self) -> Option<&PipeReader> {
        self.pipe.as_ref()
    }

    /// Takes what has been written, and waits for nothing.
    pub(crate) fn take(&mut self) {
        let mut piece = [0; 1 << 16];
        // One that writes faster than it is read must not keep us from all else.
        for _ in 0..64 {
            let Some(pipe) = &mut self.pipe else { return };
            match pipe.read(&mut piece) {
                Ok(0) => self.pipe = None,
                Ok(n) => self.log.add(&piece[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.pipe = None,
            }
        }
    }

    /// Takes what is left and completes the log.
    pub(crate) fn finish(mut self) {
        self.take();
        self.log.finish();
    }
}

/// A log that grows to twice `kept` bytes and a line, and no further.
struct Log<W> {
    file: W,
    kept: usize,
    /// How much of the beginning has been written.
    written: usize,
    /// The last bytes since then.
    last: VecDeque<u8>,
    missing: u64,
}

impl<W: Write> Log<W> {
    fn new(file: W, kept: usize) -> Self {
        Log { file, kept, written: 0, last: VecDeque::new(), missing: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(self.kept - self.written));
        self.written += first.len();
        // A log that can't be written is no reason to end a command that does well.
        let _ = self.file.write_all(first);
        let rest_kept = &rest[rest.len().saturating_sub(self.kept)..];
        let over = (self.last.len() + rest_kept.len()).saturating_sub(self.kept);
        self.last.drain(..over);
        self.missing += (over + rest.len() - rest_kept.len()) as u64;
        self.last.extend(rest_kept);
    }

    fn finish(&mut self) {
        if self.missing > 0 {
            let _ = writeln!(self.file, "\n[left out here: {} B]", self.missing);
        }
        let (first, second) = self.last.as_slices();
        let _ = self.file.write_all(first).and_then(|()| self.file.write_all(second));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(kept: usize, pieces: &[&str]) -> String {
        let mut log = Log::new(Vec::new(), kept);
        pieces.iter().for_each(|piece| log.add(piece.as_bytes()));
        log.finish();
        String::from_utf8(log.file).expect("text")
    }

    #[test]
    fn the_beginning_and_the_end_are_kept() {
        assert_eq!(logged(4, &["abcd", "efgh"]), "abcdefgh");
        assert_eq!(logged(4, &["abc", "defg", "h"]), "abcdefgh");
        assert_eq!(logged(4, &["abcdefghi"]), "abcd\n[left out here: 1 B]\nfghi");
        let one_by_one: Vec<String> = (0..9).map(|n| n.to_string()).collect();
        let one_by_one: Vec<&str> = one_by_one.iter().map(String::as_str).collect();
        assert_eq!(logged(2, &one_by_one), "01\n[left out here: 5 B]\n78");
        assert_eq!(logged(4, &[]), "");
    }
}
