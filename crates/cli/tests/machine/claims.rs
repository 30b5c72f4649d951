//! What became of claims, and what is accepted of them.

use crate::space::{Space, same};

const CLAIMS: &str = "claims:\n  birds.large:\n    published: 2\n    \
                      accepted: differs # since May\n    \
                      reason: 'one was counted twice'\n  birds.all:\n    published: 4\n    \
                      accepted: reproduced\nchecks:\n  sums:\n    accepted: agrees\n    \
                      reason: >\n      \
                      more than\n      a line\n";

const TABLE: &str = r#"{ "claims": [
  { "claim": "birds.large", "status": "differs", "published_text": "2", "computed_text": "3",
    "unit": "birds" },
  { "claim": "birds.all", "status": "not checkable", "published_text": "4", "computed_text": null,
    "unit": "birds", "missing": "the licensed counts" } ],
  "checks": [ { "claim": "sums", "status": "agrees", "published_text": "4",
                "computed_text": "4", "unit": "" } ] }"#;

/// A study whose audit is a copy.
fn audited() -> Space {
    let space = Space::new(
        "stages:\n  audit:\n    cmd: [cp, \"{{ inputs.made }}\", \"{{ outputs.table }}\"]\n    \
         inputs: { claims: claims.yaml, made: made.json }\n    outputs: { table: audit.json }\n",
    );
    space.file("claims.yaml", CLAIMS);
    space.file("made.json", TABLE);
    space.good(&[]);
    space
}

#[test]
fn the_table() {
    let space = audited();
    let said = space.say(&["claims"]);
    same(
        &said.out,
        "2 claims: 1 differs, 1 not checkable\n  \
         differs        birds.large  stated 2, computed 3 birds\n  \
         not checkable  birds.all    stated 4 birds; missing: the licensed counts\n\
         1 check: 1 agrees\n  agrees  sums  stated 4, computed 4\n",
    );
    let said = space.say(&["claims", "--status", "differs"]);
    same(&said.out, "1 claim: 1 differs\n  differs  birds.large  stated 2, computed 3 birds\n");
    let json: serde_json::Value =
        serde_json::from_str(&space.say(&["claims", "--json"]).out).unwrap();
    assert_eq!(json["claims"].as_array().unwrap().len(), 2);
}

#[test]
fn a_status_is_accepted_with_its_reason() {
    let space = audited();
    let accept = |name: &str, status: &str, reason: &str| {
        space.say(&["claims", "accept", name, "--as", status, "--reason", reason])
    };
    let said = accept("birds.large", "reproduced", "a \"new\" count: 2");
    same(&said.err, "`birds.large` is accepted as `reproduced` in `claims.yaml`\n");
    let text = space.text("claims.yaml");
    let told = "    accepted: reproduced # since May\n    reason: \"a \\\"new\\\" count: 2\"\n";
    assert!(text.contains(told), "{text}");
    // Where there is none, a reason gets its own line.
    assert_eq!(accept("birds.all", "not-checkable", "gone").code, 0);
    let text = space.text("claims.yaml");
    assert!(text.contains("    reason: \"gone\"\n    accepted: not checkable\n"), "{text}");
    // Everything else is as it was.
    assert!(text.ends_with("    reason: >\n      more than\n      a line\n"), "{text}");
}

#[test]
fn what_can_not_be_accepted() {
    let space = audited();
    let accept = |name: &str, reason: &str| {
        space.say(&["claims", "accept", name, "--as", "differs", "--reason", reason])
    };
    let said = accept("birds.lrage", "x");
    assert!(said.err.ends_with("hint: did you mean `birds.large`?\n"), "{}", said.err);
    assert_eq!(accept("birds.all", " ").code, 2);
    let said = accept("sums", "x");
    assert!(
        said.err.starts_with("error: this is written in a way that can't be replaced safely\n"),
        "{}",
        said.err
    );
    assert_eq!(space.text("claims.yaml"), CLAIMS, "nothing is written where anything is wrong");
    let space = crate::diff::birds();
    let said = space.say(&["claims"]);
    assert!(said.err.starts_with("error: no stage audits claims\n"), "{}", said.err);
}
