//! What is foreign reaches a terminal in plain characters, whichever verb shows it.

use std::process::Command;

use crate::space::{Space, same};

/// What takes over a terminal: a screen cleared, a title, hidden text, the same
/// in eight bits, and text that is read backwards.
const WICKED: &str = "\x1b[2J\x1b]0;t\x07\x1b[8m\u{9b}8m\u{202e}\u{200b}\x7f";
/// The same as YAML writes it.
const QUOTED: &str = "\\e[2J\\e]0;t\\a\\e[8m\\x9B8m\\u202E\\u200B\\x7F";

/// The colours that the program itself uses.
const COLOURS: &str = "0 1 2 31 32 33 36 91 92 94 4 1;4 31;1 32;1 36;1 38;5;9 38;5;10 38;5;12";

/// A project in which everything is named wickedly that may be named freely.
fn hostile() -> Space {
    let space = Space::empty();
    space.file(
        "pipeline.yaml",
        format!(
            "version: 1\nname: \"x{QUOTED}\"\nparams: {{ p: \"{QUOTED}\" }}\nstages:\n  \
             a:\n    desc: \"{QUOTED}\"\n    cmd: [cat, \"{{{{ inputs.t }}}}\", \"{{{{ \
             params.p }}}}\"]\n    \
             inputs: {{ t: [raw.csv, \"*.txt\"] }}\n    outputs: {{ t: a.txt }}\n    \
             labels: [l]\n  \
             b:\n    matrix: {{ m: [\"{QUOTED}\", x] }}\n    cmd: \"cat {{{{ inputs.t }}}} \
             > {{{{ outputs.t }}}}\"\n    \
             inputs: {{ t: raw.csv }}\n    outputs: {{ t: \"{{{{ matrix.m | length }}}}.b\" }}\n"
        ),
    );
    space.file("raw.csv", format!("n{WICKED},m\n{WICKED},1\n"));
    space.file(&format!("f{WICKED}.txt"), WICKED);
    space
}

/// Runs the program and holds both of its streams to plain characters.
#[track_caller]
fn hold(space: &Space, arguments: &[&str]) -> String {
    let mut all = String::new();
    for (name, colour) in [("NO_COLOR", false), ("CLICOLOR_FORCE", true)] {
        let mut command = space.command(arguments);
        command.env_remove("NO_COLOR").env(name, "1");
        all.push_str(&plain(&mut command, arguments, colour));
    }
    all
}

#[track_caller]
fn plain(command: &mut Command, arguments: &[&str], colour: bool) -> String {
    let output = command.output().unwrap();
    assert!(output.status.code().is_some_and(|code| code != 101), "{arguments:?}: {output:?}");
    let mut all = String::new();
    for stream in [output.stdout, output.stderr] {
        let text = String::from_utf8(stream).expect("UTF-8");
        let mut parts = text.split("\x1b[");
        let mut rest = parts.next().unwrap_or("").to_string();
        for part in parts {
            let (code, after) = part.split_once('m').unwrap_or((part, ""));
            let ours = colour && COLOURS.split(' ').any(|known| known == code);
            assert!(ours, "{arguments:?} gives the sequence {code:?}: {text:?}");
            rest.push_str(after);
        }
        let wicked = |c: char| {
            let hidden =
                matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}');
            hidden || (c.is_control() && c != '\n')
        };
        assert!(
            !rest.contains(wicked),
            "{arguments:?}: {:?}",
            rest.find(wicked).map(|at| &rest[at..])
        );
        all.push_str(&rest);
    }
    all
}

