//! The JSON schema of `pipeline.yaml`: that of its types for the program, and
//! the same with all that a schema can say for editors.
//!
//! What it accepts and refuses is what `check` accepts and refuses, as far as
//! one file can tell.

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::pipeline::Pipeline;
use crate::function::{Arity, Function};
use crate::outputs;

/// A text that a template may make anything of.
const TEMPLATE: &str = r"\{\{";

/// The schema of the types. What must be there is not in the types, so that what
/// lacks it can still be looked at for other mistakes.
pub fn types() -> Value {
    let mut schema = schemars::schema_for!(Pipeline).to_value();
    let required = ["version", "name", "stages"];
    for key in required {
        schema["properties"][key].as_object_mut().map(|key| key.remove("default"));
    }
    schema["required"] = json!(required);
    schema["$defs"]["Stage"]["required"] = json!(["outputs"]);
    schema["$defs"]["Caller"]["required"] = json!(["from"]);
    schema
}

/// The JSON schema of `pipeline.yaml`; with functions, a stage's inputs, params
/// and outputs are held to those of the function that it uses.
pub fn schema(functions: &[Function]) -> Value {
    let mut schema = types();
    refine_file(&mut schema);
    refine_stage(&mut schema["$defs"]["Stage"]);
    refine_words(&mut schema["$defs"]);
    if functions.is_empty() {
        schema["$defs"]["Stage"]["properties"]["uses"]["type"] = "null".into();
        return schema;
    }
    let names: Vec<_> = functions.iter().map(|function| Value::from(function.name)).collect();
    schema["$defs"]["Stage"]["properties"]["uses"]["enum"] = names.into();
    let mut rules = Vec::new();
    for function in functions {
        rules.push(rule(function, &mut schema["$defs"]));
    }
    schema["$defs"]["Stage"]["allOf"] = rules.into();
    schema
}

fn refine_file(schema: &mut Value) {
    let keys = &mut schema["properties"];
    keys["date"]["pattern"] = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$".into();
    for path in ["data", "links"] {
        let text = if path == "links" { &mut keys[path]["items"] } else { &mut keys[path] };
        text["pattern"] = "^[^/]".into();
    }
    keys["stages"]["propertyNames"] =
        json!({ "pattern": format!("^[A-Za-z0-9_-]{{1,{}}}$", outputs::STAGE) });
    let overrides = &mut schema["$defs"]["Profile"]["properties"]["inputs"];
    overrides["propertyNames"] = json!({ "pattern": r"^[A-Za-z0-9_-]+\.." });
}

fn refine_stage(stage: &mut Value) {
    // A key without a value is as good as none.
    stage["oneOf"] = json!([
        { "required": ["uses"], "properties": {
            "uses": { "type": "string" }, "cmd": { "type": "null" },
            "env": { "maxProperties": 0 }, "timeout": { "type": "null" },
        } },
        { "required": ["cmd"], "properties": {
            "cmd": { "not": { "type": "null" } }, "uses": { "type": "null" },
            "params": { "maxProperties": 0 },
        } },
    ]);
    let keys = &mut stage["properties"];
    keys["timeout"]["pattern"] =
        r"^\s*\+?(0*[1-9][0-9]*\.?[0-9]*|0*\.0*[1-9][0-9]*)([eE][+-]?[0-9]+)?\s*[smh]\s*$".into();
    keys["labels"]["items"]["pattern"] = r"^\S+$".into();
    keys["env"]["propertyNames"] = json!({ "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" });
    // What stands in an axis stands in names of cells, as it is.
    let axis = &mut keys["matrix"]["additionalProperties"];
    axis["minItems"] = 1.into();
    axis["items"] = json!({ "anyOf": [
        { "type": ["number", "boolean"] },
        { "type": "string", "not": { "pattern": TEMPLATE } },
    ] });
    let paths = &mut keys["outputs"];
    paths["minProperties"] = 1.into();
    paths["additionalProperties"] = json!({ "type": "string", "anyOf": [
        { "pattern": TEMPLATE },
        {
            "pattern": r"^([^/\\:\x00-\x1f]+/)*[^/\\:\x00-\x1f]+$",
            "not": { "pattern": "[. ](/|$)" },
        },
    ] });
}

