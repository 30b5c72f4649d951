//! `codecheck.yml` and the files of its manifest, by the specification of version 1.0.
//!
//! What the checker of code fills in stays open: who checked, the certificate, the report.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::bundle::{Bundle, Content, Contents};
use super::harmless::quoted;

/// The name of the file.
pub const FILE: &str = "codecheck.yml";

const VERSION: &str = "https://codecheck.org.uk/spec/config/1.0/";

/// The reports, and what their figures and tables are made from.
pub fn manifest(bundle: &Bundle) -> Vec<&str> {
    let mut paths: Vec<&str> = bundle.outputs(".pdf");
    let mut others: BTreeSet<&str> = bundle.shown();
    for step in &bundle.steps {
        let is_shown = |name: &str| name == "figure" || name == "table";
        let outputs = step.stage.outputs.iter().filter(|(name, _)| is_shown(name));
        others.extend(outputs.map(|(_, output)| output.path.as_str()));
    }
    others.retain(|path| !paths.contains(path));
    paths.extend(others);
    if paths.is_empty() {
        paths = bundle.outputs("");
    }
    paths
}

/// The configuration and the files that it names.
pub fn contents(bundle: &Bundle) -> Contents {
    let paths = manifest(bundle);
    let copies = paths.iter().map(|path| (path.to_string(), Content::Copy(path.to_string())));
    let mut contents: Contents = copies.collect();
    contents.insert(FILE.into(), Content::Text(text(bundle, &paths)));
    contents
}

fn text(bundle: &Bundle, paths: &[&str]) -> String {
    let mut text =
        format!("---\nversion: {VERSION}\n\npaper:\n  title: {}\n", quoted(&bundle.title));
    if !bundle.authors.is_empty() {
        text.push_str("  authors:\n");
    }
    for author in &bundle.authors {
        let _ = writeln!(text, "    - name: {}", quoted(&author.name));
        if let Some(orcid) = &author.orcid {
            let _ = writeln!(text, "      ORCID: {}", quoted(orcid));
        }
    }
    if let Some(url) = &bundle.url {
        let _ = writeln!(text, "  reference: {}", quoted(url));
    }
    text.push_str("\nmanifest:\n");
    for path in paths {
        let made = bundle.files.get(*path).map(|file| file.about.as_str()).unwrap_or_default();
        let labels = bundle.files.get(*path).map(|file| &file.labels);
        let synthetic = labels.is_some_and(|it| it.contains(super::bundle::SYNTHETIC));
        let more = if synthetic { " (synthetic)" } else { "" };
        let _ = writeln!(text, "  - file: {}", quoted(path));
        let _ = writeln!(text, "    comment: {}", quoted(&format!("{made}{more}")));
    }
    if let Some(url) = &bundle.url {
        let _ = write!(text, "\nrepository: {}\n", quoted(url));
    }
    text.push_str(
        "\n# Whoever checks the code fills this in: an entry with `name` and `ORCID`, and then\n\
         # `summary`, `check_time`, `certificate` and `report`. Nobody has checked it so far.\n\
         codechecker: []\n",
    );
    text
}
