//! A selection in steps: what came in, what each step dropped and why.
//!
//! The form is that of a CONSORT flow (Schulz, Altman and Moher 2010, BMJ 340,
//! c332): nothing leaves but through a box that says why.

use std::collections::BTreeSet;

use account::values::Values;
use engine::function::Failure;
use serde::{Deserialize, Serialize};

/// A selection, ready to be drawn.
#[derive(Serialize, Deserialize)]
pub struct Flow {
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// What the selection rests on.
    pub labels: BTreeSet<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its key.
    pub step: String,
    /// How many came in.
    #[serde(rename = "in")]
    pub came: usize,
    /// How many it dropped.
    pub dropped: usize,
    /// How many are left.
    pub out: usize,
    /// Why it dropped them.
    pub why: String,
    /// What its numbers rest on.
    pub labels: BTreeSet<String>,
}

impl Flow {
    /// A flow without steps.
    pub fn new(labels: BTreeSet<String>) -> Self {
        Flow { steps: Vec::new(), labels }
    }

    /// Drops what does not satisfy `keep`, and records the step.
    pub fn keep<T>(
        &mut self,
        (step, why): (&str, &str),
        items: &mut Vec<T>,
        keep: impl Fn(&T) -> bool,
    ) -> Result<(), Failure> {
        let (step, why, labels) = (step.into(), why.into(), self.labels.clone());
        let came = items.len();
        let dropped = items.iter().filter(|item| !keep(item)).count();
        items.retain(keep);
        self.steps.push(Step { step, came, dropped, out: items.len(), why, labels });
        self.check()
    }

    /// Whether each step adds up and begins where the last one ended.
    pub fn check(&self) -> Result<(), Failure> {
        for step in &self.steps {
            if step.came != step.out + step.dropped {
                let sum = format!("{} = {} + {}", step.came, step.out, step.dropped);
                return Err(format!("the step `{}` does not add up: {sum}", step.step).into());
            }
        }
        for steps in self.steps.windows(2) {
            if steps[0].out != steps[1].came {
                let (one, two) = (&steps[0], &steps[1]);
                let message = format!(
                    "the step `{}` leaves {}, but {} come to `{}`",
                    one.step, one.out, two.came, two.step
                );
                return Err(message.into());
            }
        }
        Ok(())
    }

    /// Reports the numbers of each step.
    pub fn report(&self, values: &mut Values) {
        for Step { step, came, dropped, out, why, .. } in &self.steps {
            values.count(&format!("{step}.in"), *came, "apps", "apps that came to the filter");
            values.count(&format!("{step}.dropped"), *dropped, "apps", why);
            values.count(&format!("{step}.out"), *out, "apps", "apps that the filter left");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_is_out_and_dropped() {
        let mut flow = Flow::new(BTreeSet::new());
        let mut items = vec![1, 2, 3, 4, 5];
        flow.keep(("odd", "even numbers"), &mut items, |n| n % 2 == 1).unwrap();
        flow.keep(("small", "large numbers"), &mut items, |n| *n < 9).unwrap();
        let numbers: Vec<_> = flow.steps.iter().map(|s| (s.came, s.dropped, s.out)).collect();
        assert_eq!(numbers, [(5, 2, 3), (3, 0, 3)]);
        flow.steps[1].came = 4;
        let message = &flow.check().unwrap_err().diagnostics[0].message;
        assert_eq!(message, "the step `small` does not add up: 4 = 3 + 0");
        flow.steps[1].out = 4;
        let message = &flow.check().unwrap_err().diagnostics[0].message;
        assert_eq!(message, "the step `odd` leaves 3, but 4 come to `small`");
    }
}