/// Texts that must say something.
fn refine_words(definitions: &mut Value) {
    for branch in definitions["Command"]["anyOf"].as_array_mut().into_iter().flatten() {
        if branch["type"] == "string" {
            branch["pattern"] = r"\S".into();
        } else {
            branch["minItems"] = 1.into();
        }
    }
    for branch in definitions["References"]["anyOf"].as_array_mut().into_iter().flatten() {
        let text = if branch["type"] == "string" { branch } else { &mut branch["items"] };
        text["minLength"] = 1.into();
    }
    let declassify = &mut definitions["Declassify"]["properties"];
    declassify["labels"]["minItems"] = 1.into();
    declassify["labels"]["items"]["pattern"] = r"^\S+$".into();
    declassify["reason"]["pattern"] = r"\S".into();
}

/// "If a stage uses this function, it has these inputs, params and outputs."
/// Definitions of the params go to the root, where references look for them.
fn rule(function: &Function, definitions: &mut Value) -> Value {
    let mut params: Schema = (function.schema)();
    params.remove("$schema");
    let mut params = params.to_value();
    let inner = params.as_object_mut().and_then(|params| params.remove("$defs"));
    rename(&mut params, function.name);
    templated(&mut params);
    if let Some(Value::Object(inner)) = inner {
        for (name, mut definition) in inner {
            rename(&mut definition, function.name);
            templated(&mut definition);
            definitions[format!("{}.{name}", function.name)] = definition;
        }
    }
    let mut required = vec!["outputs"];
    if params["required"].as_array().is_some_and(|list| !list.is_empty()) {
        required.push("params");
    }
    let roles: Vec<_> = function.inputs.iter().map(|slot| slot.role).collect();
    let one = function.inputs.iter().filter(|slot| slot.arity == Arity::One);
    let one: Vec<_> = one.map(|slot| slot.role).collect();
    if !one.is_empty() {
        required.push("inputs");
    }
    json!({
        "if": { "properties": { "uses": { "const": function.name } }, "required": ["uses"] },
        "then": {
            "properties": {
                "inputs": { "propertyNames": { "enum": roles }, "required": one },
                "params": { "description": function.about(), "anyOf": [params] },
                "outputs": { "propertyNames": { "enum": function.outputs } },
            },
            "required": required,
        },
    })
}

/// Lets references to definitions name those of this function.
fn rename(schema: &mut Value, function: &str) {
    match schema {
        Value::Object(entries) => {
            if let Some(Value::String(reference)) = entries.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/$defs/")
            {
                *reference = format!("#/$defs/{function}.{name}");
            }
            entries.values_mut().for_each(|value| rename(value, function));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, function)),
        _ => {}
    }
}

/// Lets each value inside be a text with a template as well, whose value is
/// known only when it is filled in.
fn templated(schema: &mut Value) {
    let Value::Object(entries) = schema else { return };
    for word in ["properties", "patternProperties"] {
        if let Some(Value::Object(inner)) = entries.get_mut(word) {
            inner.values_mut().for_each(or_template);
        }
    }
    for word in ["items", "additionalProperties"] {
        if let Some(inner @ Value::Object(_)) = entries.get_mut(word) {
            or_template(inner);
        }
    }
    for word in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        if let Some(Value::Array(branches)) = entries.get_mut(word) {
            let each = if word == "prefixItems" { or_template } else { templated };
            branches.iter_mut().for_each(each);
        }
    }
}

