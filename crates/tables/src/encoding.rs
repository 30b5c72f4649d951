//! The text of a raw file: UTF-8 with or without a byte order mark, and nothing else.
//!
//! Other encodings are told apart as far as their bytes allow, so that whoever
//! dropped the file in knows what to do; nothing is turned or guessed.

use std::borrow::Cow;

use engine::diagnostic::{Checked, Diagnostic, Place};

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// How many bytes tell whether a file is UTF-16.
const LOOK: usize = 512;

/// The text of a file, without its byte order mark.
pub fn text<'a>(path: &str, bytes: Cow<'a, [u8]>) -> Checked<Cow<'a, str>> {
    if is_utf16(&bytes) {
        let fault = Diagnostic::contract("the file is UTF-16, not UTF-8").at(Place::file(path));
        return Err(vec![fault.hint("save it as UTF-8; spreadsheets call it `CSV UTF-8`")]);
    }
    match bytes {
        Cow::Borrowed(bytes) => {
            let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
            let text = std::str::from_utf8(bytes);
            text.map(Cow::Borrowed).map_err(|error| vec![not_utf8(path, bytes, &error)])
        }
        Cow::Owned(mut bytes) => {
            if bytes.starts_with(MARK) {
                bytes.drain(..MARK.len());
            }
            let text = String::from_utf8(bytes);
            text.map(Cow::Owned)
                .map_err(|error| vec![not_utf8(path, error.as_bytes(), &error.utf8_error())])
        }
    }
}

/// Whether every other byte is zero, as it is in UTF-16 with Latin letters,
/// or the byte order mark of UTF-16 stands first.
fn is_utf16(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(LOOK)];
    let zeros = start.iter().filter(|byte| **byte == 0).count();
    start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") || zeros * 4 > start.len()
}

/// The first byte that is not UTF-8, and whether the rest of the file is.
fn not_utf8(path: &str, bytes: &[u8], error: &std::str::Utf8Error) -> Diagnostic {
    let good = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or("");
    let line = good.matches('\n').count() + 1;
    let column = good.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let byte = bytes[error.valid_up_to()];
    let text = bytes.split(|b| *b == b'\n').nth(line - 1).unwrap_or(&[]);
    let text = String::from_utf8_lossy(text).trim_end_matches('\r').to_string();
    let mixed = bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    // Latin-1 and Windows-1252 agree from here on.
    let meant = (byte >= 0xa0).then(|| char::from(byte));
    if error.error_len().is_none() {
        return Diagnostic::contract("the file ends within a character")
            .at(Place { column, width: 1, ..Place::line(path, line, text) })
            .hint("it was cut off: fetch it again");
    }
    let (message, hint) = match mixed {
        true => (
            format!("the file mixes encodings: byte 0x{byte:02x} is not UTF-8, other letters are"),
            "write these rows anew in UTF-8, the only encoding that is read",
        ),
        false => (
            format!("the file is not UTF-8: byte 0x{byte:02x} begins no character"),
            "save it as UTF-8, the only encoding that is read",
        ),
    };
    let latin = meant.map(|c| format!("; in Latin-1 the byte is `{c}`")).unwrap_or_default();
    Diagnostic::contract(message)
        .at(Place { column, width: 1, ..Place::line(path, line, text) })
        .hint(format!("{hint}{latin}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> (String, String) {
        let one = text("t.csv", Cow::Borrowed(bytes)).unwrap_err().remove(0);
        let other = text("t.csv", Cow::Owned(bytes.to_vec())).unwrap_err().remove(0);
        assert_eq!(one, other);
        (one.to_string(), one.hints[0].clone())
    }

    #[test]
    fn utf8_with_or_without_a_mark() {
        for bytes in ["Türkiye\n".as_bytes(), "\u{feff}Türkiye\n".as_bytes()] {
            assert_eq!(text("t.csv", Cow::Borrowed(bytes)).unwrap(), "Türkiye\n");
            assert_eq!(text("t.csv", Cow::Owned(bytes.to_vec())).unwrap(), "Türkiye\n");
        }
    }

    #[test]
    fn other_encodings() {
        let (message, hint) = refused(b"a\nT\xfcrkiye\n");
        assert_eq!(message, "t.csv:2:2: the file is not UTF-8: byte 0xfc begins no character");
        let latin = "save it as UTF-8, the only encoding that is read; in Latin-1 the byte is `ü`";
        assert_eq!(hint, latin);
        let utf16: Vec<u8> = "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [utf16.clone(), [&b"\xff\xfe"[..], &utf16].concat()] {
            assert_eq!(refused(&bytes).0, "t.csv: the file is UTF-16, not UTF-8");
        }
    }

    #[test]
    fn one_file_in_two_encodings() {
        let before = "Türkiye\n".as_bytes();
        for bytes in [[before, b"C\xf4te\n"].concat(), [b"x\nC\xf4te\n", before].concat()] {
            let (message, hint) = refused(&bytes);
            let expected =
                "t.csv:2:2: the file mixes encodings: byte 0xf4 is not UTF-8, other letters are";
            assert_eq!(message, expected);
            assert!(hint.ends_with("; in Latin-1 the byte is `ô`"), "{hint}");
        }
    }
    /// Without Latin letters no byte of UTF-16 is zero, and its mark alone tells it.
    #[test]
    fn utf16_of_other_letters() {
        let letters: Vec<u16> = "抖音".encode_utf16().collect();
        let little = letters.iter().flat_map(|it| it.to_le_bytes());
        let big = letters.iter().flat_map(|it| it.to_be_bytes());
        for bytes in [
            b"\xff\xfe".iter().copied().chain(little).collect::<Vec<_>>(),
            b"\xfe\xff".iter().copied().chain(big).collect(),
        ] {
            assert_eq!(refused(&bytes).0, "t.csv: the file is UTF-16, not UTF-8");
        }
    }

    #[test]
    fn the_line_that_is_not_read_is_shown() {
        let fault = text("t.csv", Cow::Borrowed(b"a\nb\nT\xfcrkiye\r\nc\n")).unwrap_err().remove(0);
        let place = fault.at.unwrap();
        assert_eq!((place.line, place.column, place.width), (3, 2, 1));
        assert_eq!(place.text, "T\u{fffd}rkiye");
        let fault = text("t.csv", Cow::Borrowed(b"a\nb\xc3")).unwrap_err().remove(0);
        let place = fault.at.unwrap();
        assert_eq!((place.line, place.column, place.width), (2, 2, 1));
        assert_eq!(fault.message, "the file ends within a character");
    }
}
