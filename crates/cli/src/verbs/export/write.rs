//! Puts an export where nothing is yet: a file, a folder, or an archive of it.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Component, Path};

use answers::export::bundle::{Bundle, Content, Contents};
use answers::export::sha256;
use engine::diagnostic::{Diagnostic, Kind};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::report::Failed;

/// Refuses a place where something is.
pub(super) fn check(to: &Path) -> Result<(), Failed> {
    let is_free = match fs::symlink_metadata(to) {
        Err(error) => error.kind() == ErrorKind::NotFound,
        Ok(there) if there.is_dir() => {
            fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_none())
        }
        Ok(_) => false,
    };
    if is_free {
        return Ok(());
    }
    let message = format!("there is something at `{}` already", to.display());
    Err(Diagnostic::new(Kind::Usage, message)
        .hint("name a place where nothing is yet; nothing is overwritten")
        .into())
}

/// Refuses a place among the program's own files or the results.
pub(super) fn outside(root: &Path, to: &Path) -> Result<(), Failed> {
    let whole = to.ancestors().find_map(|above| {
        let there = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        Some(there.canonicalize().ok()?.join(to.strip_prefix(above).ok()?))
    });
    let whole = whole.unwrap_or_else(|| to.to_path_buf());
    for own in ["outputs", ".colophon"] {
        if whole.starts_with(root.join(own)) {
            let message = format!("`{own}/` holds what runs make, and an export is none of it");
            return Err(Diagnostic::new(Kind::Usage, message)
                .hint("name a place outside of it")
                .into());
        }
    }
    Ok(())
}

/// Writes the one document of an export.
pub(super) fn document(contents: &Contents, to: &Path) -> Result<(), Failed> {
    let text = contents.values().find_map(|content| match content {
        Content::Text(text) => Some(text),
        Content::Copy(_) => None,
    });
    let bytes = text.map(String::as_bytes).unwrap_or_default();
    if to.is_dir() {
        let message = format!("`{}` is a folder, and this form is one document", to.display());
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("name a file that is not there yet")
            .into());
    }
    Ok(put(to, bytes).map_err(|error| Diagnostic::io("write", to, &error))?)
}

/// Writes all files of an export.
pub(super) fn all(
    root: &Path,
    bundle: &Bundle,
    contents: &Contents,
    to: &Path,
) -> Result<(), Failed> {
    let is_zip = to.extension().is_some_and(|it| it.eq_ignore_ascii_case("zip"));
    let is_inside = |path: &String| {
        Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
    };
    if let Some(path) = contents.keys().find(|path| !is_inside(path)) {
        let message = format!("`{path}` lies outside of the project, so it is not exported");
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("take a file of the project in its place")
            .into());
    }
    let written = if is_zip && !to.is_dir() {
        archive(root, bundle, contents, to)
    } else {
        folder(root, bundle, contents, to)
    };
    written.map_err(|mut problem| {
        problem.hints.push(format!("what stands at `{}` is not whole: remove it", to.display()));
        problem.into()
    })
}

fn folder(root: &Path, bundle: &Bundle, contents: &Contents, to: &Path) -> Result<(), Diagnostic> {
    for (path, content) in contents {
        let at = to.join(path);
        let bytes = bytes(root, bundle, content)?;
        put(&at, &bytes).map_err(|error| Diagnostic::io("write", &at, &error))?;
    }
    Ok(())
}

/// An archive whose bytes depend on nothing but its files: no times, one order.
fn archive(root: &Path, bundle: &Bundle, contents: &Contents, to: &Path) -> Result<(), Diagnostic> {
    let failed = |error: std::io::Error| Diagnostic::io("write", to, &error);
    if let Some(above) = to.parent() {
        fs::create_dir_all(above).map_err(failed)?;
    }
    let mut zip = ZipWriter::new(File::create_new(to).map_err(failed)?);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (path, content) in contents {
        let bytes = bytes(root, bundle, content)?;
        let options = options.large_file(bytes.len() > u32::MAX as usize);
        zip.start_file(path.as_str(), options).map_err(|error| failed(error.into()))?;
        zip.write_all(&bytes).map_err(failed)?;
    }
    zip.finish().map_err(|error| failed(error.into())).map(drop)
}

/// What a file of the export holds; of a copy, what was looked at before.
fn bytes(root: &Path, bundle: &Bundle, content: &Content) -> Result<Vec<u8>, Diagnostic> {
    let path = match content {
        Content::Text(text) => return Ok(text.clone().into_bytes()),
        Content::Copy(path) => path,
    };
    let bytes = fs::read(root.join(path))
        .map_err(|error| Diagnostic::io("read", Path::new(path), &error))?;
    let known = bundle.files.get(path).map(|file| file.sha256.as_str());
    if known != Some(sha256::of(&bytes).as_str()) {
        let message = format!("`{path}` changed while it was exported");
        return Err(Diagnostic::new(Kind::Infrastructure, message)
            .hint("export again once nothing writes to it"));
    }
    Ok(bytes)
}

/// Writes a file that is new, and the folders above it.
fn put(to: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(above) = to.parent() {
        fs::create_dir_all(above)?;
    }
    File::create_new(to)?.write_all(bytes)
}
