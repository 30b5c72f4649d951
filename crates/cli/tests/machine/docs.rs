//! The examples of the reference are run, and come out as it shows.

use std::path::Path;

use crate::space::{Space, same};

/// The text of a page of the repository.
fn page(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(path).unwrap()
}

/// The blocks of a page in one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if let Some(start) = line.strip_prefix("```") {
            inside = !inside && start == language;
            if inside {
                blocks.push(String::new());
            }
        } else if inside {
            let block = blocks.last_mut().unwrap();
            block.push_str(line);
            block.push('\n');
        }
    }
    blocks
}

#[test]
fn the_first_example_and_its_lock() {
    let blocks = blocks(&page("docs/pipeline.md"), "yaml");
    let example = blocks.iter().find(|block| block.contains("name: my-study")).unwrap();
    let space = Space::empty();
    space.file("pipeline.yaml", example);
    assert_eq!(space.good(&[]).told(), "ran greeting shouted");
    assert_eq!(space.text("outputs/greeting.txt"), "hello\n");
    let shown = blocks.iter().find(|block| block.starts_with("# Written by")).unwrap();
    let lock = space.text("pipeline.lock");
    assert!(lock.starts_with(shown.as_str()), "--- shown\n{shown}--- lock\n{lock}");
}

#[test]
fn init_writes_the_first_example() {
    let space = Space::empty();
    assert_eq!(space.say(&["init"]).code, 0);
    assert_eq!(space.good(&[]).told(), "ran greeting shouted");
}

#[test]
fn the_message_that_the_voice_is_shown_by() {
    let blocks = blocks(&page("CONTRIBUTING.md"), "text");
    let shown = blocks.iter().find(|block| block.contains("tabel")).unwrap();
    let space = Space::empty();
    space.file(
        "pipeline.yaml",
        "version: 1\nname: x\nstages:\n  a: { cmd: 'echo > {{ outputs.table }}', outputs: { \
        table: t } \
         }\n  b:\n    inputs: { t: b.tabel }\n    cmd: echo > {{ outputs.table }}\n    \
         outputs: { table: u }\n",
    );
    same(&space.say(&["check"]).err, shown);
}

/// What the table of places says may be written passes `check`.
#[test]
fn places_in_commands_that_the_reference_shows() {
    let page = page("docs/pipeline.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| place |")).skip(2);
    let rows: Vec<_> = rows.take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 15, "{rows:?}");
    for row in rows {
        let right = row.trim_end_matches('|').rsplit(" | ").next().unwrap();
        for text in right.split('`').skip(1).step_by(2).filter(|text| text.contains("{{")) {
            let space = Space::new(&format!(
                "params: {{ x: v, n: 1 }}\nstages:\n  a:\n    cmd: |\n      echo {text}\n    \
                 inputs: {{ t: t.sh, script: t.sh }}\n    outputs: {{ t: a }}\n"
            ));
            space.file("t.sh", "");
            let said = space.say(&["check"]);
            assert_eq!((said.code, said.err.as_str()), (0, ""), "{row}");
        }
    }
}
