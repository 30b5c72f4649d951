//! After any history of edits, deletions, damage and kills, an incremental run
//! equals a run from scratch.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::space::Space;

/// Two tables, each cut by a parameter; their union; and a count of it.
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
    outputs: { t: union.csv }
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
}

impl State {
    fn write(&self, space: &Space) {
        let pipeline = format!("version: 1\nname: x\nparams: {{ rows: {} }}\n{STAGES}", self.rows);
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
    }

    /// The outputs, computed without the program.
    fn outputs(&self) -> Vec<(&'static str, String)> {
        let cut = |n: usize| self.tables[n].iter().take(self.rows).map(|cell| format!("r{cell}\n"));
        let mut union: Vec<String> = cut(0).chain(cut(1)).collect();
        union.sort();
        let count = format!("{} u{}\n", union.len(), self.unit);
        vec![
            ("outputs/count.txt", count),
            ("outputs/cut/one.csv", cut(0).collect()),
            ("outputs/cut/two.csv", cut(1).collect()),
            ("outputs/union.csv", union.concat()),
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
    match dice.below(12) {
        0..=2 => {
            let (table, row) = (dice.below(2), dice.below(3));
            state.tables[table][row] = dice.below(4) as u64;
            format!("edited row {row} of table {table}")
        }
        3 => {
            state.rows = 1 + dice.below(3);
            format!("cut at {}", state.rows)
        }
        4 => {
            state.unit = dice.below(3) as u64;
            format!("unit {}", state.unit)
        }
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
        _ => {
            state.write(space);
            space.good(&["cut@one"]);
            "ran a part".into()
        }
    }
}

fn on_a_file(space: &Space, dice: &mut Dice, below: &str, did: &str, act: fn(&Path)) -> String {
    let files = space.files(below);
    let Some(path) = dice.choose(&files) else { return "nothing".into() };
    act(&space.path(path));
    format!("{did} {path}")
}

#[test]
fn any_history_ends_like_a_run_from_scratch() {
    for seed in [1, 2, 3, 4] {
        let (mut dice, space) = (Dice(seed), Space::empty());
        let mut state = State { rows: 2, tables: [[0, 1, 2], [3, 4, 5]], unit: 0 };
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
                assert_eq!(space.text(path), text, "{path}: {}", context());
            }
            // Damage that nobody needed to read is found and mended by a closer look.
            let closer = space.run(&["--locked"]);
            assert_eq!((closer.code, closer.published.len()), (0, 0), "{}", context());
            let again = space.run(&["--locked"]);
            assert_eq!(again.told(), "cached cut@one cut@two number union", "{}", context());
            past.push(state.clone());
        }
        let scratch = Space::empty();
        state.write(&scratch);
        scratch.good(&[]);
        assert_eq!(space.text("pipeline.lock"), scratch.text("pipeline.lock"), "seed {seed}");
    }
}
