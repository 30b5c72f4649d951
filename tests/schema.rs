//! The schema of the study's pipeline, through a validator that is not ours: it
//! takes the pipeline as it stands, and none of the mistakes that `check` refuses.

use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use engine::shape::ignored;
use engine::yaml::Document;
use stages::FUNCTIONS;

/// The text of the pipeline.
fn pipeline() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline.yaml");
    std::fs::read_to_string(path).unwrap()
}

/// The schema, which must be a valid one, with every definition that it refers to.
fn compiled() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("pipeline.json", engine::plan::schema::schema(FUNCTIONS)).unwrap();
    let index = compiler.compile("pipeline.json", &mut schemas).unwrap();
    (schemas, index)
}

fn takes(schema: &(Schemas, SchemaIndex), text: &str) -> Result<(), String> {
    let document = Document::parse("pipeline.yaml", text.as_bytes()).unwrap();
    let value = document.root.value();
    schema.0.validate(&value, schema.1).map_err(|error| format!("{error:#}"))
}

/// What a type of the pipeline or of parameters demands is told with its place.
#[test]
fn every_word_of_a_schema_is_checked() {
    let types = engine::plan::schema::types();
    assert!(ignored(&types).is_empty(), "the pipeline: {:?}", ignored(&types));
    for function in FUNCTIONS {
        let params = (function.schema)().to_value();
        assert!(ignored(&params).is_empty(), "{}: {:?}", function.name, ignored(&params));
    }
    let more = serde_json::json!({ "items": { "minLength": 1 }, "pattern": "x" });
    assert_eq!(ignored(&more).into_iter().collect::<Vec<_>>(), ["minLength", "pattern"]);
}

#[test]
fn the_schema_takes_the_pipeline() {
    assert_eq!(takes(&compiled(), &pipeline()), Ok(()));
}

#[test]
fn the_schema_refuses_what_check_refuses() {
    let (schema, pipeline) = (compiled(), pipeline());
    for (from, to) in [
        ("version: 1", "version: 2"),
        ("name: access-barriers", "nmae: access-barriers"),
        ("date: \"2026-11-21\"", "date: 21.11.2026"),
        ("  ingest:\n", "  in gest:\n"),
        ("uses: ingest", "uses: ingets"),
        ("uses: ingest", "cmd: x\n    uses: ingest"),
        ("uses: ingest", "timeout: 5s\n    uses: ingest"),
        ("      references: [raw:countries", "      refs: [raw:countries"),
        ("outputs: { table: \"raw/", "outputs: { tabel: \"raw/"),
        ("outputs: { pairs: barriers.parquet", "outputs: { pairs: ../barriers.parquet"),
        ("alternative: greater", "alternative: grater"),
        ("      panel.table: raw:", "      panel: raw:"),
    ] {
        assert!(pipeline.contains(from), "`{from}` is not in the pipeline");
        let mistaken = pipeline.replacen(from, to, 1);
        assert!(takes(&schema, &mistaken).is_err(), "`{to}` is taken");
    }
}
