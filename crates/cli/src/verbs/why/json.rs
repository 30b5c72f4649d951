//! The difference between two JSON values, as paths inside and both values.

use std::time::Instant;

use engine::plain;
use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

/// A value is shown up to so many characters.
const SHOWN: usize = 80;

/// Each difference as a line: `/rows/3/value: 1 -> 2`.
pub(super) fn differences(before: &Value, after: &Value, deadline: Instant) -> Vec<String> {
    let mut found = Vec::new();
    compare("", before, after, deadline, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, end: Instant, found: &mut Vec<String>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            for (key, was) in old {
                let path = step(path, key);
                match new.get(key) {
                    Some(is) => compare(&path, was, is, end, found),
                    None => found.push(format!("{path} is gone: {}", show(was))),
                }
            }
            for (key, is) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                found.push(format!("{} is new: {}", step(path, key), show(is)));
            }
        }
        (Value::Array(old), Value::Array(new)) => lists(path, old, new, end, found),
        _ => {
            let path = if path.is_empty() { "the whole" } else { path };
            found.push(format!("{path}: {} -> {}", show(before), show(after)));
        }
    }
}

fn lists(path: &str, old: &[Value], new: &[Value], end: Instant, found: &mut Vec<String>) {
    if old.len() == new.len() {
        for (n, (was, is)) in old.iter().zip(new).enumerate() {
            compare(&step(path, &n.to_string()), was, is, end, found);
        }
        return;
    }
    let text = |list: &[Value]| list.iter().map(Value::to_string).collect::<Vec<_>>();
    let (texts, others) = (text(old), text(new));
    for op in capture_diff_slices_deadline(Algorithm::Myers, &texts, &others, Some(end)) {
        let (was, is) = (op.old_range(), op.new_range());
        match op {
            DiffOp::Equal { .. } => {}
            DiffOp::Replace { .. } if was.len() == is.len() => {
                for (i, j) in was.zip(is) {
                    compare(&step(path, &j.to_string()), &old[i], &new[j], end, found);
                }
            }
            _ => {
                found.extend(was.map(|i| format!("{path}/{i} is gone: {}", show(&old[i]))));
                found.extend(is.map(|j| format!("{path}/{j} is new: {}", show(&new[j]))));
            }
        }
    }
}

/// A path one step further, as JSON pointers are written (RFC 6901).
fn step(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn show(value: &Value) -> String {
    plain::cut(&value.to_string(), SHOWN).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn told(before: Value, after: Value) -> Vec<String> {
        differences(&before, &after, Instant::now() + Duration::from_secs(1))
    }

    #[test]
    fn a_value_inside() {
        let list = |n: i32| json!({ "rows": [1, 2, 3, { "value": n }], "a/b": true });
        assert_eq!(told(list(1), list(2)), ["/rows/3/value: 1 -> 2"]);
        assert_eq!(told(list(1), list(1)), [""; 0]);
        assert_eq!(told(json!({ "a/b": "x" }), json!({ "a/b": [] })), ["/a~1b: \"x\" -> []"]);
        assert_eq!(told(json!(1), json!(null)), ["the whole: 1 -> null"]);
    }

    #[test]
    fn what_comes_and_goes() {
        let told = told(json!({ "a": [1, 3], "b": 1 }), json!({ "a": [1, 2, 3], "c": {} }));
        assert_eq!(told, ["/a/1 is new: 2", "/b is gone: 1", "/c is new: {}"]);
    }
}
