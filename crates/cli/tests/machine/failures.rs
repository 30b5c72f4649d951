//! Why a command failed: what is said of it, and that nothing is only guessed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::space::{PROGRAM, Space, same};

/// A project of one stage `a` with this command and these further lines.
fn one(command: &str, more: &str) -> Space {
    let space = Space::new(&format!(
        "stages:\n  a:\n    cmd: {command}\n{more}    outputs: {{ t: a.txt }}\n"
    ));
    space.file("in.txt", "in\n");
    space.file("README.md", "");
    space
}

/// Runs it, which must fail, and gives what it said about it.
fn failed(space: &Space, code: i32) -> String {
    let story = space.run(&[]);
    assert_eq!((story.code, story.told().as_str()), (code, "failed a"), "{story:?}");
    assert_eq!(story.problems.len(), 1, "{story:?}");
    story.problems[0].clone()
}

fn script(space: &Space, text: &str) {
    space.file("tool.sh", text);
    fs::set_permissions(space.path("tool.sh"), Permissions::from_mode(0o755)).unwrap();
}

const TOOL: &str = "    inputs: { tool: tool.sh }\n";

#[test]
fn a_failure_in_a_pipe_is_a_failure() {
    for command in [
        "cat in.txt absent.csv | sort > {{ outputs.t }}",
        "\"x=$(cat absent.csv | sort); echo $x > {{ outputs.t }}\"",
        "false | true | cat > {{ outputs.t }}",
    ] {
        let space = one(command, "    inputs: { t: in.txt }\n");
        let told = failed(&space, 1);
        assert!(told.starts_with("stage `a` failed with exit code 1"), "{told}");
        assert!(!space.exists("outputs/a.txt") && !space.exists("pipeline.lock"));
    }
    let space = one("sort in.txt | uniq > {{ outputs.t }}", "    inputs: { t: in.txt }\n");
    space.good(&[]);
    // Which shell it is belongs to what decides the result.
    let said = space.say(&["why", "a", "--json"]);
    assert!(!said.out.contains("/bin/sh"), "{}", said.out);
}

#[test]
fn a_reader_that_stops_early_is_named() {
    same(
        &failed(&one("yes | head -n 1 > {{ outputs.t }}", ""), 1),
        "stage `a` failed with exit code 141\n\
         hint: it ended by SIGPIPE: what stands after a `|` stopped reading before the end, as \
         `head` does; let it read on, as `sed -n 1,5p` does",
    );
    one("seq 100000 | sed -n 1,5p > {{ outputs.t }}", "").good(&[]);
}

