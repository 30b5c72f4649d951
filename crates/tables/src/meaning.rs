//! How the parts of a table's description fit together; their form is checked elsewhere.
//!
//! What has the wrong form is left out here, so that each mistake is told once.

use std::collections::BTreeSet;

use engine::diagnostic::did_you_mean;
use engine::words::brief;
use serde_json::Value;

use crate::field::{Field, plain};
use crate::layout::Layout;
use crate::mistake::Mistake;
use crate::scalar::Kind;

/// Everything in a description that contradicts itself.
pub fn check(resource: &Value) -> Vec<Mistake> {
    let mut found = Vec::new();
    let schema = &resource["schema"];
    let read = list(&schema["fields"]);
    for (at, field) in read.iter().enumerate() {
        let path = ["schema", "fields", &at.to_string()].map(String::from);
        let fit = of_field(field).into_iter();
        found.extend(fit.map(|(inner, message)| ([&path[..], &inner].concat(), message)));
    }
    found.extend(of_names(schema));
    found.extend(of_keys(resource, schema));
    found.extend(of_layout(resource, read));
    found
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn mistake(path: &[&str], message: String, hint: Option<String>) -> Mistake {
    let hint = hint.map(|hint| format!("\n{hint}")).unwrap_or_default();
    (path.iter().map(|part| part.to_string()).collect(), message + &hint)
}

/// Keys and rules of a field that its type does not have, and values that it can't read.
fn of_field(value: &Value) -> Vec<Mistake> {
    let field: Field = match serde_json::from_value(value.clone()) {
        Ok(field) => field,
        Err(_) => return of_pattern(value),
    };
    let mut found = Vec::new();
    let numbers: &[Kind] = &[Kind::Integer, Kind::Number];
    for (key, kinds) in [
        ("trueValues", &[Kind::Boolean][..]),
        ("falseValues", &[Kind::Boolean]),
        ("decimalChar", &[Kind::Number]),
        ("groupChar", numbers),
        ("bareNumber", numbers),
    ] {
        if value.get(key).is_some() && !kinds.contains(&field.kind) {
            let message = format!("`{key}` means nothing for the type `{}`", field.kind.name());
            found.push(mistake(&[key], message, None));
        }
    }
    if field.decimal_char.is_some() && field.decimal_char == field.group_char {
        let message = "`groupChar` is the same as `decimalChar`".into();
        found.push(mistake(&["groupChar"], message, None));
    }
    let ordered = !matches!(field.kind, Kind::String | Kind::Boolean);
    let rules = &value["constraints"];
    for (key, fits) in [
        ("minimum", ordered),
        ("maximum", ordered),
        ("minLength", field.kind == Kind::String),
        ("maxLength", field.kind == Kind::String),
    ] {
        if rules.get(key).is_some() && !fits {
            let message = format!("`{key}` means nothing for the type `{}`", field.kind.name());
            found.push(mistake(&["constraints", key], message, None));
        }
    }
    let bounds = ["minimum", "maximum"].into_iter().filter(|_| ordered);
    let bounds = bounds.filter_map(|key| Some((vec![key.to_string()], rules.get(key)?)));
    let choices = list(&rules["enum"]).iter().enumerate();
    let choices = choices.map(|(at, value)| (vec!["enum".to_string(), at.to_string()], value));
    for (path, value) in bounds.chain(choices) {
        if let Err((message, _)) = field.parse_plain(&plain(value)) {
            let message = format!("{message}, as the type `{}` asks", field.kind.name());
            found.push(([vec!["constraints".to_string()], path].concat(), message));
        }
    }
    if let (Some(least), Some(most)) = (rules.get("minimum"), rules.get("maximum"))
        && ordered
        && field.above(&plain(least), &plain(most))
    {
        let message = format!("the minimum {} is above the maximum {}", plain(least), plain(most));
        found.push(mistake(&["constraints", "minimum"], message, None));
    }
    if let (Some(least), Some(most)) = (field.constraints.min_length, field.constraints.max_length)
        && least > most
    {
        let message = format!("`minLength` {least} is above `maxLength` {most}");
        found.push(mistake(&["constraints", "minLength"], message, None));
    }
    found
}

/// A pattern that is no regular expression.
fn of_pattern(field: &Value) -> Vec<Mistake> {
    let Some(pattern) = field["constraints"]["pattern"].as_str() else { return Vec::new() };
    match regex::Regex::new(&format!("^(?:{pattern})$")) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let error = error.to_string();
            let why = error.lines().last().unwrap_or("").trim_start_matches("error: ");
            let message = format!("`{}` is no pattern: {why}", brief(pattern));
            vec![mistake(&["constraints", "pattern"], message, None)]
        }
    }
}

