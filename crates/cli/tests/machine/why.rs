//! What the program foresees and how it explains it.

use crate::cache::study;
use crate::space::{Space, same};

#[test]
fn plan_before_the_first_run() {
    let space = Space::new(crate::cache::STAGES);
    space.file("raw.csv", crate::cache::RAW);
    space.file("loose.txt", "loose\n");
    let said = space.say(&["plan", "--check"]);
    same(
        &said.out,
        "     run clean                    it never ran here\n     \
         run first                    it never ran here\n     \
         run text                     it never ran here\n     \
         run apart                    it never ran here\n4 will run\n",
    );
    assert_eq!((said.code, said.err.as_str()), (3, ""));
    assert!(!space.exists("outputs"));
}

#[test]
fn plan_says_may_where_early_cut_off_decides() {
    let space = study();
    let said = space.say(&["plan", "--check"]);
    assert_eq!(said.code, 0);
    same(
        &said.out,
        "  cached clean\n  cached first\n  cached text\n  cached apart\n\
         nothing to run: 4 stages up to date\n",
    );
    space.edit("raw.csv", "oslo,2", "oslo,4");
    let said = space.say(&["plan", "--check"]);
    assert_eq!(said.code, 3);
    same(
        &said.out,
        "     run clean                    input `raw` (raw.csv) changed: DIGEST -> DIGEST\n \
         may run first                    if clean changes\n \
         may run text                     if first changes\n  cached apart\n\
         1 will run, 2 may run, 1 cached\n",
    );
    let said = space.say(&["status"]);
    assert_eq!(said.code, 0);
    same(
        &said.out,
        "     run clean                    input `raw` (raw.csv) changed: DIGEST -> DIGEST\n \
         may run first                    if clean changes\n \
         may run text                     if first changes\n3 of 4 stages not up to date\n",
    );
    assert_eq!(space.say(&["plan", "--check", "apart"]).code, 0);
}

#[test]
fn why_names_row_and_column_before_and_after_the_run() {
    let space = study();
    let said = |arguments: &[&str]| space.say(&[&["why"], arguments].concat());
    let same_as = "stage `clean` is up to date: nothing has changed since `pipeline.lock`\n";
    same(&said(&["clean"]).out, same_as);
    space.edit("raw.csv", "oslo,2", "oslo,4");
    let row = "  input `raw` (raw.csv) changed\n    row 3 (oslo), column `n`: 2 -> 4\n";
    let will = "stage `clean` will run: 1 change since `pipeline.lock` led to it\n";
    let told = said(&["clean"]);
    same(&told.out, &format!("{will}{row}"));
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    space.good(&[]);
    // The lock moved on with the run, so what led to the run is told beside it.
    let again = "it ran here the last time because:\n";
    same(&said(&["outputs/clean.csv"]).out, &format!("{same_as}{again}{row}"));
    let same_as = same_as.replace("`pipeline.lock`", "the last run here");
    same(&said(&["clean", "--since", "last"]).out, &format!("{same_as}{again}{row}"));
}

#[test]
fn why_begins_with_what_somebody_changed() {
    let space = study();
    space.edit("raw.csv", "lima,1\n", "lima,1\nrome,7\n");
    space.edit("pipeline.yaml", "s/^/- /", "s/^/+ /");
    same(
        &space.say(&["why", "text"]).out,
        "stage `text` will run: 2 changes since `pipeline.lock` led to it\n  \
         input `raw` (raw.csv) of `clean` changed\n    row 3 is new: rome, 7\n    \
         clean -> first -> text\n  \
         the command changed: sed 's/^/- /' outputs/first.csv > outputs/text.txt -> \
         sed 's/^/+ /' outputs/first.csv > outputs/text.txt\n",
    );
    // What is cut off on the way is no cause.
    space.good(&["first"]);
    let said = space.say(&["why", "text"]).out;
    assert!(said.starts_with("stage `text` will run: 1 change since "), "{said}");
    assert!(!said.contains("raw.csv"), "{said}");
}

#[test]
fn why_names_the_command_and_variables() {
    let space = study();
    space.edit("pipeline.yaml", "head -n 2 {{", "head -n 3 {{");
    space.edit("pipeline.yaml", "  first:\n", "  first:\n    env: { MODE: fast }\n");
    same(
        &space.say(&["why", "first"]).out,
        "stage `first` will run: 2 changes since `pipeline.lock` led to it\n  \
         the command changed: head -n 2 outputs/clean.csv > outputs/first.csv -> \
         head -n 3 outputs/clean.csv > outputs/first.csv\n  variable `MODE` is new\n",
    );
}

