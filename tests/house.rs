//! Arrows run one way: no file of a crate imports, by way of others, from itself,
//! and neither does a room.
//!
//! Read are `use` lines and paths that are written out, outside of tests. That a
//! module is declared is no import; what a method reaches is not seen.

mod source;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::tidy::{ending, none, text};
use source::{paths, tokens, without_tests};

/// The folders of the crates that this holds for: all that is not a single file.
const ROOTS: &[&str] = &[
    "crates/account/src",
    "crates/answers/src",
    "crates/arithmetic/src",
    "crates/cli/src",
    "crates/engine/src",
    "crates/tables/src",
    "crates/typeset/src",
    "stages",
];

/// Where a module stands in its crate: the names that lead to it.
type Module = Vec<String>;

/// Which file imports from which.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Where a file stands among the modules of its crate.
fn module(path: &str) -> Module {
    let mut names: Module = path.trim_end_matches(".rs").split('/').map(String::from).collect();
    if names.last().is_some_and(|last| last == "mod") || names == ["lib"] {
        names.pop();
    }
    names
}

/// The file that a path leads to from a module, if that is one of the crate's.
fn file<'a>(
    files: &'a BTreeMap<Module, String>,
    from: &Module,
    path: &[String],
) -> Option<&'a str> {
    let mut at = from.clone();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => (at, rest) = (Module::new(), &path[1..]),
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|it| it == "super") {
                at.pop()?;
                rest = &rest[1..];
            }
        }
        child => {
            let inner = [from.as_slice(), &[child.to_string()]].concat();
            files.get(&inner)?;
        }
    }
    // A room may have no file of its own.
    let mut found = files.get(&at);
    for name in rest {
        at.push(name.clone());
        found = files.get(&at).or(found);
    }
    found.map(String::as_str)
}

/// Who imports from whom among the sources of a crate, given by their paths in it.
fn arrows(sources: &BTreeMap<String, String>) -> Arrows {
    let mut files: BTreeMap<Module, String> =
        sources.keys().map(|path| (module(path), path.clone())).collect();
    let (mut read, mut tests) = (Vec::new(), Vec::new());
    for (path, source) in sources {
        let at = module(path);
        let (kept, modules) = without_tests(&tokens(source));
        tests.extend(modules.into_iter().map(|name| [at.as_slice(), &[name]].concat()));
        let inline = kept.windows(3).find(|it| it[0] == "mod" && it[2] == "{");
        // The first file of a crate may declare whole rooms.
        assert!(
            inline.is_none() || path == "lib.rs",
            "{path} holds a module, {inline:?}, which has no file"
        );
        read.push((path, at, paths(&kept)));
    }
    let is_test = |at: &Module| tests.iter().any(|test| at.starts_with(test));
    files.retain(|at, _| !is_test(at));
    let mut arrows = Arrows::new();
    for (path, at, paths) in read.into_iter().filter(|(_, at, _)| !is_test(at)) {
        let to = paths.iter().filter_map(|it| file(&files, &at, it)).filter(|to| to != path);
        arrows.insert(path.clone(), to.map(String::from).collect());
    }
    arrows
}

/// The shortest way from each file back to itself, each circle once.
fn circles(arrows: &Arrows) -> BTreeSet<Vec<String>> {
    arrows.keys().filter_map(|start| circle(arrows, start)).collect()
}

