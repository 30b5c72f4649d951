//! A damaged store: found, set aside, said, and made again; never a wrong result.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::cache::{STAGES, TEXT, study};
use crate::space::{Space, same};

const DAMAGED: &str = "object `DIGEST` in the store is damaged; it was set aside and is made again";

/// What `first` makes of the study.
const FIRST: &str = "NAME,N\nLIMA,1\n";

/// Overwrites a file of the store, which is read-only.
fn overwrite(path: &Path, bytes: &[u8]) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Ways in which a disk, a copy or an editor damage a file.
fn damages(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut flipped = bytes.to_vec();
    flipped[bytes.len() / 2] ^= 1;
    let longer = [bytes, b"\n"].concat();
    vec![flipped, bytes[..bytes.len() - 1].to_vec(), Vec::new(), vec![0; bytes.len()], longer]
}

fn check(space: &Space) -> String {
    let said = space.say(&["cache", "check"]);
    assert_eq!(said.code, 0, "{}", said.err);
    said.out
}

#[test]
fn a_damaged_object_that_a_later_stage_needs() {
    for damage in damages(FIRST.as_bytes()) {
        let space = study();
        overwrite(&space.object(FIRST), &damage);
        // `first` is known and `text` is not: it needs the bytes of `first`.
        space.edit("pipeline.yaml", "s/^/- /", "s/^/+ /");
        let story = space.good(&[]);
        assert_eq!(story.told(), "ran first text, cached apart clean", "{damage:?}");
        assert_eq!(story.notes, [DAMAGED]);
        assert_eq!(space.text("outputs/text.txt"), TEXT.replace('-', "+"));
        assert_eq!(space.quarantined(), 1);
        assert_eq!(fs::read(space.object(FIRST)).unwrap(), FIRST.as_bytes());
        let again = space.good(&[]);
        assert_eq!(
            (again.told().as_str(), &again.notes[..]),
            ("cached apart clean first text", &[][..])
        );
        same(&check(&space), "12 sound, 0 damaged\n");
    }
}

#[test]
fn a_damaged_object_that_is_to_be_put_in_place() {
    for damage in damages(FIRST.as_bytes()) {
        let space = study();
        overwrite(&space.object(FIRST), &damage);
        space.remove("outputs/first.csv");
        let story = space.good(&[]);
        assert_eq!(story.told(), "ran first, cached apart clean text", "{damage:?}");
        assert_eq!((&story.notes[..], space.quarantined()), (&[DAMAGED.to_string()][..], 1));
        assert_eq!(space.text("outputs/first.csv"), FIRST);
    }
}

#[test]
fn a_deleted_object_is_made_again() {
    let space = study();
    fs::remove_file(space.object(FIRST)).unwrap();
    let story = space.good(&[]);
    assert_eq!(story.told(), "ran first, cached apart clean text");
    assert_eq!(fs::read(space.object(FIRST)).unwrap(), FIRST.as_bytes());
    fs::remove_dir_all(space.path(".colophon/store")).unwrap();
    let story = space.good(&[]);
    assert_eq!(story.told(), "ran apart clean first text");
    assert_eq!(story.published, [""; 0]);
}

#[test]
fn a_damaged_chain_is_made_again_from_the_raw_data() {
    let space = study();
    for output in ["outputs/clean.csv", "outputs/first.csv", "outputs/text.txt"] {
        overwrite(&space.object(&space.text(output)), b"damaged");
        space.remove(output);
    }
    let story = space.good(&[]);
    assert_eq!(story.told(), "ran clean first text, cached apart");
    assert_eq!((story.notes.len(), space.quarantined()), (3, 3));
    assert_eq!(space.text("outputs/text.txt"), TEXT);
}

#[test]
fn something_else_where_an_object_belongs() {
    let space = study();
    let object = space.object(FIRST);
    fs::remove_file(&object).unwrap();
    fs::create_dir(&object).unwrap();
    space.edit("pipeline.yaml", "s/^/- /", "s/^/+ /");
    let story = space.good(&[]);
    assert_eq!(story.told(), "ran first text, cached apart clean");
    assert_eq!(space.text("outputs/text.txt"), TEXT.replace('-', "+"));
}