#[test]
fn why_of_a_stage_that_never_ran_or_was_lost() {
    let space = Space::new(crate::cache::STAGES);
    space.file("raw.csv", crate::cache::RAW);
    space.file("loose.txt", "loose\n");
    let never = |n: &str| format!("nothing ran here yet: {n} will run\n");
    same(&space.say(&["why", "clean"]).out, &never("1 stage"));
    same(&space.say(&["why", "text"]).out, &never("3 stages"));
    space.good(&[]);
    std::fs::remove_dir_all(space.path(".colophon/store/v1/objects")).unwrap();
    let since = "nothing has changed since `pipeline.lock`";
    let lost = format!("stage `clean` will run: {since}, but its result is not in the store\n");
    same(&space.say(&["why", "clean"]).out, &lost);
    assert_eq!(space.good(&[]).told(), "ran apart clean first text");
    // A checkout with a lock, and nothing else.
    std::fs::remove_dir_all(space.path(".colophon")).unwrap();
    let fresh = format!("nothing ran here yet: 3 stages will run; {since}\n");
    same(&space.say(&["why", "text"]).out, &fresh);
    space.edit("raw.csv", "oslo,2", "oslo,4");
    same(
        &space.say(&["why", "text"]).out,
        "nothing ran here yet: 3 stages will run; since `pipeline.lock`, 1 change led to it:\n  \
         input `raw` (raw.csv) of `clean` changed: DIGEST -> DIGEST\n    clean -> first -> text\n\
         of 3 stages only inputs were compared: the store has no recipe from before\n",
    );
    space.edit("raw.csv", "oslo,4", "oslo,2");
    space.edit("pipeline.yaml", "head -n 2 {{", "head -n 3 {{");
    let said = space.say(&["why", "first"]).out;
    assert!(said.ends_with("since the store has no recipe of it from before\n"), "{said}");
}

/// Four cells, a table of them as JSON, and a stage that reads that.
fn matrix() -> Space {
    let space = Space::new(
        "stages:\n  \
         base:\n    cmd: cp {{ inputs.t }} {{ outputs.t }}\n    inputs: { t: raw.json }\n    \
         outputs: { t: base.json }\n  \
         z:\n    matrix: { m: [a, b, c, d] }\n    cmd: cat {{ inputs.t }} > {{ outputs.t }}\n    \
         inputs: { t: base.t }\n    outputs: { t: \"z-{{ matrix.m }}.json\" }\n  \
         all:\n    cmd: cat {{ inputs.t }} > {{ outputs.t }}\n    inputs: { t: \"z@*.t\" }\n    \
         outputs: { t: all.txt }\n",
    );
    space.file("raw.json", "{\"series\": [1, 2, {\"value\": 1}], \"a/b\": true}");
    space.good(&[]);
    space
}

#[test]
fn why_names_the_path_in_json_and_folds_cells() {
    let space = matrix();
    space.edit("raw.json", "\"value\": 1", "\"value\": 2");
    let cause = "  input `t` (raw.json) of `base` changed\n    /series/2/value: 1 -> 2\n";
    let led = "1 change since `pipeline.lock` led to it\n";
    same(
        &space.say(&["why", "all"]).out,
        &format!("stage `all` may run: {led}{cause}    base -> z ×4 -> all\n"),
    );
    same(&space.say(&["why", "z"]).out, &format!("`z ×4` may run: {led}{cause}    base -> z ×4\n"));
    space.edit("pipeline.yaml", "cmd: cat {{ inputs.t }}", "cmd: cat -u {{ inputs.t }}");
    let said = space.say(&["why", "all"]).out;
    assert!(said.contains("  the command of `z ×4` changed\n    such as cat "), "{said}");
    assert!(said.contains("    z ×4 -> all\n"), "{said}");
    assert!(said.lines().count() <= 8, "{said}");
}

#[test]
fn why_of_results_that_differ_inside() {
    let space = matrix();
    git(&space, &["init", "-q"]);
    git(&space, &["add", "-A"]);
    git(&space, &["commit", "-qm", "one"]);
    space.edit("raw.json", "\"value\": 1", "\"value\": 2");
    space.good(&[]);
    let said = space.say(&["why", "z@a"]).out;
    let (title, rest) = said.split_once('\n').unwrap();
    assert!(
        title.starts_with("stage `z@a` is up to date: 1 change since `pipeline.lock` at HEAD (")
    );
    same(
        rest,
        "  input `t` (raw.json) of `base` changed\n    /series/2/value: 1 -> 2\n    \
         base -> z@a\nwhat it takes from other stages differs:\n  \
         input `t` (outputs/base.json)\n    /series/2/value: 1 -> 2\n",
    );
}

/// Runs git in a project.
fn git(space: &Space, arguments: &[&str]) {
    let mut git = std::process::Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
    assert!(git.current_dir(space.root()).status().unwrap().success(), "{arguments:?}");
}

