//! The manifest, held to the lock and to the files: every digest in it is true, and every
//! file upstream of it is in it.

use std::collections::BTreeMap;

use engine::digest::Digest;
use engine::plan::{Origin, Stage};

use super::checkout::Checkout;
use super::verdict::Finding;
use crate::report::Failed;

/// The lines of a manifest, path to digest, or the number of the line that is none.
pub(super) fn lines<'a>(manifest: &'a str) -> Result<BTreeMap<&'a str, Digest>, usize> {
    let line = |(n, line): (usize, &'a str)| {
        let read = line
            .split_once("  ")
            .and_then(|(digest, path)| Some((path, Digest::from_hex(digest)?)));
        read.ok_or(n + 1)
    };
    manifest.lines().enumerate().map(line).collect()
}

/// Gives how many files it lists.
pub(super) fn compare(
    checkout: &Checkout,
    stage: &Stage,
    bytes: &[u8],
    found: &mut Vec<Finding>,
) -> Result<usize, Failed> {
    let path = stage.outputs["manifest"].as_str();
    let mut tell = |what: String, of: &str| found.push(Finding::new(1, what).path(of));
    let root_path = &stage.outputs["root"];
    if let Some(root) = checkout.output(root_path)? {
        let digest = Digest::of(bytes);
        if String::from_utf8_lossy(&root).trim() != digest.to_string() {
            let what = format!("`{root_path}` is not the digest of `{path}`");
            tell(what, root_path);
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let listed = match lines(&text) {
        Ok(listed) => listed,
        Err(line) => {
            tell(format!("line {line} of `{path}` is no digest with a path"), path);
            return Ok(0);
        }
    };
    for (file, digest) in &listed {
        let truth = match checkout.made(file) {
            Some(made) => Some(made.digest),
            None => Digest::of_file(&checkout.project.plan.root.join(file)).ok().map(|it| it.0),
        };
        match truth {
            Some(truth) if truth == *digest => {}
            Some(truth) => {
                let (is, listed) = (truth.short(), digest.short());
                tell(format!("`{file}` is {is}, and `{path}` lists it as {listed}"), file);
            }
            None => tell(format!("`{path}` lists `{file}`, which is not here"), file),
        }
    }
    for file in upstream(checkout, stage) {
        if !listed.contains_key(file) {
            tell(format!("`{path}` does not list `{file}`"), file);
        }
    }
    Ok(listed.len())
}

/// Every file that the manifest is to list.
fn upstream<'a>(checkout: &'a Checkout, stage: &'a Stage) -> Vec<&'a str> {
    let plan = &checkout.project.plan;
    let stages = plan.closure(stage.upstream());
    let stages: Vec<&Stage> = stages.into_iter().map(|index| &plan.stages[index]).collect();
    let inputs = stages.iter().copied().chain([stage]).flat_map(|it| it.inputs.values().flatten());
    let inputs = inputs.filter(|input| input.from != Origin::Lineage).map(|it| it.path.as_str());
    let outputs = stages.iter().flat_map(|it| it.outputs.values()).map(String::as_str);
    inputs.chain(outputs).collect()
}