/// Every verb, told in words and as JSON.
fn verbs(space: &Space) -> String {
    let verbs: &[&[&str]] = &[
        &["check"],
        &["plan"],
        &["status"],
        &["why", "a"],
        &["why", "b"],
        &["run"],
        &["run", "--locked"],
        &["run", "--frozen"],
        &["run", "--verbose", "--force"],
        &["plan", "--verbose"],
        &["graph"],
        &["graph", "--cells", "--format", "text"],
        &["graph", "--cells", "--format", "mermaid"],
        &["graph", "--cells", "--format", "dot"],
        &["graph", "--cells", "--format", "svg"],
        &["cache", "size"],
        &["cache", "check"],
        &["cache", "gc", "--keep-days", "0"],
        &["init"],
        &["schema"],
        &["completions", "bash"],
    ];
    let mut said = String::new();
    for verb in verbs {
        said.push_str(&hold(space, verb));
        said.push_str(&hold(space, &[verb, &["--json"][..]].concat()));
    }
    said
}

#[test]
fn names_paths_and_values() {
    let space = hostile();
    let said = verbs(&space);
    // It was all said, and only made plain.
    for part in ["\\x1b[2J\\x1b]0;t\\x07", "\\u{202e}\\u{200b}", "\\u001b[2J", "\\u202e"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn logs_of_commands_that_fail() {
    let space = hostile();
    space.file("say.sh", format!("printf '{WICKED}out\\n'; printf '{WICKED}err\\n' >&2; exit 3\n"));
    space.edit("pipeline.yaml", "[cat, ", "[sh, say.sh, ");
    space.edit("pipeline.yaml", "[raw.csv, ", "[raw.csv, say.sh, ");
    assert!(verbs(&space).contains("failed with exit code 3"));
}

#[test]
fn rows_of_data_and_values_that_changed() {
    let space = hostile();
    space.edit("pipeline.yaml", "[cat, ", "[sh, -c, 'cat raw.csv > outputs/a.txt', ");
    hold(&space, &["run"]);
    assert!(space.exists("outputs/a.txt"));
    space.file("raw.csv", format!("n{WICKED},m\n{WICKED}x,1\nnew{WICKED},2\n"));
    space.edit("pipeline.yaml", "params: { p: \"", "params: { p: \"other");
    let said = verbs(&space);
    assert!(said.contains("row 3 is new: new\\x1b"), "{said}");
}

#[test]
fn mistakes_in_files() {
    let space = hostile();
    space.edit("pipeline.yaml", "{{ matrix.m | length }}.b", "{{ matrix.m }}.b");
    assert!(verbs(&space).contains("\\u{202e}"));
    let space = hostile();
    space.edit("pipeline.yaml", "labels: [l]", &format!("labels: [\"l{QUOTED}\"]"));
    assert!(verbs(&space).contains("\\u{202e}"));
    for text in [
        "a: \x1b[2J",
        "a\u{202e}: [",
        "{ \"\\e[8m\": 1 }",
        "stages: { \"\\e[8m\": { cmd: \"\\e\" } }",
    ] {
        let space = hostile();
        space.file("pipeline.yaml", format!("version: 1\nname: x\n{text}\n"));
        verbs(&space);
    }
    let space = hostile();
    space.edit("pipeline.yaml", "    desc:", "    dsec:");
    space.edit("pipeline.yaml", "inputs.t }}\", ", "inputs.\u{200b}t }}\", ");
    verbs(&space);
    let space = hostile();
    space.file("pipeline.lock", format!("version: 1\nstages:\n  a:\n{WICKED}\n"));
    verbs(&space);
    let space = hostile();
    space.edit("pipeline.yaml", "params:", "data: \"raw\\e/d.yaml\"\nparams:");
    space.file(
        "raw\x1b/d.yaml",
        format!("resources:\n- name: \"{QUOTED}\"\n  path: \"../{QUOTED}\"\n"),
    );
    assert!(verbs(&space).contains("must stay inside"));
}

#[test]
fn arguments_and_the_environment() {
    let space = hostile();
    for arguments in [
        &[WICKED][..],
        &["run", WICKED],
        &["why", WICKED],
        &["run", "--jobs", WICKED],
        &["run", &format!("--{WICKED}")],
        &["plan", "--param", WICKED],
        &["plan", "--param", &format!("{WICKED}={WICKED}")],
        &["plan", "--profile", WICKED],
        &["plan", "-C", WICKED],
        &["init", "-C", WICKED],
        &["cache", "size", "--store", &format!("{WICKED}/x")],
        &["cache", "gc", "--store", ".colophon/store", "-C", &format!("./{WICKED}/..")],
        &["graph", "--format", WICKED],
        &["completions", WICKED],
        &["run", "a\nb"],
    ] {
        let said = hold(&space, arguments);
        assert!(!said.contains("\na\nb"), "{said}");
        hold(&space, &[arguments, &["--json"]].concat());
    }
    for (name, value) in
        [("SOURCE_DATE_EPOCH", WICKED), ("COLOPHON_STORE", &format!("raw.csv/{WICKED}"))]
    {
        for verb in [&["plan"][..], &["help", "run"], &["cache", "size"]] {
            let mut command = space.command(verb);
            plain(command.env(name, value), verb, false);
        }
    }
}

#[test]
fn a_name_that_would_flood_the_terminal() {
    let space = Space::new("stages:\n  a:\n    cmd: cat\n    outputs: { t: o }\n");
    let long = "漢".repeat(900);
    space.edit("pipeline.yaml", "cmd:", &format!("{long}:"));
    let said = space.say(&["check"]);
    assert!(said.err.starts_with("error: unknown key `漢漢"), "{}", said.err);
    assert!(said.err.contains("漢… and 4"), "{}", said.err);
    assert!(said.err.chars().count() < 2000, "{}", said.err);
}

#[test]
fn a_removed_command_names_itself_in_full() {
    let space = crate::cache::study();
    for cell in ["lima,2", "lima,3", "lima,4"] {
        space.file("raw.csv", format!("name,n\n{cell}\noslo,2\n"));
        space.good(&[]);
    }
    let folder = space.root().display().to_string();
    let said = space.say(&["cache", "gc", "--keep-days", "0", "-C", &folder]);
    let (_, command) = said.out.split_once("can go; `colophon ").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    same(command, "cache gc -C PROJECT --keep-days 0 --delete");
    let command = command.replace("PROJECT", &folder);
    let said = space.say(&command.split(' ').collect::<Vec<_>>());
    assert!(said.out.starts_with("removed "), "{}", said.out);
}

#[test]
fn of_mistakes_of_one_kind_the_first_three() {
    let mut stages = String::from("params: 3\nstages:\n");
    for n in 0..40 {
        stages += &format!(
            "  s{n}:\n    cmd: [\"true\"]\n    inptus: {{}}\n    outputs: {{ t: f{n} }}\n"
        );
    }
    let space = Space::new(&stages);
    let said = space.say(&["check"]);
    let unknown = |n: usize| {
        let (line, at) = (7 + 4 * n, format!("{}", 7 + 4 * n));
        let gap = " ".repeat(at.len());
        format!(
            "error: unknown key `inptus` in `stages.s{n}`\n{gap}--> \
            pipeline.yaml:{line}:5\n{gap} |\n\
             {line} |     inptus: {{}}\n{gap} |     ^^^^^^\nhint: did you mean `inputs`?\n"
        )
    };
    same(
        &said.err,
        &format!(
            "error: `params` must be a map, not a whole number\n --> pipeline.yaml:3:9\n  |\n\
             3 | params: 3\n  |         ^\n{}{}{}and 37 more problems like these; `--json` \
             has them all\n",
            unknown(0),
            unknown(1),
            unknown(2)
        ),
    );
    let said = space.say(&["check", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["problems"].as_array().unwrap().len(), 41);
}

#[test]
fn a_mistake_of_syntax_is_told_alone() {
    let space = Space::new("params: 3\nstages:\n  a: [\n  b: { inptus: 1 }\n");
    let said = space.say(&["check"]);
    assert_eq!(said.err.matches("error: ").count(), 1, "{}", said.err);
}
