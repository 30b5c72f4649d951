//! Random histories of edits, damage and kills.
//!
//! `PROPTEST_CASES=1000 cargo test -p engine --test engine` tries more of them.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use engine::digest::Digest;
use proptest::prelude::*;

use crate::toy::{FILES, Toy};

/// What happens to a project between two runs.
#[derive(Clone, Debug)]
enum Event {
    /// A raw file gets one of a few contents, some of them of equal size.
    Edit(usize, u8),
    /// A raw file is written again as it was.
    Touch(usize),
    /// The parameters change.
    Params([i64; 2]),
    /// The functions' code changes.
    Code(usize),
    /// A result is deleted.
    Delete(usize),
    /// A result is edited by hand.
    Meddle(usize),
    /// An object of the store is damaged: a bit flipped, cut, emptied or gone.
    Damage(usize, u8),
    /// A record of the store is damaged likewise.
    Forget(usize, u8),
    /// What the checkout remembers is gone.
    Amnesia,
    /// A run is begun and killed after so many microseconds.
    Kill(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..FILES, 0..4u8).prop_map(|(file, content)| Event::Edit(file, content)),
        1 => (0..FILES).prop_map(Event::Touch),
        2 => [0..3i64, 0..3i64].prop_map(Event::Params),
        2 => (0..3usize).prop_map(Event::Code),
        1 => any::<usize>().prop_map(Event::Delete),
        1 => any::<usize>().prop_map(Event::Meddle),
        2 => (any::<usize>(), 0..4u8).prop_map(|(object, how)| Event::Damage(object, how)),
        1 => (any::<usize>(), 0..4u8).prop_map(|(record, how)| Event::Forget(record, how)),
        1 => Just(Event::Amnesia),
        2 => (0..40_000u64).prop_map(Event::Kill),
    ]
}

const CONTENTS: [&str; 4] = ["one\n", "two\n", "three\nlines\nnow\n", ""];
const RESULTS: [&str; 7] =
    ["left.txt", "d/right.txt", "lines.txt", "told.txt", "each/1.txt", "each/2.txt", "all.txt"];

/// Lets an event happen; says whether results may have been lost by it.
fn happen(toy: &Toy, event: &Event) -> bool {
    match event {
        Event::Edit(file, content) => {
            toy.write(&format!("raw/{file}.txt"), CONTENTS[*content as usize]);
        }
        Event::Touch(file) => {
            let path = format!("raw/{file}.txt");
            toy.write(&path, &toy.read(&path));
        }
        Event::Params(params) => toy.params(*params),
        Event::Code(version) => toy.write("version", &version.to_string()),
        Event::Delete(result) => {
            let path = toy.root.join("outputs").join(RESULTS[result % RESULTS.len()]);
            let _ = std::fs::remove_file(path);
        }
        Event::Meddle(result) => {
            let path = format!("outputs/{}", RESULTS[result % RESULTS.len()]);
            if toy.root.join(&path).exists() {
                toy.write(&path, "meddled\n");
            }
        }
        Event::Damage(object, how) => return spoil(&toy.stored("objects"), *object, *how),
        Event::Forget(record, how) => return spoil(&toy.stored("results"), *record, *how),
        Event::Amnesia => {
            let _ = std::fs::remove_file(toy.root.join(".colophon/state.json"));
        }
        Event::Kill(after) => kill(toy, Duration::from_micros(*after)),
    }
    false
}

fn spoil(files: &[std::path::PathBuf], which: usize, how: u8) -> bool {
    let Some(file) = files.get(which % files.len().max(1)) else { return false };
    let bytes = std::fs::read(file).unwrap();
    let mut permissions = file.metadata().unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "it is about to be spoilt")]
    permissions.set_readonly(false);
    std::fs::set_permissions(file, permissions).unwrap();
    match how {
        0 if !bytes.is_empty() => {
            let mut bytes = bytes;
            let at = which % bytes.len();
            bytes[at] ^= 1 << (which % 8);
            std::fs::write(file, bytes).unwrap();
        }
        1 => std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap(),
        2 => std::fs::write(file, b"").unwrap(),
        _ => std::fs::remove_file(file).unwrap(),
    }
    true
}

/// Runs the project in another process and kills it.
fn kill(toy: &Toy, after: Duration) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "history::the_process_that_is_killed"]).env("TOY", &toy.root);
    let mut child = child.stdout(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    let _ = child.kill();
    child.wait().unwrap();
}

/// Not a test by itself: what `kill` starts.
#[test]
fn the_process_that_is_killed() {
    if let Some(root) = std::env::var_os("TOY") {
        Toy { root: root.into() }.run();
    }
}

/// After each event, an incremental run has the same results as a run from
/// scratch, and nothing runs whose recipe was already known.
fn check(events: &[Event]) {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(&folder.path().join("toy"));
    let mut known: BTreeSet<Digest> = BTreeSet::new();
    let (mut before, mut scratch) = (String::new(), None);
    for (step, event) in std::iter::once(None).chain(events.iter().map(Some)).enumerate() {
        if event.is_some_and(|event| happen(&toy, event)) {
            known.clear();
        }
        let (seen, summary) = toy.watch();
        assert_eq!(summary.problems, [], "after {event:?}");
        let lock = toy.lock();
        // Damage is found when something is read, maybe some runs after it was
        // done; then it is told, and what was lost runs again.
        let whole = seen.notes.lock().unwrap().is_empty();
        for stage in seen.ran.lock().unwrap().iter().filter(|_| whole) {
            let key = lock.stages[stage].key;
            assert!(!known.contains(&key), "`{stage}` ran in vain after {event:?}");
        }
        known.extend(lock.stages.values().map(|block| block.key));
        let sources = format!("{:?}", toy.lock());
        if scratch.is_none() || sources != before {
            let fresh = toy.made_anew(&folder.path().join(format!("fresh-{step}")));
            assert_eq!(fresh.run().1.problems, []);
            scratch = Some(fresh.results());
            before = sources;
        }
        assert_eq!(Some(toy.results()), scratch, "after {event:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(40),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_incremental_run_equals_a_run_from_scratch(
        events in proptest::collection::vec(event(), 1..10)
    ) {
        check(&events);
    }
}
