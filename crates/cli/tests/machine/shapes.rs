//! Mistakes of paths, of the data package, and files that are no pipeline.

use std::time::{Duration, Instant};

use crate::mistakes::told_in;
use crate::space::Space;

#[track_caller]
fn told(stages: &str, expected: &str) {
    told_in(&Space::new(stages), &["check"], expected);
}

/// Holds `check` of a file with these bytes to its words.
#[track_caller]
fn told_of(bytes: impl AsRef<[u8]>, expected: &str) {
    let space = Space::empty();
    space.file("pipeline.yaml", bytes);
    told_in(&space, &["check"], expected);
}

#[test]
fn two_producers_of_one_path() {
    told(
        "stages:\n  a: { cmd: x, outputs: { t: t.csv, u: t.csv } }\n  \
         b: { cmd: x, outputs: { t: T.csv } }\n  c: { cmd: x, outputs: { t: t.csv/c } }\n",
        r"
error: `a.u` and `a.t` make the same path
 --> pipeline.yaml:4:40
  |
4 |   a: { cmd: x, outputs: { t: t.csv, u: t.csv } }
  |                                        ^^^^^
hint: give one of them another path
error: `b.t` and `a.t` make the same path
 --> pipeline.yaml:5:30
  |
5 |   b: { cmd: x, outputs: { t: T.csv } }
  |                              ^^^^^
hint: give one of them another path
error: `c.t` lies inside `a.t`, which is a file
 --> pipeline.yaml:6:30
  |
6 |   c: { cmd: x, outputs: { t: t.csv/c } }
  |                              ^^^^^^^
",
    );
}

#[test]
fn two_cells_that_make_one_path() {
    told(
        "stages:\n  a:\n    cmd: x\n    matrix: { m: [p, q] }\n    outputs: { t: t.csv }\n  \
         b:\n    cmd: x\n    matrix: { m: [n/m, n_m] }\n    outputs: { t: '{{ matrix.m }}.csv' }\n",
        r"
error: `a@q.t` and `a@p.t` make the same path
 --> pipeline.yaml:7:19
  |
7 |     outputs: { t: t.csv }
  |                   ^^^^^
hint: let the path name the cell, as in `{{ matrix.… }}`
error: two cells are named `b@n_m`
  --> pipeline.yaml:10:5
   |
10 |     matrix: { m: [n/m, n_m] }
   |     ^^^^^^
",
    );
}

#[test]
fn cells_that_are_none() {
    told(
        "stages:\n  a:\n    cmd: x\n    matrix: { m: [p, q] }\n    \
         outputs: { t: '{{ matrix.m }}.csv' }\n  \
         b: { cmd: x, inputs: { t: a.t, u: a@pp.t }, outputs: { t: b } }\n",
        r"
error: `a` has 2 cells; say which
 --> pipeline.yaml:8:29
  |
8 |   b: { cmd: x, inputs: { t: a.t, u: a@pp.t }, outputs: { t: b } }
  |                             ^^^
hint: `a@p.t` is one, `a@*.t` all
error: no cell `a@pp`
 --> pipeline.yaml:8:37
  |
8 |   b: { cmd: x, inputs: { t: a.t, u: a@pp.t }, outputs: { t: b } }
  |                                     ^^^^^^
hint: did you mean `a@p`?
",
    );
}

