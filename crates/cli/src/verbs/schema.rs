//! `colophon schema`: the JSON schema of `pipeline.yaml`, for editors.

use crate::Study;
use crate::report::{Failed, print_json};

pub(crate) fn schema(study: &Study) -> Result<(), Failed> {
    print_json(&engine::schema::schema(study.functions))
}
