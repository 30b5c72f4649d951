//! Finds mistakes in the description of a table, before a byte of the table is read.
//!
//! Of what the Data Package standard allows (2.0, Table Schema and Table
//! Dialect), a key is honoured or refused: none that stands there is without
//! effect, but for titles and the like. `meaning` looks at how the parts fit.

use engine::diagnostic::{did_you_mean, nearest};
use engine::words::brief;
use serde_json::{Map, Value};

use crate::forms::{Form, Keys, LAYOUTS, RESOURCE, names};
use crate::meaning;
use crate::mistake::Mistake;

/// Everything that is wrong with the description of a table that is held to a schema.
pub fn of_table(resource: &Value) -> Vec<Mistake> {
    let mut found = check(resource);
    if resource.get("schema").is_none() {
        found.push((Vec::new(), "the resource lacks `schema`".into()));
    }
    found
}

/// Everything that is wrong with the description of a file, with or without a schema.
pub fn check(resource: &Value) -> Vec<Mistake> {
    let mut found = Found { mistakes: Vec::new(), path: Vec::new() };
    let Some(keys) = resource.as_object() else {
        found.add("a resource must be a map".into(), None);
        return found.mistakes;
    };
    found.known(keys, RESOURCE);
    // Anything else may be said of a resource, but not what is nearly one of these.
    for key in keys.keys().filter(|key| names(RESOURCE).all(|name| name != key.as_str())) {
        let near = nearest(key, names(RESOURCE).filter(|name| *name != "name"));
        if let Some(near) = near {
            found.path.push(key.clone());
            found.add(format!("unknown key `{key}`"), Some(format!("did you mean `{near}`?")));
            found.path.pop();
        }
    }
    found.mistakes.extend(meaning::check(resource));
    found.mistakes
}

/// Mistakes, and the path at which the next one is.
struct Found {
    mistakes: Vec<Mistake>,
    path: Vec<String>,
}

impl Found {
    fn add(&mut self, message: String, hint: Option<String>) {
        let hint = hint.map(|hint| format!("\n{hint}")).unwrap_or_default();
        self.mistakes.push((self.path.clone(), message + &hint));
    }

    /// Holds a map to its keys and no others.
    fn map(&mut self, map: &Map<String, Value>, keys: Keys) {
        for key in map.keys().filter(|key| names(keys).all(|name| name != key.as_str())) {
            self.path.push(key.clone());
            let hint = did_you_mean(key, names(keys).collect::<Vec<_>>());
            self.add(format!("unknown key `{}`", brief(key)), hint);
            self.path.pop();
        }
        self.known(map, keys);
    }

    /// Holds what is under known keys to its form.
    fn known(&mut self, map: &Map<String, Value>, keys: Keys) {
        for (name, form) in keys {
            let required = name.ends_with('!');
            let name = name.trim_end_matches('!');
            match map.get(name) {
                Some(value) => {
                    self.path.push(name.into());
                    self.value(name, value, form);
                    self.path.pop();
                }
                None if required => {
                    let owner = self.path.iter().rev().find(|part| part.parse::<u8>().is_err());
                    let owner = owner.map_or("", String::as_str);
                    self.add(format!("`{owner}` lacks `{name}`"), None);
                }
                None => {}
            }
        }
    }

