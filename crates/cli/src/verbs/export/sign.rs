//! Signatures by `ssh-keygen`, which most people have, with the keys that they have.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use engine::diagnostic::{Diagnostic, Kind};

use crate::report::Failed;

/// What a signature is for: one that was made for something else is none for this.
const NAMESPACE: &str = "colophon-export";

/// The public key of a private one, which need not have a file of its own.
pub(super) fn public(key: &Path) -> Result<String, Failed> {
    if !key.is_file() {
        let message = format!("there is no key `{}`", key.display());
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("`ssh-keygen -t ed25519 -f NAME` makes one")
            .into());
    }
    let is_public = key.extension().is_some_and(|it| it == "pub");
    let mut beside = key.as_os_str().to_owned();
    beside.push(if is_public { "" } else { ".pub" });
    let text = match std::fs::read_to_string(PathBuf::from(beside)) {
        Ok(text) => text,
        Err(_) => {
            let said = ask(&["-y".as_ref(), "-f".as_ref(), key.as_os_str()])?;
            String::from_utf8_lossy(&said.stdout).into_owned()
        }
    };
    Ok(text.trim().to_string())
}

/// Signs a file; the signature is put beside it, with `.sig` after its name.
pub(super) fn sign(key: &Path, file: &Path) -> Result<(), Failed> {
    let arguments = ["-Y", "sign", "-q", "-n", NAMESPACE, "-f"].map(AsRef::as_ref);
    let arguments = [&arguments[..], &[key.as_os_str(), file.as_os_str()]].concat();
    ask(&arguments).map(drop).map_err(|mut failed| {
        for problem in &mut failed.problems {
            problem.hints.push(format!("`{}` stands there, without a signature", file.display()));
        }
        failed
    })
}

fn ask(arguments: &[&std::ffi::OsStr]) -> Result<Output, Failed> {
    let mut command = Command::new("ssh-keygen");
    command.args(arguments).stdin(Stdio::null()).env("LC_ALL", "C");
    let said = command.output().map_err(|error| {
        let message = format!("`ssh-keygen` can't be started: {error}");
        Diagnostic::new(Kind::Usage, message).hint("install OpenSSH, or leave out `--sign`")
    })?;
    if said.status.success() {
        return Ok(said);
    }
    let lines = String::from_utf8_lossy(&said.stderr);
    let lines = lines.lines().take(5).map(String::from).collect::<Vec<_>>();
    Err(Diagnostic::new(Kind::Usage, "`ssh-keygen` can't use this key")
        .details(lines)
        .hint("a key with a passphrase is asked of `ssh-agent`: `ssh-add KEY`, and give `KEY.pub`")
        .into())
}
