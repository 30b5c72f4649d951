//! Stages that run commands: what they see, what they must leave, how they fail.

use std::fs;

use crate::space::{Space, same};

/// A project of one stage `a` with this command and these further lines.
fn one(command: &str, more: &str) -> Space {
    let space = Space::new(&format!(
        "stages:\n  a:\n    cmd: {command}\n{more}    outputs: {{ t: a.txt }}\n"
    ));
    space.file("in.txt", "in\n");
    space
}

/// Runs it, which must fail, and gives what it said about it.
fn failed(space: &Space, code: i32) -> String {
    let story = space.run(&[]);
    assert_eq!((story.code, story.told().as_str()), (code, "failed a"), "{story:?}");
    assert_eq!(story.problems.len(), 1, "{story:?}");
    assert!(!space.exists("outputs/a.txt") && !space.exists("pipeline.lock"));
    assert_eq!(space.files(".colophon/work"), [""; 0]);
    assert_eq!(space.private(), [""; 0]);
    story.problems[0].clone()
}

#[test]
fn the_environment_is_cleared() {
    let space = one("env > {{ outputs.t }}", "    env: { MODE: 'fast {{ params.n }}' }\n");
    space.edit("pipeline.yaml", "stages:", "date: 2024-09-12\nparams: { n: 3 }\nstages:");
    let mut command = space.command(&["run"]);
    for name in ["SECRET_TOKEN", "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD_X", "PYTHONPATH", "USER"] {
        command.env(name, "canary");
    }
    command.env("TZ", "Asia/Tokyo").env("LC_ALL", "de_DE.UTF-8").env("HOME", "/root");
    assert!(command.output().unwrap().status.success());
    let text = space.text("outputs/a.txt");
    assert!(!text.contains("canary"), "{text}");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("{name} is not set: {text}")).to_string()
    };
    assert_eq!(value("TZ"), "UTC");
    assert_eq!(value("LC_ALL"), "C.UTF-8");
    assert_eq!(value("SOURCE_DATE_EPOCH"), "1726099200");
    assert_eq!(value("MODE"), "fast 3");
    assert!(value("COLOPHON_SEED").parse::<u64>().is_ok());
    assert_eq!(value("HOME"), value("TMPDIR"));
    // Wherever the command goes, its folder for temporary files stays where it is.
    assert!(value("TMPDIR").starts_with(&space.temp().display().to_string()), "{text}");
    assert!(space.files("").iter().all(|path| {
        !String::from_utf8_lossy(&fs::read(space.path(path)).unwrap()).contains("canary")
    }));
}

#[test]
fn the_seed_belongs_to_the_stage_and_the_pipeline() {
    let space = Space::new(
        "seed: 1\nstages:\n  \
         a: { cmd: 'echo $COLOPHON_SEED > {{ outputs.t }}', outputs: { t: a } }\n  \
         b: { cmd: 'echo $COLOPHON_SEED > {{ outputs.t }}', outputs: { t: b } }\n",
    );
    space.good(&[]);
    let before = space.text("outputs/a");
    assert_ne!(before, space.text("outputs/b"));
    space.edit("pipeline.yaml", "seed: 1", "seed: 2");
    assert_eq!(space.good(&[]).told(), "ran a b");
    assert_ne!(before, space.text("outputs/a"));
}

#[test]
fn the_private_folder_holds_the_declared_inputs_only() {
    let space = one("find . -type f | sort > ../list; mv ../list {{ outputs.t }}", "");
    space.edit("pipeline.yaml", "    outputs", "    inputs: { t: in.txt, d: data/ }\n    outputs");
    space.file("secret.txt", "");
    space.file("data/deep/x.csv", "");
    space.file("data/.hidden", "");
    space.good(&[]);
    assert_eq!(space.text("outputs/a.txt"), "./data/deep/x.csv\n./in.txt\n");
    assert_eq!(space.files(".colophon/work"), [""; 0]);
    assert_eq!(space.private(), [""; 0]);
}

#[test]
fn what_a_command_does_to_its_inputs_stays_with_it() {
    let inputs = "    inputs: { t: in.txt }\n";
    let space = one("echo spoilt > in.txt; rm -rf ../../../x; cp in.txt {{ outputs.t }}", inputs);
    space.good(&[]);
    assert_eq!(space.text("in.txt"), "in\n");
    assert_eq!(space.text("outputs/a.txt"), "spoilt\n");
}

#[test]
fn a_missing_output() {
    same(
        &failed(&one("'true'", ""), 1),
        "output `t` of stage `a` is missing: the command wrote no `outputs/a.txt`\n\
         hint: write it to the path that `{{ outputs.… }}` stands for",
    );
    same(
        &failed(&one("echo a > a.txt", ""), 1),
        "output `t` of stage `a` is missing: the command wrote no `outputs/a.txt`\n\
         hint: it wrote `a.txt`",
    );
}

