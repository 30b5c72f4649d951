//! What `verify` proves and finds, level by level.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::space::{Said, Space, same};

mod flips;
mod reports;

/// Birds are counted, and a ledger says so.
const PIPELINE: &str = r#"version: 1
name: birds
stages:
  count:
    cmd:
      - sh
      - "{{ inputs.code }}"
      - "{{ inputs.birds }}"
      - "{{ outputs.table }}"
      - "{{ outputs.values }}"
    inputs: { birds: birds.csv, code: bin/count.sh }
    outputs: { table: count.csv, values: count.json }
  ledger:
    cmd:
      - sh
      - "{{ inputs.code }}"
      - "{{ inputs.values }}"
      - "{{ inputs.lineage }}"
      - "{{ outputs.ledger }}"
    inputs: { values: count.values, lineage: "colophon:lineage", code: bin/ledger.sh }
    outputs: { ledger: ledger.json }
"#;

const COUNT: &str = "sed s/size/mass/ \"$1\" > \"$2\"\n\
                     n=$(wc -l < \"$1\")\n\
                     printf '{ \"n\": { \"number\": %d, \"digits\": 0, \"unit\": \"birds\", \
                     \"about\": \"rows\" } }' \"$n\" > \"$3\"\n";

/// The ledger as the function of that name makes it.
const LEDGER: &str = r#"n=$(sed 's/.*number": \([0-9]*\).*/\1/' "$1")
printf '{ "values": { "count.n": { "number": %s, "exact": "%s", "digits": 0, "unit": "birds",
  "about": "rows", "stage": "count", "labels": [] } }, ' "$n" "$n" > "$3"
tail -c +2 "$2" >> "$3"
"#;

fn birds() -> Space {
    let space = Space::empty();
    space.file("pipeline.yaml", PIPELINE);
    space.file("bin/count.sh", COUNT);
    space.file("bin/ledger.sh", LEDGER);
    space.file("birds.csv", "bird,size\nrobin,9\nraven,60\n");
    space.good(&[]);
    space
}

fn verify(space: &Space, arguments: &[&str]) -> Said {
    space.say(&[&["verify", "--quiet"], arguments].concat())
}

/// The first finding of a verification that must find something.
#[track_caller]
fn found(space: &Space, level: &str) -> (u64, String) {
    let said = verify(space, &["--json", "--level", level]);
    assert_eq!(said.code, 4, "{said:?}");
    let json: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["verified"], false);
    let first = &json["findings"][0];
    (first["level"].as_u64().unwrap(), first["what"].as_str().unwrap().to_string())
}

/// Lets the lock, and what it says of all stages, speak of a file as it is now.
fn lock_as_it_is(space: &Space, path: &str) {
    let lock = space.text("pipeline.lock");
    let line = lock.lines().find(|line| line.contains(&format!(" {path}: {{"))).unwrap();
    let old = line.split("digest: ").nth(1).unwrap()[..64].to_string();
    let bytes = fs::read(space.path(path)).unwrap();
    let new = blake3::hash(&bytes).to_hex().to_string();
    let size = line.split("size: ").nth(1).unwrap().split([',', ' ']).next().unwrap();
    let now = line
        .replace(&old, &new)
        .replace(&format!("size: {size}"), &format!("size: {}", bytes.len()));
    space.file("pipeline.lock", lock.replace(line, &now).replace(&old, &new));
}

