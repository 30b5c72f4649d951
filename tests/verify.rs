//! The study and its report, verified: the checkout, and the PDF with nothing else.

use crate::space::Space;

#[test]
fn the_finished_study_and_a_byte_of_it() {
    let space = Space::finished();
    let root = space.text("outputs/root.b3");
    let said = space.say(&["verify"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let last = said.out.lines().last().unwrap();
    assert!(last.starts_with(&format!("verified at level 1: {} (lock (", root.trim())), "{last}");
    let mut bytes = space.bytes("outputs/table/regions.json");
    bytes[20] ^= 1;
    space.file("outputs/table/regions.json", &bytes);
    let said = space.say(&["verify"]);
    assert_eq!(said.code, 4);
    assert!(said.out.contains("level 0: `outputs/table/regions.json` is DIGEST, locked as "));
}

/// From the PDF alone: an empty folder, and a program that knows the fonts.
#[test]
fn the_report_alone() {
    let finished = Space::finished();
    let pdf = finished.bytes("outputs/report.pdf");
    let space = Space::empty("alone");
    space.file("report.pdf", &pdf);
    let said = space.say(&["verify", "report.pdf"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let root = finished.text("outputs/root.b3");
    let last = format!(
        "verified at level 2: {} (`report.pdf` made again from its attachments, equal to the \
         last byte)\n",
        root.trim()
    );
    assert!(said.out.ends_with(&last), "{}", said.out);

    // A byte anywhere: in what is drawn, in what is attached, in the frame of the file.
    for part in [10, 50, 90] {
        let mut flipped = pdf.clone();
        flipped[pdf.len() * part / 100] ^= 0x10;
        space.file("flipped.pdf", &flipped);
        let said = space.say(&["verify", "flipped.pdf"]);
        assert_eq!(said.code, 4, "{part} %: {}{}", said.out, said.err);
    }
}
