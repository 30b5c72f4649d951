//! The JSON schema and `check` take and refuse the same, as far as a schema can
//! say it: held to each other through a validator that is not ours.

use engine::yaml::Document;

use crate::space::Space;

/// The stage of most cases, without the last brace.
const STAGE: &str = "stages:\n  a: { cmd: x, outputs: { t: t }";

/// Pipelines that both take.
fn sound() -> Vec<String> {
    let of = |keys: &str| format!("{STAGE}, {keys} }}\n");
    let mut all: Vec<String> = [
        "timeout: 90s",
        "timeout: 1.5h",
        "timeout: ' 30 m '",
        "timeout: 0.5s",
        "timeout: 1e3s",
        "timeout: .5m",
        "timeout: ~",
        "env: { A_1: b }",
        "env: { A: { from: PATH } }",
        "labels: [licensed]",
        "matrix: { m: [1] }",
        "matrix: { m: [x], n: [true] }",
        "params: {}",
        "desc: x",
        "inputs: {}",
        "inputs: { t: x.csv }",
        "inputs: { t: [x.csv, ./x.csv] }",
        "inputs: { t: '{{ params.way }}' }",
        "uses: ~",
    ]
    .iter()
    .map(|keys| of(keys))
    .collect();
    for path in ["a/b.csv", "a b", ".keep", "'{{ params.way }}/{{ params.a[0:1] }}. x'"] {
        all.push(format!("stages:\n  a: {{ cmd: x, outputs: {{ t: {path} }} }}\n"));
    }
    for keys in [
        "seed: -3",
        "date: '2024-02-29'",
        "links: [raw/big]",
        "profiles: { p: {} }",
        "profiles: { p: { params: { way: x.csv } } }",
        "data: raw/p.yaml",
        "data: ~",
    ] {
        all.push(format!("{keys}\n{STAGE} }}\n"));
    }
    all.push("stages: {}\n".into());
    all.push("stages: { a: { cmd: [x], outputs: { t: t } } }\n".into());
    all.push(format!(
        "{STAGE}, inputs: {{ t: x.csv }} }}\nprofiles: {{ p: {{ inputs: {{ a.t: x.csv }} }} }}\n"
    ));
    all
}

/// Keys of a stage that both refuse.
const MISTAKEN: [&str; 29] = [
    "uses: x",
    "timeout: x",
    "timeout: 0s",
    "timeout: 5",
    "timeout: 5d",
    "timeout: -5s",
    "timeout: ''",
    "params: { n: 1 }",
    "env: { A=B: x }",
    "env: { 1A: x }",
    "env: { A: 1 }",
    "env: { A: { form: PATH } }",
    "env: { A: {} }",
    "labels: [a b]",
    "labels: ['']",
    "labels: x",
    "declassify: { labels: [x], reason: '' }",
    "declassify: { labels: [x] }",
    "declassify: { labels: [], reason: y }",
    "matrix: { m: [] }",
    "matrix: { m: [~] }",
    "matrix: { m: [[x]] }",
    "matrix: { m: ['{{ params.way }}'] }",
    "matrix: { m: x }",
    "inputs: { t: '' }",
    "inputs: { t: 3 }",
    "inputs: [x]",
    "inptus: { t: x.csv }",
    "desc: 3",
];

/// Pipelines that both refuse.
fn mistaken() -> Vec<String> {
    let mut all: Vec<String> =
        MISTAKEN.iter().map(|keys| format!("{STAGE}, {keys} }}\n")).collect();
    for path in
        ["/t", "../t", "a/../t", "./t", "t/", "a//t", "'a:b'", "'a\\b'", "t.", "'t '", "''", "3"]
    {
        all.push(format!("stages:\n  a: {{ cmd: x, outputs: {{ t: {path} }} }}\n"));
    }
    for name in ["a b", "''", "a.b", "a@b", &"a".repeat(201)] {
        all.push(format!("stages:\n  {name}: {{ cmd: x, outputs: {{ t: t }} }}\n"));
    }
    for stage in [
        "cmd: x",
        "outputs: { t: t }",
        "cmd: x, outputs: {}",
        "cmd: [], outputs: { t: t }",
        "cmd: ' ', outputs: { t: t }",
        "cmd: 3, outputs: { t: t }",
        "uses: x, outputs: { t: t }",
        "cmd: [x, 3], outputs: { t: t }",
    ] {
        all.push(format!("stages: {{ a: {{ {stage} }} }}\n"));
    }
    for keys in [
        "seed: x",
        "date: 12.9.2024",
        "date: '2024-13-01'",
        "date: '2024-00-10'",
        "links: [/data]",
        "links: x",
        "data: /p.yaml",
        "data: [x]",
        "profiles: { p: { params: [x] } }",
        "colour: red",
        "profiles: { p: { inputs: { a: x } } }",
        "profiles: { p: { stages: {} } }",
        "params: [x]",
    ] {
        all.push(format!("{keys}\n{STAGE} }}\n"));
    }
    all
}

/// Whether a validator that is not ours takes a pipeline, and whether `check` does.
fn taken(cases: &[String]) -> Vec<(bool, bool, String)> {
    let space = Space::empty();
    space.file("x.csv", "");
    space.file("raw/p.yaml", "resources: []\n");
    let schema = serde_json::from_str(&space.say(&["schema"]).out).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("pipeline.json", schema).unwrap();
    let schema = compiler.compile("pipeline.json", &mut schemas).unwrap();
    let judge = |case: &String| {
        let text = format!("version: 1\nname: x\nparams: {{ way: x.csv, a: [] }}\n{case}");
        let text = if case.contains("\nparams: [") || case.starts_with("params: [") {
            text.replacen("params: { way: x.csv, a: [] }\n", "", 1)
        } else {
            text
        };
        space.file("pipeline.yaml", &text);
        let value = Document::parse("p", text.as_bytes()).unwrap().root.value();
        let said = space.say(&["check"]);
        assert!(matches!(said.code, 0 | 2), "{case}: {}", said.err);
        (schemas.validate(&value, schema).is_ok(), said.code == 0, format!("{case}{}", said.err))
    };
    cases.iter().map(judge).collect()
}

#[test]
fn what_is_sound_is_taken_by_both() {
    for (schema, check, case) in taken(&sound()) {
        assert!(schema && check, "schema {schema}, check {check}: {case}");
    }
}

#[test]
fn what_is_a_mistake_is_refused_by_both() {
    for (schema, check, case) in taken(&mistaken()) {
        assert!(!schema && !check, "schema {schema}, check {check}: {case}");
    }
}

#[test]
fn what_every_pipeline_has() {
    for text in ["name: x\nstages: {}\n", "version: 1\nstages: {}\n", "version: 1\nname: x\n"] {
        let space = Space::empty();
        space.file("pipeline.yaml", text);
        assert_eq!(space.say(&["check"]).code, 2, "{text}");
    }
    let space = Space::empty();
    space.file(
        "pipeline.yaml",
        "stages:\n  a: { cmd: x, inputs: { t: none }, outputs: { t: /t } }\n",
    );
    // Told together with everything else.
    crate::references::refused(
        &space,
        "\
error: the file lacks `name`
--> pipeline.yaml:1:1
error: the file lacks `version`
--> pipeline.yaml:1:1
error: `none` is neither a stage's output nor a file
--> pipeline.yaml:2:29
error: the output path `/t` is absolute
--> pipeline.yaml:2:51
hint: paths of outputs are relative to `outputs/`
",
    );
}
