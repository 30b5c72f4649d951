//! What stands below `outputs/`: results that no stage makes any more, that moved,
//! that are not of this run, or that somebody edited.

use std::fs;

use crate::shortcut::settled;
use crate::space::{Space, same};

#[test]
fn results_that_no_stage_makes_any_more() {
    let space = settled();
    space.file("outputs/mine.txt", "mine\n");
    space.edit("pipeline.yaml", "{ t: text.txt }", "{ t: moved.txt }");
    let said = space.say(&["run", "--quiet"]);
    same(&said.err, "note: `outputs/text.txt` is no longer made by any stage; it was removed\n");
    let there = ["apart.txt", "clean.csv", "deep/list.txt", "first.csv", "mine.txt", "moved.txt"];
    assert_eq!(space.files("outputs"), there.map(|path| format!("outputs/{path}")));
    // What someone has edited is theirs.
    space.file("outputs/moved.txt", "edited\n");
    space.edit("pipeline.yaml", "{ t: moved.txt }", "{ t: again.txt }");
    same(&space.say(&["run", "--quiet"]).err, "");
    assert_eq!(space.text("outputs/moved.txt"), "edited\n");
}

/// A result that becomes a folder, and a folder that becomes a result.
#[test]
fn results_that_are_renamed_into_and_out_of_a_folder() {
    let stage = |path: &str| {
        format!("stages:\n  a: {{ cmd: 'echo > {{{{ outputs.t }}}}', outputs: {{ t: {path} }} }}\n")
    };
    let space = Space::new(&stage("model"));
    space.good(&[]);
    for path in ["model/w.bin", "model/deep/w.bin", "model", "model/w.bin", "model/w.bin/x", "w"] {
        space.pipeline(&stage(path));
        let said = space.say(&["run", "--quiet"]);
        assert_eq!(said.code, 0, "{path}: {}", said.err);
        assert_eq!(space.files("outputs"), [format!("outputs/{path}")], "{path}");
    }
    assert!(!space.path("outputs/model").exists());
    // An empty folder makes way; one that holds something is somebody's, and then
    // the lock does not speak of what could not be put in place.
    fs::create_dir_all(space.path("outputs/v/empty/empty")).unwrap();
    space.pipeline(&stage("v"));
    space.good(&[]);
    let lock = space.text("pipeline.lock");
    space.file("outputs/u/mine.txt", "mine\n");
    space.pipeline(&stage("u"));
    let said = space.say(&["run"]);
    assert_eq!(said.code, 9);
    let told = "error: cannot replace `outputs/u`: is a directory\n\
                hint: a folder stands where a result belongs; move it away\n";
    assert!(said.err.contains(told), "{}", said.err);
    assert_eq!(
        (space.text("pipeline.lock"), space.text("outputs/u/mine.txt")),
        (lock, "mine\n".into())
    );
}

/// What somebody edited makes way for a result above or below it, and is kept.
#[test]
fn an_edited_result_in_the_way_of_another_is_kept() {
    let stage = |path: &str| {
        format!("stages:\n  a: {{ cmd: 'echo > {{{{ outputs.t }}}}', outputs: {{ t: {path} }} }}\n")
    };
    let space = Space::new(&stage("model"));
    space.good(&[]);
    for (before, after) in [("model", "model/w.bin"), ("model/w.bin", "model")] {
        let text = format!("mine at {before}\n");
        space.file(&format!("outputs/{before}"), &text);
        space.pipeline(&stage(after));
        let story = space.good(&[]);
        let copies = space.files(".colophon");
        let kept = |path: &&String| space.text(path) == text;
        let copy = copies.iter().filter(|path| path.contains("/kept")).find(kept).unwrap();
        let told =
            format!("`outputs/{before}` was edited since it was made; your copy is `{copy}`");
        assert_eq!(story.notes, [told]);
        assert_eq!(space.files("outputs"), [format!("outputs/{after}")]);
    }
}

