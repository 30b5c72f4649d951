//! What templates see: each name once as a value and once as it was written.

use std::collections::BTreeMap;

use minijinja::Value;
use serde_json::Value as Json;

/// In which form an expression sees what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Numbers are numbers.
    Values,
    /// Numbers are the words that were written, where these say more.
    Written,
    /// So are `true` and `false`.
    Texts,
}

/// What a name stands for, in all forms.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    values: Value,
    written: Value,
    texts: Value,
    /// Whether the forms differ.
    differ: bool,
}

impl Scope {
    /// A value, and the same as it was written: see [`crate::yaml::Document::written`].
    pub(crate) fn new(value: &Json, written: &Json) -> Self {
        let texts = texts(written);
        let differ = texts != *value;
        let values = Value::from(minijinja::value::Serde(value));
        if !differ {
            return Scope { written: values.clone(), texts: values.clone(), values, differ };
        }
        let [written, texts] = [written, &texts].map(|it| minijinja::value::Serde(it).into());
        Scope { values, written, texts, differ }
    }

    /// A value that is written as it is.
    pub(crate) fn plain(value: &Json) -> Self {
        Scope::new(value, value)
    }
}

/// All names that templates see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    names: BTreeMap<String, Scope>,
}

impl Context {
    /// The same, with a name more.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, scope: Scope) -> Self {
        self.names.insert(name.into(), scope);
        self
    }

    pub(super) fn differs(&self) -> bool {
        self.names.values().any(|scope| scope.differ)
    }

    pub(super) fn root(&self, form: Form) -> Value {
        let value = |scope: &Scope| match form {
            Form::Values => scope.values.clone(),
            Form::Written => scope.written.clone(),
            Form::Texts => scope.texts.clone(),
        };
        self.names
            .iter()
            .map(|(name, scope)| (name.clone(), value(scope)))
            .collect::<BTreeMap<_, _>>()
            .into()
    }
}

/// A value in which `true` and `false` are texts.
fn texts(value: &Json) -> Json {
    match value {
        Json::Bool(value) => value.to_string().into(),
        Json::Array(items) => items.iter().map(texts).collect(),
        Json::Object(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.clone(), texts(value))).collect())
        }
        other => other.clone(),
    }
}

/// The numbers among what is named whose words say more than their value, each
/// with these words.
pub(super) fn lossy(value: &Value, written: &Value) -> Vec<(Value, String)> {
    use minijinja::value::ValueKind;
    match (value.kind(), written.kind()) {
        (ValueKind::Number | ValueKind::None, ValueKind::String) => {
            vec![(value.clone(), written.to_string())]
        }
        (ValueKind::Seq | ValueKind::Map, _) => {
            let keys: Vec<Value> = match value.kind() {
                ValueKind::Seq => (0..value.len().unwrap_or(0)).map(Value::from).collect(),
                _ => value.try_iter().map(Iterator::collect).unwrap_or_default(),
            };
            let item = |of: &Value, key: &Value| of.get_item(key).unwrap_or_default();
            keys.iter().flat_map(|key| lossy(&item(value, key), &item(written, key))).collect()
        }
        _ => Vec::new(),
    }
}
