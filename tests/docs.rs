//! What the docs show is so: each command in them is run, or is named here with
//! the reason why not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::space::Space;

const PAGES: [&str; 10] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/answers.md",
    "docs/pipeline.md",
    "docs/report.md",
    "docs/reproducing.md",
    "docs/rust.md",
    "docs/values.md",
    "docs/verify.md",
    "docs/volume.md",
];

/// Commands that are not run, by how they begin, and why.
const ELSEWHERE: [(&str, &str); 21] = [
    ("colophon claims accept", "it edits a file; tests of the machine accept claims"),
    ("colophon diff HEAD", "the copy is no repository; tests of the machine compare commits"),
    (".ci/run", "this test is part of it"),
    ("cargo test", "this test is part of it"),
    ("cargo run -p planets", ".ci/run"),
    ("cargo run -- check", "the same as `colophon check`"),
    ("cargo run -- run ranking", "the example of a stage is not in the table"),
    ("colophon watch", "it ends at Ctrl-C; tests of the machine watch"),
    ("colophon log", "no stage of this study is a command; tests of the machine read logs"),
    ("pdfdetach ", ".ci/run compares the attachments where poppler is installed"),
    ("b3sum ", "another program's; the manifest is held to the files by a unit test"),
    ("colophon verify --level 2", "tests/determinism.rs, by way of `run --locked`"),
    ("colophon verify --level 3", "the same; tests of the machine verify at every level"),
    ("colophon verify outputs/report.pdf", "tests/verify.rs"),
    ("cd attached ", "the names of attachments are held to the manifest by `verify`"),
    ("cmp ", "there is one PDF only"),
    ("typst watch ", "another program's; tests/renderer.rs runs it where it is installed"),
    ("cargo run -- run --locked -j 1 ", "tests/determinism.rs"),
    ("TZ=Asia/Tokyo ", "tests/determinism.rs"),
    ("git clone ", "tests/determinism.rs runs in other folders"),
    ("SIZES=", "a benchmark"),
];

/// Commands that are to end with another code than 0.
const CODES: [(&str, i32); 1] = [("colophon accept ztest", 2)];

/// The command lines of a page, comments and continued lines taken off.
fn commands(page: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let (mut found, mut inside, mut continued) = (Vec::new(), false, false);
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside && !continued {
            let command = line.split(" #").next().unwrap_or(line).trim();
            found.push(command.to_string());
        }
        continued = inside && line.ends_with('\\');
    }
    found
}

#[test]
fn each_command_of_the_docs_is_run() {
    let space = Space::finished();
    let bin = space.path("bin");
    fs::create_dir(&bin).unwrap();
    fs::create_dir_all(space.path("docs")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_access-barriers"), bin.join("colophon"))
        .unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut done = BTreeSet::new();
    for page in PAGES {
        for command in commands(page) {
            let elsewhere = ELSEWHERE.iter().any(|(start, _)| command.starts_with(start));
            let command = command.replace("cargo run -- ", "colophon ");
            if elsewhere || !done.insert(command.clone()) {
                continue;
            }
            assert!(
                command.starts_with("colophon "),
                "{page}: `{command}` is neither run nor named"
            );
            let given = space.command(&[]);
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &command]).current_dir(space.root()).env("PATH", &path);
            for (name, value) in given.get_envs() {
                match value {
                    Some(value) => shell.env(name, value),
                    None => shell.env_remove(name),
                };
            }
            let output = shell.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let code = CODES.iter().find(|(line, _)| *line == command).map_or(0, |(_, code)| *code);
            assert_eq!(output.status.code(), Some(code), "{page}: `{command}`\n{said}");
        }
    }
    assert!(done.len() > 12, "{done:?}");
    for (start, _) in ELSEWHERE.iter().filter(|(start, _)| *start != "colophon log") {
        let there = PAGES.iter().flat_map(|page| commands(page)).any(|it| it.starts_with(start));
        assert!(there, "no page holds a command that begins with `{start}`");
    }
}

#[test]
fn the_second_run_does_nothing() {
    let space = Space::finished();
    let said = space.say(&["run"]);
    assert!(said.err.starts_with("nothing ran"), "{}", said.err);
}
