//! The whole answer to what moved between two editions, and why.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diverged::{Cause, diverged};
use crate::ledger::{Ledger, Stage};
use crate::moved::{Moved, moved};

/// What moved between two editions.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// How many values both have together.
    pub values: usize,
    /// What was changed.
    pub causes: Vec<Cause>,
    /// The values that moved, with those first that a reader sees.
    pub groups: Vec<Group>,
}

/// Values that moved for the same causes.
#[derive(Debug, Serialize)]
pub struct Group {
    /// Positions in [`Difference::causes`]; none where no cause is known.
    pub causes: Vec<usize>,
    /// The first stage that parted, and those from there to the values' own.
    pub through: Vec<Vec<String>>,
    /// The values.
    pub moved: Vec<Moved>,
}

/// Compares two editions by their ledgers; `code` is that of `diverged`.
pub fn difference(
    before: &Ledger,
    after: &Ledger,
    code: &dyn Fn(&Stage) -> Vec<String>,
) -> Difference {
    let all = moved(before, after);
    let parted = diverged(before, after, code);
    let (mut ways, mut groups) = (BTreeMap::new(), BTreeMap::<Vec<usize>, Group>::new());
    for value in all {
        let way = ways.entry(value.stage.clone()).or_insert_with_key(|stage| parted.way(stage));
        let group = groups.entry(way.causes.clone()).or_insert_with(|| Group {
            causes: way.causes.clone(),
            through: Vec::new(),
            moved: Vec::new(),
        });
        if !way.through.is_empty() && !group.through.contains(&way.through) {
            group.through.push(way.through.clone());
        }
        group.moved.push(value);
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for group in &mut groups {
        // What a reader sees comes first, and of that what moved furthest.
        group.moved.sort_by(|a, b| {
            let far = |it: &Moved| it.relative.map_or(f64::INFINITY, f64::abs);
            (b.seen, far(b)).partial_cmp(&(a.seen, far(a))).unwrap_or(std::cmp::Ordering::Equal)
        });
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.moved.len()));
    let names = before.values.keys().chain(after.values.keys());
    let values = names.collect::<std::collections::BTreeSet<_>>().len();
    Difference { values, causes: parted.causes, groups }
}

impl Difference {
    /// Every value that moved.
    pub fn moved(&self) -> impl Iterator<Item = &Moved> {
        self.groups.iter().flat_map(|group| &group.moved)
    }

    /// The number that moved furthest as a part of what it was, among those that a
    /// reader sees.
    pub fn largest(&self) -> Option<&Moved> {
        let far = |it: &&Moved| it.relative.map_or(0.0, f64::abs);
        let seen = self.moved().filter(|it| it.seen && it.relative.is_some());
        seen.max_by(|a, b| far(a).total_cmp(&far(b)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ledger::tests::birds;

    #[test]
    fn values_by_what_moved_them() {
        let values = |n: f64, z: f64| {
            json!({ "count.n": { "number": n, "digits": 0, "stage": "count" },
                    "test.z": { "number": z, "digits": 1, "stage": "test" },
                    "test.small": { "number": 1.0 + z / 1000.0, "digits": 1, "stage": "test" } })
        };
        let (a, b) =
            (birds("a", "b", 0.5, &values(4.0, 1.0)), birds("z", "y", 0.1, &values(6.0, 4.0)));
        let found = difference(&a, &b, &|_| Vec::new());
        assert_eq!((found.values, found.causes.len(), found.groups.len()), (3, 2, 2));
        let names =
            |group: &Group| group.moved.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        // The test moved for both causes, the count for one.
        assert_eq!(names(&found.groups[0]), ["test.z", "test.small"]);
        assert_eq!(found.groups[0].causes.len(), 2);
        assert_eq!(names(&found.groups[1]), ["count.n"]);
        assert_eq!(found.groups[1].through, [["count"]]);
        assert_eq!(found.largest().unwrap().name, "test.z");
    }
}
