//! Every mistake of `pipeline.yaml` that a user can make, word for word.

use crate::space::{Space, same};

/// Holds `check` of these stages to its words on standard error; nothing may
/// have run or been written.
#[track_caller]
fn told(stages: &str, expected: &str) {
    told_in(&Space::new(stages), &["check"], expected);
}

#[track_caller]
pub(crate) fn told_in(space: &Space, arguments: &[&str], expected: &str) {
    let said = space.say(arguments);
    same(&said.err, expected);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(!space.exists(".colophon"), "something was written");
}

/// A pipeline of one stage that makes one file.
const SOUND: &str = "stages:\n  a: { cmd: 'echo a > {{ outputs.t }}', outputs: { t: a.txt } }\n";

#[test]
fn a_sound_pipeline() {
    let said = Space::new(SOUND).say(&["check"]);
    let told = (said.code, said.out.as_str(), said.err.as_str());
    assert_eq!(told, (0, "`x` is sound: 1 stage, 0 sources\n", ""));
}

#[test]
fn unknown_key() {
    told(
        "stages:\n  a:\n    cmd: touch x\n    inptus: { t: raw.csv }\n    outputs: { t: t.csv }\n",
        r"
error: unknown key `inptus` in `stages.a`
 --> pipeline.yaml:6:5
  |
6 |     inptus: { t: raw.csv }
  |     ^^^^^^
hint: did you mean `inputs`?
",
    );
    told(
        "colour: red\nstages: {}\n",
        r"
error: unknown key `colour` in the file
 --> pipeline.yaml:3:1
  |
3 | colour: red
  | ^^^^^^
hint: known: `data`, `date`, `links`, `name`, `params`, `profiles`, `seed`, `stages`, `version`
",
    );
}

#[test]
fn duplicate_key() {
    told(
        "stages:\n  a:\n    cmd: touch x\n    outputs: { t: t.csv }\n    outputs: { t: u.csv }\n",
        r"
error: `outputs` stands twice, first in line 6
 --> pipeline.yaml:7:5
  |
7 |     outputs: { t: u.csv }
  |     ^^^^^^^
",
    );
    told(
        "stages:\n  a: { cmd: x, outputs: { t: t.csv } }\n  a: { cmd: x, outputs: { t: u.csv } }\n",
        r"
error: `a` stands twice, first in line 4
 --> pipeline.yaml:5:3
  |
5 |   a: { cmd: x, outputs: { t: u.csv } }
  |   ^
",
    );
}

#[test]
fn wrong_types_all_at_once_in_the_order_of_the_file() {
    told(
        "seed: one\nstages:\n  a:\n    cmd: 3\n    inputs: raw.csv\n    timeout: 30\n  b:\n    \
         cmd: touch x\n    outputs: { t: 5 }\n",
        r"
error: `seed` must be a whole number, not text
 --> pipeline.yaml:3:7
  |
3 | seed: one
  |       ^^^
error: `stages.a` lacks `outputs`
 --> pipeline.yaml:5:3
  |
5 |   a:
  |   ^
error: `stages.a.cmd` must be text or a list, not a whole number
 --> pipeline.yaml:6:10
  |
6 |     cmd: 3
  |          ^
error: `stages.a.inputs` must be a map, not text
 --> pipeline.yaml:7:13
  |
7 |     inputs: raw.csv
  |             ^^^^^^^
error: `stages.a.timeout` must be text, not a whole number
 --> pipeline.yaml:8:14
  |
8 |     timeout: 30
  |              ^^
error: `stages.b.outputs.t` must be text, not a whole number
  --> pipeline.yaml:11:19
   |
11 |     outputs: { t: 5 }
   |                   ^
",
    );
}

#[test]
fn missing_input() {
    told(
        "stages:\n  a: { cmd: x, inputs: { t: raw.csv, u: bb.t }, outputs: { t: t.csv } }\n  \
         bbb: { cmd: x, inputs: { t: a.tt, u: a, v: '*.csv' }, outputs: { t: u.csv } }\n",
        r"
error: `raw.csv` is neither a stage's output nor a file
 --> pipeline.yaml:4:29
  |
4 |   a: { cmd: x, inputs: { t: raw.csv, u: bb.t }, outputs: { t: t.csv } }
  |                             ^^^^^^^
error: `bb.t` is neither a stage's output nor a file
 --> pipeline.yaml:4:41
  |
4 |   a: { cmd: x, inputs: { t: raw.csv, u: bb.t }, outputs: { t: t.csv } }
  |                                         ^^^^
hint: did you mean `bbb`?
error: stage `a` has no output `tt`
 --> pipeline.yaml:5:31
  |
5 |   bbb: { cmd: x, inputs: { t: a.tt, u: a, v: '*.csv' }, outputs: { t: u.csv } }
  |                               ^^^^
hint: did you mean `t`?
error: `a` names a stage, not an output of it
 --> pipeline.yaml:5:40
  |
5 |   bbb: { cmd: x, inputs: { t: a.tt, u: a, v: '*.csv' }, outputs: { t: u.csv } }
  |                                        ^
hint: write `a.t`
error: `*.csv` matches no file
 --> pipeline.yaml:5:46
  |
5 |   bbb: { cmd: x, inputs: { t: a.tt, u: a, v: '*.csv' }, outputs: { t: u.csv } }
  |                                              ^^^^^^^
",
    );
}

