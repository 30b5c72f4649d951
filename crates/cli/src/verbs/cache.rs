//! `colophon cache`: looks after the store.

use std::time::Duration;

use clap::{Args, Subcommand};
use engine::diagnostic::{Diagnostic, Kind};
use engine::lock::Lock;
use engine::project::own_store;
use engine::state::State;
use engine::store::Store;
use engine::store::gc::{self, Garbage, Health, Size};

use crate::arguments::Arguments;
use crate::message;
use crate::report::{Failed, bytes, count, print, print_json};
use crate::study::Study;
use crate::text::Text;

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

pub(crate) fn cache(_: &Study, arguments: &Arguments, verb: &Cache) -> Result<(), Failed> {
    let root = &arguments.directory;
    let folder = match &arguments.store {
        Some(named) => named.clone(),
        None => own_store(root)?,
    };
    if !folder.exists() {
        let message =
            format!("there is no store in `{}`", folder.display()).replacen("`./", "`", 1);
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("`colophon run` makes one; `-C DIR` names a project, `--store DIR` a store")
            .into());
    }
    let open = |changes: bool| match changes {
        true => Store::open(&folder),
        false => Store::look(&folder),
    };
    match verb.verb {
        CacheVerb::Size => {
            let size = gc::size(&open(false)?);
            if arguments.json { print_json(&size) } else { print(describe(&size)) }
        }
        CacheVerb::Check { repair } => {
            let (store, health) = match repair {
                true => gc::repair(&folder)?,
                false => {
                    let store = Store::look(&folder)?;
                    let health = gc::check(&store)?;
                    (store, health)
                }
            };
            if arguments.json {
                print_json(&health)?;
            } else {
                message::all(&store.notes());
                print(&diagnose(&health, repair))?;
            }
            match health.damaged > 0 && !repair {
                true => Err(Failed::code(4)),
                false => Ok(()),
            }
        }
        CacheVerb::Gc { keep_days, delete } => {
            let lock = Lock::read(root).map_err(|mut problem| {
                problem.kind = Kind::Usage;
                problem
            })?;
            let age = Duration::from_secs(u64::from(keep_days) * 86_400);
            let store = open(delete)?;
            let again = again(arguments, keep_days);
            let mut keep = lock.keys();
            keep.extend(State::read(root).keys());
            let garbage = gc::collect(&store, &keep, age, delete)?;
            if arguments.json { print_json(&garbage) } else { print(&sweep(&garbage, &again)) }
        }
    }
}

fn describe(size: &Size) -> Text {
    let mut text = Text::from(&format!(
        "{} ({}), {} ({})",
        count(size.objects, "object"),
        bytes(size.object_bytes),
        count(size.results, "result"),
        bytes(size.result_bytes)
    ));
    if size.quarantined > 0 {
        text.line(&format!("{} set aside as damaged", count(size.quarantined, "file")));
    }
    text
}

fn diagnose(health: &Health, repaired: bool) -> String {
    let mut text = format!("{} sound, {} damaged", health.sound, health.damaged);
    if health.incomplete > 0 {
        text.push_str(&format!(
            ", {} without all of its objects",
            count(health.incomplete, "result")
        ));
    }
    match (health.damaged, health.incomplete) {
        (0, 0) => {}
        (1.., _) if !repaired => {
            text.push_str("; `colophon cache check --repair` sets aside what is damaged");
        }
        _ => text.push_str("; the next run makes again what it needs"),
    }
    text.push('\n');
    text
}

/// The command that removes what this one found.
fn again(arguments: &Arguments, keep_days: u32) -> String {
    let mut command = String::from("colophon cache gc");
    let mut add = |option: &str, value: &str| {
        let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,".contains(c);
        let quoted = match !value.is_empty() && value.chars().all(plain) {
            true => value.to_string(),
            false => format!("'{}'", value.replace('\'', "'\\''")),
        };
        command.push_str(&format!(" {option} {quoted}"));
    };
    if arguments.directory.as_os_str() != "." {
        add("-C", &arguments.directory.to_string_lossy());
    }
    if let Some(store) = &arguments.store {
        add("--store", &store.to_string_lossy());
    }
    if keep_days != KEEP_DAYS {
        add("--keep-days", &keep_days.to_string());
    }
    command + " --delete"
}

fn sweep(garbage: &Garbage, again: &str) -> String {
    let what = format!(
        "{} and {}, {}",
        count(garbage.results, "result"),
        count(garbage.objects, "object"),
        bytes(garbage.bytes)
    );
    match (garbage.results + garbage.objects, garbage.deleted) {
        (0, _) => "nothing can go\n".into(),
        (_, true) => format!("removed {what}\n"),
        (_, false) => format!("{what} can go; `{again}` removes them\n"),
    }
}
