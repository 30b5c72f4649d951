//! What an author does to the real study, and what has to come of it.

use std::fs::File;
use std::time::SystemTime;

use crate::space::{Space, Story, folded, same, same_outputs};

/// What a cell of the diaspora's raw data reaches.
const FROM_DIASPORA: &str = "audit diaspora diaspora_table ingest@diaspora_un ledger manifest \
    popularity quality report robustness ×8 scatter ztest@appendix3-mean ztest@appendix3-median \
    ztest@table1-mean ztest@table1-median ztest_downloaded@appendix3 ztest_downloaded@table1";

/// What a cell of the first barrier matrix reaches, up to the audit.
const FROM_TABLE1: &str = "barriers contradictions downloaded_pairs \
    ingest@barrier_matrix_table1 matrix_figure@appendix3 matrix_figure@table1 narrow panel \
    popularity quality ranks regions registration robustness ×8 scatter select series \
    specification stand_in tag ztest@appendix3-mean ztest@appendix3-median ztest@table1-mean \
    ztest@table1-median ztest_downloaded@appendix3 ztest_downloaded@table1";

#[test]
fn a_first_run_makes_the_report() {
    let story = Story::first();
    let stages = Space::finished().stages();
    assert_eq!((story.ran.len(), story.cached.len()), (stages, 0), "{story:?}");
    assert!(story.published.contains(&"outputs/report.pdf".to_string()));
    let pdf = Space::finished().bytes("outputs/report.pdf");
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 100_000);
}

#[test]
fn the_lock_of_the_repository_is_what_this_build_makes() {
    let space = Space::finished();
    let committed = Space::fresh().text("pipeline.lock");
    same(&space.text("pipeline.lock"), &committed);
    let said = space.say(&["run", "--locked"]);
    let stages = space.stages();
    same(&said.err, &format!("nothing ran: {stages} stages are up to date (TIME)\n"));
    assert_eq!((said.code, said.out.as_str()), (0, ""));
}

#[test]
fn a_stale_lock_is_told() {
    let space = Space::finished();
    let pdf = space.bytes("outputs/report.pdf");
    space.edit("raw/diaspora_un.csv", "Brazil,2020,24632", "Brazil,2020,24642");
    let lock = space.text("pipeline.lock");
    let story = space.run(&["--locked", "diaspora"]);
    assert_eq!((story.code, story.ran.join(" ").as_str()), (6, "diaspora ingest@diaspora_un"));
    assert!(story.published.is_empty(), "{story:?}");
    same(&space.text("pipeline.lock"), &lock);
    assert!(space.bytes("outputs/report.pdf") == pdf);
}

#[test]
fn a_second_run_runs_nothing() {
    let space = Space::finished();
    let stages = space.stages();
    let nothing = format!("nothing ran: {stages} stages are up to date (TIME)\n");
    for _ in 0..3 {
        let said = space.say(&["run"]);
        same(&said.err, &nothing);
        assert_eq!((said.code, said.out.as_str()), (0, ""));
    }
    let story = space.run(&[]);
    assert_eq!((story.ran.len(), story.cached.len()), (0, stages), "{story:?}");
    assert_eq!(space.say(&["plan", "--check"]).code, 0);
}

#[test]
fn a_touched_raw_file_reruns_nothing() {
    let space = Space::finished();
    assert_eq!(space.ran(&[]), "");
    for path in ["raw/diaspora_un.csv", "raw/datapackage.yaml", "report/main.typ"] {
        let file = File::options().write(true).open(space.path(path)).unwrap();
        file.set_modified(SystemTime::now()).unwrap();
    }
    let stages = space.stages();
    same(
        &space.say(&["run"]).err,
        &format!("nothing ran: {stages} stages are up to date (TIME)\n"),
    );
    assert_eq!(space.ran(&[]), "");
}

#[test]
fn a_deleted_output_is_put_back() {
    let space = Space::finished();
    let outputs = space.outputs();
    std::fs::remove_dir_all(space.path("outputs")).unwrap();
    let story = space.run(&["--frozen"]);
    assert_eq!((story.code, story.ran.len()), (0, 0), "{story:?}");
    same_outputs(&space.outputs(), &outputs);
}

#[test]
fn a_changed_cell_of_the_diaspora() {
    let space = Space::finished();
    let outputs = space.outputs();
    space.edit("raw/diaspora_un.csv", "Brazil,2020,24632", "Brazil,2020,24642");
    let cell = "row 5 (Brazil, 2020), column `chinese_born`: 24632 -> 24642";
    let cause = format!(
        "  input `table` (raw/diaspora_un.csv) of `ingest@diaspora_un` changed\n    {cell}\n    \
         ingest@diaspora_un -> diaspora\n"
    );
    let will = "stage `diaspora` may run: 1 change since `pipeline.lock` led to it\n";
    same(&space.say(&["why", "diaspora"]).out, &format!("{will}{cause}"));
    assert!(space.say(&["why", "report"]).out.contains(cell));

    assert_eq!(space.ran(&[]), FROM_DIASPORA);

    let said = space.say(&["why", "diaspora"]).out;
    let told = "stage `diaspora` is up to date: nothing has changed since `pipeline.lock`\n\
                it ran here the last time because:\n";
    assert!(said.starts_with(&format!("{told}{cause}")), "{said}");
    assert!(said.contains("  input `un` (outputs/raw/diaspora_un.parquet)\n"), "{said}");
    assert!(space.say(&["why", "outputs/report.pdf"]).out.contains(cell));
    assert!(space.bytes("outputs/report.pdf") != outputs["outputs/report.pdf"]);

    space.edit("raw/diaspora_un.csv", "Brazil,2020,24642", "Brazil,2020,24632");
    assert_eq!(space.ran(&[]), "");
    same_outputs(&space.outputs(), &outputs);
}