fn circle(arrows: &Arrows, start: &str) -> Option<Vec<String>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in &arrows[at] {
            if next == start {
                let mut way = vec![at.to_string()];
                while let Some(at) = before.get(way[way.len() - 1].as_str()) {
                    way.push(at.to_string());
                }
                way.reverse();
                let first = (0..way.len()).min_by_key(|at| &way[*at])?;
                way.rotate_left(first);
                way.push(way[0].clone());
                return Some(way);
            }
            if !before.contains_key(next.as_str()) {
                before.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}

/// The sources below a folder, by their paths in it.
fn sources(root: &str) -> BTreeMap<String, String> {
    let inner =
        |path: String| Some((path.strip_prefix(root)?.strip_prefix('/')?.into(), text(&path)));
    ending(".rs").into_iter().filter_map(inner).collect()
}

/// The same between rooms: what stands in the root of a crate, each with its folder.
fn rooms(arrows: &Arrows) -> Arrows {
    let room = |path: &String| path.split(['/', '.']).next().unwrap_or(path).to_string();
    let mut rooms = Arrows::new();
    for (path, to) in arrows {
        let others = to.iter().map(room).filter(|other| *other != room(path));
        rooms.entry(room(path)).or_default().extend(others);
    }
    rooms
}

#[test]
fn no_file_imports_from_itself_by_way_of_others() {
    let mut faults = Vec::new();
    for root in ROOTS {
        let arrows = arrows(&sources(root));
        assert!(arrows.values().any(|to| !to.is_empty()), "nothing is imported in {root}");
        let all = circles(&arrows).into_iter().chain(circles(&rooms(&arrows)));
        faults.extend(all.map(|way| format!("{root}: {}", way.join(" -> "))));
    }
    none(&faults);
}

/// The crates that functions are made of, by name and folder.
const CRATES: [(&str, &str); 6] = [
    ("account", "crates/account/src"),
    ("arithmetic", "crates/arithmetic/src"),
    ("engine", "crates/engine/src"),
    ("stages", "stages"),
    ("tables", "crates/tables/src"),
    ("typeset", "crates/typeset/src"),
];

/// Which file of these crates imports from which, over crates too, by full paths.
fn arrows_over_crates() -> Arrows {
    let mut all = Arrows::new();
    let modules = |root: &str| -> BTreeMap<Module, String> {
        sources(root).into_keys().map(|path| (module(&path), path)).collect()
    };
    for (_, root) in CRATES {
        let sources = sources(root);
        let full = |path: &str| format!("{root}/{path}");
        for (from, to) in arrows(&sources) {
            let to = to.iter().map(|path| full(path)).collect();
            all.insert(full(&from), to);
        }
        for (path, source) in &sources {
            let (kept, _) = without_tests(&tokens(source));
            // What a file declares as its own part belongs to it.
            let parts = kept.windows(3).filter(|it| it[0] == "mod" && it[2] == ";");
            for part in parts.filter(|_| path != "lib.rs") {
                let inner = [module(path), vec![part[1].clone()]].concat();
                let file = modules(root).get(&inner).map(|file| full(file));
                all.entry(full(path)).or_default().extend(file);
            }
            for names in paths(&kept) {
                let Some((_, other)) = CRATES.iter().find(|it| it.0 == names[0]) else { continue };
                let inner = [&["crate".to_string()], &names[1..]].concat();
                if let Some(file) = file(&modules(other), &Module::new(), &inner) {
                    all.entry(full(path)).or_default().insert(format!("{other}/{file}"));
                }
            }
        }
    }
    all
}

/// A function's key holds what its file imports, from file to file: found here by
/// another way than that of the engine, which reads texts and not words.
#[test]
fn the_sources_of_a_function_are_the_closure_of_its_imports() {
    let arrows = arrows_over_crates();
    let own = [account::SOURCES, arithmetic::SOURCES, engine::SOURCES, stages::SOURCES];
    let pools = own.into_iter().chain([tables::SOURCES, typeset::SOURCES]).flatten();
    let pool: BTreeSet<&str> = pools.map(|source| source.0).collect();
    let mut sizes = BTreeSet::new();
    for function in stages::FUNCTIONS {
        let (mut closure, mut todo) = (BTreeSet::new(), vec![function.path()]);
        while let Some(path) = todo.pop() {
            if closure.insert(path) {
                let to = arrows.get(path).into_iter().flatten().map(String::as_str);
                todo.extend(to.filter(|path| pool.contains(path)));
            }
        }
        let listed = function.sources().map(|source| source.0);
        let listed: BTreeSet<&str> = listed.filter(|path| path.ends_with(".rs")).collect();
        assert_eq!(listed, closure, "{}", function.name);
        sizes.insert(listed.len());
    }
    assert!(sizes.len() > 5, "the functions name different files: {sizes:?}");
}

/// Whoever reads the engine from its beginning meets nothing before it was told.
#[test]
fn the_rooms_of_the_engine_stand_in_order() {
    let root = "crates/engine/src";
    let declared = text(&format!("{root}/lib.rs"));
    let name = |line: &str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_string())
    };
    let order: Vec<String> = declared.lines().filter_map(name).collect();
    let place = |room: &str| order.iter().position(|it| it == room);
    let mut faults = Vec::new();
    for (room, to) in rooms(&arrows(&sources(root))).iter().filter(|(room, _)| *room != "lib") {
        assert!(place(room).is_some(), "{room} is not declared in {root}/lib.rs");
        let later = to.iter().filter(|to| place(to) >= place(room));
        faults.extend(later.map(|to| format!("{room} imports from {to}, which comes later")));
    }
    none(&faults);
}

