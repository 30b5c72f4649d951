//! Parameters from outside: overrides of the command line and of profiles, and
//! variables of the caller's environment.

use crate::mistakes::told_in;
use crate::space::{Space, same};

/// A project with these parameters, which prints `x`, and `m.n` if it has that.
fn prints(params: &str, expressions: &str) -> Space {
    Space::new(&format!(
        "params: {params}\nstages:\n  a:\n    \
         cmd: printf '<%s>' {expressions} > {{{{ outputs.t }}}}\n    outputs: {{ t: a.txt }}\n"
    ))
}

#[test]
fn an_override_has_the_type_of_what_it_replaces() {
    for (declared, given, made) in [
        ("tag", "2024", "2024"),
        ("tag", "20240131123456789012", "20240131123456789012"),
        ("tag", "true", "true"),
        ("tag", "[a, b]", "[a, b]"),
        ("tag", "a # b", "a # b"),
        ("tag", "", ""),
        ("tag", "\"a\\tb\"", "a\tb"),
        ("'1'", "001", "001"),
        ("1", "007", "007"),
        ("1", "1_000", "1_000"),
        ("1.5", "1e3", "1e3"),
        ("1", "-0.50", "-0.50"),
        ("true", "false", "false"),
        ("[a]", "[001, b c]", "001><b c"),
        ("~", "001", "001"),
        ("~", "a: b", "a: b"),
        ("~", "no # comment", "no # comment"),
    ] {
        let space = prints(&format!("{{ x: {declared} }}"), "{{ params.x }}");
        space.good(&["--param", &format!("x={given}")]);
        assert_eq!(space.text("outputs/a.txt"), format!("<{made}>"), "{declared} {given}");
    }
}

#[test]
fn an_override_that_is_of_another_type() {
    let params = "{ n: 5, f: true, l: [a], m: { k: 1 }, r: 0.5 }";
    for (given, message) in [
        ("n=abc", "parameter `n` is a whole number, and `abc` is text\nhint: write a number"),
        ("n=", "parameter `n` is a whole number, and `` is empty\nhint: write a number"),
        ("n='5'", "parameter `n` is a whole number, and `'5'` is text\nhint: write a number"),
        ("n=5 # x", "parameter `n` is a whole number, and `5 # x` is text\nhint: write a number"),
        ("r=true", "parameter `r` is a number, and `true` is true or false\nhint: write a number"),
        (
            "f=yes",
            "parameter `f` is true or false, and `yes` is text\nhint: write `true` or `false`",
        ),
        ("l=a", "parameter `l` is a list, and `a` is text\nhint: write a list: `[…]`"),
        (
            "m=[a]",
            "parameter `m` is a map, not a list\n\
             hint: write a map, or replace an entry of it: `m.KEY`",
        ),
        ("m.k=x", "parameter `m.k` is a whole number, and `x` is text\nhint: write a number"),
        ("m.l=1", "the pipeline has no parameter `m.l`\nhint: known: `k`"),
        (
            "n.k=1",
            "parameter `n` is a whole number, which has no `k`\n\
             hint: replace it as a whole: `--param 'n=…'`",
        ),
        ("o=1", "the pipeline has no parameter `o`\nhint: known: `f`, `l`, `m`, `n`, `r`"),
    ] {
        let story = prints(params, "x").run(&["--param", given]);
        assert_eq!((story.code, &story.problems[..]), (2, &[message.to_string()][..]));
    }
    told_in(
        &prints(params, "x"),
        &["run", "--param", "n=abc"],
        r"
error: parameter `n` is a whole number, and `abc` is text
 --> pipeline.yaml:3:14
  |
3 | params: { n: 5, f: true, l: [a], m: { k: 1 }, r: 0.5 }
  |              ^
hint: write a number
",
    );
    let story = prints("{}", "x").run(&["--param", "o=1"]);
    same(&story.problems[0], "the pipeline has no parameter `o`\nhint: declare it under `params:`");
}

#[test]
fn an_entry_of_a_parameter() {
    let params = "{ x: a, m: { n: { k: 1, j: b } }, 'd.e': c }";
    let space = prints(params, "{{ params.m.n.k }} {{ params.m.n.j }} {{ params[\"d.e\"] }}");
    space.good(&[]);
    assert_eq!(space.text("outputs/a.txt"), "<1><b><c>");
    space.good(&["--param", "m.n.k=007", "--param", "d.e=2"]);
    assert_eq!(space.text("outputs/a.txt"), "<007><b><2>");
    // The last one counts, and the order is that of the command line.
    space.good(&["--param", "m.n.k=2", "--param", "m={n: {k: 3, j: 4}}", "--param", "m.n.k=5"]);
    assert_eq!(space.text("outputs/a.txt"), "<5><4><c>");
}

