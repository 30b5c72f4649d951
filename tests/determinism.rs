//! The same inputs give the same bytes, whatever else is different.
//!
//! `Space::finished` holds one run from scratch; each test here makes another.

use std::collections::BTreeMap;
use std::fs::File;
use std::time::{Duration, SystemTime};

use crate::space::{Space, files, same_outputs};

/// The outputs of the run that the others are held against.
fn expected() -> BTreeMap<String, Vec<u8>> {
    Space::finished().outputs()
}

#[test]
fn one_thread_in_another_folder_time_zone_and_language() {
    let space = Space::fresh_in("elsewhere/a folder with spaces/文件夹");
    let home = space.path("no such home");
    let env = [
        ("TZ", "Pacific/Kiritimati"),
        ("LANG", "de_DE.UTF-8"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("HOME", home.to_str().unwrap()),
        ("RAYON_NUM_THREADS", "1"),
        ("POLARS_MAX_THREADS", "1"),
        ("COLUMNS", "20"),
    ];
    let story = space.run_with(&["-j", "1", "--locked"], &env);
    assert_eq!((story.code, &story.problems[..]), (0, &[][..]), "{story:?}");
    assert_eq!(story.cached.len(), 0, "{story:?}");
    same_outputs(&space.outputs(), &expected());
    assert!(!home.exists());
}

#[test]
fn eight_threads_without_an_environment_among_old_files() {
    let space = Space::fresh_in("x");
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * 365);
    for path in files(space.root(), "raw").iter().chain(&files(space.root(), "report")) {
        let file = File::options().write(true).open(space.path(path)).unwrap();
        file.set_modified(old).unwrap();
    }
    let mut command = space.command(&["run", "-j", "8", "--locked"]);
    let env = [("POLARS_ENGINE", "streaming"), ("POLARS_MAX_THREADS", "7")];
    let output = command.env_clear().envs(env).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    same_outputs(&space.outputs(), &expected());
}

/// Stages forced to run again meet their own earlier results in the store,
/// which would tell on a difference.
#[test]
fn all_but_the_report_twice_in_one_store() {
    let space = Space::finished();
    let said = space.say(&["graph", "--json"]).out;
    let graph: serde_json::Value = serde_json::from_str(&said).unwrap();
    let stages = graph["stages"].as_array().unwrap();
    let names = stages.iter().map(|stage| stage["name"].as_str().unwrap());
    let names: Vec<&str> = names.filter(|name| *name != "report").collect();
    let story = space.run(&[&names[..], &["--force", "--locked"]].concat());
    assert_eq!((story.code, story.ran.len()), (0, space.stages() - 1), "{story:?}");
    same_outputs(&space.outputs(), &expected());
}

#[test]
fn from_another_folder_by_its_path() {
    let space = Space::finished();
    let root = space.root().to_str().unwrap();
    let mut command = space.command(&["-C", root, "run", "--locked"]);
    let output = command.current_dir("/").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let nothing = format!("nothing ran: {} stages are up to date", space.stages());
    assert!(said.starts_with(&nothing), "{said}");
}

/// Nothing that was made says where, when or by whom.
#[test]
fn outputs_and_lock_name_no_machine() {
    let space = Space::finished();
    let root = space.root().to_str().unwrap().to_string();
    let mut texts = space.outputs();
    texts.insert("pipeline.lock".into(), space.bytes("pipeline.lock"));
    let mut words = vec![root, crate::space::PROJECT.to_string()];
    words.extend(std::fs::read_to_string("/etc/hostname").map(|name| name.trim().to_string()));
    words.retain(|word| word.len() > 4);
    for (path, bytes) in &texts {
        for word in &words {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{path} holds `{word}`");
        }
    }
}