#[test]
fn inputs_that_are_none() {
    told(
        "stages:\n  a:\n    cmd: x\n    inputs:\n      t: /etc/passwd\n      u: ../x\n      \
         v: outputs/b.txt\n      w: .colophon/state.json\n    outputs: { t: t.csv }\n  \
         b: { cmd: x, outputs: { made: b.txt } }\n",
        r"
error: the input `/etc/passwd` lies outside the project
 --> pipeline.yaml:7:10
  |
7 |       t: /etc/passwd
  |          ^^^^^^^^^^^
hint: copy it into the project and declare it there
error: the input `../x` lies outside the project
 --> pipeline.yaml:8:10
  |
8 |       u: ../x
  |          ^^^^
hint: copy it into the project and declare it there
error: `outputs/b.txt` is a result, not an input
 --> pipeline.yaml:9:10
  |
9 |       v: outputs/b.txt
  |          ^^^^^^^^^^^^^
hint: refer to it as `b.made`
error: `.colophon/state.json` is the program's own
  --> pipeline.yaml:10:10
   |
10 |       w: .colophon/state.json
   |          ^^^^^^^^^^^^^^^^^^^^
",
    );
}

#[test]
fn unknown_function() {
    told(
        "stages:\n  a: { uses: clean, outputs: { t: t.csv } }\n  b: { outputs: { t: u.csv } }\n  \
         c: { uses: clean, cmd: y, outputs: { t: v.csv } }\n",
        r"
error: no function `clean`
 --> pipeline.yaml:4:14
  |
4 |   a: { uses: clean, outputs: { t: t.csv } }
  |              ^^^^^
hint: this program has no functions; use `cmd`
error: stage `b` has neither `uses` nor `cmd`
 --> pipeline.yaml:5:3
  |
5 |   b: { outputs: { t: u.csv } }
  |   ^
hint: `uses` names a function, `cmd` a program
error: stage `c` has both `uses` and `cmd`
 --> pipeline.yaml:6:21
  |
6 |   c: { uses: clean, cmd: y, outputs: { t: v.csv } }
  |                     ^^^
",
    );
}

#[test]
fn a_cycle() {
    told(
        "stages:\n  a: { cmd: x, inputs: { t: c.t }, outputs: { t: a.csv } }\n  \
         b: { cmd: x, inputs: { t: a.t }, outputs: { t: b.csv } }\n  \
         c: { cmd: x, inputs: { t: b.t }, outputs: { t: c.csv } }\n",
        r"
error: the stages form a cycle: a -> b -> c -> a
 --> pipeline.yaml:4:3
  |
4 |   a: { cmd: x, inputs: { t: c.t }, outputs: { t: a.csv } }
  |   ^
hint: take one of `b`, `c`, `a` out of the others' inputs
",
    );
}

#[test]
fn a_cycle_of_one() {
    told(
        "stages:\n  a: { cmd: x, inputs: { t: a.t }, outputs: { t: a.csv } }\n",
        r"
error: stage `a` takes its own output
 --> pipeline.yaml:4:3
  |
4 |   a: { cmd: x, inputs: { t: a.t }, outputs: { t: a.csv } }
  |   ^
hint: take it out of its inputs
",
    );
}

#[test]
fn a_name_that_is_none() {
    told(
        "stages:\n  a b: { cmd: x, outputs: { t: t.csv } }\n",
        r"
error: `a b` can't be the name of a stage
 --> pipeline.yaml:4:3
  |
4 |   a b: { cmd: x, outputs: { t: t.csv } }
  |   ^^^
hint: names hold letters, digits, `_` and `-`
",
    );
}