/// A run that is killed may have put a result in place and not yet remembered it: it
/// makes way as any other, and beside what is not ours nothing is removed.
#[test]
fn what_a_killed_run_put_in_place_makes_way() {
    let stage = |path: &str| {
        format!("stages:\n  a: {{ cmd: 'echo > {{{{ outputs.t }}}}', outputs: {{ t: {path} }} }}\n")
    };
    let space = Space::new(&stage("model/deep/w.bin"));
    space.good(&[]);
    for after in ["model", "model/w.bin", "model"] {
        space.remove(".colophon/state.json");
        space.pipeline(&stage(after));
        space.good(&[]);
        assert_eq!(space.files("outputs"), [format!("outputs/{after}")]);
    }
    space.pipeline(&stage("model/w.bin"));
    space.good(&[]);
    space.remove(".colophon/state.json");
    space.file("outputs/model/mine.txt", "mine\n");
    space.pipeline(&stage("model"));
    assert_eq!(space.run(&[]).code, 9);
    assert_eq!(space.files("outputs"), ["outputs/model/mine.txt", "outputs/model/w.bin"]);
}

#[test]
fn old_results_beside_new_ones_are_named() {
    let space = settled();
    space.edit("raw.csv", "lima,1", "lima,3");
    space.edit("pipeline.yaml", "s/^/- /", "s/^/- /; q 3");
    let said = space.say(&["run"]);
    assert_eq!(said.code, 1);
    let told = "note: `outputs/text.txt` is not of this run: what stands there was made before\n";
    assert!(said.err.contains(told), "{}", said.err);
    assert!(space.text("outputs/text.txt").contains("LIMA,1"));
    assert!(space.text("outputs/first.csv").contains("LIMA,3"));
}

/// What somebody edited is kept below its own path, however long that is, and
/// beside what was kept before.
#[test]
fn an_edited_result_deep_in_folders_is_kept() {
    let deep = format!("{}/{}/t.txt", "d".repeat(200), "e".repeat(200));
    let space = Space::new(&format!(
        "stages:\n  a: {{ cmd: 'echo made > {{{{ outputs.t }}}}', outputs: {{ t: {deep} }} }}\n"
    ));
    space.good(&[]);
    for (n, text) in [(1, "mine\n"), (2, "mine too\n"), (3, "and this\n")] {
        space.file(&format!("outputs/{deep}"), text);
        let story = space.good(&[]);
        let folder = if n == 1 { "kept".to_string() } else { format!("kept-{n}") };
        let copy = format!(".colophon/{folder}/{deep}");
        assert_eq!(story.notes.len(), 1, "{story:?}");
        assert!(story.notes[0].contains(&format!("your copy is `{copy}`")), "{story:?}");
        assert_eq!(space.text(&copy), text);
        assert_eq!(space.text(&format!("outputs/{deep}")), "made\n");
    }
}

/// Results may be committed: what `git` puts in place with another lock is what that
/// lock says, and no edit; anything else is.
#[test]
fn a_result_as_the_lock_has_it_is_not_kept() {
    let stage = |text: &str, path: &str| {
        format!(
            "stages:\n  a: {{ cmd: 'echo {text} > {{{{ outputs.t }}}}', \
             outputs: {{ t: {path} }} }}\n"
        )
    };
    let other = Space::new(&stage("other", "t.txt"));
    other.good(&[]);
    let space = Space::new(&stage("made", "t.txt"));
    space.good(&[]);
    let check_out = || {
        space.file("pipeline.lock", other.text("pipeline.lock"));
        space.file("outputs/t.txt", "other\n");
    };
    check_out();
    let said = space.say(&["status"]);
    assert!(said.out.contains("its results are known but not in place"), "{}", said.out);
    assert_eq!(space.good(&[]).notes, [""; 0]);
    assert_eq!(space.text("outputs/t.txt"), "made\n");
    // It makes way for a result below it, too, with and without a memory of the place.
    for forgets in [false, true] {
        space.pipeline(&stage("made", "t.txt"));
        space.good(&[]);
        check_out();
        if forgets {
            space.remove(".colophon/state.json");
        }
        space.pipeline(&stage("made", "t.txt/deep"));
        assert_eq!(space.good(&[]).notes, [""; 0]);
        assert_eq!(space.files("outputs"), ["outputs/t.txt/deep"]);
    }
    space.pipeline(&stage("made", "t.txt"));
    space.good(&[]);
    check_out();
    space.file("outputs/t.txt", "mine\n");
    assert!(space.say(&["status"]).out.contains("was edited since"));
    assert_eq!(space.good(&[]).notes.len(), 1);
    assert_eq!(space.text(".colophon/kept/t.txt"), "mine\n");
}