#[test]
fn output_paths_stay_below_outputs() {
    let space = Space::new(
        "stages:\n  a: { cmd: x, outputs: { t: /t } }\n  b: { cmd: x, outputs: { t: ../t } }\n  \
         c: { cmd: x, outputs: { t: link/t } }\n  d: { cmd: x, outputs: { t: folder/ } }\n  \
         e: { cmd: x, outputs: { t: a/../../t } }\n  f: { cmd: x, outputs: { t: ./t } }\n",
    );
    space.file("outputs/.keep", "");
    std::os::unix::fs::symlink("/tmp", space.path("outputs/link")).unwrap();
    told_in(
        &space,
        &["check"],
        r"
error: the output path `/t` is absolute
 --> pipeline.yaml:4:30
  |
4 |   a: { cmd: x, outputs: { t: /t } }
  |                              ^^
hint: paths of outputs are relative to `outputs/`
error: the output path `../t` leaves the project
 --> pipeline.yaml:5:30
  |
5 |   b: { cmd: x, outputs: { t: ../t } }
  |                              ^^^^
hint: paths of outputs are relative to `outputs/`
error: the output path `link/t` goes through `outputs/link`, a symbolic link
 --> pipeline.yaml:6:30
  |
6 |   c: { cmd: x, outputs: { t: link/t } }
  |                              ^^^^^^
hint: a link may lead out of the project; make it a folder
error: the output path `folder/` is not the path of a file
 --> pipeline.yaml:7:30
  |
7 |   d: { cmd: x, outputs: { t: folder/ } }
  |                              ^^^^^^^
hint: paths of outputs are relative to `outputs/`
error: the output path `a/../../t` leaves the project
 --> pipeline.yaml:8:30
  |
8 |   e: { cmd: x, outputs: { t: a/../../t } }
  |                              ^^^^^^^^^
hint: paths of outputs are relative to `outputs/`
error: the output path `./t` is not written plainly
 --> pipeline.yaml:9:30
  |
9 |   f: { cmd: x, outputs: { t: ./t } }
  |                              ^^^
hint: paths of outputs are relative to `outputs/`
",
    );
}

#[test]
fn an_output_where_outputs_is_a_link() {
    let space = Space::new("stages:\n  a: { cmd: x, outputs: { t: t } }\n");
    std::os::unix::fs::symlink("/tmp", space.path("outputs")).unwrap();
    told_in(
        &space,
        &["check"],
        r"
error: the output path `t` goes through `outputs`, a symbolic link
 --> pipeline.yaml:4:30
  |
4 |   a: { cmd: x, outputs: { t: t } }
  |                              ^
hint: a link may lead out of the project; make it a folder
",
    );
}

#[test]
fn an_input_through_a_link_that_leaves_the_project() {
    let space = Space::new("stages:\n  a: { cmd: x, inputs: { t: link }, outputs: { t: t } }\n");
    std::os::unix::fs::symlink("/etc/passwd", space.path("link")).unwrap();
    told_in(
        &space,
        &["check"],
        r"
error: the input `link` is a link that leaves the project
 --> pipeline.yaml:4:29
  |
4 |   a: { cmd: x, inputs: { t: link }, outputs: { t: t } }
  |                             ^^^^
hint: copy it into the project and declare it there
hint: or let the link lead out of it: `links: [link]` in `pipeline.yaml`
",
    );
}

#[test]
fn a_file_named_like_a_stage() {
    let space = Space::new(
        "stages:\n  a: { cmd: cp a.txt outputs, inputs: { t: a.txt }, outputs: { t: a.txt } }\n",
    );
    space.file("a.txt", "a\n");
    told_in(
        &space,
        &["check"],
        r"
error: stage `a` has no output `txt`
 --> pipeline.yaml:4:44
  |
4 |   a: { cmd: cp a.txt outputs, inputs: { t: a.txt }, outputs: { t: a.txt } }
  |                                            ^^^^^
hint: known: `t`
hint: the file of that name is `./a.txt`
",
    );
    space.edit("pipeline.yaml", "t: a.txt }, o", "t: ./a.txt }, o");
    assert_eq!(space.good(&[]).told(), "ran a");
}

#[test]
fn no_pipeline() {
    let hint = "hint: `colophon init` writes a pipeline to start from\n";
    let empty = format!("error: the file is empty\n--> pipeline.yaml\n{hint}");
    told_of("", &empty);
    told_of("# only\n\n# comments\n", &empty);
    let missing = "error: cannot read `pipeline.yaml`: no such file or directory\n";
    told_in(&Space::empty(), &["run"], &format!("{missing}{hint}"));
}

#[test]
fn tabs() {
    told_of(
        "version: 1\nname: x\nstages:\n\ta:\n\t\tcmd: x\n",
        "error: tabs disallowed within this context (block indentation)\n --> pipeline.yaml:4:2\n  \
         |\n4 |     a:\n  |     ^\nhint: YAML is indented with spaces, this line has a tab\n",
    );
}

