//! A stranger's project: whatever its author put into it, nothing outside of it
//! is read, changed or removed, and no verb dies or waits for ever.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::cache::{RAW, STAGES, TEXT, study};
use crate::space::{Space, same};

/// Verbs that answer questions.
const READERS: [&[&str]; 12] = [
    &["check"],
    &["plan"],
    &["plan", "--check"],
    &["plan", "--json"],
    &["status"],
    &["why", "text"],
    &["why", "text", "--json"],
    &["graph"],
    &["cache", "size"],
    &["cache", "check"],
    &["cache", "gc"],
    &["cache", "gc", "--keep-days", "0"],
];

/// Verbs that work.
const WORKERS: [&[&str]; 9] = [
    &["run"],
    &["run", "--locked"],
    &["run", "--frozen"],
    &["run", "--force"],
    &["run", "--keep-going", "--json"],
    &["accept"],
    &["forget", "text"],
    &["cache", "check", "--repair"],
    &["cache", "gc", "--keep-days", "0", "--delete"],
];

/// What lies in a folder, to the last byte and time.
fn canary(folder: &Path) -> BTreeMap<PathBuf, (SystemTime, u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, metadata) = (entry.path(), entry.metadata().unwrap());
            let bytes = match metadata.is_file() {
                true => fs::read(&path).unwrap_or_default(),
                false => Vec::new(),
            };
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            let mode = metadata.permissions().mode();
            found.insert(path, (metadata.modified().unwrap(), mode, bytes));
        }
    }
    found
}

/// The same command with an end to its memory, in kilobytes.
fn within(kilobytes: u64, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("ulimit -v {kilobytes}; exec \"$0\" \"$@\""));
    shell.arg(command.get_program()).args(command.get_args());
    shell.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Waits for the program, but not for ever, and gives it half a gigabyte.
fn bounded(command: &Command, user: Option<u32>) -> Output {
    let mut command = within(512 << 10, command);
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("{command:?} waits for ever");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Runs a verb; it ends by itself, with a known code, and no panic.
fn ends(space: &Space, arguments: &[&str]) -> (i32, String) {
    let output = bounded(&space.command(arguments), None);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.signal(), None, "{arguments:?}: {err}");
    let code = output.status.code().unwrap();
    assert!((0..10).contains(&code) && !err.contains("panic"), "{arguments:?}: {code} {err}");
    (code, err)
}

/// A folder that is not ours, made to look like everything that a sweep, a
/// check or a collection could take for its own.
fn victim() -> Space {
    let victim = Space::empty();
    let hex = "0123456789abcdef".repeat(4);
    for path in ["run-1/precious", "run-2/lock", ".new-3/precious", "precious", "4/5/6"] {
        victim.file(path, "precious\n");
    }
    victim.file("run-2/precious", "precious\n");
    victim.file("run-5/lock", "a private folder of colophon\n");
    victim.file("run-5/precious", "precious\n");
    victim.file(&format!("ab/{}", &hex[2..]), "not what its name says\n");
    victim.file(&format!("ab/{}.json", &hex[2..]), "{}\n");
    victim.file("v1/temp/run-1/precious", "precious\n");
    victim.file(&format!("v1/objects/ab/{}", &hex[2..]), "precious\n");
    victim.file("store/v1/temp/run-1/precious", "precious\n");
    let old = SystemTime::now() - Duration::from_secs(90 * 86_400);
    for path in victim.files("") {
        let file = fs::File::options().append(true).open(victim.path(&path)).unwrap();
        file.set_modified(old).unwrap();
    }
    victim
}

/// Every place below `.colophon` that a clone can bring as a link.
const PLACES: [&str; 17] = [
    ".colophon",
    ".colophon/.gitignore",
    ".colophon/work",
    ".colophon/logs",
    ".colophon/kept",
    ".colophon/state.json",
    ".colophon/witness",
    ".colophon/store",
    ".colophon/store/v1",
    ".colophon/store/v1/temp",
    ".colophon/store/v1/objects",
    ".colophon/store/v1/objects/ab",
    ".colophon/store/v1/results",
    ".colophon/store/v1/results/ab",
    ".colophon/store/v1/quarantine",
    ".colophon/store/v1/lock",
    ".colophon/store/v1/home",
];

