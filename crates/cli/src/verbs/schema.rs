//! `colophon schema`: the JSON schema of `pipeline.yaml`, for editors.

use crate::report::{Failed, print_json};
use crate::study::Study;

pub(crate) fn schema(study: &Study) -> Result<(), Failed> {
    print_json(&engine::plan::schema::schema(study.functions))
}