/// Names of fields that are empty or stand twice.
fn of_names(schema: &Value) -> Vec<Mistake> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for (at, field) in list(&schema["fields"]).iter().enumerate() {
        let Some(name) = field["name"].as_str() else { continue };
        let path = ["schema", "fields", &at.to_string(), "name"];
        if name.is_empty() {
            found.push(mistake(&path, "the name of a field is empty".into(), None));
        } else if !seen.insert(name) {
            found.push(mistake(&path, format!("two fields are named `{}`", brief(name)), None));
        }
    }
    if schema["fields"].as_array().is_some_and(Vec::is_empty) {
        found.push(mistake(&["schema", "fields"], "the schema has no field".into(), None));
    }
    found
}

/// One name or a list of them, each with its path.
fn names<'a>(path: &[&str], value: &'a Value) -> Vec<(Vec<String>, &'a str)> {
    let path: Vec<String> = path.iter().map(|part| part.to_string()).collect();
    match value.as_str() {
        Some(name) => vec![(path, name)],
        None => {
            let named = list(value).iter().enumerate();
            let named = named.filter_map(|(at, name)| Some((at.to_string(), name.as_str()?)));
            named.map(|(at, name)| ([&path[..], &[at]].concat(), name)).collect()
        }
    }
}

/// Names in keys that no field has, and foreign keys that compare unequal numbers of fields.
fn of_keys(resource: &Value, schema: &Value) -> Vec<Mistake> {
    let fields: Vec<&str> =
        list(&schema["fields"]).iter().filter_map(|field| field["name"].as_str()).collect();
    let mut named = Vec::new();
    let mut found = Vec::new();
    let primary = names(&["schema", "primaryKey"], &schema["primaryKey"]);
    named.extend(primary.into_iter().map(|name| ("primaryKey", name)));
    for key in ["uniqueKeys", "together"] {
        for (at, one) in list(&schema[key]).iter().enumerate() {
            let all = names(&["schema", key, &at.to_string()], one);
            named.extend(all.into_iter().map(|name| (key, name)));
        }
    }
    for (at, key) in list(&schema["foreignKeys"]).iter().enumerate() {
        let at = at.to_string();
        let own = names(&["schema", "foreignKeys", &at, "fields"], &key["fields"]);
        let path = ["schema", "foreignKeys", &at, "reference", "fields"];
        let there = names(&path, &key["reference"]["fields"]);
        if !own.is_empty() && !there.is_empty() && own.len() != there.len() {
            let message = format!("the key has {} here and {} there", own.len(), there.len());
            found.push(mistake(&path, message, None));
        }
        named.extend(own.into_iter().map(|name| ("foreignKeys", name)));
        let resource_there = &key["reference"]["resource"];
        if ["", resource["name"].as_str().unwrap_or("")]
            .contains(&resource_there.as_str().unwrap_or(""))
        {
            named.extend(there.into_iter().map(|name| ("foreignKeys", name)));
        }
    }
    for (key, (path, name)) in named {
        if !fields.contains(&name) {
            let hint = did_you_mean(name, fields.iter().copied());
            let hint = hint.map(|hint| format!("\n{hint}")).unwrap_or_default();
            found.push((path, format!("`{key}` names the unknown field `{}`{hint}", brief(name))));
        }
    }
    found
}

