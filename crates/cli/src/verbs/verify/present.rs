//! Level 0: everything that is here has the digest that the lock gives it.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use engine::diagnostic::Diagnostic;
use engine::digest::Digest;
use engine::plan::Origin;
use engine::store::gc;

use super::checkout::Checkout;
use super::verdict::{Finding, Verdict};
use crate::report::{Failed, count};

pub(super) fn level(checkout: &Checkout, verdict: &mut Verdict) -> Result<(), Failed> {
    let mut found = Vec::new();
    let inputs = inputs(checkout);
    for (path, locked) in &inputs {
        match read(checkout, path)? {
            Some((digest, _)) if digest == *locked => {}
            Some((digest, _)) => found.push(differs(path, &digest, locked)),
            None => {
                found.push(Finding::new(0, format!("the input `{path}` is not here")).path(path));
            }
        }
    }
    let (mut here, mut missing) = (0, 0);
    for (name, block) in &checkout.locked.stages {
        for (path, made) in &block.outputs {
            let Some((digest, size)) = read(checkout, path)? else {
                missing += 1;
                continue;
            };
            here += 1;
            if digest != made.digest {
                found.push(differs(path, &digest, &made.digest).stage(name));
            } else if size != made.size {
                let size = count(size as usize, "byte");
                let what = format!("`{path}` has {size}, locked as {}", made.size);
                found.push(Finding::new(0, what).path(path).stage(name));
            }
        }
    }
    let health = gc::check(&checkout.project.store)?;
    if health.damaged > 0 {
        let what = format!("{} of the store is damaged", count(health.damaged, "part"))
            .replace("parts of the store is", "parts of the store are");
        let notes = checkout.project.store.notes();
        let details = notes.iter().map(|it| it.message.clone()).collect();
        let hint = "`colophon cache check --repair` sets aside what is damaged";
        found.push(Finding::new(0, what).details(details).hint(hint));
    }
    let (inputs, here) = (count(inputs.len(), "input"), count(here, "output"));
    let mut what = format!("{inputs} and {here} have their digests");
    if missing > 0 {
        let are = if missing == 1 { "is" } else { "are" };
        what += &format!(", {} {are} not here", count(missing, "output"));
    }
    if health.sound > 0 {
        what += &format!(", {} of the store are sound", count(health.sound, "part"))
            .replace("1 part of the store are", "1 part of the store is");
    }
    verdict.note(0, what, found);
    Ok(())
}

/// The files that stages read, with their locked digests.
fn inputs(checkout: &Checkout) -> BTreeMap<String, Digest> {
    let mut inputs = BTreeMap::new();
    for stage in &checkout.project.plan.stages {
        let Some(block) = checkout.locked.stages.get(&stage.name) else { continue };
        for (role, input) in
            stage.inputs.iter().flat_map(|(role, list)| list.iter().map(move |it| (role, it)))
        {
            let is_file = matches!(input.from, Origin::File | Origin::Source(_));
            if let Some(digest) =
                block.inputs.get(&format!("{role} {}", input.path)).filter(|_| is_file)
            {
                inputs.insert(input.path.clone(), *digest);
            }
        }
    }
    inputs
}

/// The digest and size of a file, read to its end: no time stamp is believed.
fn read(checkout: &Checkout, path: &str) -> Result<Option<(Digest, u64)>, Failed> {
    match Digest::of_file(&checkout.project.plan.root.join(path)) {
        Ok(known) => Ok(Some(known)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Diagnostic::io("read", Path::new(path), &error).into()),
    }
}

fn differs(path: &str, digest: &Digest, locked: &Digest) -> Finding {
    let what = format!("`{path}` is {}, locked as {}", digest.short(), locked.short());
    Finding::new(0, what).path(path)
}
