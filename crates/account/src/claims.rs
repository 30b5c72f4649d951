//! Reads `claims.yaml`: what a published report states, and how each statement is checked.
//!
//! It computes nothing.

use engine::diagnostic::{Checked, Diagnostic, Kind, Place};
use engine::words;
use engine::yaml::{Document, Node};
use serde::{Deserialize, Serialize};

use crate::expression::Expression;
use crate::numerals;

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
    /// The place of its last printed digit.
    #[serde(skip)]
    pub precision: f64,
    /// The same as the file says it, where whole digits are rounded.
    #[serde(rename = "precision")]
    pub rounded: Option<f64>,
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

/// An expression; one that is a mere number may stand without quotes.
fn written<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().map_or_else(|| value.to_string(), String::from))
}

/// No report states more than fits here.
const MOST: usize = 16 << 20;

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
        if bytes.len() > MOST {
            let message = format!("the file is larger than {} MiB", MOST >> 20);
            let fault = wrong(Place::file(path), message);
            return Err(vec![fault.hint("keep claims here, and tables below `raw/`")]);
        }
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
            faults = claims.iter_mut().filter_map(|claim| claim.settle(&document).err()).collect();
        }
        if faults.is_empty() { Ok(Claims { document, claims, checks }) } else { Err(faults) }
    }
}

impl Claim {
    /// Reads the precision from the digits that are printed, and tells what
    /// contradicts itself in a claim.
    fn settle(&mut self, document: &Document) -> Result<(), Diagnostic> {
        let id = self.id.as_str();
        if self.expression.is_none() && self.missing.is_none() {
            let message = format!("the claim `{id}` says neither `expression` nor `missing`");
            return Err(wrong(document.key_place(&["claims", id]), message)
                .hint("write what recomputes it, or what is missing"));
        }
        let place = document.value_place(&["claims", id, "published"]);
        let digits: String =
            place.text.chars().skip(place.column.saturating_sub(1)).take(place.width).collect();
        let Some(printed) = numerals::printed(&digits).filter(|_| self.published.is_finite())
        else {
            let message = format!("`{}` is no number of printed digits", words::brief(&digits));
            return Err(wrong(place, message).hint("write it as the report does, such as `0.60`"));
        };
        let Some(rounded) = self.rounded else {
            self.precision = printed;
            return Ok(());
        };
        let place = document.value_place(&["claims", id, "precision"]);
        if (-12..=12).all(|power| numerals::power_of_ten(power) != rounded) {
            let message = format!("the claim `{id}` has a `precision` that is no place of a digit");
            return Err(
                wrong(place, message).hint("write a power of ten, such as `1000` or `0.01`")
            );
        }
        // Rounded are the zeros at the end of a whole number, and nothing else.
        if rounded > printed && (printed != 1.0 || self.published % rounded != 0.0) {
            let message = format!("`{digits}` prints more digits than its `precision` {rounded}");
            let hint = format!("leave `precision` out: the digits say that it is {printed}");
            return Err(wrong(place, message).hint(hint));
        }
        self.precision = rounded;
        Ok(())
    }
}

/// An expression of the file, read.
pub fn expression(text: &str, place: impl Fn() -> Place) -> Result<Expression, Diagnostic> {
    Expression::parse(text)
        .map_err(|why| wrong(place(), format!("`{}` is no expression: {why}", words::brief(text))))
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
        let message = "the claim `a.b` says neither `expression` nor `missing`";
        assert_eq!(faults(&text), [format!("claims.yaml:2:3: {message}")]);
        assert_eq!(faults("claim:\n  a: 1\n"), ["claims.yaml:1:1: there is no section `claim`"]);
        assert_eq!(faults(&[GOOD, &GOOD[8..]].concat()), ["claims.yaml:10:3: `a.b` stands twice"]);
    }

    /// What is left out is read from the digits, so that 1.0 does not pass for 0.6.
    #[test]
    fn the_precision_of_the_digits_that_are_printed() {
        let claim = |published: &str| {
            let text = GOOD.replace("published: 62", &format!("published: {published}"));
            let claims = Claims::read("claims.yaml", text.as_bytes());
            claims.map(|mut it| it.claims.remove(0)).map_err(|found| found[0].to_string())
        };
        for (published, precision) in [
            ("62", 1.0),
            ("0.6", 0.1),
            ("-0.60", 0.01),
            ("30000", 1.0),
            ("0.000", 0.001),
            ("3.2e7", 1e6),
            ("32000000\n    precision: 1000000", 1e6),
            ("0\n    precision: 0.001", 0.001),
            ("0.65\n    precision: 0.01", 0.01),
        ] {
            assert_eq!(claim(published).unwrap().precision, precision, "{published}");
        }
        let six = claim("0.6").unwrap();
        assert!(!six.comparator.holds(1.0, six.published, six.precision));
        assert!(six.comparator.holds(0.64, six.published, six.precision));
        for (published, at, message) in [
            (
                "0.65\n    precision: 0.1",
                "6:16",
                "`0.65` prints more digits than its `precision` 0.1",
            ),
            (
                "23500000\n    precision: 1000000",
                "6:16",
                "`23500000` prints more digits than its `precision` 1000000",
            ),
            ("62\n    precision: 0", "6:16", "the claim `a.b` has a `precision` that is no place"),
            ("62\n    precision: 5", "6:16", "the claim `a.b` has a `precision` that is no place"),
            ("0x10", "5:16", "`0x10` is no number of printed digits"),
        ] {
            let said = claim(published).err().unwrap();
            assert!(said.starts_with(&format!("claims.yaml:{at}: {message}")), "{said}");
        }
    }

    #[test]
    fn a_file_and_an_expression_without_end() {
        let large = vec![b' '; MOST + 1];
        let found = Claims::read("claims.yaml", &large).err().unwrap();
        assert_eq!(found[0].to_string(), "claims.yaml: the file is larger than 16 MiB");
        let found = Claims::read("claims.yaml", &large[1..]).err().unwrap_or_default();
        assert!(found.iter().all(|it| !it.to_string().contains("larger")), "{found:?}");
        let sum = format!("1{}", " + 1".repeat(60_000));
        let said = expression(&sum, || Place::file("claims.yaml")).unwrap_err().to_string();
        assert!(
            said.ends_with("…` is no expression: it is longer than 10,000 characters"),
            "{said}"
        );
        assert!(said.len() < 200);
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
        assert!(!More.holds(5.5, 5.5, 1.0));
    }
}
