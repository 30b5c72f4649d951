//! A report that is verified by what it carries: this program and nothing else is needed.
//!
//! The attached manifest gives each attachment its digest, and `action.json` says which
//! function was called with what; the function is called again, and the bytes are compared.
//! Fonts are not attached: they are looked for by their digests.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use answers::attached::{attached, name_of};
use engine::diagnostic::{Diagnostic, Kind, nearest};
use engine::digest::Digest;
use engine::function::{Artifact, Job};
use serde::Deserialize;
use serde_json::Value;

use super::verdict::{Finding, Verdict};
use super::{manifest, parted};
use crate::report::{Failed, count};
use crate::study::Study;

const MANIFEST: &str = "manifest.b3";
const ACTION: &str = "action.json";

/// How a report was made.
#[derive(Deserialize)]
struct Action {
    function: String,
    params: Value,
    /// The paths of what it was given, by role.
    inputs: BTreeMap<String, Vec<String>>,
}

/// A report with what it carries, by paths of its project.
struct Report<'a> {
    name: &'a str,
    files: BTreeMap<String, Vec<u8>>,
    digests: BTreeMap<String, Digest>,
    action: Action,
}

/// Where files are looked for that a report does not carry.
pub(super) struct Places<'a> {
    pub(super) study: &'a Study,
    pub(super) fonts: Option<&'a Path>,
    pub(super) root: Option<&'a Path>,
}

/// Verifies a report by what it carries.
pub(super) fn level(
    places: &Places,
    name: &str,
    pdf: &[u8],
    level: u8,
    verdict: &mut Verdict,
) -> Result<(), Failed> {
    let Some(report) = carried(name, pdf, verdict)? else { return Ok(()) };
    if level < 2 || !verdict.holds() {
        return Ok(());
    }
    let mut found = Vec::new();
    if let Some(made) = again(places, &report, &mut found)?
        && made != pdf
    {
        let what =
            format!("`{name}` comes out otherwise when it is made again from its attachments");
        found.push(
            Finding::new(2, what)
                .path(name)
                .details(parted::places(name, pdf, &made))
                .hint("the program of the commit that made the report is the one to ask"),
        );
    }
    let what = format!("`{name}` made again from its attachments, equal to the last byte");
    verdict.note(2, what, found);
    Ok(())
}

/// Reads what a report carries, and holds it to the manifest.
fn carried<'a>(
    name: &'a str,
    pdf: &[u8],
    verdict: &mut Verdict,
) -> Result<Option<Report<'a>>, Failed> {
    let mut found = Vec::new();
    let mut tell = |what: String| found.push(Finding::new(1, what).path(name));
    let mut carried = match attached(name, pdf.to_vec()) {
        Ok(carried) => carried,
        Err(problem) => {
            tell(problem.message);
            verdict.findings.extend(found);
            return Ok(None);
        }
    };
    let (Some(list), Some(action)) = (carried.remove(MANIFEST), carried.remove(ACTION)) else {
        tell(format!("`{name}` does not carry both `{MANIFEST}` and `{ACTION}`"));
        verdict.findings.extend(found);
        return Ok(None);
    };
    verdict.root = Digest::of(&list).to_string();
    let text = String::from_utf8_lossy(&list);
    let (lines, action) = (manifest::lines(&text), serde_json::from_slice::<Action>(&action));
    let (Ok(lines), Ok(action)) = (lines, action) else {
        tell(format!("`{MANIFEST}` or `{ACTION}` in `{name}` is damaged"));
        verdict.findings.extend(found);
        return Ok(None);
    };
    let mut digests: BTreeMap<String, Digest> =
        lines.into_iter().map(|(path, digest)| (path.to_string(), digest)).collect();
    // The list cannot list itself, nor its own digest.
    for path in action.inputs.get("manifest").into_iter().flatten() {
        let root = format!("{}\n", verdict.root);
        let bytes = if name_of(path) == MANIFEST { &list[..] } else { root.as_bytes() };
        digests.insert(path.clone(), Digest::of(bytes));
    }
    let mut report = Report { name, files: BTreeMap::new(), digests, action };
    let total = carried.len();
    for (path, digest) in &report.digests {
        if name_of(path) == MANIFEST {
            report.files.insert(path.clone(), list.clone());
        } else if let Some(bytes) = carried.remove(&name_of(path)) {
            if Digest::of(&bytes) != *digest {
                let is = Digest::of(&bytes).short();
                let listed = digest.short();
                tell(format!("the attached `{path}` is {is}, and the manifest lists {listed}"));
            }
            report.files.insert(path.clone(), bytes);
        }
    }
    for other in carried.keys() {
        tell(format!("the attachment `{other}` of `{name}` is in no line of its manifest"));
    }
    let (are, them) = if total == 1 { ("is", "it") } else { ("are", "them") };
    let total = count(total, "attachment");
    let what = format!("{total} of `{name}` {are} as its manifest lists {them}");
    verdict.note(1, what, found);
    Ok(Some(report))
}

