//! What a plan is given besides stages: the files that people write, declared
//! links and the data package, each held to limits before anything is made of it.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::pipeline::{self, Pipeline};
use super::source::{self, Package};
use crate::diagnostic::{Diagnostic, Kind};
use crate::files::{self, Look};
use crate::tree::{Own, Tree};
use crate::yaml::{Data, Document};

/// The largest pipeline or data package that is read, in bytes.
const LARGEST: u64 = 32 << 20;

/// The nearest folder that holds a pipeline: this one or one above it. Gives
/// the folder itself where there is none.
///
/// What another user put above it is not taken: its commands would be run.
pub fn root_above(folder: &Path) -> Result<PathBuf, Diagnostic> {
    let Ok(real) = folder.canonicalize() else { return Ok(folder.to_path_buf()) };
    let mut way = folder.to_path_buf();
    for above in real.ancestors() {
        let Ok(metadata) = above.join(pipeline::FILE).symlink_metadata() else {
            way = if way == Path::new(".") { "..".into() } else { way.join("..") };
            continue;
        };
        let owner = metadata.uid();
        if above != real && owner != 0 && owner != rustix::process::geteuid().as_raw() {
            let message =
                format!("`{}` belongs to another user", way.join(pipeline::FILE).display());
            return Err(Diagnostic::new(Kind::Usage, message)
                .hint(format!("if you trust it, name its folder: `-C {}`", way.display())));
        }
        return Ok(way);
    }
    Ok(folder.to_path_buf())
}

/// The bytes of `pipeline.yaml`, and the look at it.
pub(crate) fn pipeline(root: &Path) -> Result<(Vec<u8>, Option<Look>), Diagnostic> {
    read(root, pipeline::FILE).map_err(|problem| match root.join(pipeline::FILE) {
        path if path.exists() => problem,
        _ => problem.hint("`colophon init` writes a pipeline to start from"),
    })
}

/// Reads a file that people write: regular, and of a size that they could.
fn read(root: &Path, path: &str) -> Result<(Vec<u8>, Option<Look>), Diagnostic> {
    let usage = |message: String| Diagnostic::new(Kind::Usage, message);
    files::read(&root.join(path), LARGEST).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => usage(format!("`{path}` is not a regular file")),
        ErrorKind::FileTooLarge => usage(format!("`{path}` is larger than {} MiB", LARGEST >> 20))
            .hint("data belong in files that the pipeline names"),
        _ => {
            let problem = Diagnostic::io("read", Path::new(path), &error);
            Diagnostic { kind: Kind::Usage, ..problem }
        }
    })
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

/// The data package; the look at it goes to `files`.
pub(super) fn package(
    tree: &Tree,
    pipeline: &Pipeline,
    document: &Document,
    files: &mut BTreeMap<String, Option<Look>>,
    found: &mut Vec<Diagnostic>,
) -> Package {
    let Some(path) = &pipeline.data else { return Package::default() };
    let at = || document.value_place(&["data"]);
    let bytes = tree.normal(path).and_then(|path| {
        tree.file(&path)?;
        let (bytes, look) = read(tree.root(), &path)?;
        files.insert(path.clone(), look);
        Ok((path, bytes))
    });
    let (path, bytes) = match bytes {
        Ok(read) => read,
        Err(problem) => {
            found.push(problem.at(at()));
            return Package::unread();
        }
    };
    let (mut package, problems) = source::parse(&path, &bytes);
    found.extend(problems);
    package.share_labels(|path| tree.file(path).ok().flatten());
    package
}
