//! What a plan is given besides stages: the files that people write, declared
//! links and the data package, each held to limits before anything is made of it.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::Origin;
use crate::diagnostic::{Diagnostic, Kind};
use crate::draft::{Draft, Inputs};
use crate::pipeline::{self, Pipeline};
use crate::source::{self, Package};
use crate::tree::{Own, Tree};
use crate::yaml::{Data, Document, Node};

/// The largest pipeline or data package that is read, in bytes.
const LARGEST: u64 = 32 << 20;

/// The bytes of `pipeline.yaml`.
pub(super) fn pipeline(root: &Path) -> Result<Vec<u8>, Diagnostic> {
    read(root, pipeline::FILE).map_err(|problem| match root.join(pipeline::FILE) {
        path if path.exists() => problem,
        _ => problem.hint("`colophon init` writes a pipeline to start from"),
    })
}

/// Reads a file that people write: regular, and of a size that they could.
fn read(root: &Path, path: &str) -> Result<Vec<u8>, Diagnostic> {
    let usage = |message: String| Diagnostic::new(Kind::Usage, message);
    let failed = |error: std::io::Error| {
        let problem = Diagnostic::io("read", Path::new(path), &error);
        Diagnostic { kind: Kind::Usage, ..problem }
    };
    // A pipe is not waited for.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(root.join(path), flags, Mode::empty());
    let file = std::fs::File::from(file.map_err(|error| failed(error.into()))?);
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(usage(format!("`{path}` is not a regular file")));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > LARGEST {
        true => Err(usage(format!("`{path}` is larger than {} MiB", LARGEST >> 20))
            .hint("data belong in files that the pipeline names")),
        false => Ok(bytes),
    }
}

/// The links that may lead out of the project, in normal form.
pub(super) fn links(
    root: &Path,
    pipeline: &Pipeline,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let plain = Tree::new(root, &[]);
    let mut links = Vec::new();
    for (index, link) in pipeline.links.iter().enumerate() {
        let at = || match document.root.get("links").map(|node| &node.data) {
            Some(Data::List(items)) if index < items.len() => document.place(&items[index]),
            _ => document.value_place(&["links"]),
        };
        match plain.normal(link) {
            Ok(link) if link.is_empty() || Own::of(&link).is_some() => {
                let message = format!("`{link}` can't be a link to data");
                found.push(Diagnostic::new(Kind::Usage, message).at(at()));
            }
            Ok(link) => links.push(link),
            Err(problem) => found.push(problem.at(at())),
        }
    }
    links
}

/// The data package, and the files that were read for this plan.
pub(super) fn package(
    tree: &Tree,
    pipeline: &Pipeline,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> (Package, Vec<String>) {
    let mut files = vec![pipeline::FILE.to_string()];
    let Some(path) = &pipeline.data else { return (Package::default(), files) };
    let at = || document.value_place(&["data"]);
    let bytes = tree.normal(path).and_then(|path| {
        tree.file(&path)?;
        let bytes = read(tree.root(), &path)?;
        files.push(path.clone());
        Ok((path, bytes))
    });
    let (path, bytes) = match bytes {
        Ok(read) => read,
        Err(problem) => {
            found.push(problem.at(at()));
            return (Package::unread(), files);
        }
    };
    let (mut package, problems) = source::parse(&path, &bytes);
    found.extend(problems);
    package.share_labels(|path| tree.file(path).ok().flatten());
    (package, files)
}

/// Lets functions look at the descriptions of the sources that they take.
pub(super) fn descriptions(
    drafts: &[Draft],
    inputs: &[Inputs],
    package: &Package,
    found: &mut Vec<Diagnostic>,
) {
    let mut seen = BTreeSet::new();
    for (draft, inputs) in drafts.iter().zip(inputs) {
        let Some((function, check)) = draft.function.and_then(|it| Some((it.name, it.check?)))
        else {
            continue;
        };
        for input in inputs.roles.values().flatten() {
            let Origin::Source(name) = &input.from else { continue };
            if let Some(source) = package.sources.get(name)
                && seen.insert((function, name.clone()))
            {
                found.extend(check(&source.descriptor).into_iter().map(|(path, message)| {
                    Diagnostic::new(Kind::Usage, message).at(source.place(&path))
                }));
            }
        }
    }
}

/// At most this many cells are made.
const CELLS: usize = 100_000;

/// That the matrices stand for more cells than can be planned.
pub(super) fn too_many_cells(document: &Document) -> Option<Diagnostic> {
    let values = |node: &Node| match &node.data {
        Data::List(items) => items.len(),
        _ => 1,
    };
    let mut all: usize = 0;
    for (key, stage) in document.root.get("stages").map_or(&[][..], Node::entries) {
        let axes = stage.get("matrix").map_or(&[][..], Node::entries);
        let cells = axes.iter().fold(1, |cells: usize, axis| cells.saturating_mul(values(&axis.1)));
        all = all.saturating_add(cells);
        if all > CELLS {
            let message = format!("the stages have more than {CELLS} cells");
            let at = stage.entry("matrix").map_or(key, |(key, _)| key);
            return Some(
                Diagnostic::new(Kind::Usage, message)
                    .at(document.place(at))
                    .hint("let a stage do the work of many cells"),
            );
        }
    }
    None
}
