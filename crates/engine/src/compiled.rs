//! Whether this program was built from the sources that lie in the project.
//!
//! A function's code is compiled in, and its digest with it. Where its file in
//! the project has been edited since, the program computes and vouches for what
//! is no longer there.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Kind, listed};
use crate::files;
use crate::plan::{Action, Plan};

/// The sources of the plan's functions that the project holds as files: path and
/// text as compiled in. None where a function's own file is not in the project,
/// which then is another one than that of the program.
pub(crate) fn sources(plan: &Plan) -> BTreeMap<&'static str, &'static str> {
    let mut sources = BTreeMap::new();
    for stage in &plan.stages {
        if let Action::Function(function) = &stage.action
            && plan.root.join(function.path()).is_file()
        {
            sources.extend(function.sources());
        }
    }
    sources.retain(|path, _| plan.root.join(path).is_file());
    sources
}

/// What is wrong if the program is older than its sources.
pub fn check(plan: &Plan) -> Option<Diagnostic> {
    let differs = |(path, text): &(&str, &str)| {
        let read = files::read(&plan.root.join(path), 1 + text.len() as u64);
        read.map_or(true, |(bytes, _)| bytes != text.as_bytes())
    };
    let changed: Vec<_> = sources(plan).into_iter().filter(differs).collect();
    if changed.is_empty() {
        return None;
    }
    let names = listed(changed.iter().map(|(path, _)| *path));
    let (differ, they) = match changed.len() {
        1 => ("is not what", "it"),
        _ => ("are not what", "them"),
    };
    Some(
        Diagnostic::new(Kind::Usage, format!("{names} {differ} this program was built from"))
            .hint(format!("build it with {they}: `cargo run -- run`"))
            .hint("nothing was run: results would be those of the old code"),
    )
}