#[test]
fn cache_check_finds_every_damage() {
    let space = study();
    same(&check(&space), "10 sound, 0 damaged\n");
    overwrite(&space.object(FIRST), b"damaged");
    let record = records(&space).remove(0);
    overwrite(&record, b"");
    let said = space.say(&["cache", "check"]);
    assert_eq!(said.code, 4);
    let left = "it was left as it is; `colophon cache check --repair` sets it aside";
    same(
        &said.err,
        &format!(
            "note: object `DIGEST` in the store is damaged\nhint: {left}\n\
             note: a result record in the store is damaged\nhint: {left}\n"
        ),
    );
    // Only looked at: it is all still there.
    assert_eq!((said.out.lines().count(), space.quarantined()), (1, 0));
    assert!(said.out.starts_with("8 sound, 2 damaged; "), "{}", said.out);
    let said = space.say(&["cache", "check", "--repair"]);
    assert_eq!(said.code, 0);
    let incomplete = "1 result without all of its objects; the next run makes again what it needs";
    same(&said.out, &format!("7 sound, 2 damaged, {incomplete}\n"));
    let note = "in the store is damaged; it was set aside and is made again\n";
    same(&said.err, &format!("note: object `DIGEST` {note}note: a result record {note}"));
    same(space.say(&["cache", "size"]).out.lines().last().unwrap(), "2 files set aside as damaged");
    assert_eq!(space.good(&[]).failed, [""; 0]);
    same(&check(&space), "10 sound, 0 damaged\n");
}

/// The records of the store.
fn records(space: &Space) -> Vec<PathBuf> {
    space.files(".colophon/store/v1/results").iter().map(|path| space.path(path)).collect()
}

/// The first record of a stage; `….2.json` would be the second.
fn record(space: &Space, stage: &str) -> PathBuf {
    let of = format!("\"stage\":\"{stage}\"");
    let first = |path: &PathBuf| path.display().to_string().matches('.').count() == 2;
    let mut all = records(space).into_iter().filter(first);
    all.find(|path| fs::read_to_string(path).unwrap().contains(&of)).unwrap()
}

#[test]
fn a_damaged_record() {
    let space = study();
    let sound = fs::read(record(&space, "first")).unwrap();
    for damage in damages(&sound) {
        let before = space.quarantined();
        overwrite(&record(&space, "first"), &damage);
        let story = space.good(&[]);
        assert_eq!(story.told(), "ran first, cached apart clean text");
        let note = "a result record in the store is damaged; it was set aside and is made again";
        assert_eq!((&story.notes[..], space.quarantined()), (&[note.to_string()][..], before + 1));
        assert_eq!(space.good(&[]).told(), "cached apart clean first text");
    }
}

#[test]
fn a_record_under_another_key() {
    let space = study();
    fs::copy(record(&space, "text"), record(&space, "first")).unwrap();
    let story = space.good(&[]);
    assert_eq!(story.told(), "ran first, cached apart clean text");
    let blamed = story.notes.iter().any(|note| note.contains("not deterministic"));
    assert!(!blamed, "{:?}", story.notes);
    assert_eq!(space.good(&[]).told(), "cached apart clean first text");
}

#[test]
fn damage_is_never_found_in_silence() {
    let note = "note: a result record in the store is damaged\n\
                hint: it was left as it is; `colophon cache check --repair` sets it aside\n";
    for verb in [&["plan"][..], &["status"], &["why", "first"]] {
        let space = study();
        overwrite(&record(&space, "first"), b"damaged");
        // Without it a closer look is taken, at the store too.
        let _ = fs::remove_file(space.path(".colophon/witness"));
        same(&space.say(verb).err, note);
    }
    let space = study();
    overwrite(&space.object(FIRST), b"damaged");
    space.remove("outputs/first.csv");
    let story = space.run(&["--frozen"]);
    assert_eq!((story.code, &story.notes[..]), (3, &[DAMAGED.to_string()][..]));
}

