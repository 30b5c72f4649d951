//! Rules over several rows, and over several tables, by the values that they compare.

use serde_json::{Value, json};

use crate::given;

/// Rows are identified by what they hold, not by how it is written.
#[test]
fn equal_values_that_are_written_otherwise() {
    let field =
        |kind: &str, rules: Value| json!({ "name": "x", "type": kind, "constraints": rules });
    let with = |kind: &str, rules: Value, more: Value, rows: &str| {
        let mut schema = json!({ "fields": [field(kind, rules), { "name": "y" }] });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        given::messages(given::people(&format!("x,y\n{rows}"), schema))
    };
    let key = json!({ "primaryKey": "x" });
    assert_eq!(
        with("integer", json!({ "unique": true }), json!({}), "1,a\n01,b\n"),
        ["raw/people.csv:3:1: row 3, column `x`: `01` is in row 2 too, as `1`"]
    );
    assert_eq!(
        with("integer", json!({}), key.clone(), "1,a\n01,b\n"),
        ["raw/people.csv:3:1: row 3, column `x`: `01` is in row 2 too, as `1`"]
    );
    assert_eq!(
        with("boolean", json!({}), key.clone(), "true,a\nTrue,b\n"),
        ["raw/people.csv:3:1: row 3, column `x`: `True` is in row 2 too, as `true`"]
    );
    assert_eq!(
        with("number", json!({}), json!({ "uniqueKeys": [["x", "y"]] }), "1,a\n1.0,a\n2,a\n"),
        ["raw/people.csv:3:1: row 3 repeats row 2"]
    );
    // Where there is no key, the whole row is.
    assert_eq!(
        with("number", json!({}), json!({}), "1,a\n1.0,a\n"),
        ["raw/people.csv:3:1: row 3 repeats row 2"]
    );
    let missing = "raw/people.csv:3:1: row 3, column `x`: \
                   a value is required, as the primary key holds the column";
    assert_eq!(with("integer", json!({}), key, "1,a\n,b\n"), [missing]);
}

#[test]
fn unique_keys_and_foreign_keys_of_one_type() {
    let fields = json!([{ "name": "x", "type": "integer" }, { "name": "y", "type": "integer" },
                        { "name": "of", "type": "integer" }]);
    let schema = json!({ "fields": fields, "primaryKey": "x", "uniqueKeys": [["y", "of"]],
        "foreignKeys": [{ "fields": "of", "reference": { "resource": "", "fields": "x" } }] });
    let rows = |rows: &str| given::people(&format!("x,y,of\n{rows}"), schema.clone());
    assert!(rows("1,1,01\n2,1,\n3,1,\n").is_ok());
    assert_eq!(
        given::messages(rows("1,1,1\n2,01,1\n3,1,4\n")),
        [
            "raw/people.csv:3:3: row 3, columns `y`, `of`: \
             `01`, `1` is in row 2 too, as `1`, `1`",
            "raw/people.csv:4:5: row 4, column `of`: `4` is not in `people`",
        ]
    );
    // The table may name itself, and columns of other types are compared as written.
    let fields = json!([{ "name": "x" }, { "name": "of", "type": "integer" }]);
    let schema = json!({ "fields": fields, "foreignKeys": [
        { "fields": "of", "reference": { "resource": "people", "fields": "x" } }] });
    let said = |rows: &str| given::messages(given::people(rows, schema.clone()));
    assert_eq!(said("x,of\n1,\n2,1\n"), [""; 0]);
    let stranger = "raw/people.csv:3:3: row 3, column `of`: `01` is not in `people`";
    assert_eq!(said("x,of\n1,\n2,01\n"), [stranger]);
    let schema = json!({ "fields": [{ "name": "x" }], "foreignKeys": [
        { "fields": "x", "reference": { "resource": "places", "fields": "nam" } }] });
    let said = given::messages(given::people("x\nJapan\n", schema));
    assert_eq!(said, ["a foreign key of `people` names the unknown field `nam` of `places`"]);
}

#[test]
fn fields_that_go_together() {
    let fields = json!([{ "name": "country" }, { "name": "region" }, { "name": "place" }]);
    let schema = json!({ "fields": fields, "together": [["region", "place"]] });
    let rows = |rows: &str| given::people(&format!("country,region,place\n{rows}"), schema.clone());
    assert!(rows("Japan,Asia,1\nChina,,\n").is_ok());
    let failure = rows("China,,\nJapan,,1\nPeru,Andes,\n").unwrap_err();
    let faults: Vec<String> = failure.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "raw/people.csv:3:7: row 3, column `region`: a value is required, \
             as `place` has one",
            "raw/people.csv:4:12: row 4, column `place`: a value is required, \
             as `region` has one",
        ]
    );
    let schema = json!({ "fields": [{ "name": "x" }], "together": [["x", "y"]] });
    let said = given::messages(given::people("x\n1\n", schema));
    assert!(said[0].ends_with("schema.together.0.1: `together` names the unknown field `y`"));
}
