//! Reads and computes expressions over values: numbers, names, `+ - * /`, brackets, functions.
//!
//! A name is the full name of a value: letters, digits, `_`, `.`, `@`, and a
//! hyphen where a letter or digit follows it at once (`ztest@table1-median.z`),
//! so a minus between names has spaces around it. Functions are `abs(x)`,
//! `min(a, b, …)`, `max(a, b, …)` and `round(x, digits)`, halves away from zero.

use std::collections::BTreeSet;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number that is written down.
    Number(f64),
    /// The value of a name.
    Value(String),
    /// A number with the other sign.
    Negative(Box<Expression>),
    /// Two numbers and an operator, one of `+ - * /`.
    Binary(char, Box<[Expression; 2]>),
    /// A function of numbers.
    Call(Function, Vec<Expression>),
}

/// A function of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The number without its sign.
    Abs,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// Rounded to so many decimals.
    Round,
}

/// How deep brackets may be nested.
const DEEPEST: usize = 64;
/// How many numbers, names and marks there may be: a sum is as deep as it is long.
const MOST: usize = 1_000;
/// How many characters a text of so many parts may have.
const LONGEST: usize = 10_000;

impl Expression {
    /// Reads an expression; the message says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().nth(LONGEST).is_some() {
            return Err("it is longer than 10,000 characters".into());
        }
        let symbols = symbols(text)?;
        if symbols.len() > MOST {
            return Err("it has more than 1,000 parts".into());
        }
        let mut parser = Parser { symbols, at: 0, depth: 0 };
        let expression = parser.terms()?;
        match parser.next() {
            None => Ok(expression),
            Some(symbol) => Err(format!("{} stands where an operator is due", symbol.shown())),
        }
    }

    /// The names in it.
    pub fn names(&self) -> BTreeSet<&str> {
        match self {
            Expression::Number(_) => BTreeSet::new(),
            Expression::Value(name) => BTreeSet::from([name.as_str()]),
            Expression::Negative(inner) => inner.names(),
            Expression::Binary(_, both) => both.iter().flat_map(Expression::names).collect(),
            Expression::Call(_, all) => all.iter().flat_map(Expression::names).collect(),
        }
    }

    /// Computes it; `value` gives the number of a name.
    pub fn compute(&self, value: &dyn Fn(&str) -> Result<f64, String>) -> Result<f64, String> {
        match self {
            Expression::Number(number) => Ok(*number),
            Expression::Value(name) => value(name),
            Expression::Negative(inner) => Ok(-inner.compute(value)?),
            Expression::Binary(operator, both) => {
                let (a, b) = (both[0].compute(value)?, both[1].compute(value)?);
                match operator {
                    '+' => Ok(a + b),
                    '-' => Ok(a - b),
                    '*' => Ok(a * b),
                    _ if b == 0.0 => Err("it divides by 0".into()),
                    _ => Ok(a / b),
                }
            }
            Expression::Call(function, all) => {
                let all: Result<Vec<f64>, String> =
                    all.iter().map(|it| it.compute(value)).collect();
                Ok(function.of(&all?))
            }
        }
    }
}

impl Function {
    fn named(name: &str) -> Option<Self> {
        match name {
            "abs" => Some(Function::Abs),
            "min" => Some(Function::Min),
            "max" => Some(Function::Max),
            "round" => Some(Function::Round),
            _ => None,
        }
    }

    fn takes(self, count: usize) -> bool {
        match self {
            Function::Abs => count == 1,
            Function::Round => count == 2,
            Function::Min | Function::Max => count >= 1,
        }
    }

    fn of(self, all: &[f64]) -> f64 {
        let first = all.first().copied().unwrap_or(f64::NAN);
        match self {
            Function::Abs => first.abs(),
            Function::Min => all.iter().copied().fold(first, f64::min),
            Function::Max => all.iter().copied().fold(first, f64::max),
            Function::Round => {
                let scale = libm::pow(10.0, all.get(1).copied().unwrap_or(0.0));
                (first * scale).round() / scale
            }
        }
    }
}

/// The smallest parts of an expression.
#[derive(Clone, Debug, PartialEq)]
enum Symbol {
    Number(f64),
    Name(String),
    Mark(char),
}

impl Symbol {
    fn shown(&self) -> String {
        match self {
            Symbol::Number(number) => format!("`{number}`"),
            Symbol::Name(name) => format!("`{name}`"),
            Symbol::Mark(mark) => format!("`{mark}`"),
        }
    }
}

fn symbols(text: &str) -> Result<Vec<Symbol>, String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut symbols, mut at) = (Vec::new(), 0);
    while let Some(&char) = chars.get(at) {
        let from = at;
        at += 1;
        if char.is_ascii_digit() {
            let part = |c: &char| c.is_ascii_digit() || *c == '.' || *c == '_';
            at += chars[at..].iter().take_while(|c| part(c)).count();
            let word: String = chars[from..at].iter().filter(|c| **c != '_').collect();
            let number = word.parse().map_err(|_| format!("`{word}` is no number"))?;
            symbols.push(Symbol::Number(number));
        } else if char.is_ascii_alphabetic() {
            while let Some(next) = chars.get(at) {
                let follows = chars.get(at + 1).is_some_and(char::is_ascii_alphanumeric);
                if !(next.is_ascii_alphanumeric() || "_.@".contains(*next))
                    && (*next != '-' || !follows)
                {
                    break;
                }
                at += 1;
            }
            symbols.push(Symbol::Name(chars[from..at].iter().collect()));
        } else if "+-*/(),".contains(char) {
            symbols.push(Symbol::Mark(char));
        } else if !char.is_whitespace() {
            return Err(format!("`{char}` means nothing here"));
        }
    }
    Ok(symbols)
}

