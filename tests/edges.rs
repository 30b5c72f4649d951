//! Who may know whom: crates, stages, and what counts as a function's code.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

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
const STRANGERS: [(&str, &[&str]); 3] = [
    ("engine", &["cli", "colophon", "typeset", "typst", "polars", "clap", "indicatif", "annotate"]),
    ("typeset", &["cli", "colophon", "engine", "polars", "clap", "indicatif"]),
    ("cli", &["colophon", "typeset", "typst", "polars"]),
];

#[test]
fn dependencies_run_one_way() {
    let dependencies = dependencies();
    let names: Vec<&str> = dependencies.keys().map(String::as_str).collect();
    assert_eq!(names, ["cli", "colophon", "engine", "typeset"]);
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

/// The file that is a function, by the function's name.
fn stage_files() -> Vec<String> {
    let stage = |path: &String| {
        let name = path.strip_prefix("stages/");
        name.is_some_and(|name| !name.contains('/') && !["lib.rs", "main.rs"].contains(&name))
    };
    ending(".rs").into_iter().filter(stage).collect()
}

/// The files of the kit that count as code; `given.rs` is there for tests alone.
fn kit_files() -> Vec<String> {
    let kit = |path: &String| path.starts_with("stages/kit/") && !path.ends_with("/given.rs");
    ending(".rs").into_iter().filter(kit).collect()
}

#[test]
fn one_function_a_file_and_each_is_used() {
    let files: BTreeSet<String> = stage_files().into_iter().collect();
    let table: Vec<String> = stages::FUNCTIONS.iter().map(|it| it.path().to_string()).collect();
    assert_eq!(table.iter().cloned().collect::<BTreeSet<_>>(), files);
    assert_eq!(table.len(), files.len());
    let pipeline = text("pipeline.yaml");
    let lib = text("stages/lib.rs");
    let mut at = 0;
    for function in stages::FUNCTIONS {
        let name = function.name;
        assert!(pipeline.contains(&format!("uses: {name}\n")), "no stage uses `{name}`");
        let declared = lib.find(&format!("pub mod {name};\n")).unwrap();
        assert!(declared > at, "`{name}` stands in another order among the modules");
        at = declared;
    }
}

/// A function's code is its own file, the kit, the lock of dependencies, and
/// the sources of a crate of this repository where it uses one.
#[test]
fn the_code_of_a_function_is_all_that_it_can_reach() {
    for function in stages::FUNCTIONS {
        let sources: BTreeMap<&str, &str> = function.sources().collect();
        let mut expected: BTreeSet<String> = kit_files().into_iter().collect();
        let own = function.path().to_string();
        expected.insert(own.clone());
        expected.extend(["Cargo.toml", "Cargo.lock"].map(String::from));
        if !found(&[own], r"^use typeset\b").is_empty() {
            expected.extend(typeset_files());
        }
        let known: BTreeSet<String> = sources.keys().map(|path| path.to_string()).collect();
        assert_eq!(known, expected, "{}", function.name);
        for path in &known {
            assert!(sources[path.as_str()] == text(path), "{path} changed since it was compiled");
        }
    }
}

/// The sources of the crate `typeset`, without those of its tests.
fn typeset_files() -> Vec<String> {
    let source =
        |path: &String| path.starts_with("crates/typeset/src/") && !path.ends_with("/tests.rs");
    ending(".rs").into_iter().filter(source).collect()
}

#[test]
fn the_sources_of_typeset_are_its_files() {
    let known: BTreeSet<String> = typeset::SOURCES.iter().map(|it| it.0.to_string()).collect();
    assert_eq!(known, typeset_files().into_iter().collect());
}

/// The digest of a function's code is sound only while it can reach nothing
/// that is not part of it.
#[test]
fn a_function_imports_nothing_else() {
    let stages = stage_files();
    let code: Vec<String> = stages.iter().cloned().chain(kit_files()).collect();
    let known =
        ["std", "engine", "crate", "super", "csv", "libm", "polars", "regex", "schemars", "serde"];
    let mut faults = Vec::new();
    let import = regex::Regex::new(r"^\s*(?:pub(?:\([^)]*\))? )?use (?:::)?(\w+)").unwrap();
    for path in &code {
        let mut known = known.to_vec();
        known.extend(["serde_json", "self", "calamine"]);
        if path == "stages/report.rs" {
            known.push("typeset");
        }
        for line in text(path).lines() {
            if let Some(import) = import.captures(line)
                && !known.contains(&&import[1])
            {
                faults.push(format!("{path}: {line}"));
            }
        }
    }
    // Another crate, or another stage, by its full path; and a stage's `super`
    // is the table of functions, but for that of its tests.
    faults.extend(found(&code, r"\b(cli|colophon|stages|tempfile|serde_saphyr)::"));
    faults.extend(found(&code, r"\bcrate::(\{|[a-jl-z]|k[^i])|\bcrate as\b|extern crate"));
    faults.extend(found(&stages, r"super::[^*]|^use super"));
    let elsewhere: Vec<_> = code.iter().filter(|it| *it != "stages/report.rs").cloned().collect();
    faults.extend(found(&elsewhere, r"\btypeset::"));
    // Text and environment at compile time; files elsewhere.
    let but_its_list: Vec<_> =
        code.iter().filter(|it| *it != "stages/kit/mod.rs").cloned().collect();
    let reading = r"\b(include|include_str|include_bytes|env|option_env)!|#\[path|\basm!|unsafe";
    faults.extend(found_outside_tests(&but_its_list, reading));
    faults.extend(found(&stages, r"^\s*(pub )?mod \w+;"));
    // What clippy bans by name, here by where it lives.
    let machine = r"std::(env|fs|net|process|thread|time|os)\b|std::io::(std|copy)";
    faults.extend(found(&but_its_list, machine));
    none(&faults);
}

/// polars adds floats in an order that differs from run to run.
#[test]
fn floats_are_summed_in_one_place() {
    let code: Vec<_> = [stage_files(), kit_files()].concat();
    let code: Vec<_> = code.into_iter().filter(|it| it != "stages/kit/stats.rs").collect();
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
    none(&found(&engine, r"\b(e?print(ln)?|dbg)!"));
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
    let study = study.filter(|name| !["report", "clean", "tag", "select"].contains(name));
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
