//! Templates in `pipeline.yaml`: minijinja, strict, expressions only.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior};
use serde_json::{Map, Value};

use crate::diagnostic::nearest;
use crate::yaml::{Data, Node};

/// What templates see: `params`, `matrix`, `date`, and in commands `inputs` and `outputs`.
pub struct Templates {
    context: minijinja::Value,
}

/// Strict: a name that is not defined is an error, not an empty text.
static PLAIN: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(write_plain);
    environment
});

/// The same, and what is inserted is quoted for the shell.
static SHELL: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = PLAIN.clone();
    environment.set_formatter(write_quoted);
    environment
});

impl Templates {
    /// Templates over the given names.
    pub fn new(context: &Map<String, Value>) -> Self {
        Templates { context: minijinja::value::Serde(context).into() }
    }

    /// Text with its templates filled in.
    pub fn text(&self, text: &str) -> Result<String, String> {
        self.fill(&PLAIN, text)
    }

    /// A shell command with its templates filled in; what is inserted is quoted.
    pub fn command(&self, text: &str) -> Result<String, String> {
        self.fill(&SHELL, text)
    }

    /// The value of text: where it is a single `{{ … }}`, the value itself with its type.
    pub fn value(&self, text: &str) -> Result<Value, String> {
        let Some(expression) = single(text) else { return self.text(text).map(Value::from) };
        let compiled = PLAIN.compile_expression(expression).map_err(reason)?;
        self.check_names(compiled.undeclared_variables(true))?;
        let value = compiled.eval(&self.context).map_err(reason)?;
        if value.is_undefined() {
            return Err(format!("`{}` is not defined", expression.trim()));
        }
        serde_json::to_value(&value).map_err(|error| error.to_string())
    }

    /// The arguments that one element of a command list stands for.
    pub fn arguments(&self, text: &str) -> Result<Vec<String>, String> {
        Ok(match self.value(text)? {
            Value::Array(items) => items.iter().map(plain).collect(),
            other => vec![plain(&other)],
        })
    }

    /// A node with the templates in its texts filled in; problems go to `report`.
    pub fn node(&self, node: &Node, report: &mut dyn FnMut(&Node, String)) -> Node {
        let data = match &node.data {
            Data::Text(text) if text.contains('{') => match self.value(text) {
                Ok(value) => data(node, &value),
                Err(message) => {
                    report(node, message);
                    node.data.clone()
                }
            },
            Data::List(items) => {
                Data::List(items.iter().map(|item| self.node(item, report)).collect())
            }
            Data::Map(entries) => {
                Data::Map(entries.iter().map(|(k, v)| (k.clone(), self.node(v, report))).collect())
            }
            other => other.clone(),
        };
        Node { data, ..*node }
    }

    fn fill(&self, environment: &Environment, text: &str) -> Result<String, String> {
        if !text.contains('{') {
            return Ok(text.into());
        }
        if text.contains("{%") {
            return Err("templates hold expressions `{{ … }}` only, no statements `{% … %}`".into());
        }
        let template = environment.template_from_str(text).map_err(reason)?;
        self.check_names(template.undeclared_variables(true))?;
        template.render(&self.context).map_err(reason)
    }

    /// Names the first name that is not defined, and the nearest that is.
    fn check_names(&self, names: impl IntoIterator<Item = String>) -> Result<(), String> {
        let names: BTreeSet<String> = names.into_iter().collect();
        for name in names {
            let mut value = self.context.clone();
            for part in name.split('.') {
                let next = value.get_attr(part).unwrap_or_default();
                if next.is_undefined() {
                    let known: Vec<String> = value
                        .try_iter()
                        .map(|keys| keys.map(|key| key.to_string()).collect())
                        .unwrap_or_default();
                    let near = nearest(part, known.iter().map(String::as_str));
                    let near = near.map(|near| format!(", did you mean `{near}`?"));
                    return Err(format!("`{name}` is not defined{}", near.unwrap_or_default()));
                }
                value = next;
            }
        }
        Ok(())
    }
}

/// The expression of a text that is nothing but `{{ expression }}`.
fn single(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{")).then_some(inner)
}

fn reason(error: minijinja::Error) -> String {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{}{detail}", error.kind())
}

/// A value as one argument.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

/// Values as YAML and JSON write them.
fn word(value: &minijinja::Value) -> Result<String, minijinja::Error> {
    Ok(match value.kind() {
        ValueKind::Undefined => return Err(minijinja::ErrorKind::UndefinedError.into()),
        ValueKind::Bool => if value.is_true() { "true" } else { "false" }.into(),
        ValueKind::None => "null".into(),
        _ => value.to_string(),
    })
}

fn write_plain(
    out: &mut Output,
    _: &mut State,
    value: &minijinja::Value,
) -> Result<(), minijinja::Error> {
    out.write_str(&word(value)?).map_err(minijinja::Error::from)
}

fn write_quoted(
    out: &mut Output,
    _: &mut State,
    value: &minijinja::Value,
) -> Result<(), minijinja::Error> {
    let words: Result<Vec<String>, _> = match value.kind() {
        ValueKind::Seq => value.try_iter()?.map(|item| word(&item)).collect(),
        _ => word(value).map(|word| vec![word]),
    };
    let words: Vec<_> = words?.iter().map(|word| quoted(word)).collect();
    out.write_str(&words.join(" ")).map_err(minijinja::Error::from)
}

/// Text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./@:,+=%".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn data(node: &Node, value: &Value) -> Data {
    let wrap = |value: &Value| Node { data: data(node, value), ..*node };
    match value {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Data::Integer(integer),
            None => Data::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Data::Text(text.clone()),
        Value::Array(items) => Data::List(items.iter().map(wrap).collect()),
        Value::Object(entries) => {
            Data::Map(entries.iter().map(|(k, v)| (wrap(&k.as_str().into()), wrap(v))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates() -> Templates {
        let context = serde_json::json!({
            "params": { "limit": 30000, "flag": true, "name": "it's; rm -rf /" },
            "inputs": { "tables": ["a.csv", "b c.csv"] },
        });
        Templates::new(context.as_object().expect("a map"))
    }

    #[test]
    fn values_keep_their_type() {
        assert_eq!(templates().value("{{ params.limit }}"), Ok(30000.into()));
        assert_eq!(templates().value("n={{ params.limit }}"), Ok("n=30000".into()));
    }

    #[test]
    fn booleans_are_written_as_in_yaml() {
        assert_eq!(templates().text("n={{ params.flag }}"), Ok("n=true".into()));
    }

    #[test]
    fn undefined_names_are_errors() {
        let message = Err("`params.limt` is not defined, did you mean `limit`?".to_string());
        assert_eq!(templates().text("x{{ params.limt }}"), message);
        assert_eq!(templates().command("echo {{ params.limt }}"), message);
        let message = Err("`params.nope` is not defined".to_string());
        assert_eq!(templates().value("{{ params.nope }}").map(|_| String::new()), message);
        assert!(templates().text("{% for x in y %}{% endfor %}").is_err());
    }

    #[test]
    fn commands_are_quoted() {
        let command = templates().command("echo {{ params.name }} {{ inputs.tables }}");
        assert_eq!(command, Ok(r"echo 'it'\''s; rm -rf /' a.csv 'b c.csv'".into()));
        assert_eq!(
            templates().arguments("{{ inputs.tables }}"),
            Ok(vec!["a.csv".into(), "b c.csv".into()])
        );
    }
}
