//! What a power cut can take: in the order of system calls, and by cutting it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::cache::{RAW, STAGES, study};
use crate::kill::strace_works;
use crate::space::{PROGRAM, Space};

/// What a run did to the disk, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    /// A file or folder was made durable.
    Synced(String),
    /// A name was given.
    Named { from: String, to: String },
}

/// The acts of a run, as far as they succeeded; paths relative to the project.
fn acts(space: &Space, arguments: &[&str]) -> Vec<Act> {
    let trace = space.path("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-qqq", "-s", "4096", "-o"]).arg(&trace);
    strace.args(["-e", "trace=fsync,fdatasync,syncfs,rename,renameat,renameat2"]);
    let colophon = space.command(arguments);
    strace.arg(PROGRAM).args(colophon.get_args()).current_dir(space.root());
    let output = strace.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&trace).unwrap();
    fs::remove_file(&trace).unwrap();
    let root = format!("{}/", space.root().canonicalize().unwrap().display());
    let short = |path: &str| {
        let path = path.strip_prefix(&root).unwrap_or(path);
        path.strip_prefix("./").unwrap_or(path).to_string()
    };
    let mut acts = Vec::new();
    // A call that another thread interrupts is written in two parts; its place is
    // that of its end, but its arguments stand in the first.
    let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        let call = match rest.strip_suffix(" <unfinished ...>") {
            Some(call) => {
                begun.insert(thread, call);
                continue;
            }
            None if rest.starts_with("<... ") => begun.remove(thread).unwrap_or(rest),
            None => rest,
        };
        if !rest.ends_with("= 0") {
            continue;
        }
        if call.starts_with("fsync") || call.starts_with("fdatasync") {
            let path = call.split_once('<').and_then(|(_, path)| path.split_once('>')).unwrap().0;
            acts.push(Act::Synced(short(path)));
        } else if call.starts_with("syncfs") {
            acts.push(Act::Synced("*".into()));
        } else if call.starts_with("rename") {
            let parts: Vec<&str> = call.split('"').collect();
            acts.push(Act::Named { from: short(parts[1]), to: short(parts[3]) });
        }
    }
    acts
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Where, before `end`, something was made durable last.
fn synced(acts: &[Act], path: &str, range: std::ops::Range<usize>) -> bool {
    let root = path.is_empty() || path == ".";
    acts[range].iter().any(|act| match act {
        Act::Synced(done) => done == path || done == "*" || (root && !done.contains(".colophon")),
        Act::Named { .. } => false,
    })
}

fn named(acts: &[Act], fits: impl Fn(&str) -> bool) -> Vec<(usize, String, String)> {
    let named = acts.iter().enumerate().filter_map(|(at, act)| match act {
        Act::Named { from, to } if fits(to) => Some((at, from.clone(), to.clone())),
        _ => None,
    });
    named.collect()
}

/// Bytes before names, names before the record, outputs before the lock.
fn hold_the_order(acts: &[Act]) {
    let objects = named(acts, |to| to.contains("/objects/"));
    let records = named(acts, |to| to.contains("/results/"));
    let outputs = named(acts, |to| to.starts_with("outputs/"));
    let lock = named(acts, |to| to == "pipeline.lock" || to.ends_with("/pipeline.lock"));
    for (at, from, to) in objects.iter().chain(&records).chain(&outputs).chain(&lock) {
        assert!(synced(acts, from, 0..*at), "{to} is named before its bytes are safe: {acts:#?}");
    }
    for (at, _, record) in &records {
        for (_, _, object) in objects.iter().filter(|object| object.0 < *at) {
            let before = objects.iter().position(|(_, _, to)| to == object).unwrap();
            let from = objects[before].0;
            let folder = parent(object);
            assert!(synced(acts, folder, from..*at), "{record} before {object} is safe");
        }
    }
    let (Some(first), Some((lock, ..))) = (outputs.first(), lock.first()) else {
        panic!("nothing was put in place: {acts:#?}");
    };
    for (at, _, output) in &outputs {
        assert!(at < lock && synced(acts, parent(output), *at..*lock), "the lock before {output}");
    }
    for (at, _, record) in &records {
        assert!(synced(acts, parent(record), *at..*lock), "the lock before {record} is safe");
    }
    assert!(first.0 < *lock);
}

