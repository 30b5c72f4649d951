//! Who may know whom: crates, stages, and what counts as a function's code.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use engine::code::Source;
use serde_json::Value;

use crate::space::PROJECT;
use crate::tidy::{ending, found, found_outside_tests, none, text};

/// Every dependency of every crate of this repository, those of tests included.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = env!("CARGO");
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(cargo).args(arguments).current_dir(PROJECT).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let name = |value: &Value| value["name"].as_str().unwrap().to_string();
    list(&metadata["packages"])
        .iter()
        .map(|package| (name(package), list(&package["dependencies"]).iter().map(name).collect()))
        .collect()
}

/// What a crate must not depend on, by the beginnings of names.
const STRANGERS: [(&str, &[&str]); 7] = [
    (
        "engine",
        &[
            "cli",
            "colophon",
            "access",
            "typeset",
            "typst",
            "polars",
            "clap",
            "indicatif",
            "annotate",
        ],
    ),
    ("typeset", &["cli", "colophon", "access", "engine", "polars", "clap", "indicatif"]),
    ("cli", &["colophon", "access", "typeset", "typst", "polars"]),
    (
        "answers",
        &["account", "cli", "colophon", "access", "tables", "typeset", "typst", "polars", "clap"],
    ),
    ("arithmetic", &["engine", "cli", "colophon", "access", "polars", "typeset", "typst"]),
    ("tables", &["account", "cli", "colophon", "access", "typeset", "typst"]),
    ("account", &["tables", "cli", "colophon", "access", "polars"]),
];

#[test]
fn dependencies_run_one_way() {
    let dependencies = dependencies();
    let names: Vec<&str> = dependencies.keys().map(String::as_str).collect();
    let all = [
        "access-barriers",
        "account",
        "answers",
        "arithmetic",
        "cli",
        "colophon",
        "engine",
        "planets",
        "tables",
        "typeset",
    ];
    assert_eq!(names, all);
    let mut faults = Vec::new();
    for (name, strangers) in STRANGERS {
        for dependency in &dependencies[name] {
            if strangers.iter().any(|stranger| dependency.starts_with(stranger)) {
                faults.push(format!("`{name}` depends on `{dependency}`"));
            }
        }
    }
    none(&faults);
}

/// The crates whose code functions are made of, by the folders of their sources.
const POOLS: [(&str, &[Source]); 5] = [
    ("crates/account/src/", account::SOURCES),
    ("crates/arithmetic/src/", arithmetic::SOURCES),
    ("crates/tables/src/", tables::SOURCES),
    ("crates/typeset/src/", typeset::SOURCES),
    ("stages/", stages::SOURCES),
];

/// The files below a folder that are code: neither a list of modules nor tests alone.
fn files_of(folder: &str) -> Vec<String> {
    let code = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or("");
        let list = ["lib.rs", "main.rs"].contains(&name);
        path.starts_with(folder) && !list && !["given.rs", "tests.rs"].contains(&name)
    };
    ending(".rs").into_iter().filter(code).collect()
}

/// The code that functions are made of, of the study and of the general crates.
fn code() -> Vec<String> {
    POOLS.iter().filter(|it| it.0 != "crates/typeset/src/").flat_map(|it| files_of(it.0)).collect()
}

/// The files that are functions of the study.
fn functions() -> Vec<String> {
    let paths = stages::FUNCTIONS.iter().map(|function| function.path().to_string());
    paths.filter(|path| path.starts_with("stages/")).collect()
}

#[test]
fn one_function_a_file_and_each_is_used() {
    let table: BTreeSet<&str> = stages::FUNCTIONS.iter().map(|it| it.path()).collect();
    assert_eq!(table.len(), stages::FUNCTIONS.len());
    let has_run = found(&code(), r"^pub fn run\(.*&Job\)");
    let has_run: BTreeSet<&str> = has_run.iter().filter_map(|it| it.split(':').next()).collect();
    assert_eq!(table, has_run);
    let pipeline = text("pipeline.yaml");
    for function in stages::FUNCTIONS {
        let name = function.name;
        assert!(function.path().ends_with(&format!("/{name}.rs")));
        assert!(pipeline.contains(&format!("uses: {name}\n")), "no stage uses `{name}`");
    }
}

#[test]
fn the_sources_of_a_crate_are_its_files() {
    for (folder, sources) in POOLS {
        let known: BTreeSet<String> = sources.iter().map(|it| it.0.to_string()).collect();
        assert_eq!(known, files_of(folder).into_iter().collect(), "{folder}");
    }
    for (path, compiled) in POOLS.iter().flat_map(|it| it.1).chain(engine::SOURCES) {
        assert!(*compiled == text(path), "{path} changed since it was compiled");
    }
}

