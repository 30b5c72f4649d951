//! The selection of apps as one flow, each step with what it rests on, ready to be drawn.
//!
//! Two flows are joined: the first may rest on the stand-in, the second on
//! published facts, and each step keeps its own labels.

use account::json;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::records::flow::Flow;

/// The flow up to the selected apps, and the one from there on.
pub const INPUTS: &[Slot] = &[Slot::one("first"), Slot::one("second")];
/// The figure's data.
pub const OUTPUTS: &[&str] = &["figure"];

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

/// Joins the flows where the one ends as the other begins.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let mut flow: Flow = json::decode(job.one("first"))?;
    let second: Flow = json::decode(job.one("second"))?;
    flow.steps.extend(second.steps);
    flow.labels = job.labels();
    flow.check()?;
    Ok(Outputs::from([("figure", json::encode(&flow)?)]))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::given;

    fn joined(first: usize, second: usize) -> Result<Outputs, Failure> {
        let flow = |count: usize, label: &str| {
            let mut flow = Flow::new(BTreeSet::from([label.to_string()]));
            let mut items: Vec<usize> = (0..count).collect();
            flow.keep((label, "the first"), &mut items, |item| *item > 0).unwrap();
            given::passed(label, &json::encode(&flow).unwrap())
        };
        let (first, second) = (flow(first, "synthetic"), flow(second, "published"));
        run(&Params {}, &given::job(&[("first", &[first]), ("second", &[second])]))
    }

    #[test]
    fn steps_keep_their_labels() {
        let outputs = joined(5, 4).unwrap();
        let flow: Flow = serde_json::from_slice(&outputs["figure"].bytes).unwrap();
        let labels = flow.steps.iter().map(|step| step.labels.first().unwrap().as_str());
        assert_eq!(labels.collect::<Vec<_>>(), ["synthetic", "published"]);
        assert_eq!(flow.steps[1].out, 3);
    }

    #[test]
    fn flows_that_do_not_meet_are_refused() {
        let messages = given::messages(joined(5, 5));
        assert_eq!(messages, ["the step `synthetic` leaves 4, but 5 come to `published`"]);
    }
}
