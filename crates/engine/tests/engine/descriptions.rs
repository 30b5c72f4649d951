//! What functions find in the descriptions of sources before anything runs.

use engine::plan::Plan;
use engine::plan::options::Options;

use crate::toy::{Toy, functions};

#[test]
fn a_function_finds_mistakes_in_the_description_of_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Toy::new(folder.path());
    toy.write(
        "pipeline.yaml",
        "version: 1\nname: toy\ndata: raw/p.yaml\nstages:\n  \
         left: { uses: join, inputs: { texts: [raw:a, raw/1.txt] }, outputs: { text: l.txt } }\n  \
         right: { uses: join, inputs: { texts: 'raw:a' }, outputs: { text: r.txt } }\n",
    );
    toy.write(
        "raw/p.yaml",
        "resources:\n- name: a\n  path: 0.txt\n  schema:\n    fields: [{ name: x, type: dat }]\n\
         - { name: b, path: 1.txt, schema: {} }\n- { name: c, path: 2.txt, schema: {} }\n",
    );
    let mut functions = functions(0);
    functions[0].check = Some(|resource| {
        let path = |path: &[&str]| path.iter().map(ToString::to_string).collect();
        match resource["name"].as_str() {
            Some("a") => vec![(
                path(&["schema", "fields", "0", "type"]),
                "no type `dat`\ndid you mean `date`?".into(),
            )],
            _ => vec![(path(&[]), format!("`{}` has no fields", resource["name"]))],
        }
    });
    let found = Plan::load(&toy.root, &functions, &Options::default()).err().unwrap();
    assert_eq!(found[0].hints, ["did you mean `date`?"]);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    // Each source once, and only those that a stage takes.
    let told = ["raw/p.yaml:5:31: no type `dat`", "raw/p.yaml:6:3: `\"b\"` has no fields"];
    assert_eq!(found, told);
}