/// A room of the study knows the records and the crates below, and no other room.
#[test]
fn a_room_knows_no_other() {
    let mut faults = Vec::new();
    for path in files_of("stages/") {
        let room = path.split('/').nth(1).unwrap();
        let own = [path.clone()];
        faults.extend(found(&own, r"\bcrate::\{|\bcrate as\b|extern crate|\bsuper::super\b"));
        let others = format!(r"\bcrate::(?:{room}|records|given)::");
        let others = regex::Regex::new(&others).unwrap();
        let mut known = found_outside_tests(&own, r"\bcrate::");
        known.retain(|line| !others.is_match(line));
        faults.extend(known);
        if room == "records" {
            faults.extend(found_outside_tests(&own, r"\bcrate::(?:[a-qs-z]|r[^e])"));
        }
    }
    // What is a function is run by its stage alone.
    for function in functions() {
        let inner = function.trim_start_matches("stages/").trim_end_matches(".rs");
        let name = format!(r"\bcrate::{}\b", inner.replace('/', "::"));
        faults.extend(found_outside_tests(&files_of("stages/"), &name));
    }
    none(&faults);
}

/// Floats are banned alike everywhere, and the general functions may call what the
/// study's may.
#[test]
fn what_clippy_bans_is_one_list() {
    let floats = |path: &str| -> Vec<String> {
        let text = text(path);
        let from = text.find("    # f64:").expect("a list of floats");
        text[from..].lines().map(String::from).collect()
    };
    assert_eq!(floats("clippy.toml"), floats("crates/clippy.toml"));
    for name in ["account", "arithmetic", "tables"] {
        let link = std::fs::read_link(format!("{PROJECT}/crates/{name}/clippy.toml")).unwrap();
        assert_eq!(link, std::path::Path::new("../../clippy.toml"));
    }
}

/// Versions and features of libraries may change a result, and stand only where every
/// key has them: in the `Cargo.toml` of the root, and in `Cargo.lock`.
#[test]
fn crates_take_libraries_as_the_root_has_them() {
    let mut faults = Vec::new();
    for name in ["account", "arithmetic", "engine", "tables", "typeset"] {
        let path = format!("crates/{name}/Cargo.toml");
        let text = text(&path);
        let part = text.split("[dependencies]").nth(1).expect("it has dependencies");
        let lines = part.lines().skip(1).take_while(|line| !line.starts_with('['));
        let own = lines.filter(|line| !line.is_empty() && !line.ends_with(".workspace = true"));
        faults.extend(own.map(|line| format!("{path}: {line}")));
    }
    none(&faults);
}

