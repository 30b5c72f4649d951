//! Which numbers moved, and why: between commits, runs, locks and ledgers.

use std::process::Command;

use crate::space::{Space, same};

/// Birds are counted above a size; the ledger has the count and what it rests on.
const PIPELINE: &str = r#"version: 1
name: birds
params: { least: 10 }
profiles:
  small: { params: { least: 1 } }
stages:
  count:
    cmd: [sh, "{{ inputs.code }}", "{{ params.least }}", "{{ inputs.birds }}", "{{ outputs.n }}"]
    inputs: { birds: birds.csv, code: bin/count.sh }
    outputs: { n: n.txt }
  ledger:
    cmd: [sh, "{{ inputs.code }}", "{{ inputs.n }}", "{{ inputs.lineage }}", "{{ outputs.ledger }}"]
    inputs: { n: count.n, lineage: "colophon:lineage", code: bin/ledger.sh }
    outputs: { ledger: ledger.json }
"#;

const COUNT: &str = "awk -F, -v least=\"$1\" 'NR > 1 && $2 >= least { n++ } END { print n + 0 }' \
                     \"$2\" > \"$3\"\n";

/// The ledger as the function of that name makes it.
const LEDGER: &str = r#"n=$(cat "$1")
printf '{ "values": {
  "count.n": { "number": %s, "exact": "%s", "digits": 0, "unit": "birds",
               "about": "large ones", "stage": "count" },
  "count.share": { "number": 0.%s, "exact": "0.%s", "digits": 0, "unit": "",
                   "about": "a part", "stage": "count" }
}, ' "$n" "$n" "$n" "$n" > "$3"
tail -c +2 "$2" >> "$3"
"#;

const BIRDS: &str = "bird,size\nrobin,9\nraven,60\ngull,50\nwren,8\n";

/// A study whose first edition is committed.
pub(crate) fn birds() -> Space {
    let space = Space::empty();
    space.file("pipeline.yaml", PIPELINE);
    space.file("bin/count.sh", COUNT);
    space.file("birds.csv", BIRDS);
    space.file("bin/ledger.sh", LEDGER);
    space.file(".gitignore", "/.colophon/\n/outputs/*\n!/outputs/ledger.json\n");
    space.good(&[]);
    git(&space, &["init", "-q"]);
    commit(&space, "one");
    space
}

fn git(space: &Space, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
    assert!(git.current_dir(space.root()).status().unwrap().success(), "{arguments:?}");
}

fn commit(space: &Space, message: &str) {
    git(space, &["add", "-A"]);
    git(space, &["commit", "-qm", message]);
}

/// An answer without the names of commits.
fn plain(said: &str) -> String {
    let commit = regex::Regex::new(r"\(([0-9a-f]{7})\)").unwrap();
    commit.replace_all(said, "(COMMIT)").into_owned()
}

