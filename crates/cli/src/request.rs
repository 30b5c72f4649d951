//! What every run of this program is asked for: how many stages at a time, what commands
//! may see, and where they work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use engine::run::request::Request;

/// A run of some stages, as it goes unless somebody wants it otherwise.
pub(crate) fn request(stages: Vec<usize>, verbose: bool) -> Request {
    Request {
        stages,
        force: BTreeSet::new(),
        jobs: cores(),
        keep_going: false,
        keep_failed: false,
        verbose,
        env: environment(),
        chosen_place: std::env::var_os("TMPDIR").filter(|path| !path.is_empty()).map(PathBuf::from),
        places: vec!["/tmp".into(), "/var/tmp".into()],
        program: program(),
        stop: Arc::default(),
    }
}

/// How many cores this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What commands may see of the caller's environment: where programs are.
fn environment() -> BTreeMap<String, String> {
    std::env::var("PATH").ok().map(|path| ("PATH".to_string(), path)).into_iter().collect()
}

/// This program, also after its file has been replaced.
fn program() -> PathBuf {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { own } else { std::env::current_exe().unwrap_or(own) }
}
