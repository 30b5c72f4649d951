//! The audit of one claim or check over the values of two stages, one of them a stand-in.

use engine::function::Artifact;
use engine::given;
use serde_json::json;

use super::*;

const CLAIM: &str = "
claims:
  apps.share:
    section: '5.2'
    counts: share of apps
    published: 75
    unit: percent
    comparator: '~'
    evidence: published_table
    expression: tag.phone / tag.apps * 100
    reason: it is {tag.phone} of {tag.apps}, {tag.phone / tag.apps * 100 | 1} % ({tag.who})
    effect: none
    accepted: differs
";

/// The audit of `text` with 39 of 62 apps, and one value from a stand-in.
fn audit(text: &str) -> Result<Outputs, Failure> {
    let output = |path| json!({ "values": { "path": path, "digest": "ab" } });
    let lineage = json!({
        "stages": {
            "tag": { "outputs": output("outputs/tag.json"), "labels": ["published"] },
            "series": { "outputs": output("outputs/series.json"), "labels": ["synthetic"] },
        },
        "sources": {},
    });
    let number = |it: f64| json!({ "number": it, "digits": 0, "unit": "apps", "about": "a count" });
    let who = json!({ "text": "Weibo", "about": "an app" });
    let mean = json!({ "number": 2.125, "digits": 2, "unit": "", "about": "a mean" });
    let tag = json!({ "apps": number(62.0), "who": who, "phone": number(39.0), "mean": mean });
    let series = json!({ "total": number(75.0) });
    let values = [
        Artifact {
            labels: BTreeSet::from([SYNTHETIC.to_string()]),
            ..given::artifact("outputs/series.json", series.to_string().as_bytes())
        },
        given::artifact("outputs/tag.json", tag.to_string().as_bytes()),
    ];
    let claims = given::artifact("claims.yaml", text.as_bytes());
    let lineage = given::artifact("lineage", lineage.to_string().as_bytes());
    let inputs = [("claims", &[claims][..]), ("values", &values), ("lineage", &[lineage])];
    run(&Params::default(), &given::job(&inputs))
}

fn row(outputs: &Outputs) -> serde_json::Value {
    let table: serde_json::Value = serde_json::from_slice(&outputs["table"].bytes).unwrap();
    table["claims"][0].clone()
}

#[test]
fn a_claim_that_differs_gives_both_numbers_and_why() {
    let outputs = audit(CLAIM).unwrap();
    let found = row(&outputs);
    let texts = ["status", "computed_text", "published_text", "difference_text"];
    assert_eq!(texts.map(|key| &found[key]), ["differs", "62.9", "75", "−12.1"]);
    assert_eq!(found["reason"], "it is 39 of 62, 62.9 % (Weibo)");
    assert_eq!(given::number(&outputs, "differs"), 1.0);
    // 1 is not 0.6, which is printed with a decimal.
    let one = CLAIM.replace("75", "0.6").replace("tag.apps * 100\n", "tag.phone\n");
    assert_eq!(row(&audit(&one).unwrap())["difference_text"], "0.40");
}

#[test]
fn a_change_of_status_that_nobody_accepted() {
    let failure = audit(&CLAIM.replace("published: 75", "published: 63")).unwrap_err();
    let fault = &failure.diagnostics[0];
    let message = "the status of the claim `apps.share` is `reproduced`, and `differs` is accepted";
    assert_eq!(fault.to_string(), format!("claims.yaml:13:15: {message}"));
    assert_eq!(fault.details, ["stated 63, computed 62.9 percent"]);
    assert_eq!(fault.hints[0], "write `accepted: reproduced` in `claims.yaml` if it is right");
    assert_eq!(fault.kind, engine::diagnostic::Kind::Contract);
    let silent = CLAIM.replace("    effect: none\n", "");
    let said = given::messages(audit(&silent));
    assert!(said[0].ends_with("differs and lacks a `reason` or an `effect`"), "{said:?}");
}

#[test]
fn a_stand_in_settles_nothing() {
    let text = CLAIM.replace("tag.phone / tag.apps * 100\n", "series.total + 0 * tag.apps\n");
    let said = given::messages(audit(&text));
    let message =
        "the status of the claim `apps.share` is `not checkable`, and `differs` is accepted";
    assert!(said[0].ends_with(message), "{said:?}");
    let outputs = audit(&text.replace("accepted: differs", "accepted: not checkable")).unwrap();
    assert_eq!(row(&outputs)["computed"], json!(null));
    assert_eq!(row(&outputs)["missing"], "its values rest on stand-in data");
}

#[test]
fn checks_and_unknown_values() {
    let check = "checks:\n  a:\n    about: apps\n    unit: apps\n    expected: 62\n    \
                 expression: tag.apps\n    accepted: agrees\n";
    assert_eq!(given::number(&audit(check).unwrap(), "checks.agree"), 1.0);
    let failure = audit(&check.replace("tag.apps", "tag.app")).unwrap_err();
    let fault = &failure.diagnostics[0];
    assert_eq!(fault.to_string(), "claims.yaml:6:17: there is no value `tag.app`");
    assert_eq!(fault.hints[0], "did you mean `tag.apps`?");
    let said = given::messages(audit(&check.replace("tag.apps", "tag.apps / 0")));
    assert!(said[0].ends_with("`tag.apps / 0` cannot be computed: it divides by 0"), "{said:?}");
}

