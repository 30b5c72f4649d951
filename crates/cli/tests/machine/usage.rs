//! How the program is called: from below a project, with the options that a
//! verb has, for people and as JSON.

use std::process::Command;

use crate::references::{refused, sentences};
use crate::space::{Said, Space, same};

const COPY: &str = "stages:\n  a:\n    cmd: cp {{ inputs.t }} {{ outputs.t }}\n    \
                    inputs: { t: in.txt }\n    outputs: { t: a.txt }\n";

/// The program, called from a folder of the project.
fn say_in(space: &Space, folder: &str, arguments: &[&str]) -> Said {
    let mut command = space.command(arguments);
    let output = command.current_dir(space.path(folder)).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    Said { code, out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_project_is_found_from_below_it() {
    let space = Space::new(COPY);
    space.file("in.txt", "a\n");
    space.file("sub/deep/x", "");
    let said = say_in(&space, "sub/deep", &["check"]);
    assert_eq!((said.code, said.out.as_str()), (0, "`x` is sound: 1 stage, 0 sources\n"));
    assert_eq!(say_in(&space, "sub/deep", &["run"]).code, 0);
    assert_eq!(space.text("outputs/a.txt"), "a\n");
    assert!(space.exists(".colophon") && !space.exists("sub/deep/.colophon"));
    let said = say_in(&space, "sub", &["run"]);
    assert!(said.err.starts_with("nothing ran: 1 stage is up to date"), "{}", said.err);
    for arguments in [&["plan"][..], &["status"], &["why", "a"], &["graph"], &["cache", "size"]] {
        let (above, below) = (space.say(arguments), say_in(&space, "sub/deep", arguments));
        assert_eq!((below.code, below.out), (above.code, above.out), "{arguments:?}");
    }
    // `-C` names a folder of the project as well.
    assert_eq!(space.say(&["-C", "sub/deep", "plan", "--check"]).code, 0);
    // Paths in messages are those of the project.
    space.remove("in.txt");
    let said = say_in(&space, "sub/deep", &["check"]);
    let expected =
        "error: `in.txt` is neither a stage's output nor a file\n--> pipeline.yaml:6:18\n";
    same(&sentences(&said.err), expected);
    // A project below another is the nearer one.
    space.file("sub/pipeline.yaml", "version: 1\nname: inner\nstages: {}\n");
    let said = say_in(&space, "sub/deep", &["check"]);
    same(&said.out, "`inner` is sound: 0 stages, 0 sources\n");
    // To begin one is to begin it here.
    assert_eq!(say_in(&space, "sub/deep", &["init"]).code, 0);
    assert!(space.exists("sub/deep/pipeline.yaml"));
}

#[test]
fn a_project_of_another_user_above_is_not_run() {
    let space = Space::new(COPY);
    space.file("sub/x", "");
    let owner = Command::new("chown").arg("12345").arg(space.path("pipeline.yaml")).status();
    if !owner.is_ok_and(|it| it.success()) {
        eprintln!("only root can give files away");
        return;
    }
    let said = say_in(&space, "sub", &["run"]);
    same(
        &said.err,
        "error: `../pipeline.yaml` belongs to another user\n\
         hint: if you trust it, name its folder: `-C ..`\n",
    );
    assert_eq!(said.code, 2);
    space.file("in.txt", "a\n");
    assert_eq!(say_in(&space, "sub", &["run", "-C", ".."]).code, 0);
}

#[test]
fn verbs_list_and_take_only_options_that_mean_something() {
    let space = Space::new(COPY);
    let all = ["--directory", "--store", "--profile", "--param", "--json", "--quiet", "--verbose"];
    let lists = |verb: &str| {
        let said = space.say(&[verb, "--help"]);
        assert_eq!(said.code, 0);
        all.into_iter().filter(|option| said.out.contains(option)).collect::<Vec<_>>()
    };
    assert_eq!(lists("run"), all);
    assert_eq!(lists("init"), ["--directory", "--quiet"]);
    assert_eq!(lists("schema"), [""; 0]);
    assert_eq!(lists("completions"), [""; 0]);
    assert_eq!(lists("check"), ["--directory", "--profile", "--param", "--json", "--quiet"]);
    assert_eq!(lists("cache"), ["--directory", "--store", "--json"]);
    for line in [
        &["init", "--profile", "x"][..],
        &["--profile", "x", "init"],
        &["schema", "--json"],
        &["-v", "completions", "bash"],
        &["cache", "--param", "a=1", "size"],
        &["cache", "size", "--param", "a=1"],
    ] {
        let said = space.say(line);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{line:?}");
        assert!(said.err.contains("means nothing to `"), "{line:?}: {}", said.err);
    }
    // A store that is set for a session disturbs nobody.
    let schema = space.command(&["schema"]).env("COLOPHON_STORE", "/nowhere").output().unwrap();
    assert!(schema.status.success());
}

#[test]
fn quiet_verbs_say_nothing_where_all_is_well() {
    let space = Space::empty();
    for arguments in [["-q", "init"], ["-q", "check"], ["run", "-q"], ["plan", "-q"]] {
        let said = space.say(&arguments);
        let told = (said.code, said.out.as_str(), said.err.as_str());
        assert_eq!(told, (0, "", ""), "{arguments:?}");
    }
}

#[test]
fn events_end_with_an_event_where_nothing_was_begun() {
    let space = Space::new("stages: { a: { cmd: x } }\n");
    for arguments in [&["run", "--json"][..], &["run", "nope", "--json"]] {
        let said = space.say(arguments);
        assert_eq!((said.code, said.err.as_str()), (2, ""));
        let lines: Vec<_> = said.out.lines().collect();
        let event: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        assert_eq!((lines.len(), event["event"].as_str()), (1, Some("ended")), "{arguments:?}");
        assert_eq!(event["exit_code"], 2);
        assert!(event["summary"]["problems"][0]["message"].is_string());
        space.pipeline("stages: {}\n");
    }
}

const PROFILES: &str = "data: raw/p.yaml\nparams: { n: 1, way: in.txt }\nprofiles:\n  one:\n    \
                        params: { m: 2 }\n    inputs: { a.u: in.txt, b.t: in.txt }\n  two:\n    \
                        inputs: { a.t: im.txt }\n  three:\n    inputs: { a.t: raw:u }\n  \
                        four:\n    \
                        params: { way: gone.txt }\nstages:\n  a:\n    \
                        cmd: cp {{ inputs.t }} {{ outputs.t }}\n    inputs: { t: '{{ \
                        params.way }}' }\n    \
                        outputs: { t: a.txt }\n";

#[test]
fn profiles_are_checked_although_nobody_chose_them() {
    let space = Space::new(PROFILES);
    space.file("in.txt", "a\n");
    space.file("raw/p.yaml", "resources: [{ name: t, path: t.csv }]\n");
    refused(
        &space,
        "\
error: the pipeline has no parameter `m`
--> pipeline.yaml:7:15
hint: known: `n`, `way`
error: no stage has the input `a.u`
--> pipeline.yaml:8:15
hint: an override is written `stage.role`
error: no stage has the input `b.t`
--> pipeline.yaml:8:28
hint: an override is written `stage.role`
error: `im.txt` is neither a stage's output nor a file
--> pipeline.yaml:10:20
error: the data package has no resource `u`
--> pipeline.yaml:12:20
hint: known: `t`
error: `gone.txt` is neither a stage's output nor a file
--> pipeline.yaml:18:18
hint: it is so with `--profile four`
",
    );
    // A run does not ask for what it does not use.
    assert_eq!(space.good(&[]).told(), "ran a");
}

#[test]
fn data_that_only_a_profile_needs_may_be_elsewhere() {
    let space = Space::new(&format!(
        "data: raw/p.yaml\nprofiles: {{ licensed: {{ inputs: {{ a.t: raw:panel }} }} }}\n{COPY}"
    ));
    space.file("in.txt", "a\n");
    space.file("raw/p.yaml", "resources: [{ name: panel, path: panel.csv }]\n");
    let said = space.say(&["check"]);
    assert_eq!((said.code, said.out.as_str()), (0, "`x` is sound: 1 stage, 1 source\n"));
    same(
        &sentences(&said.err),
        "note: the profile `licensed` needs `raw/panel.csv`, which is not here\n\
         --> raw/p.yaml:1:34\n",
    );
    let said = space.say(&["check", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["notes"][0]["kind"], "note");
    assert_eq!(space.say(&["check", "--profile", "licensed"]).code, 2);
    space.file("raw/panel.csv", "");
    same(&space.say(&["check"]).err, "");
}