/// The circles of a made-up crate, as text.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let own = |(path, text): &(&str, &str)| (path.to_string(), text.to_string());
    let circles = circles(&arrows(&files.iter().map(own).collect()));
    circles.iter().map(|way| way.join(" -> ")).collect()
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let lib = ("lib.rs", "mod a;\npub mod b;");
    let b = ("b.rs", "use crate::a::One;");
    for import in [
        "use crate::b::Two;",
        "pub(crate) use super::{b, c::D};",
        "use crate::{c, b::{self, Two as Three}};",
        "use crate::b::*;",
        "fn f(it: &'static str) { super::b::two(it) }",
        "#[cfg(not(test))]\nuse crate::b;",
        "#[cfg(test)]\nuse std::{fs, io};\nuse crate::b;",
        "const C: char = '\"'; /* \" */ type T = Vec<crate::b::Two>; // \"",
        "const R: &str = r#\"\"\"#; impl b::Two for crate::b::Two {}",
    ] {
        assert_eq!(told(&[lib, ("a.rs", import), b]), ["a.rs -> b.rs -> a.rs"], "{import}");
    }
    let three = [
        ("lib.rs", "mod room;"),
        ("room/mod.rs", "mod x;\nmod y;\nuse x::X;\npub struct Room;"),
        ("room/x.rs", "use super::y::Y;"),
        ("room/y.rs", "use super::Room;"),
    ];
    assert_eq!(told(&three), ["room/mod.rs -> room/x.rs -> room/y.rs -> room/mod.rs"]);
    let by_name =
        [("lib.rs", "mod a;\nfn f() { a::f() }\npub struct S;"), ("a.rs", "use crate::S;")];
    assert_eq!(told(&by_name), ["a.rs -> lib.rs -> a.rs"]);
}

#[test]
fn what_is_no_import_closes_no_circle() {
    let b = ("b.rs", "use crate::a::One;");
    for other in [
        "mod b;",
        "// use crate::b;\n/* crate::b::two() /* */ */\n//! crate::b::two",
        "const C: &str = \"use crate::b; \\\" crate::b::x\"; const R: &str = r#\"crate::b::\"x\"#;",
        "#[cfg(test)]\nmod tests { use crate::b::Two; }",
        "#[cfg(test)]\n#[expect(unused)]\nuse crate::{b::Two};\nuse std::fs;",
        "#[cfg(test)]\nfn f(x: [u8; 2]) -> u8 { crate::b::f(x) }",
        "#![cfg(test)]\nuse crate::b;",
        "pub(in crate::b) fn f() {}",
        "use bytes::b; fn f() { b::f(); self.b::<u8>() }",
    ] {
        assert_eq!(told(&[("lib.rs", ""), ("a.rs", other), b]), [""; 0], "{other}");
    }
    let tests = [
        ("lib.rs", "mod a;"),
        ("a.rs", "#[cfg(test)]\nmod tests;\npub struct A;"),
        ("a/tests.rs", "use super::A; use crate::c;"),
        ("c.rs", "use crate::a::A;"),
    ];
    assert_eq!(told(&tests), [""; 0]);
}

#[test]
fn a_circle_of_rooms_is_found() {
    let files = [
        ("lib.rs", "mod a;\nmod b;"),
        ("a/mod.rs", "mod x;\nmod y;"),
        ("a/x.rs", "use crate::b::B;"),
        ("a/y.rs", "pub struct Y;"),
        ("b.rs", "use crate::a::y::Y;"),
    ];
    assert_eq!(told(&files), [""; 0]);
    let files = files.map(|(path, text)| (path.to_string(), text.to_string()));
    let found = circles(&rooms(&arrows(&files.into())));
    assert_eq!(found, BTreeSet::from([["a", "b", "a"].map(String::from).to_vec()]));
}
