//! Typesets with an installed `typst` of the same version, for those who prefer it.
//!
//! The project is written to a folder of its own, and the command sees nothing else.

use std::io::ErrorKind;
use std::path::{Component, Path};
use std::process::{Command, Output};

use crate::problem::{self, Problem, Severity};
use crate::project::{Project, Typeset};
use crate::{document, limits};

/// The proxy that is no proxy: whatever wants the network is refused at once.
const NO_NETWORK: &str = "http://127.0.0.1:9";

/// Typesets a project with the command `program`, usually `typst`.
pub fn pdf(project: &Project, program: &Path) -> Result<Typeset, Vec<Problem>> {
    // The same checks, and the same messages, as without the command.
    document::standards(&project.standards)?;
    limits::check(project)?;
    check_version(program)?;
    let folder = tempfile::tempdir().map_err(|error| io("make a temporary folder", &error))?;
    let root = folder.path().join("project");
    for (path, bytes) in &project.files {
        write(&root, path, bytes)?;
    }
    let made = folder.path().join("document.pdf");
    let output = compile(project, program, folder.path(), &made)
        .map_err(|error| io(&format!("run `{}`", program.display()), &error))?;
    let found = problems(project, &String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(refused(program, &output, found));
    }
    let pdf = std::fs::read(&made).map_err(|error| io("read what `typst` made", &error))?;
    // The command says nothing of claims, so the pages are laid out once more for them.
    let made = limits::roomy(|| document::lay_out(project).map(|(_, _, made)| made))?;
    Ok(Typeset { pdf, warnings: found, ..made })
}

/// Runs `typst compile` on the written project.
fn compile(
    project: &Project,
    program: &Path,
    folder: &Path,
    made: &Path,
) -> Result<Output, std::io::Error> {
    let mut command = Command::new(program);
    command.current_dir(folder.join("project")).args(["--color", "never", "compile"]);
    command.args(["--root", ".", "--font-path", ".", "--ignore-system-fonts"]);
    let seconds = project.date.midnight().assume_utc().unix_timestamp();
    command.arg("--creation-timestamp").arg(seconds.to_string());
    command.arg("--package-path").arg(folder.join("packages"));
    command.arg("--package-cache-path").arg(folder.join("packages"));
    command.args(["--diagnostic-format", "human", "--format", "pdf"]);
    if !project.standards.is_empty() {
        command.arg("--pdf-standard").arg(project.standards.join(","));
    }
    for (key, value) in &project.inputs {
        command.arg("--input").arg(format!("{key}={value}"));
    }
    for proxy in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        command.env(proxy, NO_NETWORK);
    }
    for name in ["TYPST_FEATURES", "TYPST_FONT_PATHS", "TYPST_IGNORE_EMBEDDED_FONTS"] {
        command.env_remove(name);
    }
    command.arg(&project.main).arg(made).output()
}

/// Refuses a command that is missing, or is not the version compiled into this program.
fn check_version(program: &Path) -> Result<(), Vec<Problem>> {
    let ours = document::version();
    let name = program.display();
    let install = format!("install it with `cargo install typst-cli --locked --version {ours}`");
    let embedded = "or leave `renderer` at `embedded`, which needs no command";
    let output = Command::new(program).arg("--version").output().map_err(|error| {
        let message = match error.kind() {
            ErrorKind::NotFound => format!("the command `{name}` was not found"),
            _ => format!("cannot run `{name}`: {error}"),
        };
        vec![Problem::new(message).hint(&install).hint(embedded)]
    })?;
    let said = String::from_utf8_lossy(&output.stdout);
    let theirs = said.strip_prefix("typst ").and_then(|it| it.split_whitespace().next());
    let message = match theirs {
        Some(theirs) if theirs == ours => return Ok(()),
        Some(theirs) => format!("`{name}` is version {theirs}, but this edition needs {ours}"),
        None => format!("`{name} --version` doesn't say which version of Typst it is"),
    };
    Err(vec![Problem::new(message).hint(install).hint(embedded)])
}

/// Writes a file of the project below `root`.
fn write(root: &Path, path: &str, bytes: &[u8]) -> Result<(), Vec<Problem>> {
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Err(vec![Problem::new(format!("`{path}` is no path inside the project"))]);
    }
    let target = root.join(path);
    let folder = target.parent().unwrap_or(root);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&target, bytes))
        .map_err(|error| io(&format!("write a copy of `{path}`"), &error))
}

/// What a failed run is reported as: its problems, or else its own words.
fn refused(program: &Path, output: &Output, found: Vec<Problem>) -> Vec<Problem> {
    let errors: Vec<_> = found.into_iter().filter(|it| it.severity == Severity::Error).collect();
    if !errors.is_empty() {
        return errors;
    }
    let mut problem = Problem::new(format!("`{}` failed: {}", program.display(), output.status));
    let said = String::from_utf8_lossy(&output.stderr);
    problem.hints.extend(said.lines().take(5).map(str::to_string));
    vec![problem]
}

/// The problems in what the command wrote for people to read.
fn problems(project: &Project, said: &str) -> Vec<Problem> {
    let mut found: Vec<Problem> = Vec::new();
    for line in said.lines() {
        let head = line.strip_prefix("error: ").map(|it| (it, Severity::Error));
        let head = head.or(line.strip_prefix("warning: ").map(|it| (it, Severity::Warning)));
        if let Some((message, severity)) = head {
            found.push(Problem { severity, ..Problem::new(message) });
            continue;
        }
        let Some(last) = found.last_mut() else { continue };
        let line = line.trim_start();
        if let Some(place) = line.strip_prefix("┌─ ") {
            if last.line == 0 {
                set_place(project, last, place);
            }
        } else if let Some(hint) = line.strip_prefix("= hint: ").or(line.strip_prefix("hint: ")) {
            last.hints.push(problem::hint(hint));
        } else if let Some(marks) = line.strip_prefix("│").map(str::trim_start)
            && last.width == 1
            && marks.starts_with('^')
        {
            last.width = marks.chars().take_while(|it| *it == '^').count();
        }
    }
    found
}

/// Puts a problem at a place that was written as `path:line:column`.
fn set_place(project: &Project, problem: &mut Problem, place: &str) {
    let mut parts = place.trim().rsplitn(3, ':');
    let (column, line, path) = (parts.next(), parts.next(), parts.next());
    let number = |text: Option<&str>| text.and_then(|it| it.parse::<usize>().ok());
    let (Some(column), Some(line), Some(path)) = (number(column), number(line), path) else {
        return;
    };
    let path = path.replace('\\', "/");
    let text = project.files.get(&path).map(|bytes| String::from_utf8_lossy(bytes));
    let text = text.as_deref().and_then(|it| it.lines().nth(line.saturating_sub(1)));
    problem.text = text.unwrap_or("").to_string();
    (problem.path, problem.line, problem.column, problem.width) = (path, line, column, 1);
}

/// A failed operation of the file system.
fn io(action: &str, error: &std::io::Error) -> Vec<Problem> {
    vec![Problem::new(format!("cannot {action}: {error}"))]
}
