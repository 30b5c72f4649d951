//! Where a report prints what: the pages of values, claims and figures, and the sentences
//! of its sources that name a value.

use std::collections::BTreeMap;

use serde::Serialize;
use typeset::places::{Figure, mentions};
use typeset::project::{Project, Typeset};

use crate::reading::Ledger;

/// Where a report prints what.
#[derive(Serialize)]
pub struct Places {
    pages: usize,
    values: BTreeMap<String, Printed>,
    claims: Vec<Claim>,
    figures: Vec<Drawn>,
}

/// A value: its pages from 1, each as often as it is printed there.
#[derive(Default, Serialize)]
struct Printed {
    pages: Vec<usize>,
    sentences: Vec<Sentence>,
}

#[derive(Serialize)]
struct Sentence {
    path: String,
    line: usize,
    text: String,
}

#[derive(Serialize)]
struct Claim {
    condition: String,
    names: Vec<String>,
    words: String,
    sentence: String,
    page: usize,
    path: String,
    line: usize,
}

#[derive(Serialize)]
struct Drawn {
    kind: String,
    number: usize,
    caption: String,
    page: usize,
    data: Vec<String>,
}

/// What a finished document prints where.
pub fn places(project: &Project, ledger: &Ledger, made: &Typeset) -> Places {
    let mut values: BTreeMap<String, Printed> = BTreeMap::new();
    for printed in &made.values {
        values.entry(printed.name.clone()).or_default().pages.push(printed.page);
    }
    for (path, bytes) in project.files.iter().filter(|(path, _)| path.ends_with(".typ")) {
        for mention in mentions(&String::from_utf8_lossy(bytes)) {
            // Only of what is printed: a table may print a value that no sentence names.
            let Some(value) = values.get_mut(&mention.name) else { continue };
            let text = ledger.read_out(&mention.sentence);
            if !text.trim().is_empty() {
                value.sentences.push(Sentence { path: path.clone(), line: mention.line, text });
            }
        }
    }
    let claim = |it: &typeset::claims::Claim| Claim {
        condition: it.condition.clone(),
        names: it.names.clone(),
        words: it.words.clone(),
        sentence: ledger.read_out(&it.sentence),
        page: it.page,
        path: it.problem.path.clone(),
        line: it.problem.line,
    };
    let drawn = |it: &Figure| Drawn {
        kind: it.kind.clone(),
        number: it.number,
        caption: it.caption.clone(),
        page: it.page,
        data: it.data.clone(),
    };
    Places {
        pages: made.pages,
        values,
        claims: made.claims.iter().map(claim).collect(),
        figures: made.figures.iter().map(drawn).collect(),
    }
}
