//! The first faults of a table in the order of the file, and how many more there are.
//!
//! A table may break a rule in each of its cells, so what is not shown is only
//! counted.

use engine::diagnostic::Diagnostic;

/// Faults that were found.
pub struct Faults {
    most: usize,
    kept: Vec<Diagnostic>,
    more: usize,
}

impl Faults {
    /// None yet; so many of each rule are kept, if they come in the order of the file.
    pub fn new(most: usize) -> Self {
        Faults { most: most.clamp(1, 10_000), kept: Vec::new(), more: 0 }
    }

    /// The same limit, and nothing found.
    pub fn none(&self) -> Self {
        Faults::new(self.most)
    }

    /// Takes one more, which is made only if it is kept.
    pub fn add(&mut self, fault: impl FnOnce() -> Diagnostic) {
        match self.kept.len() < self.most {
            true => self.kept.push(fault()),
            false => self.more += 1,
        }
    }

    /// Takes those of another rule.
    pub fn join(&mut self, mut other: Faults) {
        self.kept.append(&mut other.kept);
        self.more += other.more;
    }

    /// Takes those that are there already.
    pub fn all(mut self, faults: Vec<Diagnostic>) -> Self {
        self.kept.extend(faults);
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The first ones by their place, and how many more there are.
    pub fn shown(mut self) -> Vec<Diagnostic> {
        self.kept.sort_by(|a, b| a.at.cmp(&b.at));
        let more = self.more + self.kept.len().saturating_sub(self.most);
        self.kept.truncate(self.most);
        if more > 0 {
            self.kept.push(Diagnostic::contract(format!("and {more} more")));
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use engine::diagnostic::Place;

    use super::*;

    #[test]
    fn the_first_by_place_and_the_number_of_the_others() {
        let fault = |line: usize| Diagnostic::contract("x").at(Place::line("t.csv", line, ""));
        let mut faults = Faults::new(2);
        (5..9).for_each(|line| faults.add(|| fault(line)));
        let mut others = faults.none();
        others.add(|| fault(1));
        faults.join(others);
        let said: Vec<String> = faults.shown().iter().map(ToString::to_string).collect();
        assert_eq!(said, ["t.csv:1: x", "t.csv:5: x", "and 3 more"]);
        assert!(Faults::new(0).shown().is_empty());
    }
    /// What is not shown is not made, but counted, also from one rule to the next.
    #[test]
    fn what_is_only_counted() {
        let mut made = 0;
        let mut faults = Faults::new(2);
        for _ in 0..5 {
            faults.add(|| {
                made += 1;
                Diagnostic::contract("x")
            });
        }
        assert_eq!(made, 2);
        let mut whole = Faults::new(2);
        whole.join(faults);
        let said: Vec<String> = whole.shown().iter().map(ToString::to_string).collect();
        assert_eq!(said, ["x", "x", "and 3 more"]);
    }
}
