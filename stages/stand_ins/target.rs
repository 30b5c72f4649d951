//! Aggregates that a report prints, and tables of downloads scaled to meet them.
//!
//! A cell is a region, a kind of barrier and a year. Raking (iterative
//! proportional fitting, Deming and Stephan 1940, Ann. Math. Stat. 11, 427)
//! scales in turn the cells of each printed aggregate until all are met. The
//! years that no aggregate speaks of take the factor of the nearest years
//! that one does, interpolated on a logarithmic scale.

use std::collections::BTreeSet;

use arithmetic::stats;
use engine::function::{Artifact, Failure};
use tables::table;

use crate::records::barrier::Barrier;

/// How many years a projection averages.
pub const WINDOW: i64 = 3;
const SWEEPS: usize = 2000;
const NEAR: f64 = 1e-10;

/// How an aggregate binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The sum of one year.
    Equal,
    /// An upper bound of it.
    Below,
    /// The relative change from one year to another.
    Change,
    /// The mean of the three years before.
    Projection,
    /// Stated beside its own parts; it is compared and not imposed.
    Stated,
}

/// One printed aggregate.
#[derive(Clone, Debug)]
pub struct Target {
    /// A region, or `World`.
    pub region: String,
    /// A kind of barrier, or `any`.
    pub barrier: String,
    /// The year as printed.
    pub year: String,
    /// The number as printed.
    pub amount: f64,
    /// How it binds.
    pub rule: Rule,
    from: i64,
    to: i64,
}

/// Reads the printed aggregates.
pub fn read(artifact: &Artifact) -> Result<Vec<Target>, Failure> {
    let frame = table::decode(artifact)?;
    let texts = |name| table::texts(&frame, name);
    let (regions, barriers) = (texts("region")?, texts("barrier")?);
    let (years, comparators) = (texts("year")?, texts("comparator")?);
    let amounts = table::optional_numbers(&frame, "downloads")?;
    let mut targets = Vec::new();
    for row in 0..frame.height() {
        let unread = || Failure::from(format!("cannot read the aggregate of {}", years[row]));
        let mut ends = years[row].split('-').map(|year| year.parse::<i64>());
        let first = ends.next().and_then(Result::ok).ok_or_else(unread)?;
        let last = ends.next().map_or(Ok(first), |year| year.map_err(|_| unread()))?;
        let (rule, from, to) = match comparators[row].as_str() {
            "~" => (Rule::Equal, first, last),
            "<" => (Rule::Below, first, last),
            "relative change" => (Rule::Change, first, last),
            "projection" => (Rule::Projection, first - WINDOW, first - 1),
            _ => (Rule::Stated, first - WINDOW, first - 1),
        };
        targets.push(Target {
            region: regions[row].clone(),
            barrier: barriers[row].clone(),
            year: years[row].clone(),
            amount: amounts[row].ok_or_else(unread)?,
            rule,
            from,
            to,
        });
    }
    Ok(targets)
}

impl Target {
    /// What its cells are scaled to.
    fn goal(&self, margin: f64) -> f64 {
        if self.rule == Rule::Below { margin * self.amount } else { self.amount }
    }
}

/// The cells: every kind in every region in every year.
pub struct Cells {
    /// The regions.
    pub regions: Vec<String>,
    /// The first year.
    pub first: i64,
    /// The last year.
    pub last: i64,
}

impl Cells {
    /// How many cells there are.
    pub fn count(&self) -> usize {
        self.regions.len() * Barrier::ALL.len() * self.years()
    }

    /// The place of a cell.
    pub fn at(&self, region: usize, kind: usize, year: i64) -> usize {
        (region * Barrier::ALL.len() + kind) * self.years() + (year - self.first) as usize
    }

    fn years(&self) -> usize {
        (self.last - self.first + 1).max(0) as usize
    }

    /// The cells that an aggregate adds up in one year.
    fn of(&self, target: &Target, year: i64) -> Vec<usize> {
        let regions = self.regions.iter().enumerate();
        let regions = regions.filter(|(_, r)| target.region == "World" || **r == target.region);
        let kind = |at: usize| {
            target.barrier == Barrier::ALL[at].key() || (target.barrier == "any" && at > 0)
        };
        regions
            .flat_map(|(region, _)| (0..Barrier::ALL.len()).map(move |at| (region, at)))
            .filter(|(_, at)| kind(*at))
            .map(|(region, at)| self.at(region, at, year))
            .collect()
    }

    /// Whether the cells reach over the years of an aggregate.
    pub fn cover(&self, target: &Target) -> bool {
        self.first <= target.from && target.to <= self.last
    }

    /// What the amounts give for an aggregate.
    pub fn reached(&self, target: &Target, amounts: &[f64]) -> f64 {
        let sum = |year| {
            stats::sum(&self.of(target, year).iter().map(|c| amounts[*c]).collect::<Vec<_>>())
        };
        match target.rule {
            Rule::Equal | Rule::Below => sum(target.from),
            Rule::Change => sum(target.to) / sum(target.from) - 1.0,
            Rule::Projection | Rule::Stated => {
                stats::mean(&(target.from..=target.to).map(sum).collect::<Vec<_>>())
            }
        }
    }