/// Makes other bytes each time that it runs.
const CLOCK: &str = "\
stages:
  now: { cmd: 'date +%N > {{ outputs.t }}', outputs: { t: now.txt } }
  then:
    cmd: cat {{ inputs.t }} > {{ outputs.t }}
    inputs: { t: now.t }
    outputs: { t: then.txt }
";

#[test]
fn a_command_that_is_not_deterministic_is_reported() {
    let space = Space::new(CLOCK);
    assert_eq!(space.good(&[]).notes, [""; 0]);
    assert_eq!(space.good(&[]).told(), "cached now then");
    let first = space.text("outputs/now.txt");
    let story = space.run(&["--force", "now"]);
    let problem = "stage `now` is not deterministic: the same recipe gave other bytes for `t`\n\
                   hint: look for time, randomness, threads or hash order\n\
                   hint: the result that was known still counts\n\
                   hint: if that is the wrong one, `colophon accept now` takes the new one";
    assert_eq!((story.code, &story.problems[..]), (4, &[problem.to_string()][..]));
    assert_eq!((&story.notes[..], space.text("outputs/now.txt")), (&[][..] as &[String], first));
    // The first result stays the known one: nothing flips from run to run.
    space.good(&[]);
    let (lock, text) = (space.text("pipeline.lock"), space.text("outputs/now.txt"));
    assert_eq!(space.good(&[]).told(), "cached now then");
    assert_eq!((space.text("pipeline.lock"), space.text("outputs/now.txt")), (lock, text));
}

#[test]
fn the_newest_result_is_accepted() {
    let space = Space::new(CLOCK);
    space.good(&[]);
    let first = space.text("outputs/now.txt");
    let said = space.say(&["accept", "now"]);
    assert_eq!(said.code, 2);
    same(
        &said.err,
        "error: no stage that is named has a second result\n\
         hint: `colophon run --force STAGE` makes one, if it comes out otherwise\n",
    );
    assert_eq!(space.run(&["--force", "now"]).code, 4);
    let said = space.say(&["accept", "now"]);
    same(
        &said.out,
        "the newest result of stage `now` counts from now on\n\
         `colophon run` puts it in place, with what depends on it\n",
    );
    assert_eq!(space.good(&[]).told(), "ran then, cached now");
    let second = space.text("outputs/now.txt");
    assert!(first != second && space.text("outputs/then.txt") == second);
    // The first is still there, behind it.
    space.say(&["accept", "now"]);
    assert_eq!(space.good(&[]).told(), "cached now then");
    assert_eq!(space.text("outputs/now.txt"), first);
}

#[test]
fn a_forgotten_result_is_made_again() {
    let space = study();
    same(
        &space.say(&["forget", "first"]).out,
        "forgot 1 result; the next run makes what it needs again\n",
    );
    assert_eq!(space.good(&[]).told(), "ran first, cached apart clean text");
    let said = space.say(&["forget"]);
    assert_eq!(said.code, 2);
    same(
        &said.err,
        "error: no stage is named\nhint: `colophon forget STAGE`; nothing was forgotten\n",
    );
}

