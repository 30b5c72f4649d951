//! The report, from sources and a ledger.

use engine::given;

use super::*;

/// The report of a main source and a ledger, or what is said of them.
fn outputs(main: &str, date: &str, naked: &str) -> Result<Outputs, Vec<String>> {
    let artifact = |path: &str, text: &str| Artifact {
        path: path.to_string(),
        bytes: text.as_bytes().into(),
        labels: Default::default(),
        resource: None,
    };
    let inputs = BTreeMap::from([
        ("sources".to_string(), vec![artifact("report/main.typ", main)]),
        ("ledger".to_string(), vec![artifact("outputs/ledger.json", LEDGER)]),
    ]);
    let params = serde_json::json!({ "date": date, "naked": naked });
    let job = Job::new(params, inputs, [0; 32]);
    let params = job.params().unwrap();
    run(&params, &job).map_err(|failure| {
        failure.diagnostics.iter().map(|it| format!("{it} {:?}", it.hints)).collect()
    })
}

/// The PDF of a main source, or what is said of it.
fn report(main: &str, date: &str) -> Result<Vec<u8>, Vec<String>> {
    Ok(outputs(main, date, "refused")?.remove("pdf").unwrap().bytes)
}

const LEDGER: &str = r#"{"z": 1, "values": {"a.b": {"number": 7, "exact": "7"}}}"#;

/// A claim over the value `a.b`, and marks of literals, as the study's sources have them.
const MARKS: &str = "#let lit(body) = body\n\
    #let claim(condition, holds, body) = {\n  \
    [#metadata((condition: condition, names: (\"a.b\",), holds: holds, body: body))<claim>]\n  \
    body\n}\n";

#[test]
fn a_report() {
    let main = "#sys.inputs.date #json(\"/outputs/ledger.json\").z";
    let pdf = report(main, "2026-11-21").unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(pdf == report(main, "2026-11-21").unwrap());
}

/// Who prints no value needs no ledger.
#[test]
fn a_report_without_values() {
    let main = engine::given::artifact("report/main.typ", b"A text.");
    let job = engine::given::job(&[("sources", &[main])]);
    let params = serde_json::json!({ "date": "2026-11-21" });
    let outputs = run(&serde_json::from_value(params).unwrap(), &job).unwrap();
    assert!(outputs["pdf"].bytes.starts_with(b"%PDF-"));
}

#[test]
fn what_was_done() {
    let main = "#let it = json(bytes(sys.inputs.action))
        #assert.eq(it.function, \"report\")
        #assert.eq(it.params.main, \"report/main.typ\")
        #assert.eq(it.inputs.sources, (\"report/main.typ\",))
        #assert.eq(it.inputs.ledger, (\"outputs/ledger.json\",))";
    report(main, "2026-11-21").unwrap();
}

#[test]
fn a_file_that_is_no_input() {
    assert_eq!(
        report("#json(\"/outputs/other.json\")", "2026-11-21").unwrap_err(),
        ["report/main.typ:1:7: file not found (searched at outputs/other.json) \
          [\"the report sees only the inputs that its stage declares\"]"]
    );
}

#[test]
fn a_claim_that_is_false() {
    let main = format!("{MARKS}Sales #claim(\"a.b > 0\", true)[rose].");
    assert!(report(&main, "2026-11-21").is_ok());
    let main = format!("{MARKS}Sales #claim(\"a.b < 0\", false)[fell].");
    let said = report(&main, "2026-11-21").unwrap_err();
    assert_eq!(said.len(), 1);
    let message = "report/main.typ:6:32: `fell` on page 1 is not true";
    assert!(said[0].starts_with(message), "{said:?}");
}

#[test]
fn a_number_that_nothing_answers_for() {
    let main = "In all, 7 birds.";
    let said = report(main, "2026-11-21").unwrap_err();
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("report/main.typ:1:9: `7` is a naked number"), "{said:?}");
    assert!(said[0].contains("it may be `#val(\\\"a.b\\\")`"), "{said:?}");
    assert!(outputs(main, "2026-11-21", "counted").is_ok());
}

#[test]
fn numerals_are_counted_by_what_they_are() {
    let main = format!(
        "{MARKS}In 2019, 2020 and 2021 Table 3 and Figure 4 list #lit[5] birds of \
         #lit[6], #lit[7] and #lit[8], that is 9, 10, 11, 12 or 13.\n\n\
         They #claim(\"a.b > 0\", true)[fly]."
    );
    let outputs = outputs(&main, "2026-11-21", "counted").unwrap();
    let count = |key| {
        engine::given::values(&Outputs::from([(
            "values",
            Output::from(outputs["coverage"].bytes.clone()),
        )]))[key]["number"]
            .clone()
    };
    let keys = ["values", "claims", "literals", "dates", "references", "naked"];
    assert_eq!(keys.map(count), [0, 1, 4, 3, 2, 5]);
}

/// What a library says of no file stands at no place.
#[test]
fn a_problem_without_a_place() {
    let shown = diagnostic(Problem::new("there is no such standard"));
    assert_eq!(shown.to_string(), "there is no such standard");
    let shown = diagnostic(Problem {
        path: "report/main.typ".into(),
        line: 1,
        column: 2,
        ..Problem::new("a word is missing")
    });
    assert_eq!(shown.to_string(), "report/main.typ:1:2: a word is missing");
}

#[test]
fn counts_inflect() {
    let none = Coverage::default();
    assert_eq!(none.to_string(), "0 values, 0 claims, 0 literals, no naked numbers");
    let one = Coverage { values: 1, claims: 1, literals: 1, naked: 1, ..none };
    assert_eq!(one.to_string(), "1 value, 1 claim, 1 literal, 1 naked number");
    let many = Coverage { values: 1200, naked: 10, ..one };
    assert_eq!(many.to_string(), "1,200 values, 1 claim, 1 literal, 10 naked numbers");
}

/// The words of a draft's pages are not in the PDF as plain text, but its marks are
/// counted, and what is sound without a draft is refused or not as ever.
#[test]
fn a_draft_marks_what_is_not_true() {
    let main = "#[#metadata((condition: \"1 > 2\", names: (), holds: false, body: [more]))\
                <claim> #box[more]<colophon-false>]";
    let of = |draft: bool| {
        let artifact = given::artifact("report/main.typ", main.as_bytes());
        let params: Params =
            serde_json::from_value(serde_json::json!({ "date": "2026-11-21", "draft": draft }))
                .unwrap();
        run(&params, &given::job(&[("sources", &[artifact])]))
    };
    let refused = of(false).unwrap_err();
    assert!(refused.diagnostics[0].message.ends_with("on page 1 is not true"));
    let draft = of(true).unwrap();
    assert_eq!(draft["pdf"].note.as_deref(), Some("DRAFT: 1 statement not true"));
    // Not to be a draft says nothing in a key.
    let plain =
        serde_json::to_value(serde_json::from_str::<Params>("{\"date\": \"2026-11-21\"}").unwrap());
    assert!(plain.unwrap().get("draft").is_none());
}

#[test]
fn a_date_in_other_words() {
    for date in ["21 November 2026", "2026-11-21-1", "26-11-21", "2026-02-30"] {
        assert_eq!(
            report("", date).unwrap_err(),
            [format!("`{date}` is not a date [\"write it as `YYYY-MM-DD`\"]")]
        );
    }
}
