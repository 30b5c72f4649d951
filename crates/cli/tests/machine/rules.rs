//! Rules of CONTRIBUTING.md on words: what is said, and how things are named.
//!
//! These need no study, so they stand with the machine; those on the form of
//! files are in `tests/tidy.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Every file below some folders of the project that ends so, with its text.
fn texts(folders: &[&str], ending: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(path) = waiting.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !["target", "outputs", ".git", ".colophon"].contains(&name.as_str()) {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if name.ends_with(ending) && path.is_file() {
            let short = path.strip_prefix(&root).unwrap().display().to_string();
            found.push((short, fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no file below {folders:?} ends with {ending}");
    found
}

/// The machine's own sources, without the tests at their ends.
fn sources() -> Vec<(String, String)> {
    let folders = ["crates/engine/src", "crates/cli/src", "crates/typeset/src"];
    let mut found = texts(&folders, ".rs");
    found.retain(|(path, _)| !path.ends_with("/tests.rs"));
    for (_, text) in &mut found {
        let end = text.find("#[cfg(test)]").unwrap_or(text.len());
        text.truncate(end);
    }
    found
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The texts in quotes of a source, each with its line and what stands before it.
fn quoted(text: &str) -> Vec<(usize, String, String)> {
    let pattern = r##"//[^\n]*|'(?:[^'\\]|\\.[^']*)'|r(#+)"(?s:.*?)"#+|"((?:[^"\\]|\\(?s:.))*)""##;
    let pattern = Regex::new(pattern).unwrap();
    let joined = Regex::new(r"\\\n\s*").unwrap();
    let mut found = Vec::new();
    for part in pattern.captures_iter(text) {
        let Some(quoted) = part.get(2) else { continue };
        let line = text[..quoted.start()].matches('\n').count() + 1;
        let before = text[..quoted.start() - 1].trim_end();
        let tail: String = before.chars().rev().take(60).collect();
        let tail: String = tail.chars().rev().collect();
        found.push((line, joined.replace_all(quoted.as_str(), "").into_owned(), tail));
    }
    found
}

#[test]
fn texts_in_quotes_are_found() {
    let source = "let a = 'x'; // \"no\"\nsay(\"one \\\n   \\\"two\\\"\"); r#\"no\"#; \"three\"";
    let found: Vec<_> = quoted(source).into_iter().map(|(line, text, _)| (line, text)).collect();
    assert_eq!(found, [(2, "one \\\"two\\\"".to_string()), (3, "three".to_string())]);
}

/// Messages and hints: one sentence, lower case, no full stop.
#[test]
fn messages_have_their_form() {
    let told =
        r"(Kind::\w+,|\.hint\(|hints\.push\(|contract\(|message =|failed\()\s*(&?format!\()?$";
    let told = Regex::new(told).unwrap();
    // Names that are written so: YAML, COLOPHON_STORE, SOURCE_DATE_EPOCH, `X…`.
    let begins = Regex::new(r"^([^A-Z]|[A-Z][A-Z_]+\b)").unwrap();
    let (mut seen, mut faults) = (0, Vec::new());
    for (path, text) in sources() {
        for (line, words, before) in quoted(&text) {
            if !told.is_match(&before) {
                continue;
            }
            seen += 1;
            let bad = !begins.is_match(&words) || words.ends_with(['.', '!']);
            if bad || words.contains(". ") || words.contains("\\n") {
                faults.push(format!("{path}:{line}: {words}"));
            }
        }
    }
    assert!(seen > 100, "{seen}");
    none(&faults);
}

#[test]
fn words_that_are_not_said() {
    let words =
        r"(?i)\b(please|successful(ly)?|sorry|oops|invalid input|you (must|should|forgot))\b";
    let pattern = Regex::new(&format!(r"{words}|[a-z]!( |$)")).unwrap();
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (line, words, _) in quoted(&text) {
            if pattern.is_match(&words) {
                faults.push(format!("{path}:{line}: {words}"));
            }
        }
    }
    none(&faults);
}

/// Numbers whose things are never one, with the reason.
const PLURAL: &[(&str, &str, &str)] = &[
    ("crates/engine/src/plan/producers.rs", "has {} bytes, and", "it has too many"),
    ("crates/engine/src/run/mod.rs", "{n} keys", "one key is told otherwise"),
    ("crates/engine/src/plain.rs", "… and {more} more {things}", "it is inflected there"),
    ("crates/cli/src/verbs/plan.rs", "if {} changes", "a verb"),
];

/// `1 stage`, `2 stages`: what is counted goes through `count`. A limit is never one.
#[test]
fn counts_inflect() {
    let things = "stages|sources|inputs|outputs|cells|rows|bytes|keys|files|objects|results|\
                  values|lines|problems|records|folders|columns|numbers|seconds|days|characters|\
                  claims|paths|parameters|profiles|labels|pages|mistakes|errors|runs|copies|\
                  changes|things";
    let pattern = Regex::new(&format!(r"\{{[^{{}}]*\}} (more )?({things})\b")).unwrap();
    let limit = Regex::new(r"\{([A-Z_]+|limit)\}").unwrap();
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (line, words, _) in quoted(&text) {
            let words = limit.replace_all(&words, "the limit").into_owned();
            let known = PLURAL.iter().any(|(file, said, _)| *file == path && words.contains(said));
            if pattern.is_match(&words) && !known {
                faults.push(format!("{path}:{line}: {words}"));
            }
        }
    }
    none(&faults);
}

/// Words of others, which stay theirs: a tree of YAML has nodes.
const THEIRS: &[(&str, &str)] = &[("crates/engine/src/yaml.rs", "struct Node")];

#[test]
fn names_that_are_not_used_for_things_of_ours() {
    let name = "(?i:task|node|runner|target|module|handler|manager|utils?)";
    let pattern = Regex::new(&format!(r"\b(struct|enum|trait|mod|type) \w*{name}\b")).unwrap();
    let mut faults = Vec::new();
    for (path, text) in texts(&["crates"], ".rs") {
        for found in pattern.find_iter(&text) {
            if !THEIRS.contains(&(path.as_str(), found.as_str())) && !path.contains("/tests/") {
                faults.push(format!("{path}: {}", found.as_str()));
            }
        }
    }
    none(&faults);
}

/// Traits whose second implementation is not in this workspace, with the reason.
#[test]
fn a_trait_has_two_implementations() {
    let declared = Regex::new(r"(?m)^\s*(?:pub(?:\([a-z]+\))? )?trait (\w+)").unwrap();
    let all = texts(&["crates", "stages", "tests"], ".rs");
    let mut faults = Vec::new();
    for (path, text) in &all {
        for found in declared.captures_iter(text) {
            let implemented =
                Regex::new(&format!(r"\bimpl\b[^\n{{]*\b{} for\b", &found[1])).unwrap();
            let n: usize = all.iter().map(|(_, text)| implemented.find_iter(text).count()).sum();
            if n < 2 {
                faults.push(format!("{path}: trait `{}` has {n}", &found[1]));
            }
        }
    }
    none(&faults);
}

/// What is foreign is made plain in one place, so one file writes to the streams.
#[test]
fn one_file_prints() {
    let pattern =
        Regex::new(r"\be?print(ln)?!|\bdbg!|std::io::std(out|err)\(\)|\bio::std").unwrap();
    // To ask whether it is a terminal is no printing.
    let asks = "std::io::stderr().is_terminal()";
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (n, line) in text.lines().enumerate().filter(|_| path != "crates/cli/src/report.rs") {
            if pattern.is_match(&line.replace(asks, "")) && !line.trim_start().starts_with("//") {
                faults.push(format!("{path}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    none(&faults);
}

/// Markdown that is read by a stage: a change of it is a change of the report.
const READ_BY_A_STAGE: &str = "report/";

#[test]
fn markdown_has_one_sentence_a_line() {
    let code = Regex::new(r"`[^`]*`").unwrap();
    let link = Regex::new(r"\]\([^)]*\)").unwrap();
    let mark = Regex::new(r"^(\d+\. |[-*] )|^\*\*\d+\. ").unwrap();
    // An initial, such as that of `S. Ju`, ends no sentence.
    let two = Regex::new(r#"[^A-Z\s][.?!]["”)*]* +[A-Z“*`]"#).unwrap();
    let mut faults = Vec::new();
    for (path, text) in texts(&[""], ".md") {
        if path.starts_with(READ_BY_A_STAGE) || path.contains("LICENSE") {
            continue;
        }
        let mut is_code = false;
        for (n, line) in text.lines().enumerate() {
            let words = line.trim();
            if words.starts_with("```") {
                is_code = !is_code;
                continue;
            }
            if is_code || words.starts_with(['|', '#', '<']) {
                continue;
            }
            let words = link.replace_all(words, "]").into_owned();
            let words = code.replace_all(&words, "x").into_owned();
            let words = mark.replace(&words, "").into_owned();
            if two.is_match(&words) {
                faults.push(format!("{path}:{} has two sentences: {line}", n + 1));
            }
            // An item of a list may be less than a sentence.
            let is_item = line.trim_start().starts_with("- ")
                && words.starts_with(|c: char| c.is_lowercase());
            let ends = is_item
                || words.is_empty()
                || words.ends_with(['.', ':', ';', '?', ')', ']', '*', '"']);
            if !ends {
                faults.push(format!("{path}:{} ends within a sentence: {line}", n + 1));
            }
        }
    }
    none(&faults);
}
