//! The licensed panel in place of its stand-in: what runs, what it is labelled, what is refused.

use std::io::Write;

use serde_json::Value;

use crate::space::{Space, same};

const DOWNLOADS: &str = "raw/licensed/downloads.csv";

/// The project with two small files where the licensed ones go.
fn licensed(rows: &str) -> Space {
    let space = Space::finished();
    space.file(DOWNLOADS, format!("app,iso3,store,month,downloads,rank\n{rows}"));
    let head = "app,name,headquarters,category,sub_category,ceased,adjacent";
    let row = "qq,QQ,CHN,Social,Messengers,false,false";
    space.file("raw/licensed/candidates.csv", format!("{head}\n{row}\n"));
    space
}

#[test]
fn the_same_stages_read_the_licensed_panel() {
    let space = licensed(
        "qq,JPN,apple,2017-01,60000,5\nqq,JPN,google_play,2017-01,1,\n\
         qq,JPN,apple,2020-03,40000,6\nqq,JPN,apple,2023-12,30000,7\n",
    );
    let ran = space.ran(&["select", "series", "--profile", "licensed"]);
    assert_eq!(ran, "panel select series");
    let json = |path| serde_json::from_slice::<Value>(&space.bytes(path)).unwrap();
    let figure = json("outputs/figure/series.json");
    assert_eq!(figure["labels"], serde_json::json!(["licensed", "published"]));
    let values = json("outputs/series.json");
    let sum = |year| {
        ["none", "any"].map(|kind| values[format!("{kind}.{year}")]["number"].as_i64().unwrap())
    };
    assert_eq!(sum(2017).iter().sum::<i64>(), 60_001);
    assert_eq!(json("outputs/select/values.json")["selected"]["number"], 1);
    // Back to the stand-in: all of it is known.
    assert_eq!(space.ran(&["select", "series"]), "");
    let figure = json("outputs/figure/series.json");
    assert_eq!(figure["labels"], serde_json::json!(["published", "synthetic"]));
}

/// The export with the columns and names of its provider, compressed.
#[test]
fn an_export_as_its_provider_publishes_it() {
    let space = licensed("qq,JPN,apple,2017-01,60000,5\nqq,KOR,google_play,2017-01,1,\n");
    space.ran(&["panel", "--profile", "licensed"]);
    let expected = space.bytes("outputs/panel.parquet");
    let text = "Date,Country,Store,App,Downloads,Revenue,Rank\n\
                2017-01-01,JP,apple,qq,60000,9.5,5\n\
                2017-01-01,\"Korea, Rep.\",google_play,qq,1,0,\n\
                2017-01-01,World,apple,qq,60001,9.5,\n";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    space.file("raw/licensed/export.csv.gz", packed.finish().unwrap());
    let layout = "    path: licensed/export.csv.gz\n    dialect:\n      layout:\n        \
                  kind: app_store\n        columns: { app: App, store: Store, country: Country, \
                  month: Date, downloads: Downloads, rank: Rank }\n";
    space.edit("raw/datapackage.yaml", "    path: licensed/downloads.csv\n", layout);
    assert_eq!(space.ran(&["panel", "--profile", "licensed"]), "panel");
    assert!(space.bytes("outputs/panel.parquet") == expected);
}

#[test]
fn without_the_files_only_the_profile_stops() {
    let space = Space::finished();
    assert_eq!(space.say(&["check"]).code, 0);
    let said = space.say(&["run", "series", "--profile", "licensed"]);
    assert_eq!(said.code, 2);
    let message = "error: the file `raw/licensed/downloads.csv` of `raw:downloads_licensed` \
                   is missing";
    assert!(said.err.starts_with(message), "{}", said.err);
}

#[test]
fn rows_that_no_panel_holds() {
    let space = licensed("qq,JPN,apple,2017-01,-1,5\nqq,JPX,apple,2017-13,3,5\n");
    let said = space.say(&["run", "panel", "--profile", "licensed", "--quiet"]);
    same(
        &said.err,
        "
error: row 2, column `downloads`: `-1` is negative
 --> raw/licensed/downloads.csv:2:22
  |
2 | qq,JPN,apple,2017-01,-1,5
  |                      ^^
hint: mend the cell, or fetch the export again
error: row 3, column `iso3`: `JPX` is no country of the study
 --> raw/licensed/downloads.csv:3:4
  |
3 | qq,JPX,apple,2017-13,3,5
  |    ^^^
hint: did you mean `JPN`?
error: row 3, column `month`: `2017-13` is no month from `2015-01` to `2023-12`
 --> raw/licensed/downloads.csv:3:14
  |
3 | qq,JPX,apple,2017-13,3,5
  |              ^^^^^^^
hint: mend the month, or set the stage's `first` and `last`
",
    );
    assert_eq!(said.code, 5);
}

/// The long export is held to the rules of every other CSV file.
#[test]
fn a_panel_that_is_no_csv() {
    let space = licensed("qq,JPN,apple,2017-01,1\nqq,JPN,ap\"ple,2017-02,1,5\n");
    let said = space.say(&["run", "panel", "--profile", "licensed", "--quiet"]);
    same(
        &said.err,
        "
error: a quote inside a cell that does not begin with one
 --> raw/licensed/downloads.csv:3:10
  |
3 | qq,JPN,ap\"ple,2017-02,1,5
  |          ^
hint: put the cell in quotes, and double each quote within it
",
    );
    assert_eq!(said.code, 5);
}

/// Ranks of both groups come from the one licensed panel, and say so.
#[test]
fn apps_from_the_united_states_stand_in_the_licensed_panel() {
    let space = licensed(
        "qq,CHN,apple,2017-01,9,1\nqq,JPN,apple,2017-01,9,50\nqq,JPN,apple,2017-02,9,60\n\
         us,JPN,apple,2017-01,9,40\nus,USA,apple,2017-02,9,1\nus,PER,apple,2017-02,9,\n",
    );
    let path = "raw/licensed/candidates.csv";
    let rows = space.text(path) + "us,U,USA,Social,Messengers,false,false\n";
    space.file(path, rows);
    assert_eq!(space.ran(&["ranks", "--profile", "licensed"]), "panel ranks");
    let figure = space.bytes("outputs/figure/ranks.json");
    let figure: Value = serde_json::from_slice(&figure).unwrap();
    assert_eq!(figure["labels"], serde_json::json!(["licensed", "published"]));
    let ranks = |at: usize| &figure["series"][at]["ranks"];
    assert_eq!(ranks(0), &serde_json::json!([40.0, null]));
    assert_eq!(ranks(1), &serde_json::json!([50.0, 60.0]));
}
