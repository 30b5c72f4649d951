//! A study in the forms of others: what is in them, and that names of strangers do
//! nothing there.

mod refused;

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::space::{Space, same};

/// Birds are counted; names of birds are made up; a claim is held to the count.
const PIPELINE: &str = r#"version: 1
name: birds
date: "2026-11-27"
data: raw/datapackage.yaml
params: { least: 10 }
stages:
  count:
    desc: birds above a size
    cmd:
      [sh, "{{ inputs.code }}", "{{ params.least }}", "{{ inputs.birds }}", "{{ outputs.values }}"]
    inputs: { birds: "raw:birds", code: bin/count.sh }
    outputs: { values: values/count.json }
  names:
    desc: names of birds
    labels: [synthetic]
    cmd: cat {{ inputs.rows }} > {{ outputs.table }}
    inputs: { rows: data/rows.json }
    outputs: { table: table/names.json }
  audit:
    desc: claims held to the numbers
    cmd: cat {{ inputs.claims }} > {{ outputs.table }}
    inputs: { claims: data/claims.json, values: count.values }
    outputs: { table: table/audit.json }
  ledger:
    desc: every number
    cmd: [sh, "{{ inputs.code }}", "{{ inputs.n }}", "{{ inputs.lineage }}", "{{ outputs.ledger }}"]
    inputs: { n: count.values, lineage: "colophon:lineage", code: bin/ledger.sh }
    outputs: { ledger: ledger.json }
  report:
    desc: the report
    cmd: echo %PDF-1.7 > {{ outputs.pdf }}
    inputs: { table: names.table, ledger: ledger.ledger }
    outputs: { pdf: report.pdf }
"#;

const PACKAGE: &str = r#"name: birds
resources:
  - name: birds
    path: birds.csv
    title: "Birds </script> \"quoted\", =1+1 \u0007"
    labels: [published]
    licenses: [{ name: CC0-1.0, path: "https://creativecommons.org/publicdomain/zero/1.0/" }]
    sources: [{ title: somebody, path: "https://example.org/birds" }]
"#;

const COUNT: &str = r#"count='NR > 1 && $2 >= least { n++ } END { print n + 0 }'
n=$(awk -F, -v least="$1" "$count" "$2")
printf '{ "n": { "number": %s, "digits": 0, "unit": "birds", "about": "large" } }' "$n" > "$3"
"#;

/// The ledger as the function of that name makes it, with a value that nobody should open.
const LEDGER: &str = r#"n=$(sed 's/[^0-9]*\([0-9]*\).*/\1/' "$1")
printf '{ "values": { "count.n": { "number": %s, "exact": "%s", "digits": 0, "unit": "birds",
"about": "=1+1 </script>|", "stage": "count", "labels": ["published"] } }, ' "$n" "$n" > "$3"
tail -c +2 "$2" >> "$3"
"#;

const ROWS: &str = r#"[{ "name": "=HYPERLINK(1)", "n": 1 },
  { "name": "a,\"b\" </script>\u0007", "n": -2 }]"#;

const CLAIMS: &str = r#"{ "claims": [{ "claim": "birds.large", "section": "Table 1",
  "counts": "large birds", "published_text": "2", "computed_text": "2",
  "status": "reproduced", "values": ["count.n"] }] }"#;

const CITATION: &str = r#"cff-version: 1.2.0
title: "Birds, a study"
abstract: Birds are counted.
authors:
  - given-names: Ada
    family-names: Wren
    orcid: https://orcid.org/0000-0002-1825-0097
    affiliation: Institute of Birds
license: MIT
version: 0.1.0
repository-code: https://example.org/birds
"#;

/// A study that has run.
fn birds() -> Space {
    let space = unrun();
    space.good(&[]);
    space
}

fn unrun() -> Space {
    let space = Space::empty();
    space.file("pipeline.yaml", PIPELINE);
    space.file("raw/datapackage.yaml", PACKAGE);
    space.file("raw/birds.csv", "bird,size\nrobin,9\nraven,60\ngull,50\nwren,8\n");
    space.file("bin/count.sh", COUNT);
    space.file("bin/ledger.sh", LEDGER);
    space.file("data/rows.json", ROWS);
    space.file("data/claims.json", CLAIMS);
    space.file("CITATION.cff", CITATION);
    space
}

