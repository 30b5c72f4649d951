//! From a number up to raw files, and from a raw row, a parameter or a stage down to
//! what rests on it.

use crate::diff::birds;
use crate::space::{Space, same};

/// A report of two pages, as the function `report` tells of it.
const PLACES: &str = r#"{
  "pages": 2,
  "values": { "count.n": { "pages": [1, 2], "sentences": [
    { "path": "report/main.typ", "line": 3, "text": "There are 2 large birds." } ] } },
  "claims": [ { "condition": "count.n > 1", "names": ["count.n"], "words": "several",
                "sentence": "There are several.", "page": 2,
                "path": "report/main.typ", "line": 9 } ],
  "figures": [ { "kind": "figure", "number": 1, "caption": "Birds by size.", "page": 2,
                 "data": ["outputs/n.txt"] } ]
}"#;

/// The birds with a report.
pub(crate) fn printed() -> Space {
    let space = birds();
    space.file("places.json", PLACES);
    let stage = "  report:\n    cmd: [cp, \"{{ inputs.places }}\", \"{{ outputs.places }}\"]\n    \
                 inputs: { places: places.json, ledger: ledger.ledger }\n    \
                 outputs: { places: report/places.json }\n";
    space.file("pipeline.yaml", space.text("pipeline.yaml") + stage);
    space.good(&[]);
    space
}

/// An answer with each digest of twelve digits as a word.
fn plain(said: &str) -> String {
    regex::Regex::new("[0-9a-f]{12}").unwrap().replace_all(said, "DIGEST").into_owned()
}

#[test]
fn from_a_number_to_the_raw_file() {
    let space = printed();
    let told = "count.n = 2 birds\nlarge ones\nprinted on page 1, 2\n  \
                report/main.typ:3  There are 2 large birds.\n\n\
                it rests on\n  count  sh bin/count.sh 10 birds.csv outputs/n.txt\n    \
                bin/count.sh DIGEST\n    birds.csv DIGEST\n\n\
                words that hang on it\n  page 2: several (count.n > 1)\n";
    same(&plain(&space.say(&["trace", "count.n"]).out), told);
    same(&plain(&space.say(&["trace", "2", "--page", "1"]).out), told);
    let json: serde_json::Value =
        serde_json::from_str(&space.say(&["trace", "count.n", "--json"]).out).unwrap();
    assert_eq!(json["above"][0]["is"]["inputs"]["birds"][0]["path"], "birds.csv");
    assert_eq!(json["below"]["pages"], serde_json::json!([1, 2]));
}

#[test]
fn from_a_raw_row_to_the_pages() {
    let space = printed();
    // Before anything is run.
    space.edit("birds.csv", "wren,8", "wren,18");
    let said = space.say(&["trace", "birds.csv:5"]);
    let told = "birds.csv\nline 1  bird,size\nline 5  wren,18\n\n\
                it reaches 3 stages, 2 values (1 printed), 1 figure\n  \
                count.n = 2 birds  page 1, 2\n  count.share = 0\n  \
                figure 1 on page 2: Birds by size.\npages 1, 2\n\
                in the end outputs/report/places.json\n\n\
                words that hang on it\n  page 2: several (count.n > 1)\n";
    same(&said.out, told);
    for what in ["count", "param:least", "outputs/n.txt", "figure 1"] {
        let said = space.say(&["trace", what]);
        assert!(said.out.contains("it reaches 3 stages, 2 values (1 printed)"), "{said:?}");
    }
    assert!(space.say(&["trace", "param:least"]).out.starts_with("parameter least\n  count: "));
    let said = space.say(&["trace", "birds.csv:50"]);
    assert!(said.out.contains("\nit has no line 50: it has 5 lines\n"), "{said:?}");
}

#[test]
fn what_has_no_name() {
    let space = printed();
    for (arguments, told) in [
        (
            &["trace", "cuont.n"][..],
            "error: nothing here is called `cuont.n`\nhint: did you mean `count.n`?\n",
        ),
        (
            &["trace", "664"],
            "error: nothing here is called `664`\n\
                             hint: a printed number needs its page: `--page N`\n",
        ),
        (
            &["trace", "3", "--page", "1"],
            "error: page 1 prints no value as `3`\nhint: it prints `count.n`\n",
        ),
        (&["trace", "2", "--page", "9"], "error: there is no page 9: the report has 2\n"),
        (
            &["trace", "param:nothing"],
            "error: no stage has a parameter `nothing`\nhint: write `param:NAME` for one of the \
          pipeline, `param:STAGE.NAME` for a stage's\n",
        ),
    ] {
        let said = space.say(arguments);
        same(&said.err, told);
        assert_eq!(said.code, 2);
    }
}

#[test]
fn where_nobody_says_what_is_on_which_page() {
    let space = birds();
    let said = space.say(&["trace", "2", "--page", "1"]);
    same(
        &said.err,
        "error: no stage says what is printed on which page\nhint: let the stage that \
                     uses `report` have the output `places`, and run it\n",
    );
    std::fs::remove_file(space.path("outputs/ledger.json")).unwrap();
    let said = space.say(&["trace", "count.n"]);
    assert!(said.err.ends_with("hint: `colophon run` makes it\n"), "{}", said.err);
}
