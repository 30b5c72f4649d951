//! `colophon run`: brings stages up to date and puts their results in place.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use engine::diagnostic::{Diagnostic, Kind, listed};
use engine::observe::Observer;
use engine::run::request::{Request, Summary};
use engine::run::{self, Mode};
use engine::witness::{self, Question};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};

use crate::annotate;
use crate::arguments::{Arguments, Stages};
use crate::progress::{Lines, Progress};
use crate::report::{Failed, count, duration, exit_code, print_json_line, say};
use crate::study::Study;
use crate::text::Text;
use crate::verbs::{named, question, select, work};

mod before;
mod draft;
mod moved;

use moved::Moved;

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
    /// Tell problems in this form as well, on standard output.
    #[arg(long, value_enum, default_value = "text", conflicts_with = "json")]
    pub(crate) format: annotate::Form,
    /// Fail if `pipeline.lock` would change, the bytes of outputs included.
    #[arg(long, conflicts_with = "frozen")]
    pub(crate) locked: bool,
    /// Where `--locked` refuses, keep what was made in this folder, which is new or empty.
    #[arg(long, value_name = "DIR", requires = "locked")]
    pub(crate) keep_outputs: Option<PathBuf>,
    /// Make a draft in `.colophon/draft/`: words that are not true and statuses that nobody
    /// has accepted are marked, and nothing in `outputs/` is touched.
    #[arg(long, conflicts_with_all = ["locked", "frozen", "force"])]
    pub(crate) draft: bool,
    /// Run nothing: put in place what `pipeline.lock` says, or fail.
    #[arg(long)]
    pub(crate) frozen: bool,
}

