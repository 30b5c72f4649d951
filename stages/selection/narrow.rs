//! The last two steps of the selection: registration by phone, then exchange of information.
//!
//! Among the selected apps, those that need a phone number to register, and
//! of these, those whose users can exchange information (Blocked by Numbers,
//! section 5.2 and Appendix 4). The result should be the apps of the barrier
//! matrix; which it is not, is named.

use std::collections::BTreeSet;

use account::json;
use account::values::Values;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

use crate::records::flow::Flow;
use crate::records::pair;

/// The selected apps, and the tagged pairs.
pub const INPUTS: &[Slot] = &[Slot::one("apps"), Slot::one("pairs")];
/// The flow, and its numbers.
pub const OUTPUTS: &[&str] = &["flow", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The barrier matrix: `table1` or `appendix3`.
    pub matrix: String,
}

/// Filters the apps.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let frame = table::decode(job.one("apps"))?;
    let (apps, registration) =
        (table::texts(&frame, "app")?, table::texts(&frame, "registration")?);
    let exchanges = table::booleans(&frame, "exchanges_information")?;
    let mut list: Vec<(String, String, bool)> = apps
        .into_iter()
        .zip(registration)
        .zip(exchanges)
        .map(|((app, registration), exchanges)| (app, registration, exchanges))
        .collect();
    let mut flow = Flow::new(job.labels());
    let why = "apps that register without a phone number";
    flow.keep(("registration", why), &mut list, |(_, registration, _)| registration == "phone")?;
    let why = "apps whose users cannot exchange information";
    flow.keep(("exchange", why), &mut list, |(.., exchanges)| *exchanges)?;
    let left: BTreeSet<String> = list.into_iter().map(|(app, ..)| app).collect();
    let pairs = pair::of_matrix(pair::decode(job.one("pairs"))?, &params.matrix)?;
    let matrix: BTreeSet<String> = pairs.into_iter().map(|pair| pair.app).collect();
    let mut values = Values::default();
    flow.report(&mut values);
    for (key, some, others, about) in [
        ("only_matrix", &matrix, &left, "apps of the matrix that the last two filters drop"),
        ("only_left", &left, &matrix, "apps that pass the last two filters without being in it"),
    ] {
        let names: Vec<&str> = some.difference(others).map(String::as_str).collect();
        values.count(key, names.len(), "apps", about);
        let listed = if names.is_empty() { "none".into() } else { names.join(", ") };
        values.text(&format!("{key}.names"), &listed, about);
    }
    Ok(Outputs::from([("flow", json::encode(&flow)?), ("values", values.encode()?)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    #[test]
    fn the_published_apps() {
        let tagged = given::passed("outputs/tag.parquet", &given::tagged()["pairs"]);
        let job = given::job(&[("apps", &[given::table("apps")]), ("pairs", &[tagged])]);
        let outputs = run(&Params { matrix: "table1".into() }, &job).unwrap();
        for (key, expected) in [
            ("registration.in", 62.0),
            ("registration.dropped", 23.0),
            ("exchange.in", 39.0),
            ("exchange.dropped", 7.0),
            ("exchange.out", 32.0),
            ("only_matrix", 2.0),
            ("only_left", 1.0),
        ] {
            assert_eq!(given::number(&outputs, key), expected, "{key}");
        }
        let values = given::values(&outputs);
        assert_eq!(values["only_matrix.names"]["text"], "heesay, wechat-reading");
        assert_eq!(values["only_left.names"]["text"], "weibo-intl");
    }
}
