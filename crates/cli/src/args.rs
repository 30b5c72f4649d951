//! The arguments of the program; the help text stands beside each of them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{
    ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
};
use clap_complete::Shell;

use crate::verbs::verify;

/// Builds a research report in which every number can say where it came from.
#[derive(Parser, Debug)]
#[command(name = "colophon", bin_name = "colophon", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done · 1 a stage failed · 2 wrong usage or pipeline · \
3 changes pending · 4 verification differs · 5 a claim or data contract failed · 6 the lock would \
change · 7 undeclared access · 8 store damaged beyond repair · 9 infrastructure · 130/143 stopped")]
pub(crate) struct Arguments {
    /// Work on the project in this folder, or in the nearest one above it.
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Keep results in this folder, which checkouts may share.
    #[arg(long, global = true, value_name = "DIR", env = "COLOPHON_STORE", hide_env_values = true)]
    pub(crate) store: Option<PathBuf>,
    /// Use a profile of `pipeline.yaml`.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Set a parameter of the pipeline, as in `--param matrix=appendix3`, or an
    /// entry of one, as in `--param model.depth=3`.
    #[arg(long = "param", global = true, value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) params: Vec<(String, String)>,
    /// Print JSON on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say only what went wrong.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The options that mean nothing to a verb: it neither lists nor takes them.
const IDLE: [(&str, &[&str]); 6] = [
    ("init", &["store", "profile", "params", "json", "verbose"]),
    ("schema", &["directory", "store", "profile", "params", "json", "quiet", "verbose"]),
    ("completions", &["directory", "store", "profile", "params", "json", "quiet", "verbose"]),
    ("check", &["store", "verbose"]),
    ("verify", &["profile", "params"]),
    ("cache", &["profile", "params", "quiet", "verbose"]),
];

/// The program's command line.
pub(crate) fn command() -> Command {
    let mut command = Arguments::command();
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
) -> Result<Arguments, clap::Error> {
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
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    /// Bring stages up to date and put their results in place.
    Run(Run),
    /// Run, and run again whenever something that it reads changes.
    Watch(Watch),
    /// Show what a run would do.
    Plan(Plan),
    /// Show what is not up to date, and the first cause.
    Status(Stages),
    /// Explain why a stage runs, or why it ran the last time.
    Why(Why),
    /// Show which numbers moved between two editions, and why.
    Diff(Diff),
    /// Hold a checkout to its lock, or a report to what it carries.
    Verify(verify::Verify),
    /// Show what the command of a stage said when it made its result, or when it failed.
    Log(Log),
    /// Find every mistake in the pipeline without running anything.
    Check,
    /// Draw the graph of stages.
    Graph(Graph),
    /// Take the newest result of a stage in place of the one that was known.
    Accept(Stages),
    /// Forget the known results of stages, so that they run the next time.
    Forget(Stages),
    /// Look after the store.
    Cache(Cache),
    /// Write a pipeline to start from.
    Init,
    /// Print the JSON schema of `pipeline.yaml`.
    Schema,
    /// Print completions for a shell.
    Completions(Completions),
}

#[derive(Args, Debug)]
pub(crate) struct Stages {
    /// Stages, cells or output paths; everything if none are given.
    #[arg(value_name = "STAGE")]
    pub(crate) stages: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) targets: Stages,
    /// How many stages may run at a time [default: the number of cores].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// After a failure, go on with whatever does not depend on it.
    #[arg(short, long)]
    pub(crate) keep_going: bool,
    /// Keep the private folder of a command that fails, and say where it is.
    #[arg(long)]
    pub(crate) keep_failed: bool,
    /// Run the given stages even if their results are known.
    #[arg(short, long, conflicts_with = "frozen")]
    pub(crate) force: bool,
    /// Fail if `pipeline.lock` would change, the bytes of outputs included.
    #[arg(long, conflicts_with = "frozen")]
    pub(crate) locked: bool,
    /// Where `--locked` refuses, keep what was made in this folder, which is new or empty.
    #[arg(long, value_name = "DIR", requires = "locked")]
    pub(crate) keep_outputs: Option<PathBuf>,
    /// Run nothing: put in place what `pipeline.lock` says, or fail.
    #[arg(long)]
    pub(crate) frozen: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) targets: Stages,
    /// How many stages may run at a time [default: the number of cores].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
}

#[derive(Args, Debug)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) targets: Stages,
    /// Exit with 3 if anything is not up to date.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Why {
    /// A stage, a cell or an output path.
    #[arg(value_name = "STAGE")]
    pub(crate) stage: String,
    /// Compare with the lock at this revision of git, or with the `last` run here
    /// [default: the lock that is committed, else `pipeline.lock`].
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The edition before: a revision of git, `profile:NAME`, a lock, a PDF or a ledger
    /// [default: what is committed].
    #[arg(value_name = "BEFORE")]
    pub(crate) before: Option<String>,
    /// The edition after, named the same way [default: what lies in `outputs/` now].
    #[arg(value_name = "AFTER")]
    pub(crate) after: Option<String>,
    /// The form of the answer; `--json` is short for `--format json`.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Form,
    /// List every value that moved, also those that print as before.
    #[arg(long)]
    pub(crate) all: bool,
}

/// The form of an answer.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
    Markdown,
    Html,
}

#[derive(Args, Debug)]
pub(crate) struct Log {
    /// A stage, a cell or an output path.
    #[arg(value_name = "STAGE")]
    pub(crate) stage: String,
}

#[derive(Args, Debug)]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) targets: Stages,
    /// The form of the drawing.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Draw each cell of a matrix by itself.
    #[arg(long)]
    pub(crate) cells: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Mermaid,
    Dot,
    Svg,
}

#[derive(Args, Debug)]
pub(crate) struct Cache {
    #[command(subcommand)]
    pub(crate) verb: CacheVerb,
}

/// So many days are kept by `cache gc`.
pub(crate) const KEEP_DAYS: u32 = 30;

#[derive(Subcommand, Debug)]
pub(crate) enum CacheVerb {
    /// Count and measure what the store holds.
    Size,
    /// Read everything and tell what is damaged; exit with 4 if anything is.
    Check {
        /// Set aside what is damaged, so that it is made again.
        #[arg(long)]
        repair: bool,
    },
    /// Find what can go: old results that neither the lock nor this checkout uses.
    Gc {
        /// Keep whatever is younger than this many days.
        #[arg(long, value_name = "DAYS", default_value_t = KEEP_DAYS)]
        keep_days: u32,
        /// Delete it; without this nothing is touched.
        #[arg(long)]
        delete: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell; in bash, zsh and fish, the names of the project are offered too.
    #[arg(required_unless_present = "names")]
    pub(crate) shell: Option<Shell>,
    /// Print these names of the project instead, one a line.
    #[arg(long, value_enum)]
    pub(crate) names: Option<Names>,
    /// The command line as far as it goes, for the project that it names.
    #[arg(last = true, requires = "names", value_name = "WORD", allow_hyphen_values = true)]
    pub(crate) line: Vec<String>,
}

/// Names that a shell may offer.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Stages and their cells.
    Stages,
    /// Profiles.
    Profiles,
}

/// A parameter: its name and what is written for it. What that means, its
/// declaration says.
fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.into(), value.into()))
}
