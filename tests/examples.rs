//! The examples: each is what its page says, and makes what its page promises.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::space::{PROJECT, Space};
use crate::tidy::{text, written};

/// The blocks of a page that are marked with a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let (mut found, mut block) = (Vec::new(), None);
    for line in text(page).lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(marked)) => block = Some((marked == language, String::new())),
            (Some((true, _)), Some(_)) => found.extend(block.take().map(|(_, text)| text)),
            (Some(_), Some(_)) => block = None,
            (Some((_, text)), None) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    found
}

/// A folder with a copy of an example, and `colophon` on the path.
fn copied(example: &str) -> Space {
    let space = Space::empty("example");
    for path in written() {
        let Some(inner) = path.strip_prefix(&format!("{example}/")) else { continue };
        let target = space.path(inner);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(Path::new(PROJECT).join(&path), target).unwrap();
    }
    space
}

fn has_python() -> bool {
    let has = Command::new("python3").arg("--version").output().is_ok();
    if !has {
        println!("no python3: nothing was tried");
    }
    has
}

#[test]
fn the_penguins_are_made_as_they_are_locked() {
    if !has_python() {
        return;
    }
    let space = copied("examples/penguins");
    let said = space.say(&["run", "--locked"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(fs::read(space.path("outputs/report.pdf")).unwrap().starts_with(b"%PDF-"));
}

/// The tutorial as it stands, block after block, from an empty folder.
#[test]
fn the_tutorial_of_the_penguins_ends_with_a_report() {
    if !has_python() {
        return;
    }
    let space = copied("examples/penguins");
    let folder = space.path("home/my-penguins");
    let bin = space.path("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_access-barriers"), bin.join("colophon"))
        .unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut refused = 0;
    for block in blocks("examples/penguins/README.md", "sh") {
        // The program is built already, and this is the example's own folder.
        if block.starts_with("cargo ") || block.starts_with("cd examples/") {
            continue;
        }
        let there = if folder.exists() { folder.clone() } else { space.root().to_path_buf() };
        let mut shell = Command::new("/bin/sh");
        shell.args(["-ec", &block]).current_dir(there).env("PATH", &path);
        shell.env("HOME", space.path("home")).env("EXAMPLE", space.root());
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // What is refused is shown on the page.
        if output.status.code() == Some(5) {
            let shown = blocks("examples/penguins/README.md", "text");
            assert!(shown.iter().any(|it| said.contains(it.trim_end())), "{said}");
            refused += 1;
            continue;
        }
        assert!(output.status.success(), "{block}\n{said}");
    }
    assert_eq!(refused, 1, "one report is refused on the way");
    assert!(fs::read(folder.join("outputs/report.pdf")).unwrap().starts_with(b"%PDF-"));
}

/// The page on studies in Rust shows the example that is compiled with the others.
#[test]
fn the_page_on_rust_shows_an_example_that_is_compiled() {
    let page = text("docs/rust.md");
    for file in ["Cargo.toml", "src/main.rs", "src/largest.rs", "pipeline.yaml"] {
        let whole = text(&format!("examples/planets/{file}"));
        assert!(page.contains(&format!("\n{whole}```\n")), "docs/rust.md shows another {file}");
    }
}