#[test]
fn a_bomb_of_aliases_is_refused_at_once() {
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for i in 1..10 {
        let aliases = vec![format!("*a{}", i - 1); 10].join(",");
        bomb += &format!("a{i}: &a{i} [{aliases}]\n");
    }
    let begun = Instant::now();
    told_of(
        bomb,
        r"
error: aliases (`*name`) expand to too much
 --> pipeline.yaml:5:10
  |
5 | a4: &a4 [*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3]
  |          ^
",
    );
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn a_hundred_thousand_brackets() {
    for text in ["[".repeat(100_000), "a: ".to_string() + &"{a: ".repeat(100_000)] {
        let space = Space::empty();
        space.file("pipeline.yaml", text);
        let said = space.say(&["check"]);
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.starts_with("error: the file is nested too deeply\n"), "{}", said.err);
        assert!(said.err.len() < 1000, "the whole line was shown");
    }
}

#[test]
fn bytes_that_are_no_text() {
    told_of(
        b"version: 1\nname: \xff\xfe\n",
        "error: byte 0xff is not valid UTF-8\n --> pipeline.yaml:2:7\n  |\n\
         2 | name: \u{fffd}\u{fffd}\n  |       ^\nhint: save the file as UTF-8\n",
    );
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_accepted() {
    let space = Space::empty();
    let text = "\u{feff}version: 1\r\nname: x\r\nstages:\r\n  a:\r\n    \
                cmd: 'echo a > {{ outputs.t }}'\r\n    outputs: { t: a.txt }\r\n";
    space.file("pipeline.yaml", text);
    assert_eq!(space.good(&[]).told(), "ran a");
    assert_eq!(space.text("outputs/a.txt"), "a\n");
}

const RAW: &str = "data: raw/datapackage.yaml\nstages:\n  \
                   a: { cmd: x, inputs: { t: raw:tabel }, outputs: { t: t } }\n";

#[test]
fn a_missing_data_package() {
    told(
        RAW,
        r"
error: cannot read `raw/datapackage.yaml`: no such file or directory
 --> pipeline.yaml:3:7
  |
3 | data: raw/datapackage.yaml
  |       ^^^^^^^^^^^^^^^^^^^^
",
    );
    told(
        "stages:\n  a: { cmd: x, inputs: { t: raw:table }, outputs: { t: t } }\n",
        r"
error: `raw:table` needs a data package
 --> pipeline.yaml:4:29
  |
4 |   a: { cmd: x, inputs: { t: raw:table }, outputs: { t: t } }
  |                             ^^^^^^^^^
hint: declare one: `data: raw/datapackage.yaml`
",
    );
}

#[test]
fn mistakes_of_a_data_package() {
    let space = Space::new(RAW);
    let package =
        "resources:\n- name: table\n  path: [t.csv]\n- labels: synthetic\n  path: u.csv\n";
    space.file("raw/datapackage.yaml", package);
    told_in(
        &space,
        &["check"],
        r"
error: `resources[0].path` must be text, not a list
 --> raw/datapackage.yaml:3:9
  |
3 |   path: [t.csv]
  |         ^
error: `resources[1]` lacks `name`
 --> raw/datapackage.yaml:4:3
  |
4 | - labels: synthetic
  |   ^
error: `resources[1].labels` must be a list, not text
 --> raw/datapackage.yaml:4:11
  |
4 | - labels: synthetic
  |           ^^^^^^^^^
",
    );
}

#[test]
fn a_resource_that_is_not_there() {
    let space = Space::new(RAW);
    space.edit("pipeline.yaml", "raw:tabel", "[raw:tabel, raw:table, raw/t.csv]");
    space.file("raw/datapackage.yaml", "resources:\n- name: table\n  path: t.csv\n");
    told_in(
        &space,
        &["check"],
        r"
error: the data package has no resource `tabel`
 --> pipeline.yaml:5:30
  |
5 |   a: { cmd: x, inputs: { t: [raw:tabel, raw:table, raw/t.csv] }, outputs: { t: t } }
  |                              ^^^^^^^^^
hint: did you mean `table`?
error: `raw/t.csv` is neither a stage's output nor a file
 --> pipeline.yaml:5:52
  |
5 |   a: { cmd: x, inputs: { t: [raw:tabel, raw:table, raw/t.csv] }, outputs: { t: t } }
  |                                                    ^^^^^^^^^
error: the file `raw/t.csv` of `raw:table` is missing
 --> raw/datapackage.yaml:3:9
  |
3 |   path: t.csv
  |         ^^^^^
hint: put the file there, or correct `path`
",
    );
}