/// Exports to a folder or file beside the project's own, which must do well.
fn export(space: &Space, form: &str, to: &str) {
    let said = space.say(&["export", form, "--to", to]);
    assert_eq!(said.code, 0, "{said:?}");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Every entity of a crate.
fn graph(space: &Space, crate_: &str) -> Vec<Value> {
    let metadata = json(&space.text(&format!("{crate_}/ro-crate-metadata.json")));
    metadata["@graph"].as_array().unwrap().clone()
}

fn entity<'a>(graph: &'a [Value], id: &str) -> &'a Value {
    graph.iter().find(|it| it["@id"] == id).unwrap_or_else(|| panic!("no `{id}`"))
}

/// The ids that a value refers to.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(entries) => {
            if let (Some(id), 1) = (entries.get("@id").and_then(Value::as_str), entries.len()) {
                found.insert(id.to_string());
            }
            entries.values().for_each(|value| references(value, found));
        }
        _ => {}
    }
}

#[test]
fn a_crate_refers_to_what_it_describes_and_its_hashes_are_true() {
    let space = birds();
    export(&space, "ro-crate", "crate");
    let graph = graph(&space, "crate");
    let ids: BTreeSet<_> = graph.iter().map(|it| it["@id"].as_str().unwrap().to_string()).collect();
    assert_eq!(ids.len(), graph.len(), "an id is there twice");
    let mut referred = BTreeSet::new();
    graph.iter().for_each(|it| references(it, &mut referred));
    let lost: Vec<_> =
        referred.iter().filter(|id| !ids.contains(*id) && !id.starts_with("https://")).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let root = entity(&graph, "./");
    let mut profiles = BTreeSet::new();
    references(&root["conformsTo"], &mut profiles);
    for profile in ["process", "workflow", "provenance"] {
        assert!(profiles.contains(&format!("https://w3id.org/ro/wfrun/{profile}/0.5")));
    }
    // Every file is described, and every description is true.
    let mut files = space.files("crate");
    files.retain(|path| path != "crate/ro-crate-metadata.json");
    for path in &files {
        let bytes = std::fs::read(space.path(path)).unwrap();
        let it = entity(&graph, path.strip_prefix("crate/").unwrap());
        assert_eq!(it["contentSize"], bytes.len().to_string(), "{path}");
        if path != "crate/README.md" {
            assert_eq!(it["identifier"], format!("blake3:{}", blake3::hash(&bytes)), "{path}");
        }
        let sum = Command::new("sha256sum").arg(space.path(path)).output().unwrap();
        let sum = String::from_utf8(sum.stdout).unwrap();
        assert_eq!(it["sha256"].as_str().unwrap(), &sum[..64], "{path}");
    }
    let described = graph.iter().filter(|it| it["@type"].to_string().contains("File"));
    assert_eq!(described.count(), files.len());
}

