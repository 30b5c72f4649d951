//! What a lock says of itself and of another.

use super::*;

fn lock() -> Lock {
    let made = |text: &str, rows| {
        let (digest, executable) = (Digest::of(text.as_bytes()), text == "run");
        Made { digest, size: 3, rows, executable }
    };
    let block = Block {
        key: Digest::of(b"key"),
        platform: Some("x86_64-linux".into()),
        inputs: BTreeMap::from([("table raw/a b.csv".into(), Digest::of(b"in"))]),
        outputs: BTreeMap::from([
            ("outputs/a.json".into(), made("out", None)),
            ("outputs/b.parquet".into(), made("rows", Some(7))),
            ("outputs/c.sh".into(), made("run", None)),
        ]),
    };
    Lock { stages: BTreeMap::from([("a@x-1".into(), block)]) }
}

#[test]
fn round_trip() {
    let text = lock().text();
    assert_eq!(Lock::parse(&text), Ok(lock()));
    assert_eq!(Lock::parse("").map(|lock| lock.stages.len()), Ok(0));
    assert!(crate::yaml::Document::parse(FILE, text.as_bytes()).is_ok());
}

#[test]
fn a_merge_conflict_is_named() {
    let text = lock().text().replace("    outputs:\n", "<<<<<<< ours\n    outputs:\n");
    let problem = Lock::parse(&text).expect_err("a mistake");
    assert_eq!(problem.to_string(), "pipeline.lock:9: this line is a mark of an unresolved merge");
}

/// On a machine of the kind `ours`, each key is the digest of its name.
fn differences(now: &Lock, locked: &Lock) -> Differences {
    now.differences(locked, &|_, platform| Some(Digest::of(platform.as_bytes())))
}

#[test]
fn outputs_count() {
    let mut changed = lock();
    let block = changed.stages.get_mut("a@x-1").expect("there");
    block.outputs.get_mut("outputs/a.json").expect("there").digest = Digest::of(b"other");
    let found = differences(&changed, &lock()).found;
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("`outputs/a.json` is "), "{found:?}");
    assert!(differences(&lock(), &lock()).found.is_empty());
}

#[test]
fn another_kind_of_machine_is_no_difference() {
    let mut locked = lock();
    let block = locked.stages.get_mut("a@x-1").expect("there");
    block.platform = Some("aarch64-macos".into());
    block.key = Digest::of(b"aarch64-macos");
    let told = differences(&lock(), &locked);
    assert_eq!(told.found, [""; 0]);
    assert_eq!(told.platforms, BTreeMap::from([("aarch64-macos".into(), 1)]));
    // A key that this kind of machine does not give is another recipe.
    locked.stages.get_mut("a@x-1").expect("there").key = Digest::of(b"planted");
    let told = differences(&lock(), &locked).found;
    assert_eq!(told, ["stage `a@x-1` has another recipe, with the same outputs"]);
}

#[test]
fn a_path_that_leaves_is_refused() {
    for path in ["/etc/passwd", "../x", "outputs/../x", "raw/a.csv", "outputs/a/../../b"] {
        let text = lock().text().replace("outputs/a.json", path);
        let problem = Lock::parse(&text).expect_err("a mistake");
        assert_eq!(
            problem.to_string(),
            "pipeline.lock:10: this path is not one that an output can have",
            "{path}"
        );
    }
}

#[test]
fn a_lock_that_says_otherwise_under_the_same_key() {
    let told = ["stage `a@x-1` is locked with other inputs, sizes, rows or modes"];
    let mut locked = lock();
    let block = locked.stages.get_mut("a@x-1").expect("there");
    block.outputs.get_mut("outputs/a.json").expect("there").size = 4;
    assert_eq!(differences(&lock(), &locked).found, told);
    let mut locked = lock();
    locked.stages.get_mut("a@x-1").expect("there").inputs.clear();
    assert_eq!(differences(&lock(), &locked).found, told);
}

/// The kind of machine excuses another key, and nothing else that differs.
#[test]
fn another_kind_of_machine_excuses_no_other_inputs() {
    let changes: [fn(&mut Block); 2] = [
        |block| block.inputs.clear(),
        |block| block.outputs.get_mut("outputs/b.parquet").expect("there").rows = Some(8),
    ];
    for change in changes {
        let mut locked = lock();
        let block = locked.stages.get_mut("a@x-1").expect("there");
        block.platform = Some("aarch64-macos".into());
        block.key = Digest::of(b"aarch64-macos");
        change(block);
        let told = differences(&lock(), &locked);
        assert_eq!(told.found, ["stage `a@x-1` has another recipe, with the same outputs"]);
        assert!(told.platforms.is_empty(), "{:?}", told.platforms);
    }
}

#[test]
fn a_lock_that_can_not_be_read_is_not_an_empty_one() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(Lock::read(folder.path()), Ok(Lock::default()));
    std::fs::create_dir(folder.path().join(FILE)).expect("a folder");
    let problem = Lock::read(folder.path()).expect_err("refused");
    assert_eq!(problem.message, "cannot read `pipeline.lock`: not a regular file");
}
