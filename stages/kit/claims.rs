//! Reads `claims.yaml`: what a published report states, and how each statement is checked.
//!
//! It computes nothing.

use engine::diagnostic::{Checked, Diagnostic, Kind, Place};
use engine::yaml::{Document, Node};
use serde::{Deserialize, Serialize};

use super::expression::Expression;

/// The file.
pub struct Claims {
    /// Where things stand in it.
    pub document: Document,
    /// What the report states, in the order of the file.
    pub claims: Vec<Claim>,
    /// What should agree with itself, in the order of the file.
    pub checks: Vec<Check>,
}

/// One statement of the report.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its name: the key in the file.
    #[serde(skip)]
    pub id: String,
    /// Where the report states it.
    pub section: String,
    /// What it counts.
    pub counts: String,
    /// The number as stated.
    pub published: f64,
    /// Its unit.
    pub unit: String,
    /// How exactly it is stated.
    #[serde(default)]
    pub comparator: Comparator,
    /// The place of its last printed digit; 1 where nothing else is said.
    #[serde(default = "one")]
    pub precision: f64,
    /// What evidence a check needs.
    pub evidence: String,
    /// What it is recomputed from.
    pub expression: Option<String>,
    /// What is missing where nothing can be recomputed, or only from a stand-in.
    pub missing: Option<String>,
    /// What public data say of the same thing where the claim itself cannot be checked.
    pub nearest: Option<String>,
    /// Why the numbers differ, or how the nearest number stands to the claim.
    pub reason: Option<String>,
    /// What the difference does to the conclusions.
    pub effect: Option<String>,
    /// The status that somebody has accepted.
    pub accepted: Status,
}

/// Two numbers of the report, or of its tables, that should be equal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name: the key in the file.
    #[serde(skip)]
    pub id: String,
    /// What is compared.
    pub about: String,
    /// Its unit.
    pub unit: String,
    /// The number that is due.
    #[serde(deserialize_with = "written")]
    pub expected: String,
    /// The number that is found.
    pub expression: String,
    /// Why they differ.
    pub reason: Option<String>,
    /// What the difference does to the conclusions.
    pub effect: Option<String>,
    /// The status that somebody has accepted.
    pub accepted: Status,
}

fn one() -> f64 {
    1.0
}

/// An expression; one that is a mere number may stand without quotes.
fn written<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().map_or_else(|| value.to_string(), String::from))
}

/// How exactly a number is stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparator {
    /// Exactly, at the printed precision.
    #[default]
    #[serde(rename = "=")]
    Equal,
    /// About, at the printed precision.
    #[serde(rename = "~")]
    About,
    /// Less than.
    #[serde(rename = "<")]
    Less,
    /// More than.
    #[serde(rename = ">")]
    More,
}

impl Comparator {
    /// Whether a number agrees with the published one.
    pub fn holds(self, computed: f64, published: f64, precision: f64) -> bool {
        // Room for the last bits of a float, far below any printed digit.
        let room = precision * 1e-9;
        match self {
            Comparator::Equal | Comparator::About => {
                (computed - published).abs() <= precision / 2.0 + room
            }
            Comparator::Less => computed < published,
            Comparator::More => computed > published,
        }
    }
}

/// How a claim or a check ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The recomputed number agrees at the printed precision.
    Reproduced,
    /// Two numbers that should be equal are.
    Agrees,
    /// The numbers differ.
    Differs,
    /// Data are missing.
    #[serde(rename = "not checkable")]
    NotCheckable,
}

impl Status {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Status::Reproduced => "reproduced",
            Status::Agrees => "agrees",
            Status::Differs => "differs",
            Status::NotCheckable => "not checkable",
        }
    }
}

impl Claims {
    /// Reads the file; every mistake is reported with its line.
    pub fn read(path: &str, bytes: &[u8]) -> Checked<Self> {
        let document = Document::parse(path, bytes)?;
        let mut faults = Vec::new();
        let mut claims: Vec<Claim> = section(&document, "claims", &mut faults);
        let mut checks: Vec<Check> = section(&document, "checks", &mut faults);
        let known = |key: &Node| ["claims", "checks"].contains(&key.text().unwrap_or(""));
        for (key, _) in document.root.entries().iter().filter(|(key, _)| !known(key)) {
            let message = format!("there is no section `{}`", key.text().unwrap_or(""));
            faults.push(wrong(document.place(key), message).hint("known: `claims`, `checks`"));
        }
        let named = ["claims", "checks"].map(|name| names(&document, name));
        claims.iter_mut().zip(&named[0]).for_each(|(claim, id)| claim.id.clone_from(id));
        checks.iter_mut().zip(&named[1]).for_each(|(check, id)| check.id.clone_from(id));
        if faults.is_empty() {
            let place = |claim: &Claim| document.key_place(&["claims", &claim.id]);
            let found = |claim| Claim::fault(claim).map(|message| wrong(place(claim), message));
            faults = claims.iter().filter_map(found).collect();
        }
        if faults.is_empty() { Ok(Claims { document, claims, checks }) } else { Err(faults) }
    }
}

