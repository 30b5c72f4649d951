//! A manifest and a report with attachments, each made and locked as it stands, so that only
//! what they say of each other can be wrong.

use super::{PIPELINE, birds, found, verify};
use crate::space::{Space, words};

/// A manifest that lists these files, its digest, and a PDF that carries files.
fn account(space: &Space, list: &str, root: &str, carried: &[(&str, &[u8])]) {
    let list = serde_json::to_string(list).unwrap();
    let stages = format!(
        "{PIPELINE}  manifest:
    cmd:
      - sh
      - -c
      - 'printf %s \"$1\" > \"$3\"; printf \"%s\\n\" \"$2\" > \"$4\"'
      - sh
      - {list}
      - {root}
      - \"{{{{ outputs.manifest }}}}\"
      - \"{{{{ outputs.root }}}}\"
    inputs: {{ ledger: ledger.ledger }}
    outputs: {{ manifest: manifest.b3, root: root.b3 }}
  report:
    cmd: [cp, \"{{{{ inputs.made }}}}\", \"{{{{ outputs.pdf }}}}\"]
    inputs: {{ made: made.pdf, manifest: manifest.manifest }}
    outputs: {{ pdf: report.pdf }}
"
    );
    space.file("pipeline.yaml", stages);
    space.file("made.pdf", pdf(carried));
    space.good(&[]);
}

/// A PDF of nothing but attachments.
fn pdf(carried: &[(&str, &[u8])]) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [] /Count 0 >>".to_vec(),
    ];
    for (name, content) in carried {
        let stream = objects.len() + 2;
        let spec = format!("<< /Type /Filespec /F ({name}) /EF << /F {stream} 0 R >> >>");
        objects.push(spec.into_bytes());
        let length = format!("<< /Length {} >>\nstream\n", content.len());
        objects.push([length.as_bytes(), content, b"\nendstream"].concat());
    }
    let (mut bytes, mut table) = (b"%PDF-1.7\n".to_vec(), String::new());
    for (index, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", bytes.len()));
        bytes.extend(format!("{} 0 obj\n", index + 1).bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let (at, size) = (bytes.len(), objects.len() + 1);
    let end = format!(
        "xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n\
         startxref\n{at}\n%%EOF\n"
    );
    bytes.extend(end.bytes());
    bytes
}

fn digest(bytes: impl AsRef<[u8]>) -> String {
    blake3::hash(bytes.as_ref()).to_hex().to_string()
}

/// The files upstream of a manifest, as `b3sum` lists them.
fn listed(space: &Space) -> String {
    let paths = [
        "bin/count.sh",
        "bin/ledger.sh",
        "birds.csv",
        "outputs/count.csv",
        "outputs/count.json",
        "outputs/ledger.json",
    ];
    paths.map(|path| format!("{}  {path}\n", digest(space.text(path)))).concat()
}

/// A study with a manifest and a report that carries its account.
pub(super) fn whole() -> Space {
    let space = birds();
    let (list, ledger) = (listed(&space), space.text("outputs/ledger.json"));
    let carried = [("ledger.json", ledger.as_bytes()), ("manifest.b3", list.as_bytes())];
    account(&space, &list, &digest(&list), &carried);
    space
}

#[test]
fn a_manifest_and_what_a_report_carries() {
    let space = birds();
    let (list, ledger) = (listed(&space), space.text("outputs/ledger.json"));
    let root = digest(&list);
    let carried = [("ledger.json", ledger.as_bytes()), ("manifest.b3", list.as_bytes())];
    account(&space, &list, &root, &carried);
    let one = "lock (4 stages), ledger (1 value), manifest (6 files) and `outputs/report.pdf` \
               (2 attachments) agree";
    let said = verify(&space, &[]);
    let last = format!("\nlevel 1: {one}\nverified at level 1: {root} ({one})\n");
    assert!(said.out.ends_with(&last), "{}", said.out);
    let said = verify(&space, &["--level", "2"]);
    let last = format!("{root} (4 stages rebuilt, 6 outputs equal to the last byte)\n");
    assert!(said.out.ends_with(&last), "{}", said.out);

    let mut told = Vec::new();
    let mut tell = || {
        let (level, what) = found(&space, "1");
        told.push(format!("{level} {}", words(&what)));
    };
    // Each of these is made and locked as it stands: only level 1 can object.
    account(&space, &list, &root, &[("ledger.json", b"{}"), carried[1]]);
    tell();
    account(&space, &list, &digest("other"), &carried[..1]);
    tell();
    let wrong = list.replacen(&digest(space.text("birds.csv")), &digest("other"), 1);
    account(&space, &wrong, &digest(&wrong), &carried[..1]);
    tell();
    let short: String = list.split_inclusive('\n').skip(1).collect();
    account(&space, &short, &digest(&short), &carried[..1]);
    tell();
    let more = format!("{list}{}  nowhere.csv\n", digest("other"));
    account(&space, &more, &digest(&more), &carried[..1]);
    tell();
    account(&space, "no list\n", &digest("no list\n"), &carried[..1]);
    tell();
    assert_eq!(
        told,
        [
            "1 the attachment `ledger.json` of `outputs/report.pdf` is not `outputs/ledger.json`",
            "1 `outputs/root.b3` is not the digest of `outputs/manifest.b3`",
            "1 `birds.csv` is DIGEST, and `outputs/manifest.b3` lists it as DIGEST",
            "1 `outputs/manifest.b3` does not list `bin/count.sh`",
            "1 `outputs/manifest.b3` lists `nowhere.csv`, which is not here",
            "1 line 1 of `outputs/manifest.b3` is no digest with a path",
        ]
    );
}

#[test]
fn a_report_alone() {
    let space = Space::empty();
    let list = format!("{}  report/main.typ\n", digest("= A"));
    let root = digest(&list);
    let action = serde_json::json!({
        "function": "report", "params": {},
        "inputs": { "sources": ["report/main.typ"], "manifest": ["outputs/manifest.b3"] },
    });
    let action = action.to_string();
    let carried: [(&str, &[u8]); 3] = [
        ("report-main.typ", b"= A"),
        ("manifest.b3", list.as_bytes()),
        ("action.json", action.as_bytes()),
    ];
    space.file("a.pdf", pdf(&carried));
    let one = "1 attachment of `a.pdf` is as its manifest lists it";
    let said = verify(&space, &["a.pdf", "--level", "1"]);
    let expected = format!("level 1: {one}\nverified at level 1: {root} ({one})\n");
    crate::space::same(&said.out, &expected);
    // This program has no functions.
    let said = verify(&space, &["a.pdf"]);
    crate::space::same(
        &said.err,
        "error: this program has no function `report` that makes a PDF\n\
         hint: take the program that made the report: `colophon`, or that of its study\n",
    );
    assert_eq!(said.code, 2);
    let mut told = Vec::new();
    let mut tell = |carried: &[(&str, &[u8])]| {
        space.file("b.pdf", pdf(carried));
        let said = verify(&space, &["b.pdf", "--level", "1"]);
        assert_eq!(said.code, 4, "{said:?}");
        told.push(words(said.out.lines().next().unwrap()));
    };
    tell(&[("report-main.typ", b"= B"), carried[1], carried[2]]);
    tell(&[carried[0], carried[1], carried[2], ("other.txt", b"")]);
    tell(&carried[..2]);
    tell(&[carried[0], ("manifest.b3", b"no list\n"), carried[2]]);
    assert_eq!(
        told,
        [
            "level 1: the attached `report/main.typ` is DIGEST, and the manifest lists DIGEST",
            "level 1: the attachment `other.txt` of `b.pdf` is in no line of its manifest",
            "level 1: `b.pdf` does not carry both `manifest.b3` and `action.json`",
            "level 1: `manifest.b3` or `action.json` in `b.pdf` is damaged",
        ]
    );
}