/// What the file says of a claim stands in its row, next to what is computed.
#[test]
fn a_row_repeats_what_the_file_says() {
    let outputs = audit(CLAIM).unwrap();
    let found = row(&outputs);
    let keys = ["claim", "section", "counts", "unit", "comparator", "evidence", "effect"];
    let said = ["apps.share", "5.2", "share of apps", "percent", "~", "published_table", "none"];
    assert_eq!(keys.map(|key| &found[key]), said);
    assert_eq!((&found["published"], &found["nearest"]), (&json!(75.0), &json!(null)));
    let table: serde_json::Value = serde_json::from_slice(&outputs["table"].bytes).unwrap();
    assert_eq!(table["labels"], json!(["published"]));
}

/// The nearest public number stands in the row of a claim that nothing else settles.
#[test]
fn the_nearest_number() {
    let open = CLAIM
        .replace("expression: tag.phone / tag.apps * 100", "missing: a panel\n    nearest: NEAR")
        .replace("accepted: differs", "accepted: not checkable");
    let found = row(&audit(&open.replace("NEAR", "tag.mean")).unwrap());
    assert_eq!((&found["nearest"], &found["nearest_text"]), (&json!(2.125), &json!("2.1")));
    assert_eq!(found["missing"], "a panel");
    let found = row(&audit(&open.replace("NEAR", "series.total")).unwrap());
    assert_eq!((&found["nearest"], &found["nearest_text"]), (&json!(null), &json!(null)));
    // Nor is it told where the claim itself is settled.
    let settled = CLAIM.replace("    reason:", "    nearest: tag.mean\n    reason:");
    assert_eq!(row(&audit(&settled).unwrap())["nearest"], json!(null));
}

#[test]
fn a_quoted_value_has_its_own_decimals() {
    let text = CLAIM.replace("effect: none", "effect: it is {tag.mean} of {series.total}");
    assert_eq!(row(&audit(&text).unwrap())["effect"], "it is 2.12 of (a stand-in)");
}

#[test]
fn who_must_say_why() {
    let silent = CLAIM.replace("    reason: it is", "    missing: it is");
    let newly = silent.replace("accepted: differs", "accepted: reproduced");
    let hints = |text: &str| audit(text).unwrap_err().diagnostics.remove(0).hints;
    assert_eq!(hints(&newly)[0], "say in `reason` why, and in `effect` what follows");
    // No reason is due where the numbers agree, nor where one stands.
    let agreed = silent.replace("published: 75", "published: 63");
    assert_eq!(hints(&agreed)[0], "write `accepted: reproduced` in `claims.yaml` if it is right");
    let newly = CLAIM.replace("accepted: differs", "accepted: reproduced");
    assert_eq!(hints(&newly)[0], "write `accepted: differs` in `claims.yaml` if it is right");
}

const CHECK: &str = "
checks:
  a:
    about: apps in both tables
    unit: apps
    expected: EXPECTED
    expression: FOUND
    reason: one of {tag.apps} is missing
    effect: none
    accepted: ACCEPTED
";

fn check(expected: &str, found: &str, accepted: &str) -> Result<Outputs, Failure> {
    let text = CHECK.replace("EXPECTED", expected).replace("FOUND", found);
    audit(&text.replace("ACCEPTED", accepted))
}

#[test]
fn a_check_that_differs() {
    let outputs = check("62", "tag.phone", "differs").unwrap();
    assert_eq!(given::number(&outputs, "checks.differ"), 1.0);
    let table: serde_json::Value = serde_json::from_slice(&outputs["table"].bytes).unwrap();
    let found = &table["checks"][0];
    let keys = ["claim", "counts", "unit", "published_text", "computed_text", "reason", "effect"];
    let said = ["a", "apps in both tables", "apps", "62", "39", "one of 62 is missing", "none"];
    assert_eq!(keys.map(|key| &found[key]), said);
    assert_eq!((&found["published"], &found["difference"]), (&json!(62.0), &json!(-23.0)));
}

/// Nine digits must agree, of a large number as of a small one.
#[test]
fn what_a_check_takes_for_equal() {
    for (expected, found, status) in [
        ("tag.apps * 1000000", "tag.apps * 1000000 + 0.01", "agrees"),
        ("tag.apps * 1000000", "tag.apps * 1000000 + 1", "differs"),
        ("tag.apps / 1000000", "tag.apps / 1000000 + 0.00000001", "differs"),
    ] {
        let said = given::messages(check(expected, found, status));
        assert!(said.is_empty(), "{found}: {said:?}");
    }
}

#[test]
fn a_check_rests_on_no_stand_in() {
    for (expected, found) in [("75", "series.total"), ("series.total", "75 + 0 * tag.apps")] {
        let said = given::messages(check(expected, found, "agrees"));
        assert_eq!(said, ["claims.yaml:7:17: the check `a` rests on a stand-in"]);
    }
}
