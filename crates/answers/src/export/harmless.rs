//! Text of others that does nothing where it is put: cells, YAML, Markdown, addresses.

use std::fmt::Write;

use engine::plain;
use serde::Serialize;

/// A cell of a table that a spreadsheet may open: what it would take for a formula gets
/// an apostrophe before it, and control characters are written out.
pub fn cell(text: &str) -> String {
    let plain = plain::plain(text);
    let is_number = plain.parse::<f64>().is_ok();
    match plain.starts_with(['=', '+', '-', '@', '\'', '|', '%']) && !is_number {
        true => format!("'{plain}"),
        false => plain.into_owned(),
    }
}

/// JSON in lines, with nothing in it that could end a script of a page.
pub fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("what is exported is plain data");
    format!("{}\n", plain::json(&text).replace('<', "\\u003c"))
}

/// A text as YAML and JSON quote it.
pub fn quoted(text: &str) -> String {
    let text = serde_json::to_string(text).expect("a text is plain data");
    plain::json(&text).into_owned()
}

/// A cell of a table in Markdown.
pub fn markdown(text: &str) -> String {
    let mut safe = String::new();
    for c in plain::plain(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    safe
}

/// A path or a name as a part of an address.
pub fn address(path: &str) -> String {
    let mut safe = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' | b'@' => {
                safe.push(byte as char);
            }
            _ => {
                let _ = write!(safe, "%{byte:02X}");
            }
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_texts_and_numbers_stay() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(cell("-cmd"), "'-cmd");
        assert_eq!((cell("-2.5").as_str(), cell("a=b").as_str()), ("-2.5", "a=b"));
        assert!(!cell("\t=1").contains('\t') && !cell("\r\n=1").contains('\n'));
    }

    #[test]
    fn no_script_ends() {
        assert_eq!(json(&"</script>\u{1b}"), "\"\\u003c/script>\\u001b\"\n");
        assert_eq!(markdown("a|<b>`"), "a\\|&lt;b&gt;\\`");
        assert_eq!(quoted("a\"\n"), "\"a\\\"\\n\"");
        assert_eq!(address("a b/ü?#"), "a%20b/%C3%BC%3F%23");
    }
}
