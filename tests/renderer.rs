//! The report set by an installed `typst` instead of the embedded one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use typeset::project::Project;

use crate::space::{Space, files, same};

/// The project after its first run, told to use the command.
fn by_command() -> Space {
    let space = Space::finished();
    space.edit("pipeline.yaml", "renderer: embedded", "renderer: cli");
    space
}

/// Whether a `typst` of the embedded version is on the `PATH`.
fn there_is_typst() -> bool {
    let output = Command::new("typst").arg("--version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    said.is_ok_and(|said| said.split_whitespace().nth(1) == Some(typeset::document::version()))
}

/// Holds a run with only these programs to its refusal, the report untouched.
#[track_caller]
fn refused(space: &Space, path: &str, problem: &str) {
    let pdf = space.bytes("outputs/report.pdf");
    let said = space.say_with(&["run", "--quiet"], &[("PATH", path)]);
    let version = typeset::document::version();
    same(
        &said.err,
        &format!(
            "error: {problem}\n\
             hint: install it with `cargo install typst-cli --locked --version {version}`\n\
             hint: or leave `renderer` at `embedded`, which needs no command\n"
        ),
    );
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(space.bytes("outputs/report.pdf") == pdf);
}

#[test]
fn the_command_gives_the_same_bytes() {
    if !there_is_typst() {
        println!("no typst {} on PATH: compared nothing", typeset::document::version());
        return;
    }
    let project = project(&Space::finished());
    let embedded = typeset::document::pdf(&project).unwrap().pdf;
    let command = typeset::command::pdf(&project, Path::new("typst")).unwrap().pdf;
    let (one, two) = (embedded.len(), command.len());
    let first = embedded.iter().zip(&command).position(|(one, two)| one != two);
    assert!(embedded == command, "{one} and {two} bytes, they part at {first:?}");
}

/// What the report is typeset from. Which renderer does it stands in `pipeline.yaml`, and
/// that is part of what the report carries, so the two can't be held to each other by a run.
fn project(space: &Space) -> Project {
    let below = |folder: &str| files(space.root(), folder);
    let paths = below("report").into_iter().chain(below("outputs"));
    let files = paths.filter(|path| !path.ends_with(".pdf") && !path.ends_with("places.json"));
    let files: BTreeMap<String, Vec<u8>> =
        files.map(|path| (path.clone(), space.bytes(&path))).collect();
    let sources: Vec<_> = files.keys().filter(|path| path.starts_with("report/")).collect();
    let action = serde_json::json!({ "inputs": { "sources": sources } }).to_string();
    Project {
        files,
        main: "report/main.typ".into(),
        inputs: [("date", "2026-11-21".into()), ("action", action)]
            .map(|(name, value): (&str, String)| (name.to_string(), value))
            .into(),
        date: engine::calendar::day("2026-11-21").unwrap(),
        standards: ["a-3a", "ua-1"].map(String::from).into(),
    }
}

/// The PDF is compressed by these; other versions give other bytes. They are
/// those that `typst-cli` 0.15.1 locks: `cargo update` must leave them alone.
#[test]
fn streams_are_compressed_as_the_command_does() {
    let lock = crate::tidy::text("Cargo.lock").replace("\r\n", "\n");
    for (name, version) in [("flate2", "1.1.2"), ("libz-rs-sys", "0.5.1"), ("zlib-rs", "0.5.1")] {
        let locked = lock.matches(&format!("name = \"{name}\"\n")).count();
        let pinned = lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n"));
        assert!(pinned && locked == 1, "pin it: cargo update -p {name} --precise {version}");
    }
}

#[test]
fn without_the_command() {
    let space = by_command();
    fs::create_dir(space.path("empty")).unwrap();
    let path = space.path("empty").display().to_string();
    refused(&space, &path, "the command `typst` was not found");
}

#[cfg(unix)]
#[test]
fn with_a_command_of_another_version() {
    use std::os::unix::fs::PermissionsExt;

    let space = by_command();
    let path = space.path("bin").display().to_string();
    for (says, problem) in [
        (
            "typst 0.12.0 (737895d7)",
            format!(
                "`typst` is version 0.12.0, but this edition needs {}",
                typeset::document::version()
            ),
        ),
        ("hello", "`typst --version` doesn't say which version of Typst it is".to_string()),
    ] {
        space.file("bin/typst", format!("#!/bin/sh\necho '{says}'\n"));
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(space.path("bin/typst"), executable).unwrap();
        refused(&space, &path, &problem);
    }
}
