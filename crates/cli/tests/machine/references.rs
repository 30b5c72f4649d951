//! What a reference takes and what it leaves, and names that become files.

use crate::space::{Space, same};

/// Holds `check` to its sentences: errors with their places, and hints. Nothing
/// may have run.
#[track_caller]
pub(crate) fn refused(space: &Space, expected: &str) {
    let said = space.say(&["check"]);
    same(&sentences(&said.err), expected);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
}

/// Messages without the lines that they quote.
pub(crate) fn sentences(text: &str) -> String {
    let of_a_message = ["error: ", "note: ", "hint: ", " --> ", "  --> ", "--> "];
    let lines = text.lines().filter(|line| of_a_message.iter().any(|it| line.starts_with(it)));
    lines.map(|line| format!("{}\n", line.trim_start())).collect()
}

#[test]
fn names_that_no_file_can_have() {
    let (stage, value) = ("s".repeat(201), "v".repeat(199));
    let space = Space::new(&format!(
        "stages:\n  {stage}: {{ cmd: x, outputs: {{ t: t }} }}\n  a:\n    cmd: x\n    \
         matrix: {{ m: [{value}, {value}w] }}\n    outputs: {{ t: '{{{{ matrix.m }}}}' }}\n"
    ));
    let expected = format!(
        "\
error: the name `{}…` has 201 bytes, and 200 are the limit
--> pipeline.yaml:4:3
hint: files are named after a stage; give it a shorter name
error: the name `a@{}…` has 201 bytes, and 200 are the limit
--> pipeline.yaml:5:3
hint: files are named after a cell; let a short word on the axis stand for it
",
        &stage[..80],
        &value[..78],
    );
    refused(&space, &expected);
}

#[test]
fn the_longest_name_works() {
    let space = Space::new(&format!(
        "stages:\n  {}: {{ cmd: 'echo a > {{{{ outputs.t }}}}', outputs: {{ t: {} }} }}\n",
        "s".repeat(200),
        "t".repeat(255)
    ));
    assert_eq!(space.good(&[]).ran.len(), 1);
    assert_eq!(space.text(&format!("outputs/{}", "t".repeat(255))), "a\n");
}