    fn value(&mut self, name: &str, value: &Value, form: &Form) {
        let text = |value: &Value| value.is_string();
        let texts = |value: &Value| value.as_array().is_some_and(|all| all.iter().all(text));
        let scalar = |value: &Value| text(value) || value.is_number();
        let (sound, expected) = match form {
            Form::Any => (true, ""),
            Form::Text => (text(value), "text"),
            Form::Flag => (value.is_boolean(), "true or false"),
            Form::Only(true) => (*value == true, "true: nothing else is read"),
            Form::Only(false) => (*value == false, "false: nothing else is read"),
            Form::One(known) => return self.choice(name, value, known),
            Form::Letter => (sign(value, true), "one plain character, neither letter nor quote"),
            Form::Sign => (sign(value, false), "one character, neither letter nor digit"),
            Form::Count => (value.is_u64(), "a whole number"),
            Form::Bound => (scalar(value), "text or a number"),
            Form::Bounds => {
                let sound = |value: &Value| scalar(value) || value.is_boolean();
                let all = value.as_array();
                (all.is_some_and(|all| all.iter().all(sound)), "a list of values")
            }
            Form::Texts => (texts(value), "a list of text"),
            Form::Names => (text(value) || texts(value), "text or a list of text"),
            Form::Lists => {
                let all = value.as_array();
                (all.is_some_and(|all| all.iter().all(texts)), "a list of lists of text")
            }
            Form::Missing => {
                let sound = |value: &Value| text(value) || value["value"].is_string();
                let all = value.as_array();
                (all.is_some_and(|all| all.iter().all(sound)), "a list of text")
            }
            Form::Map => {
                let all = value.as_object();
                (all.is_some_and(|all| all.values().all(text)), "a map of text")
            }
            Form::Years => {
                let all = value.as_array().filter(|all| all.len() == 2);
                (all.is_some_and(|all| all.iter().all(Value::is_i64)), "a list of two years")
            }
            Form::Keys(keys) => match value.as_object() {
                Some(map) => return self.map(map, keys),
                None => (false, "a map"),
            },
            Form::List(keys) => match value.as_array() {
                Some(all) => return self.list(all, keys),
                None => (false, "a list"),
            },
            Form::Layout => match value.as_object() {
                Some(map) => return self.layout(map),
                None => (false, "a map"),
            },
        };
        if !sound {
            self.add(format!("`{name}` must be {expected}"), None);
        }
    }

    fn choice(&mut self, name: &str, value: &Value, known: &[&str]) {
        // The standard has lists of ways to match fields; encodings are written both ways.
        let one = value.as_array().filter(|all| name == "fieldsMatch" && all.len() == 1);
        let Some(text) = one.map_or(value, |all| &all[0]).as_str() else {
            return self.add(format!("`{name}` must be text"), None);
        };
        let folded = if name == "encoding" { text.to_lowercase() } else { text.to_string() };
        if !known.contains(&folded.as_str()) {
            let hint = did_you_mean(text, known.iter().copied());
            self.add(format!("`{name}` can't be `{}`", brief(text)), hint);
        }
    }

    fn list(&mut self, all: &[Value], keys: Keys) {
        for (at, value) in all.iter().enumerate() {
            self.path.push(at.to_string());
            match value.as_object() {
                Some(map) => self.map(map, keys),
                None => self.add("it must be a map".into(), None),
            }
            self.path.pop();
        }
    }

    fn layout(&mut self, map: &Map<String, Value>) {
        let kinds = LAYOUTS.iter().map(|(kind, _)| *kind);
        let Some(kind) = map.get("kind") else {
            let hint = did_you_mean("", kinds.collect::<Vec<_>>());
            return self.add("`layout` lacks `kind`".into(), hint);
        };
        match LAYOUTS.iter().find(|(name, _)| kind == name) {
            Some((_, keys)) => self.map(map, keys),
            None => {
                let text = kind.as_str().map_or_else(|| kind.to_string(), String::from);
                self.path.push("kind".into());
                let hint = did_you_mean(&text, kinds.collect::<Vec<_>>());
                self.add(format!("there is no layout `{}`", brief(&text)), hint);
                self.path.pop();
            }
        }
    }
}

