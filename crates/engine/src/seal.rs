//! Text with its own checksum: what our own files hold is believed only whole.

use crate::digest::Digest;

/// Text with its own checksum in the last line.
pub(crate) fn seal(body: &str) -> String {
    format!("{body}\n{}\n", Digest::of(body.as_bytes()))
}

/// The text without the checksum; `None` if they do not agree.
pub(crate) fn unseal(text: &str) -> Option<&str> {
    let (body, checksum) = text.strip_suffix('\n')?.rsplit_once('\n')?;
    (Digest::from_hex(checksum)? == Digest::of(body.as_bytes())).then_some(body)
}