#[test]
fn bad_timeouts() {
    told(
        "stages:\n  a: { cmd: x, timeout: soon, outputs: { t: t.csv } }\n  \
         b: { cmd: x, timeout: 0s, outputs: { t: u.csv } }\n",
        r"
error: `soon` is not a duration such as `90s`, `30m` or `2h`
 --> pipeline.yaml:4:25
  |
4 |   a: { cmd: x, timeout: soon, outputs: { t: t.csv } }
  |                         ^^^^
error: `0s` is not a duration such as `90s`, `30m` or `2h`
 --> pipeline.yaml:5:25
  |
5 |   b: { cmd: x, timeout: 0s, outputs: { t: u.csv } }
  |                         ^^
",
    );
}

#[test]
fn a_date_that_is_none() {
    told(
        "date: 12.9.2024\nstages:\n  a: { cmd: x, outputs: { t: t.csv } }\n",
        r"
error: `12.9.2024` is not a date
 --> pipeline.yaml:3:7
  |
3 | date: 12.9.2024
  |       ^^^^^^^^^
hint: write it as `YYYY-MM-DD`, in quotes
",
    );
}

#[test]
fn unknown_stage_on_the_command_line() {
    let said = Space::new(SOUND).say(&["run", "aa", "outputs/b.txt"]);
    let expected = "error: no stage `aa`\nhint: did you mean `a`?\n\
                    error: no stage `outputs/b.txt`\nhint: did you mean `outputs/a.txt`?\n";
    same(&said.err, expected);
    assert_eq!(said.code, 2);
}

#[test]
fn unknown_profile() {
    let space = Space::new(&format!("profiles: {{ licensed: {{}} }}\n{SOUND}"));
    told_in(
        &space,
        &["run", "--profile", "licence"],
        "error: no profile `licence`\n--> pipeline.yaml\nhint: did you mean `licensed`?\n",
    );
    let space = Space::new(&format!("profiles: {{ p: {{ inputs: {{ a.x: y }} }} }}\n{SOUND}"));
    told_in(
        &space,
        &["run", "--profile", "p"],
        r"
error: no stage has the input `a.x`
 --> pipeline.yaml:3:28
  |
3 | profiles: { p: { inputs: { a.x: y } } }
  |                            ^^^
hint: an override is written `stage.role`
",
    );
}

#[test]
fn templates() {
    told(
        "params: { limit: 3 }\nstages:\n  \
         a: { cmd: 'echo {{ params.limt }}', outputs: { t: a } }\n  \
         b: { cmd: [echo, '{{ params.limt }}'], outputs: { t: b } }\n  \
         c: { cmd: 'echo {% if x %}{% endif %}', outputs: { t: c } }\n  \
         d: { cmd: x, outputs: { t: '{{ outputs.t }}.csv' } }\n",
        r"
error: `params.limt` is not defined
 --> pipeline.yaml:5:19
  |
5 |   a: { cmd: 'echo {{ params.limt }}', outputs: { t: a } }
  |                   ^^^^^^^^^^^^^^^^^
hint: did you mean `limit`?
error: `params.limt` is not defined
 --> pipeline.yaml:6:21
  |
6 |   b: { cmd: [echo, '{{ params.limt }}'], outputs: { t: b } }
  |                     ^^^^^^^^^^^^^^^^^
hint: did you mean `limit`?
error: templates hold expressions `{{ … }}` only, no statements `{% … %}`
 --> pipeline.yaml:7:19
  |
7 |   c: { cmd: 'echo {% if x %}{% endif %}', outputs: { t: c } }
  |                   ^^
error: `outputs.t` is not defined
 --> pipeline.yaml:8:31
  |
8 |   d: { cmd: x, outputs: { t: '{{ outputs.t }}.csv' } }
  |                               ^^^^^^^^^^^^^^^
hint: known: `matrix`, `params`
",
    );
}

#[test]
fn commands_that_are_none() {
    told(
        "stages:\n  a: { cmd: [], outputs: { t: a } }\n  b: { cmd: ' ', outputs: { t: b } }\n  \
         c: { cmd: x, params: { n: 1 }, outputs: { t: c } }\n",
        r"
error: the command is empty
 --> pipeline.yaml:4:13
  |
4 |   a: { cmd: [], outputs: { t: a } }
  |             ^
error: the command is empty
 --> pipeline.yaml:5:13
  |
5 |   b: { cmd: ' ', outputs: { t: b } }
  |             ^^^
error: stage `c` has `params`, which a command can't see
 --> pipeline.yaml:6:16
  |
6 |   c: { cmd: x, params: { n: 1 }, outputs: { t: c } }
  |                ^^^^^^
hint: write them into the command: `{{ params.name }}`
",
    );
}
