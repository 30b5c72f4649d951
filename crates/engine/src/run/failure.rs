//! Why a command failed: what is known of it, and nothing that is only guessed.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use rustix::io::Errno;
use rustix::process::Signal;

use super::logs::{self, Logs};
use crate::diagnostic::{Diagnostic, Kind, listed};
use crate::plan::{Command, Stage, shell};

/// What a command that failed was given and left.
pub(crate) struct Scene<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) command: &'a Command,
    /// The private folder's part that stands for the project.
    pub(crate) project: &'a Path,
    pub(crate) logs: &'a Logs,
    /// The project's own folder.
    pub(crate) root: &'a Path,
}

/// The command ended, and not well.
pub(crate) fn exited(scene: &Scene, status: ExitStatus) -> Diagnostic {
    let words = status.to_string().replace("exit status: ", "exit code ");
    let message = format!("stage `{}` failed with {words}", scene.stage.name);
    let ends = scene.logs.ends();
    let mut problem = Diagnostic::new(Kind::Stage, message).details(logs::last_lines(&ends));
    if let Some(full) = full(scene.root).or_else(|| full_place(scene.project)) {
        (problem.kind, problem.hints) = (full.kind, full.hints);
        problem.details.push(full.message);
        return problem;
    }
    let (missed, named) = undeclared(scene, &ends, status.code());
    if !missed.is_empty() {
        problem.kind = Kind::Undeclared;
        problem.hints.push(format!(
            "it names {}, which the project has but the stage doesn't declare: add it to `inputs`",
            listed(missed.iter().map(String::as_str))
        ));
    } else if !named.is_empty() {
        problem.hints.push(format!(
            "it speaks of {}, which the stage doesn't declare: add it to `inputs` if it is read",
            listed(named.iter().map(String::as_str))
        ));
    }
    problem.hints.extend(carriage_return(scene));
    problem.hints.extend(meaning(scene, status));
    problem.hints.extend(whole_log(scene));
    problem
}

/// The command took longer than it may.
pub(crate) fn timed_out(scene: &Scene) -> Diagnostic {
    let limit = scene.command.timeout.unwrap_or_default().as_secs_f64();
    let message = format!("stage `{}` took longer than its {limit} s", scene.stage.name);
    Diagnostic::new(Kind::Stage, message)
        .details(logs::last_lines(&scene.logs.ends()))
        .hint("raise `timeout`, or see why it takes so long")
}

/// The run was stopped while the stage was at work.
pub(crate) fn stopped(stage: &Stage) -> Diagnostic {
    Diagnostic::new(Kind::Infrastructure, format!("stage `{}` was stopped", stage.name))
        .hint("what was done is kept; `colophon run` goes on from here")
}

/// The process that looks after the command could not, or was ended.
pub(crate) fn unsupervised(stage: &Stage, error: &io::Error) -> Diagnostic {
    let (name, ended) = (&stage.name, [ErrorKind::UnexpectedEof, ErrorKind::BrokenPipe]);
    if ended.contains(&error.kind()) || error.kind() == ErrorKind::ConnectionReset {
        let message = format!("the supervisor of stage `{name}` was ended from outside");
        return Diagnostic::new(Kind::Infrastructure, message)
            .hint("run again; where memory is short, with fewer `--jobs`");
    }
    let problem = Diagnostic::io("start the supervisor of", Path::new(name), error);
    problem.hint(MORE_PROCESSES)
}

const MORE_PROCESSES: &str = "this user may start no more processes now: end some, use fewer \
                              `--jobs`, or raise `ulimit -u`";

/// The program could not be started.
pub(crate) fn cannot_start(scene: &Scene, error: &io::Error) -> Diagnostic {
    let program = scene.command.arguments[0].as_str();
    let stage = |message: String| Diagnostic::new(Kind::Stage, message);
    let here = Some(scene.project.join(program)).filter(|_| program.contains('/'));
    let script = here.as_deref().and_then(interpreter);
    match Errno::from_io_error(error) {
        Some(Errno::NOENT) => not_found(scene, program, script),
        Some(Errno::ACCESS) => not_executable(scene, program, script),
        Some(Errno::TOOBIG) => {
            stage(format!("the arguments of stage `{}` are too long", scene.stage.name))
                .hint("let the command find its inputs itself: `find data -name '*.csv'`")
        }
        Some(Errno::AGAIN | Errno::NOMEM) => {
            Diagnostic::io("start", Path::new(program), error).hint(MORE_PROCESSES)
        }
        _ => Diagnostic::io("start", Path::new(program), error),
    }
}