#[test]
fn a_pipe_needs_its_shell() {
    let space = one("cat in.txt | sort > {{ outputs.t }}", "    inputs: { t: in.txt }\n");
    let mut run = space.command(&["run", "--quiet"]);
    let output = run.env("PATH", "/nonexistent").output().unwrap();
    same(
        &String::from_utf8(output.stderr).unwrap(),
        "error: cannot find the program `bash`\n\
         hint: it runs a `cmd` that has a `|`, since not every `sh` sees what fails before one; \
         install it, or write what is piped to a file\n",
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_file_that_is_only_spoken_of_is_no_cause() {
    same(
        &failed(&one("echo see README.md >&2; exit 1", ""), 1),
        "stage `a` failed with exit code 1\n| see README.md\n\
         hint: it speaks of `README.md`, which the stage doesn't declare: add it to `inputs` \
         if it is read\n\
         hint: all that it said is in `.colophon/logs/a.stderr`",
    );
}

#[test]
fn a_file_that_is_missed_is_the_cause() {
    let hint = "hint: it names `in.txt`, which the project has but the stage doesn't declare: \
                add it to `inputs`\n";
    for command in [
        "cat in.txt",
        "cat ./in.txt",
        "cat \"$PWD/in.txt\"",
        "cat < in.txt",
        "cp in.txt {{ outputs.t }}",
        "echo \"Error: ENOENT: no such file or directory, open 'in.txt'\"; exit 1",
        "echo \"FileNotFoundError: [Errno 2] No such file or directory: 'in.txt'\" >&2; exit 1",
    ] {
        let space = one(&serde_json::Value::from(command).to_string(), "");
        let story = space.run(&[]);
        assert_eq!(story.code, 7, "{command}: {story:?}");
        assert!(story.problems[0].contains(hint), "{command}: {story:?}");
    }
    // A program, a folder, a name without a dot or with a space in it.
    for (command, path) in [
        ("./tool.sh", "tool.sh"),
        ("ls data", "data"),
        ("cat Makefile", "Makefile"),
        ("cat 'b c.csv'", "b c.csv"),
    ] {
        let space = one(command, "");
        script(&space, "#!/bin/sh\n");
        space.file("data/x.csv", "");
        space.file("Makefile", "");
        space.file("b c.csv", "");
        let story = space.run(&[]);
        assert_eq!(story.code, 7, "{command}: {story:?}");
        assert!(story.problems[0].contains(&format!("it names `{path}`, which")), "{story:?}");
    }
    // It is not there because it was declared and then removed.
    let space = one("rm in.txt; cat in.txt", "    inputs: { t: in.txt }\n");
    let told = failed(&space, 1);
    assert!(!told.contains("it names") && !told.contains("it speaks"), "{told}");
}

#[test]
fn an_error_on_one_stream_and_a_warning_on_the_other() {
    let space = one("echo 'error, and why'; echo 'a warning' >&2; exit 2", "");
    same(
        &failed(&space, 1),
        "stage `a` failed with exit code 2\n| standard output:\n| error, and why\n\
         | standard error:\n| a warning\n\
         hint: all that it said is in `.colophon/logs/a.stdout` and `.colophon/logs/a.stderr`",
    );
}

#[test]
fn line_ends_of_windows() {
    let space = one("[./tool.sh, '{{ outputs.t }}']", TOOL);
    script(&space, "#!/bin/sh\r\necho > $1\r\n");
    same(
        &failed(&space, 1),
        "`./tool.sh` can't be started: its first line ends in a carriage return, which Unix \
         takes for a letter\nhint: write it with plain line ends: `sed -i 's/\\r$//' tool.sh`",
    );
    for (command, code) in [("./tool.sh {{ outputs.t }}", 127), ("sh tool.sh", 2)] {
        let space = one(command, TOOL);
        script(&space, "#!/bin/sh\r\nset -e\r\n");
        let told = failed(&space, 1);
        assert!(told.starts_with(&format!("stage `a` failed with exit code {code}\n")), "{told}");
        assert!(
            told.contains(
                "hint: the first line of `tool.sh` ends in a carriage return, which Unix takes for \
             a letter; write it with plain line ends: `sed -i 's/\\r$//' tool.sh`"
            ),
            "{told}"
        );
    }
}

#[test]
fn a_program_that_cannot_be_started() {
    let space = one("[./tool.sh]", TOOL);
    script(&space, "#!/opt/absent/python\n");
    same(
        &failed(&space, 1),
        "`./tool.sh` can't be started: its interpreter `/opt/absent/python` is not there\n\
         hint: install it, or let the first line name another one",
    );
    script(&space, "#!/etc/passwd\n");
    same(
        &failed(&space, 1),
        "`./tool.sh` can't be executed: its interpreter `/etc/passwd` may not be\n\
         hint: let the first line name a program that this user may execute",
    );
    fs::set_permissions(space.path("tool.sh"), Permissions::from_mode(0o644)).unwrap();
    same(
        &failed(&space, 1),
        "`./tool.sh` can't be executed\nhint: make it executable: `chmod +x ./tool.sh`",
    );
    let space = one("[./data]", "    inputs: { d: data/ }\n");
    space.file("data/x.csv", "");
    same(&failed(&space, 1), "`./data` is a folder, not a program");
}

/// Where `/tmp` and the like don't let programs be executed, another place is taken.
#[test]
fn a_place_that_executes_nothing() {
    let space = one("[./tool.sh]", TOOL);
    script(&space, "#!/bin/sh\necho > outputs/a.txt\n");
    let Some(_mounted) = mount(&space, "noexec,mode=1777") else { return };
    let story = space.good(&[]);
    assert_eq!(story.told(), "ran a");
}

#[test]
fn no_place_that_executes() {
    let Ok(folder) = tempfile::Builder::new().prefix("space-").tempdir_in("/dev/shm") else {
        eprintln!("skipped: there is no second file system at /dev/shm");
        return;
    };
    let file = |path: &str, text: &str| fs::write(folder.path().join(path), text).unwrap();
    file(
        "pipeline.yaml",
        "version: 1\nname: x\nstages:\n  a: { cmd: [./tool.sh], inputs: { tool: tool.sh }, \
         outputs: { t: t } }\n  b: { cmd: ./tool.sh, inputs: { tool: tool.sh }, \
         outputs: { t: u } }\n",
    );
    file("tool.sh", "#!/bin/sh\n");
    let mode = Permissions::from_mode(0o755);
    fs::set_permissions(folder.path().join("tool.sh"), mode).unwrap();
    let inside = "for at in /tmp /var/tmp; do \
                  mount -t tmpfs -o noexec,mode=1777 tmpfs $at || exit 77; done; \
                  cd \"$1\" && exec \"$0\" run --quiet --keep-going";
    let mut run = Command::new("unshare");
    run.args(["--mount", "sh", "-c", inside, PROGRAM]).arg(folder.path()).env_remove("TMPDIR");
    let output = run.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(1) || said.contains("unshare failed") {
        eprintln!("skipped: mounting a file system needs rights that this user has not");
        return;
    }
    let user = fs::metadata("/proc/self").unwrap();
    let of = format!("/tmp/colophon-{}", std::os::unix::fs::MetadataExt::uid(&user));
    let place = format!("`{of}` is on a file system that is mounted with `noexec`");
    let elsewhere = "let TMPDIR name a folder whose programs may be executed, or call the \
                     interpreter, as in `sh tool.sh`";
    for told in [
        format!("error: `./tool.sh` can't be executed: {place}\nhint: {elsewhere}\n"),
        "error: stage `b` failed with exit code 126\n".to_string(),
        format!("hint: {place}; {elsewhere}\n"),
    ] {
        assert!(said.contains(&told), "{told}{said}");
    }
}

/// Something of the machine that ends with a test.
struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn mount(space: &Space, options: &str) -> Option<Mounted> {
    let mut mount = Command::new("mount");
    let mount = mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(space.temp());
    if mount.output().is_ok_and(|output| output.status.success()) {
        return Some(Mounted(space.temp().to_path_buf()));
    }
    eprintln!("skipped: mounting a file system needs rights that this user has not");
    None
}

#[test]
fn a_file_system_without_room_for_files() {
    let space = one(
        "for n in $(seq 99); do touch x$n; done; cp in.txt {{ outputs.t }}",
        "    inputs: { t: in.txt }\n",
    );
    let Some(_mounted) = mount(&space, "nr_inodes=50,mode=1777") else { return };
    let story = space.run(&[]);
    assert_eq!(story.code, 9, "{story:?}");
    let place = space.temp().display();
    let told = "`: no space left on device: it holds as many files as it can\n\
                hint: free some space there, or let TMPDIR name a folder with more room";
    assert!(story.problems[0].contains(&format!("| cannot write to `{place}")), "{story:?}");
    assert!(story.problems[0].ends_with(told), "{story:?}");
    drop(_mounted);
    space.good(&[]);
}

#[test]
fn a_file_beyond_the_limit() {
    let space = one("head -c 3000000 /dev/zero > {{ outputs.t }}", "");
    let run = |limit: usize| {
        let mut run = Command::new("bash");
        run.args(["-c", &format!("ulimit -f {limit}; exec \"$0\" run --quiet"), PROGRAM]);
        let output = run.current_dir(space.root()).env("TMPDIR", space.temp()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run(1000);
    assert_eq!(code, Some(1), "{said}");
    let hint = "hint: it ended by SIGXFSZ: a file grew beyond what `ulimit -f` allows; raise that";
    assert!(said.contains(hint), "{said}");
    // Where we are the ones who write, it is an error and no death.
    space.file("large.bin", vec![0; 3_000_000]);
    space.edit("pipeline.yaml", "    outputs", "    inputs: { t: large.bin }\n    outputs");
    let (code, said) = run(1000);
    assert_eq!(code, Some(9), "{said}");
    assert!(said.contains("large.bin`: file too large\nhint: raise `ulimit -f`, "), "{said}");
    // A log that can't grow any further takes nothing from its result.
    space.edit("pipeline.yaml", "    inputs: { t: large.bin }\n", "");
    let talk = "[sh, -c, 'yes | head -c 3000000; echo > outputs/a.txt']";
    space.edit("pipeline.yaml", "head -c 3000000 /dev/zero > {{ outputs.t }}", talk);
    let (code, said) = run(1000);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_eq!(space.text(".colophon/logs/a.stdout").len(), 1_024_000);
}

#[test]
fn an_argument_list_that_no_system_takes() {
    let space = one("cat {{ inputs.t }} > {{ outputs.t }}", "    inputs: { t: 'data/*.csv' }\n");
    for n in 0..4000 {
        space.file(&format!("data/{n:04}-{}.csv", "x".repeat(30)), "1\n");
    }
    let said = space.say(&["check"]);
    assert_eq!(said.code, 2);
    same(
        &said.err,
        "error: the command of stage `a` has an argument of 180 kB and this system takes 131 kB\n \
         --> pipeline.yaml:5:10\n  |\n5 |     cmd: cat {{ inputs.t }} > {{ outputs.t }}\n  \
         |          \
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n\
         hint: the private folder holds the declared inputs and nothing else, so that the command \
         can find them itself: `find data -name '*.csv'`\n",
    );
    let find = "find data -name '*.csv' -exec cat {} + > {{ outputs.t }}";
    space.edit("pipeline.yaml", "cat {{ inputs.t }} > {{ outputs.t }}", find);
    space.good(&[]);
    assert_eq!(space.text("outputs/a.txt").len(), 8000);
}

/// No panic where the system gives no more threads: fewer do the work.
#[test]
fn without_threads() {
    let space = Space::new(
        "stages:\n  a: { cmd: 'echo > {{ outputs.t }}', outputs: { t: a } }\n  \
         b: { cmd: 'echo > {{ outputs.t }}', outputs: { t: b } }\n",
    );
    // A stack that no machine has room for.
    let mut run = space.command(&["run", "--quiet", "--jobs", "4"]);
    let output = run.env("RUST_MIN_STACK", (1_u64 << 46).to_string()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    assert_eq!(space.good(&[]).told(), "cached a b");
}
