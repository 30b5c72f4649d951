//! Which sources a function's results depend on: its own file, and whatever that
//! names, file by file.
//!
//! A function comes with pools of sources, one for each crate that it may use.
//! From its own file on, each path that begins with `crate`, `super`, `self` or
//! the name of a crate in the pools leads to the file of the deepest module that
//! it names; so does a `mod` that a file declares. Comments and what stands from
//! `#[cfg(test)]` on are not read. A source that is no Rust, such as
//! `Cargo.lock`, belongs to every function.
//!
//! A path in a text counts as well. For it to find enough, tests stand at the end of
//! their file, no path follows `//` in a line, an `impl` stands in the file of its type
//! or of its trait, nothing is re-exported, and the files that only declare modules are
//! in no pool. For the sources of this repository that is tested.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

/// A source file that was compiled into the program: its path and its text.
pub type Source = (&'static str, &'static str);

/// Sources in their pools.
type Pools = &'static [&'static [Source]];

/// What was found in pools, by their address: each text is read once.
static KNOWN: LazyLock<Mutex<BTreeMap<usize, Known>>> = LazyLock::new(Mutex::default);

/// The sources that one depends on: itself, then the others by path.
pub(crate) fn of(own: Source, pools: Pools) -> &'static [Source] {
    let mut known = KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let known = known.entry(pools.as_ptr() as usize).or_insert_with(|| Known::new(pools));
    if let Some(found) = known.found.get(&address(own)) {
        return found;
    }
    // There are as many lists as functions, and both live as long as the program.
    let found: &[Source] = known.reached(own, pools).leak();
    known.found.insert(address(own), found);
    found
}

/// What tells a text from any other, one of the same path in other pools included.
fn address(source: Source) -> usize {
    source.1.as_ptr() as usize
}

/// What is known of pools.
struct Known {
    pool: Pool,
    /// What each text names.
    named: BTreeMap<usize, Vec<Source>>,
    /// What each function depends on.
    found: BTreeMap<usize, &'static [Source]>,
}

impl Known {
    fn new(pools: Pools) -> Self {
        let pool = Pool::of(pools.iter().copied().flatten().copied());
        Known { pool, named: BTreeMap::new(), found: BTreeMap::new() }
    }

    fn reached(&mut self, own: Source, pools: Pools) -> Vec<Source> {
        let (mut seen, mut todo) = (BTreeSet::from([own.0]), vec![own]);
        while let Some(source) = todo.pop() {
            let pool = &self.pool;
            let named = self.named.entry(address(source));
            let named = named.or_insert_with(|| pool.named(source.0, source.1));
            todo.extend(named.iter().filter(|it| seen.insert(it.0)));
        }
        let kept = |it: &Source| seen.contains(it.0) || !it.0.ends_with(".rs");
        let all = pools.iter().copied().flatten().copied();
        let mut rest: BTreeMap<&str, Source> = all.filter(kept).map(|it| (it.0, it)).collect();
        rest.remove(own.0);
        std::iter::once(own).chain(rest.into_values()).collect()
    }
}

/// Where a source stands: the folder of its crate, and the names that lead to it there.
type Spot = (String, Vec<String>);

/// Sources by module.
struct Pool {
    modules: BTreeMap<Spot, Source>,
    /// The folders of the crates, by the names of these.
    crates: BTreeMap<String, String>,
}

impl Pool {
    fn of(sources: impl Iterator<Item = Source>) -> Self {
        let (mut modules, mut crates) = (BTreeMap::new(), BTreeMap::new());
        for source in sources.filter(|(path, _)| path.ends_with(".rs")) {
            let module = module(source.0);
            let name = module.0.trim_end_matches("/src").rsplit('/').next().unwrap_or("");
            crates.insert(name.to_string(), module.0.clone());
            modules.insert(module, source);
        }
        Pool { modules, crates }
    }

    /// The sources that a text names.
    fn named(&self, path: &str, text: &str) -> Vec<Source> {
        let home = module(path);
        let text = code_of(text);
        let mut found = Vec::new();
        for (root, rest) in roots(&text, |name| self.crates.contains_key(name)) {
            let (mut folder, mut at) = home.clone();
            match root {
                "crate" => at.clear(),
                "self" | "mod" => {}
                "super" => drop(at.pop()),
                name => (folder, at) = (self.crates[name].clone(), Vec::new()),
            }
            for path in paths(rest) {
                let mut module = (folder.clone(), at.clone());
                for name in path {
                    if name == "super" {
                        module.1.pop();
                    } else if name != "self" {
                        module.1.push(name);
                    }
                }
                found.extend(self.deepest(module));
            }
        }
        found
    }

    /// The source of the deepest module that a path leads through.
    fn deepest(&self, (folder, mut names): Spot) -> Option<Source> {
        loop {
            if let Some(source) = self.modules.get(&(folder.clone(), names.clone())) {
                return Some(*source);
            }
            names.pop()?;
        }
    }
}

/// The module of a file: `crates/x/src/a/b.rs` is `a::b` of the crate in `crates/x/src`.
fn module(path: &str) -> Spot {
    let (folder, inner) = match path.split_once("/src/") {
        Some((before, inner)) => (format!("{before}/src"), inner),
        None => path.split_once('/').map_or((String::new(), path), |(a, b)| (a.into(), b)),
    };
    let mut names: Vec<String> =
        inner.trim_end_matches(".rs").split('/').map(String::from).collect();
    names.pop_if(|last| last == "mod");
    (folder, names)
}

