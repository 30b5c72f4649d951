//! After any history of edits, deletions, damage and kills, an incremental run
//! equals a run from scratch.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use crate::space::Space;

/// Two tables, each cut by a parameter; their union, which is put in one of a few
/// places; a folder of parts; and a count of the union.
const STAGES: &str = "\
stages:
  cut:
    cmd: head -n {{ params.rows }} {{ inputs.t }} > {{ outputs.t }}
    matrix: { table: [one, two] }
    inputs: { t: '{{ matrix.table }}.csv' }
    outputs: { t: 'cut/{{ matrix.table }}.csv' }
  union:
    cmd: cat {{ inputs.all }} | sort > {{ outputs.t }}
    inputs: { all: cut.* }
    outputs: { t: UNION }
  parts:
    cmd: cat {{ inputs.parts }} > {{ outputs.t }}
    inputs: { parts: 'parts/*.txt' }
    outputs: { t: parts.txt }
  number:
    cmd: [sh, count.sh, '{{ inputs.t }}', '{{ outputs.t }}']
    inputs: { t: union.t, script: count.sh }
    outputs: { t: count.txt }
";

/// What the files of the project say; outputs follow from it.
#[derive(Clone, Debug, PartialEq)]
struct State {
    rows: usize,
    tables: [[u64; 3]; 2],
    unit: u64,
    /// Where the union is put: one place is a folder where another is a file.
    place: usize,
    /// The files of a folder.
    parts: BTreeSet<u64>,
    /// Whether the first table is a link to a file.
    linked: bool,
    /// Whether the script may be executed.
    executable: bool,
}

const PLACES: [&str; 4] = ["union.csv", "deep/union.csv", "union.csv/all.csv", "deep"];

impl State {
    fn write(&self, space: &Space) {
        self.write_with(space, "");
    }

    /// The same, with something before each command of `number`.
    fn write_with(&self, space: &Space, before: &str) {
        let stages = STAGES.replace("UNION", PLACES[self.place]);
        let stages = stages.replace("[sh, count.sh", &format!("[sh, {before}count.sh"));
        let pipeline = format!("version: 1\nname: x\nparams: {{ rows: {} }}\n{stages}", self.rows);
        let script = format!("echo $(wc -l < $1) u{} > $2\n", self.unit);
        let table = |cells: &[u64; 3]| cells.map(|cell| format!("r{cell}\n")).concat();
        for (path, text) in [
            ("pipeline.yaml", pipeline),
            ("count.sh", script),
            ("one.csv", table(&self.tables[0])),
            ("two.csv", table(&self.tables[1])),
        ] {
            // An untouched file keeps its times, as in an editor.
            if !space.exists(path) || space.text(path) != text {
                space.file(path, text);
            }
        }
        let one = space.path("one.csv");
        if self.linked != one.is_symlink() {
            let text = fs::read(&one).unwrap();
            fs::remove_file(&one).unwrap();
            match self.linked {
                true => {
                    space.file("aside/one.csv", text);
                    symlink("aside/one.csv", &one).unwrap();
                }
                false => fs::write(&one, text).unwrap(),
            }
        }
        for part in 0..4 {
            let path = format!("parts/{part}.txt");
            match (self.parts.contains(&part), space.exists(&path)) {
                (true, false) => space.file(&path, format!("p{part}\n")),
                (false, true) => space.remove(&path),
                _ => {}
            }
        }
        let mode = if self.executable { 0o755 } else { 0o644 };
        fs::set_permissions(space.path("count.sh"), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A change of one thing.
    fn edit(&mut self, dice: &mut Dice) -> String {
        match dice.below(8) {
            0..=2 => {
                let (table, row) = (dice.below(2), dice.below(3));
                self.tables[table][row] = dice.below(4) as u64;
                format!("edited row {row} of table {table}")
            }
            3 => {
                self.rows = 1 + dice.below(3);
                format!("cut at {}", self.rows)
            }
            4 => {
                self.unit = dice.below(3) as u64;
                format!("unit {}", self.unit)
            }
            5 => {
                self.place = dice.below(PLACES.len());
                format!("put at {}", PLACES[self.place])
            }
            6 => {
                let part = 1 + dice.below(3) as u64;
                if !self.parts.remove(&part) {
                    self.parts.insert(part);
                }
                format!("part {part}")
            }
            _ => {
                (self.linked, self.executable) = (dice.below(2) == 0, dice.below(2) == 0);
                format!("linked {}, executable {}", self.linked, self.executable)
            }
        }
    }

    /// The outputs, computed without the program.
    fn outputs(&self) -> Vec<(String, String)> {
        let cut = |n: usize| self.tables[n].iter().take(self.rows).map(|cell| format!("r{cell}\n"));
        let mut union: Vec<String> = cut(0).chain(cut(1)).collect();
        union.sort();
        let count = format!("{} u{}\n", union.len(), self.unit);
        vec![
            ("outputs/count.txt".into(), count),
            ("outputs/cut/one.csv".into(), cut(0).collect()),
            ("outputs/cut/two.csv".into(), cut(1).collect()),
            ("outputs/parts.txt".into(), self.parts.iter().map(|n| format!("p{n}\n")).collect()),
            (format!("outputs/{}", PLACES[self.place]), union.concat()),
        ]
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % limit
    }

    fn choose<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        (!list.is_empty()).then(|| &list[self.below(list.len())])
    }
}

/// One step of a history; says what it did.
fn step(space: &Space, dice: &mut Dice, state: &mut State, past: &[State]) -> String {
    match dice.below(14) {
        0..=4 => state.edit(dice),
        5 => {
            *state = dice.choose(past).unwrap_or(state).clone();
            "went back".into()
        }
        6 => on_a_file(space, dice, "outputs", "deleted", |path| fs::remove_file(path).unwrap()),
        7 => on_a_file(space, dice, "outputs", "edited", |path| fs::write(path, "x").unwrap()),
        8 => on_a_file(space, dice, ".colophon/store/v1", "damaged", |path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
            let mut bytes = fs::read(path).unwrap();
            bytes.truncate(bytes.len() / 2);
            fs::write(path, bytes).unwrap();
        }),
        9 => on_a_file(space, dice, ".colophon", "deleted", |path| fs::remove_file(path).unwrap()),
        10 => {
            state.write(space);
            let mut run = space.command(&["run", "--quiet"]).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(dice.below(60_000) as u64));
            run.kill().unwrap();
            run.wait().unwrap();
            "killed a run".into()
        }
        11 => {
            state.write(space);
            let mut run = space.command(&["run", "--quiet"]).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(dice.below(60_000) as u64));
            let edit = state.edit(dice);
            state.write(space);
            run.wait().unwrap();
            format!("while it ran: {edit}")
        }
        12 => {
            state.write_with(space, "-c, 'exit 3', ");
            let failed = space.run(&[]);
            format!("failed with {}", failed.code)
        }
        _ => {
            state.write(space);
            space.good(&["cut@one"]);
            "ran a part".into()
        }
    }
}