/// A format that the layout does not have, and fields that it does not give.
fn of_layout(resource: &Value, fields: &[Value]) -> Vec<Mistake> {
    let mut found = Vec::new();
    let value = &resource["dialect"]["layout"];
    let layout: Option<Layout> = serde_json::from_value(value.clone()).ok();
    let workbook = value["kind"] == "un_migrant_stock";
    let meant = if workbook { "xlsx" } else { "csv" };
    let known = value.is_null() || layout.is_some();
    if let Some(format) = resource["format"].as_str()
        && known
        && ["csv", "xlsx"].contains(&format)
        && format != meant
    {
        let message = match (value.is_null(), workbook) {
            (true, _) => "a workbook is read by a layout alone".to_string(),
            (_, true) => "the layout `un_migrant_stock` reads `xlsx`".to_string(),
            (_, false) => format!("the layout `{}` reads `csv`", plain(&value["kind"])),
        };
        let hint = format!("write `format: {meant}`, or name the layout under `dialect`");
        found.push(mistake(&["format"], message, Some(hint)));
    }
    if let Some(media) = resource["mediatype"].as_str()
        && known
        && (media == "text/csv") == workbook
    {
        let message = format!("the file is read as {}", meant.to_uppercase());
        found.push(mistake(&["mediatype"], message, None));
    }
    if workbook && resource.get("compression").is_some() {
        let message = "a workbook is not unpacked by hand".into();
        let hint = Some("leave `compression` out".into());
        found.push(mistake(&["compression"], message, hint));
    }
    let fields: Result<Vec<Field>, _> =
        fields.iter().map(|field| serde_json::from_value(field.clone())).collect();
    if let (Some(layout), Ok(fields)) = (layout, fields) {
        if let Some((message, hint)) = layout.misfit(&fields).filter(|_| !fields.is_empty()) {
            found.push(mistake(&["dialect", "layout"], message, Some(hint)));
        }
        if let Some((first, last)) = layout.years().filter(|(first, last)| first > last) {
            let message = format!("the years run from {first} back to {last}");
            let hint = Some("write the first year first".into());
            found.push(mistake(&["dialect", "layout", "years"], message, hint));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The mistakes of a schema with a text, a year, and more.
    fn mistakes(text: Value, year: Value, more: Value) -> Vec<String> {
        let with = |mut map: Value, more: Value| {
            map.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            map
        };
        let year = with(json!({ "name": "year", "type": "integer" }), year);
        let fields = [with(json!({ "name": "t" }), text), year];
        let schema = with(json!({ "fields": fields }), more);
        let found = check(&json!({ "name": "x", "schema": schema })).into_iter();
        let told = |(path, message): Mistake| {
            format!("{}: {}", path[1..].join("."), message.replace('\n', " | "))
        };
        found.map(told).collect()
    }

    #[test]
    fn what_means_nothing_for_a_type() {
        for (key, value) in [
            ("decimalChar", json!(",")),
            ("groupChar", json!(".")),
            ("bareNumber", json!(true)),
            ("trueValues", json!(["ja"])),
        ] {
            let said = format!("fields.0.{key}: `{key}` means nothing for the type `string`");
            assert_eq!(mistakes(json!({ key: value }), json!({}), json!({})), [said]);
        }
        for (key, value) in [("minLength", json!(2)), ("maxLength", json!(3))] {
            let year = json!({ "constraints": { key: value } });
            let path = format!("fields.1.constraints.{key}");
            let said = format!("{path}: `{key}` means nothing for the type `integer`");
            assert_eq!(mistakes(json!({}), year, json!({})), [said]);
        }
    }

    #[test]
    fn rules_that_no_cell_can_keep() {
        let year = |rules: Value| mistakes(json!({}), json!({ "constraints": rules }), json!({}));
        assert!(year(json!({ "minimum": 2015, "maximum": "2015", "enum": ["2015"] })).is_empty());
        assert_eq!(
            year(json!({ "enum": [1, "x"] })),
            ["fields.1.constraints.enum.1: `x` is not a whole number, \
                 as the type `integer` asks"]
        );
        assert_eq!(
            year(json!({ "minimum": 3, "maximum": 2 })),
            ["fields.1.constraints.minimum: the minimum 3 is above the maximum 2"]
        );
        let text = |rules: Value| mistakes(json!({ "constraints": rules }), json!({}), json!({}));
        assert_eq!(
            text(json!({ "pattern": "(" })),
            ["fields.0.constraints.pattern: `(` is no pattern: unclosed group"]
        );
        assert!(text(json!({ "minLength": 2, "maxLength": 2 })).is_empty());
        assert_eq!(
            text(json!({ "minLength": 3, "maxLength": 2 })),
            ["fields.0.constraints.minLength: `minLength` 3 is above `maxLength` 2"]
        );
        assert_eq!(
            text(json!({ "maximum": 2 })),
            ["fields.0.constraints.maximum: `maximum` means nothing for the type `string`"]
        );
    }

    #[test]
    fn names_of_fields() {
        let schema = |more: Value| mistakes(json!({}), json!({}), more);
        assert_eq!(
            mistakes(json!({ "name": "year" }), json!({}), json!({})),
            ["fields.1.name: two fields are named `year`"]
        );
        for (key, value, path) in [
            ("primaryKey", json!("yaer"), "primaryKey"),
            ("primaryKey", json!(["t", "yaer"]), "primaryKey.1"),
            ("uniqueKeys", json!([["yaer"]]), "uniqueKeys.0.0"),
            ("together", json!([["t", "yaer"]]), "together.0.1"),
        ] {
            let said = "names the unknown field `yaer` | did you mean `year`?";
            assert_eq!(schema(json!({ key: value })), [format!("{path}: `{key}` {said}")]);
        }
        let foreign = json!([{ "fields": "year", "reference": { "fields": ["year", "t"] } }]);
        assert_eq!(
            schema(json!({ "foreignKeys": foreign })),
            ["foreignKeys.0.reference.fields: the key has 1 here and 2 there"]
        );
        let foreign = json!([{ "fields": "t", "reference": { "resource": "x", "fields": "u" } }]);
        assert_eq!(
            schema(json!({ "foreignKeys": foreign })),
            ["foreignKeys.0.reference.fields: `foreignKeys` names the unknown field `u` | \
                 known: `t`, `year`"]
        );
    }
}
