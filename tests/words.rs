//! Words and numbers of the report that stand only as long as the values say so.

use crate::space::{Space, same};

const SHARE: &str = "lost_access_by_app,Weibo,17,65,5.2";
const CURVE: &str = "The study begins with a curve.";

/// What a run says from its first error on, without the last line.
fn errors(space: &Space) -> (i32, String) {
    let said = space.say(&["run"]);
    let from = said.err.find("error: ").unwrap_or(0);
    let to = said.err.rfind("\nfailed: ").unwrap_or(said.err.len());
    (said.code, said.err[from..to].to_string() + "\n")
}

/// The line of the report's text that holds some words, and its number.
fn line(space: &Space, path: &str, words: &str) -> (usize, String) {
    let text = space.text(path);
    let mut lines = text.lines().enumerate();
    let (index, line) = lines.find(|(_, line)| line.contains(words)).expect("the text has them");
    (index + 1, line.to_string())
}

#[test]
fn a_raw_cell_that_makes_a_word_false() {
    let space = Space::finished();
    let pdf = space.bytes("outputs/report.pdf");
    space.edit("raw/survey.csv", SHARE, "lost_access_by_app,Weibo,6,65,5.2");
    let (code, said) = errors(&space);
    assert_eq!(code, 5);
    let place = line(&space, "report/text/patterns.typ", "[more than that]");
    let page = regex::Regex::new(r"on page (\d+) is").unwrap();
    let page = &page.captures(&said).expect("the page is told")[1];
    let indent = " ".repeat(place.0.to_string().len());
    let column = place.1.find("more than that").unwrap();
    same(
        &said,
        &format!(
            "error: `more than that` on page {page} is not true
{indent}--> report/text/patterns.typ:{}:{}
{indent} |
{} | {}
{indent} | {}^^^^^^^^^^^^^^
  | sentence: On average 5% of respondents could install one but not register, 2% could not \
             install it, and 7% had lost an account that they once had, more than that on Weibo \
             (6%), QQ (13%) and WeChat (12%).
  | condition: min(survey.lost_access_by_app.weibo, survey.lost_access_by_app.qq, \
             survey.lost_access_by_app.wechat) > \
             survey.use_across_ten_apps.lost_access_to_a_registered_account
  | `survey.lost_access_by_app.weibo` is 6.0, and was 17.0
  | `survey.lost_access_by_app.qq` is 13.0
  | `survey.lost_access_by_app.wechat` is 12.0
  | `survey.use_across_ten_apps.lost_access_to_a_registered_account` is 7.0
hint: write what the values say, or mend what made them; `colophon why` tells what
note: `outputs/report.json`, `outputs/report.pdf`, `outputs/places.json` are not of this run: \
             what stands there was made before
",
            place.0,
            column + 1,
            place.0,
            place.1,
            " ".repeat(column),
        ),
    );
    assert!(space.bytes("outputs/report.pdf") == pdf);

    space.edit("raw/survey.csv", "lost_access_by_app,Weibo,6,65,5.2", SHARE);
    assert_eq!(space.ran(&[]), "");
}

#[test]
fn a_number_that_is_typed_into_the_prose() {
    let space = Space::finished();
    let path = "report/text/background.typ";
    space.edit(path, CURVE, "The study begins with 664 curves.");
    let (number, text) = line(&space, path, "664 curves");
    let column = text.find("664").unwrap();
    let indent = " ".repeat(number.to_string().len());
    let (code, said) = errors(&space);
    assert_eq!(code, 1);
    let form = format!(
        "error: `664` is a naked number: neither a value nor marked as literal
{indent}--> {path}:{number}:{}
{indent} |
{number} | {text}
{indent} | {}^^^
hint: write `#lit[664]` if it is quoted or part of a name
",
        column + 1,
        " ".repeat(column),
    );
    assert!(said.starts_with(&form), "{said}");
    assert!(said.contains("hint: it may be `#val(\"barriers.table1.barred\")`"), "{said}");

    space.edit(path, "The study begins with 664 curves.", CURVE);
    assert_eq!(space.ran(&[]), "");
}

#[test]
fn all_that_is_wrong_at_once() {
    let space = Space::finished();
    space.edit("report/text/background.typ", CURVE, "The study begins with 12 curves and 34%.");
    space.edit("raw/survey.csv", SHARE, "lost_access_by_app,Weibo,6,65,5.2");
    let (code, said) = errors(&space);
    let first_words: Vec<&str> = said.lines().filter(|it| it.starts_with("error: ")).collect();
    assert_eq!((code, first_words.len()), (1, 3), "{said}");
    assert!(
        first_words[0].contains("more than that") && first_words[2].contains("`34%`"),
        "{said}"
    );
}

/// Every number of the report is held to something, and what that is is counted.
#[test]
fn the_coverage_of_the_report() {
    let space = Space::finished();
    let coverage: serde_json::Value =
        serde_json::from_slice(&space.bytes("outputs/report.json")).unwrap();
    let count = |key: &str| coverage[key]["number"].as_u64().unwrap();
    assert_eq!(count("naked"), 0);
    assert!(count("values") > 200 && count("claims") > 50, "{coverage}");
    assert!(count("literals") < count("values"), "{coverage}");
}

/// A sentence on the stand-in is refused where the values are real ones.
#[test]
fn words_for_stand_in_data_alone() {
    let space = Space::finished();
    let words = "#claim(\"synthetic(survey.respondents)\")[Made up], the survey asked about";
    space.edit("report/text/patterns.typ", "The survey asked about", words);
    let (code, said) = errors(&space);
    assert_eq!(code, 5);
    assert!(said.starts_with("error: `Made up` on page "), "{said}");
    assert!(said.contains("  | condition: synthetic(survey.respondents)\n"), "{said}");
}