    /// Scales `model` so that the aggregates are met; an upper bound is met
    /// by `margin` times itself, for the report says where it is just missed.
    pub fn rake(&self, model: &[f64], all: &[Target], margin: f64) -> Result<Vec<f64>, Failure> {
        let targets: Vec<&Target> = all.iter().filter(|target| self.cover(target)).collect();
        let mut amounts = model.to_vec();
        let mut pinned = BTreeSet::new();
        for _ in 0..SWEEPS {
            for target in &targets {
                pinned.extend(self.scale(target, &mut amounts, margin));
            }
            if targets.iter().all(|target| self.met(target, &amounts, margin)) {
                break;
            }
        }
        self.interpolate(model, &mut amounts, &pinned);
        let unmet: Vec<String> = targets
            .iter()
            .filter(|target| !self.met(target, &amounts, margin))
            .map(|target| format!("{} {} {}", target.region, target.barrier, target.year))
            .collect();
        match unmet.as_slice() {
            [] => Ok(amounts),
            _ => Err(format!("no downloads can meet the aggregates: {}", unmet.join(", ")).into()),
        }
    }

    fn met(&self, target: &Target, amounts: &[f64], margin: f64) -> bool {
        let goal = target.goal(margin);
        let off = (self.reached(target, amounts) - goal).abs();
        target.rule == Rule::Stated || off <= NEAR * goal.abs()
    }

    /// Scales the cells of one aggregate so that it is met, and names them.
    fn scale(&self, target: &Target, amounts: &mut [f64], margin: f64) -> Vec<usize> {
        let reached = self.reached(target, amounts);
        let years: Vec<i64> = match target.rule {
            Rule::Change => vec![target.to],
            _ => (target.from..=target.to).collect(),
        };
        let factor = match target.rule {
            Rule::Stated => return Vec::new(),
            Rule::Change => (1.0 + target.amount) / (1.0 + reached),
            _ => target.goal(margin) / reached,
        };
        let mut cells: Vec<usize> =
            years.into_iter().flat_map(|year| self.of(target, year)).collect();
        if factor.is_finite() {
            cells.iter().for_each(|cell| amounts[*cell] *= factor);
        }
        if target.rule == Rule::Change {
            cells.extend(self.of(target, target.from));
        }
        cells
    }

    /// Gives the cells that no aggregate pins the factors of their neighbours.
    fn interpolate(&self, model: &[f64], amounts: &mut [f64], pinned: &BTreeSet<usize>) {
        for region in 0..self.regions.len() {
            for kind in 0..Barrier::ALL.len() {
                let at = |year| self.at(region, kind, year);
                let known: Vec<(i64, f64)> = (self.first..=self.last)
                    .filter(|year| pinned.contains(&at(*year)) && model[at(*year)] > 0.0)
                    .map(|year| (year, libm::log(amounts[at(year)] / model[at(year)])))
                    .collect();
                for year in (self.first..=self.last).filter(|year| !pinned.contains(&at(*year))) {
                    let before = known.iter().rev().find(|(other, _)| *other < year);
                    let after = known.iter().find(|(other, _)| *other > year);
                    let log = match (before, after) {
                        (Some((y0, f0)), Some((y1, f1))) => {
                            f0 + (f1 - f0) * (year - y0) as f64 / (y1 - y0) as f64
                        }
                        (Some((_, only)), None) | (None, Some((_, only))) => *only,
                        (None, None) => 0.0,
                    };
                    amounts[at(year)] = model[at(year)] * libm::exp(log);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(region: &str, barrier: &str, amount: f64, rule: Rule, years: (i64, i64)) -> Target {
        let (region, barrier, year) = (region.into(), barrier.into(), years.0.to_string());
        Target { region, barrier, year, amount, rule, from: years.0, to: years.1 }
    }

    fn cells() -> Cells {
        Cells { regions: vec!["A".into(), "B".into()], first: 1, last: 4 }
    }

    /// Two regions with 1 in each cell: `both` of the world is 2 a year.
    #[test]
    fn sums_changes_and_bounds_are_met() {
        let (cells, model) = (cells(), vec![1.0; 32]);
        let targets = [
            target("World", "both", 20.0, Rule::Equal, (1, 1)),
            target("A", "both", 15.0, Rule::Equal, (1, 1)),
            target("World", "none", -0.5, Rule::Change, (1, 3)),
            target("B", "any", 2.0, Rule::Below, (3, 3)),
            target("World", "phone", 7.0, Rule::Projection, (2, 4)),
        ];
        let amounts = cells.rake(&model, &targets, 0.9).unwrap();
        let both = |region, year| amounts[cells.at(region, 3, year)];
        assert!((both(0, 1) - 15.0).abs() < 1e-6 && (both(1, 1) - 5.0).abs() < 1e-6);
        // Years without an aggregate keep the factor of the only year that has one.
        assert!((both(0, 4) - 15.0).abs() < 1e-6, "{}", both(0, 4));
        assert!((cells.reached(&targets[2], &amounts) + 0.5).abs() < 1e-9);
        assert!((cells.reached(&targets[4], &amounts) - 7.0).abs() < 1e-6);
        assert!((cells.reached(&targets[3], &amounts) - 1.8).abs() < 1e-6);
    }

    #[test]
    fn factors_between_two_pinned_years_are_interpolated() {
        let (cells, model) = (cells(), vec![1.0; 32]);
        let targets = [
            target("A", "store", 1.0, Rule::Equal, (1, 1)),
            target("A", "store", 100.0, Rule::Equal, (3, 3)),
        ];
        let amounts = cells.rake(&model, &targets, 0.9).unwrap();
        assert!((amounts[cells.at(0, 1, 2)] - 10.0).abs() < 1e-9);
        assert_eq!(amounts[cells.at(1, 1, 2)], 1.0);
    }

    #[test]
    fn contradictions_are_named() {
        let targets = [
            target("World", "both", 2.0, Rule::Equal, (1, 1)),
            target("World", "any", 1.0, Rule::Equal, (1, 1)),
        ];
        let failure = cells().rake(&vec![1.0; 32], &targets, 0.9).unwrap_err();
        let message = &failure.diagnostics[0].message;
        assert!(message.starts_with("no downloads can meet the aggregates: World"), "{message}");
    }
}