#[test]
fn an_output_that_is_no_file() {
    same(
        &failed(&one("mkdir {{ outputs.t }}", ""), 1),
        "output `t` of stage `a` is a folder: `outputs/a.txt`\n\
         hint: declare each file of it as an output, or pack them into one",
    );
    for command in ["ln -s /etc/passwd {{ outputs.t }}", "mkfifo {{ outputs.t }}"] {
        same(
            &failed(&one(command, ""), 1),
            "output `t` of stage `a` is not a regular file: `outputs/a.txt`\n\
             hint: write the content itself, not a link to it",
        );
    }
}

#[test]
fn an_output_below_a_link_that_the_command_made() {
    let space = Space::new(
        "stages:\n  a:\n    cmd: rm -r outputs/d; ln -s /etc outputs/d\n    \
         outputs: { t: d/passwd }\n",
    );
    let story = space.run(&[]);
    assert_eq!(story.code, 1, "{story:?}");
    assert!(!space.exists("outputs/d/passwd"));
}

#[test]
fn outputs_are_put_in_place_all_or_none() {
    let space = Space::new(
        "stages:\n  a:\n    cmd: echo 1 > {{ outputs.t }}; echo 1 > {{ outputs.u }}\n    \
         outputs: { t: t, u: u }\n",
    );
    space.good(&[]);
    space.edit("pipeline.yaml", "echo 1 > {{ outputs.t }}; echo 1", "echo 2 > {{ outputs.t }}; : ");
    space.edit("pipeline.yaml", ":  > {{ outputs.u }}", "false");
    assert_eq!(space.run(&[]).code, 1);
    assert_eq!((space.text("outputs/t"), space.text("outputs/u")), ("1\n".into(), "1\n".into()));
    // Of two results, one can't be put in place: a folder of the user's is in the way.
    space.edit("pipeline.yaml", "false", "echo 2 > {{ outputs.u }}");
    space.remove("outputs/u");
    space.file("outputs/u/mine.txt", "mine\n");
    let story = space.run(&[]);
    assert_eq!(story.code, 9, "{story:?}");
    same(
        &story.problems[0],
        "cannot replace `outputs/u`: is a directory\n\
         hint: a folder stands where a result belongs; move it away",
    );
    assert_eq!(
        (space.text("outputs/t"), space.text("outputs/u/mine.txt")),
        ("1\n".into(), "mine\n".into())
    );
    assert_eq!(space.files("outputs"), ["outputs/t", "outputs/u/mine.txt"]);
    fs::remove_dir_all(space.path("outputs/u")).unwrap();
    assert_eq!(space.good(&[]).told(), "cached a");
    assert_eq!((space.text("outputs/t"), space.text("outputs/u")), ("2\n".into(), "2\n".into()));
}

#[test]
fn an_undeclared_read() {
    same(
        &failed(&one("cat in.txt > {{ outputs.t }}", ""), 7),
        "stage `a` failed with exit code 1\n| cat: in.txt: No such file or directory\n\
         hint: it names `in.txt`, which the project has but the stage doesn't declare: \
         add it to `inputs`\n\
         hint: all that it said is in `.colophon/logs/a.stderr`",
    );
}

#[test]
fn an_undeclared_script() {
    let space = one("[./tool.sh, '{{ outputs.t }}']", "");
    space.file("tool.sh", "#!/bin/sh\necho tool > $1\n");
    let mode = |mode| fs::Permissions::from_mode(mode);
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(space.path("tool.sh"), mode(0o755)).unwrap();
    same(
        &failed(&space, 7),
        "cannot find the program `./tool.sh`\n\
         hint: the project has it, but the stage doesn't declare it: add it to `inputs`",
    );
    space.edit("pipeline.yaml", "    outputs:", "    inputs: { script: tool.sh }\n    outputs:");
    assert_eq!(space.good(&[]).told(), "ran a");
    space.edit("tool.sh", "echo tool", "echo other");
    assert_eq!(space.good(&[]).told(), "ran a");
    fs::set_permissions(space.path("tool.sh"), mode(0o644)).unwrap();
    space.edit("tool.sh", "echo other", "echo third");
    let story = space.run(&[]);
    assert_eq!(story.code, 1, "{story:?}");
    same(
        &story.problems[0],
        "`./tool.sh` can't be executed\nhint: make it executable: `chmod +x ./tool.sh`",
    );
}

#[test]
fn a_missing_program() {
    same(
        &failed(&one("[no-such-program, x]", ""), 1),
        "cannot find the program `no-such-program`\n\
         hint: install it, or put the folder it is in on PATH",
    );
    let told = failed(&one("no-such-program > {{ outputs.t }}", ""), 1);
    assert!(told.starts_with("stage `a` failed with exit code 127\n| "), "{told}");
    assert!(told.contains("not found"), "{told}");
}

