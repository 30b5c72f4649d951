//! What runs and what is reused, as stories of edits.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::space::{Space, same};

/// Raw data, cleaned; its first row; a text about that; and something apart.
pub(crate) const STAGES: &str = "\
stages:
  clean:
    cmd: tr a-z A-Z < {{ inputs.raw }} > {{ outputs.t }}
    inputs: { raw: raw.csv }
    outputs: { t: clean.csv }
  first:
    cmd: head -n 2 {{ inputs.t }} > {{ outputs.t }}
    inputs: { t: clean.t }
    outputs: { t: first.csv }
  text:
    cmd: sed 's/^/- /' {{ inputs.t }} > {{ outputs.t }}
    inputs: { t: first.t }
    outputs: { t: text.txt }
  apart:
    cmd: wc -c < {{ inputs.t }} > {{ outputs.t }}
    inputs: { t: loose.txt }
    outputs: { t: apart.txt }
";
pub(crate) const RAW: &str = "name,n\nlima,1\noslo,2\n";
pub(crate) const TEXT: &str = "- NAME,N\n- LIMA,1\n";

/// The project, run once.
pub(crate) fn study() -> Space {
    let space = Space::new(STAGES);
    space.file("raw.csv", RAW);
    space.file("loose.txt", "loose\n");
    let story = space.good(&[]);
    assert_eq!(story.told(), "ran apart clean first text");
    assert_eq!(story.published.len(), 4);
    assert_eq!(space.text("outputs/text.txt"), TEXT);
    space
}

#[test]
fn there_is_nothing_to_do_the_second_time() {
    let space = study();
    let story = space.good(&[]);
    assert_eq!(story.told(), "cached apart clean first text");
    assert_eq!(story.published, [""; 0]);
    let said = space.say(&["run"]);
    same(&said.err, "nothing ran: 4 stages are up to date (TIME)\n");
    assert_eq!((said.code, said.out.as_str()), (0, ""));
}

#[test]
fn a_touched_file_reruns_nothing() {
    let space = study();
    let file = fs::File::options().write(true).open(space.path("raw.csv")).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    space.file("loose.txt", "loose\n");
    assert_eq!(space.good(&[]).told(), "cached apart clean first text");
}

#[test]
fn a_changed_cell_reruns_what_it_reaches_and_no_more() {
    let space = study();
    space.edit("raw.csv", "lima,1", "lima,3");
    assert_eq!(space.good(&[]).told(), "ran clean first text, cached apart");
    assert_eq!(space.text("outputs/text.txt"), "- NAME,N\n- LIMA,3\n");
    // The second row is not in `first`: its bytes are equal, and `text` is reused.
    space.edit("raw.csv", "oslo,2", "oslo,4");
    let story = space.good(&[]);
    assert_eq!(story.told(), "ran clean first, cached apart text");
    assert_eq!(story.published, ["outputs/clean.csv"]);
}

#[test]
fn a_change_that_keeps_size_and_times_is_seen() {
    let space = study();
    let file = || fs::File::options().write(true).open(space.path("raw.csv")).unwrap();
    let time = file().metadata().unwrap().modified().unwrap();
    space.edit("raw.csv", "lima,1", "lima,3");
    file().set_modified(time).unwrap();
    assert_eq!(space.good(&[]).told(), "ran clean first text, cached apart");
}

#[test]
fn going_back_runs_nothing() {
    let space = study();
    space.edit("raw.csv", "lima", "rome");
    space.edit("pipeline.yaml", "head -n 2", "head -n 3");
    assert_eq!(space.good(&[]).told(), "ran clean first text, cached apart");
    space.file("raw.csv", RAW);
    space.edit("pipeline.yaml", "head -n 3", "head -n 2");
    let story = space.good(&[]);
    assert_eq!(story.told(), "cached apart clean first text");
    assert_eq!(story.published.len(), 3);
    assert_eq!(space.text("outputs/text.txt"), TEXT);
}

#[test]
fn words_for_readers_rerun_nothing() {
    let space = study();
    space.edit("pipeline.yaml", "  clean:\n", "  clean:\n    desc: Upper case\n    timeout: 1h\n");
    assert_eq!(space.good(&[]).told(), "cached apart clean first text");
}