#[test]
fn a_changed_cell_of_a_barrier_matrix() {
    let space = Space::finished();
    let outputs = space.outputs();
    space.edit("raw/barrier_matrix_table1.csv", "Pakistan,10,2,2,", "Pakistan,9,0,2,");
    let cells = [
        "row 3 (Pakistan), column `barriers_published`: 10 -> 9",
        "row 3 (Pakistan), column `baidu-tieba`: 2 -> 0",
    ];
    let said = space.say(&["why", "regions"]).out;
    assert!(cells.iter().all(|cell| said.contains(cell)), "{said}");
    // One barrier less settles claims otherwise, and nobody has accepted that yet.
    let story = space.run(&[]);
    assert_eq!((story.code, folded(&story.failed).as_str()), (5, "audit"), "{story:?}");
    assert_eq!(folded(&story.ran), FROM_TABLE1);
    assert_eq!(folded(&story.skipped), "ledger manifest report");
    assert!(story.problems.iter().any(|it| it.contains("matrix.barriers")), "{story:?}");
    let said = space.say(&["why", "outputs/figure/matrix/table1.json"]).out;
    assert!(cells.iter().all(|cell| said.contains(cell)), "{said}");
    let barriers: serde_json::Value =
        serde_json::from_slice(&space.bytes("outputs/barriers.json")).unwrap();
    assert_eq!(barriers["table1.barred"]["number"], 663);
    assert_eq!(barriers["table1.wrong_totals"]["number"], 0);

    space.edit("raw/barrier_matrix_table1.csv", "Pakistan,9,0,2,", "Pakistan,10,2,2,");
    assert_eq!(space.ran(&[]), "");
    same_outputs(&space.outputs(), &outputs);
}

/// The figures show the other matrix, so they are made again and come out the same.
#[test]
fn a_changed_cell_that_a_figure_does_not_show() {
    let space = Space::finished();
    let figure = space.bytes("outputs/figure/matrix/table1.json");
    space.edit("raw/barrier_matrix_appendix3.csv", "kuaishou,58,3,2,", "kuaishou,58,2,2,");
    assert_eq!(
        space.ran(&["matrix_figure@table1"]),
        "barriers ingest@barrier_matrix_appendix3 matrix_figure@table1 tag"
    );
    assert!(space.bytes("outputs/figure/matrix/table1.json") == figure);
}

/// Early cut-off: other bytes of the raw file, the same table.
#[test]
fn rows_in_another_order_change_no_number() {
    let space = Space::finished();
    let text = space.text("raw/diaspora_un.csv");
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines[1..].reverse();
    space.file("raw/diaspora_un.csv", lines.concat());
    assert_eq!(space.ran(&["scatter", "diaspora_table", "ztest"]), "ingest@diaspora_un");
}

#[test]
fn a_changed_word_of_the_report() {
    let space = Space::finished();
    let pdf = space.bytes("outputs/report.pdf");
    let path = "report/text/background.typ";
    let sentence = "The study begins with a curve.";
    space.edit(path, sentence, "The study begins with a line.");
    let why = space.say(&["why", "report"]).out;
    let before = "stage `report` will run: 1 change since `pipeline.lock` led to it\n  \
                  input `report/text/background.typ` of `manifest` and `report` changed\n";
    assert!(why.starts_with(before) && why.contains("begins with a line"), "{why}");
    let story = space.run(&[]);
    assert_eq!((story.code, story.ran.join(" ").as_str()), (0, "manifest report"));
    assert_eq!(story.published, ["outputs/manifest.b3", "outputs/report.pdf", "outputs/root.b3"]);
    assert!(space.bytes("outputs/report.pdf") != pdf);

    space.edit(path, "The study begins with a line.", sentence);
    assert_eq!(space.ran(&[]), "");
    assert!(space.bytes("outputs/report.pdf") == pdf);
}

#[test]
fn the_other_matrix_by_its_profile() {
    let space = Space::finished();
    let (outputs, lock) = (space.outputs(), space.text("pipeline.lock"));
    let profile = ["--profile", "appendix3"];
    assert_eq!(
        space.ran(&profile),
        "audit ledger manifest narrow popularity regions report scatter series"
    );
    assert!(space.outputs() != outputs);
    let regions: serde_json::Value =
        serde_json::from_slice(&space.bytes("outputs/table/regions.json")).unwrap();
    let total = &regions["total"];
    assert_eq!((&total["pairs"], &total["barred"]), (&2320.into(), &869.into()));
    same(&space.text("pipeline.lock"), &lock);
    assert_eq!(space.ran(&profile), "");
    // The same by the parameter that the profile sets.
    assert_eq!(space.ran(&["--param", "matrix=appendix3"]), "");
    assert_eq!(space.ran(&["--locked"]), "");
    same_outputs(&space.outputs(), &outputs);
    let said = space.say(&["run", "--locked", "--profile", "appendix3"]);
    assert_eq!(said.code, 2, "{}", said.err);
}

/// An edition of another day is another report of the same numbers.
#[test]
fn another_date_concerns_the_report_alone() {
    let space = Space::finished();
    let said = space.say_with(&["plan", "--check"], &[("SOURCE_DATE_EPOCH", "1700000000")]);
    let run: Vec<_> = said.out.lines().filter(|line| line.contains(" run ")).collect();
    assert_eq!((said.code, run.len()), (3, 1), "{}", said.out);
    assert!(run[0].trim_start().starts_with("run report"), "{run:?}");
}
