//! The private folder of a command: where it is, what is in it, and with which modes.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::space::{PROGRAM, Space, same};

/// A project of one stage `a` with this command and these inputs.
fn one(command: &str, inputs: &str) -> Space {
    let space = Space::new(&format!(
        "stages:\n  a:\n    cmd: {command}\n    inputs: {{ {inputs} }}\n    \
         outputs: {{ t: a.txt }}\n"
    ));
    space.file("in.txt", "in\n");
    space
}

fn set_mode(space: &Space, path: &str, mode: u32) {
    fs::set_permissions(space.path(path), Permissions::from_mode(mode)).unwrap();
}

fn mode(space: &Space, path: &str) -> u32 {
    space.path(path).metadata().unwrap().permissions().mode() & 0o777
}

/// Programs look upwards for their settings and for the repository they are in.
#[test]
fn nothing_of_the_project_lies_above_it() {
    let upwards = "\"d=$PWD; while [ \\\"$d\\\" != / ]; do ls -A \\\"$d\\\"; d=${d%/*}; d=${d:-/}; \
                   done > {{ outputs.t }}\"";
    let space = one(upwards, "t: in.txt");
    space.file("settings.toml", "undeclared = true\n");
    fs::create_dir(space.path(".git")).unwrap();
    space.good(&[]);
    let seen = space.text("outputs/a.txt");
    for name in ["settings.toml", ".git", "pipeline.yaml", ".colophon"] {
        assert!(!seen.lines().any(|line| line == name), "{name} is above it: {seen}");
    }
    let space = one("git log > {{ outputs.t }} 2>&1", "t: in.txt");
    let git = |arguments: &[&str]| {
        let git = Command::new("git").args(arguments).current_dir(space.root()).output();
        git.is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "--quiet"]) {
        eprintln!("skipped: git is not installed");
        return;
    }
    assert_eq!(space.run(&[]).code, 1, "{}", space.text("outputs/a.txt"));
}

#[test]
fn its_path_is_short_and_its_folder_is_the_users_alone() {
    let space =
        one("\"pwd > {{ outputs.t }}; stat -c %a ../../.. >> {{ outputs.t }}\"", "t: in.txt");
    space.good(&[]);
    let text = space.text("outputs/a.txt");
    let (path, mode) = text.split_once('\n').unwrap();
    assert!(path.len() < 60, "{path}");
    assert_eq!(mode, "700\n");
}

#[test]
fn a_place_that_will_not_do_is_passed_over() {
    let user = Command::new("id").arg("-u").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap().trim().to_string();
    let ours = |space: &Space| space.temp().join(format!("colophon-{user}"));
    let place = |space: &Space| {
        space.good(&[]);
        let text = space.text("outputs/a.txt");
        text.starts_with(&space.temp().display().to_string())
    };
    let space = one("pwd > {{ outputs.t }}", "t: in.txt");
    assert!(place(&space));
    // Somebody else's, who left a link where ours would be.
    let space = one("pwd > {{ outputs.t }}", "t: in.txt");
    symlink(space.root(), ours(&space)).unwrap();
    assert!(!place(&space));
    assert_eq!(space.files("run-"), [""; 0]);
    let space = one("pwd > {{ outputs.t }}", "t: in.txt");
    fs::create_dir(ours(&space)).unwrap();
    fs::set_permissions(ours(&space), Permissions::from_mode(0o777)).unwrap();
    assert!(!place(&space));
    // In the project, or in any repository, something would be found above it.
    let space = one("pwd > {{ outputs.t }}", "t: in.txt");
    fs::create_dir(space.path("temp")).unwrap();
    let mut run = space.command(&["run", "--quiet"]);
    assert!(run.env("TMPDIR", space.path("temp")).status().unwrap().success());
    let text = space.text("outputs/a.txt");
    assert!(!text.starts_with(&space.root().display().to_string()), "{text}");
}

#[test]
fn where_inputs_are_copied_it_is_said_on_request() {
    let shared = std::path::Path::new("/dev/shm");
    let Ok(temp) = tempfile::Builder::new().prefix("t").tempdir_in(shared) else {
        eprintln!("skipped: there is no second file system at {}", shared.display());
        return;
    };
    let space = one("cp {{ inputs.t }} {{ outputs.t }}", "t: in.txt");
    let store = temp.path().display().to_string();
    let said = space.say(&["run", "--store", &store]);
    assert!(!said.err.contains("file systems"), "{}", said.err);
    let said = space.say(&["run", "--force", "--verbose", "--store", &store]);
    assert!(said.err.contains("and the store are on two file systems\n"), "{}", said.err);
}

/// However deep the project lies.
#[test]
fn a_socket_fits_into_it() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: python3 is not installed");
        return;
    }
    let script = "import os, socket\ns = socket.socket(socket.AF_UNIX)\n\
                  s.bind(os.environ['TMPDIR'] + '/a-socket-with-a-name')\n";
    let space = Space::empty();
    let deep = ["a folder with a long name"; 4].join("/");
    space.file(
        &format!("{deep}/pipeline.yaml"),
        "version: 1\nname: x\nstages:\n  a: { cmd: 'python3 s.py && touch {{ outputs.t }}', \
         inputs: { s: s.py }, outputs: { t: t } }\n",
    );
    space.file(&format!("{deep}/s.py"), script);
    space.good(&["-C", &deep]);
}

