//! Where two makings of the same part: the stage, the file, and the place inside.

use answers::pages;
use engine::lock::Lock;
use engine::store::{Made, Store};
use engine::words::grouped;

use super::checkout::Checkout;
use super::verdict::Finding;
use crate::report::{Failed, count};
use crate::verbs::why::rows::differences;

/// The first output, in the order of the plan, that is not as it is locked. Since every
/// stage before it made what it was to make, it is this stage that differs.
pub(super) fn first(
    checkout: &Checkout,
    made: &Lock,
    store: &Store,
    level: u8,
) -> Result<Option<Finding>, Failed> {
    let mut parted = Vec::new();
    for stage in &checkout.project.plan.stages {
        let is = made.stages.get(&stage.name).map(|block| &block.outputs);
        for path in stage.outputs.values() {
            let (was, is) = (checkout.made(path), is.and_then(|is| is.get(path)));
            if was != is {
                parted.push((stage.name.as_str(), path.as_str(), was, is));
            }
        }
    }
    let Some((stage, path, was, is)) = parted.first() else { return Ok(None) };
    let (what, mut details) = match (was, is) {
        (Some(was), Some(is)) if was.digest == is.digest => (
            format!("`{path}` of stage `{stage}` is locked with other rows or another mode"),
            vec![],
        ),
        (Some(was), Some(is)) => {
            let (short, locked) = (is.digest.short(), was.digest.short());
            let what =
                format!("`{path}` of stage `{stage}` came out as {short}, locked as {locked}");
            (what, inside(checkout, path, is, store)?)
        }
        _ => (format!("`{path}` of stage `{stage}` was not made"), vec![]),
    };
    if parted.len() > 1 {
        let more = count(parted.len() - 1, "output");
        details.push(format!("and {more} after it"));
    }
    Ok(Some(Finding::new(level, what).path(path).stage(stage).details(details)))
}

/// What differs inside of an output.
fn inside(
    checkout: &Checkout,
    path: &str,
    made: &Made,
    store: &Store,
) -> Result<Vec<String>, Failed> {
    let (Some(before), Some(after)) = (checkout.output(path)?, store.read(&made.digest)?) else {
        return Ok(vec![
            "the locked bytes are not here, so what differs inside is not known".into(),
        ]);
    };
    Ok(places(path, &before, &after))
}

/// The places at which two versions of a file differ.
pub(super) fn places(path: &str, before: &[u8], after: &[u8]) -> Vec<String> {
    if std::str::from_utf8(before).is_ok() && std::str::from_utf8(after).is_ok() {
        return differences(path, before, after);
    }
    let at = before.iter().zip(after).position(|(a, b)| a != b);
    let at = at.unwrap_or(before.len().min(after.len()));
    let mut details = differences(path, before, after);
    if path.ends_with(".pdf") {
        details.push(match pages::first(before, after) {
            Some(page) => format!("page {page} is the first that differs"),
            None => "no page differs in what is drawn on it".into(),
        });
    }
    details.push(format!("the first byte that differs is number {}", grouped(at as f64 + 1.0, 0)));
    details
}