/// Whether a value is one character that divides cells or digits.
fn sign(value: &Value, plain: bool) -> bool {
    let mut chars = value.as_str().unwrap_or("").chars();
    let one = chars.next().filter(|_| chars.next().is_none());
    one.is_some_and(|c| !c.is_alphanumeric() && !"\"\r\n".contains(c) && (c.is_ascii() || !plain))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::given;

    /// The mistakes of a table with `value` at a path of its descriptor; a hint
    /// follows a bar.
    fn at(path: &str, value: Value) -> Vec<String> {
        let mut resource = json!({
            "name": "t", "path": "t.csv", "title": "A table", "version": "2024", "labels": [],
            "type": "table", "format": "csv", "mediatype": "text/csv", "encoding": "UTF-8",
            "schema": {
                "fields": [
                    { "name": "iso3", "title": "code" },
                    { "name": "year", "type": "integer", "constraints": { "minimum": 2015 } },
                    { "name": "people", "type": "integer" },
                ],
                "fieldsMatch": ["exact"],
                "primaryKey": ["iso3", "year"],
            },
        });
        assert_eq!(check(&resource), []);
        let (owner, key) = path.rsplit_once('.').unwrap_or(("", path));
        let owner = owner.split('.').filter(|part| !part.is_empty());
        let owner = owner.map(|part| format!("/{part}")).collect::<String>();
        let owner = resource.pointer_mut(&owner).unwrap();
        owner.as_object_mut().unwrap().insert(key.into(), value);
        let told = |(path, message): Mistake| {
            format!("{}: {}", path.join("."), message.replace('\n', " | "))
        };
        check(&resource).into_iter().map(told).collect()
    }

    #[test]
    fn keys_that_there_are_not() {
        for (path, near) in [
            ("shema", "schema"),
            ("missingvalues", "missingValues"),
            ("schema.primarykey", "primaryKey"),
            ("schema.fields.0.tpye", "type"),
            ("schema.fields.1.constraints.maximun", "maximum"),
        ] {
            let key = path.rsplit('.').next().unwrap();
            let said = format!("{path}: unknown key `{key}` | did you mean `{near}`?");
            assert_eq!(at(path, json!("x")), [said]);
        }
        let dialect = json!({ "layuot": 1, "delimeter": ";", "header": false });
        assert_eq!(
            at("dialect", dialect),
            [
                "dialect.delimeter: unknown key `delimeter` | did you mean `delimiter`?",
                "dialect.layuot: unknown key `layuot` | did you mean `layout`?",
                "dialect.header: `header` must be true: nothing else is read",
            ]
        );
    }

    #[test]
    fn values_that_are_not_read() {
        let types = "`type` can't be `geopoint` | known: `string`, `integer`, `number`, \
                     `boolean`, `date`, `yearmonth`";
        let encoding = "`encoding` can't be `latin-1` | known: `utf-8`, `utf8`";
        let char = "`delimiter` must be one plain character, neither letter nor quote";
        for (path, value, said) in [
            ("format", json!("json"), "`format` can't be `json` | known: `csv`, `xlsx`"),
            (
                "compression",
                json!("bz2"),
                "`compression` can't be `bz2` | known: `gz`, `zst`, `zip`",
            ),
            ("encoding", json!("latin-1"), encoding),
            ("missingValues", json!([-99]), "`missingValues` must be a list of text"),
            ("dialect.delimiter", json!(";;"), char),
            (
                "schema.fieldsMatch",
                json!(["subset"]),
                "`fieldsMatch` can't be `subset` | known: `exact`",
            ),
            ("schema.fields.0.type", json!("geopoint"), types),
            (
                "schema.fields.0.format",
                json!("email"),
                "`format` can't be `email` | known: `default`",
            ),
            ("schema.fields.0.missingValues", json!(""), "`missingValues` must be a list of text"),
        ] {
            if path.starts_with("dialect") {
                assert_eq!(
                    at("dialect", json!({ "delimiter": value })),
                    [format!("{path}: {said}")]
                );
            } else {
                assert_eq!(at(path, value), [format!("{path}: {said}")]);
            }
        }
        assert_eq!(
            of_table(&json!({ "name": "t" })),
            [(vec![], "the resource lacks `schema`".into())]
        );
        assert_eq!(check(&json!({ "name": "t" })), []);
        let bare = at("schema", json!({}));
        assert_eq!(bare, ["schema: `schema` lacks `fields`"]);
        let schema = json!("x");
        assert_eq!(at("schema", schema), ["schema: `schema` must be a map"]);
    }

    #[test]
    fn layouts() {
        let with = |layout: Value| at("dialect", json!({ "layout": layout }));
        let bank =
            json!({ "kind": "world_bank", "indicator": "SP.POP.TOTL", "years": [2015, 2022] });
        assert!(with(bank.clone()).is_empty());
        let but = |key: &str, value: Value| {
            let mut layout = bank.clone();
            layout[key] = value;
            with(layout)
        };
        let kinds = "`world_bank`, `un_migrant_stock`, `sdmx`, `app_store`";
        let said = format!("dialect.layout.kind: there is no layout `oecd` | known: {kinds}");
        assert_eq!(but("kind", json!("oecd")), [said]);
        let said =
            "dialect.layout.kind: there is no layout `world_bnak` | did you mean `world_bank`?";
        assert_eq!(but("kind", json!("world_bnak")), [said]);
        assert_eq!(
            with(json!({ "kind": "world_bank", "years": [2015, 2022] })),
            ["dialect.layout: `layout` lacks `indicator`"]
        );
        assert_eq!(
            with(json!({})),
            [format!("dialect.layout: `layout` lacks `kind` | known: {kinds}")]
        );
        assert!(but("years", json!([2015, 2015])).is_empty());
        let said = "dialect.layout.years: `years` must be a list of two years";
        assert_eq!(but("years", json!([2015])), [said]);
        let said = "dialect.layout.years: the years run from 2022 back to 2015 | \
                    write the first year first";
        assert_eq!(but("years", json!([2022, 2015])), [said]);
        let said = "dialect.layout.yaers: unknown key `yaers` | did you mean `years`?";
        assert_eq!(but("yaers", json!(1)), [said]);
        let un = json!({ "kind": "un_migrant_stock", "origin": "China", "years": [2015, 2020] });
        assert_eq!(
            with(un),
            [
                "format: the layout `un_migrant_stock` reads `xlsx` | \
                 write `format: xlsx`, or name the layout under `dialect`",
                "mediatype: the file is read as XLSX",
            ]
        );
        let store = json!({ "kind": "app_store", "columns": { "aps": "App" } });
        assert_eq!(
            with(store),
            ["dialect.layout: the layout has no column for the field `year` | \
                 it has `iso3`, `app`, `store`, `country`, `month`, `downloads`, `rank`"]
        );
    }

    #[test]
    fn the_resources_of_the_study() {
        for name in ["countries", "legislation", "downloads_published", "survey"] {
            assert_eq!(check(&given::resource(name).resource.unwrap()), [], "{name}");
        }
        assert_eq!(check(&json!([]))[0].1, "a resource must be a map");
    }
    #[test]
    fn characters_between_cells_and_digits() {
        let delimiter = |text: &str| at("dialect", json!({ "delimiter": text })).is_empty();
        assert!([",", ";", "|", "\t", " "].into_iter().all(delimiter));
        assert!(!["", "a", "é", "1", "\"", "\n", "\u{a0}", ",,"].into_iter().any(delimiter));
        let group = |text: &str| at("schema.fields.1.groupChar", json!(text)).is_empty();
        assert!([".", "\u{a0}", "\u{2019}"].into_iter().all(group));
        assert!(!["", "a", "1", "\"", "\n", ".."].into_iter().any(group));
    }

    #[test]
    fn what_alone_is_read() {
        let dialect = |key: &str, value: Value| at("dialect", json!({ key: value }));
        assert!(dialect("header", json!(true)).is_empty());
        assert!(dialect("skipInitialSpace", json!(false)).is_empty());
        let said = "dialect.skipInitialSpace: `skipInitialSpace` must be false: \
                    nothing else is read";
        assert_eq!(dialect("skipInitialSpace", json!(true)), [said]);
        // A list of one is read where the standard has lists.
        assert_eq!(at("encoding", json!(["utf-8"])), ["encoding: `encoding` must be text"]);
        let said = "schema.fieldsMatch: `fieldsMatch` must be text";
        assert_eq!(at("schema.fieldsMatch", json!(["exact", "subset"])), [said]);
    }
}