/// A text without its comments and its tests.
fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    let line = |line: &'_ str| line.split("//").next().unwrap_or(line).to_string();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The beginnings of paths, each with the text after its `::`, and modules that
/// are declared as `mod` with their name.
fn roots(text: &str, is_crate: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut found, mut before) = (Vec::new(), ' ');
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if !is_word(first) {
            (before, at) = (first, at + first.len_utf8());
            continue;
        }
        let end = text[at..].find(|c| !is_word(c)).map_or(text.len(), |length| at + length);
        let (word, rest) = (&text[at..end], &text[end..]);
        let begins =
            before != ':' && (["crate", "self", "super"].contains(&word) || is_crate(word));
        if let Some(rest) = rest.strip_prefix("::").filter(|_| begins) {
            found.push((word, rest));
        } else if word == "mod" {
            found.push((word, rest.trim_start()));
        }
        (before, at) = ('x', end);
    }
    found
}

/// The paths of a tree such as `a::{b, c::{self, d}}`, up to where it ends.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut rest = text;
    tree(&mut rest)
}

fn tree(rest: &mut &str) -> Vec<Vec<String>> {
    *rest = rest.trim_start();
    if let Some(inner) = rest.strip_prefix('{') {
        *rest = inner;
        let mut all = Vec::new();
        while !rest.trim_start().starts_with('}') && !rest.trim_start().is_empty() {
            let before = rest.len();
            all.extend(tree(rest));
            // What follows a name, such as `as other`, up to the next one.
            let next = rest.find([',', '}']).unwrap_or(rest.len());
            *rest = rest[next..].strip_prefix(',').unwrap_or(&rest[next..]);
            if rest.len() == before {
                break;
            }
        }
        *rest = rest.trim_start().strip_prefix('}').unwrap_or(rest);
        return all;
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    *rest = after;
    if name.is_empty() {
        return vec![Vec::new()];
    }
    let below = match after.strip_prefix("::") {
        Some(after) => {
            *rest = after;
            tree(rest)
        }
        None => vec![Vec::new()],
    };
    let whole = |below: Vec<String>| [vec![name.to_string()], below].concat();
    below.into_iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &[Source] = &[
        ("crates/tables/src/csv.rs", "use super::faults;"),
        ("crates/tables/src/faults.rs", ""),
        ("crates/tables/src/layout/mod.rs", "pub mod sdmx;\nuse crate::csv::{self, Row};"),
        ("crates/tables/src/layout/sdmx.rs", "use super::super::csv;"),
        ("crates/tables/src/sheet.rs", ""),
    ];
    const STUDY: &[Source] = &[
        ("stages/records/pair.rs", "impl Pair { fn x() { crate::records::size::of() } }"),
        ("stages/records/size.rs", ""),
        ("stages/data/tag.rs", ""),
        ("stages/Cargo.lock", "version = 4"),
    ];

    /// The paths of what a function's own text reaches, its own file first.
    fn reaches(text: &'static str) -> Vec<&'static str> {
        let found = of(("stages/data/clean.rs", text), &[STUDY, TABLES]);
        assert_eq!(found[0].0, "stages/data/clean.rs");
        // What is no Rust belongs to every function.
        let others = found[1..].iter().map(|source| source.0);
        let (lock, rest): (Vec<_>, _) = others.partition(|path| *path == "stages/Cargo.lock");
        assert_eq!(lock.len(), 1);
        rest
    }

    #[test]
    fn what_a_text_names_is_found_and_nothing_else() {
        let (csv, faults) = ("crates/tables/src/csv.rs", "crates/tables/src/faults.rs");
        let (pair, size) = ("stages/records/pair.rs", "stages/records/size.rs");
        let layout = ["mod", "sdmx"].map(|file| format!("crates/tables/src/layout/{file}.rs"));
        for (text, found) in [
            ("", vec![]),
            ("use std::fs;\nuse other::prelude::{df, NamedFrom};", vec![]),
            ("use tables::csv;", vec![csv, faults]),
            ("use tables::{faults::Faults as F, csv::{Csv, Row}};", vec![csv, faults]),
            ("use tables::{\n    faults,\n};\n", vec![faults]),
            ("fn x() -> tables::faults::Faults { y() }", vec![faults]),
            ("pub(crate) use crate::records::pair::{self, Pair};", vec![pair, size]),
            ("use crate::records::{pair, size};", vec![pair, size]),
            ("use super::tag::run;", vec!["stages/data/tag.rs"]),
            ("use super::super::records::size;", vec![size]),
            ("// use tables::csv;\n//! tables::csv", vec![]),
            ("#[cfg(test)]\nmod tests { use tables::csv; }", vec![]),
            ("let x = other::tables::csv;", vec![]),
            ("use tables::layout::Layout;", vec![csv, faults, &layout[0], &layout[1]]),
            ("use tables::layout::sdmx::Settings;", vec![csv, faults, &layout[1]]),
            ("use tables::SOURCES;", vec![]),
            ("use tables::{csv", vec![csv, faults]),
        ] {
            assert_eq!(reaches(Box::leak(text.to_string().into_boxed_str())), found, "{text}");
        }
    }
}