#[test]
fn deleted_and_edited_outputs_are_put_back() {
    let space = study();
    space.remove("outputs/clean.csv");
    space.file("outputs/text.txt", "edited by hand\n");
    let said = space.say(&["status"]);
    same(
        &said.out.replace(" (last time TIME)", ""),
        " restore clean                    its results are known but not in place\n \
         restore text                     `outputs/text.txt` was edited since; a run keeps a \
         copy and puts the result back\n\
         2 of 4 stages not up to date\n",
    );
    let story = space.good(&[]);
    assert_eq!(story.told(), "cached apart clean first text");
    assert_eq!(story.published, ["outputs/clean.csv", "outputs/text.txt"]);
    let kept = "`outputs/text.txt` was edited since it was made; your copy is \
                `.colophon/kept/text.txt`";
    assert_eq!(story.notes, [kept]);
    assert_eq!(space.text(".colophon/kept/text.txt"), "edited by hand\n");
    assert_eq!(space.text("outputs/text.txt"), TEXT);
    fs::remove_dir_all(space.path("outputs")).unwrap();
    let said = space.say(&["run"]);
    same(&said.err, "done: 4 cached, 4 put in place in TIME\n");
    assert_eq!(space.text("outputs/text.txt"), TEXT);
}

#[test]
fn an_edited_output_never_reaches_the_store() {
    let space = study();
    // An editor that writes in place would write through a hard link.
    fs::write(space.path("outputs/first.csv"), "NAME,N\nEDITED,9\n").unwrap();
    space.edit("pipeline.yaml", "s/^/- /", "s/^/* /");
    assert_eq!(space.good(&[]).told(), "ran text, cached apart clean first");
    assert_eq!(space.text("outputs/text.txt"), "* NAME,N\n* LIMA,1\n");
    assert_eq!(space.quarantined(), 0);
}

#[test]
fn two_checkouts_share_a_store() {
    let (one, two, store) = (Space::new(STAGES), Space::new(STAGES), Space::empty());
    let store = store.path("shared").display().to_string();
    for space in [&one, &two] {
        space.file("raw.csv", RAW);
        space.file("loose.txt", "loose\n");
    }
    assert_eq!(one.good(&["--store", &store]).told(), "ran apart clean first text");
    let story = two.good(&["--store", &store]);
    assert_eq!(story.told(), "cached apart clean first text");
    assert_eq!(two.text("outputs/text.txt"), TEXT);
    assert_eq!(one.text("pipeline.lock"), two.text("pipeline.lock"));
    assert!(!two.exists(".colophon/store"));
    let output = two.command(&["status"]).env("COLOPHON_STORE", &store).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    same(&out, "everything is up to date: 4 stages\n");
}

#[test]
fn a_damaged_state_is_only_forgotten() {
    let space = study();
    for damage in ["", "{}", "not json", "\0\0\0\0"] {
        space.file(".colophon/state.json", damage);
        assert_eq!(space.good(&[]).told(), "cached apart clean first text", "{damage:?}");
    }
    space.remove(".colophon/state.json");
    assert_eq!(space.good(&[]).told(), "cached apart clean first text");
}

#[test]
fn a_renamed_project_keeps_its_results() {
    let space = Space::empty();
    space.file("here/pipeline.yaml", format!("version: 1\nname: x\n{STAGES}"));
    space.file("here/raw.csv", RAW);
    space.file("here/loose.txt", "loose\n");
    assert_eq!(space.good(&["-C", "here"]).told(), "ran apart clean first text");
    let lock = space.text("here/pipeline.lock");
    fs::rename(space.path("here"), space.path("there")).unwrap();
    let story = space.good(&["-C", "there"]);
    assert_eq!(story.told(), "cached apart clean first text");
    assert_eq!(story.published, [""; 0]);
    assert_eq!(space.text("there/pipeline.lock"), lock);
    assert!(!lock.contains("here") && !lock.contains("/tmp"), "{lock}");
}

#[test]
fn force_runs_what_is_named() {
    let space = study();
    assert_eq!(space.good(&["--force", "first"]).told(), "ran first, cached clean");
    assert_eq!(space.good(&["--force"]).told(), "ran apart clean first text");
    assert_eq!(space.good(&[]).told(), "cached apart clean first text");
}

#[test]
fn only_what_is_named_and_what_it_needs() {
    let space = Space::new(STAGES);
    space.file("raw.csv", RAW);
    space.file("loose.txt", "loose\n");
    let story = space.good(&["first"]);
    assert_eq!(story.told(), "ran clean first");
    assert_eq!(story.published, ["outputs/clean.csv", "outputs/first.csv"]);
    assert_eq!(space.good(&["outputs/apart.txt"]).told(), "ran apart");
    assert_eq!(space.good(&["./outputs/text.txt"]).told(), "ran text, cached clean first");
}

