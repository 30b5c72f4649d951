//! The language of expressions: minijinja without functions, with the filters
//! that texts and numbers need, and with limits.
//!
//! An expression has no loops, so its length bounds its steps. What could make
//! much of little is held back here: filters, and `*` on texts.

use std::sync::LazyLock;

use minijinja::value::{Rest, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value, filters};

/// The longest expression, in characters.
pub(super) const EXPRESSION: usize = 1000;
/// The longest text that one expression or one filter may give, in bytes.
pub(super) const TEXT: usize = 1 << 20;
/// The longest text that a whole template may give, in bytes.
pub(super) const WHOLE: usize = 16 << 20;

/// The filters, by name.
pub(super) const FILTERS: [&str; 28] = [
    "abs",
    "bool",
    "capitalize",
    "count",
    "d",
    "default",
    "first",
    "float",
    "format",
    "int",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "max",
    "min",
    "replace",
    "reverse",
    "round",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "upper",
];

/// Strict: a name that is not defined is an error, not an empty text.
pub(super) static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut language = Environment::new();
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    for function in ["range", "dict", "debug", "namespace"] {
        language.remove_global(function);
    }
    for name in [
        "attr",
        "batch",
        "chain",
        "dictsort",
        "e",
        "escape",
        "groupby",
        "indent",
        "items",
        "map",
        "pprint",
        "reject",
        "rejectattr",
        "safe",
        "select",
        "selectattr",
        "slice",
        "unique",
        "zip",
    ] {
        language.remove_filter(name);
    }
    for name in FILTERS {
        let filter = filter(name);
        language.add_filter(name, move |state: &mut State, given: Rest<ValueOrKwargs>| {
            let given: Vec<Value> = given.0.into_iter().map(ValueOrKwargs::into_value).collect();
            if most(name, &given).is_none_or(|most| most > TEXT) {
                return Err(too_long(name));
            }
            let made = filter.call(state, &given)?;
            match made.as_str().is_some_and(|text| text.len() > TEXT) {
                true => Err(too_long(name)),
                false => Ok(made),
            }
        });
    }
    language
});

fn filter(name: &str) -> Value {
    match name {
        "abs" => Value::from_function(filters::abs),
        "bool" => Value::from_function(filters::bool),
        "capitalize" => Value::from_function(filters::capitalize),
        "d" | "default" => Value::from_function(filters::default),
        "first" => Value::from_function(filters::first),
        "float" => Value::from_function(filters::float),
        "format" => Value::from_function(filters::format),
        "int" => Value::from_function(filters::int),
        "join" => Value::from_function(filters::join),
        "last" => Value::from_function(filters::last),
        "length" | "count" => Value::from_function(filters::length),
        "lines" => Value::from_function(filters::lines),
        "list" => Value::from_function(filters::list),
        "lower" => Value::from_function(filters::lower),
        "max" => Value::from_function(filters::max),
        "min" => Value::from_function(filters::min),
        "replace" => Value::from_function(filters::replace),
        "reverse" => Value::from_function(filters::reverse),
        "round" => Value::from_function(filters::round),
        "sort" => Value::from_function(filters::sort),
        "split" => Value::from_function(filters::split),
        "string" => Value::from_function(filters::string),
        "sum" => Value::from_function(filters::sum),
        "title" => Value::from_function(filters::title),
        "trim" => Value::from_function(filters::trim),
        _ => Value::from_function(filters::upper),
    }
}

/// How long what a filter makes can be at most, beside what it is given; `None`
/// where that can't be counted.
fn most(filter: &str, given: &[Value]) -> Option<usize> {
    let text = |at: usize| given.get(at).map(ToString::to_string).unwrap_or_default();
    match filter {
        "replace" => text(0).matches(&text(1)).count().checked_mul(text(2).len()),
        "join" => {
            let between: usize = given.iter().skip(1).map(|value| value.to_string().len()).sum();
            given.first().and_then(Value::len).unwrap_or(0).checked_mul(between)
        }
        "format" => {
            let form = text(0);
            let digits = form.split(|c: char| !c.is_ascii_digit()).filter(|it| !it.is_empty());
            let widths = digits.map(|digits| digits.parse::<usize>().ok());
            // `%*d` takes its width from what is given.
            let given =
                given.iter().skip(1).filter_map(|value| usize::try_from(value.clone()).ok());
            let taken = form.matches('*').count().checked_mul(given.max().unwrap_or(0));
            widths.chain([taken]).try_fold(0_usize, |sum, width| sum.checked_add(width?))
        }
        _ => Some(0),
    }
}

