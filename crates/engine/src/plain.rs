//! Text of others as a terminal may be given it: names, paths, rows of data,
//! parameters, and what programs said.
//!
//! A character that moves the cursor, hides what stands beside it or turns the
//! order of reading is shown by its escape; nothing that is foreign reaches a
//! terminal in any other way.

use std::borrow::Cow;
use std::fmt::Write;

/// Lines that programs said are cut after this many characters.
pub const LINE: usize = 500;

/// Text with every control character made visible: `\n`, `\x1b`, `\u{202e}`.
///
/// What it gives is one line, and the same again if it is given that.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let joins = matches!(c, '\u{200c}' | '\u{200d}') && !before.is_ascii();
        match joins && chars.peek().is_some_and(|next| !next.is_ascii()) {
            // Part of how Persian, Hindi and emoji are written.
            true => shown.push(c),
            false => show(c, &mut shown),
        }
        before = c;
    }
    Cow::Owned(shown)
}

fn show(c: char, shown: &mut String) {
    let _ = match c {
        '\n' => shown.write_str("\\n"),
        '\r' => shown.write_str("\\r"),
        '\t' => shown.write_str("\\t"),
        c if !is_hidden(c) => shown.write_char(c),
        c if c.is_ascii() => write!(shown, "\\x{:02x}", u32::from(c)),
        c => write!(shown, "\\u{{{:x}}}", u32::from(c)),
    };
}

/// Whether a character does something to a terminal or to the order in which
/// text is read, instead of standing there.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// JSON text in which such characters stand as escapes too; JSON itself asks
/// for that below U+0020 only.
pub fn json(text: &str) -> Cow<'_, str> {
    // Outside of its strings, JSON text has line ends and spaces alone.
    let hidden = |c: char| c != '\n' && is_hidden(c);
    if !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if !hidden(c) {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    Cow::Owned(escaped)
}

/// Text cut after so many characters, with how many are missing.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(most) else { return Cow::Borrowed(text) };
    let more = text[end..].chars().count();
    let things = if more == 1 { "character" } else { "characters" };
    Cow::Owned(format!("{}… and {more} more {things}", &text[..end]))
}

/// A line as a program left it on a screen: the last state of a line that was
/// written over, without its colours, tabs as spaces, cut where it is too long.
///
/// It may be given any bytes, such as half of a line.
pub fn said(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches(['\n', '\r']);
    let (mut shown, mut column) = (String::new(), 0_usize);
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => rest = after_escape(rest),
            '\u{9b}' => rest = after_sequence(rest),
            '\r' => {
                shown.clear();
                column = 0;
            }
            '\x08' => column -= usize::from(shown.pop().is_some()),
            '\t' => {
                let wide = 8 - column % 8;
                shown.extend(std::iter::repeat_n(' ', wide));
                column += wide;
            }
            c => {
                shown.push(c);
                column += 1;
            }
        }
    }
    cut(plain(&shown).trim_end(), LINE).into_owned()
}

/// What follows an escape sequence of a terminal; half of one ends with the text.
fn after_escape(rest: std::str::Chars) -> std::str::Chars {
    let mut chars = rest.clone();
    match chars.next() {
        Some('[') => after_sequence(chars),
        // A title or a link: up to a bell or a string terminator, where it has one.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let text = chars.as_str();
            match text.find(['\x07', '\u{9c}', '\x1b']) {
                Some(end) if text[end..].starts_with("\x1b\\") => text[end + 2..].chars(),
                Some(end) if text[end..].starts_with('\x1b') => text[end..].chars(),
                Some(end) => {
                    let mut after = text[end..].chars();
                    after.next();
                    after
                }
                None => chars,
            }
        }
        // A character set: one character more.
        Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => {
            chars.next();
            chars
        }
        Some(c) if c.is_ascii() && !c.is_control() => chars,
        _ => rest,
    }
}

/// What follows the parameters and the last letter of a control sequence.
fn after_sequence(mut rest: std::str::Chars) -> std::str::Chars {
    loop {
        let mut chars = rest.clone();
        match chars.next() {
            Some(' '..='?') => rest = chars,
            Some('@'..='~') => return chars,
            _ => return rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_over_a_terminal_is_shown() {
        assert_eq!(plain("plain text, über 漢字"), "plain text, über 漢字");
        assert_eq!(plain("a\x1b]0;x\x07b\u{9b}2J\x7f"), "a\\x1b]0;x\\x07b\\u{9b}2J\\x7f");
        assert_eq!(plain("a\nb\tc\rd\0"), "a\\nb\\tc\\rd\\x00");
        assert_eq!(plain("\u{202e}txt.exe\u{2066}"), "\\u{202e}txt.exe\\u{2066}");
        assert_eq!(
            plain("adm\u{200b}in \u{200d}x \u{feff}"),
            "adm\\u{200b}in \\u{200d}x \\u{feff}"
        );
        // Persian and an emoji need their joiners.
        assert_eq!(plain("می\u{200c}خواهم 👩\u{200d}🔬"), "می\u{200c}خواهم 👩\u{200d}🔬");
        assert_eq!(plain(&plain("\x1b[2J")), plain("\x1b[2J"));
    }

    #[test]
    fn json_stays_what_it_says() {
        let value = serde_json::json!({ "a": "\x1b\u{9b}\x7f\u{202e}\u{e0041}\n" });
        let text = serde_json::to_string_pretty(&value).expect("plain data");
        let escaped = json(&text);
        assert_eq!(escaped, "{\n  \"a\": \"\\u001b\\u009b\\u007f\\u202e\\udb40\\udc41\\n\"\n}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).expect("JSON"), value);
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(cut("漢字", 2), "漢字");
        assert_eq!(cut("漢字x", 2), "漢字… and 1 more character");
        assert_eq!(said(&vec![b'x'; 5_000_000]).len(), 500 + "… and 4999500 more characters".len());
    }

    #[test]
    fn lines_of_programs_as_they_were_seen() {
        let said = |line: &str| said(line.as_bytes());
        assert_eq!(said("10%\r20%\r100%\r\n"), "100%");
        assert_eq!(said("\x1b[1A\x1b[2Kdone"), "done");
        assert_eq!(said("loading\r\x1b[Kdone"), "done");
        assert_eq!(said("\x1b[31merror\x1b[0m: \x1b[1mno\x1b[m\x1b("), "error: no");
        assert_eq!(said("half of one: \x1b[38;5"), "half of one:");
        assert_eq!(said("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07 end"), "link end");
        // Half of a title hides nothing.
        assert_eq!(said("\x1b]0;error: no disk"), "0;error: no disk");
        assert_eq!(said("a\tb"), "a       b");
        assert_eq!(said("ab\x08\x08x\x07"), "x\\x07");
        assert_eq!(super::said(b"\xff\xfea\xe6\xbc"), "\u{fffd}\u{fffd}a\u{fffd}");
    }
}
