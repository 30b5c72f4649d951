//! Evaluates one expression: its names, its value, and the text that it stands for.

use std::collections::BTreeSet;
use std::fmt::Write;

use minijinja::value::ValueKind;
use minijinja::{ErrorKind, Value};

use super::context::{Context, Form, lossy};
use super::cut::Hole;
use super::language::{self, LANGUAGE, Reading, Signs};
use super::mistake::{Mistake, Result, shown};
use crate::diagnostic::did_you_mean;

/// The names that an expression sees, and what they stand for.
pub(super) struct Names {
    values: Value,
    /// The other forms, where they differ.
    words: Option<(Value, Value)>,
}

impl Names {
    pub(super) fn new(context: &Context) -> Self {
        let words = context.differs().then(|| {
            let [written, texts] = [Form::Written, Form::Texts].map(|form| context.root(form));
            (written, texts)
        });
        Names { values: context.root(Form::Values), words }
    }

    /// The value of an expression: of its own type, or as it was written.
    pub(super) fn evaluate(&self, hole: &Hole, typed: bool) -> Result<Value> {
        let expression = hole.expression;
        let mistake = |message: String| Mistake::new(message, 0..0);
        if expression.chars().nth(language::EXPRESSION).is_some() {
            let limit = language::EXPRESSION;
            return Err(vec![mistake(format!("an expression has at most {limit} characters"))]);
        }
        self.check_dashes(expression)?;
        let compiled =
            LANGUAGE.compile_expression(expression).map_err(|error| vec![reason(&error)])?;
        let names: BTreeSet<String> = compiled.undeclared_variables(true).into_iter().collect();
        self.check_names(&names)?;
        let signs = language::signs(expression);
        self.check_product(&signs, &names)?;
        let evaluate = |context: &Value| {
            let value = compiled.eval(context.clone()).map_err(|error| vec![reason(&error)])?;
            match value.is_undefined() {
                true => Err(vec![
                    mistake(format!("`{}` stands for nothing", shown(expression)))
                        .hint("say what it is otherwise: `… if … else …`"),
                ]),
                false => Ok(value),
            }
        };
        let value = evaluate(&self.values)?;
        let Some((written, texts)) = &self.words else { return Ok(value) };
        if value.kind() == ValueKind::Map || (typed && value.kind() != ValueKind::String) {
            return Ok(value);
        }
        if signs.reading == Reading::Plain {
            return evaluate(texts);
        }
        let lossy: Vec<_> = names
            .iter()
            .flat_map(|name| lossy(&of(&self.values, name), &of(written, name)))
            .collect();
        let with_words = evaluate(written);
        let equal = with_words.as_ref().is_ok_and(|it| it.to_string() == value.to_string());
        let passed_on = lossy.iter().find(|(number, _)| *number == value);
        let same = passed_on
            .is_some_and(|(_, word)| with_words.as_ref().is_ok_and(|it| it.as_str() == Some(word)));
        let calculated = matches!(value.kind(), ValueKind::Number | ValueKind::Bool);
        match signs.reading {
            _ if lossy.is_empty() || equal => Ok(value),
            // What was chosen is what would have been chosen as a number.
            _ if same => with_words,
            Reading::Choice if lossy.iter().all(|(number, _)| number.is_true()) => with_words,
            Reading::Number if calculated && (passed_on.is_none() || with_words.is_err()) => {
                Ok(value)
            }
            _ => {
                let (it, word) = (shown(expression), &lossy[0].1);
                Err(vec![
                    mistake(format!("`{it}` takes `{word}` for a number and for a text")).hint(
                        format!("put `{word}` in quotes, or write it as numbers usually are"),
                    ),
                ])
            }
        }
    }