/// Reads symbols by precedence.
struct Parser {
    symbols: Vec<Symbol>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Symbol> {
        self.symbols.get(self.at)
    }

    fn next(&mut self) -> Option<Symbol> {
        let symbol = self.peek().cloned();
        self.at += 1;
        symbol
    }

    fn mark(&mut self, marks: &str) -> Option<char> {
        match self.peek() {
            Some(&Symbol::Mark(mark)) if marks.contains(mark) => {
                self.at += 1;
                Some(mark)
            }
            _ => None,
        }
    }

    fn terms(&mut self) -> Result<Expression, String> {
        let mut left = self.factors()?;
        while let Some(operator) = self.mark("+-") {
            left = Expression::Binary(operator, Box::new([left, self.factors()?]));
        }
        Ok(left)
    }

    fn factors(&mut self) -> Result<Expression, String> {
        let mut left = self.single()?;
        while let Some(operator) = self.mark("*/") {
            left = Expression::Binary(operator, Box::new([left, self.single()?]));
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deeply".into());
        }
        let expression = match self.next() {
            Some(Symbol::Number(number)) => Expression::Number(number),
            Some(Symbol::Name(name)) if self.mark("(").is_some() => self.call(&name)?,
            Some(Symbol::Name(name)) => Expression::Value(name),
            Some(Symbol::Mark('-')) => Expression::Negative(Box::new(self.single()?)),
            Some(Symbol::Mark('(')) => {
                let inner = self.terms()?;
                self.closed()?;
                inner
            }
            Some(symbol) => return Err(format!("{} stands where a number is due", symbol.shown())),
            None => return Err("it ends where a number is due".into()),
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn call(&mut self, name: &str) -> Result<Expression, String> {
        let Some(function) = Function::named(name) else {
            return Err(format!("there is no function `{name}`: known are abs, min, max, round"));
        };
        let mut all = vec![self.terms()?];
        while self.mark(",").is_some() {
            all.push(self.terms()?);
        }
        self.closed()?;
        if !function.takes(all.len()) {
            return Err(format!("`{name}` does not take so many numbers: {}", all.len()));
        }
        Ok(Expression::Call(function, all))
    }

    fn closed(&mut self) -> Result<(), String> {
        self.mark(")").map(drop).ok_or_else(|| "a bracket is not closed".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compute(text: &str) -> Result<f64, String> {
        Expression::parse(text)?.compute(&|name| match name {
            "tag.apps" => Ok(62.0),
            "ztest@table1-median.z" => Ok(-2.0),
            _ => Err(format!("there is no value `{name}`")),
        })
    }

    #[test]
    fn precedence_brackets_and_functions() {
        assert_eq!(compute("1 + 2 * 3 - 4 / 2"), Ok(5.0));
        assert_eq!(compute("(1 + 2) * -3"), Ok(-9.0));
        assert_eq!(compute("10 - 4 - 3"), Ok(3.0));
        assert_eq!(compute("tag.apps/2 - 1_000"), Ok(-969.0));
        assert_eq!(compute("ztest@table1-median.z - 1"), Ok(-3.0));
        assert_eq!(compute("tag.apps-(1)"), Ok(61.0));
        assert_eq!(compute("max(1, abs(0 - 7), 3) + min(2, 1)"), Ok(8.0));
        assert_eq!(compute("round(2.345, 1) + round(0-2.5, 0)"), Ok(2.3 - 3.0));
    }

    #[test]
    fn names_in_an_expression() {
        let expression = Expression::parse("(b.x - a.y) / min(b.x, c@d-e.z)").unwrap();
        assert_eq!(Vec::from_iter(expression.names()), ["a.y", "b.x", "c@d-e.z"]);
    }

    #[test]
    fn what_is_wrong() {
        let wrong = |text: &str| compute(text).unwrap_err();
        assert_eq!(wrong("1 +"), "it ends where a number is due");
        assert_eq!(wrong("1 2"), "`2` stands where an operator is due");
        assert_eq!(wrong("* 2"), "`*` stands where a number is due");
        assert_eq!(wrong("(1"), "a bracket is not closed");
        assert_eq!(wrong("1.2.3"), "`1.2.3` is no number");
        assert_eq!(wrong("a ^ 2"), "`^` means nothing here");
        assert_eq!(wrong("1 / (2 - 2)"), "it divides by 0");
        assert_eq!(wrong("round(1)"), "`round` does not take so many numbers: 1");
        assert_eq!(wrong("exec(1)"), "there is no function `exec`: known are abs, min, max, round");
        assert_eq!(wrong("tag.app"), "there is no value `tag.app`");
        let nested = |depth: usize| format!("{}1{}", "(".repeat(depth - 1), ")".repeat(depth - 1));
        assert_eq!(compute(&nested(DEEPEST)), Ok(1.0));
        assert_eq!(wrong(&nested(DEEPEST + 1)), "it is nested too deeply");
        assert_eq!(wrong(&"(".repeat(900)), "it is nested too deeply");
        assert_eq!(wrong(&"-".repeat(900)), "it is nested too deeply");
        assert_eq!(wrong(&"abs(".repeat(200)), "it is nested too deeply");
    }

    /// What is longer would be deeper than the memory of a thread.
    #[test]
    fn what_is_too_long() {
        let sum = |terms: usize| format!("1{}", "+1".repeat(terms - 1));
        assert_eq!(compute(&sum(500)), Ok(500.0));
        assert_eq!(compute(&format!("-{}", sum(500))), Ok(498.0));
        assert_eq!(compute(&sum(501)), Err("it has more than 1,000 parts".into()));
        let far = Err("it is longer than 10,000 characters".into());
        assert_eq!(compute(&sum(60_000)), far);
        assert_eq!(compute(&"(".repeat(100_000)), far);
    }
}
