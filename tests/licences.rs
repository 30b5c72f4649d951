//! What the dependencies may be licensed under, and where they may come from.
//!
//! `deny.toml` says it, in the form of `cargo deny`; it is held here, so that nothing has to
//! be installed and nothing is asked of the network. Looked at are the crates of this platform,
//! whose sources are at hand after a build.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::space::PROJECT;
use crate::tidy::{none, text};

/// Every crate that this platform builds, as its authors describe it.
fn packages() -> Vec<Value> {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--filter-platform", host])
        .current_dir(PROJECT)
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// What `deny.toml` allows in one of its lists.
fn allowed(section: &str, list: &str) -> BTreeSet<String> {
    let rules: Value = toml::from_str(&text("deny.toml")).unwrap();
    let list = rules[section][list].as_array().unwrap();
    list.iter().map(|it| it.as_str().unwrap().to_string()).collect()
}

#[test]
fn each_dependency_has_a_licence_that_is_allowed() {
    let allowed = allowed("licenses", "allow");
    let (mut used, mut faults) = (BTreeSet::new(), Vec::new());
    let packages = packages();
    assert!(packages.len() > 400, "only {} crates", packages.len());
    for package in packages {
        let name = format!("{} {}", package["name"].as_str().unwrap(), package["version"]);
        let Some(licence) = package["license"].as_str() else {
            faults.push(format!("{name} states no licence"));
            continue;
        };
        // Older crates write `/` for `OR`.
        let terms = Expression::parse_mode(licence, ParseMode::LAX)
            .unwrap_or_else(|error| panic!("{name}: `{licence}` is no expression: {error}"));
        used.extend(terms.requirements().map(|term| term.req.to_string()));
        if !terms.evaluate(|term| allowed.contains(&term.to_string())) {
            faults.push(format!("{name} is licensed under `{licence}`, which is not allowed"));
        }
    }
    let unused = allowed.difference(&used);
    faults.extend(unused.map(|licence| format!("nothing is licensed under `{licence}`")));
    none(&faults);
}

#[test]
fn each_dependency_comes_from_a_registry_that_is_allowed() {
    let allowed = allowed("sources", "allow-registry");
    let mut faults = Vec::new();
    for package in packages() {
        // What has no source is a crate of this repository.
        let Some(source) = package["source"].as_str() else { continue };
        if !source.strip_prefix("registry+").is_some_and(|it| allowed.contains(it)) {
            faults.push(format!("{} comes from {source}", package["name"]));
        }
    }
    none(&faults);
}
