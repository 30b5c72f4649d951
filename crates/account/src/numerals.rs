//! Numbers as readers see them, and what their printed digits promise.

use engine::words::grouped;

/// The decimals of a precision: 0.001 has three.
pub fn decimals(precision: f64) -> usize {
    (0..9).find(|places| precision * libm::pow(10.0, *places as f64) > 0.999).unwrap_or(9)
}

/// The place of the last digit that a number prints: 1 of `30000`, 0.01 of
/// `0.60`, 100,000 of `3.2e6`. Nothing for what is not written in digits.
pub fn printed(number: &str) -> Option<f64> {
    let text = number.strip_prefix(['-', '+']).unwrap_or(number);
    let (digits, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let sound = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let sound = sound(whole) && sound(rest) && !(whole.is_empty() && rest.is_empty());
    let power = power.parse::<i32>().ok().filter(|_| sound)?;
    Some(power_of_ten(power.checked_sub(i32::try_from(rest.len()).ok()?)?))
}

/// A power of ten as it is read when it is written down.
pub fn power_of_ten(power: i32) -> f64 {
    format!("1e{power}").parse().expect("a power of ten is a number")
}

/// A number with one more decimal than it was stated with, unless it is whole.
pub fn shown(number: f64, places: usize) -> String {
    let whole = number.fract() == 0.0 || (places == 0 && number.abs() >= 1000.0);
    grouped(number, if whole { places } else { places + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_readers_see_them() {
        assert_eq!((shown(62.903, 0), shown(39.0, 0)), ("62.9".into(), "39".into()));
        assert_eq!(shown(-2.118_3, 3), "−2.1183");
        assert_eq!((shown(1_234.6, 0), shown(1_234.56, 1)), ("1,235".into(), "1,234.56".into()));
        assert_eq!((decimals(1.0), decimals(0.001), decimals(100_000.0)), (0, 3, 0));
    }
}
