//! Writes and reads JSON artifacts in one fixed form.

use engine::function::{Artifact, Failure, Output};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes JSON with one entry a line and a line end.
pub fn encode<T: Serialize>(value: &T) -> Result<Output, Failure> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| Failure::from(format!("cannot write JSON: {error}")))?;
    bytes.push(b'\n');
    Ok(Output::from(bytes))
}

/// Reads JSON.
pub fn decode<T: DeserializeOwned>(artifact: &Artifact) -> Result<T, Failure> {
    serde_json::from_slice(&artifact.bytes)
        .map_err(|error| Failure::from(format!("`{}` is not as expected: {error}", artifact.path)))
}