#[test]
fn a_sound_checkout_at_every_level() {
    let space = birds();
    let lock = blake3::hash(space.text("pipeline.lock").as_bytes()).to_hex().to_string();
    let said = verify(&space, &["--level", "0"]);
    let told = said.out.lines().next().unwrap_or("").to_string();
    assert!(told.starts_with("level 0: 3 inputs and 3 outputs have their digests, "), "{told}");
    assert!(told.ends_with(" parts of the store are sound"), "{told}");
    let said = verify(&space, &[]);
    let one = "lock (2 stages) and ledger (1 value) agree";
    let expected = format!("{told}\nlevel 1: {one}\nverified at level 1: lock {lock} ({one})\n");
    same(&said.out, &expected);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let said = verify(&space, &["--level", "3", "--json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let json: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["level"], 3);
    let three = json["proved"][3]["what"].as_str().unwrap();
    assert!(three.contains("once with 1 job, ") && three.contains("umask 077"), "{three}");
    let two = "2 stages rebuilt, 3 outputs equal to the last byte";
    assert_eq!(json["proved"][2], json!({ "level": 2, "what": two }));
    assert_eq!(space.private(), [""; 0], "nothing is left behind");
}

#[test]
fn a_byte_and_the_level_that_finds_it() {
    let space = birds();
    let mut told = Vec::new();
    for (path, from, to) in [
        ("birds.csv", "robin,9", "robin,8"),
        ("bin/count.sh", "wc -l", "wc -c"),
        ("outputs/count.csv", "raven", "ravin"),
        ("outputs/ledger.json", "birds", "burds"),
        ("pipeline.lock", "version: 1", "version: 2"),
        ("pipeline.lock", "size: ", "size: 9"),
        ("pipeline.lock", "  count:", "  cownt:"),
        ("pipeline.yaml", "- \"{{ inputs.lineage }}\"", "- \"./{{ inputs.lineage }}\""),
    ] {
        let before = space.text(path);
        space.edit(path, from, to);
        let (level, what) = found(&space, "1");
        told.push(format!("{level} {}", crate::space::words(&what)));
        space.file(path, before);
    }
    let object = space.object("bird,mass\nrobin,9\nraven,60\n");
    fs::set_permissions(&object, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    fs::write(&object, "bird,mass\nrobin,9\nraven,61\n").unwrap();
    let (level, what) = found(&space, "0");
    told.push(format!("{level} {what}"));
    assert_eq!(
        told,
        [
            "0 `birds.csv` is DIGEST, locked as DIGEST",
            "0 `bin/count.sh` is DIGEST, locked as DIGEST",
            "0 `outputs/count.csv` is DIGEST, locked as DIGEST",
            "0 `outputs/ledger.json` is DIGEST, locked as DIGEST",
            "0 `pipeline.lock` can't be read",
            "0 `outputs/count.csv` has 27 bytes, locked as 927",
            "1 stage `count` is not in the lock",
            "1 stage `ledger` has another recipe here than in the lock",
            "0 1 part of the store is damaged",
        ]
    );
}

#[test]
fn a_key_in_the_lock() {
    let space = birds();
    let lock = space.text("pipeline.lock");
    let key = lock.split("key: ").nth(1).unwrap()[..64].to_string();
    let other = blake3::hash(b"another").to_hex().to_string();
    space.file("pipeline.lock", lock.replace(&key, &other));
    let said = verify(&space, &[]);
    let what = "level 1: stage `count` has another recipe here than in the lock\n  \
                hint: `colophon why count` may tell what was changed\n\
                not verified: level 1: stage `count` has another recipe here than in the lock\n";
    assert!(said.out.ends_with(what), "{}", said.out);
    assert_eq!(said.code, 4);
}

/// Whoever forges an output and the lock with it is found by what does not follow.
#[test]
fn a_forged_ledger_and_a_forged_output() {
    let space = birds();
    let (lock, ledger) = (space.text("pipeline.lock"), space.text("outputs/ledger.json"));
    space.edit(
        "outputs/ledger.json",
        "\"number\": 3, \"exact\": \"3\"",
        "\"number\": 4, \"exact\": \"4\"",
    );
    lock_as_it_is(&space, "outputs/ledger.json");
    let said = verify(&space, &[]);
    assert!(
        said.out.contains(
            "level 1: `count.n` in `outputs/ledger.json` is not what `outputs/count.json` says\n  \
             | /exact: \"3\" -> \"4\"\n  | /number: 3 -> 4\n"
        ),
        "{}",
        said.out
    );
    space.file("outputs/ledger.json", &ledger);
    space.edit(
        "outputs/ledger.json",
        "\"path\":\"outputs/count.csv\"",
        "\"path\":\"outputs/count.cs\"",
    );
    lock_as_it_is(&space, "outputs/ledger.json");
    let (level, what) = found(&space, "1");
    assert_eq!(
        (level, what.as_str()),
        (1, "the `stages` of `outputs/ledger.json` are not those of the lock")
    );
    // The table is in no ledger's values: only making it again shows it.
    space.file("pipeline.lock", &lock);
    space.file("outputs/ledger.json", &ledger);
    space.edit("outputs/count.csv", "raven,60", "raven,70");
    lock_as_it_is(&space, "outputs/count.csv");
    let (level, _) = found(&space, "1");
    assert_eq!(level, 1, "the ledger's lineage holds its digest");
    space.file("pipeline.yaml", PIPELINE.split("  ledger:").next().unwrap());
    space.file("pipeline.lock", lock.split("  ledger:").next().unwrap());
    lock_as_it_is(&space, "outputs/count.csv");
    assert_eq!(verify(&space, &[]).code, 0);
    let said = verify(&space, &["--level", "2"]);
    assert!(
        said.out.contains(
            "level 2: `outputs/count.csv` of stage `count` came out as DIGEST, locked as DIGEST\n  \
             | row 3 (raven), column `mass`: 70 -> 60\n"
        ),
        "{}",
        said.out
    );
}

#[test]
fn what_is_not_here() {
    let space = birds();
    fs::remove_dir_all(space.path("outputs")).unwrap();
    fs::remove_dir_all(space.path(".colophon")).unwrap();
    let said = verify(&space, &["--level", "0"]);
    let told = "3 inputs and 0 outputs have their digests, 3 outputs are not here";
    assert!(said.out.starts_with(&format!("level 0: {told}\n")), "{}", said.out);
    let said = verify(&space, &[]);
    assert!(
        said.out.ends_with(
            "not verified: level 1: `outputs/ledger.json` is not here, so nothing could be \
             compared with it\n"
        ),
        "{}",
        said.out
    );
    let said = verify(&space, &["--level", "2"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("level 1: lock (2 stages) and ledger (1 value) agree\n"),
        "{}",
        said.out
    );
    assert!(!space.exists("outputs"), "nothing was put in place");
    space.remove("pipeline.lock");
    let said = verify(&space, &[]);
    same(
        &said.err,
        "error: there is no `pipeline.lock` to hold this checkout to\n\
         hint: `colophon run` writes it; commit it with what it speaks of\n",
    );
    assert_eq!(said.code, 2);
}

#[test]
fn what_comes_out_otherwise_each_time() {
    let space = Space::new(
        "stages:\n  a: { cmd: 'od -N8 /dev/urandom > {{ outputs.o }}', outputs: { o: a } }\n",
    );
    space.good(&[]);
    let (level, what) = found(&space, "3");
    assert_eq!(level, 2);
    assert!(what.starts_with("`outputs/a` of stage `a` came out as "), "{what}");
}

#[test]
fn what_depends_on_its_surroundings() {
    let space = Space::new(
        "stages:\n  a: { cmd: 'umask > {{ outputs.o }}', outputs: { o: a.txt } }\n  \
         b:\n    cmd: [cp, '{{ inputs.a }}', '{{ outputs.o }}']\n    \
         inputs: { a: a.o }\n    outputs: { o: b }\n",
    );
    space.good(&[]);
    let said = verify(&space, &["--level", "2"]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = verify(&space, &["--level", "3"]);
    assert_eq!(said.code, 4, "{said:?}");
    let told = "level 3: `outputs/a.txt` of stage `a` came out as DIGEST, locked as DIGEST\n";
    assert!(said.out.contains(told), "{}", said.out);
    assert!(said.out.contains("  | line 1 now:    0"), "{}", said.out);
    assert!(said.out.contains("  | and 1 output after it\n  | made with "), "{}", said.out);
}

#[test]
fn the_answer_as_a_file() {
    let space = birds();
    let said = verify(&space, &["--report", "answer.txt"]);
    assert_eq!(space.text("answer.txt"), said.out);
    let said = verify(&space, &["--report", "answer.json", "--json"]);
    assert_eq!(space.text("answer.json"), said.out);
    let json: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&json["verified"], &json["level"]), (&json!(true), &json!(1)));
}

#[test]
fn a_variant_and_a_level_that_there_is_not() {
    let space = birds();
    let said = space.say(&["verify", "--profile", "x"]);
    assert!(said.err.contains("`--profile` means nothing to `verify`"), "{}", said.err);
    assert_eq!(space.say(&["verify", "--level", "4"]).code, 2);
    let mut command: Command = space.command(&["verify"]);
    let output = command.env("SOURCE_DATE_EPOCH", "1").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    same(
        &said,
        "error: the lock holds the plain pipeline, and this is a variant of it\n\
         hint: unset SOURCE_DATE_EPOCH\n",
    );
}