#[test]
fn why_compares_with_the_committed_lock() {
    let space = study();
    git(&space, &["init", "-q"]);
    // Before anything is committed there is the lock of the checkout.
    let said = || space.say(&["why", "clean"]).out;
    assert!(said().ends_with("since `pipeline.lock`\n"), "{}", said());
    git(&space, &["add", "-A"]);
    git(&space, &["commit", "-qm", "one"]);
    assert!(said().contains("nothing has changed since `pipeline.lock` at HEAD ("), "{}", said());
    for (was, is) in [("oslo,2", "oslo,4"), ("lima,1", "lima,3")] {
        space.edit("raw.csv", was, is);
        space.good(&[]);
    }
    // Both runs since the commit, not only the last of them.
    let rows = "    row 2 (lima), column `n`: 1 -> 3\n    row 3 (oslo), column `n`: 2 -> 4\n";
    assert!(
        said().contains("is up to date: 1 change since `pipeline.lock` at HEAD ("),
        "{}",
        said()
    );
    assert!(said().ends_with(rows), "{}", said());
    git(&space, &["commit", "-qam", "two"]);
    let before = space.say(&["why", "clean", "--since", "HEAD~1"]).out;
    assert!(before.contains("at `HEAD~1` (") && before.ends_with(rows), "{before}");
    // In a folder of a repository too.
    std::fs::create_dir(space.path("inner")).unwrap();
    for name in ["pipeline.yaml", "pipeline.lock", "raw.csv", "loose.txt"] {
        std::fs::copy(space.path(name), space.path(&format!("inner/{name}"))).unwrap();
    }
    git(&space, &["add", "inner"]);
    git(&space, &["commit", "-qm", "three"]);
    let inner = space.say(&["why", "clean", "-C", "inner"]).out;
    assert!(inner.contains("nothing has changed since `pipeline.lock` at HEAD ("), "{inner}");
}

#[test]
fn why_of_revisions_that_are_none() {
    let space = study();
    let hint = "hint: `--since HEAD~1` names one, `--since last` compares with the last run here\n";
    let unknown =
        |name: &str| format!("error: `git` knows no revision `{name}` of this project\n{hint}");
    same(&space.say(&["why", "clean", "--since", "HEAD"]).err, &unknown("HEAD"));
    git(&space, &["init", "-q"]);
    git(&space, &["commit", "-q", "--allow-empty", "-m", "nothing"]);
    for name in ["HEAD~1", "--help", "HEAD:x", "nowhere", ""] {
        let said = space.say(&["why", "clean", &format!("--since={name}")]);
        same(&said.err, &unknown(name));
        assert_eq!(said.code, 2);
    }
    let said = space.say(&["why", "clean", "--since", "HEAD"]);
    same(
        &said.err,
        "error: revision `HEAD` has no `pipeline.lock`\n\
         hint: `git log -- pipeline.lock` lists those that changed it\n",
    );
}

/// A checkout may be somebody else's: its settings run nothing.
#[test]
fn why_runs_nothing_that_a_checkout_names() {
    let space = study();
    git(&space, &["init", "-q"]);
    git(&space, &["add", "-A"]);
    git(&space, &["commit", "-qm", "one"]);
    let trap = space.path("trapped").display().to_string();
    space.file("trap.sh", format!("#!/bin/sh\ntouch {trap}\ncat\n"));
    let script = space.path("trap.sh");
    std::process::Command::new("chmod").arg("+x").arg(&script).status().unwrap();
    let script = script.display().to_string();
    for name in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "pager.show",
        "pager.cat-file",
        "alias.cat-file",
        "filter.x.smudge",
        "diff.x.textconv",
        "credential.helper",
    ] {
        git(&space, &["config", name, &script]);
    }
    git(&space, &["config", "remote.origin.url", &format!("ext::{script}")]);
    git(&space, &["config", "remote.origin.promisor", "true"]);
    space.file(".gitattributes", "* filter=x diff=x\n");
    for hook in ["post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc"] {
        std::fs::copy(&script, space.path(&format!(".git/hooks/{hook}"))).unwrap();
    }
    let said = space.say(&["why", "clean"]).out;
    assert!(said.contains(" at HEAD ("), "{said}");
    assert!(!space.exists("trapped"));
}

