//! Problems as the hosts of code show them beside a change.

use crate::space::{Space, same};

const WRONG: &str = "stages:\n  a:\n    cmd: 'echo > {{ outputs.t }}'\n    \
                     inputs: { t: b.tabel }\n    \
                     outputs: { t: t }\n";

#[test]
fn annotations_of_a_workflow() {
    let space = Space::new(WRONG);
    let said = space.say(&["check", "--format", "github"]);
    assert_eq!(said.code, 2);
    assert!(said.out.starts_with("::error file=pipeline.yaml,line=6,col="), "{}", said.out);
    assert_eq!(said.out.lines().count(), said.out.matches("::error").count());
    assert!(said.err.starts_with("error: "), "{}", said.err);
    // A stage that fails has the place of its declaration in its message, or none.
    let space =
        Space::new("stages:\n  a:\n    cmd: 'echo 100 % >&2; exit 3'\n    outputs: { t: t }\n");
    let said = space.say(&["run", "--format", "github"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("%25"), "{}", said.out);
    // What is sound has nothing to say.
    let space =
        Space::new("stages:\n  a:\n    cmd: 'echo > {{ outputs.t }}'\n    outputs: { t: t }\n");
    same(&space.say(&["run", "--format", "github", "-q"]).out, "");
}

#[test]
fn a_log_of_sarif() {
    let space = Space::new(WRONG);
    let said = space.say(&["check", "--format", "sarif"]);
    assert_eq!(said.code, 2);
    let log: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "pipeline.yaml");
    assert_eq!(place["region"]["startLine"], 6);
    let space =
        Space::new("stages:\n  a:\n    cmd: 'echo > {{ outputs.t }}'\n    outputs: { t: t }\n");
    let said = space.say(&["run", "--format", "sarif", "-q"]);
    let log: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
}