#[test]
fn a_failing_command_shows_its_last_words() {
    let space = one("echo out; seq 30 >&2; printf '\\033[31mred\\n' >&2; exit 3", "");
    let lines: String = (12..=30).map(|n| format!("  | {n}\n")).collect();
    let before = "  | standard output:\n  | out\n  | standard error:\n";
    let said = space.say(&["run"]);
    same(
        &said.err,
        &format!(
            "  failed a  TIME\nerror: stage `a` failed with exit code 3\n{before}{lines}  | red\n\
             hint: all that it said is in `.colophon/logs/a.stdout` and `.colophon/logs/a.stderr`\n\
             failed: 1 failed in TIME\n"
        ),
    );
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert_eq!(space.text(".colophon/logs/a.stdout"), "out\n");
    same(
        &failed(&one("echo only this; exit 3", ""), 1),
        "stage `a` failed with exit code 3\n| only this\n\
         hint: all that it said is in `.colophon/logs/a.stdout`",
    );
    // Of one that said nothing there is nothing to read.
    same(&failed(&one("kill -9 $$", ""), 1), "stage `a` failed with signal: 9 (SIGKILL)");
}

#[test]
fn a_shell_command_stops_at_its_first_failure() {
    let told = failed(&one("\"false\\necho a > {{ outputs.t }}\"", ""), 1);
    assert_eq!(told, "stage `a` failed with exit code 1");
}

#[test]
fn a_command_that_takes_too_long() {
    let space = one("echo so far; sleep 60", "    timeout: 0.3s\n");
    same(
        &failed(&space, 1),
        "stage `a` took longer than its TIME\n| so far\n\
         hint: raise `timeout`, or see why it takes so long",
    );
}

#[test]
fn several_inputs_are_several_arguments() {
    let space = Space::new(
        "stages:\n  a:\n    cmd: [sh, -c, 'f=$1; shift; printf \"<%s>\" \"$@\" > $f', sh, \
         '{{ outputs.t }}', '{{ inputs.t }}', 'n={{ params.n }}']\n    inputs: { t: '*.csv' }\n    \
         outputs: { t: a.txt }\n  b:\n    cmd: printf '<%s>' {{ inputs.t }} > {{ outputs.t }}\n    \
         inputs: { t: [z.txt, '*.csv'] }\n    outputs: { t: b.txt }\nparams: { n: 1 }\n",
    );
    for name in ["b c.csv", "a.csv", "z.txt"] {
        space.file(name, "");
    }
    space.good(&[]);
    assert_eq!(space.text("outputs/a.txt"), "<a.csv><b c.csv><n=1>");
    assert_eq!(space.text("outputs/b.txt"), "<z.txt><a.csv><b c.csv>");
}

#[test]
fn what_templates_insert_is_data_to_the_shell() {
    let space = one("printf '%s' {{ params.word }} > {{ outputs.t }}", "");
    space.edit("pipeline.yaml", "stages:", "params: { word: x }\nstages:");
    for word in ["it's; rm -rf / #", "$(id)`id`", "a  b\tc", "", "-n", "\\", "\"q\"", "*", "ä\n!"]
    {
        let json = serde_json::Value::from(word).to_string();
        space.good(&["--param", &format!("word={json}")]);
        assert_eq!(space.text("outputs/a.txt"), word);
    }
}

#[test]
fn standard_input_is_empty_and_output_is_kept() {
    let space = one("cat > {{ outputs.t }}; echo said", "");
    space.good(&[]);
    assert_eq!(space.text("outputs/a.txt"), "");
    assert_eq!(space.text(".colophon/logs/a.stdout"), "said\n");
}

/// One stage that fails at once, one that takes its time, what follows, and one
/// that can begin only later where one stage runs at a time.
const BRANCHES: &str = "\
stages:
  bad: { cmd: until test -e FLAG; do sleep 0.01; done; exit 1, outputs: { t: bad } }
  after: { cmd: 'cp {{ inputs.t }} {{ outputs.t }}', inputs: { t: bad.t }, outputs: { t: after } }
  slow: { cmd: 'touch FLAG; sleep 0.5; echo > {{ outputs.t }}', outputs: { t: slow } }
  late: { cmd: 'cp {{ inputs.t }} {{ outputs.t }}', inputs: { t: slow.t }, outputs: { t: late } }
";

#[test]
fn siblings_that_have_begun_finish() {
    let space = Space::new("");
    let flag = space.path("flag").display().to_string();
    space.pipeline(&BRANCHES.replace("FLAG", &flag));
    let story = space.run(&["--jobs", "2"]);
    assert_eq!(story.code, 1);
    assert_eq!(story.told(), "ran slow, failed bad, skipped after late");
    assert_eq!(space.files("outputs"), ["outputs/slow"]);
    let story = space.run(&["--jobs", "2", "--keep-going"]);
    assert_eq!(story.code, 1);
    assert_eq!(story.told(), "ran late, cached slow, failed bad, skipped after");
    assert_eq!(space.files("outputs"), ["outputs/late", "outputs/slow"]);
}
