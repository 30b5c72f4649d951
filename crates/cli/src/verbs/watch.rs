//! `colophon watch`: runs, waits for a change of what the run reads, and runs again.
//!
//! One process does all the runs, so the typesetter still knows what it laid
//! out the last time, and a changed word is a matter of a moment. Files are
//! looked at ten times a second, by their time stamps alone: a run that was not
//! needed finds that out by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::Args;
use engine::plan::pipeline;
use engine::witness::Sight;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::arguments::{Arguments, Stages};
use crate::message;
use crate::report::{Failed, count, say};
use crate::study::Study;
use crate::verbs::{look, run, select};

/// How long it waits before it looks again.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Args, Debug)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) targets: Stages,
    /// How many stages may run at a time [default: the number of cores].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
}

pub(crate) fn watch(study: &Study, arguments: &Arguments, verb: &Watch) -> Result<(), Failed> {
    let signal = Arc::new(AtomicUsize::new(0));
    for number in [SIGINT, SIGTERM] {
        // Without signals the terminal's own ending still works.
        let _ = signal_hook::flag::register_usize(number, signal.clone(), number as usize);
    }
    let root = &arguments.directory;
    let mut sight = Sight::of_file(root, pipeline::FILE);
    loop {
        // What changes while the run goes on is seen after it.
        sight = see(study, arguments, verb).unwrap_or_else(|| sight.again(root));
        if let Err(failed) = run::run(study, arguments, &once(verb)) {
            if failed.code >= 128 {
                return Err(failed);
            }
            let form = if arguments.json { message::Json::Lines } else { message::Json::Not };
            message::tell(form, failed);
        }
        if !arguments.quiet {
            say(&format!("watching {}; Ctrl-C ends it", count(sight.count(), "path")));
        }
        while sight == sight.again(root) {
            match signal.load(Ordering::Relaxed) {
                0 => std::thread::sleep(PAUSE),
                signal => return Err(Failed::code(128 + signal as u8)),
            }
        }
    }
}

/// What is to be looked at; nothing new where the pipeline can't be read.
fn see(study: &Study, arguments: &Arguments, verb: &Watch) -> Option<Sight> {
    let project = look(study, arguments).ok()?;
    let stages = select(&project.plan, &verb.targets.stages).ok()?;
    Some(Sight::of(&project.plan, &stages))
}

fn once(verb: &Watch) -> run::Run {
    run::Run {
        keep_outputs: None,
        draft: false,
        format: Default::default(),
        targets: Stages { stages: verb.targets.stages.clone() },
        jobs: verb.jobs,
        keep_going: false,
        keep_failed: false,
        force: false,
        locked: false,
        frozen: false,
    }
}
