//! Raw data that breaks its contract, and mistakes in the pipeline: what is
//! said, how it ends, and that nothing was touched.

use crate::space::{Space, folded, same, same_outputs};

const UN: &str = "raw/diaspora_un.csv";
const TABLE1: &str = "raw/barrier_matrix_table1.csv";

/// The project after its first run, with other bytes in one raw file.
fn with(path: &str, change: impl Fn(String) -> Vec<u8>) -> Space {
    let space = Space::finished();
    space.file(path, change(space.text(path)));
    space
}

/// The same with words that stand once in the file replaced.
fn replaced(path: &str, from: &str, to: &str) -> Space {
    with(path, |text| {
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}");
        text.replace(from, to).into_bytes()
    })
}

/// Holds a run to its refusal of what `ingest` reads: exit code 5, these
/// words, nothing built on it, and outputs and lock as they were.
#[track_caller]
fn refused(space: &Space, table: &str, words: &str) {
    let (outputs, lock) = (space.outputs(), space.text("pipeline.lock"));
    let said = space.say(&["run", "--quiet"]);
    same(&said.err, words);
    assert_eq!((said.code, said.out.as_str()), (5, ""));
    let story = space.run(&["--keep-going"]);
    assert_eq!((story.code, story.ran.join(" ").as_str()), (5, ""), "{story:?}");
    assert_eq!(story.failed, [format!("ingest@{table}")]);
    assert!(story.skipped.contains(&"report".to_string()), "{story:?}");
    assert!(story.published.is_empty(), "{story:?}");
    same_outputs(&space.outputs(), &outputs);
    same(&space.text("pipeline.lock"), &lock);
}

#[test]
fn a_code_that_there_is_not() {
    let space = replaced(TABLE1, "Pakistan,10,2,", "Pakistan,10,9,");
    refused(
        &space,
        "barrier_matrix_table1",
        "
error: row 3, column `baidu-tieba`: `9` is not an allowed value
 --> raw/barrier_matrix_table1.csv:3:13
  |
3 | Pakistan,10,9,2,2,2,2,3,1,2,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0
  |             ^
hint: known: `0`, `1`, `2`, `3`
",
    );
    // What doesn't rest on it is still known; what was mended runs nothing.
    let story = space.run(&["--keep-going"]);
    assert!(story.cached.contains(&"diaspora".to_string()), "{story:?}");
    assert!(story.skipped.contains(&"ztest@table1-mean".to_string()), "{story:?}");
    space.edit(TABLE1, "Pakistan,10,9,", "Pakistan,10,2,");
    assert_eq!(space.ran(&[]), "");
}

#[test]
fn a_key_that_stands_twice() {
    refused(
        &replaced(UN, "Brazil,2020,24632", "Brazil,2015,24632"),
        "diaspora_un",
        "
error: row 5, columns `country`, `year`: `Brazil`, `2015` is in row 4 too
 --> raw/diaspora_un.csv:5:1
  |
5 | Brazil,2015,24632
  | ^^^^^^
hint: keep one of the two rows
",
    );
}

/// One country twice is each of its pairs with an app twice.
#[test]
fn a_pair_that_stands_twice() {
    let space = replaced(TABLE1, "\nVietnam,10,", "\nPakistan,10,");
    refused(
        &space,
        "barrier_matrix_table1",
        "
error: row 5, column `country`: `Pakistan` is in row 3 too
 --> raw/barrier_matrix_table1.csv:5:1
  |
5 | Pakistan,10,2,2,2,2,2,1,1,0,1,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,2,0,0,0,0,0,0,0,0
  | ^^^^^^^^
hint: keep one of the two rows
",
    );
    // An app twice is a column twice.
    let space = replaced(TABLE1, ",baidu-tieba,dingding,", ",baidu-tieba,baidu-tieba,");
    let said = space.say(&["run", "--quiet"]);
    assert_eq!(said.code, 5);
    let words = "error: two columns are called `baidu-tieba`\n \
                 --> raw/barrier_matrix_table1.csv:1:40\n";
    assert!(said.err.contains(words), "{}", said.err);
    assert!(
        said.err.contains("hint: keep one of them, or give the other its name"),
        "{}",
        said.err
    );
}

#[test]
fn a_negative_count() {
    refused(
        &replaced(UN, "Brazil,2020,24632", "Brazil,2020,-24632"),
        "diaspora_un",
        "
error: row 5, column `chinese_born`: `-24632` is less than the minimum 0
 --> raw/diaspora_un.csv:5:13
  |
5 | Brazil,2020,-24632
  |             ^^^^^^
hint: mend the cell, or the schema where the rule is wrong
",
    );
}

