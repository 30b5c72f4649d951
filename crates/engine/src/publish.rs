//! Puts results where readers look for them: below `outputs/`.
//!
//! In steps, so that neither a kill nor a power cut leaves half of anything:
//! copies beside their places, made durable; then names; then the folders.
//! What somebody edited by hand is kept before it is replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Kind};
use crate::digest::Digest;
use crate::durable::{rename, sync};
use crate::files::Files;
use crate::outputs;
use crate::own::{self, FOLDER};
use crate::project::Project;
use crate::scratch::Scratch;
use crate::store::Made;

/// An object and where it belongs.
pub(crate) struct Wanted {
    /// The path, relative to the project.
    pub(crate) path: String,
    pub(crate) digest: Digest,
    /// Whether it is to be executable.
    pub(crate) executable: bool,
}

impl Wanted {
    pub(crate) fn new(path: &str, made: &Made) -> Self {
        Wanted { path: path.into(), digest: made.digest, executable: made.executable }
    }
}

/// A result that is copied and not yet in its place.
pub(crate) struct Ready {
    pub(crate) path: String,
    temp: PathBuf,
}

/// Whether a file of the project already has this content.
pub(crate) fn is_in_place(root: &Path, files: &Files, wanted: &Wanted) -> bool {
    let file = root.join(&wanted.path);
    let plain = file.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    // There are file systems on which whatever there is may be executed.
    plain
        && files.digest(&wanted.path).is_ok_and(|known| {
            known.digest == wanted.digest && (known.executable || !wanted.executable)
        })
}

/// Copies the outputs of one stage, all of them or none: `Ok(None)` if one of
/// them is not in the store, or damaged.
pub(crate) fn prepare(
    project: &Project,
    scratch: &Scratch,
    wanted: &[Wanted],
) -> Result<Option<Vec<Ready>>, Diagnostic> {
    let (root, mut ready) = (&project.plan.root, Vec::new());
    for Wanted { path, digest, executable } in wanted {
        // Whoever named the path: a plan, or a lock that came with a clone.
        outputs::plain(path)
            .and_then(|()| outputs::linked(root, path, &mut BTreeMap::new()))
            .map_err(|(message, hint)| Diagnostic::new(Kind::Usage, message).hint(hint))?;
        let target = root.join(path);
        clear_way(project, &target, path)?;
        let temp = scratch.path();
        if !project.store.copy(digest, &temp)? {
            return Ok(None);
        }
        if *executable {
            make_executable(&temp).map_err(|error| Diagnostic::io("write", &temp, &error))?;
        }
        ready.push(Ready { path: path.clone(), temp });
    }
    Ok(Some(ready))
}

/// Lets whoever may read a file execute it.
fn make_executable(path: &Path) -> std::io::Result<()> {
    let mode = path.metadata()?.permissions().mode();
    fs::set_permissions(path, Permissions::from_mode(mode | (mode & 0o444) >> 2))
}

/// Makes the folder of a result; folders that hold nothing make way for it, and so
/// do results that can be had again, such as those of a run that was killed before
/// it could remember what it put there.
fn clear_way(project: &Project, target: &Path, path: &str) -> Result<(), Diagnostic> {
    let root = &*project.plan.root;
    let folder = target.parent().unwrap_or(root);
    let mut above = folder.ancestors().take_while(|folder| *folder != root);
    if let Some(file) = above.find(|it| it.is_file() && is_result(project, it)) {
        fs::remove_file(file).map_err(|error| Diagnostic::io("remove", file, &error))?;
    }
    fs::create_dir_all(folder).map_err(|error| Diagnostic::io("make", folder, &error))?;
    if own::is_folder(target) {
        for file in all_results(project, target).into_iter().flatten() {
            fs::remove_file(&file).map_err(|error| Diagnostic::io("remove", &file, &error))?;
        }
        remove_empty(target);
    }
    // A folder with something in it is somebody's; it is not ours to remove.
    if target.is_dir() {
        let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(Diagnostic::io("replace", Path::new(path), &error)
            .hint("a folder stands where a result belongs; move it away"));
    }
    Ok(())
}

