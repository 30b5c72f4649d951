//! Values that differ between two ledgers, and what a reader would notice of it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ledger::{Ledger, Value};
use crate::printed::printed;

/// Below this probability a test is called significant, unless a study says otherwise.
const LEVEL: f64 = 0.05;

/// A value that is not what it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// Its full name.
    pub name: String,
    /// The stage that reports it.
    pub stage: String,
    /// What it is.
    pub about: String,
    /// What is counted or measured.
    pub unit: String,
    /// As it was; nothing if it is new.
    pub before: Option<Value>,
    /// As it is; nothing if it is gone.
    pub after: Option<Value>,
    /// How it was printed.
    pub printed_before: Option<String>,
    /// How it is printed.
    pub printed_after: Option<String>,
    /// By how much a number rose.
    pub difference: Option<f64>,
    /// The same as a part of what it was.
    pub relative: Option<f64>,
    /// Whether a reader of the printed value sees it.
    pub seen: bool,
    /// What turned with it, a clause each.
    pub flips: Vec<String>,
}

/// Every value that differs, by name.
pub fn moved(before: &Ledger, after: &Ledger) -> Vec<Moved> {
    let mut names: Vec<&String> = before.values.keys().chain(after.values.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &&String| one(name, before.values.get(*name), after.values.get(*name));
    let mut found: Vec<Moved> = names.iter().filter_map(of).collect();
    ranks(before, after, &mut found);
    found
}

fn one(name: &str, before: Option<&Value>, after: Option<&Value>) -> Option<Moved> {
    // Words about a value, and its labels, are not the value; its interval is.
    let what = |it: &Value| (it.full(), it.text.is_some(), it.low, it.high, it.digits);
    if before.map(what) == after.map(what) {
        return None;
    }
    let known = after.or(before)?;
    let numbers = before.and_then(|it| it.number).zip(after.and_then(|it| it.number));
    let difference = numbers.map(|(old, new)| new - old);
    let relative = numbers.filter(|(old, _)| *old != 0.0).map(|(old, new)| (new - old) / old.abs());
    let (printed_before, printed_after) = (before.map(printed), after.map(printed));
    Some(Moved {
        name: name.into(),
        stage: known.stage.clone(),
        about: known.about.clone(),
        unit: known.unit.clone(),
        seen: printed_before != printed_after,
        flips: before.zip(after).map(|(old, new)| flips(old, new)).unwrap_or_default(),
        before: before.cloned(),
        after: after.cloned(),
        printed_before,
        printed_after,
        difference,
        relative,
    })
}

/// What turned: a sign, a significance, which end of an interval zero is at.
fn flips(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let Some((old, new)) = before.number.zip(after.number) else { return found };
    if old * new < 0.0 {
        found.push("the sign turned".into());
    }
    if after.unit == "probability" && before.unit == after.unit {
        match (old < LEVEL, new < LEVEL) {
            (true, false) => found.push(format!("no longer below {LEVEL}")),
            (false, true) => found.push(format!("now below {LEVEL}")),
            _ => {}
        }
    }
    let holds_zero = |it: &Value| Some(it.low? <= 0.0 && it.high? >= 0.0);
    match (holds_zero(before), holds_zero(after)) {
        (Some(false), Some(true)) => found.push("its interval now holds zero".into()),
        (Some(true), Some(false)) => found.push("its interval no longer holds zero".into()),
        _ => {}
    }
    found
}

/// Adds where a value overtook another of its kind: one whose name differs in a single
/// part, with the same unit, from the same stage or another cell of its matrix.
fn ranks(before: &Ledger, after: &Ledger, found: &mut [Moved]) {
    let mut kinds: BTreeMap<(String, &str), Vec<&String>> = BTreeMap::new();
    for (name, value) in &after.values {
        if value.number.is_some() && before.values.get(name).is_some_and(|it| it.number.is_some()) {
            for kind in kinds_of(name, &value.stage) {
                kinds.entry((kind, &value.unit)).or_default().push(name);
            }
        }
    }
    // Pairs are compared, so a kind with very many members is left out.
    const MANY: usize = 300;
    let numbers = |name: &String| {
        before.values[name].number.zip(after.values[name].number).unwrap_or_default()
    };
    let at: BTreeMap<String, usize> =
        found.iter().enumerate().map(|(index, it)| (it.name.clone(), index)).collect();
    for names in kinds.values().filter(|names| (2..=MANY).contains(&names.len())) {
        let moved: Vec<&&String> = names.iter().filter(|name| at.contains_key(**name)).collect();
        for name in moved {
            let (old, new) = numbers(name);
            let passed = names.iter().filter(|other| {
                let (old_other, new_other) = numbers(other);
                *other != name && old < old_other && new > new_other
            });
            for other in passed {
                found[at[*name]].flips.push(format!("now above `{other}`"));
            }
        }
    }
}

/// The names that a value shares with those of its kind: one part left open each.
fn kinds_of(name: &str, stage: &str) -> Vec<String> {
    let key = name.strip_prefix(stage).unwrap_or(name);
    let parts: Vec<&str> = key.split('.').collect();
    let open = |at: usize| {
        let parts = parts.iter().enumerate().map(|(n, part)| if n == at { "*" } else { part });
        format!("{stage}{}", parts.collect::<Vec<_>>().join("."))
    };
    (1..parts.len()).filter(|_| parts.len() > 2).map(open).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ledger::tests::birds;

    fn of(before: serde_json::Value, after: serde_json::Value) -> Vec<Moved> {
        moved(&birds("a", "b", 0.5, &before), &birds("a", "b", 0.5, &after))
    }

    fn value(number: f64, digits: usize, unit: &str) -> serde_json::Value {
        json!({ "number": number, "exact": number.to_string(), "digits": digits, "unit": unit,
                "about": "it", "stage": "test" })
    }

    #[test]
    fn what_moved_and_what_is_seen() {
        let found = of(
            json!({ "test.a": value(10.0, 0, "birds"), "test.b": value(0.501, 1, ""),
                    "test.same": value(1.0, 0, ""), "test.gone": value(1.0, 0, "") }),
            json!({ "test.a": value(12.0, 0, "birds"), "test.b": value(0.502, 1, ""),
                    "test.same": value(1.0, 0, ""),
                    "test.new": { "text": "x", "about": "y", "stage": "test" } }),
        );
        let told: Vec<_> = found
            .iter()
            .map(|it| (it.name.as_str(), it.seen, it.difference, it.relative.map(f64::abs)))
            .collect();
        assert_eq!(told[0], ("test.a", true, Some(2.0), Some(0.2)));
        assert_eq!((told[1].0, told[1].1), ("test.b", false));
        assert_eq!(told[2], ("test.gone", true, None, None));
        assert_eq!(told[3], ("test.new", true, None, None));
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn what_turned() {
        let found = of(
            json!({ "test.p": value(0.04, 3, "probability"), "test.d": value(-1.0, 1, "") }),
            json!({ "test.p": value(0.06, 3, "probability"), "test.d": value(1.0, 1, "") }),
        );
        assert_eq!(found[0].flips, ["the sign turned"]);
        assert_eq!(found[1].flips, ["no longer below 0.05"]);
        let with = |low: f64, high: f64| {
            let x = json!({ "number": 1.0, "low": low, "high": high, "stage": "test" });
            json!({ "test.x": x })
        };
        assert_eq!(of(with(0.5, 2.0), with(-0.5, 2.0))[0].flips, ["its interval now holds zero"]);
    }

    #[test]
    fn who_overtook_whom() {
        let two = |asia: f64, europe: f64| {
            json!({ "test.asia.n": value(asia, 0, "birds"),
                    "test.europe.n": value(europe, 0, "birds"),
                    "test.europe.share": value(99.0, 0, "percent") })
        };
        let found = of(two(3.0, 4.0), two(5.0, 4.0));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].flips, ["now above `test.europe.n`"]);
        assert!(of(two(3.0, 4.0), two(3.5, 4.0))[0].flips.is_empty());
    }
}