/// Calls the function once more.
fn again(
    places: &Places,
    report: &Report,
    found: &mut Vec<Finding>,
) -> Result<Option<Vec<u8>>, Failed> {
    let Action { function: name, params, inputs } = &report.action;
    let mut functions = places.study.functions.iter();
    let Some(function) = functions.find(|it| it.name == name && it.outputs.contains(&"pdf")) else {
        let message = format!("this program has no function `{name}` that makes a PDF");
        let known = places.study.functions.iter().map(|it| it.name);
        let near = nearest(name, known).map(|near| format!("it has `{near}`"));
        let problem = Diagnostic::new(Kind::Usage, message);
        let hint = "take the program that made the report: `colophon`, or that of its study";
        return Err(problem.hint(near.unwrap_or_else(|| hint.into())).into());
    };
    let mut given = BTreeMap::new();
    for (role, paths) in inputs {
        let mut artifacts = Vec::new();
        for path in paths {
            let Some(bytes) = places.content(report, path) else {
                found.push(missing(report, path));
                continue;
            };
            let (path, labels) = (path.clone(), Default::default());
            artifacts.push(Artifact { path, bytes: bytes.into(), labels, resource: None });
        }
        given.insert(role.clone(), artifacts);
    }
    if !found.is_empty() {
        return Ok(None);
    }
    let tell = |details: Vec<String>| {
        let what = format!("`{}` can't be made again from its attachments", report.name);
        Finding::new(2, what).path(report.name).details(details)
    };
    let params = match (function.normalise)(params) {
        Ok(params) => params,
        Err(error) => {
            found.push(tell(vec![error]));
            return Ok(None);
        }
    };
    let job = Job::new(params, given, [0; 32]);
    match catch_unwind(AssertUnwindSafe(|| (function.run)(&job))) {
        Ok(Ok(mut outputs)) => Ok(outputs.remove("pdf").map(|output| output.bytes)),
        Ok(Err(failure)) => {
            found.push(tell(failure.diagnostics.iter().map(ToString::to_string).collect()));
            Ok(None)
        }
        Err(_) => {
            found.push(tell(vec![format!("`{name}` panicked")]));
            Ok(None)
        }
    }
}

/// A file that is nowhere to be had.
fn missing(report: &Report, path: &str) -> Finding {
    let digest = report.digests.get(path).map_or("in no manifest".into(), Digest::to_string);
    let what = format!("`{path}` ({digest}) is neither attached nor to be had");
    Finding::new(2, what)
        .path(path)
        .hint("if it is a font, name the folder that has it: `--fonts DIR`")
}

impl Places<'_> {
    /// The content of what a report was made from: attached, or elsewhere by its digest.
    fn content(&self, report: &Report, path: &str) -> Option<Vec<u8>> {
        if let Some(bytes) = report.files.get(path) {
            return Some(bytes.clone());
        }
        let digest = report.digests.get(path)?;
        let is_it = |bytes: &Vec<u8>| Digest::of(bytes) == *digest;
        let brought = self.study.fonts.iter().map(|font| font.to_vec()).find(is_it);
        let here = || std::fs::read(self.root?.join(path)).ok().filter(is_it);
        let named = || {
            let entries = std::fs::read_dir(self.fonts?).ok()?.flatten();
            entries.filter_map(|entry| std::fs::read(entry.path()).ok()).find(is_it)
        };
        brought.or_else(here).or_else(named)
    }
}
