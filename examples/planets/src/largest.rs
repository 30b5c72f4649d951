//! The largest planet, and the mean radius of all.
//!
//! Unit: kilometres. Of two planets of one size the first by name counts.

use account::values::Values;
use arithmetic::stats;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

/// The planets, as `ingest` gives them.
pub const INPUTS: &[Slot] = &[Slot::one("planets")];
/// What is found.
pub const OUTPUTS: &[&str] = &["values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// With how many decimals the mean is printed.
    #[serde(default)]
    pub digits: u8,
}

/// Finds the largest one.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let frame = table::decode(job.one("planets"))?;
    let names = table::texts(&frame, "planet")?;
    let radii: Option<Vec<f64>> = table::optional_numbers(&frame, "radius")?.into_iter().collect();
    let radii = radii.ok_or("a planet has no radius")?;
    let mut values = Values::default();
    let pairs = names.iter().zip(&radii);
    if let Some((name, radius)) = pairs.reduce(|a, b| if b.1 > a.1 { b } else { a }) {
        values.text("largest", name, "the largest planet");
        values.number("largest.radius", *radius, 0, "km", "its mean radius");
    }
    values.number("mean", stats::mean(&radii), params.digits, "km", "mean of the mean radii");
    Ok(Outputs::from([("values", values.encode()?)]))
}

#[cfg(test)]
mod tests {
    use engine::given;
    use polars::prelude::df;

    use super::*;

    #[test]
    fn of_two_of_one_size_the_first_counts() {
        let frame = df!("planet" => ["a", "b"], "radius" => [2.0, 2.0]).expect("a frame");
        let table = table::encode(&frame, &["planet"]).expect("a table");
        let job = given::job(&[("planets", &[given::passed("planets.parquet", &table)])]);
        let outputs = run(&Params { digits: 1 }, &job).expect("values");
        assert_eq!(given::values(&outputs)["largest"]["text"], "a");
        assert_eq!(given::number(&outputs, "mean"), 2.0);
    }
}