#[test]
fn the_order_that_survives_a_power_cut() {
    if !strace_works() {
        return;
    }
    let space = Space::new(STAGES);
    space.file("raw.csv", RAW);
    space.file("loose.txt", "loose\n");
    hold_the_order(&acts(&space, &["run", "--quiet"]));
    // A change beside old results, and many outputs at once.
    let space = study();
    space.edit("raw.csv", "lima,1", "lima,3");
    hold_the_order(&acts(&space, &["run", "--quiet"]));
    let outputs: Vec<String> = (0..40).map(|n| format!("o{n}: many/{n}.txt")).collect();
    let space = Space::new(&format!(
        "stages:\n  many:\n    cmd: for i in {}; do echo $i > outputs/many/$i.txt; done\n    \
         outputs: {{ {} }}\n",
        (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join(" "),
        outputs.join(", ")
    ));
    hold_the_order(&acts(&space, &["run", "--quiet"]));
}

#[test]
fn the_witness_is_the_last_to_be_named() {
    if !strace_works() {
        return;
    }
    let space = study();
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(60));
        let _ = fs::remove_file(space.path(".colophon/witness"));
        let acts = acts(&space, &["run", "--quiet"]);
        let Some((at, from, _)) = named(&acts, |to| to.ends_with(".colophon/witness")).pop() else {
            continue;
        };
        assert!(synced(&acts, &from, 0..at), "{acts:#?}");
        assert!(named(&acts[at + 1..], |_| true).is_empty(), "{acts:#?}");
        return;
    }
    panic!("no witness was written");
}

/// A file system in a file, whose power can be cut.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// `None` where the machine can't have one.
    fn new(kind: &'static str) -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk { folder };
        let image = fs::File::create(disk.image()).unwrap();
        image.set_len(if kind == "xfs" { 400 << 20 } else { 128 << 20 }).unwrap();
        fs::create_dir(disk.root()).unwrap();
        let make = match kind {
            "xfs" => ["-q", "-f"],
            _ => ["-q", "-F"],
        };
        let made = Command::new(format!("mkfs.{kind}")).args(make).arg(disk.image()).output();
        (made.is_ok_and(|made| made.status.success()) && disk.mount()).then_some(disk)
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn mount(&self) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-o", "loop"]).arg(self.image()).arg(self.root());
        mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn unmount(&self) {
        let _ = Command::new("umount").arg(self.root()).stderr(Stdio::null()).status();
    }

    /// Stops the file system at once; the journal is written out if `flush`.
    fn cut(&self, flush: bool) -> bool {
        // EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN are one number.
        let script = "import fcntl, os, struct, sys\n\
             fd = os.open(sys.argv[1], os.O_RDONLY)\n\
             fcntl.ioctl(fd, 0x8004587d, struct.pack('I', int(sys.argv[2])))\n";
        let mode = if flush { "1" } else { "2" };
        let done = Command::new("python3").args(["-c", script]).arg(self.root()).arg(mode).output();
        let done = done.is_ok_and(|done| done.status.success());
        self.unmount();
        done && self.mount()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.unmount();
    }
}

fn colophon(root: &Path, arguments: &[&str]) -> (i32, String) {
    let space = Space::empty();
    let mut command = space.command(arguments);
    let output = command.current_dir(root).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Runs, cuts the power, and looks at what a next run leaves.
fn survive(kind: &'static str, runs: usize, flush: bool) -> bool {
    let Some(disk) = Disk::new(kind) else {
        eprintln!("skipped: no {kind} image can be made and mounted here");
        return false;
    };
    let root = disk.root().join("project");
    fs::create_dir(&root).unwrap();
    let wanted = |n: usize| format!("in\n{}", format!("{n}\n").repeat(3000));
    let stages: Vec<String> = (0..6)
        .map(|n| {
            format!(
                "  s{n}:\n    cmd: (cat {{{{ inputs.t }}}}; seq 3000 | sed 's/.*/{n}/') > \
                 {{{{ outputs.t }}}}\n    inputs: {{ t: in.txt }}\n    outputs: {{ t: \
                 d/{n}.txt }}\n"
            )
        })
        .collect();
    let pipeline = format!("version: 1\nname: x\nstages:\n{}", stages.concat());
    fs::write(root.join("pipeline.yaml"), pipeline).unwrap();
    fs::write(root.join("in.txt"), "in\n").unwrap();
    Command::new("sync").status().unwrap();
    for _ in 0..runs {
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(colophon(&root, &["run", "--quiet"]), (0, String::new()));
    }
    if !disk.cut(flush) {
        eprintln!("skipped: the power of a {kind} image can't be cut here");
        return false;
    }
    // What stands there is whole or absent; after the next run it is all there.
    for all in [false, true] {
        for n in 0..6 {
            let text = fs::read_to_string(root.join(format!("outputs/d/{n}.txt")));
            let whole = text.as_ref().is_ok_and(|text| *text == wanted(n));
            assert!(whole || (!all && text.is_err()), "{kind}, {runs} runs, flush {flush}: {n}");
        }
        let (code, said) = colophon(&root, &["run"]);
        assert_eq!(code, 0, "{said}");
    }
    assert_eq!(colophon(&root, &["run", "--locked", "--quiet"]), (0, String::new()));
    assert_eq!(colophon(&root, &["cache", "check"]).0, 0);
    true
}

#[test]
fn a_power_cut_takes_nothing_that_was_told() {
    let mut cuts = 0;
    for kind in ["ext4", "xfs"] {
        for runs in 1..=3 {
            for flush in [true, false] {
                cuts += usize::from(survive(kind, runs, flush));
            }
        }
    }
    eprintln!("{cuts} power cuts");
}
