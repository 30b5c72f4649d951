//! One value as it stands in a file of values, held to its form.
//!
//! Any program may write such a file, so what is wrong with it is told with file,
//! key, and what is expected. A value is a number or a text:
//!
//! | field | of a number | of a text |
//! | --- | --- | --- |
//! | `number` | a finite number | |
//! | `digits` | how many decimals are printed, 0 to 20 | |
//! | `unit` | a text, which may be empty | |
//! | `low`, `high` | both or none: an interval | |
//! | `rows` | if there: which rows it counts | |
//! | `text` | | the words |
//! | `about` | what it is | what it is |

use std::collections::{BTreeMap, BTreeSet};

use engine::diagnostic::{Diagnostic, Place, did_you_mean};
use engine::function::{Artifact, Failure};
use engine::words::brief;
use engine::yaml::{Document, Node};
use serde_json::Value;

/// The fields of a value by name.
pub type Record = BTreeMap<String, Value>;

/// Every field, in the order in which they are named to whoever misspells one.
const FIELDS: [&str; 8] = ["number", "digits", "unit", "about", "low", "high", "rows", "text"];

/// Of more decimals than this, the last ones are none of the number's.
const DIGITS: u64 = 20;

/// Reads a file of values by key; what breaks the form is told, all of it.
pub fn read(artifact: &Artifact) -> Result<BTreeMap<String, Record>, Failure> {
    let values: Value = serde_json::from_slice(&artifact.bytes).map_err(|error| {
        let text = String::from_utf8_lossy(&artifact.bytes);
        let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or("");
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or(&said);
        let place =
            Place { column: error.column(), ..Place::line(&artifact.path, error.line(), line) };
        let fault = Diagnostic::contract(format!("the values are not JSON: {said}")).at(place);
        Failure::contract(vec![
            fault.hint("a file of values is a map in UTF-8, from keys to values"),
        ])
    })?;
    // JSON is YAML; it is read once more for places, and for keys that stand twice.
    let document = Document::parse(&artifact.path, &artifact.bytes).map_err(Failure::contract)?;
    let Value::Object(entries) = values else {
        let message = format!("the values are {}, not a map from keys to values", kind(&values));
        let fault = Diagnostic::contract(message).at(document.place(&document.root));
        return Err(Failure::contract(vec![fault]));
    };
    let mut form = Form { document: &document, faults: Vec::new() };
    form.once(&document.root);
    document.root.entries().iter().for_each(|(_, value)| form.once(value));
    let records =
        entries.into_iter().filter_map(|(key, value)| Some((form.held(&key, value)?, key)));
    let records = records.map(|(record, key)| (key, record)).collect();
    if form.faults.is_empty() { Ok(records) } else { Err(Failure::contract(form.faults)) }
}

/// A file that is being held to the form.
struct Form<'a> {
    document: &'a Document,
    faults: Vec<Diagnostic>,
}

