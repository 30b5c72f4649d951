//! Numbers and texts as messages show them.

use std::borrow::Cow;

/// A text as messages quote it: all of it, unless it is long.
pub fn brief(text: &str) -> Cow<'_, str> {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

/// A noun with how many there are: `1 cell`, `1,234 cells`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number as f64, 0))
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
        assert_eq!(count(1, "cell"), "1 cell");
        assert_eq!((count(0, "cell"), count(1234, "row")), ("0 cells".into(), "1,234 rows".into()));
        assert_eq!(
            (brief("抖音"), brief(&"音".repeat(80))),
            ("抖音".into(), "音".repeat(80).into())
        );
        assert_eq!(brief(&"音".repeat(81)), format!("{}…", "音".repeat(80)));
    }
}