#[test]
fn a_crate_tells_who_made_what_of_what() {
    let space = birds();
    export(&space, "ro-crate", "crate");
    let graph = graph(&space, "crate");
    let action = entity(&graph, "#action/count");
    assert_eq!(action["result"]["@id"], "outputs/values/count.json");
    assert_eq!(action["agent"]["@id"], "https://orcid.org/0000-0002-1825-0097");
    assert_eq!(action["endTime"], "2026-11-27");
    assert_eq!(action["instrument"]["@id"], "#program/count");
    let program = entity(&graph, "#program/count");
    assert_eq!(program["text"], "sh bin/count.sh 10 raw/birds.csv outputs/values/count.json");
    let value = entity(&graph, "#value/pipeline/least");
    assert_eq!((&value["@type"], &value["value"]), (&"PropertyValue".into(), &10.into()));
    assert_eq!(entity(&graph, "#control/count")["object"]["@id"], "#action/count");
    assert_eq!(entity(&graph, "#organised")["result"]["@id"], "#run");
    let birds = entity(&graph, "raw/birds.csv");
    assert_eq!(birds["isBasedOn"], "https://example.org/birds");
    assert_eq!(birds["license"]["@id"], "https://creativecommons.org/publicdomain/zero/1.0/");
    // What is made up is said, also of what comes of it.
    assert_eq!(entity(&graph, "outputs/table/names.json")["keywords"], "synthetic");
    let report = entity(&graph, "outputs/report.pdf");
    assert_eq!(report["keywords"], json(r#"["published", "synthetic"]"#));
    let text = space.text("crate/ro-crate-metadata.json");
    assert!(text.contains("2 files are synthetic"), "{text}");
    assert!(!text.contains("</script>") && !text.contains('\u{7}'), "{text}");
}

/// The checks of others, where they are installed; their contexts come over the network
/// or from their cache.
#[test]
fn the_validator_of_crates_finds_nothing() {
    let space = birds();
    export(&space, "ro-crate", "crate");
    for profile in ["process-run-crate-0.5", "workflow-run-crate-0.5", "provenance-run-crate-0.5"] {
        let mut validator = Command::new("rocrate-validator");
        validator.args(["-y", "validate", "--no-paging", "-v", "-p", profile]);
        // A workflow that is a file of the crate has no absolute address.
        validator.args(["-l", "recommended", "--skip-checks", "process-run-crate-0.5_5.1"]);
        let Ok(said) = validator.arg(space.path("crate")).output() else {
            return eprintln!("skipped: there is no `rocrate-validator`");
        };
        let told = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
        if ["URLError", "retrieve the JSON-LD", "urlopen"].iter().any(|it| told.contains(it)) {
            return eprintln!("skipped: `rocrate-validator` can't reach the contexts of RO-Crate");
        }
        assert!(said.status.success(), "{profile}: {told}");
    }
}

#[test]
fn an_archive_has_the_same_bytes_each_time() {
    let space = birds();
    export(&space, "ro-crate", "a.zip");
    export(&space, "ro-crate", "b.zip");
    let read = |name: &str| std::fs::read(space.path(name)).unwrap();
    assert_eq!(read("a.zip"), read("b.zip"));
    assert!(read("a.zip").starts_with(b"PK"));
}

#[test]
fn the_table_of_a_code_check() {
    let space = birds();
    let said = space.say(&["export", "aea", "-q"]);
    let command = "sh bin/count.sh 10 raw/birds.csv outputs/values/count.json,pipeline.yaml:7,\
                   outputs/values/count.json";
    same(
        &said.out,
        &format!(
            "kind,name,what,printed,page,program,line,output,reproduced,note\n\
             table,,names of birds,,,/bin/sh -ec cat data/rows.json > outputs/table/names.json,\
             pipeline.yaml:13,outputs/table/names.json,as locked,synthetic\n\
             number,count.n,'=1+1 </script>| (birds),2,,{command},as locked,\n\
             claim,birds.large,Table 1: large birds,2,,{command},reproduced,computed 2\n"
        ),
    );
    export(&space, "aea", "check.md");
    let table = space.text("check.md");
    assert!(table.contains("| =1+1 &lt;/script&gt;\\| (birds) | 2 |"), "{table}");
}

#[test]
fn where_things_stand_in_a_report() {
    let space = unrun();
    space.edit(
        "pipeline.yaml",
        "outputs: { pdf: report.pdf }",
        "outputs: { pdf: report.pdf, places: places.json }",
    );
    space.edit(
        "pipeline.yaml",
        "    cmd: echo %PDF-1.7 > {{ outputs.pdf }}",
        "    cmd: echo %PDF-1.7 > {{ outputs.pdf }} && cp {{ inputs.places }} {{ outputs.places }}",
    );
    space.edit(
        "pipeline.yaml",
        "inputs: { table: names.table,",
        "inputs: { places: data/p.json, table: names.table,",
    );
    let places = r#"{ "values": { "count.n": { "pages": [3, 5, 5] } }, "figures": [ {
        "kind": "figure", "number": 1, "caption": "Names", "page": 4,
        "data": ["outputs/table/names.json"] } ] }"#;
    space.file("data/p.json", places);
    space.good(&[]);
    let said = space.say(&["export", "aea", "-q"]);
    assert!(said.out.contains("\nfigure,1,Names,,4,/bin/sh -ec cat"), "{}", said.out);
    assert!(
        said.out.contains("\nnumber,count.n,'=1+1 </script>| (birds),2,\"3, 5\",sh "),
        "{}",
        said.out
    );
}