/// A place of a project with nothing in it, and its folder.
fn vacant(space: &Space, place: &str) -> PathBuf {
    let path = space.path(place);
    if path.is_dir() {
        fs::remove_dir_all(&path).unwrap();
    } else if path.symlink_metadata().is_ok() {
        fs::remove_file(&path).unwrap();
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    path
}

#[test]
fn links_below_the_own_folder_lead_nowhere() {
    let victim = victim();
    let before = canary(victim.root());
    for place in PLACES {
        let targets = match place.rsplit('/').next() {
            Some(".gitignore" | "state.json" | "witness" | "lock" | "home") => {
                ["precious", "/dev/zero"]
            }
            _ => [".", "ab"],
        };
        for target in targets {
            let space = study();
            // An edited result would be kept, and an empty folder removed.
            space.file("outputs/text.txt", "edited\n");
            let path = vacant(&space, place);
            symlink(victim.root().join(target), &path).unwrap();
            for verb in READERS.iter().chain(&WORKERS) {
                ends(&space, verb);
                assert_eq!(canary(victim.root()), before, "{verb:?} with {place} -> {target}");
            }
        }
    }
}

#[test]
fn a_link_is_refused_with_what_to_do() {
    let space = study();
    fs::rename(space.path(".colophon/work"), space.path("elsewhere")).unwrap();
    symlink(space.path("elsewhere"), space.path(".colophon/work")).unwrap();
    space.edit("raw.csv", "lima,1", "lima,3");
    let said = space.say(&["run"]);
    assert_eq!(said.code, 9);
    let told = "error: `.colophon/work` is a link, and the program's own folders are never links\n\
                hint: nothing behind it was touched; remove it, and `colophon run` makes the \
                folder\nhint: to keep results elsewhere, name the place: `--store DIR`\n";
    assert!(said.err.starts_with(told), "{}", said.err);
}

#[test]
fn pipes_and_devices_are_not_waited_for() {
    for place in PLACES.iter().filter(|place| !place.ends_with("/ab")) {
        let space = study();
        let path = vacant(&space, place);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        for verb in READERS.iter().chain(&WORKERS) {
            ends(&space, verb);
        }
    }
    for place in ["pipeline.lock", "pipeline.yaml", "raw.csv", "outputs/text.txt"] {
        for endless in [false, true] {
            let space = study();
            space.remove(place);
            match endless {
                true => symlink("/dev/zero", space.path(place)).unwrap(),
                false => {
                    let made = Command::new("mkfifo").arg(space.path(place)).status();
                    assert!(made.unwrap().success());
                }
            }
            for verb in READERS.iter().chain(&WORKERS) {
                ends(&space, verb);
            }
        }
    }
    let space = study();
    let object = space.object(TEXT);
    fs::remove_file(&object).unwrap();
    assert!(Command::new("mkfifo").arg(&object).status().unwrap().success());
    assert_eq!(ends(&space, &["cache", "check"]).0, 4);
    space.remove("outputs/text.txt");
    assert_eq!(space.good(&[]).told(), "ran text, cached apart clean first");
}

/// A lock line and a planted object must not write where no output can be.
#[test]
fn a_lock_writes_nothing_but_outputs() {
    let victim = victim();
    let before = canary(victim.root());
    let target = victim.path("precious").display().to_string();
    for path in [target.as_str(), "outputs/../../../precious", "raw.csv", "outputs/link/precious"] {
        let space = study();
        symlink(victim.root(), space.path("outputs/link")).unwrap();
        let lock = space.text("pipeline.lock").replace("outputs/text.txt", path);
        space.file("pipeline.lock", lock);
        for verb in [&["run", "--frozen"][..], &["run", "--locked"], &["run"]] {
            ends(&space, verb);
            assert_eq!(canary(victim.root()), before, "{verb:?} with {path}");
            assert_eq!(space.text("raw.csv"), RAW);
        }
    }
}

/// Seals text as the program does, so that only its content speaks against it.
fn sealed(body: &str) -> String {
    format!("{body}\n{}\n", blake3::hash(body.as_bytes()).to_hex())
}

#[test]
fn a_state_removes_nothing_but_outputs() {
    let space = study();
    space.file("precious.txt", "precious\n");
    let digest = blake3::hash(b"precious\n").to_hex();
    let paths = ["../precious.txt", "precious.txt", "outputs/../precious.txt"];
    let outside = space.path("precious.txt").display().to_string();
    for path in paths.into_iter().chain([outside.as_str()]) {
        let body = format!(
            "{{\"files\":{{}},\"stages\":{{}},\"published\":{{{}:\"{digest}\"}}}}",
            serde_json::Value::from(path)
        );
        space.file(".colophon/state.json", sealed(&body));
        assert_eq!(space.good(&["--force", "apart"]).notes, [""; 0]);
        assert_eq!(space.text("precious.txt"), "precious\n", "{path}");
    }
}

#[test]
fn a_store_that_came_with_a_clone_is_not_believed() {
    let author = study();
    let clone = Space::empty();
    let mut copy = Command::new("cp");
    let copied = copy.arg("-r").arg(author.path(".")).arg(clone.root()).status().unwrap();
    assert!(copied.success());
    let told = "the store in `.colophon/store` was not made in this checkout, so nothing in it \
                is believed\n\
                hint: remove it, and `colophon run` makes its own: `rm -r .colophon/store`\n\
                hint: if you trust whoever filled it, name it: `--store .colophon/store`\n";
    for verb in [&["run"][..], &["run", "--locked"], &["run", "--frozen"], &["forget", "text"]] {
        let said = clone.say(verb);
        assert_eq!((said.code, said.err), (2, format!("error: {told}")), "{verb:?}");
    }
    // Questions are answered as if nothing were known.
    let said = clone.say(&["plan"]);
    // And nothing else is said of it, such as that it is damaged.
    same(&said.err, &format!("note: {told}"));
    assert!(said.out.contains("run clean"), "{}", said.out);
    assert_eq!(clone.good(&["--store", ".colophon/store"]).told(), "cached apart clean first text");
    // That it was named once does not make it this checkout's own.
    assert_eq!(clone.say(&["run"]).code, 2);
    fs::remove_dir_all(clone.path(".colophon/store")).unwrap();
    assert_eq!(clone.good(&["--locked"]).told(), "ran apart clean first text");
}

/// Everything in a folder, with its times.
fn unchanged(space: &Space, verbs: &[&[&str]]) {
    let before = canary(space.root());
    for verb in verbs {
        ends(space, verb);
        assert_eq!(canary(space.root()), before, "{verb:?} changed something");
    }
}

#[test]
fn readers_change_nothing() {
    let space = study();
    unchanged(&space, &READERS);
    // Not what is damaged, nor what dead runs left.
    let object = space.object(TEXT);
    fs::set_permissions(&object, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&object, "damaged\n").unwrap();
    space.remove("outputs/text.txt");
    space.file(".colophon/store/v1/temp/run-dead/lock", "a private folder of colophon\n");
    space.edit("raw.csv", "lima,1", "lima,3");
    unchanged(&space, &READERS);
    fs::remove_dir_all(space.path(".colophon")).unwrap();
    unchanged(&space, &READERS);
}

#[test]
fn readers_work_where_nothing_may_be_written() {
    if rustix::process::geteuid().as_raw() != 0 {
        eprintln!("skipped: only root can try it as another user");
        return;
    }
    for made in [true, false] {
        let space = Space::new(STAGES);
        space.file("raw.csv", RAW);
        space.file("loose.txt", "loose\n");
        if made {
            space.good(&[]);
        }
        fs::set_permissions(space.root(), fs::Permissions::from_mode(0o555)).unwrap();
        let as_nobody = |verb: &[&str]| bounded(&space.command(verb), Some(65_534));
        for verb in &READERS[..8] {
            let output = as_nobody(verb);
            let err = String::from_utf8_lossy(&output.stderr).into_owned();
            let pending = !made && verb.contains(&"--check");
            assert_eq!(output.status.code(), Some(if pending { 3 } else { 0 }), "{verb:?}: {err}");
        }
        fs::set_permissions(space.root(), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_collection_that_stands_still_is_not_waited_for() {
    let space = study();
    let lock = fs::File::open(space.path(".colophon/store/v1/lock")).unwrap();
    lock.lock().unwrap();
    let begun = Instant::now();
    unchanged(&space, &READERS);
    space.edit("raw.csv", "lima,1", "lima,3");
    let said = space.say(&["run"]);
    assert_eq!(said.code, 9);
    same(
        &said.err,
        "error: `colophon cache gc --delete` is at work in the store\n\
         hint: nothing was done; try again when it has ended, or end it\n",
    );
    assert!(begun.elapsed() < Duration::from_secs(30));
    drop(lock);
    assert_eq!(space.good(&[]).told(), "ran clean first text, cached apart");
}