#[test]
fn a_wholly_damaged_store_costs_one_run() {
    let space = study();
    for path in space.files(".colophon/store/v1/objects") {
        let path = space.path(&path);
        let mut bytes = fs::read(&path).unwrap();
        bytes[0] ^= 1;
        overwrite(&path, &bytes);
    }
    fs::remove_dir_all(space.path("outputs")).unwrap();
    let said = space.say(&["run", "--jobs", "1"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let last = said.err.lines().last().unwrap();
    assert_eq!(last, "done: 4 ran, 4 put in place in TIME", "{}", said.err);
    assert_eq!(space.text("outputs/text.txt"), TEXT);
    assert_eq!(space.good(&[]).told(), "cached apart clean first text");
    same(&check(&space), "10 sound, 0 damaged\n");
}

#[test]
fn a_lost_object_that_can_not_be_made_again() {
    let space = Space::new(CLOCK);
    space.good(&[]);
    overwrite(&space.object(&space.text("outputs/now.txt")), b"damaged");
    space.edit("pipeline.yaml", "cat {{", "head -n 1 {{");
    let story = space.run(&[]);
    assert_eq!(story.code, 8, "{story:?}");
    let lost = "was damaged in the store, and making it again gave other bytes";
    assert!(story.problems[0].contains(lost), "{:?}", story.problems);
    // As the hint says, the next run is well again.
    assert_eq!(space.good(&[]).failed, [""; 0]);
    assert_eq!(space.text("outputs/then.txt"), space.text("outputs/now.txt"));
    assert_eq!(space.good(&[]).told(), "cached now then");
}

#[test]
fn a_known_result_is_found_though_the_first_record_is_gone() {
    let space = Space::new(CLOCK);
    space.good(&[]);
    assert_eq!(space.run(&["--force", "now"]).code, 4);
    fs::remove_file(record(&space, "now")).unwrap();
    assert_eq!(space.good(&["now"]).told(), "cached now");
}

#[test]
fn a_file_where_the_store_belongs() {
    let space = Space::new(STAGES);
    space.file("raw.csv", "");
    space.file("loose.txt", "");
    space.file("store", "");
    let said = space.say(&["run", "--store", "store"]);
    same(&said.err, "error: cannot open `store/v1`: not a directory\n");
    assert_eq!((said.code, said.out.as_str()), (9, ""));
    let said = space.say(&["cache", "size", "--store", "store"]);
    assert_eq!(said.code, 9);
}

/// A file in the place of one of the store's folders: a run goes on without it where
/// results can be made again, and else it is said what sets it aside.
#[test]
fn a_file_where_a_folder_of_the_store_belongs() {
    let store = ".colophon/store/v1";
    let fan = |space: &Space, part: &str| {
        let folder = fs::read_dir(space.path(store).join(part)).unwrap().next().unwrap().unwrap();
        fs::remove_dir_all(folder.path()).unwrap();
        fs::write(folder.path(), "mine\n").unwrap();
    };
    for part in ["objects", "results"] {
        let space = study();
        fan(&space, part);
        let said = space.say(&["cache", "check"]);
        assert_eq!((said.code, space.quarantined()), (4, 0), "{said:?}");
        let left = "it was left as it is; `colophon cache check --repair` sets it aside";
        let told = "note: a file where a folder belongs in the store is damaged\n";
        assert!(said.err.contains(&format!("{told}hint: {left}\n")), "{}", said.err);
        let said = space.say(&["cache", "check", "--repair"]);
        assert!(said.code == 0 && said.out.contains(" sound, 1 damaged"), "{said:?}");
        assert_eq!(space.quarantined(), 1);
        space.good(&[]);
        // A run by itself.
        fan(&space, part);
        fs::remove_dir_all(space.path("outputs")).unwrap();
        space.edit("pipeline.yaml", "s/^/- /", "s/^/+ /");
        space.good(&["--force", "clean", "first", "text", "apart"]);
        assert_eq!(space.text("outputs/text.txt"), TEXT.replace('-', "+"));
    }
    for part in ["objects", "results", "quarantine", "temp"] {
        let space = study();
        fs::remove_dir_all(space.path(store).join(part)).unwrap();
        space.file(&format!("{store}/{part}"), "mine\n");
        for verb in [&["run"][..], &["cache", "check"]] {
            let said = space.say(verb);
            let what = format!("{store}/{part}` is not a folder\n");
            assert!(said.code == 9 && said.err.contains(&what), "{said:?}");
            let hint = "hint: nothing was touched; `colophon cache check --repair` sets it aside\n";
            assert!(said.err.contains(hint), "{said:?}");
        }
        let said = space.say(&["cache", "check", "--repair"]);
        assert!(said.code == 0 && said.out.contains(" sound, 1 damaged"), "{said:?}");
        assert_eq!(space.text(&format!("{store}/quarantine/not-{part}")), "mine\n");
        space.good(&[]);
    }
}
