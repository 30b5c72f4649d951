//! Templates: what reaches paths, commands and environments, and what is told
//! instead.

use std::time::{Duration, Instant};

use crate::mistakes::told_in;
use crate::space::{Space, same};

#[track_caller]
fn told(stages: &str, expected: &str) {
    told_in(&Space::new(stages), &["check"], expected);
}

/// A project with these parameters and one stage of this command.
fn one(params: &str, command: &str) -> Space {
    Space::new(&format!(
        "params: {params}\nstages:\n  a:\n    cmd: {command}\n    outputs: {{ t: a.txt }}\n"
    ))
}

#[test]
fn what_was_written_reaches_commands_paths_and_names() {
    let space = Space::new(
        "params: { id: 007, tag: 1e3, sum: 1.10 }\nstages:\n  a:\n    matrix:\n      \
         m: [001, 1_000, 0x1F, 20240131123456789012, true, 2024-01-01, 1.5, 7]\n    \
         cmd: echo {{ matrix.m }} {{ params.id }} $TAG > {{ outputs.t }}\n    \
         env: { TAG: '{{ params.tag }}-{{ params.sum }}' }\n    \
         outputs: { t: 'a-{{ matrix.m }}.txt' }\n  b:\n    \
         cmd: [touch, '{{ outputs.t }}', '{{ outputs.u }}']\n    inputs: { x: a@001.t }\n    \
         outputs: { t: 'b{{ params.id }}', u: 'b{{ params.tag ~ \"x\" }}' }\n",
    );
    let words = ["001", "1_000", "0x1F", "20240131123456789012", "true", "2024_01_01", "1.5", "7"];
    let mut cells: Vec<_> = words.iter().map(|word| format!("a@{word}")).collect();
    cells.push("b".into());
    cells.sort();
    assert_eq!(space.good(&[]).ran, cells);
    for word in words.map(|word| word.replace('_', if word.len() > 7 { "-" } else { "_" })) {
        let text = space.text(&format!("outputs/a-{word}.txt"));
        assert_eq!(text, format!("{word} 007 1e3-1.10\n"));
    }
    assert!(space.exists("outputs/b007") && space.exists("outputs/b1e3x"));
}

#[test]
fn a_value_is_never_executed() {
    let value = "'; touch $HOME/../owned; '$(touch owned)`touch owned`\nEOF\ntouch owned\n";
    let quoted = serde_json::Value::from(value).to_string();
    for command in [
        "printf %s {{ params.x }} > {{ outputs.t }}",
        "[sh, -c, 'printf %s \"$1\" > $2', sh, '{{ params.x }}', '{{ outputs.t }}']",
        "|\n      x={{ params.x }}\n      cat > {{ outputs.t }} <<EOF\n      $x\n      EOF\n",
        "printf %s \"$X\" > {{ outputs.t }}\n    env: { X: '{{ params.x }}' }",
    ] {
        let space = one(&format!("{{ x: {quoted} }}"), command);
        space.good(&[]);
        assert_eq!(space.text("outputs/a.txt").trim_end(), value.trim_end(), "{command}");
        assert!(space.files("").iter().all(|path| !path.contains("owned")), "{command}");
    }
    let space = one(
        &format!("{{ x: {quoted} }}"),
        "|\n      echo '{{ params.x }}' \"{{ params.x }}\" `{{ params.x }}` # {{ params.x }}\n\
         \x20     \
         cat <<EOF\n      {{ params.x }}\n      EOF\n      sh -c {{ params.x }}\n",
    );
    let story = space.run(&[]);
    assert_eq!((story.code, story.problems.len()), (2, 6), "{story:?}");
    assert!(!space.exists(".colophon"));
}

#[test]
fn places_in_commands_are_told_where_they_are() {
    told(
        "params: { x: v }\nstages:\n  a:\n    cmd: >-\n      \
         echo 'it''s' \"{{ params.x }}\"\n      \
         && sh -c 'cat {{ params.x }}'\n    outputs: { t: a }\n  b:\n    \
         cmd: [bash, -euo, pipefail, -c, 'echo {{ params.x }}']\n    outputs: { t: b }\n",
        r#"
error: `{{ params.x }}` stands within quotes, which its value could end
 --> pipeline.yaml:7:21
  |
7 |       echo 'it''s' "{{ params.x }}"
  |                     ^^^^^^^^^^^^^^
hint: end the quotes before it and begin them again behind it: what is inserted is quoted already
error: `sh` could execute the value of `{{ params.x }}`
 --> pipeline.yaml:8:21
  |
8 |       && sh -c 'cat {{ params.x }}'
  |                     ^^^^^^^^^^^^^^
hint: pass it as an argument: `sh -c '… "$1" …' sh {{ params.x }}`
error: `bash` could execute the value of `{{ params.x }}`
  --> pipeline.yaml:11:43
   |
11 |     cmd: [bash, -euo, pipefail, -c, 'echo {{ params.x }}']
   |                                           ^^^^^^^^^^^^^^
hint: pass it as an argument: `[bash, -c, '… "$1" …', bash, '{{ params.x }}']`
"#,
    );
}