fn or_template(schema: &mut Value) {
    templated(schema);
    let limits = ["enum", "const", "pattern", "minLength", "maxLength", "format"];
    let is_text = schema["type"] == "string" && limits.iter().all(|word| schema[word].is_null());
    if is_text || schema == &json!({}) {
        return;
    }
    let Value::Object(mut entries) = schema.take() else { return };
    // What is shown of a key stays where editors look for it.
    let mut outer = Map::new();
    for word in ["title", "description", "default"] {
        if let Some(value) = entries.remove(word) {
            outer.insert(word.into(), value);
        }
    }
    let template = json!({ "type": "string", "pattern": TEMPLATE });
    outer.insert("anyOf".into(), json!([Value::Object(entries), template]));
    *schema = Value::Object(outer);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::function::{Outputs, Slot, normalise};
    use crate::yaml::Document;

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Params {
        /// Where the group is cut.
        split: Split,
        #[serde(default)]
        limit: Option<f64>,
        #[serde(default)]
        flag: bool,
        #[serde(default)]
        parts: Vec<Part>,
        #[serde(default)]
        name: String,
        #[serde(default)]
        by_name: BTreeMap<String, u32>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Split {
        /// In the middle.
        Median,
        Mean,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Part {
        from: u32,
        split: Split,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Other {
        #[serde(default)]
        split: Option<u32>,
    }

    const CUT: Function = Function {
        name: "cut",
        own: ("cut.rs", "//! Cuts."),
        code: &[],
        inputs: &[Slot::one("table"), Slot::optional("more")],
        outputs: &["table", "values"],
        schema: || schemars::schema_for!(Params),
        normalise: normalise::<Params>,
        check: None,
        enters: None,
        run: |_| Ok(Outputs::new()),
    };

    const OTHER: Function = Function {
        name: "other",
        own: ("other.rs", "//! Does else."),
        code: &[],
        inputs: &[],
        outputs: &["text"],
        schema: || schemars::schema_for!(Other),
        normalise: normalise::<Other>,
        check: None,
        enters: None,
        run: |_| Ok(Outputs::new()),
    };

    /// Whether an independent validator takes a pipeline with this stage.
    fn takes(stage: &str) -> bool {
        let schema = schema(&[CUT, OTHER]);
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        compiler.add_resource("pipeline.json", schema).expect("a resource");
        let schema = compiler.compile("pipeline.json", &mut schemas).expect("a valid schema");
        let text = format!("version: 1\nname: x\nstages:\n  a: {{ {stage} }}\n");
        let document = Document::parse("p", text.as_bytes()).expect("YAML");
        schemas.validate(&document.root.value(), schema).is_ok()
    }

    #[test]
    fn a_function_has_its_inputs_params_and_outputs() {
        let rest = "uses: cut, inputs: { table: x }, outputs: { table: t }";
        for params in [
            "split: median",
            "split: '{{ matrix.split }}'",
            "split: mean, limit: 3.5",
            "split: mean, limit: '{{ params.limit }}', flag: '{{ params.flag }}'",
            "split: mean, limit: ~, name: 'any {{ thing }}'",
            "split: mean, parts: [{ from: 1, split: median }]",
            "split: mean, parts: '{{ params.parts }}'",
            "split: mean, parts: ['{{ params.part }}', { from: '{{ a }}', split: 's{{ b }}' }]",
            "split: mean, by_name: { a: 1, b: '{{ n }}' }",
        ] {
            assert!(takes(&format!("{rest}, params: {{ {params} }}")), "{params}");
        }
        for params in [
            "",
            "split: middle",
            "split: mean, limit: high",
            "split: mean, flag: 1",
            "split: mean, lmit: 3",
            "split: mean, name: 3",
            "split: mean, parts: [{ from: 1 }]",
            "split: mean, parts: [{ from: x, split: mean }]",
            "split: mean, by_name: { a: x }",
        ] {
            assert!(!takes(&format!("{rest}, params: {{ {params} }}")), "{params}");
        }
    }

    #[test]
    fn what_the_function_does_not_have_is_refused() {
        let params = "params: { split: mean }";
        let sound = format!("uses: cut, inputs: {{ table: x, more: [y] }}, {params}");
        assert!(takes(&format!("{sound}, outputs: {{ table: t, values: v }}")));
        assert!(!takes(&format!("{sound}, outputs: {{ tabel: t }}")));
        assert!(!takes(&format!("uses: cut, {params}, outputs: {{ table: t }}")));
        let rest = format!("uses: cut, {params}, outputs: {{ table: t }}");
        assert!(!takes(&format!("{rest}, inputs: {{ more: x }}")));
        assert!(!takes(&format!("{rest}, inputs: {{ table: x, mroe: y }}")));
        assert!(!takes("uses: cut, inputs: { table: x }, outputs: { table: t }"));
        assert!(!takes("uses: cat, outputs: { table: t }"));
        // Two functions may have definitions of one name.
        assert!(takes("uses: other, params: { split: 3 }, outputs: { text: t }"));
        assert!(!takes("uses: other, params: { split: mean }, outputs: { text: t }"));
        assert!(takes("uses: other, outputs: { text: t }"));
    }
}