/// The digest of a function's code is sound only while it can reach nothing
/// that is not part of it.
#[test]
fn a_function_imports_nothing_else() {
    let code = code();
    let ours = ["account", "arithmetic", "crate", "engine", "self", "super", "tables", "typeset"];
    let theirs = ["calamine", "libm", "polars", "regex", "schemars", "serde", "serde_json", "std"];
    let mut faults = Vec::new();
    let import = regex::Regex::new(r"^\s*(?:pub(?:\([^)]*\))? )?use (?:::)?(\w+)").unwrap();
    for path in &code {
        for line in text(path).lines() {
            if let Some(import) = import.captures(line)
                && !ours.contains(&&import[1])
                && !theirs.contains(&&import[1])
            {
                faults.push(format!("{path}: {line}"));
            }
        }
    }
    faults.extend(found(&code, r"\b(cli|colophon|stages|tempfile|serde_saphyr)::"));
    // Of the engine, what hands over and takes, and what is among its sources.
    let handing =
        r"\bengine::(calendar|code|diagnostic|digest|function|given|sources|words|yaml)\b";
    let handing = regex::Regex::new(handing).unwrap();
    let mut engine = found(&code, r"\bengine::");
    engine.retain(|line| !handing.is_match(line));
    faults.extend(engine);
    faults.extend(found_outside_tests(&code, r"\bengine::given\b"));
    // Nothing is handed on under another name.
    faults.extend(found_outside_tests(&code, r"^\s*pub(\([^)]*\))? use\b"));
    // Text and environment at compile time; files elsewhere.
    let own = regex::Regex::new(r#"include_str!\("(\w+\.rs)"\)"#).unwrap();
    let reading = r"\b(include|include_str|include_bytes|env|option_env)!|#\[path|\basm!|unsafe";
    let mut reading = found_outside_tests(&code, reading);
    reading.retain(|line| {
        // A general function holds its own file.
        let (path, _) = line.split_once(':').unwrap();
        own.captures(line).is_none_or(|it| !path.ends_with(&format!("/{}", &it[1])))
    });
    faults.extend(reading);
    faults.extend(found(&functions(), r"^\s*(pub )?mod \w+;"));
    // What clippy bans by name, here by where it lives.
    let machine = r"std::(env|fs|net|process|thread|time|os)\b|std::io::(std|copy)";
    faults.extend(found(&code, machine));
    none(&faults);
}

/// A function's sources are found by following names; an `impl` that stands neither
/// beside its type nor beside its trait would not be found.
#[test]
fn an_impl_stands_beside_its_type_or_its_trait() {
    let head =
        regex::Regex::new(r"^impl(?:<[^>]*>)?\s+(?:([\w:]+)(?:<.*>)?\s+for\s+)?&?(?:'\w+ )?(\w+)")
            .unwrap();
    let mut faults = Vec::new();
    for path in code().into_iter().chain(files_of("crates/typeset/src/")) {
        let text = text(&path);
        let defines = |name: &str| {
            let kinds = ["struct", "enum", "trait", "type", "union"];
            kinds.iter().any(|kind| {
                let pattern = format!(r"(?m)^\s*(?:pub(?:\([^)]*\))? )?{kind} {name}\b");
                regex::Regex::new(&pattern).unwrap().is_match(&text)
            })
        };
        for line in text.lines() {
            let Some(head) = head.captures(line) else { continue };
            let of = head.get(1).map(|it| it.as_str());
            if !defines(&head[2]) && !of.is_some_and(defines) {
                faults.push(format!("{path}: {line}"));
            }
        }
    }
    none(&faults);
}

/// polars adds floats in an order that differs from run to run.
#[test]
fn floats_are_summed_in_one_place() {
    let code: Vec<_> =
        code().into_iter().filter(|it| it != "crates/arithmetic/src/stats.rs").collect();
    let reductions = r"\.(sum|mean|std|var|product|median|quantile|cum_sum|cumsum|dot)\w*\(";
    let floats = r"\.(sum|product)::<f(32|64)>\(|\.fold\(0\.|-> f64.*\.sum\(";
    let engines = r"\.lazy\(|\.group_by\w*\(|\.agg\(|LazyFrame|POLARS_";
    let integers = r"\.(sum|product)::<(u|i)(8|16|32|64|size)>\(";
    let mut faults = found_outside_tests(&code, reductions);
    faults.retain(|line| !regex::Regex::new(integers).unwrap().is_match(line));
    faults.extend(found_outside_tests(&code, floats));
    faults.extend(found_outside_tests(&code, engines));
    none(&faults);
}

#[test]
fn the_engine_is_silent_and_reads_no_environment() {
    let engine =
        |path: &String| path.starts_with("crates/engine/src/") && !path.ends_with("/tests.rs");
    let engine: Vec<_> = ending(".rs").into_iter().filter(engine).collect();
    none(&found_outside_tests(&engine, r"\b(e?print(ln)?|dbg)!"));
    // The supervisor reads its orders from its own standard input, by `rustix::stdio`.
    none(&found(&engine, r"process::(exit|abort)|\b(stdout|stderr)\(\)\.(write|lock)|\bio::std"));
    none(&found(
        &engine,
        r"env::(vars?(_os)?|args(_os)?|current_dir|set_var|home_dir)\b|option_env!",
    ));
}

/// Neither the engine nor the command line knows tables, figures or Typst;
/// comments and tests may take their examples from the study.
#[test]
fn the_machine_knows_nothing_of_the_study() {
    let machine = |path: &String| {
        path.starts_with("crates/engine/src/") || path.starts_with("crates/cli/src/")
    };
    let machine: Vec<_> = ending(".rs").into_iter().filter(machine).collect();
    let mut known = found(&machine, r"(?i)\b(polars|typst|typeset|dataframe)\b");
    // To a shell it is the other name of `declare`, and stands beside it.
    known.retain(|line| !line.contains(r#""declare" | "typeset""#));
    none(&known);
    let study = stages::FUNCTIONS.iter().map(|function| function.name);
    // Words that anybody's study may have, that examples have, and of the shell.
    let words = ["report", "clean", "tag", "select", "ledger", "manifest"];
    let study = study.filter(|name| !words.contains(name));
    let pattern = format!(r#""({})""#, study.collect::<Vec<_>>().join("|"));
    none(&found(&machine, &pattern));
}

/// The library of the study is what runs; the program is one call.
#[test]
fn the_program_is_one_line() {
    let main = text("stages/main.rs");
    let lines = main.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("//"));
    assert_eq!(lines.count(), 3, "{main}");
    assert!(main.contains("cli::main(&stages::STUDY)"));
}