/// The program as a user to whom modes mean something.
fn as_anybody(space: &Space) -> Option<Command> {
    let mut run = space.command(&["run", "--quiet"]);
    if Command::new("id").arg("-u").output().unwrap().stdout != b"0\n" {
        return Some(run);
    }
    // Root may do anything, so somebody else has to try.
    for path in [space.root(), space.temp()] {
        Command::new("chown").args(["-R", "65534:65534"]).arg(path).status().unwrap();
    }
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM];
    let works = Command::new("setpriv").args(user).arg("--version").output();
    if !works.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: another user can't execute the program here");
        return None;
    }
    run = Command::new("setpriv");
    run.args(user).args(["run", "--quiet"]).current_dir(space.root());
    run.env("TMPDIR", space.temp()).env_remove("COLOPHON_STORE");
    Some(run)
}

#[test]
fn a_read_only_file_may_have_two_roles() {
    let space = one("cat {{ inputs.t }} {{ inputs.u }} > {{ outputs.t }}", "t: in.txt, u: in.txt");
    set_mode(&space, "in.txt", 0o444);
    let Some(mut run) = as_anybody(&space) else { return };
    let output = run.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(space.text("outputs/a.txt"), "in\nin\n");
}

/// The recipe knows of one bit only, so a command finds no other.
#[test]
fn modes_are_those_of_the_recipe() {
    let space = one("stat -c %a in.txt tool.sh > {{ outputs.t }}", "t: in.txt, s: tool.sh");
    space.file("tool.sh", "#!/bin/sh\n");
    set_mode(&space, "in.txt", 0o600);
    set_mode(&space, "tool.sh", 0o700);
    space.good(&[]);
    assert_eq!(space.text("outputs/a.txt"), "644\n755\n");
    set_mode(&space, "in.txt", 0o440);
    set_mode(&space, "tool.sh", 0o511);
    assert_eq!(space.good(&[]).told(), "cached a");
}

const TOOL: &str = "\
stages:
  tool: { cmd: 'printf \"#!/bin/sh\\necho ran\\n\" > {{ outputs.t }}; chmod MODE {{ outputs.t }}',
    outputs: { t: tool.sh } }
  use: { cmd: '{{ inputs.t }} > {{ outputs.t }}', inputs: { t: tool.t }, outputs: { t: used } }
";

#[test]
fn an_output_that_may_be_executed_stays_so() {
    let space = Space::new(&TOOL.replace("MODE", "755"));
    space.good(&[]);
    assert_eq!(space.text("outputs/used"), "ran\n");
    assert_eq!(mode(&space, "outputs/tool.sh") & 0o111, 0o111);
    let lock = space.text("pipeline.lock");
    assert!(lock.contains("size: 19, executable: true }"), "{lock}");
    // It is put back, from the store and from the lock.
    set_mode(&space, "outputs/tool.sh", 0o644);
    assert_eq!(space.good(&[]).published, ["outputs/tool.sh"]);
    space.remove("outputs/tool.sh");
    space.good(&["--frozen"]);
    assert_eq!(mode(&space, "outputs/tool.sh") & 0o111, 0o111);
    assert_eq!(space.good(&["--locked"]).told(), "cached tool use");
    // Where it is lost, the stage after it can't do the same any more.
    space.pipeline(&TOOL.replace("MODE", "644"));
    let story = space.run(&[]);
    assert_eq!(story.told(), "ran tool, failed use", "{story:?}");
}

#[test]
fn lineage_has_its_place_for_itself() {
    let space = one("cp lineage.json {{ outputs.t }}", "l: 'colophon:lineage', t: lineage.json");
    space.file("lineage.json", "{}\n");
    let said = space.say(&["check"]);
    same(
        &said.err,
        "error: the input `t` of stage `a` is at `lineage.json`, where `colophon:lineage` is put\n \
         --> pipeline.yaml:6:41\n  |\n\
         6 |     inputs: { l: 'colophon:lineage', t: lineage.json }\n  \
         |                                         \
         ^^^^^^^^^^^^\nhint: give the file another name\n",
    );
    space.edit("pipeline.yaml", "lineage.json }", "in.txt }");
    space.good(&[]);
    assert!(space.text("outputs/a.txt").starts_with("{\"sources\":"));
}

/// Each sync costs milliseconds, so that they must not grow with the inputs.
#[test]
fn many_inputs_cost_few_syncs() {
    if !crate::kill::strace_works() {
        return;
    }
    let space = one("cat data/* > {{ outputs.t }}", "d: data/");
    for n in 0..300 {
        space.file(&format!("data/{n}.txt"), format!("{n}\n"));
    }
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=fsync,fdatasync,syncfs", "-o"]).arg(space.path("trace"));
    strace.args([PROGRAM, "run", "--quiet"]).current_dir(space.root());
    assert!(strace.env("TMPDIR", space.temp()).status().unwrap().success());
    let syncs = space.text("trace").lines().filter(|line| line.contains("sync")).count();
    assert!(syncs < 40, "{syncs}");
    assert_eq!(space.text("outputs/a.txt").lines().count(), 300);
}

/// What a package manager leaves in its home may not be writable.
#[test]
fn folders_that_a_command_closed_are_removed() {
    let space = one(
        "\"mkdir -p $HOME/a/b; chmod 500 $HOME/a/b $HOME/a; cp in.txt {{ outputs.t }}\"",
        "t: in.txt",
    );
    let Some(mut run) = as_anybody(&space) else { return };
    let output = run.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(space.text("outputs/a.txt"), "in\n");
    for place in fs::read_dir(space.temp()).unwrap().flatten() {
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "a folder is left");
    }
    assert!(fs::read_dir(space.path(".colophon/work")).unwrap().next().is_none());
}
