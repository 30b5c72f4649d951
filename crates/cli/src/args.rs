//! The command line: the verbs, and which options mean nothing to them.
//!
//! The arguments of a verb and their help texts stand with its code.

use std::ffi::OsString;

use crate::arguments::{Arguments, Stages};
use crate::verbs::{
    cache, check, claims, completions, diff, export, graph, log, plan, run, show, trace, verify,
    watch, why,
};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

/// Builds a research report in which every number can say where it came from.
#[derive(Parser, Debug)]
#[command(name = "colophon", bin_name = "colophon", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done · 1 a stage failed · 2 wrong usage or pipeline · \
3 changes pending · 4 verification differs · 5 a claim or data contract failed · 6 the lock would \
change · 7 undeclared access · 8 store damaged beyond repair · 9 infrastructure · 130/143 stopped")]
pub(crate) struct Line {
    #[command(flatten)]
    pub(crate) arguments: Arguments,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The options that mean nothing to a verb: it neither lists nor takes them.
const IDLE: [(&str, &[&str]); 7] = [
    ("init", &["store", "profile", "params", "json", "verbose"]),
    ("schema", &["directory", "store", "profile", "params", "json", "quiet", "verbose"]),
    ("completions", &["directory", "store", "profile", "params", "json", "quiet", "verbose"]),
    ("check", &["store", "verbose"]),
    ("export", &["profile", "params", "json", "verbose"]),
    ("verify", &["profile", "params"]),
    ("cache", &["profile", "params", "quiet", "verbose"]),
];

/// The program's command line.
pub(crate) fn command() -> Command {
    let mut command = Line::command();
    let all: Vec<_> = command.get_arguments().cloned().collect();
    for (verb, idle) in IDLE {
        let hidden = all.iter().filter(|it| idle.contains(&it.get_id().as_str()));
        let hidden: Vec<_> = hidden.map(|it| it.clone().hide(true)).collect();
        command = command.mut_subcommand(verb, |verb| verb.args(hidden));
    }
    command
}

/// Reads a command line.
pub(crate) fn parse<T: Into<OsString> + Clone>(
    line: impl IntoIterator<Item = T>,
) -> Result<Line, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(line)?;
    if let Some((verb, inner)) = matches.subcommand() {
        let idle = IDLE.iter().find(|(name, _)| *name == verb).map_or(&[][..], |(_, idle)| idle);
        let given =
            |all: &ArgMatches, id: &str| all.value_source(id) == Some(ValueSource::CommandLine);
        if let Some(id) = idle.iter().find(|id| given(&matches, id) || given(inner, id)) {
            let option = command.get_arguments().find(|it| it.get_id() == *id);
            let option = option.and_then(|it| it.get_long()).unwrap_or(id);
            let message = format!("`--{option}` means nothing to `{verb}`");
            return Err(command.error(ErrorKind::UnknownArgument, message));
        }
    }
    Line::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    /// Bring stages up to date and put their results in place.
    Run(run::Run),
    /// Run, and run again whenever something that it reads changes.
    Watch(watch::Watch),
    /// Show what a run would do.
    Plan(plan::Plan),
    /// Show what is not up to date, and the first cause.
    Status(Stages),
    /// Explain why a stage runs, or why it ran the last time.
    Why(why::Why),
    /// Show which numbers moved between two editions, and why.
    Diff(diff::Diff),
    /// Show what a number, a figure or a file rests on, and what rests on it.
    Trace(trace::Trace),
    /// Print a file: a table of any kind, a ledger, an object of the store.
    Show(show::Show),
    /// Export the study in a form that archives, journals or checkers take.
    Export(export::Export),
    /// Hold a checkout to its lock, or a report to what it carries.
    Verify(verify::Verify),
    /// Show what the command of a stage said when it made its result, or when it failed.
    Log(log::Log),
    /// Show what became of each statement that is held to values, or accept what did.
    Claims(claims::Claims),
    /// Find every mistake in the pipeline without running anything.
    Check(check::Check),
    /// Draw the graph of stages.
    Graph(graph::Graph),
    /// Take the newest result of a stage in place of the one that was known.
    Accept(Stages),
    /// Forget the known results of stages, so that they run the next time.
    Forget(Stages),
    /// Look after the store.
    Cache(cache::Cache),
    /// Write a pipeline to start from.
    Init,
    /// Print the JSON schema of `pipeline.yaml`.
    Schema,
    /// Print completions for a shell.
    Completions(completions::Completions),
}