/// Whether a file is a plain one, and a result that can be had again.
fn is_result(project: &Project, file: &Path) -> bool {
    let plain = file.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    let path = file.strip_prefix(&project.plan.root).ok().and_then(Path::to_str);
    plain
        && path
            .zip(Digest::of_file(file).ok())
            .is_some_and(|(path, (digest, _))| project.is_result(path, &digest))
}

/// The files in a folder, if each can be had again; else all of it stays.
fn all_results(project: &Project, folder: &Path) -> Option<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        match own::is_folder(&path) {
            true => files.extend(all_results(project, &path)?),
            false => files.push(Some(path).filter(|path| is_result(project, path))?),
        }
    }
    Some(files)
}

/// Removes a folder and those within it, as far as they hold nothing.
fn remove_empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if own::is_folder(&entry.path()) {
            remove_empty(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder);
}

/// Removes the folders above a result that is gone, as far as they hold nothing.
pub(crate) fn remove_empty_above(root: &Path, path: &str) {
    let above = Path::new(path).ancestors().skip(1);
    for folder in above.take_while(|folder| folder.parent().is_some_and(|it| it != Path::new(""))) {
        if fs::remove_dir(root.join(folder)).is_err() {
            return;
        }
    }
}

/// Gives copies their names. Their bytes are durable before, their names after.
///
/// `keep` says whether what stands in a place must not be lost; gives the paths
/// that were filled and the copies that were kept.
pub(crate) fn place(
    root: &Path,
    ready: &[Ready],
    keep: impl Fn(&str) -> bool,
) -> (Vec<String>, Vec<(String, String)>, Option<Diagnostic>) {
    let (mut placed, mut kept) = (Vec::new(), Vec::new());
    if let Err(problem) = sync(root, ready.iter().map(|ready| ready.temp.clone()).collect()) {
        return (placed, kept, Some(problem));
    }
    let mut folders = BTreeSet::new();
    let mut problem = None;
    for Ready { path, temp } in ready {
        let target = root.join(path);
        if keep(path) {
            match keep_copy(root, path) {
                Ok(copy) => kept.push((path.clone(), copy)),
                Err(error) => {
                    problem = Some(error);
                    break;
                }
            }
        }
        if let Err(error) = rename(temp, &target) {
            problem = Some(Diagnostic::io("write", &target, &error));
            break;
        }
        folders.extend(target.parent().map(Path::to_path_buf));
        placed.push(path.clone());
    }
    let problem = problem.or_else(|| sync(root, folders).err());
    (placed, kept, problem)
}

/// Moves what somebody edited to where it is not lost; gives its new path: its own
/// one, in the first of the folders `kept`, `kept-2`, … that has nothing there.
pub(crate) fn keep_copy(root: &Path, path: &str) -> Result<String, Diagnostic> {
    const MOST: usize = 1000;
    let inner = Path::new(path.strip_prefix("outputs/").unwrap_or(path));
    let place = |n: usize| {
        let kept = if n == 1 { "kept".to_string() } else { format!("kept-{n}") };
        let target = Path::new(FOLDER).join(kept).join(inner);
        let folder = target.parent().unwrap_or(Path::new(FOLDER)).display().to_string();
        own::make(root, &folder).map(|_| target)
    };
    let is_free = |target: &PathBuf| root.join(target).symlink_metadata().is_err();
    let Some(target) = (1..=MOST).find_map(|n| place(n).ok().filter(is_free)) else {
        let message = format!("no more copies of `{path}` can be kept in `{FOLDER}`");
        let problem = Diagnostic::new(Kind::Infrastructure, message)
            .hint("nothing was replaced; move away what is kept there");
        return Err(place(1).err().unwrap_or(problem));
    };
    let moved = rename(&root.join(path), &root.join(&target));
    moved.map_err(|error| Diagnostic::io("keep a copy of", Path::new(path), &error))?;
    Ok(target.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_read_a_program_may_run_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        fs::write(&path, "").expect("a file");
        for (before, after) in
            [(0o644, 0o755), (0o640, 0o750), (0o600, 0o700), (0o444, 0o555), (0o744, 0o755)]
        {
            fs::set_permissions(&path, Permissions::from_mode(before)).expect("a mode");
            make_executable(&path).expect("a mode");
            let mode = path.metadata().expect("there").permissions().mode() & 0o7777;
            assert_eq!(mode, after, "{before:o} became {mode:o}");
        }
    }
}
