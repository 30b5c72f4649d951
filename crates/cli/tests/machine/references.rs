//! What a reference takes and what it leaves, and names that become files.

use serde_json::Value;

use crate::space::{Space, same};

/// Holds `check` to its sentences: errors with their places, and hints.
#[track_caller]
pub(crate) fn refused(space: &Space, expected: &str) {
    let said = space.say(&["check", "--json"]);
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    let mut told = String::new();
    for problem in answer["problems"].as_array().into_iter().flatten() {
        told += &format!("error: {}\n", problem["message"].as_str().unwrap());
        if let Some(path) = problem["at"]["path"].as_str() {
            told += &format!("--> {path}:{}:{}\n", problem["at"]["line"], problem["at"]["column"]);
        }
        let hints = problem["hints"].as_array().into_iter().flatten();
        hints.for_each(|hint| told += &format!("hint: {}\n", hint.as_str().unwrap()));
    }
    same(&told, expected);
    assert_eq!((said.code, said.err.as_str()), (2, ""));
}

/// Messages without the lines that they quote.
pub(crate) fn sentences(text: &str) -> String {
    let of_a_message = ["error: ", "note: ", "hint: ", " --> ", "  --> ", "--> "];
    let lines = text.lines().filter(|line| of_a_message.iter().any(|it| line.starts_with(it)));
    lines.map(|line| format!("{}\n", line.trim_start())).collect()
}

#[test]
fn names_that_no_file_can_have() {
    let (stage, value) = ("s".repeat(201), "v".repeat(199));
    let space = Space::new(&format!(
        "stages:\n  {stage}: {{ cmd: x, outputs: {{ t: t }} }}\n  a:\n    cmd: x\n    \
         matrix: {{ m: [{value}, {value}w] }}\n    outputs: {{ t: '{{{{ matrix.m }}}}' }}\n"
    ));
    let expected = format!(
        "\
error: the name `{}…` has 201 bytes, and 200 are the limit
--> pipeline.yaml:4:3
hint: files are named after a stage; give it a shorter name
error: the name `a@{}…` has 201 bytes, and 200 are the limit
--> pipeline.yaml:5:3
hint: files are named after a cell; let a short word on the axis stand for it
",
        &stage[..80],
        &value[..78],
    );
    refused(&space, &expected);
}

#[test]
fn the_longest_name_works() {
    let space = Space::new(&format!(
        "stages:\n  {}: {{ cmd: 'echo a > {{{{ outputs.t }}}}', outputs: {{ t: {} }} }}\n",
        "s".repeat(200),
        "t".repeat(255)
    ));
    assert_eq!(space.good(&[]).ran.len(), 1);
    assert_eq!(space.text(&format!("outputs/{}", "t".repeat(255))), "a\n");
}

/// A pipeline of one command that writes what it was given, path by path.
pub(crate) fn listing(inputs: &str) -> Space {
    listing_of(inputs, "")
}

/// The same, with more keys of the file.
pub(crate) fn listing_of(inputs: &str, keys: &str) -> Space {
    Space::new(&format!(
        "{keys}stages:\n  a:\n    cmd: \"find . -type f | sort > $TMPDIR/list; cp \
        $TMPDIR/list {{{{ outputs.t }}}}\"\n    \
         inputs: {{ f: {inputs} }}\n    outputs: {{ t: t.lst }}\n"
    ))
}

/// The inputs that the stage of `listing` saw.
#[track_caller]
pub(crate) fn seen(space: &Space) -> String {
    space.good(&[]);
    let text = space.text("outputs/t.lst");
    let lines = text.lines().filter(|line| !line.ends_with("/list") && !line.ends_with(".lst"));
    lines.map(|line| line.trim_start_matches("./")).collect::<Vec<_>>().join(" ")
}

pub(crate) fn link(space: &Space, to: &str, from: &str) {
    std::os::unix::fs::symlink(to, space.path(from)).unwrap();
}