#[test]
fn profiles_replace_by_the_same_rules() {
    let space = Space::new(
        "params: { tag: a, n: 1, m: { k: 2 } }\nprofiles:\n  p:\n    \
         params: { tag: 007, n: 1_0, m.k: 3 }\n  q: { params: { n: [1], m: x, o: 1 } }\n\
         stages:\n  a:\n    \
         cmd: echo {{ params.tag }} {{ params.n }} {{ params.m.k }} > {{ outputs.t }}\n    \
         outputs: { t: a }\n",
    );
    space.good(&["--profile", "p"]);
    assert_eq!(space.text("outputs/a"), "007 1_0 3\n");
    let said = space.say(&["check", "--profile", "q"]);
    same(
        &said.err,
        r"
error: parameter `n` is a whole number, not a list
 --> pipeline.yaml:7:21
  |
7 |   q: { params: { n: [1], m: x, o: 1 } }
  |                     ^
hint: write a number
error: parameter `m` is a map, and `x` is text
 --> pipeline.yaml:7:29
  |
7 |   q: { params: { n: [1], m: x, o: 1 } }
  |                             ^
hint: write a map, or replace an entry of it: `m.KEY`
error: the pipeline has no parameter `o`
 --> pipeline.yaml:7:32
  |
7 |   q: { params: { n: [1], m: x, o: 1 } }
  |                                ^
hint: known: `m`, `n`, `tag`
",
    );
}

/// A project whose command prints a variable of the caller.
fn asks(variable: &str) -> Space {
    Space::new(&format!(
        "params: {{ d: x }}\nstages:\n  a:\n    \
         cmd: printf '<%s>' \"$DATA_YEAR\" > {{{{ outputs.t }}}}\n    \
         env: {{ DATA_YEAR: {variable} }}\n    outputs: {{ t: a.txt }}\n"
    ))
}

/// Runs it with this variable set; gives the exit code, what was said, and how
/// many results the store holds.
fn with(space: &Space, value: Option<&str>) -> (i32, String) {
    let mut command = space.command(&["run"]);
    command.env_remove("HOST_YEAR");
    if let Some(value) = value {
        command.env("HOST_YEAR", value);
    }
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.code().unwrap_or(-1), String::from_utf8(said).unwrap())
}

#[test]
fn a_variable_of_the_caller_is_handed_on_and_part_of_the_key() {
    let space = asks("{ from: HOST_YEAR }");
    for (value, ran) in
        [("2024", true), ("2025", true), ("2024", false), ("{{ params.d }}$d", true)]
    {
        let (code, said) = with(&space, Some(value));
        assert_eq!(code, 0, "{said}");
        assert_eq!(space.text("outputs/a.txt"), format!("<{value}>"));
        assert_eq!(said.contains("1 ran"), ran, "{value}: {said}");
        // The shortcut of a run that has nothing to do knows of it as well.
        assert!(with(&space, Some(value)).1.contains("up to date"));
    }
    let results = space.files(".colophon/store/v1/results");
    assert!(
        results.iter().any(|path| space.text(path).contains("\"env.DATA_YEAR\": \"2025\"")
            || space.text(path).contains("\"env.DATA_YEAR\":\"2025\"")),
        "{results:?}"
    );
}

#[test]
fn a_variable_that_the_caller_does_not_have() {
    let space = asks("{ from: HOST_YEAR }");
    let said = space.say(&["check"]);
    same(
        &said.err,
        r"
error: your environment has no variable `HOST_YEAR`
 --> pipeline.yaml:7:30
  |
7 |     env: { DATA_YEAR: { from: HOST_YEAR } }
  |                               ^^^^^^^^^
hint: set it, as in `export HOST_YEAR=…`, or give it a `default:` here
"
        .replace("7:30", "7:31")
        .as_str(),
    );
    let space = asks("{ from: HOST_YEAR, default: '{{ params.d }}1' }");
    assert_eq!(with(&space, None).0, 0);
    assert_eq!(space.text("outputs/a.txt"), "<x1>");
    assert_eq!(with(&space, Some("")).0, 0);
    assert_eq!(space.text("outputs/a.txt"), "<>");
    use std::os::unix::ffi::OsStrExt;
    let mut command = space.command(&["check"]);
    command.env("HOST_YEAR", std::ffi::OsStr::from_bytes(b"\xff"));
    let said = String::from_utf8(command.output().unwrap().stderr).unwrap();
    same(&said, "error: the variable `HOST_YEAR` of your environment is not valid UTF-8\n");
}

#[test]
fn variables_that_can_not_be() {
    told_in(
        &Space::new(
            "stages:\n  a:\n    cmd: x\n    env:\n      A=B: c\n      1A: y\n      \
             C: { from: 'D E' }\n      F: { form: G }\n      H: \"a\\0b\"\n      I: 3\n    \
             outputs: { t: a }\n",
        ),
        &["check"],
        r#"
error: `A=B` can't be the name of a variable
 --> pipeline.yaml:7:7
  |
7 |       A=B: c
  |       ^^^
hint: names hold letters, digits and `_`, and begin with no digit
error: `1A` can't be the name of a variable
 --> pipeline.yaml:8:7
  |
8 |       1A: y
  |       ^^
hint: names hold letters, digits and `_`, and begin with no digit
error: `D E` can't be the name of a variable
 --> pipeline.yaml:9:18
  |
9 |       C: { from: 'D E' }
  |                  ^^^^^
hint: names hold letters, digits and `_`, and begin with no digit
error: `stages.a.env.F` lacks `from`
  --> pipeline.yaml:10:7
   |
10 |       F: { form: G }
   |       ^
error: unknown key `form` in `stages.a.env.F`
  --> pipeline.yaml:10:12
   |
10 |       F: { form: G }
   |            ^^^^
hint: did you mean `from`?
error: the variable `H` holds a NUL character
  --> pipeline.yaml:11:10
   |
11 |       H: "a\0b"
   |          ^^^^^^
hint: take it out; no variable can hold one
error: `stages.a.env.I` must be text or a map, not a whole number
  --> pipeline.yaml:12:10
   |
12 |       I: 3
   |          ^
"#,
    );
}