fn not_found(scene: &Scene, program: &str, script: Option<String>) -> Diagnostic {
    let bare = program.trim_start_matches("./");
    if let Some(interpreter) = script {
        let message = format!("`{program}` can't be started: its ");
        return match interpreter.strip_suffix('\r') {
            Some(_) => Diagnostic::new(
                Kind::Stage,
                message + "first line ends in a carriage return, which Unix takes for a letter",
            )
            .hint(format!("write it with plain line ends: `sed -i 's/\\r$//' {bare}`")),
            None => {
                let message = format!("{message}interpreter `{interpreter}` is not there");
                Diagnostic::new(Kind::Stage, message)
                    .hint("install it, or let the first line name another one")
            }
        };
    }
    if program.contains('/') && scene.project.join(program).exists() {
        let message =
            format!("`{program}` can't be started: the loader that it names is not there");
        return Diagnostic::new(Kind::Stage, message)
            .hint("it was built for another system; build it for this one");
    }
    let mut problem = Diagnostic::new(Kind::Stage, format!("cannot find the program `{program}`"));
    if program.contains('/') && scene.root.join(program).exists() {
        problem.kind = Kind::Undeclared;
        return problem
            .hint("the project has it, but the stage doesn't declare it: add it to `inputs`");
    }
    if shell::minds_pipes(&scene.command.arguments) {
        return problem.hint(
            "it runs a `cmd` that has a `|`, since not every `sh` sees what fails before one; \
             install it, or write what is piped to a file",
        );
    }
    problem.hint("install it, or put the folder it is in on PATH")
}

fn not_executable(scene: &Scene, program: &str, script: Option<String>) -> Diagnostic {
    let file = scene.project.join(program);
    let stage = |message: String| Diagnostic::new(Kind::Stage, message);
    if !program.contains('/') || !file.exists() {
        return stage(format!("`{program}` can't be executed"))
            .hint("see who may execute it, and what the folders of PATH hold");
    }
    if file.is_dir() {
        return stage(format!("`{program}` is a folder, not a program"));
    }
    let mode = file.metadata().map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o100 == 0 {
        return stage(format!("`{program}` can't be executed"))
            .hint(format!("make it executable: `chmod +x {program}`"));
    }
    if let Some(place) = noexec(scene.project) {
        return stage(format!("`{program}` can't be executed: {place}")).hint(ELSEWHERE);
    }
    let interpreter = script.unwrap_or_default();
    stage(format!("`{program}` can't be executed: its interpreter `{interpreter}` may not be"))
        .hint("let the first line name a program that this user may execute")
}

const ELSEWHERE: &str = "let TMPDIR name a folder whose programs may be executed, or call the \
                         interpreter, as in `sh tool.sh`";

/// Says so where programs in a folder may not be executed.
fn noexec(folder: &Path) -> Option<String> {
    let flags = rustix::fs::statvfs(folder).ok()?.f_flag;
    let of = place(folder).display();
    let noexec = flags.contains(rustix::fs::StatVfsMountFlags::NOEXEC);
    noexec.then(|| format!("`{of}` is on a file system that is mounted with `noexec`"))
}

/// The program that the first line of a script names, with what stands at its end.
fn interpreter(script: &Path) -> Option<String> {
    let line = first_line(script)?;
    let rest = line.strip_prefix("#!")?.trim_start_matches([' ', '\t']);
    let end = rest.find([' ', '\t']).unwrap_or(rest.len());
    Some(rest[..end].to_string())
}

fn first_line(file: &Path) -> Option<String> {
    let mut bytes = [0; 256];
    let n = File::open(file).ok()?.read(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes[..n]).into_owned();
    text.split('\n').next().map(str::to_string)
}

/// Says of the scripts that the command names which have the line ends of Windows.
fn carriage_return(scene: &Scene) -> Option<String> {
    let inputs = scene.stage.inputs.values().flatten().map(|input| input.path.as_str());
    let named = inputs
        .filter(|path| scene.command.arguments.iter().any(|argument| argument.contains(path)));
    let script = named.into_iter().find(|path| {
        let line = first_line(&scene.project.join(path)).unwrap_or_default();
        line.starts_with("#!") && line.ends_with('\r')
    })?;
    Some(format!(
        "the first line of `{script}` ends in a carriage return, which Unix takes for a letter; \
         write it with plain line ends: `sed -i 's/\\r$//' {script}`"
    ))
}