fn on_a_file(space: &Space, dice: &mut Dice, below: &str, did: &str, act: fn(&Path)) -> String {
    let mut files = space.files(below);
    // Without its mark the store is somebody else's, which is another matter.
    files.retain(|path| !path.ends_with("/home"));
    let Some(path) = dice.choose(&files) else { return "nothing".into() };
    act(&space.path(path));
    format!("{did} {path}")
}

#[test]
fn any_history_ends_like_a_run_from_scratch() {
    let seeds = std::env::var("COLOPHON_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    for seed in 1..=seeds {
        let (mut dice, space) = (Dice(seed), Space::empty());
        let mut state = State {
            rows: 2,
            tables: [[0, 1, 2], [3, 4, 5]],
            unit: 0,
            place: 0,
            parts: BTreeSet::from([0]),
            linked: false,
            executable: false,
        };
        let (mut past, mut told) = (Vec::new(), Vec::new());
        for _ in 0..40 {
            for _ in 0..=dice.below(3) {
                told.push(step(&space, &mut dice, &mut state, &past));
            }
            state.write(&space);
            let said = space.say(&["run"]);
            let context = || format!("seed {seed}: {}\n{}", told.join(", "), said.err);
            assert_eq!(said.code, 0, "{}", context());
            for (path, text) in state.outputs() {
                assert_eq!(space.text(&path), text, "{path}: {}", context());
            }
            // Damage that nobody needed to read is found and mended by a closer look.
            let closer = space.run(&["--locked"]);
            assert_eq!((closer.code, closer.published.len()), (0, 0), "{}", context());
            let again = space.run(&["--locked"]);
            assert_eq!(again.told(), "cached cut@one cut@two number parts union", "{}", context());
            past.push(state.clone());
        }
        let scratch = Space::empty();
        state.write(&scratch);
        scratch.good(&[]);
        assert_eq!(space.text("pipeline.lock"), scratch.text("pipeline.lock"), "seed {seed}");
    }
}