fn too_long(filter: &str) -> Error {
    let message = format!("`{filter}` would make a text of more than 1 MiB");
    Error::new(ErrorKind::InvalidOperation, message)
}

/// How an expression reads the values in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// It passes them on, as they are or changed as texts.
    Plain,
    /// It chooses one of them.
    Choice,
    /// It calculates or compares.
    Number,
}

/// What the words and signs of an expression say of it.
pub(super) struct Signs {
    pub(super) reading: Reading,
    /// Whether it multiplies.
    pub(super) multiplies: bool,
    /// Whether it holds a text, a list, a map, or anything that makes one.
    pub(super) holds_more_than_numbers: bool,
}

/// Looks at an expression without knowing what its names stand for.
pub(super) fn signs(expression: &str) -> Signs {
    const COMPARE: [&str; 2] = ["in", "is"];
    const CHOOSE: [&str; 5] = ["if", "else", "and", "or", "not"];
    const NUMERIC: [&str; 4] = ["abs", "float", "int", "round"];
    const ORDER: [&str; 4] = ["max", "min", "sort", "sum"];
    const DEFAULT: [&str; 3] = ["bool", "d", "default"];
    let (mut number, mut choice, mut multiplies, mut more) = (false, false, false, false);
    let (mut filter, mut dot) = (false, false);
    // Whether something stands before, so that `-` takes away from it.
    let mut after = false;
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let mut size = c.len_utf8();
        match c {
            '\'' | '"' => {
                size = quoted(rest, c);
                (more, after) = (true, true);
            }
            c if c.is_alphanumeric() || c == '_' => {
                let word: String =
                    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let word = word.as_str();
                size = word.len();
                let is_in = |words: &[&str]| words.contains(&word);
                // Behind a dot it is a name, behind a bar a filter.
                let word_of_ours = !dot && (is_in(&COMPARE) || is_in(&CHOOSE));
                number |= !dot && !filter && is_in(&COMPARE);
                number |= filter && (is_in(&NUMERIC) || is_in(&ORDER));
                choice |= !dot && !filter && is_in(&CHOOSE);
                choice |= filter && is_in(&DEFAULT);
                more |= filter && !is_in(&NUMERIC);
                after = !word_of_ours;
            }
            '*' if rest.starts_with("**") => (number, after, size) = (true, false, 2),
            '*' => (number, multiplies, after) = (true, true, false),
            '+' | '/' | '%' | '<' | '>' | '!' => (number, after) = (true, false),
            '=' => (number, after) = (number | rest.starts_with("=="), false),
            '-' => (number, after) = (number | after, false),
            '~' | '[' | '{' => (more, after) = (true, false),
            ')' | ']' | '}' => after = true,
            c if c.is_whitespace() => {}
            _ => after = false,
        }
        dot = c == '.';
        filter = c == '|' || (filter && c.is_whitespace());
        rest = &rest[size..];
    }
    let reading = match (number, choice) {
        (true, _) => Reading::Number,
        (false, true) => Reading::Choice,
        (false, false) => Reading::Plain,
    };
    Signs { reading, multiplies, holds_more_than_numbers: more }
}

/// The length of a text in an expression, with its quotes.
fn quoted(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == mark && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings() {
        for text in [
            "params.a",
            "a|upper",
            "a ~ '+'",
            "a['b-c'][-1]",
            "a|join(d=', ')",
            "-1",
            "a.max ~ a.in",
        ] {
            assert_eq!(signs(text).reading, Reading::Plain, "{text}");
        }
        for text in ["a if b else c", "a or b", "a|default(1)", "not a"] {
            assert_eq!(signs(text).reading, Reading::Choice, "{text}");
        }
        for text in ["a + 1", "a-1", "a == b", "a in b", "a|int", "2 ** a", "a is odd", "(a)-1"] {
            assert_eq!(signs(text).reading, Reading::Number, "{text}");
        }
    }

    #[test]
    fn every_filter_is_in_the_reference() {
        let page = include_str!("../../../../../docs/pipeline.md");
        let line = page.lines().find(|line| line.starts_with("**Filters** are")).expect("a line");
        let mut named: Vec<_> = line.split('`').skip(1).step_by(2).collect();
        named.sort_unstable();
        assert_eq!(named, FILTERS);
    }

    #[test]
    fn every_filter_is_there() {
        for name in FILTERS {
            let expression = format!("x is filter and '{name}' is filter");
            let compiled = LANGUAGE.compile_expression(&expression).expect("sound");
            let context = Value::from(std::collections::BTreeMap::from([("x", name)]));
            assert!(compiled.eval(context).expect("a value").is_true(), "{name}");
        }
    }
}
