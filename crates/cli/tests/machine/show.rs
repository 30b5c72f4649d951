//! Files as tables, whatever their form.

use crate::diff::birds;
use crate::space::{Space, same};

fn shown(space: &Space, arguments: &[&str]) -> String {
    let said = space.say(&[&["show"], arguments].concat());
    assert_eq!(said.code, 0, "{said:?}");
    said.out
}

#[test]
fn rows_of_a_table() {
    let space = birds();
    same(
        &shown(&space, &["birds.csv", "--where", "size>=50"]),
        "bird   size\nraven  60\ngull   50\n",
    );
    let said = space.say(&["show", "birds.csv", "--where", "size>8", "--head", "1"]);
    same(&said.out, "bird   size\nrobin  9\n");
    same(&said.err, "3 of 4 rows, the first 1 shown\n");
    same(&shown(&space, &["birds.csv", "--where", "bird=wren", "--csv"]), "bird,size\nwren,8\n");
    let json: serde_json::Value =
        serde_json::from_str(&shown(&space, &["birds.csv", "--head", "1", "--json"])).unwrap();
    assert_eq!(json, serde_json::json!([{ "bird": "robin", "size": "9" }]));
}

#[test]
fn ledgers_lists_texts_and_objects() {
    let space = birds();
    let values = shown(&space, &["outputs/ledger.json", "--where", "name=count.n"]);
    same(
        &values,
        "name     value  unit   about       stage  labels\n\
                   count.n  2      birds  large ones  count\n",
    );
    space.file("list.json", r#"{ "n": 2, "rows": [{ "a": 1 }, { "a": 2, "b": "x\ny" }] }"#);
    same(&shown(&space, &["list.json"]), "a  b\n1\n2  x y\n");
    same(&shown(&space, &["outputs/n.txt"]), "2\n");
    let object = blake3::hash(b"2\n").to_hex();
    same(&shown(&space, &[&object]), "2\n");
}

#[test]
fn what_can_not_be_shown() {
    let space = birds();
    space.file("a.bin", [0, 159, 146, 150]);
    space.file("a.parquet", b"PAR1....");
    let digest = "0".repeat(64);
    for (arguments, told) in [
        (&["a.bin"][..], "error: `a.bin` is neither a table nor text: 4 bytes\n"),
        (
            &["a.parquet"],
            "error: `a.parquet` is Parquet, which this program can't read\nhint: \
            `colophon` and a study's own program can: they have the general functions\n",
        ),
        (
            &["birds.csv", "--where", "sise=1"],
            "error: the table has no column `sise`\nhint: did you mean `size`?\n",
        ),
        (
            &["outputs/n.txt", "--head", "1"],
            "error: `outputs/n.txt` is no table, so it has no rows to choose from\n",
        ),
    ] {
        let said = space.say(&[&["show"], arguments].concat());
        same(&said.err, told);
        assert_eq!(said.code, 2);
    }
    let said = space.say(&["show", &digest]);
    assert!(said.err.starts_with("error: the store has no object `"), "{}", said.err);
    assert_eq!(space.say(&["show", "birds.csv", "--where", "size"]).code, 2);
}