impl Form<'_> {
    fn fault(&mut self, path: &[&str], message: String, hint: Option<String>) {
        let mut fault = Diagnostic::contract(message).at(self.document.value_place(path));
        fault.hints.extend(hint);
        self.faults.push(fault);
    }

    /// Finds keys of a map that stand twice, of which a reader of JSON would see one.
    fn once(&mut self, map: &Node) {
        let mut seen = BTreeSet::new();
        for (key, _) in map.entries() {
            let text = key.text().unwrap_or("");
            if !seen.insert(text) {
                let message = format!("the key `{}` stands twice", brief(text));
                let fault = Diagnostic::contract(message).at(self.document.place(key));
                self.faults.push(fault.hint("leave one of them out"));
            }
        }
    }

    fn held(&mut self, key: &str, value: Value) -> Option<Record> {
        let name = brief(key).into_owned();
        if !is_key(key) {
            let hint = "a key holds a-z, 0-9, `_` and `-`, with dots between parts".to_string();
            self.fault(&[key], format!("`{name}` is no key of a value"), Some(hint));
        }
        let Value::Object(fields) = value else {
            let message = format!("the value `{name}` is {}, not a map", kind(&value));
            let hint = "write `{\"number\": 3, \"digits\": 0, \"unit\": \"\", \"about\": \"…\"}`";
            self.fault(&[key], message, Some(hint.into()));
            return None;
        };
        let record: Record = fields.into_iter().collect();
        for field in record.keys().filter(|field| !FIELDS.contains(&field.as_str())) {
            let message = format!("the value `{name}` has the unknown field `{}`", brief(field));
            self.fault(&[key, field], message, did_you_mean(field, FIELDS));
        }
        match (record.contains_key("number"), record.contains_key("text")) {
            (true, false) => self.number(key, &record),
            (false, true) => self.words(key, &record),
            (true, true) => {
                let message = format!("the value `{name}` has both `number` and `text`");
                self.fault(&[key], message, Some("leave one of them out".into()));
            }
            (false, false) => {
                let message = format!("the value `{name}` has neither `number` nor `text`");
                self.fault(&[key], message, None);
            }
        }
        Some(record)
    }

    fn number(&mut self, key: &str, record: &Record) {
        let is_digits = |value: &Value| value.as_u64().is_some_and(|digits| digits <= DIGITS);
        let digits = format!("a whole number from 0 to {DIGITS}");
        self.field(key, record, "number", true, ("a number", &Value::is_number));
        self.field(key, record, "digits", true, (&digits, &is_digits));
        self.field(key, record, "unit", true, ("a text", &Value::is_string));
        self.field(key, record, "about", true, ("a text that says something", &says));
        self.field(key, record, "rows", false, ("a text that says something", &says));
        let interval = record.contains_key("low") || record.contains_key("high");
        for end in ["low", "high"] {
            self.field(key, record, end, interval, ("a number", &Value::is_number));
        }
        let [low, high] = ["low", "high"].map(|end| record.get(end).and_then(Value::as_f64));
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            let message = format!("`low` of the value `{}` is above its `high`", brief(key));
            self.fault(&[key, "low"], message, Some("exchange them".into()));
        }
    }

    fn words(&mut self, key: &str, record: &Record) {
        self.field(key, record, "text", true, ("a text that says something", &says));
        self.field(key, record, "about", true, ("a text that says something", &says));
        for field in ["digits", "unit", "low", "high", "rows"] {
            if record.contains_key(field) {
                let message = format!("`{field}` of the value `{}` means nothing", brief(key));
                self.fault(&[key, field], message, Some("a text has `text` and `about`".into()));
            }
        }
    }

    fn field(
        &mut self,
        key: &str,
        record: &Record,
        field: &str,
        required: bool,
        (expected, is_sound): (&str, &dyn Fn(&Value) -> bool),
    ) {
        match record.get(field) {
            None if required => {
                let message = format!("the value `{}` lacks `{field}`", brief(key));
                self.fault(&[key], message, Some(format!("`{field}` is {expected}")));
            }
            Some(value) if !is_sound(value) => {
                let name = brief(key);
                let found = match value {
                    Value::Number(number) => format!("`{number}`"),
                    other => kind(other).to_string(),
                };
                let message = format!("`{field}` of the value `{name}` is {found}, not {expected}");
                self.fault(&[key, field], message, None);
            }
            _ => {}
        }
    }
}

