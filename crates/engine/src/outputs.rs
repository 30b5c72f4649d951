//! The rules for the path of an output: below `outputs/`, plain, and through no link.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where results are put, relative to the project.
pub(crate) const OUTPUTS: &str = "outputs";

/// What is wrong, and what to do.
pub(crate) type Wrong = (String, &'static str);

/// The longest name of a file or folder in bytes: what file systems allow.
const NAME: usize = 255;

/// The longest path of an output in bytes. Systems take 1,024 or 4,096 with the
/// folders before it.
const PATH: usize = 900;

/// The longest name of a stage or cell in bytes: files are named after it.
pub(crate) const STAGE: usize = 200;

/// The rules for the text of an output's path, `outputs/` included. They bind
/// whatever names an output, in the pipeline or in a file of the program's own.
pub(crate) fn plain(path: &str) -> Result<(), Wrong> {
    let hint = "paths of outputs are relative to `outputs/`";
    let Some(inner) = path.strip_prefix("outputs/") else {
        return Err((format!("the output path `{}` is not below `outputs/`", short(path)), hint));
    };
    let wrong =
        |what: &str, hint| Err((format!("the output path `{}` {what}", short(inner)), hint));
    if inner.starts_with('/') {
        return wrong("is absolute", hint);
    }
    if inner.is_empty() || inner.ends_with('/') {
        return wrong("is not the path of a file", hint);
    }
    if inner.split('/').any(|part| part == "..") {
        return wrong("leaves the project", hint);
    }
    if inner.contains(':') {
        return wrong("holds a `:`", "other systems forbid it");
    }
    let is_plain = |part: &str| !part.is_empty() && part != "." && !part.ends_with(['.', ' ']);
    if !inner.split('/').all(is_plain) || inner.contains(|c: char| c == '\\' || c.is_control()) {
        return wrong("is not written plainly", hint);
    }
    if inner.split('/').any(|part| part.len() > NAME) {
        return wrong(
            &format!("has a name of more than {NAME} bytes"),
            "no file system takes it; shorten it",
        );
    }
    match path.len() > PATH {
        true => wrong(&format!("is longer than {PATH} bytes"), "not every system takes it"),
        false => Ok(()),
    }
}

/// Whether a path can be that of an output. Whatever names one, be it the
/// pipeline, the lock or a state that came with a clone, is held to this.
pub(crate) fn is_plain(path: &str) -> bool {
    plain(path).is_ok()
}

/// An output's path goes through no symbolic link, whatever the file system holds.
///
/// `links` remembers which folders were found to be one.
pub(crate) fn linked(
    root: &Path,
    path: &str,
    links: &mut BTreeMap<PathBuf, bool>,
) -> Result<(), Wrong> {
    let mut folder = root.to_path_buf();
    for part in path.split('/').take(path.matches('/').count()) {
        folder.push(part);
        if *links.entry(folder.clone()).or_insert_with(|| folder.is_symlink()) {
            let link = folder.strip_prefix(root).unwrap_or(&folder).display().to_string();
            let inner = path.strip_prefix("outputs/").unwrap_or(path);
            return Err((
                format!("the output path `{inner}` goes through `{link}`, a symbolic link"),
                "a link may lead out of the project; make it a folder",
            ));
        }
    }
    Ok(())
}

/// The beginning of a text that is too long for a message.
pub(crate) fn short(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths() {
        for path in ["outputs/a", "outputs/a/b.csv", "outputs/.keep", "outputs/é", "outputs/a b"] {
            assert_eq!(plain(path), Ok(()), "{path}");
        }
        let told = |path: &str| plain(path).expect_err("a mistake").0;
        for path in ["a", "/etc/passwd", "raw/a", "outputs", "Outputs/a", "../outputs/a", ""] {
            assert_eq!(told(path), format!("the output path `{path}` is not below `outputs/`"));
        }
        assert_eq!(told("outputs//a"), "the output path `/a` is absolute");
        assert_eq!(told("outputs/"), "the output path `` is not the path of a file");
        assert_eq!(told("outputs/a/../../b"), "the output path `a/../../b` leaves the project");
        for path in ["a//b", "./a", "a/.", "a\\b", "a\nb", "a\u{1b}[2J", "a.", "a /b"] {
            let message = format!("the output path `{path}` is not written plainly");
            assert_eq!(told(&format!("outputs/{path}")), message);
        }
    }

    #[test]
    fn long_paths() {
        let (most, more) = ("é".repeat(127) + "a", "é".repeat(128));
        assert_eq!(plain(&format!("outputs/{most}/{most}")), Ok(()));
        let told = plain(&format!("outputs/a/{more}/b")).expect_err("a mistake").0;
        let start = "é".repeat(78);
        assert_eq!(told, format!("the output path `a/{start}…` has a name of more than 255 bytes"));
        let deep = "a/".repeat(446);
        assert_eq!(plain(&format!("outputs/{}", &deep[..891])), Ok(()));
        let told = plain(&format!("outputs/{deep}a")).expect_err("a mistake").0;
        assert_eq!(told, format!("the output path `{}…` is longer than 900 bytes", &deep[..80]));
    }
}
