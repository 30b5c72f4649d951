//! The page of an edition: what it holds, that it is safe, and that a browser likes it.

use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::{Value, json};

use crate::diff::birds;
use crate::space::{Space, same};
use crate::trace::printed;

fn page(space: &Space, arguments: &[&str]) -> String {
    // Nothing is overwritten.
    let _ = std::fs::remove_file(space.path("page.html"));
    let said = space.say(&[&["export", "site", "--to", "page.html", "-q"], arguments].concat());
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
    space.text("page.html")
}

/// What the page holds between the tags of its data.
fn data(page: &str) -> Value {
    let tag = "<script type=\"application/json\" id=\"data\">";
    let (_, rest) = page.split_once(tag).unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// A study that came from somebody who means harm: names that end tags, that hide and
/// that every object has.
fn hostile() -> Space {
    let bad = "</script><script>globalThis.harmed = 1</script><img src=x onerror=harmed=1>'\"&";
    let turned = "a\u{202e}b\u{2028}c\u{0}{{data}}";
    let value = |about: &str| {
        json!({ "number": 1234.5, "exact": "1234.5", "digits": 1, "unit": bad, "about": about,
                "stage": "__proto__", "labels": [bad, "published"] })
    };
    let stage = json!({
        "cmd": ["sh", bad], "params": { "__proto__": turned }, "labels": [bad],
        "inputs": { "constructor": [
            { "path": bad, "digest": "aa", "from": format!("raw:{bad}") },
            { "path": "b", "digest": "bb", "from": "__proto__.x" } ] },
        "outputs": { "table": { "path": bad, "digest": "cc", "size": 1, "rows": 1 } },
    });
    let ledger = json!({
        "values": { bad: value(turned), "__proto__": value(bad), "a/b#c%zz": value(""),
                    turned: value("constructor") },
        "stages": { "__proto__": stage, bad: stage },
        "sources": { bad: { "path": bad, "title": turned,
            "sources": [{ "title": bad, "path": "javascript:globalThis.harmed=1" }],
            "licenses": [{ "name": bad, "path": "https://example.org/\"><script>" }] } },
    });
    let space = Space::empty();
    space.file("in.json", ledger.to_string());
    space.pipeline(
        "stages:\n  ledger:\n    cmd: cp {{ inputs.l }} {{ outputs.ledger }}\n    \
         inputs: { l: in.json }\n    outputs: { ledger: ledger.json }\n",
    );
    space.good(&[]);
    space
}

#[test]
fn what_it_holds() {
    let space = printed();
    let said = space.say(&["export", "site", "--to", "page.html"]);
    assert!(said.out.starts_with("wrote page.html, ") && said.err.is_empty(), "{said:?}");
    let data = data(&space.text("page.html"));
    let value = &data["values"][0];
    assert_eq!((&value["name"], &value["printed"]), (&json!("count.n"), &json!("2")));
    assert_eq!(value["pages"], json!([1, 2]));
    assert_eq!(value["sentences"][0]["text"], "There are 2 large birds.");
    let names: Vec<_> = data["stages"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["count", "ledger", "report"]);
    assert_eq!(data["words"][0]["condition"], "count.n > 1");
    assert_eq!(data["figures"][0]["stages"], json!(["count"]));
    let absent = json!([{ "path": "outputs/n.txt",
                          "absent": "it is neither JSON nor comma-separated values" }]);
    assert_eq!(data["files"], absent);
    assert_eq!(data["drawings"][0]["boxes"].as_array().unwrap().len(), 3);
}

#[test]
fn the_same_bytes_and_nothing_of_this_machine() {
    let (one, other) = (printed(), printed());
    let first = page(&one, &[]);
    assert_eq!(first, page(&one, &[]));
    assert_eq!(first, page(&other, &[]));
    assert!(!first.contains(&one.root().display().to_string()));
    assert_eq!(data(&first)["stages"][0]["seconds"], Value::Null);
    let timed = data(&page(&one, &["--times"]));
    assert!(timed["stages"][0]["seconds"].as_f64().unwrap() >= 0.0, "{timed}");
}

#[test]
fn it_fetches_nothing() {
    let page = page(&printed(), &[]);
    assert!(page.contains("content=\"default-src 'none'; script-src 'nonce-"));
    let addresses = Regex::new(r#"(?:src|href|action)="([^"]*)""#).unwrap();
    let found: Vec<_> = addresses.captures_iter(&page).map(|it| it[1].to_string()).collect();
    let known = ["data:,", "#answer", "#"];
    assert_eq!(found, known);
    assert!(
        !Regex::new(r"@import|url\(|fetch\(|XMLHttp|import\(|innerHTML").unwrap().is_match(&page)
    );
    let addresses = Regex::new(r"https?://[^\s'\x22]+").unwrap();
    let found: Vec<_> = addresses.find_iter(&page).map(|it| it.as_str()).collect();
    assert_eq!(found, ["http://www.w3.org/2000/svg"]);
    // Links to others tell them nothing.
    assert!(page.contains("rel: \"noopener noreferrer external\""));
}

#[test]
fn hostile_names_are_text() {
    let page = page(&hostile(), &[]);
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert_eq!(page.matches("<img").count(), 0);
    assert!(!page.chars().any(|c| c != '\n' && engine::plain::is_hidden(c)));
    let data = data(&page);
    assert_eq!(data["values"].as_array().unwrap().len(), 4);
    assert_eq!(data["stages"][1]["params"][0][0], "__proto__");
}

#[test]
fn of_another_edition() {
    let space = birds();
    let whole = data(&page(&space, &[]));
    let other = data(&page(&space, &["--from", "outputs/ledger.json"]));
    assert_eq!(whole["values"], other["values"]);
    assert_eq!(other["pages"], 0);
    let committed = data(&page(&space, &["--from", "HEAD"]));
    assert_eq!(committed["commit"].as_str().unwrap().len(), 40);
    let said = space.say(&["export", "site", "--to", "no/page.html"]);
    assert!(said.code == 9 && said.err.contains("no/page.html"), "{said:?}");
    let said = space.say(&["export", "site", "--to", "p.html", "--from", "no.json"]);
    assert!(said.err.starts_with("error: there is no file `no.json`\n"), "{said:?}");
}

/// A folder in which `npm install puppeteer-core axe-core` was run.
fn tools() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("COLOPHON_BROWSER_TOOLS")?);
    let has = |name: &str| folder.join("node_modules").join(name).is_dir();
    (has("puppeteer-core") && has("axe-core")).then_some(folder)
}

fn browse(space: &Space) {
    let Some(tools) = tools() else {
        eprintln!(
            "skipped: $COLOPHON_BROWSER_TOOLS names no folder with puppeteer-core and axe-core"
        );
        return;
    };
    for program in ["node", "chromium"] {
        if Command::new(program).arg("--version").output().is_err() {
            eprintln!("skipped: {program} is not installed");
            return;
        }
    }
    page(space, &[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/site/browse.mjs");
    let mut node = Command::new("node");
    node.arg(script).arg(tools).arg(space.path("page.html"));
    let output = node.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let faults: Vec<_> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{failed}", faults.join("\n"));
}

#[test]
fn in_a_browser() {
    browse(&printed());
}

#[test]
fn a_hostile_study_in_a_browser() {
    browse(&hostile());
}

#[test]
fn a_drawing_with_raw_tables() {
    let space = printed();
    let drawn = space.say(&["graph", "--format", "svg"]).out;
    for words in [">count</text>", "<title>report: cp</title>", "prefers-color-scheme: dark"] {
        assert!(drawn.contains(words), "{drawn}");
    }
    assert_eq!(drawn.matches("<path").count(), 2);
    same(drawn.lines().last().unwrap(), "</svg>");
}