/// A stage for each of two cities, and one over both.
const CELLS: &str = "\
params: { word: hello, n: 1 }
profiles: { loud: { params: { word: HELLO } }, other: { inputs: { city.names: other.txt } } }
stages:
  city:
    cmd: echo {{ params.word }} $(grep {{ matrix.city }} {{ inputs.names }}) > {{ outputs.t }}
    matrix: { city: [lima, oslo] }
    inputs: { names: names.txt }
    outputs: { t: 'city/{{ matrix.city }}.txt' }
  both:
    cmd: cat {{ inputs.all }} > {{ outputs.t }}
    inputs: { all: city.* }
    outputs: { t: both.txt }
  one:
    cmd: cat {{ inputs.t }} > {{ outputs.t }}
    inputs: { t: city@oslo.t }
    outputs: { t: one.txt }
";

fn cities() -> Space {
    let space = Space::new(CELLS);
    space.file("names.txt", "lima in Peru\noslo in Norway\n");
    space.file("other.txt", "lima in Ohio\noslo in Norway\n");
    assert_eq!(space.good(&[]).told(), "ran both city@lima city@oslo one");
    assert_eq!(space.text("outputs/both.txt"), "hello lima in Peru\nhello oslo in Norway\n");
    space
}

#[test]
fn cells_of_a_matrix_run_by_themselves() {
    let space = cities();
    space.edit("pipeline.yaml", "[lima, oslo]", "[lima, oslo, rome]");
    space.edit("names.txt", "Norway\n", "Norway\nrome in Italy\n");
    // Every cell reads the list of names, but only the new one gives other bytes.
    let story = space.good(&[]);
    assert_eq!(story.told(), "ran both city@lima city@oslo city@rome, cached one");
    assert_eq!(space.good(&["city@rome"]).told(), "cached city@rome");
    assert_eq!(space.good(&["city"]).told(), "cached city@lima city@oslo city@rome");
    space.edit("pipeline.yaml", "[lima, oslo, rome]", "[oslo]");
    assert_eq!(space.good(&[]).told(), "ran both, cached city@oslo one");
    assert!(!space.text("pipeline.lock").contains("lima"));
}

#[test]
fn profiles_and_parameters() {
    let space = cities();
    let loud = space.good(&["--profile", "loud"]);
    assert_eq!(loud.told(), "ran both city@lima city@oslo one");
    assert_eq!(space.text("outputs/one.txt"), "HELLO oslo in Norway\n");
    assert_eq!(space.good(&[]).told(), "cached both city@lima city@oslo one");
    assert_eq!(space.good(&["--param", "word=HELLO"]).told(), loud.told().replace("ran", "cached"));
    let other = space.good(&["--profile", "other"]);
    assert_eq!(other.told(), "ran both city@lima city@oslo, cached one");
    assert_eq!(space.text("outputs/both.txt"), "hello lima in Ohio\nhello oslo in Norway\n");
    // A parameter that no command uses is no reason to run.
    assert_eq!(space.good(&["--param", "n=2"]).told(), "cached both city@lima city@oslo one");
}

/// Results are read while they are still on their way into the store.
#[test]
fn many_small_stages_at_once() {
    let cells: Vec<_> = (0..60).map(|n| n.to_string()).collect();
    let space = Space::new(&format!(
        "stages:\n  one:\n    cmd: [cp, '{{{{ inputs.t }}}}', '{{{{ outputs.t }}}}']\n    \
         matrix: {{ n: [{}] }}\n    inputs: {{ t: '{{{{ matrix.n }}}}.csv' }}\n    \
         outputs: {{ t: 'one/{{{{ matrix.n }}}}' }}\n  all:\n    \
         cmd: cat {{{{ inputs.all }}}} > {{{{ outputs.t }}}}\n    inputs: {{ all: one.* }}\n    \
         outputs: {{ t: all.txt }}\n",
        cells.join(", ")
    ));
    for n in &cells {
        space.file(&format!("{n}.csv"), format!("{n}\n"));
    }
    let story = space.good(&["--jobs", "8"]);
    // Each ran once: nothing was taken for lost.
    assert_eq!((story.ran.len(), story.notes.len()), (61, 0), "{:?}", story.notes);
    assert_eq!(space.files("outputs").len(), 61);
    assert_eq!(space.text("outputs/all.txt").lines().count(), 60);
    for _ in 0..3 {
        fs::remove_dir_all(space.path(".colophon/store")).unwrap();
        fs::remove_dir_all(space.path("outputs")).unwrap();
        assert_eq!(space.good(&["--jobs", "8"]).ran.len(), 61);
        assert_eq!(space.files("outputs").len(), 61);
    }
}
