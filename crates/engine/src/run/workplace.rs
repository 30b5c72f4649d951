//! Where commands get their private folders: outside of the project, so that
//! nothing of it is found by looking upwards, under a path that is short enough
//! for sockets, and where nobody else can look.

use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Kind};
use crate::scratch::Scratch;

/// The longest path of a folder that holds private folders; with what comes below
/// it, a socket in one stays under a hundred characters.
const LONGEST: usize = 38;

/// Makes a folder for the private folders of a run, in the first place that will
/// do: the one that somebody chose, then those on the file system of the store,
/// where inputs can share their blocks, then the others. Those whose programs
/// can't be executed come last.
///
/// Gives a note too where inputs have to be copied.
pub(crate) fn open(
    (chosen, others): (Option<&Path>, &[PathBuf]),
    project: &Path,
    store: &Path,
) -> Result<(Scratch, Option<Diagnostic>), Diagnostic> {
    let device = |path: &Path| path.metadata().map(|metadata| metadata.dev()).ok();
    let of_store = device(store);
    let far = |place: &&Path| {
        (cannot_execute(place), Some(*place) != chosen && device(place) != of_store)
    };
    let mut places: Vec<_> = chosen.into_iter().chain(others.iter().map(|it| &**it)).collect();
    places.sort_by_key(far);
    let mut refused = Vec::new();
    for place in places {
        let made = parent(place, project).and_then(|parent| {
            Scratch::new(&parent).map_err(|problem| problem.message).map(|it| (parent, it))
        });
        match made {
            Ok((parent, scratch)) => {
                let note = (device(&parent) != of_store).then(|| copied(&parent));
                return Ok((scratch, note));
            }
            Err(why) => refused.push(format!("`{}`: {why}", place.display())),
        }
    }
    let message = "there is no place for the private folders of commands";
    Err(Diagnostic::new(Kind::Infrastructure, message)
        .details(refused)
        .hint("let TMPDIR name a folder outside of the project, with a short path"))
}

fn copied(parent: &Path) -> Diagnostic {
    let message = format!(
        "commands get copies of their inputs: `{}` and the store are on two file systems",
        parent.display()
    );
    Diagnostic::new(Kind::Note, message)
        .hint("where both are on one that can share blocks, nothing is copied")
}

fn cannot_execute(place: &Path) -> bool {
    let flags = rustix::fs::statvfs(place).map(|disk| disk.f_flag);
    flags.is_ok_and(|flags| flags.contains(rustix::fs::StatVfsMountFlags::NOEXEC))
}

/// The folder of this user in a place, or why there can be none.
fn parent(place: &Path, project: &Path) -> Result<PathBuf, String> {
    let words = |error: std::io::Error| Diagnostic::io("use", place, &error).message;
    let place = place.canonicalize().map_err(words)?;
    if place.starts_with(project) {
        return Err("it lies in the project".into());
    }
    if let Some(above) = place.ancestors().find(|folder| folder.join(".git").exists()) {
        return Err(format!("it lies in a repository, `{}`", above.display()));
    }
    let user = rustix::process::geteuid().as_raw();
    let parent = place.join(format!("colophon-{user}"));
    if parent.to_str().is_none_or(|path| path.len() > LONGEST) {
        return Err(format!("its path is longer than {LONGEST} plain characters"));
    }
    match DirBuilder::new().mode(0o700).create(&parent) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(words(error)),
    }
    let metadata = parent.symlink_metadata().map_err(words)?;
    let ours = metadata.is_dir() && metadata.uid() == user && metadata.mode() & 0o077 == 0;
    match ours {
        true => Ok(parent),
        false => Err(format!("`{}` is not this user's alone", parent.display())),
    }
}

/// Removes a private folder, whatever the command forbade in it.
pub(crate) fn remove(folder: &Path) {
    if fs::remove_dir_all(folder).is_ok() {
        return;
    }
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let _ = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(inner.map(|entry| entry.path()));
    }
    let _ = fs::remove_dir_all(folder);
}

/// Keeps a private folder from being removed; gives its new path.
pub(crate) fn keep(folder: &Path, stage: &str) -> Option<PathBuf> {
    let parent = folder.parent()?.parent()?;
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = stage.chars().take(40).map(plain).collect();
    let prefix = format!("kept-{name}-");
    let kept = tempfile::Builder::new().prefix(&prefix).tempdir_in(parent).ok()?.keep();
    fs::rename(folder, &kept).ok()?;
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_will_not_do() {
        let folder = tempfile::Builder::new().prefix("p").tempdir_in("/tmp").expect("a folder");
        let place = folder.path().canonicalize().expect("a path");
        let elsewhere = Path::new("/nowhere");
        let user = rustix::process::geteuid().as_raw();
        let ours = place.join(format!("colophon-{user}"));
        let project = place.parent().expect("a parent");
        assert_eq!(parent(&place, project), Err("it lies in the project".into()));
        let long = place.join("x".repeat(40));
        fs::create_dir(&long).expect("a folder");
        let told = parent(&long, elsewhere).expect_err("refused");
        assert_eq!(told, "its path is longer than 38 plain characters");
        std::os::unix::fs::symlink("/tmp", &ours).expect("a link");
        let told = parent(&place, elsewhere).expect_err("refused");
        assert_eq!(told, format!("`{}` is not this user's alone", ours.display()));
        fs::remove_file(&ours).expect("removed");
        assert_eq!(parent(&place, elsewhere), Ok(ours.clone()));
        fs::set_permissions(&ours, Permissions::from_mode(0o755)).expect("a mode");
        let told = parent(&place, elsewhere).expect_err("refused");
        assert_eq!(told, format!("`{}` is not this user's alone", ours.display()));
        fs::create_dir(place.join(".git")).expect("a folder");
        let told = parent(&place, elsewhere).expect_err("refused");
        assert_eq!(told, format!("it lies in a repository, `{}`", place.display()));
        let none = [place.join("absent")];
        let told = open((None, &none), elsewhere, elsewhere).expect_err("refused");
        assert_eq!(told.message, "there is no place for the private folders of commands");
    }

    #[test]
    fn a_folder_is_removed_whatever_its_modes() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = parent.path().join("0");
        let inner = folder.join("a/b");
        fs::create_dir_all(&inner).expect("folders");
        fs::write(inner.join("file"), "").expect("a file");
        for closed in [&inner, &folder.join("a")] {
            fs::set_permissions(closed, Permissions::from_mode(0o500)).expect("a mode");
        }
        remove(&folder);
        assert!(!folder.exists());
    }
}