#[test]
fn paths_that_begin_with_a_dash() {
    let space = Space::new(
        "stages:\n  a:\n    cmd: cat {{ inputs.one }} {{ inputs.all }} > {{ outputs.t }}\n    \
         inputs: { one: -n, all: '-*.csv' }\n    outputs: { t: a.txt }\n  b:\n    \
         cmd: [cp, '{{ inputs.one }}', '{{ outputs.t }}']\n    inputs: { one: -n }\n    \
         outputs: { t: b.txt }\n",
    );
    for (path, text) in [("-n", "n\n"), ("-a.csv", "a\n"), ("-b.csv", "b\n")] {
        space.file(path, text);
    }
    space.good(&[]);
    assert_eq!(space.text("outputs/a.txt"), "n\na\nb\n");
    assert_eq!(space.text("outputs/b.txt"), "n\n");
}

#[test]
fn what_looks_like_syntax_of_jinja_reaches_the_shell() {
    let space = one(
        "{ n: 3 }",
        "|\n      s=abc\n      \
         echo ${#s} '{# a #}' {{ params.n }} '{%s}' {{ '{{' }}x}} > {{ outputs.t }}\n",
    );
    space.good(&[]);
    assert_eq!(space.text("outputs/a.txt"), "3 {# a #} 3 {%s} {{x}}\n");
}

#[test]
fn names_that_are_not_defined_are_all_told() {
    let space = Space::new(
        "stages:\n  a:\n    cmd: echo {{ params.a }} {{ inputs.b }} {{ ouputs.t }} {{ date }}\n    \
         outputs: { t: 'a-{{ date }}' }\n",
    );
    let date = "`date` is not defined\nhint: add `date: \"YYYY-MM-DD\"` to `pipeline.yaml`";
    let told = [
        "`params.a` is not defined\nhint: declare it in `params:`, which is empty",
        "`inputs.b` is not defined\nhint: declare it in `inputs:`, which is empty",
        "`ouputs.t` is not defined\nhint: did you mean `outputs`?",
        date,
        date,
    ];
    assert_eq!(space.run(&[]).problems, told);
    let said = space.say(&["check"]);
    let first = "error: `params.a` is not defined
 --> pipeline.yaml:5:15
  |
5 |     cmd: echo {{ params.a }} {{ inputs.b }} {{ ouputs.t }} {{ date }}
  |               ^^^^^^^^^^^^^^
hint: declare it in `params:`, which is empty
";
    assert!(said.err.starts_with(first), "{}", said.err);
}

#[test]
fn a_date_that_is_not_declared() {
    told(
        "stages:\n  a:\n    cmd: echo > {{ outputs.t }}\n    outputs: { t: 'a-{{ date }}' }\n",
        r#"
error: `date` is not defined
 --> pipeline.yaml:6:22
  |
6 |     outputs: { t: 'a-{{ date }}' }
  |                      ^^^^^^^^^^
hint: add `date: "YYYY-MM-DD"` to `pipeline.yaml`
"#,
    );
}

#[test]
fn names_with_dashes_and_values_that_are_none() {
    told(
        "params: { none: }\nstages:\n  a:\n    cmd: echo > {{ outputs.my-out }}\n    \
         outputs: { my-out: 'a{{ params.none }}' }\n",
        r#"
error: `outputs.my-out` is read as a subtraction
 --> pipeline.yaml:6:17
  |
6 |     cmd: echo > {{ outputs.my-out }}
  |                 ^^^^^^^^^^^^^^^^^^^^
hint: write `{{ outputs["my-out"] }}`
error: there is no value to insert
 --> pipeline.yaml:7:26
  |
7 |     outputs: { my-out: 'a{{ params.none }}' }
  |                          ^^^^^^^^^^^^^^^^^
hint: give it one; an empty text is `""`
"#,
    );
}

