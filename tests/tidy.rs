//! House rules on the form of files.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::space::{PROJECT, Space, files, same};

/// The most lines that a file has.
const LINES: usize = 400;

/// The most columns of a line.
const COLUMNS: usize = 100;

/// Every file of the project that somebody wrote, sorted; what an example has made is none.
pub(crate) fn written() -> Vec<String> {
    let root = Path::new(PROJECT);
    let made = |name: &str| ["target", "outputs", ".git", ".colophon"].contains(&name);
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !made(&name) {
            found.extend(files(root, &name));
        }
    }
    found.retain(|path| !path.split('/').any(made));
    found.sort();
    found
}

/// Those with this ending.
pub(crate) fn ending(ending: &str) -> Vec<String> {
    let found: Vec<_> = written().into_iter().filter(|path| path.ends_with(ending)).collect();
    assert!(!found.is_empty(), "no file ends with {ending}");
    found
}

/// The text of a file of the project.
pub(crate) fn text(path: &str) -> String {
    let bytes = fs::read(Path::new(PROJECT).join(path)).unwrap();
    String::from_utf8(bytes).unwrap_or_else(|_| panic!("{path} is not UTF-8"))
}

/// Holds a list of faults to be empty, and shows one a line.
#[track_caller]
pub(crate) fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Lines of files in which a pattern is found, as `path:line: text`.
pub(crate) fn found(paths: &[String], pattern: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).unwrap();
    let mut found = Vec::new();
    for path in paths {
        for (number, line) in text(path).lines().enumerate() {
            if pattern.is_match(line) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

/// The same without the tests at the end of the files.
pub(crate) fn found_outside_tests(paths: &[String], pattern: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).unwrap();
    let mut found = Vec::new();
    for path in paths {
        let text = text(path);
        let lines = text.lines().enumerate();
        for (number, line) in lines.take_while(|(_, line)| *line != "#[cfg(test)]") {
            if pattern.is_match(line) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn a_source_begins_by_saying_what_it_is_for() {
    let mut faults = Vec::new();
    for path in ending(".rs") {
        let text = text(&path);
        let header: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
        let paragraph = header.iter().take_while(|line| !line.is_empty());
        let paragraph: String = paragraph.copied().collect();
        let begins = paragraph.starts_with(' ') && !paragraph.trim().starts_with(char::is_numeric);
        let ends = paragraph.ends_with(['.', ':', ';']);
        if !begins || !ends {
            faults.push(format!("{path} begins with `{}`", paragraph.trim()));
        }
    }
    none(&faults);
}

#[test]
fn files_and_lines_are_short() {
    let mut faults = Vec::new();
    for path in ending(".rs") {
        let lines = text(&path).lines().count();
        if lines > LINES {
            faults.push(format!("{path} has {lines} lines, more than {LINES}"));
        }
    }
    let endings = [".rs", ".typ", ".yaml", ".yml"];
    for path in endings.into_iter().flat_map(ending) {
        for (number, line) in text(&path).lines().enumerate() {
            let columns = line.chars().count();
            // An address cannot be broken.
            if columns > COLUMNS && !line.contains("http") {
                faults.push(format!("{path}:{} has {columns} columns", number + 1));
            }
        }
    }
    none(&faults);
}

/// The words are put together here, or this file would hold them.
#[test]
fn nothing_is_left_for_later() {
    let word = |parts: [&str; 2]| parts.concat();
    let macros = [word(["to", "do"]), word(["unimple", "mented"])].join("|");
    let attributes = [word(["ign", "ore"]), word(["should_", "panic"])].join("|");
    let remarks = [word(["TO", "DO"]), word(["FIX", "ME"])].join("|");
    let pattern = format!(r"\b({macros})!|#!?\[({attributes})|\b({remarks})\b");
    none(&found(&ending(".rs"), &pattern));
    none(&found(&ending(".typ"), &format!(r"\b({remarks})\b")));
}

#[test]
fn text_files_have_no_loose_ends() {
    let mut faults = Vec::new();
    let paths = [".rs", ".typ", ".md", ".yaml", ".toml"].into_iter().flat_map(ending);
    for path in paths.filter(|path| !path.contains("LICENSE")) {
        let text = text(&path);
        if !text.ends_with('\n') || text.ends_with("\n\n") {
            faults.push(format!("{path} does not end with one line end"));
        }
        if text.contains('\t') || text.contains('\r') || text.starts_with('\u{feff}') {
            faults.push(format!("{path} holds a tab, a carriage return or a byte order mark"));
        }
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.ends_with(' ')) {
            faults.push(format!("{path}:{} ends with a space: {line}", number + 1));
        }
    }
    none(&faults);
}

#[test]
fn markdown_has_one_heading_of_the_first_level() {
    let ours = ending(".md").into_iter().filter(|path| !path.contains("LICENSE"));
    let mut faults = Vec::new();
    for path in ours {
        let (mut code, mut headings) = (false, 0);
        for line in text(&path).lines() {
            code ^= line.trim_start().starts_with("```");
            headings += usize::from(!code && line.starts_with("# "));
        }
        if headings != 1 {
            faults.push(format!("{path} has {headings} headings of the first level"));
        }
    }
    none(&faults);
}

/// Links of our Markdown that name a file of the project name one that is there.
#[test]
fn links_between_files_hold() {
    let link = Regex::new(r"\]\(([^)#:\s]+)(#[^)]*)?\)").unwrap();
    let mut faults = Vec::new();
    for path in ending(".md").into_iter().filter(|path| !path.contains("LICENSE")) {
        let folder = Path::new(PROJECT).join(&path);
        let folder = folder.parent().unwrap();
        for to in link.captures_iter(&text(&path)) {
            // What a first run makes is not there in a clone.
            if !to[1].contains("outputs/") && !folder.join(&to[1]).exists() {
                faults.push(format!("{path} links to `{}`, which is not there", &to[1]));
            }
        }
    }
    none(&faults);
}

#[test]
fn words_that_are_not_used_for_things_of_ours() {
    let rust: Vec<_> =
        ending(".rs").into_iter().filter(|path| !path.starts_with("tests")).collect();
    let pattern = r"\b(struct|enum|trait|mod|type) \w*(?i:task|runner|handler|manager|utils?)\b";
    none(&found(&rust, pattern));
}

#[test]
fn the_schema_beside_the_docs_is_the_programs() {
    let said = Space::fresh().command(&["schema"]).output().unwrap();
    assert!(said.status.success());
    same(&text("docs/pipeline.schema.json"), &String::from_utf8(said.stdout).unwrap());
}

/// The example takes the account of numbers as it is.
#[test]
fn the_account_of_the_example_is_a_copy() {
    let root = Path::new(PROJECT);
    let (ours, copy) = ("report/colophon", "examples/penguins/report/colophon");
    let names = |folder: &str| -> Vec<String> {
        files(root, folder).iter().map(|path| path.replacen(folder, "", 1)).collect()
    };
    assert_eq!(names(ours), names(copy));
    for name in names(ours) {
        same(&text(&format!("{copy}{name}")), &text(&format!("{ours}{name}")));
    }
}

/// No file says on which machine, or where on it, it was written.
#[test]
fn no_file_names_the_workplace() {
    let home = Regex::new(r"/(home|Users)/\w+/").unwrap();
    let mut words = vec![PROJECT.to_string(), ["../sha", "red/"].concat()];
    words.extend([["/ro", "ot/"], ["/tmp/", "team"], ["/work/", "shared"]].map(|it| it.concat()));
    let mut faults = Vec::new();
    for path in written() {
        let bytes = fs::read(Path::new(PROJECT).join(&path)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let named = words.iter().filter(|word| text.contains(word.as_str()));
        faults.extend(named.map(|word| format!("{path} holds `{word}`")));
        faults.extend(home.find(&text).map(|it| format!("{path} holds `{}`", it.as_str())));
    }
    none(&faults);
}