fn pipe(space: &Space, path: &str) {
    let made = std::process::Command::new("mkfifo").arg(space.path(path)).status().unwrap();
    assert!(made.success());
}

/// Writes an empty file whose name is not UTF-8.
fn odd(space: &Space, name: &[u8]) {
    let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(name);
    std::fs::write(space.root().join(name), "").unwrap();
}

#[test]
fn what_runs_write_is_left_out_where_a_reference_is_wide() {
    for inputs in ["'**/*'", "'**/*.lst'", ".", "./", "'*/*'", "[., '{raw,outputs}/*']"] {
        let space = listing(inputs);
        space.file("raw/a.lst", "a\n");
        let first = seen(&space);
        assert_eq!(space.good(&[]).told(), "cached a", "{inputs}");
        space.say(&["cache", "check"]);
        space.file(".git/config.lst", "x\n");
        assert_eq!(space.good(&["--force"]).told(), "ran a", "{inputs}");
        assert_eq!(seen(&space), first, "{inputs}");
        assert!(!space.text("pipeline.lock").contains("pipeline.lock:"), "{inputs}");
    }
}

#[test]
fn what_runs_write_is_no_input_by_name() {
    let space = Space::new(
        "stages:\n  a:\n    cmd: x\n    outputs: { t: t.csv }\n    inputs:\n      a: \
        pipeline.lock\n      \
         b: ./Pipeline.LOCK\n      c: raw/../outputs/t.csv\n      d: OUTPUTS/t.csv\n      \
         e: 'outputs/*.csv'\n      f: .git/config\n      g: '.colophon/**/*'\n      \
         h: sub/.git/config\n      i: res\n      j: folder/t.csv\n      k: 'r*s'\n      \
         n: .COLOPHON/state.json\n",
    );
    space.file("outputs/t.csv", "");
    space.file("sub/.git/config", "");
    space.file("raw/.keep", "");
    link(&space, "outputs/t.csv", "res");
    link(&space, "outputs", "folder");
    let expected = "\
error: `pipeline.lock` is written by runs, not an input
--> pipeline.yaml:8:10
error: `./Pipeline.LOCK` is written by runs, not an input
--> pipeline.yaml:9:10
error: `raw/../outputs/t.csv` is a result, not an input
--> pipeline.yaml:10:10
hint: refer to it as `a.t`
error: `OUTPUTS/t.csv` is a result, not an input
--> pipeline.yaml:11:10
hint: refer to a stage's output by its name
error: `outputs/*.csv` is a result, not an input
--> pipeline.yaml:12:10
hint: refer to a stage's output by its name
error: `.git/config` is git's own
--> pipeline.yaml:13:10
error: `.colophon/**/*` is the program's own
--> pipeline.yaml:14:10
error: `sub/.git/config` is git's own
--> pipeline.yaml:15:10
error: `res` leads to `outputs/t.csv`, which is a result, not an input
--> pipeline.yaml:16:10
hint: refer to a stage's output by its name
error: `folder/t.csv` leads to `outputs/t.csv`, which is a result, not an input
--> pipeline.yaml:17:10
hint: refer to a stage's output by its name
error: `res` leads to `outputs/t.csv`, which is a result, not an input
--> pipeline.yaml:18:10
hint: refer to a stage's output by its name
error: `.COLOPHON/state.json` is the program's own
--> pipeline.yaml:19:10
";
    refused(&space, expected);
    let space = listing("[folder, '*/t.csv']");
    space.file("outputs/t.csv", "");
    link(&space, "outputs", "folder");
    let told = "`folder` leads to `outputs`, which is a result, not an input";
    let said = space.say(&["check"]);
    assert_eq!((said.code, said.err.matches(told).count()), (2, 2), "{}", said.err);
}

