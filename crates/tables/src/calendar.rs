//! The months that things are counted in, as texts and as numbers.

/// A month: twelve times the year, and the months since its January.
pub type Month = i64;

/// Reads `2015-01`.
pub fn month(text: &str) -> Option<Month> {
    let (year, month) = text.split_once('-')?;
    let digits = |text: &str, length| {
        let sound = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        sound.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (year, month) = (digits(year, 4)?, digits(month, 2)?);
    (1..=12).contains(&month).then(|| year * 12 + month - 1)
}

/// Writes `2015-01`.
pub fn text(month: Month) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// The year of a month.
pub fn year(month: Month) -> i64 {
    month.div_euclid(12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_as_text() {
        assert_eq!(month("2015-01"), Some(2015 * 12));
        assert_eq!(text(2023 * 12 + 11), "2023-12");
        assert_eq!(year(month("2023-12").unwrap()), 2023);
        for wrong in ["2015-13", "2015-00", "2015-1", "2015", "15-01", "2015-+1", "2015-01-01"] {
            assert_eq!(month(wrong), None, "{wrong}");
        }
    }
}
