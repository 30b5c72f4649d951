//! What has no end or no sense, in each kind of file that the study reads: told
//! as what it is, before it fills the memory or the stack.

use std::io::Write;

use crate::space::Space;

const UN: &str = "raw/diaspora_un.csv";

/// How a run ends, and the first lines that it says.
#[track_caller]
fn said(space: &Space, stage: &str, code: i32, words: &str) {
    let said = space.say(&["run", "--quiet", stage]);
    assert!(said.err.starts_with(words.trim_start()), "{}\n--- is not\n{words}", said.err);
    assert_eq!(said.code, code);
    assert!(said.err.len() < 4000, "{} bytes", said.err.len());
}

#[test]
fn a_file_that_unpacks_without_end() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    (0..200).for_each(|_| gzip.write_all(&zeros).unwrap());
    let space = Space::fresh();
    space.file(UN, gzip.finish().unwrap());
    said(
        &space,
        "ingest@diaspora_un",
        5,
        "
error: the gzip data unpack to more than 100 times their size
--> raw/diaspora_un.csv
hint: fetch the file again, or unpack it by hand if it is what it should be
",
    );
}

#[test]
fn a_table_of_three_million_columns() {
    let space = Space::fresh();
    space.file(UN, ",".repeat(3_000_000));
    let words = "error: row 1 has more than 16,384 columns\n --> raw/diaspora_un.csv:1";
    said(&space, "ingest@diaspora_un", 5, words);
}

/// The same number written in two ways is one key, with file and row.
#[test]
fn a_key_that_is_written_otherwise() {
    let space = Space::fresh();
    space.edit(UN, "Brazil,2020,24632", "Brazil,02015,24632");
    said(
        &space,
        "ingest@diaspora_un",
        5,
        "
error: row 5, columns `country`, `year`: `Brazil`, `02015` is in row 4 too, as `Brazil`, `2015`
 --> raw/diaspora_un.csv:5:1
",
    );
}

#[test]
fn a_key_of_the_data_package_that_there_is_not() {
    let space = Space::fresh();
    let package = space.text("raw/datapackage.yaml");
    space.file("raw/datapackage.yaml", package.replace("primaryKey", "primarykey"));
    for verb in [&["check"][..], &["run", "--quiet", "ingest@diaspora_un"]] {
        let told = space.say(verb);
        let words = "error: unknown key `primarykey`\n  --> raw/datapackage.yaml:";
        assert!(told.err.starts_with(words), "{}", told.err);
        assert!(told.err.contains("\nhint: did you mean `primaryKey`?\n"), "{}", told.err);
        assert_eq!(told.code, 2);
    }
}

#[test]
fn a_claim_without_end() {
    let sum = format!("tag.apps.selected{}", " + 1".repeat(60_000));
    let deep = "(".repeat(9_000);
    for (expression, why) in [
        (sum.as_str(), "it is longer than 10,000 characters"),
        (&deep, "it has more than 1,000 parts"),
    ] {
        let space = Space::fresh();
        space.edit(
            "claims.yaml",
            "    expression: tag.table1.group1\n",
            &format!("    expression: {expression}\n"),
        );
        let told = space.say(&["run", "--quiet", "audit"]);
        let shown = &expression[..80];
        let words = format!("error: `{shown}…` is no expression: {why}\n");
        assert!(told.err.starts_with(&words), "{:.300}", told.err);
        assert_eq!(told.code, 2);
    }
}

/// The report is refused before Typst sees what it can't bear.
#[test]
fn a_source_without_bottom() {
    let space = Space::finished();
    let main = space.text("report/main.typ");
    let sum = format!("{main}\n#let x = {}1\n", "1+".repeat(60_000));
    space.file("report/main.typ", sum);
    let told = space.say(&["run", "--quiet", "report"]);
    let words = "error: the source is nested more than 1,000 deep here\n";
    assert!(told.err.contains(words), "{:.300}", told.err);
    assert_eq!(told.code, 1);
    space.file("report/main.typ", format!("{main}\n#let p = plugin(\"p.wasm\")\n"));
    space.file("report/p.wasm", b"\0asm\x01\0\0\0");
    let told = space.say(&["run", "--quiet", "report"]);
    let words = "error: `report/p.wasm` is a plugin, and the report takes none\n\
                 hint: let a stage compute what the plugin does\n";
    assert!(told.err.ends_with(words), "{}", told.err);
}

/// Where a function puts an output decides nothing for the function itself; what
/// reads it by its path has to follow.
#[test]
fn an_output_that_moves() {
    let space = Space::finished();
    space.edit("pipeline.yaml", "table: table/legal.json", "table: table/laws.json");
    let story = space.run(&[]);
    assert_eq!(story.ran.join(" "), "ledger manifest");
    assert!(story.cached.contains(&"legal".to_string()));
    assert_eq!(story.failed, ["report"]);
    for path in ["report/figures/timeline.typ", "report/tables/legal.typ"] {
        let text = space.text(path);
        space.file(path, text.replace("table/legal.json", "table/laws.json"));
    }
    assert_eq!(space.ran(&[]), "manifest report");
}