#[test]
fn the_data_package_lies_in_the_project_and_is_no_result() {
    let outside = tempfile::tempdir().unwrap();
    let package = "resources: [{ name: t, path: t.csv }]\n";
    std::fs::write(outside.path().join("p.yaml"), package).unwrap();
    let space = listing("raw:t");
    space.file("outputs/p.yaml", package);
    space.file("raw/p.yaml", "resources: [{ name: t, path: res.csv }]\n");
    space.file("outputs/t.csv", "");
    link(&space, outside.path().join("p.yaml").to_str().unwrap(), "out.yaml");
    link(&space, "../outputs/t.csv", "raw/res.csv");
    let stages = space.text("pipeline.yaml");
    let told = |data: &str, expected: &str| {
        space.file("pipeline.yaml", stages.replace("stages:", &format!("data: {data}\nstages:")));
        refused(&space, expected);
    };
    let place = "--> pipeline.yaml:3:7\n";
    let copy = "hint: copy it into the project and declare it there\n";
    let absolute = outside.path().join("p.yaml");
    let absolute = absolute.to_str().unwrap();
    told(
        absolute,
        &format!("error: the input `{absolute}` lies outside the project\n{place}{copy}"),
    );
    told(
        "../p.yaml",
        &format!("error: the input `../p.yaml` lies outside the project\n{place}{copy}"),
    );
    told(
        "out.yaml",
        &format!(
            "error: the input `out.yaml` is a link that leaves the project\n{place}{copy}\
             hint: or let the link lead out of it: `links: [out.yaml]` in `pipeline.yaml`\n"
        ),
    );
    told("outputs/p.yaml", &format!("error: `outputs/p.yaml` is a result, not an input\n{place}"));
    told(
        "raw/p.yaml",
        "error: `raw/res.csv` leads to `outputs/t.csv`, which is a result, not an input\n\
         --> raw/p.yaml:1:30\nhint: refer to a stage's output by its name\n",
    );
}

#[test]
fn what_does_not_match_is_not_judged() {
    for inputs in
        ["'raw/*.csv'", "'raw/**/*.csv'", "'**/*.csv'", "'*/t.csv'", "'{raw,none}/t*.csv'"]
    {
        let space = listing(inputs);
        space.file("raw/t.csv", "");
        link(&space, "nowhere", "raw/dangling");
        link(&space, "/etc/passwd", "raw/outward");
        link(&space, "/etc", "raw/folder");
        link(&space, "raw", "again");
        link(&space, "loop", "raw/loop");
        pipe(&space, "raw/pipe");
        pipe(&space, "pipe.txt");
        let _socket = std::os::unix::net::UnixListener::bind(space.path("raw/socket")).unwrap();
        odd(&space, b"raw/\xff.txt");
        let expected = if inputs == "'*/t.csv'" { "again/t.csv raw/t.csv" } else { "raw/t.csv" };
        assert_eq!(seen(&space), expected, "{inputs}");
    }
}

#[test]
fn what_matches_and_is_no_file_is_told_one_by_one() {
    for inputs in ["'raw/*'", "'raw/*.csv'"] {
        let space = listing(inputs);
        space.file("raw/t.csv", "");
        link(&space, "nowhere", "raw/dangling.csv");
        link(&space, "/etc/passwd", "raw/outward.csv");
        link(&space, "loop.csv", "raw/loop.csv");
        pipe(&space, "raw/pipe.csv");
        let _socket = std::os::unix::net::UnixListener::bind(space.path("raw/socket.csv")).unwrap();
        odd(&space, b"raw/a\xff.csv");
        let at = "--> pipeline.yaml:6:18\n";
        let expected = format!(
            "\
error: the input `raw/dangling.csv` is a link to nothing
{at}hint: put back what it leads to, or correct the link
error: the input `raw/loop.csv` is a link that leads back to itself
{at}hint: correct the link
error: the input `raw/outward.csv` is a link that leaves the project
{at}hint: copy it into the project and declare it there
hint: or let the link lead out of it: `links: [raw/outward.csv]` in `pipeline.yaml`
error: the input `raw/pipe.csv` is not a regular file
{at}hint: an input is a file, a folder or a glob
error: the input `raw/socket.csv` is not a regular file
{at}hint: an input is a file, a folder or a glob
error: the name \"a\\xFF.csv\" in `raw` is not valid UTF-8
{at}hint: rename it, or let the glob leave it out
"
        );
        refused(&space, &expected);
    }
}

