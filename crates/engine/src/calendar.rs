//! Days of the calendar, in the one form that they have in texts: `YYYY-MM-DD`.
//!
//! It knows no clock: which day it is today, nothing here can tell.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time};

const FORM: &[BorrowedFormatItem] = format_description!("[year]-[month]-[day]");

/// Reads a day; none if the calendar has no such day, or the form is another.
pub fn day(text: &str) -> Option<Date> {
    // The library would take a sign before the year.
    Date::parse(text, FORM).ok().filter(|_| text.len() == "YYYY-MM-DD".len())
}

/// Seconds from 1970 to midnight UTC of a day.
pub fn seconds(day: Date) -> i64 {
    PrimitiveDateTime::new(day, Time::MIDNIGHT).assume_utc().unix_timestamp()
}

/// The day in UTC of a number of seconds since 1970; none outside of the years
/// from 0 to 9999, which the form can't write.
pub fn day_of(seconds: i64) -> Option<String> {
    let day = OffsetDateTime::from_unix_timestamp(seconds).ok()?.date();
    day.format(FORM).ok().filter(|_| day.year() >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_as_texts() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("2024-09-12", 1_726_099_200),
            ("2026-12-31", 1_798_675_200),
            ("0001-01-01", -62_135_596_800),
        ] {
            assert_eq!(day(text).map(super::seconds), Some(seconds), "{text}");
            assert_eq!(day_of(seconds + 4711).as_deref(), Some(text));
        }
        for wrong in [
            "2023-02-29",
            "1900-02-29",
            "2015-04-31",
            "2015-13-01",
            "2015-01-00",
            "2015-1-1",
            "12.9.2024",
            "+2024-01-01",
            "-2024-01-01",
            "+024-01-01",
            "2024-01-01 ",
            "2024-01-1x",
            "",
        ] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
        assert_eq!([i64::MIN, -99_999_999_999, i64::MAX].map(day_of), [None, None, None]);
    }
}
