//! Where a report prints what: the pages of values, claims and figures.
//!
//! The function `report` of the crate `account` writes it as its output `places`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Where a report prints what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// How many pages it has.
    #[serde(default)]
    pub pages: usize,
    /// Of each value that it prints, the pages and the sources.
    #[serde(default)]
    pub values: BTreeMap<String, Printed>,
    /// The words that stand under a condition.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// Figures and tables.
    #[serde(default)]
    pub figures: Vec<Figure>,
}

/// Where a value is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    /// The pages, from 1, in order; a page stands as often as the value does on it.
    #[serde(default)]
    pub pages: Vec<usize>,
    /// The sentences of the sources that name it.
    #[serde(default)]
    pub sentences: Vec<Sentence>,
}

/// A sentence of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The source.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// The sentence as it reads.
    pub text: String,
}

/// Words that are true only under a condition over values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The condition.
    pub condition: String,
    /// The values in it.
    pub names: Vec<String>,
    /// The words.
    pub words: String,
    /// The sentence that they stand in.
    pub sentence: String,
    /// The page that they are on.
    pub page: usize,
    /// The source.
    #[serde(default)]
    pub path: String,
    /// The line of the source.
    #[serde(default)]
    pub line: usize,
}

/// A figure or a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// `figure` or `table`.
    pub kind: String,
    /// Its number among those of its kind.
    pub number: usize,
    /// Its caption.
    pub caption: String,
    /// The page that it is on.
    pub page: usize,
    /// The files that it is drawn from.
    #[serde(default)]
    pub data: Vec<String>,
}

impl Places {
    /// The pages of a value, each once.
    pub fn pages_of(&self, name: &str) -> BTreeSet<usize> {
        self.values.get(name).map(|it| it.pages.iter().copied().collect()).unwrap_or_default()
    }

    /// The values that are printed on a page.
    pub fn on(&self, page: usize) -> Vec<&str> {
        let values = self.values.iter().filter(|(_, it)| it.pages.contains(&page));
        values.map(|(name, _)| name.as_str()).collect()
    }

    /// A figure by its name, such as `figure 3`.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        let (kind, number) = name.split_once(' ')?;
        let number: usize = number.parse().ok()?;
        let kind = kind.to_lowercase();
        self.figures.iter().find(|it| it.kind == kind && it.number == number)
    }
}

/// Pages as readers write them: `1, 3 to 5, 12`.
pub fn listed(pages: &BTreeSet<usize>) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for page in pages {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *page => *last = *page,
            _ => runs.push((*page, *page)),
        }
    }
    let run = |(first, last): &(usize, usize)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_as_readers_write_them() {
        let of = |pages: &[usize]| listed(&pages.iter().copied().collect());
        assert_eq!(of(&[1, 3, 4, 5, 12, 13]), "1, 3 to 5, 12, 13");
        assert_eq!(of(&[]), "");
    }

    #[test]
    fn where_things_are() {
        let places: Places = serde_json::from_str(
            r#"{ "pages": 3, "values": { "a.n": { "pages": [1, 2, 2] } },
                 "figures": [{ "kind": "table", "number": 2, "caption": "c", "page": 3 }] }"#,
        )
        .unwrap();
        assert_eq!(places.on(2), ["a.n"]);
        assert_eq!(places.pages_of("a.n"), BTreeSet::from([1, 2]));
        assert_eq!(places.figure("Table 2").map(|it| it.page), Some(3));
        assert_eq!((places.figure("figure 2"), places.figure("x")), (None, None));
    }
}
