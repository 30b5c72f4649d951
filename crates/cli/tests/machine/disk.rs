//! A full disk: one clear error, nothing lost, and the next run completes.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::space::Space;

/// A tiny file system in memory; unmounted when dropped.
struct Tiny(PathBuf);

impl Tiny {
    /// Mounted, where that is possible.
    fn new(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let options = format!("size={size}");
        let output =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).output();
        if output.is_ok_and(|output| output.status.success()) {
            return Some(Tiny(at.to_path_buf()));
        }
        eprintln!("skipped: mounting a file system needs rights that this user has not");
        None
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let status = Command::new("mount").args(["-o", &options]).arg(&self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Four stages of 40 kB each, one after the other.
fn chain() -> String {
    let mut text = String::from("stages:\n");
    for n in 1..=4 {
        let input = if n == 1 { "seed.txt".into() } else { format!("s{}.t", n - 1) };
        text += &format!(
            "  s{n}:\n    cmd: (cat {{{{ inputs.t }}}}; head -c 40000 /dev/zero | tr '\\0' {n}) > \
             {{{{ outputs.t }}}}\n    inputs: {{ t: {input} }}\n    outputs: {{ t: s{n}.txt }}\n"
        );
    }
    text
}

fn chained() -> Space {
    let space = Space::new(&chain());
    space.file("seed.txt", "seed\n");
    space
}

/// What the last stage makes where there is room.
fn expected() -> String {
    let space = chained();
    space.good(&[]);
    space.text("outputs/s4.txt")
}

#[test]
fn a_store_on_a_full_disk() {
    let space = chained();
    let Some(tiny) = Tiny::new(&space.path("tiny"), "160k") else { return };
    let story = space.run(&["--store", "tiny/store"]);
    assert_eq!(story.code, 9, "{story:?}");
    assert_eq!(story.problems.len(), 1, "{story:?}");
    let problem = &story.problems[0];
    assert!(problem.contains(": no space left on device\n"), "{problem}");
    assert!(problem.contains("\nhint: nothing is lost: what was already stored is reused"));
    tiny.grow("4m");
    let said = space.say(&["cache", "check", "--store", "tiny/store"]);
    assert!(said.out.contains(" 0 damaged"), "{}", said.out);
    let story = space.good(&["--store", "tiny/store"]);
    assert!(story.cached.contains(&"s1".to_string()), "what was stored is lost: {story:?}");
    assert_eq!(space.text("outputs/s4.txt"), expected());
    assert_eq!(space.good(&["--store", "tiny/store"]).told(), "cached s1 s2 s3 s4");
}

/// However much room there is, a run ends well or with an error that says why.
#[test]
fn a_project_on_a_full_disk() {
    let expected = expected();
    for size in [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768] {
        let space = Space::empty();
        let Some(tiny) = Tiny::new(&space.path("p"), &format!("{size}k")) else { return };
        space.file("p/pipeline.yaml", format!("version: 1\nname: x\n{}", chain()));
        space.file("p/seed.txt", "seed\n");
        let story = space.run(&["-C", "p"]);
        match story.code {
            0 => assert_eq!(space.text("p/outputs/s4.txt"), expected),
            9 => assert!(story.problems[0].contains("space"), "{size}k: {story:?}"),
            _ => panic!("{size}k: {story:?}"),
        }
        assert!(story.problems.len() <= 1, "{size}k: {story:?}");
        for n in 1..=4 {
            let path = format!("p/outputs/s{n}.txt");
            let whole = 5 + n * 40_000;
            assert!(!space.exists(&path) || space.text(&path).len() == whole, "{size}k: {path}");
        }
        tiny.grow("8m");
        let said = space.say(&["cache", "check", "-C", "p"]);
        assert!(said.out.contains(" 0 damaged"), "{size}k: {}", said.out);
        let story = space.good(&["-C", "p"]);
        assert_eq!(space.text("p/outputs/s4.txt"), expected, "{size}k: {story:?}");
        let left = space.files("p/outputs");
        assert_eq!(left.len(), 4, "{size}k: {left:?}");
    }
}