#[test]
fn cells_that_a_spreadsheet_would_execute_are_texts() {
    let space = birds();
    export(&space, "csv", "csv");
    assert_eq!(
        space.files("csv"),
        ["csv/tables/table/audit.claims.csv", "csv/tables/table/names.csv", "csv/values.csv"]
    );
    same(
        &space.text("csv/tables/table/names.csv"),
        "n,name\n1,'=HYPERLINK(1)\n-2,\"a,\"\"b\"\" </script>\\x07\"\n",
    );
    let values = space.text("csv/values.csv");
    let digest = blake3::hash(space.text("outputs/values/count.json").as_bytes());
    let row = format!(
        "count.n,2,,birds,0,,,'=1+1 </script>|,count,published,outputs/values/count.json,{digest}\n"
    );
    assert!(values.ends_with(&row), "{values}");
}

#[test]
fn a_configuration_for_checkers_and_its_files() {
    let space = birds();
    export(&space, "codecheck", "check");
    let text = space.text("check/codecheck.yml");
    assert!(
        text.starts_with("---\nversion: https://codecheck.org.uk/spec/config/1.0/\n"),
        "{text}"
    );
    let files: Vec<_> = text.lines().filter_map(|it| it.strip_prefix("  - file: ")).collect();
    assert_eq!(files.len(), 4);
    for file in files {
        let path = file.trim_matches('"');
        assert_eq!(space.text(&format!("check/{path}")), space.text(path));
    }
    assert!(
        text.contains("comment: \"the output table of stage names: names of birds (synthetic)\"")
    );
}

#[test]
fn statements_and_their_signature() {
    let space = birds();
    let said = space.say(&["export", "slsa"]);
    let statement = json(&said.out);
    assert!(said.err.contains("note: it is not signed: `--sign KEY` takes an SSH key\n"));
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let names: Vec<_> =
        statement["subject"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["outputs/report.pdf", "pipeline.lock"]);
    assert_eq!(statement["subject"][0]["annotations"]["labels"][1], "synthetic");
    let tro = json(&space.say(&["export", "tro", "-q"]).out);
    let tro = &tro["@graph"][0];
    assert_eq!(tro["trov:vocabularyVersion"], "0.1");
    assert!(tro["trov:wasAssembledBy"]["trov:publicKey"].is_null());
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(space.path("key"))
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        return eprintln!("skipped: there is no `ssh-keygen`");
    }
    let said = space.say(&["export", "slsa", "--to", "slsa.json", "--sign", "key"]);
    assert_eq!(said.code, 0, "{said:?}");
    space.file("signers", format!("ada@example.org {}", space.text("key.pub")));
    let verify = "ssh-keygen -Y verify -f signers -I ada@example.org -n colophon-export \
                  -s slsa.json.sig < slsa.json";
    let verified = |space: &Space| {
        Command::new("sh").args(["-c", verify]).current_dir(space.root()).output().unwrap()
    };
    assert!(verified(&space).status.success());
    space.edit("slsa.json", "pipeline.lock", "pipeline.lack");
    assert!(!verified(&space).status.success());
    let said = space.say(&["export", "aea", "--to", "a.csv", "--sign", "key"]);
    assert_eq!(said.code, 2);
    assert!(!space.exists("a.csv"));
}

#[test]
fn names_of_strangers_stay_names() {
    let space = unrun();
    let name = "data/=1+1,\"q\" </script> %41#.json";
    space.file(name, ROWS);
    let quoted = serde_json::to_string(&format!("./{name}")).unwrap();
    space.edit("pipeline.yaml", "rows: data/rows.json", &format!("rows: {quoted}"));
    space.good(&[]);
    export(&space, "ro-crate", "crate");
    let graph = graph(&space, "crate");
    let id = "data/%3D1%2B1%2C%22q%22%20%3C/script%3E%20%2541%23.json";
    assert_eq!(entity(&graph, id)["name"], name);
    assert_eq!(space.text(&format!("crate/{name}")), ROWS);
    for form in ["tro", "slsa"] {
        let said = space.say(&["export", form, "-q"]);
        assert!(json(&said.out).is_object() && !said.out.contains("</script>"), "{}", said.out);
    }
}
