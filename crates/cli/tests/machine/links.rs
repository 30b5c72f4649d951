//! Links: the labels of a source reached through one, and data on another disk.

use crate::references::{link, listing, listing_of, refused, seen};
use crate::space::Space;

/// The labels of what stage `a` takes, as the lineage shows them.
fn labels(inputs: &str, package: &str, prepare: impl Fn(&Space)) -> Vec<String> {
    let space = Space::new(&format!(
        "data: raw/p.yaml\nstages:\n  a:\n    cmd: \"wc -c > {{{{ outputs.t }}}} < \
        /dev/null\"\n    \
         inputs: {{ f: {inputs} }}\n    outputs: {{ t: t.lst }}\n  b:\n    \
         cmd: cp {{{{ inputs.l }}}} {{{{ outputs.t }}}}\n    \
         inputs: {{ a: a.t, l: 'colophon:lineage' }}\n    outputs: {{ t: l.json }}\n"
    ));
    space.file("raw/p.yaml", package);
    space.file("raw/t.csv", "x\n");
    prepare(&space);
    space.good(&[]);
    let lineage: serde_json::Value = serde_json::from_str(&space.text("outputs/l.json")).unwrap();
    let found = lineage["stages"]["a"]["labels"].as_array().cloned().unwrap_or_default();
    found.iter().map(|label| label.as_str().unwrap().to_string()).collect()
}

#[test]
fn a_source_keeps_its_labels_whatever_the_way_to_it() {
    let package = "resources: [{ name: t, path: t.csv, labels: [licensed] }]\n";
    for way in [
        "raw:t",
        "raw/t.csv",
        "in.txt",
        "rlink/t.csv",
        "'*/t.csv'",
        "'*.txt'",
        "raw",
        "rlink",
        "twice",
    ] {
        let found = labels(way, package, |space| {
            link(space, "raw/t.csv", "in.txt");
            link(space, "raw", "rlink");
            link(space, "in.txt", "twice");
        });
        assert_eq!(found, ["licensed"], "{way}");
    }
    // The source itself is a link, and the file is named.
    for way in ["raw:t", "data/u.csv"] {
        let found = labels(way, &package.replace("t.csv", "link.csv"), |space| {
            space.file("data/u.csv", "x\n");
            link(space, "../data/u.csv", "raw/link.csv");
        });
        assert_eq!(found, ["licensed"], "{way}");
    }
    // Two resources of one file.
    let two = "resources:\n- { name: t, path: t.csv, labels: [licensed] }\n\
               - { name: a, path: t.csv, labels: [published] }\n";
    for way in ["raw:t", "raw:a", "raw/t.csv"] {
        assert_eq!(labels(way, two, |_| ()), ["licensed", "published"], "{way}");
    }
}

#[test]
fn a_declared_link_leads_to_another_disk() {
    let disk = tempfile::tempdir().unwrap();
    std::fs::create_dir(disk.path().join("sub")).unwrap();
    for name in ["a.csv", "sub/b.csv", ".c.csv"] {
        std::fs::write(disk.path().join(name), name).unwrap();
    }
    let to = disk.path().to_str().unwrap();
    for (inputs, expected) in [
        ("raw/big", "raw/big/a.csv raw/big/sub/b.csv"),
        ("raw", "raw/big/a.csv raw/big/sub/b.csv raw/t.csv"),
        ("'**/b.csv'", "raw/big/sub/b.csv"),
        ("raw/big/sub/b.csv", "raw/big/sub/b.csv"),
        ("raw:b", "raw/big/sub/b.csv"),
    ] {
        let space = listing_of(inputs, "data: raw/p.yaml\nlinks: [./raw/big]\n");
        space.file("raw/p.yaml", "resources: [{ name: b, path: big/sub/b.csv }]\n");
        space.edit("pipeline.yaml", "data: raw/p", "data: p");
        std::fs::rename(space.path("raw/p.yaml"), space.path("p.yaml")).unwrap();
        space.edit("p.yaml", "path: big", "path: raw/big");
        space.file("raw/t.csv", "");
        link(&space, to, "raw/big");
        assert_eq!(seen(&space), expected, "{inputs}");
        assert!(!space.text("pipeline.lock").contains(to), "{inputs}");
        assert_eq!(space.good(&[]).told(), "cached a");
        // Hashed like any other.
        std::fs::write(disk.path().join("sub/b.csv"), inputs).unwrap();
        assert_eq!(space.good(&[]).told(), "ran a", "{inputs}");
    }
    let space = listing_of("'raw/**'", "links: [raw/big]\n");
    space.file("raw/t.csv", "");
    link(&space, "/nowhere/at/all", "raw/big");
    let lost = "error: the link `raw/big` leads to nothing\n--> pipeline.yaml:7:18\n\
                hint: let it lead to the data on this machine: `ln -s FOLDER raw/big`\n";
    refused(&space, lost);
    space.remove("raw/big");
    space.edit("pipeline.yaml", "'raw/**'", "raw/big/a.csv");
    refused(&space, lost);
    // A link below the disk that leads out of it again is not declared.
    link(&space, to, "raw/big");
    std::os::unix::fs::symlink("/etc/passwd", disk.path().join("d.csv")).unwrap();
    space.edit("pipeline.yaml", "raw/big/a.csv", "raw/big/d.csv");
    refused(
        &space,
        "error: the input `raw/big/d.csv` is a link that leaves the project\n\
         --> pipeline.yaml:7:18\nhint: copy it into the project and declare it there\n\
         hint: or let the link lead out of it: `links: [raw/big/d.csv]` in `pipeline.yaml`\n",
    );
}

#[test]
fn links_that_are_none() {
    let space = listing_of("x", "links: [outputs/x, ../y, ., .git]\n");
    space.file("x", "");
    refused(
        &space,
        "\
error: `outputs/x` can't be a link to data
--> pipeline.yaml:3:9
error: the input `../y` lies outside the project
--> pipeline.yaml:3:20
hint: copy it into the project and declare it there
error: `` can't be a link to data
--> pipeline.yaml:3:26
error: `.git` can't be a link to data
--> pipeline.yaml:3:29
",
    );
}

#[test]
fn an_undeclared_link_that_a_glob_goes_through() {
    let space = listing("'raw/*/t.csv'");
    let disk = tempfile::tempdir().unwrap();
    std::fs::write(disk.path().join("t.csv"), "").unwrap();
    space.file("raw/a/t.csv", "");
    link(&space, disk.path().to_str().unwrap(), "raw/big");
    let hint = "hint: copy it into the project and declare it there\n\
                hint: or let the link lead out of it: `links: [raw/big]` in `pipeline.yaml`\n";
    let at = "--> pipeline.yaml:6:18\n";
    let leaves = "error: the input `raw/big` is a link that leaves the project\n";
    refused(&space, &format!("{leaves}{at}{hint}"));
    space.edit("pipeline.yaml", "'raw/*/t.csv'", "raw/big/t.csv");
    let leaves = "error: the input `raw/big/t.csv` leaves the project through the link `raw/big`\n";
    refused(&space, &format!("{leaves}{at}{hint}"));
}
