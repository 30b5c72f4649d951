//! Level 3: everything is made twice more, in surroundings that must not matter.
//!
//! This program is started on a copy of the project, so that what a process has from its
//! surroundings differs: threads, time zone, language, folders, the order in which files
//! were written, the mask of modes, and the processor as far as the C library looks at it.
//! The seeds of hash maps differ by themselves, since each process draws its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use engine::diagnostic::Diagnostic;
use engine::lock::Lock;
use engine::store::Store;

use super::checkout::Checkout;
use super::told::going_on;
use super::verdict::{Finding, Verdict};
use super::{again, copied, parted};
use crate::arguments::Arguments;
use crate::report::{Failed, count};

/// Surroundings for a run.
struct Surroundings {
    /// The names of the folder, of which one is long.
    folder: &'static str,
    jobs: &'static str,
    umask: &'static str,
    env: &'static [(&'static str, &'static str)],
    /// Whether the files are written in the reverse order.
    reverse: bool,
    /// Whether one processor is all that the run sees.
    single: bool,
}

/// The processor features that the C library is not to use.
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
const MASKED: Option<(&str, &str)> =
    Some(("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-AVX512F,-FMA,-ERMS,-SSE4_2"));
#[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")))]
const MASKED: Option<(&str, &str)> = None;

const TWICE: [Surroundings; 2] = [
    Surroundings {
        folder: "a",
        jobs: "1",
        umask: "077",
        env: &[("TZ", "Pacific/Kiritimati"), ("LC_ALL", "C"), ("RAYON_NUM_THREADS", "1")],
        reverse: false,
        single: true,
    },
    Surroundings {
        folder: "another-place/with-a-name-that-is-a-good-deal-longer-than-the-first-one",
        jobs: "7",
        umask: "002",
        env: &[("TZ", "America/St_Johns"), ("LC_ALL", "tr_TR.UTF-8"), ("RAYON_NUM_THREADS", "5")],
        reverse: true,
        single: false,
    },
];

pub(super) fn level(
    arguments: &Arguments,
    checkout: &Checkout,
    verdict: &mut Verdict,
) -> Result<(), Failed> {
    let one = processor();
    let mut found = Vec::new();
    for (n, it) in TWICE.iter().enumerate() {
        going_on(arguments, &format!("making everything again, {} of 2: {}", n + 1, it.told(&one)));
        found.extend(it.run(checkout, &one)?);
        if !found.is_empty() {
            break;
        }
    }
    let mut what = format!(
        "rebuilt twice more, equal to the last byte: once with {}, once with {}",
        TWICE[0].told(&one),
        TWICE[1].told(&one)
    );
    what += "; hash seeds are each process's own";
    if MASKED.is_none() {
        what += "; processor features can't be masked here";
    }
    if one.is_none() {
        what += "; the number of processors can't be changed here";
    }
    verdict.note(3, what, found);
    Ok(())
}

impl Surroundings {
    /// What differs, in words.
    fn told(&self, one: &Option<String>) -> String {
        let jobs = if self.jobs == "1" { "1 job".into() } else { format!("{} jobs", self.jobs) };
        let mut parts = vec![jobs];
        if self.single && one.is_some() {
            parts.push("1 processor".into());
        }
        parts.extend(self.env.iter().map(|(name, value)| format!("{name}={value}")));
        parts.push(format!("umask {}", self.umask));
        if self.reverse {
            parts.push("files written in reverse order".into());
            parts.extend(MASKED.map(|_| "glibc without AVX2, AVX-512, FMA, ERMS, SSE4.2".into()));
        }
        parts.push(format!("a folder name of {}", count(self.folder.len(), "character")));
        parts.join(", ")
    }

    /// Makes everything on a copy of the project.
    fn run(&self, checkout: &Checkout, one: &Option<String>) -> Result<Option<Finding>, Failed> {
        let private = again::private()?;
        let folder = private.path().join(self.folder);
        let (root, temp, home) = (folder.join("project"), folder.join("t"), folder.join("home"));
        let store = folder.join("store");
        for made in [&root, &temp, &home] {
            fs::create_dir_all(made).map_err(|error| Diagnostic::io("make", made, &error))?;
        }
        copied::copy(&checkout.project.plan, &root, self.reverse)?;
        let mut command = self.command(one)?;
        command.arg("-C").arg(&root).arg("--store").arg(&store);
        command.args(["--quiet", "run", "--jobs", self.jobs]);
        command.env("HOME", &home).env("TMPDIR", &temp);
        let output = command.output();
        let output = output.map_err(|error| Diagnostic::io("start", Path::new("sh"), &error))?;
        if !output.status.success() {
            let what = format!("what is locked can't be made again with {}", self.told(one));
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().take(25).map(String::from).collect();
            return Ok(Some(Finding::new(3, what).details(said)));
        }
        let made = Lock::read(&root)?;
        let found = parted::first(checkout, &made, &Store::look(&store)?, 3)?;
        let with = format!("made with {}", self.told(one));
        Ok(found.map(|mut it| {
            it.details.push(with);
            it
        }))
    }

    /// This program by way of a shell, which is what can set a mask of modes.
    fn command(&self, one: &Option<String>) -> Result<Command, Failed> {
        let program = std::env::current_exe()
            .map_err(|error| Diagnostic::io("find", Path::new("this program"), &error))?;
        let mut command = Command::new("sh");
        command.args(["-c", &format!("umask {}; exec \"$@\"", self.umask), "sh"]);
        if let Some(one) = one.as_ref().filter(|_| self.single) {
            command.args(["taskset", "-c", one]);
        }
        command.arg(program).stdin(Stdio::null());
        for name in ["COLOPHON_STORE", "SOURCE_DATE_EPOCH", "LANG", "LANGUAGE"] {
            command.env_remove(name);
        }
        command.envs(self.env.iter().copied());
        if self.reverse {
            command.envs(MASKED);
        }
        Ok(command)
    }
}

/// One of the processors that this program may use, where `taskset` can choose it.
fn processor() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let first: String = allowed.trim().chars().take_while(char::is_ascii_digit).collect();
    let mut probe = Command::new("taskset");
    probe.args(["-c", &first, "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success()).then_some(first)
}
