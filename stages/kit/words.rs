//! Numbers as readers see them.

/// The decimals of a precision: 0.001 has three.
pub fn decimals(precision: f64) -> usize {
    (0..9).find(|places| precision * libm::pow(10.0, *places as f64) > 0.999).unwrap_or(9)
}

/// A number with one more decimal than it was stated with, unless it is whole.
pub fn shown(number: f64, places: usize) -> String {
    let whole = number.fract() == 0.0 || (places == 0 && number.abs() >= 1000.0);
    grouped(number, if whole { places } else { places + 1 })
}

/// A number with `digits` decimals and commas between thousands.
pub fn grouped(number: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", number.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let groups: Vec<&str> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or(""))
        .collect();
    let zero = text.chars().all(|c| c == '0' || c == '.');
    let sign = if number < 0.0 && !zero { "−" } else { "" };
    format!("{sign}{}{rest}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_readers_see_them() {
        assert_eq!(grouped(26_300_000.0, 0), "26,300,000");
        assert_eq!(grouped(-1234.567, 1), "−1,234.6");
        assert_eq!(grouped(-0.01, 1), "0.0");
        assert_eq!((shown(62.903, 0), shown(39.0, 0)), ("62.9".into(), "39".into()));
        assert_eq!(shown(-2.118_3, 3), "−2.1183");
        assert_eq!((decimals(1.0), decimals(0.001), decimals(100_000.0)), (0, 3, 0));
    }
}
