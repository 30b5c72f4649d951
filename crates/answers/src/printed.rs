//! A value as a report prints it, so that what moves unseen is told from what a reader sees.

use engine::words::grouped;

use crate::ledger::Value;

/// A value as it is printed: its decimals, commas between thousands, a true minus.
pub fn printed(value: &Value) -> String {
    match (&value.text, value.number) {
        (Some(text), _) => text.clone(),
        (None, Some(number)) => rounded(number, value.digits),
        (None, None) => String::new(),
    }
}

/// A number with so many decimals; a half goes away from zero, as it does in Typst.
pub fn rounded(number: f64, digits: usize) -> String {
    let scale = power_of_ten(digits.min(20));
    let scaled = (number * scale).round() / scale;
    grouped(if scaled.is_finite() { scaled } else { number }, digits)
}

/// A power of ten as it is read when it is written down.
fn power_of_ten(power: usize) -> f64 {
    format!("1e{power}").parse().expect("a power of ten is a number")
}

/// A difference with its sign.
pub fn signed(difference: f64, digits: usize) -> String {
    let text = rounded(difference, digits);
    if difference > 0.0 { format!("+{text}") } else { text }
}

/// How many decimals show a difference that is not shown by `digits` of them: two
/// places more than its first digit, at most 17.
pub fn decimals(difference: f64, digits: usize) -> usize {
    // As it is written in powers of ten: `1.2e-4` has its first digit in the fourth place.
    let written = format!("{:e}", difference.abs());
    let power = written.rsplit_once('e').and_then(|(_, power)| power.parse::<i32>().ok());
    let needed = power.filter(|it| *it < 0).map_or(0, |it| it.unsigned_abs() as usize + 1);
    digits.max(needed.min(17))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_readers_see_them() {
        let value =
            |number: f64, digits: usize| Value { number: Some(number), digits, ..Value::default() };
        assert_eq!(printed(&value(15_780_000.0, 0)), "15,780,000");
        assert_eq!(printed(&value(-2.118_3, 3)), "−2.118");
        assert_eq!(printed(&value(0.25, 1)), "0.3");
        assert_eq!(printed(&value(-0.01, 1)), "0.0");
        assert_eq!(printed(&Value { text: Some("a, b".into()), ..Value::default() }), "a, b");
        assert_eq!((signed(3.0, 0), signed(-3.0, 0)), ("+3".into(), "−3".into()));
        assert_eq!(decimals(0.000_12, 1), 5);
        assert_eq!((decimals(12.0, 0), decimals(0.0, 2)), (0, 2));
    }
}