#[test]
fn a_month_outside_the_range() {
    for (month, fault) in [
        ("2000-13", "`2000-13` is not a month like `2015-01`"),
        ("1999-12", "`1999-12` is less than the minimum 2000-01"),
    ] {
        let space = replaced("raw/legislation.csv", "\n2000-12,", &format!("\n{month},"));
        let said = space.say(&["run", "--quiet"]);
        let words =
            format!("error: row 2, column `month`: {fault}\n --> raw/legislation.csv:2:1\n");
        assert!(said.err.starts_with(&words), "{}", said.err);
        assert!(said.err.contains("hint: mend the cell, or the schema where the rule is wrong"));
        assert_eq!((said.code, said.out.as_str()), (5, ""));
    }
}

#[test]
fn a_country_without_region() {
    let space = replaced("raw/countries.csv", "Japan,JPN,Asia-Pacific,8", "Japan,JPN,,8");
    let said = space.say(&["run", "--quiet"]);
    same(
        &said.err,
        "
error: row 9, column `region`: a value is required, as `table1_order` has one
 --> raw/countries.csv:9:11
  |
9 | Japan,JPN,,8
  |           ^
hint: give it, or empty `table1_order` too
",
    );
    assert_eq!((said.code, said.out.as_str()), (5, ""));
    // Every other raw table refers to the countries and is held to them anew.
    let story = space.run(&["--keep-going"]);
    assert_eq!((story.code, &story.failed[..]), (5, &["ingest@countries".to_string()][..]));
    assert!(story.ran.iter().all(|stage| stage.starts_with("ingest@")), "{story:?}");
    assert!(story.published.is_empty() && story.skipped.contains(&"report".into()), "{story:?}");
}

#[test]
fn a_renamed_column() {
    refused(
        &replaced(UN, "country,year,chinese_born", "country,year,chinese_brn"),
        "diaspora_un",
        "
error: the column `chinese_born` of the schema is missing
 --> raw/diaspora_un.csv:1:1
  |
1 | country,year,chinese_brn
  | ^^^^^^^^^^^^^^^^^^^^^^^^
hint: name it as the schema does, or change the schema
error: the column `chinese_brn` is not in the schema
 --> raw/diaspora_un.csv:1:14
  |
1 | country,year,chinese_brn
  |              ^^^^^^^^^^^
hint: did you mean `chinese_born`?
",
    );
}

#[test]
fn a_file_cut_within_a_row() {
    let cut = |text: String| text.split_once(",2020,24632").unwrap().0.as_bytes().to_vec();
    refused(
        &with(UN, cut),
        "diaspora_un",
        "
error: row 5 has 1 cell, the header has 3
 --> raw/diaspora_un.csv:5:1
  |
5 | Brazil
  | ^^^^^^
hint: complete the row: a comma is missing or one too many
error: the last line has no line end: the file may be cut off
 --> raw/diaspora_un.csv:5:1
  |
5 | Brazil
  | ^^^^^^
hint: end the last line if the file is whole
",
    );
}

/// A row that lost only its last digits has as many cells as it should, and
/// each of them is a number.
#[test]
fn a_file_cut_within_its_last_number() {
    let cut = |text: String| text.trim_end().strip_suffix("67").unwrap().as_bytes().to_vec();
    refused(
        &with(UN, cut),
        "diaspora_un",
        "
error: the last line has no line end: the file may be cut off
  --> raw/diaspora_un.csv:53:1
   |
53 | Vietnam,2020,31
   | ^^^^^^^^^^^^^^^
hint: end the last line if the file is whole
",
    );
}

#[test]
fn bytes_that_are_no_text() {
    let latin1 = |text: String| {
        let at = text.find("Brazil,2015").unwrap();
        [&text.as_bytes()[..at], b"C\xf4te,2015,1\n", &text.as_bytes()[at..]].concat()
    };
    refused(
        &with(UN, latin1),
        "diaspora_un",
        "
error: the file is not UTF-8: byte 0xf4 begins no character
 --> raw/diaspora_un.csv:4:2
  |
4 | C\u{fffd}te,2015,1
  |  ^
hint: save it as UTF-8, the only encoding that is read; in Latin-1 the byte is `ô`
",
    );
}

#[test]
fn two_encodings_in_one_file() {
    let mixed = |text: String| {
        let at = text.find("Brazil,2015").unwrap();
        let rows = b"C\xf4te,2015,1\nT\xc3\xbcrkiye,2015,1\n";
        [&text.as_bytes()[..at], rows, &text.as_bytes()[at..]].concat()
    };
    refused(
        &with(UN, mixed),
        "diaspora_un",
        "
error: the file mixes encodings: byte 0xf4 is not UTF-8, other letters are
 --> raw/diaspora_un.csv:4:2
  |
4 | C\u{fffd}te,2015,1
  |  ^
hint: write these rows anew in UTF-8, the only encoding that is read; in Latin-1 the byte is `ô`
",
    );
}