#[test]
fn templates_are_bounded() {
    let chain = "|replace('.', params.x)".repeat(9);
    let space = Space::new(&format!(
        "params: {{ x: '..........', n: 10000000000 }}\nstages:\n  a:\n    \
         cmd: echo {{{{ params.x|indent(10**10) }}}}\n    env:\n      \
         A: \"{{{{ params.x{chain} }}}}\"\n      B: '{{{{ params.x * params.n }}}}'\n      \
         C: '{{{{ {}1 }}}}'\n    outputs: {{ t: \"{{{{ '%99999999d'|format(1) }}}}\" }}\n",
        "1 + ".repeat(1000)
    ));
    let begun = Instant::now();
    let story = space.run(&[]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let said: Vec<_> = story.problems.iter().map(|text| text.lines().next().unwrap()).collect();
    let told = [
        "there is no filter `indent`",
        "`replace` would make a text of more than 1 MiB",
        "an expression with `*` holds numbers only",
        "an expression has at most 1000 characters",
        "`format` would make a text of more than 1 MiB",
    ];
    assert_eq!((story.code, &said[..]), (2, &told[..]));
}

#[test]
fn an_axis_holds_texts_numbers_and_booleans() {
    told(
        "stages:\n  a:\n    cmd: x\n    matrix:\n      \
         m: [~, '{{ date }}', [a], { b: c }, ok]\n      \
         n: []\n    outputs: { t: 'a-{{ matrix.m }}' }\n",
        r#"
error: a value of axis `m` of stage `a` is empty
 --> pipeline.yaml:7:11
  |
7 |       m: [~, '{{ date }}', [a], { b: c }, ok]
  |           ^
hint: write it in quotes where a text is meant: `"~"`, `"null"`, `""`
error: a value of axis `m` of stage `a` holds a template
 --> pipeline.yaml:7:14
  |
7 |       m: [~, '{{ date }}', [a], { b: c }, ok]
  |              ^^^^^^^^^^^^
hint: write the value as it is; templates are for what uses the axis
error: a value of axis `m` of stage `a` is a list
 --> pipeline.yaml:7:28
  |
7 |       m: [~, '{{ date }}', [a], { b: c }, ok]
  |                            ^
hint: an axis holds texts, numbers, `true` and `false`
error: a value of axis `m` of stage `a` is a map
 --> pipeline.yaml:7:33
  |
7 |       m: [~, '{{ date }}', [a], { b: c }, ok]
  |                                 ^
hint: an axis holds texts, numbers, `true` and `false`
error: axis `n` of stage `a` has no values
 --> pipeline.yaml:8:7
  |
8 |       n: []
  |       ^
"#,
    );
}

#[test]
fn labels_are_words_and_leave_for_a_reason() {
    let space = Space::new(
        "data: raw/datapackage.yaml\nstages:\n  a:\n    cmd: x\n    inputs: { t: raw:t }\n    \
         labels: [a b, '']\n    declassify: { labels: [licensed, secret], reason: ' ' }\n    \
         outputs: { t: a }\n  b:\n    cmd: x\n    inputs: { t: a.t }\n    \
         declassify: { labels: [], reason: none }\n    outputs: { t: b }\n",
    );
    space.file("raw/t.csv", "");
    space.file(
        "raw/datapackage.yaml",
        "resources:\n- { name: t, path: t.csv, labels: [licensed, not yet] }\n",
    );
    told_in(
        &space,
        &["check"],
        r"
error: label `a b` of stage `a` holds a space
 --> pipeline.yaml:8:14
  |
8 |     labels: [a b, '']
  |              ^^^
hint: a label is one word, as in `not-published`
error: a label of stage `a` is empty
 --> pipeline.yaml:8:19
  |
8 |     labels: [a b, '']
  |                   ^^
hint: write a word, or leave it out
error: `declassify` of stage `a` gives no reason
 --> pipeline.yaml:9:55
  |
9 |     declassify: { labels: [licensed, secret], reason: ' ' }
  |                                                       ^^^
hint: say why the outputs no longer carry the label
error: `declassify` of stage `b` names no label
  --> pipeline.yaml:14:5
   |
14 |     declassify: { labels: [], reason: none }
   |     ^^^^^^^^^^
hint: name one, or leave it out
error: label `not yet` of resource `t` holds a space
 --> raw/datapackage.yaml:2:46
  |
2 | - { name: t, path: t.csv, labels: [licensed, not yet] }
  |                                              ^^^^^^^
hint: a label is one word, as in `not-published`
",
    );
}

#[test]
fn a_label_that_only_a_profile_brings_may_be_taken_away() {
    let space = Space::new(
        "data: raw/datapackage.yaml\nprofiles:\n  full: { inputs: { a.t: raw:t } }\nstages:\n  \
         a:\n    cmd: cp {{ inputs.t }} {{ outputs.t }}\n    inputs: { t: in.txt }\n    \
         outputs: { t: a }\n  b:\n    cmd: cp {{ inputs.t }} {{ outputs.t }}\n    \
         inputs: { t: a.t }\n    declassify: { labels: [licensed], reason: sums only }\n    \
         outputs: { t: b }\n",
    );
    space.file("in.txt", "");
    space.file("raw/t.csv", "");
    let package = "resources:\n- { name: t, path: t.csv, labels: [licensed] }\n";
    space.file("raw/datapackage.yaml", package);
    assert_eq!(space.good(&[]).told(), "ran a b");
    assert_eq!(space.good(&["--profile", "full"]).told(), "ran a b");
    space.edit("raw/datapackage.yaml", "[licensed]", "[published]");
    let said = space.say(&["check"]);
    same(
        &said.err,
        r"
error: stage `b` takes away `licensed`, which no input carries
  --> pipeline.yaml:14:28
   |
14 |     declassify: { labels: [licensed], reason: sums only }
   |                            ^^^^^^^^
hint: they carry `published`
",
    );
}