#[test]
fn a_number_and_what_moved_it() {
    let space = birds();
    let said = space.say(&["diff"]);
    same(&plain(&said.out), "no value moved between HEAD (COMMIT) and now: 2 values compared\n");
    space.edit("birds.csv", "wren,8", "wren,18");
    // What lies there is of before.
    let said = space.say(&["diff"]);
    same(
        &said.err,
        "note: 2 stages are not up to date, so these are the numbers of before\n\
         hint: `colophon run` brings them up\n",
    );
    let story = space.say(&["run"]);
    assert!(
        story.err.ends_with(
            "1 value moved; most of all `count.n`: 2 -> 3 (+50.0 %) (`colophon diff` tells why)\n"
        ) || story.err.contains("2 values moved, 1 as printed; most of all `count.n`: 2 -> 3"),
        "{}",
        story.err
    );
    let said = space.say(&["diff"]);
    same(
        &plain(&said.out),
        "2 of 2 values have moved between HEAD (COMMIT) and now, 1 as printed\n\n\
         `birds.csv` changed  [`count`]\n  \
         | row 5 (wren), column `size`: 8 -> 18\n  \
         count.n  2  3  +1  +50.0 %\n  \
         1 value moved, and print as before; `--all` lists them\n",
    );
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[test]
fn a_parameter_a_script_and_a_profile() {
    let space = birds();
    space.edit("pipeline.yaml", "least: 10", "least: 55");
    space.good(&[]);
    let said = space.say(&["diff", "--all"]);
    let told = plain(&said.out);
    assert!(told.contains("\nthe command: 10 -> 55  [`count`]\n"), "{told}");
    assert!(told.contains("  count.n         2     1     −1  −50.0 %\n"), "{told}");
    assert!(told.contains("  count.share  0.20  0.10  −0.10  −50.0 %\n"), "{told}");
    commit(&space, "two");
    space.edit("bin/count.sh", ">= least", "> least");
    space.edit("bin/count.sh", "n + 0", "n + 1");
    space.good(&[]);
    let told = plain(&space.say(&["diff"]).out);
    assert!(told.contains("\n`bin/count.sh` changed  [`count`]\n"), "{told}");
    // Between two commits, with nothing run.
    commit(&space, "three");
    let told = plain(&space.say(&["diff", "HEAD~2", "HEAD~1"]).out);
    assert!(
        told.starts_with("2 of 2 values have moved between HEAD~2 (COMMIT) and HEAD~1 "),
        "{told}"
    );
    let (lock, before) = (space.text("pipeline.lock"), space.text("outputs/ledger.json"));
    let told = plain(&space.say(&["diff", "HEAD", "profile:small"]).out);
    assert!(told.contains("  count.n      2  5     +3  +150.0 %\n"), "{told}");
    assert_eq!(space.text("pipeline.lock"), lock);
    assert_eq!(space.text("outputs/ledger.json"), before, "nothing was put in place");
}

#[test]
fn a_locked_run_tells_the_numbers_in_a_clone_without_a_store() {
    let space = birds();
    let clone = Space::empty();
    let from = space.root().display().to_string();
    let to = clone.path("clone").display().to_string();
    git(&clone, &["clone", "-q", &from, &to]);
    clone.edit("clone/birds.csv", "wren,8", "wren,18");
    let kept = clone.path("kept").display().to_string();
    let said = clone.say(&["-C", &to, "run", "--locked", "--keep-outputs", &kept]);
    assert_eq!(said.code, 6, "{said:?}");
    let expected = "2 of 2 values have moved between pipeline.lock and this run, 1 as printed\n\n\
                    `birds.csv` changed  [`count`]\n  | row 5 (wren), column `size`: 8 -> 18\n";
    assert!(said.err.contains(expected), "{}", said.err);
    assert_eq!(clone.text("kept/outputs/n.txt"), "3\n");
    assert!(!clone.exists("clone/outputs/n.txt"));
    // What is there is not overwritten.
    let said = clone.say(&["-C", &to, "run", "--locked", "--keep-outputs", &kept]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.ends_with(
            "is no empty folder\nhint: name one that does not exist yet; nothing \
                                is overwritten\n"
        ),
        "{}",
        said.err
    );
}

#[test]
fn forms_for_people_and_programs() {
    let space = birds();
    space.edit("birds.csv", "wren,8", "wren,18");
    space.good(&[]);
    let json: serde_json::Value =
        serde_json::from_str(&space.say(&["diff", "--json"]).out).unwrap();
    assert_eq!((&json["moved"], &json["seen"]), (&2.into(), &1.into()));
    assert_eq!(json["causes"][0]["details"][0], "row 5 (wren), column `size`: 8 -> 18");
    assert_eq!(json["groups"][0]["moved"][0]["difference"], 1.0);
    let markdown = space.say(&["diff", "--format", "markdown"]).out;
    assert!(markdown.contains("- `birds.csv` changed (`count`)\n"), "{markdown}");
    assert!(markdown.contains("| `count.n` | 2 | **3** | \\+1 \\+50.0 % |  |  |\n"), "{markdown}");
    let html = space.say(&["diff", "--format", "html"]).out;
    assert!(html.contains("<th scope=\"row\"><code>count.n</code></th><td>2</td>"), "{html}");
    // A saved ledger is an edition as well.
    std::fs::copy(space.path("outputs/ledger.json"), space.path("old.json")).unwrap();
    let told = space.say(&["diff", "old.json"]).out;
    same(&told, "no value moved between old.json and now: 2 values compared\n");
}

#[test]
fn what_is_no_edition() {
    let space = birds();
    space.file("broken.pdf", "no");
    space.file("broken.json", "[1");
    let kinds = "hint: an edition is a revision of git, `profile:NAME`, a lock (`.lock`), a report \
                 (`.pdf`) or a ledger (`.json`)\n";
    for (name, message) in [
        ("nowhere", format!("error: `git` knows no revision `nowhere` of this project\n{kinds}")),
        ("a.pdf", format!("error: there is no file `a.pdf`\n{kinds}")),
        (
            "broken.pdf",
            "error: `broken.pdf` is no PDF that can be read\nhint: it may be cut off: \
                        compare its size with that of where it comes from\n"
                .into(),
        ),
    ] {
        let said = space.say(&["diff", name]);
        same(&said.err, &message);
        assert_eq!(said.code, 2);
    }
    let said = space.say(&["diff", "broken.json"]);
    assert!(said.err.starts_with("error: `broken.json` is no ledger: "), "{}", said.err);
    // An edition whose ledger was not committed, and is in no store.
    git(&space, &["rm", "-q", "--cached", "outputs/ledger.json"]);
    space.edit(".gitignore", "!/outputs/ledger.json\n", "");
    commit(&space, "without");
    std::fs::remove_dir_all(space.path(".colophon")).unwrap();
    let said = space.say(&["diff"]);
    assert_eq!(said.code, 2, "{said:?}");
    let told = "has no `outputs/ledger.json`\n\
                hint: commit the ledger with the lock: `!/outputs/ledger.json` in `.gitignore`, \
                `git add`\n";
    assert!(said.err.contains(told), "{}", said.err);
}