#[test]
fn why_of_a_long_chain_is_as_long_as_the_chain() {
    let mut stages = String::from("stages:\n");
    for n in 0..300 {
        let from = if n == 0 { "raw.csv".into() } else { format!("s{}.t", n - 1) };
        stages +=
            &format!("  s{n}:\n    cmd: [cp, \"{{{{ inputs.t }}}}\", \"{{{{ outputs.t }}}}\"]\n");
        stages += &format!("    inputs: {{ t: {from} }}\n    outputs: {{ t: f{n} }}\n");
    }
    let space = Space::new(&stages);
    space.file("raw.csv", "n\n1\n");
    space.good(&[]);
    space.file("raw.csv", "n\n2\n");
    same(
        &space.say(&["why", "s299"]).out,
        "stage `s299` may run: 1 change since `pipeline.lock` led to it\n  \
         input `t` (raw.csv) of `s0` changed\n    row 2, column `n`: 1 -> 2\n    \
         s0 -> s1 -> s2 -> s3 -> 292 more -> s296 -> s297 -> s298 -> s299\n",
    );
    let said = space.say(&["why", "s299", "--json"]);
    assert!(said.out.len() < 300 * 300, "{}", said.out.len());
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told[0]["stages"].as_array().unwrap().len(), 300);
    assert_eq!(told[0]["stages"][299]["because"], serde_json::json!(["s298"]));
}

#[test]
fn answers_as_json() {
    let space = study();
    space.edit("raw.csv", "oslo,2", "oslo,4");
    let json = |arguments: &[&str]| -> serde_json::Value {
        let said = space.say(arguments);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        serde_json::from_str(&said.out).unwrap()
    };
    let why = json(&["why", "first", "--json"]);
    assert_eq!(why[0]["asked"][0], "first");
    assert_eq!(why[0]["since"], serde_json::json!({ "with": "lock" }));
    assert_eq!(why[0]["causes"][0]["line"], "input.raw.raw.csv");
    assert_eq!(why[0]["causes"][0]["stages"], serde_json::json!(["clean"]));
    assert_eq!(why[0]["causes"][0]["details"][0], "row 3 (oslo), column `n`: 2 -> 4");
    assert_eq!(why[0]["stages"][0]["verdict"], "run");
    assert_eq!(why[0]["stages"][1]["because"], serde_json::json!(["clean"]));
    let plan = json(&["plan", "--json"]);
    assert_eq!(plan[0]["verdict"], "run");
    assert_eq!(plan[1]["waits"], serde_json::json!(["clean"]));
    assert_eq!(json(&["status", "--json"]).as_array().unwrap().len(), 3);
    let said = space.say(&["why", "cleen", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &told["exit_code"]), (2, &2.into()));
    assert_eq!(told["problems"][0]["hints"][0], "did you mean `clean`?");
}

/// What is said of sources reaches whoever reads the lineage, whatever the stages
/// before it make: no `may`.
#[test]
fn a_title_of_a_source_is_told_as_the_cause() {
    let space = Space::new(
        "data: raw/datapackage.yaml\nstages:\n  \
         clean:\n    cmd: sort {{ inputs.t }} > {{ outputs.t }}\n    inputs: { t: \"raw:t\" }\n    \
         outputs: { t: clean.csv }\n  \
         ledger:\n    cmd: cat {{ inputs.l }} > {{ outputs.t }}\n    \
         inputs: { t: clean.t, l: \"colophon:lineage\" }\n    outputs: { t: ledger.json }\n  \
         report:\n    cmd: wc -c < {{ inputs.t }} > {{ outputs.t }}\n    \
         inputs: { t: ledger.t }\n    outputs: { t: report.txt }\n",
    );
    space.file("raw/datapackage.yaml", "resources:\n- name: t\n  path: t.csv\n  title: one\n");
    space.file("raw/t.csv", "b\na\n");
    space.good(&[]);
    space.edit("raw/datapackage.yaml", "title: one", "title: two");
    same(
        &space.say(&["plan"]).out,
        "  cached clean\n     run ledger                   `title` of source `t` changed: \
         \"one\" -> \"two\"\n may run report                   if ledger changes\n\
         1 will run, 1 may run, 1 cached\n",
    );
    let cause = "  `title` of source `t`";
    same(
        &space.say(&["why", "report"]).out,
        &format!(
            "stage `report` may run: 1 change since `pipeline.lock` led to it\n\
             {cause} of `ledger` changed: \"one\" -> \"two\"\n    ledger -> report\n"
        ),
    );
    // Also where a stage before it runs, and may come out equal.
    space.edit("pipeline.yaml", "cmd: sort ", "cmd: sort -s ");
    let said = space.say(&["plan"]).out;
    assert!(
        said.contains("     run ledger                   `title` of source `t` changed"),
        "{said}"
    );
    assert_eq!(space.good(&[]).told(), "ran clean ledger report");
    space.file("raw/t.csv", "a\nb\n");
    let said = space.say(&["plan"]).out;
    assert!(said.contains("     run ledger                   source `t` changed: "), "{said}");
    let said = space.say(&["why", "ledger"]).out;
    assert!(said.contains("1 change since") && said.contains("(raw/t.csv) of `clean`"), "{said}");
}