/// What an end stands for that says little by itself.
fn meaning(scene: &Scene, status: ExitStatus) -> Option<String> {
    let ours = shell::text(&scene.command.arguments).is_some();
    // A shell passes on how a program of its own ended.
    let signal = status.signal().or_else(|| status.code().filter(|_| ours).map(|code| code - 128));
    if signal == Some(Signal::XFSZ.as_raw()) {
        return Some(
            "it ended by SIGXFSZ: a file grew beyond what `ulimit -f` allows; raise that".into(),
        );
    }
    if signal == Some(Signal::PIPE.as_raw()) && shell::minds_pipes(&scene.command.arguments) {
        return Some(
            "it ended by SIGPIPE: what stands after a `|` stopped reading before the end, as \
             `head` does; let it read on, as `sed -n 1,5p` does"
                .into(),
        );
    }
    if status.code() == Some(126) && ours {
        return noexec(scene.project).map(|place| format!("{place}; {ELSEWHERE}"));
    }
    None
}

/// Where all of its words are; nothing if it said none.
fn whole_log(scene: &Scene) -> Option<String> {
    let names: Vec<_> = scene.logs.names(scene.root);
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| format!("all that it said is in {}", names.join(" and ")))
}

/// The folder that holds the private folders of all runs, by a part of one of them.
fn place(project: &Path) -> &Path {
    project.ancestors().nth(3).unwrap_or(project)
}

/// The file system of a folder is full: of bytes, or of files.
fn full(folder: &Path) -> Option<Diagnostic> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let error = io::Error::from(Errno::NOSPC);
    let mut problem = Diagnostic::io("write to", folder, &error);
    if disk.f_bavail > 0 {
        if disk.f_files == 0 || disk.f_favail > 0 {
            return None;
        }
        problem.message += ": it holds as many files as it can";
    }
    Some(problem)
}

/// The same of private folders; what is stored and put in place is elsewhere.
fn full_place(project: &Path) -> Option<Diagnostic> {
    let problem = full(place(project))?;
    let hint = "free some space there, or let TMPDIR name a folder with more room";
    Some(Diagnostic { kind: Kind::Infrastructure, hints: vec![hint.into()], ..problem })
}

/// Files of the project that the command speaks of and was not given: those that
/// it says are not there, and those that it names.
fn undeclared(scene: &Scene, ends: &[String; 2], code: Option<i32>) -> (Vec<String>, Vec<String>) {
    let (mut missed, mut named) = (Vec::new(), Vec::new());
    let inside = format!("{}/", scene.project.display());
    for line in ends.iter().flat_map(|end| end.lines()) {
        let line = line.replace(&inside, "");
        let lower = line.to_lowercase();
        // A shell says of a program that it is "not found".
        let absent = lower.contains("no such file")
            || (code == Some(127) && lower.trim_end().ends_with("not found"));
        for word in words(&line) {
            let plain = !word.starts_with('/') && !word.contains("..");
            let looks_like = word.contains(['.', '/']) || absent;
            if !(plain && looks_like) || is_declared(scene.stage, word) {
                continue;
            }
            let path = scene.root.join(word);
            if absent && path.exists() && !scene.project.join(word).exists() {
                missed.push(word.to_string());
            } else if path.is_file() {
                named.push(word.to_string());
            }
        }
    }
    for list in [&mut missed, &mut named] {
        list.sort();
        list.dedup();
    }
    (missed, named)
}

/// What could be a path in a line: its words, and what stands between quotes or
/// colons, but for the program that speaks.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let speaker = line.split(':').next().unwrap_or("");
    let quote = |c: char| "'\"`\u{2018}\u{2019}:".contains(c);
    let edge = move |c: char| c.is_whitespace() || quote(c) || "(),;=<>[]".contains(c);
    let parts = line.split(quote).map(str::trim).chain(line.split(edge));
    let parts = parts.filter(move |part| !part.is_empty() && *part != speaker);
    parts.map(|part| part.trim_start_matches("./").trim_end_matches(['.', '/']))
}

fn is_declared(stage: &Stage, word: &str) -> bool {
    let mut inputs = stage.inputs.values().flatten();
    let below = |path: &str| path.strip_prefix(word).is_some_and(|rest| rest.starts_with('/'));
    word.is_empty()
        || inputs.any(|input| input.path == word || below(&input.path))
        || stage.outputs.values().any(|path| path == word || below(path))
}