/// Whether a text says something.
fn says(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

/// Whether a key has the form that names of values have.
fn is_key(key: &str) -> bool {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    key.split('.').all(|part| !part.is_empty() && part.chars().all(sound))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(text) if text.trim().is_empty() => "an empty text",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use engine::given;

    use super::*;

    /// What is said of a file of values, with its hints.
    fn said(text: &str) -> Vec<String> {
        let read = read(&given::artifact("v.json", text.as_bytes()));
        let faults = read.err().map(|failure| failure.diagnostics).unwrap_or_default();
        let line = |fault: &Diagnostic| {
            let hints = fault.hints.iter().map(|hint| format!(" ({hint})"));
            fault.to_string() + &hints.collect::<String>()
        };
        faults.iter().map(line).collect()
    }

    /// What is said of one value with these fields.
    fn of(fields: &str) -> Vec<String> {
        said(&format!("{{ \"v\": {{ {fields} }} }}"))
    }

    const SOUND: &str = r#""number": 3, "digits": 0, "unit": "", "about": "birds""#;

    #[test]
    fn sound_values() {
        assert_eq!(said("{}"), [""; 0]);
        assert_eq!(of(SOUND), [""; 0]);
        assert_eq!(of(&format!("{SOUND}, \"low\": 1, \"high\": 3.5, \"rows\": \"all\"")), [""; 0]);
        assert_eq!(of(&format!("{SOUND}, \"low\": 3, \"high\": 3")), [""; 0]);
        assert_eq!(of(r#""text": "a, b", "about": "names""#), [""; 0]);
        let key = |key: &str| said(&format!("{{ \"{key}\": {{ {SOUND} }} }}"));
        for sound in ["a", "a.b_c.1", "app.qq-browser"] {
            assert_eq!(key(sound), [""; 0], "{sound}");
        }
        for wrong in ["", "A", "a b", "a..b", ".a", "é", "a@b"] {
            let found = key(wrong);
            assert!(found[0].contains(&format!("`{wrong}` is no key of a value")), "{found:?}");
        }
    }

    #[test]
    fn a_malformed_value_is_told_with_file_key_and_what_is_expected() {
        let with = |old: &str, new: &str| of(&SOUND.replace(old, new));
        for (found, message) in [
            (with("3", "\"3\""), "v.json:1:20: `number` of the value `v` is a text, not a number"),
            (with("3", "null"), "v.json:1:20: `number` of the value `v` is null, not a number"),
            (
                with("\"digits\": 0", "\"digits\": -1"),
                "v.json:1:33: `digits` of the value `v` is `-1`, not a whole number from 0 to 20",
            ),
            (
                with("\"digits\": 0", "\"digits\": 99"),
                "v.json:1:33: `digits` of the value `v` is `99`, not a whole number from 0 to 20",
            ),
            (
                with("\"digits\": 0", "\"digits\": 1.5"),
                "v.json:1:33: `digits` of the value `v` is `1.5`, not a whole number from 0 to 20",
            ),
            (
                with("\"digits\": 0, ", ""),
                "v.json:1:8: the value `v` lacks `digits` \
                 (`digits` is a whole number from 0 to 20)",
            ),
            (
                with("\"birds\"", "\" \""),
                "v.json:1:57: `about` of the value `v` is an empty text, \
                 not a text that says something",
            ),
            (
                with("\"unit\"", "\"unti\""),
                "v.json:1:44: the value `v` has the unknown field `unti` (did you mean `unit`?)",
            ),
            (
                of(&format!("{SOUND}, \"text\": \"x\"")),
                "v.json:1:8: the value `v` has both `number` and `text` (leave one of them out)",
            ),
            (of("\"about\": \"x\""), "v.json:1:8: the value `v` has neither `number` nor `text`"),
            (
                of(&format!("{SOUND}, \"low\": 1")),
                "v.json:1:8: the value `v` lacks `high` (`high` is a number)",
            ),
            (
                of(&format!("{SOUND}, \"low\": 2, \"high\": 1")),
                "v.json:1:73: `low` of the value `v` is above its `high` (exchange them)",
            ),
            (
                of(r#""text": "x", "about": "y", "unit": "km""#),
                "v.json:1:45: `unit` of the value `v` means nothing \
                 (a text has `text` and `about`)",
            ),
            (
                said("{ \"v\": 3 }"),
                "v.json:1:8: the value `v` is a number, not a map (write \
                 `{\"number\": 3, \"digits\": 0, \"unit\": \"\", \"about\": \"…\"}`)",
            ),
            (said("[]"), "v.json:1:1: the values are a list, not a map from keys to values"),
            (
                said("{ \"v\": NaN }"),
                "v.json:1:8: the values are not JSON: expected value \
                 (a file of values is a map in UTF-8, from keys to values)",
            ),
        ] {
            assert_eq!(found.first().map(String::as_str), Some(message));
        }
        let twice = said(&format!("{{ \"v\": {{ {SOUND} }}, \"v\": {{ {SOUND} }} }}"));
        let place = "v.json:1:68: the key `v` stands twice (leave one of them out)";
        assert_eq!(twice, [place]);
        let twice = of(&format!("{SOUND}, \"digits\": 2"));
        assert!(twice[0].contains("the key `digits` stands twice"), "{twice:?}");
        assert_eq!(said("").len(), 1);
        assert_eq!(said("\u{feff}{}").len(), 1);
    }
}
