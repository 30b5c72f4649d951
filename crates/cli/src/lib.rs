//! Speaks: arguments, progress, messages and exit codes.
//!
//! A library, so that a study's own program is one line: `cli::main(&STUDY)`.

mod annotate;
mod args;
mod arguments;
mod edition;
mod git;
mod layout;
mod message;
mod progress;
mod report;
mod request;
mod site;
mod study;
mod text;
mod verbs;

use std::process::ExitCode;
use std::sync::Arc;

use engine::plain::plain;
use engine::run::supervise;
use signal_hook::consts::SIGXFSZ;

use args::{Line, Verb};
use arguments::Arguments;
use engine::plan::given::root_above;
use message::Json;
use report::{Failed, say};
use text::Text;

pub use study::{Cells, Study};

/// The program.
pub fn main(study: &Study) -> ExitCode {
    // A file that may not grow any further is an error, and no reason to die; what
    // is executed finds this as it was.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    if std::env::args_os().nth(1).is_some_and(|argument| argument == supervise::ARGUMENT) {
        supervise::supervise();
        return ExitCode::SUCCESS;
    }
    settle_environment(study);
    quiet_panics();
    let mut line = match args::parse(std::env::args_os()) {
        Ok(line) => line,
        Err(error) => return misused(error),
    };
    match &line.verb {
        Verb::Run(verb) => annotate::choose(verb.format),
        Verb::Check(verb) => annotate::choose(verb.format),
        _ => {}
    }
    let json = match (line.arguments.json, &line.verb) {
        (false, _) => Json::Not,
        (true, Verb::Run(_) | Verb::Watch(_)) => Json::Lines,
        (true, _) => Json::Whole,
    };
    let found = find_project(&mut line);
    let code = match found.and_then(|()| act(study, &line.arguments, &line.verb)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => message::tell(json, failed),
    };
    match annotate::end() {
        Ok(()) => code,
        Err(failed) => message::tell(json, failed),
    }
}

/// Lets the arguments name the folder that holds the pipeline: the one that was
/// given, or the nearest above it.
fn find_project(line: &mut Line) -> Result<(), Failed> {
    let directory = &mut line.arguments.directory;
    match &line.verb {
        Verb::Init | Verb::Schema | Verb::Completions(_) => {}
        // A report needs no project; one that is at hand is asked as well.
        Verb::Verify(verb) if verb.pdf.is_some() => {
            if let Ok(root) = root_above(directory) {
                *directory = root;
            }
        }
        _ => *directory = root_above(directory)?,
    }
    Ok(())
}

/// Does what the verb says.
fn act(study: &Study, arguments: &Arguments, verb: &Verb) -> Result<(), Failed> {
    match verb {
        Verb::Run(verb) => verbs::run::run(study, arguments, verb),
        Verb::Watch(verb) => verbs::watch::watch(study, arguments, verb),
        Verb::Plan(verb) => verbs::plan::plan(study, arguments, verb),
        Verb::Status(verb) => verbs::plan::status(study, arguments, verb),
        Verb::Why(verb) => verbs::why::why(study, arguments, verb),
        Verb::Diff(verb) => verbs::diff::diff(study, arguments, verb),
        Verb::Trace(verb) => verbs::trace::trace(study, arguments, verb),
        Verb::Show(verb) => verbs::show::show(study, arguments, verb),
        Verb::Export(verb) => verbs::export::export(study, arguments, verb),
        Verb::Verify(verb) => verbs::verify::verify(study, arguments, verb),
        Verb::Log(verb) => verbs::log::log(study, arguments, verb),
        Verb::Claims(verb) => verbs::claims::claims(study, arguments, verb),
        Verb::Check(_) => verbs::check::check(study, arguments),
        Verb::Graph(verb) => verbs::graph::graph(study, arguments, verb),
        Verb::Accept(verb) => verbs::accept::accept(study, arguments, verb),
        Verb::Forget(verb) => verbs::forget::forget(study, arguments, verb),
        Verb::Cache(verb) => verbs::cache::cache(study, arguments, verb),
        Verb::Init => verbs::init::init(arguments),
        Verb::Schema => verbs::schema::schema(study),
        Verb::Completions(verb) => {
            verbs::completions::completions(study, arguments, verb, args::command)
        }
    }
}

/// Help, or what is wrong with the arguments; they are repeated in it, so it is
/// written anew for arguments that were made plain.
fn misused(error: clap::Error) -> ExitCode {
    let plain = std::env::args_os().map(|it| plain(&it.to_string_lossy()).into_owned());
    let error = args::parse(plain).err().unwrap_or(error);
    let words = error.render();
    match error.use_stderr() {
        true => say(Text::usage(&words)),
        false => drop(report::print(Text::usage(&words))),
    }
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// Gives the study's libraries the environment they are promised.
#[expect(unsafe_code, reason = "there is no safe way to change the environment")]
fn settle_environment(study: &Study) {
    let cleared = std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| study.clear.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)));
    // SAFETY: this is the first thing that the program does; it has one thread.
    unsafe {
        for name in cleared.collect::<Vec<_>>() {
            std::env::remove_var(name);
        }
        for (name, value) in study.env {
            std::env::set_var(name, value);
        }
    }
}

/// A function's panic is reported like any other failure; only its place is
/// said here, in one line.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if let Some(at) = panic.location() {
            say(&format!("note: panic at {}:{}:{}", at.file(), at.line(), at.column()));
        }
    }));
}