#[test]
fn a_country_that_is_unknown() {
    refused(
        &replaced(UN, "Brazil,2020,", "Brasil,2020,"),
        "diaspora_un",
        "
error: row 5, column `country`: `Brasil` is not in `countries`
 --> raw/diaspora_un.csv:5:1
  |
5 | Brasil,2020,24632
  | ^^^^^^
hint: did you mean `Brazil`?
",
    );
}

#[test]
fn an_empty_file() {
    let words = "error: the file is empty\n--> raw/diaspora_un.csv\n\
        hint: put the table back, with its header\n";
    refused(&with(UN, |_| Vec::new()), "diaspora_un", words);
}

#[test]
fn several_mistakes_in_several_files() {
    let space = replaced(TABLE1, "Pakistan,10,2,2,", "Pakistan,10,9,x,");
    space.edit(UN, "Brazil,2020,24632", "Brazil,2020,");
    space.edit(UN, "Colombia,2015,1616", "Colombia,2015,-1616");
    let said = space.say(&["run", "--quiet", "--keep-going"]);
    assert_eq!(said.code, 5);
    for words in [
        "row 3, column `baidu-tieba`: `9` is not an allowed value",
        "row 3, column `dingding`: `x` is not a whole number",
        "row 5, column `chinese_born`: ",
        "row 6, column `chinese_born`: `-1616` is ",
    ] {
        assert!(said.err.contains(words), "{words}\n--- in\n{}", said.err);
    }
}

#[test]
fn a_first_run_on_bad_data_builds_nothing_on_it() {
    let space = Space::fresh();
    let lock = space.text("pipeline.lock");
    space.edit(UN, "Brazil,2020,24632", "Brazil,2020,many");
    let story = space.run(&["--keep-going"]);
    assert_eq!((story.code, &story.failed[..]), (5, &["ingest@diaspora_un".to_string()][..]));
    assert_eq!(
        folded(&story.skipped),
        "audit diaspora diaspora_table ledger manifest popularity quality report \
         robustness ×8 scatter specification ztest@appendix3-mean ztest@appendix3-median \
         ztest@table1-mean ztest@table1-median ztest_downloaded@appendix3 ztest_downloaded@table1"
    );
    for path in ["report.pdf", "ledger.json", "diaspora.json", "raw/diaspora_un.parquet"] {
        assert!(!space.exists(&format!("outputs/{path}")), "{path}");
    }
    assert!(space.exists("outputs/table/regions.json"));
    same(&space.text("pipeline.lock"), &lock);
}

/// Holds the program to its refusal of `pipeline.yaml`, before anything runs.
#[track_caller]
fn mistaken(from: &str, to: &str, words: &str) {
    let space = Space::fresh();
    space.edit("pipeline.yaml", from, to);
    for verb in ["check", "run"] {
        let said = space.say(&[verb]);
        same(&said.err, words);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{verb}");
    }
    assert!(!space.exists("outputs"));
}

#[test]
fn a_parameter_that_a_function_does_not_have() {
    mistaken(
        "alternative: greater",
        "alternativ: less",
        r#"
error: unknown key `alternativ` in `stages.ztest.params`
   --> pipeline.yaml:166:75
    |
166 |     params: { matrix: "{{ matrix.matrix }}", split: "{{ matrix.split }}", alternativ: less }
    |                                                                           ^^^^^^^^^^
hint: did you mean `alternative`?
"#,
    );
}

#[test]
fn a_value_that_a_parameter_cannot_have() {
    mistaken(
        "renderer: embedded",
        "renderer: embeded",
        r#"
error: `stages.report.params.renderer` can't be `embeded`
   --> pipeline.yaml:415:17
    |
415 |       renderer: embeded
    |                 ^^^^^^^
hint: did you mean `embedded`?
"#,
    );
}

#[test]
fn a_raw_table_that_there_is_not() {
    mistaken(
        "        - diaspora_oecd\n",
        "        - diaspora_oced\n",
        r#"
error: the data package has no resource `diaspora_oced`
  --> pipeline.yaml:47:14
   |
47 |       table: "raw:{{ matrix.table }}"
   |              ^^^^^^^^^^^^^^^^^^^^^^^^
hint: did you mean `diaspora_oecd`?
error: no cell `ingest@diaspora_oecd`
   --> pipeline.yaml:152:13
    |
152 |       oecd: ingest@diaspora_oecd.table
    |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
hint: did you mean `ingest@diaspora_oced`?
"#,
    );
}
