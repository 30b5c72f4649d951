//! What a shell offers while a command is typed.

use std::process::Command;

use crate::space::{PROGRAM, Space, same};

fn space() -> Space {
    let space = Space::new(
        "profiles: { draft: {}, \"$(touch trapped)\": {} }\nstages:\n  \
         clean:\n    cmd: echo > {{ outputs.t }}\n    outputs: { t: clean.csv }\n  \
         z:\n    matrix: { m: [a, b] }\n    cmd: echo > {{ outputs.t }}\n    \
         outputs: { t: \"z-{{ matrix.m }}\" }\n",
    );
    space.file("plain.txt", "");
    space
}

/// What bash offers at the end of a line.
fn bash(space: &Space, line: &str) -> Option<Vec<String>> {
    let script = space.say(&["completions", "bash"]).out;
    space.file("script.sh", script);
    let program = std::path::Path::new(PROGRAM).parent().unwrap().display().to_string();
    // Bash cuts words at `@` and `=`, as it does while a line is typed.
    let words: Vec<String> = line
        .replace('@', " @ ")
        .replace('=', " = ")
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| format!("'{word}'"))
        .collect();
    let last = if line.ends_with(' ') { " ''" } else { "" };
    let test = format!(
        "colophon() {{ {program}/colophon-bare \"$@\"; }}\nsource ./script.sh\n\
         COMP_WORDS=({}{last}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
         COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}\n\
         _colophon_names colophon \"${{COMP_WORDS[COMP_CWORD]}}\" \
         \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words.join(" ")
    );
    let output = Command::new("bash").args(["-c", &test]).current_dir(space.root()).output();
    let Ok(output) = output else {
        eprintln!("there is no bash; nothing was tried");
        return None;
    };
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().filter(|line| !line.is_empty()).map(String::from).collect())
}

#[test]
fn names_of_the_project() {
    let space = space();
    let names = |kind: &str| space.say(&["completions", "--names", kind]).out;
    same(&names("stages"), "clean\nz\nz@a\nz@b\n");
    same(&names("profiles"), "$(touch trapped)\ndraft\n");
    let there = space.root().display().to_string();
    let said = Space::empty().say(&["completions", "--names", "stages", "--", "x", "-C", &there]);
    same(&said.out, "clean\nz\nz@a\nz@b\n");
    // Mistakes are not told to who is typing.
    space.file("pipeline.yaml", "version: 1\nname: x\nstages: [\n");
    let said = space.say(&["completions", "--names", "stages"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
    let said = space.say(&["completions"]);
    assert_eq!(said.code, 2);
}

#[test]
fn bash_offers_stages_cells_and_profiles() {
    let space = space();
    let Some(offered) = bash(&space, "colophon run ") else { return };
    assert_eq!(offered, ["clean", "z", "z@a", "z@b"]);
    let bash = |line: &str| bash(&space, line).unwrap();
    assert_eq!(bash("colophon why z@"), ["a", "b"]);
    assert_eq!(bash("colophon --quiet why cl"), ["clean"]);
    assert_eq!(bash("colophon run --profile dr"), ["draft"]);
    assert_eq!(bash("colophon run --profile=dr"), ["draft"]);
    let options = bash("colophon run --forc");
    assert_eq!(options, ["--force"]);
    let verbs = bash("colophon pl");
    assert_eq!(verbs, ["plan"]);
    // A name is data to the shell.
    assert_eq!(bash("colophon run --profile "), ["\\$\\(touch\\ trapped\\)", "draft"]);
    assert!(!space.exists("trapped"));
}

#[test]
fn other_shells_read_their_scripts() {
    let space = space();
    for (shell, check) in [("zsh", "-n"), ("fish", "--no-execute"), ("bash", "-n")] {
        space.file("script", space.say(&["completions", shell]).out);
        match Command::new(shell).args([check, "script"]).current_dir(space.root()).output() {
            Ok(output) => assert!(output.status.success(), "{shell}: {output:?}"),
            Err(_) => eprintln!("there is no {shell}; its script was not read"),
        }
    }
}