    /// Names every name that is not defined, each with what might be meant.
    fn check_names(&self, names: &BTreeSet<String>) -> Result<()> {
        let mut found = Vec::new();
        for name in names {
            let mut value = self.values.clone();
            let mut root = None;
            for part in name.split('.') {
                let next = value.get_attr(part).unwrap_or_default();
                if next.is_undefined() {
                    let known: Vec<String> = keys(&value);
                    let mut mistake = Mistake::new(format!("`{name}` is not defined"), 0..0);
                    mistake.hints.extend(match (root, part) {
                        (None, "date") => {
                            Some("add `date: \"YYYY-MM-DD\"` to `pipeline.yaml`".into())
                        }
                        (Some(root), _) if known.is_empty() => {
                            Some(format!("declare it in `{root}:`, which is empty"))
                        }
                        _ => did_you_mean(part, known.iter().map(String::as_str)),
                    });
                    found.push(mistake);
                    break;
                }
                root.get_or_insert(part);
                value = next;
            }
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// `outputs.my-out` is a subtraction, which nobody means who has such a name.
    fn check_dashes(&self, expression: &str) -> Result<()> {
        let mut found = Vec::new();
        let part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        for name in expression.split(|c| !part(c)).filter(|name| name.contains('-')) {
            if name.starts_with(['.', '-']) || of(&self.values, name).is_undefined() {
                continue;
            }
            let path = name.split('.').map(|part| match part.contains('-') {
                true => format!("[\"{part}\"]"),
                false => format!(".{part}"),
            });
            let path: String = path.collect();
            let message = format!("`{name}` is read as a subtraction");
            let path = path.trim_start_matches('.');
            let hint = match name == expression {
                true => format!("write `{{{{ {path} }}}}`"),
                false => format!("write `{path}`"),
            };
            found.push(Mistake::new(message, 0..0).hint(hint));
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// `*` repeats texts and lists as well, as often as one likes.
    fn check_product(&self, signs: &Signs, names: &BTreeSet<String>) -> Result<()> {
        let number = |name: &String| {
            matches!(of(&self.values, name).kind(), ValueKind::Number | ValueKind::Bool)
        };
        if !signs.multiplies || (!signs.holds_more_than_numbers && names.iter().all(number)) {
            return Ok(());
        }
        let mistake = Mistake::new("an expression with `*` holds numbers only", 0..0);
        Err(vec![mistake.hint("use an expression for the product and another for the rest")])
    }
}

/// The value at a path of names.
fn of(context: &Value, path: &str) -> Value {
    let next = |value: Value, part: &str| value.get_attr(part).unwrap_or_default();
    path.split('.').fold(context.clone(), next)
}

fn keys(value: &Value) -> Vec<String> {
    value.try_iter().into_iter().flatten().map(|key| key.to_string()).collect()
}

/// An error of minijinja, in our words.
pub(super) fn reason(error: &minijinja::Error) -> Mistake {
    let detail = error.detail().unwrap_or("");
    if error.kind() == ErrorKind::UnknownFilter {
        let name = detail.split_whitespace().nth(1).unwrap_or(detail);
        let mut mistake = Mistake::new(format!("there is no filter `{name}`"), 0..0);
        mistake.hints.extend(did_you_mean(name, language::FILTERS));
        return mistake;
    }
    Mistake::new(
        match (error.kind(), detail) {
            (kind, "") => kind.to_string(),
            (ErrorKind::InvalidOperation, detail) => detail.into(),
            (kind, detail) => format!("{kind}: {detail}"),
        },
        0..0,
    )
}

/// A value as one text, as YAML and JSON write it.
pub(super) fn whole(value: Value) -> Result<String> {
    let mut text = Bounded(String::new());
    let done = match value.kind() {
        ValueKind::Bool => text.write_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::None | ValueKind::Undefined => {
            return Err(vec![
                Mistake::new("there is no value to insert", 0..0)
                    .hint("give it one; an empty text is `\"\"`"),
            ]);
        }
        _ => write!(text, "{value}"),
    };
    match done {
        Ok(()) => Ok(text.0),
        Err(_) => Err(vec![Mistake::new("an expression gives at most 1 MiB of text", 0..0)]),
    }
}

/// Text up to the limit.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.0.len() + text.len() > language::TEXT {
            return Err(std::fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}