#[test]
fn a_folder_is_all_that_lies_in_it() {
    let space = listing("raw/");
    space.file("raw/b/t.csv", "");
    space.file("raw/.hidden/t.csv", "");
    space.file("raw/a", "");
    space.file("data/t.csv", "");
    assert_eq!(seen(&space), "raw/a raw/b/t.csv");
    link(&space, "../data", "raw/linked");
    refused(
        &space,
        "error: `raw/linked` is a link to a folder, which is not followed\n--> pipeline.yaml:6:18\n\
         hint: refer to what it leads to by itself, or take the link away\n",
    );
    space.edit("pipeline.yaml", "f: raw/", "f: [raw/*, raw/linked]");
    assert_eq!(seen(&space), "raw/a raw/linked/t.csv");
}

#[test]
fn hidden_files_are_taken_where_they_are_named() {
    let files =
        [".env", ".hidden/a.csv", ".hidden/.b.csv", "raw/.c.csv", "raw/d.csv", "raw/.e/f.csv"];
    for (inputs, expected) in [
        (".env", ".env"),
        ("'.hidden/*.csv'", ".hidden/a.csv"),
        ("'.hidden/.*.csv'", ".hidden/.b.csv"),
        ("'.h*/[a-z].csv'", ".hidden/a.csv"),
        (".hidden", ".hidden/a.csv"),
        ("'**/*.csv'", "raw/d.csv"),
        ("'**/.*.csv'", "raw/.c.csv"),
        ("'raw/{.c,d}*'", "raw/.c.csv raw/d.csv"),
        ("'raw/*'", "raw/d.csv"),
        ("'raw/?c.csv'", ""),
        ("'raw/.e/**'", "raw/.e/f.csv"),
        ("'**/.e/**/f.csv'", "raw/.e/f.csv"),
    ] {
        let space = listing(inputs);
        files.iter().for_each(|path| space.file(path, ""));
        match expected {
            "" => assert!(space.say(&["check"]).err.contains("matches no file"), "{inputs}"),
            _ => assert_eq!(seen(&space), expected, "{inputs}"),
        }
    }
}

#[test]
fn ways_to_write_one_path() {
    for way in ["raw/t.csv", "./raw/t.csv", "./raw/../raw/t.csv", "raw//t.csv", "raw/./t.csv"] {
        let space = listing(way);
        space.file("raw/t.csv", "");
        assert_eq!(seen(&space), "raw/t.csv", "{way}");
        let lock = space.text("pipeline.lock");
        assert!(lock.contains("\"f raw/t.csv\": "), "{lock}");
    }
    let space = listing("[../x, raw/../../x, '']");
    let absolute = space.path("raw/t.csv").display().to_string();
    space.edit("pipeline.yaml", "''", &format!("'', {absolute}"));
    space.file("raw/t.csv", "");
    let said = space.say(&["check"]);
    same(
        &sentences(&said.err),
        "\
error: the input `../x` lies outside the project
--> pipeline.yaml:6:19
hint: copy it into the project and declare it there
error: the input `raw/../../x` lies outside the project
--> pipeline.yaml:6:25
hint: copy it into the project and declare it there
error: `` refers to nothing
--> pipeline.yaml:6:38
hint: write `.` for the whole project
error: the input `PROJECT/raw/t.csv` is absolute
--> pipeline.yaml:6:42
hint: write `./raw/t.csv`
",
    );
}