pub(crate) fn run(study: &Study, arguments: &Arguments, verb: &Run) -> Result<(), Failed> {
    if verb.draft {
        return draft::draft(study, arguments, &verb.targets.stages);
    }
    let begun = Instant::now();
    let question = question(arguments, &verb.targets.stages)?;
    if let Some(cached) = nothing_to_do(arguments, verb, question.as_ref()) {
        let summary = Summary { cached, ..Summary::default() };
        tell(arguments, &summary, None, (begun.elapsed().as_secs_f64(), 0));
        return Ok(());
    }
    let project = work(study, arguments)?;
    let mode = mode(verb, project.plan.is_plain)?;
    let stages = select(&project.plan, &verb.targets.stages)?;
    let force: BTreeSet<usize> = match verb.force {
        true => named(&project.plan, &verb.targets.stages)?.into_iter().collect(),
        false => BTreeSet::new(),
    };
    let stop = Arc::new(AtomicUsize::new(0));
    let signal = listen(stop.clone());
    let request = Request {
        force,
        jobs: verb.jobs.map_or_else(crate::request::cores, usize::from),
        keep_going: verb.keep_going,
        keep_failed: verb.keep_failed,
        stop,
        ..crate::request::request(stages, arguments.verbose)
    };
    if let Some(folder) = &verb.keep_outputs {
        moved::check(folder)?;
    }
    let locked = moved::locked(&project);
    let progress = Progress::new(arguments.verbose, arguments.quiet);
    let observer: &dyn Observer = if arguments.json { &Lines } else { &progress };
    let mut summary = match verb.frozen {
        true => run::frozen::frozen(&project, &request.stages, observer),
        false => run::run(&project, &request, mode, question.as_ref(), observer),
    };
    progress.end();
    before::fill(&project, &mut summary.problems);
    let refused = summary.problems.iter().any(|problem| problem.kind == Kind::Lock);
    if let Some(folder) = verb.keep_outputs.as_ref().filter(|_| refused) {
        summary.problems.extend(moved::keep(&project, &summary.made, folder));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let code = match signal.first.load(Ordering::Relaxed) {
        0 => exit_code(&summary.problems),
        signal => 128 + signal as u8,
    };
    if arguments.json {
        let mut end =
            serde_json::json!({ "event": "ended", "seconds": seconds, "exit_code": code });
        end["summary"] = serde_json::to_value(&summary).expect("a summary is plain data");
        print_json_line(&end)?;
    } else {
        let moved = locked.and_then(|locked| moved::since(&project, locked, &summary));
        tell(arguments, &summary, moved.as_ref(), (seconds, code));
    }
    if code == 0 { Ok(()) } else { Err(Failed::code(code)) }
}

/// How many stages are up to date, where a witness says so and nobody wants more.
fn nothing_to_do(arguments: &Arguments, verb: &Run, question: Option<&Question>) -> Option<usize> {
    // `--locked` asks more than a witness knows where this is a variant.
    let variant = arguments.profile.is_some()
        || !arguments.params.is_empty()
        || std::env::var_os("SOURCE_DATE_EPOCH").is_some();
    let usual = !verb.force && !verb.frozen && !arguments.json && !arguments.verbose;
    let usual = usual && !(verb.locked && variant);
    witness::holds(&arguments.directory, question.filter(|_| usual)?)
}

/// What came of it, for people.
fn tell(arguments: &Arguments, summary: &Summary, moved: Option<&Moved>, end: (f64, u8)) {
    let (seconds, code) = end;
    if code != 0 {
        crate::message::all(&summary.problems);
    }
    let refused = summary.problems.iter().any(|problem| problem.kind == Kind::Lock);
    if let Some(moved) = moved.filter(|_| refused) {
        say(moved.table());
    }
    if arguments.quiet {
        return;
    }
    if !summary.earlier.is_empty() {
        say(&earlier(&summary.earlier));
    }
    say(last_line(summary, seconds, code, &arguments.directory));
    if let Some(line) = moved.filter(|_| !refused).and_then(Moved::line) {
        say(&line);
    }
}

/// Names results that look like those of this run and are not.
fn earlier(paths: &[String]) -> String {
    let names = listed(paths.iter().map(String::as_str));
    let are = if paths.len() == 1 { "is" } else { "are" };
    format!("note: {names} {are} not of this run: what stands there was made before")
}

/// What happens to the lock.
fn mode(verb: &Run, is_plain: bool) -> Result<Mode, Failed> {
    let refused = match (verb.locked, verb.frozen) {
        _ if is_plain => None,
        (true, _) => Some("`--locked` holds the plain pipeline to its lock"),
        (_, true) => Some("`--frozen` puts in place what the lock of the plain pipeline holds"),
        _ => None,
    };
    match refused {
        Some(why) => {
            let message = format!("{why}, this is a variant of it");
            Err(Diagnostic::new(Kind::Usage, message)
                .hint("leave out `--profile` and `--param`, and unset SOURCE_DATE_EPOCH")
                .into())
        }
        None if verb.locked => Ok(Mode::Locked),
        None if is_plain => Ok(Mode::Update),
        None => Ok(Mode::Leave),
    }
}

/// One line that says what came of it.
fn last_line(summary: &Summary, seconds: f64, code: u8, root: &std::path::Path) -> Text {
    let mut parts = Vec::new();
    let mut part = |n: usize, word: &str| {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    };
    part(summary.ran, "ran");
    part(summary.failed, "failed");
    part(summary.skipped, "skipped");
    part(summary.cached, "cached");
    part(summary.published.len(), "put in place");
    if code == 0 && summary.ran + summary.cached == 0 {
        return Text::from("nothing ran: there are no stages");
    }
    if code == 0 && summary.ran == 0 && summary.published.is_empty() {
        let stages = count(summary.cached, "stage");
        let are = if summary.cached == 1 { "is" } else { "are" };
        let line = format!("nothing ran: {stages} {are} up to date ({})", duration(seconds));
        return Text::from(&line);
    }
    if parts.is_empty() {
        parts.push("nothing was done".into());
    }
    let (word, colour) = if code == 0 { ("done", "32;1") } else { ("failed", "31;1") };
    let pdf = summary.published.iter().find(|path| path.ends_with(".pdf"));
    let pdf = pdf.filter(|_| code == 0).map(|path| format!(" -> {}", root.join(path).display()));
    let pdf = pdf.unwrap_or_default().replacen("-> ./", "-> ", 1);
    let mut text = Text::default();
    text.paint(word, colour);
    text.line(&format!(": {} in {}{pdf}", parts.join(", "), duration(seconds)));
    text
}

/// Who hears the signals that ask a run to stop, until the run is over.
struct Listener {
    /// The first of them; 0 if there was none.
    first: Arc<AtomicUsize>,
    handle: Option<Handle>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.close();
        }
    }
}

/// How long a run may take to tidy up once it is to stop at once.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Counts the signals that ask the run to stop, and remembers the first. With the
/// second the process ends, whatever it is doing, after a moment to tidy up, and
/// with the third without one: commands end with it.
fn listen(stop: Arc<AtomicUsize>) -> Listener {
    let first = Arc::new(AtomicUsize::new(0));
    let seen = first.clone();
    // Without signals the terminal's own ending still works, less politely.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return Listener { first, handle: None };
    };
    let handle = Some(signals.handle());
    let thread = std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let _ = seen.compare_exchange(0, signal as usize, Ordering::Relaxed, Ordering::Relaxed);
            if stop.fetch_add(1, Ordering::Relaxed) == 0 {
                say("stopping; once more to stop at once");
                continue;
            }
            end_by_itself();
            std::thread::sleep(AT_ONCE);
            signal_hook::low_level::exit(128 + seen.load(Ordering::Relaxed) as i32);
        }
    });
    if thread.is_err() {
        // Nobody listens.
        end_by_itself();
    }
    Listener { first, handle }
}

/// From now on a signal ends the process, without anybody's doing.
fn end_by_itself() {
    for signal in [SIGINT, SIGTERM] {
        let always = Arc::new(AtomicBool::new(true));
        let _ = flag::register_conditional_shutdown(signal, 128 + signal, always);
    }
}