impl Claim {
    /// What contradicts itself in a claim.
    fn fault(&self) -> Option<String> {
        let id = &self.id;
        let message = match (&self.expression, &self.missing) {
            (None, None) => "says neither `expression` nor what is `missing`",
            _ if self.precision <= 0.0 => "has a `precision` that is not above 0",
            _ => return None,
        };
        Some(format!("the claim `{id}` {message}"))
    }
}

/// An expression of the file, read.
pub fn expression(text: &str, place: impl Fn() -> Place) -> Result<Expression, Diagnostic> {
    Expression::parse(text)
        .map_err(|why| wrong(place(), format!("`{text}` is no expression: {why}")))
}

fn names(document: &Document, section: &str) -> Vec<String> {
    let entries = document.root.get(section).map_or(&[][..], Node::entries);
    entries.iter().filter_map(|(key, _)| key.text().map(String::from)).collect()
}

/// The entries of a section.
fn section<T: serde::de::DeserializeOwned>(
    document: &Document,
    name: &str,
    faults: &mut Vec<Diagnostic>,
) -> Vec<T> {
    let mut all = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (key, value) in document.root.get(name).map_or(&[][..], Node::entries) {
        let id = key.text().unwrap_or("");
        if !seen.insert(id) {
            faults.push(wrong(document.place(key), format!("`{id}` stands twice")));
        }
        match serde_json::from_value(value.value()) {
            Ok(entry) => all.push(entry),
            Err(error) => faults.push(wrong(document.place(key), format!("`{id}`: {error}"))),
        }
    }
    all
}

fn wrong(place: Place, message: String) -> Diagnostic {
    Diagnostic::new(Kind::Usage, message).at(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "claims:
  a.b:
    section: '1'
    counts: apps
    published: 62
    unit: apps
    evidence: licensed
    missing: data
    accepted: not checkable
";

    fn faults(text: &str) -> Vec<String> {
        let read = Claims::read("claims.yaml", text.as_bytes());
        read.err().unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_claim_with_its_defaults() {
        let claims = Claims::read("claims.yaml", GOOD.as_bytes()).unwrap();
        let claim = &claims.claims[0];
        assert_eq!((claim.id.as_str(), claim.published, claim.precision), ("a.b", 62.0, 1.0));
        assert_eq!((claim.comparator, claim.accepted), (Comparator::Equal, Status::NotCheckable));
    }

    #[test]
    fn mistakes_have_places() {
        let text = GOOD.replace("missing:", "mising:");
        assert!(faults(&text)[0].starts_with("claims.yaml:2:3: `a.b`: unknown field `mising`"));
        let text = GOOD.replace("    missing: data\n", "");
        let message = "the claim `a.b` says neither `expression` nor what is `missing`";
        assert_eq!(faults(&text), [format!("claims.yaml:2:3: {message}")]);
        assert_eq!(faults("claim:\n  a: 1\n"), ["claims.yaml:1:1: there is no section `claim`"]);
        assert_eq!(faults(&[GOOD, &GOOD[8..]].concat()), ["claims.yaml:10:3: `a.b` stands twice"]);
    }

    #[test]
    fn agreement_at_the_printed_precision() {
        use self::Comparator::{About, Equal, Less, More};
        assert!(Equal.holds(34.69, 35.0, 1.0) && About.holds(34.5, 35.0, 1.0));
        assert!(!Equal.holds(62.9, 75.0, 1.0) && !Equal.holds(663.0, 664.0, 1.0));
        assert!(About.holds(23_460_000.0, 23_500_000.0, 100_000.0));
        assert!(!About.holds(23_400_000.0, 23_500_000.0, 100_000.0));
        assert!(Less.holds(3.9, 4.0, 1.0) && !Less.holds(4.0, 4.0, 1.0));
        assert!(More.holds(5.6, 5.5, 1.0) && !More.holds(5.43, 5.5, 1.0));
    }
    /// The claims of the study: all 72, each settled by an expression that can
    /// be read, or with what is missing.
    #[test]
    fn the_published_claims() {
        let text = include_str!("../../claims.yaml");
        let claims = Claims::read("claims.yaml", text.as_bytes()).unwrap();
        assert_eq!(claims.claims.len(), 72);
        let of_claims = claims.claims.iter().flat_map(|it| [&it.expression, &it.nearest]);
        let of_checks = claims.checks.iter().flat_map(|it| [&it.expected, &it.expression]);
        for text in of_claims.flatten().chain(of_checks) {
            Expression::parse(text).unwrap();
        }
        for claim in &claims.claims {
            let open = claim.accepted == Status::NotCheckable;
            assert_eq!(open, claim.missing.is_some(), "{}", claim.id);
            let public = ["published_table", "published_arithmetic"];
            assert_eq!(!open, public.contains(&claim.evidence.as_str()), "{}", claim.id);
        }
    }
}
