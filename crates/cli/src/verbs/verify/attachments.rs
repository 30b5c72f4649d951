//! What a PDF carries, held to the files that it is named after.

use std::collections::BTreeMap;

use answers::attached::{attached, name_of};
use engine::digest::Digest;
use engine::plan::{Origin, Plan};

use super::checkout::Checkout;
use super::verdict::Finding;

/// Gives how many attachments it has that are named after a file.
pub(super) fn compare(
    checkout: &Checkout,
    path: &str,
    pdf: Vec<u8>,
    found: &mut Vec<Finding>,
) -> usize {
    let mut tell = |what: String| found.push(Finding::new(1, what).path(path));
    let carried = match attached(path, pdf) {
        Ok(carried) => carried,
        Err(problem) => {
            tell(problem.message);
            return 0;
        }
    };
    let known = names(&checkout.project.plan);
    let mut held = 0;
    for (name, bytes) in &carried {
        let Some(file) = known.get(name.trim_start_matches('/')) else { continue };
        held += 1;
        let truth = match checkout.made(file) {
            Some(made) => Some(made.digest),
            None => Digest::of_file(&checkout.project.plan.root.join(file)).ok().map(|it| it.0),
        };
        if truth != Some(Digest::of(bytes)) {
            tell(format!("the attachment `{name}` of `{path}` is not `{file}`"));
        }
    }
    held
}

/// The files that an attachment may be named after, by that name.
fn names(plan: &Plan) -> BTreeMap<String, &str> {
    let inputs = plan.stages.iter().flat_map(|stage| stage.inputs.values().flatten());
    let files = inputs.filter(|input| matches!(input.from, Origin::File | Origin::Source(_)));
    let outputs = plan.stages.iter().flat_map(|stage| stage.outputs.values());
    let paths = files.map(|input| &input.path).chain(outputs);
    // Where a file and an output share a name, the output has it.
    paths.map(|path| (name_of(path), path.as_str())).collect()
}
