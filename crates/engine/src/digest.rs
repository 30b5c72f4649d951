//! BLAKE3 of bytes as a type, and the framing that keeps lists of texts unambiguous.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The BLAKE3 digest of some bytes; 32 bytes, printed as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(blake3::hash(bytes).into())
    }

    /// The digest of a file's content and its length in bytes, read in pieces.
    /// What is no file, such as a pipe, is an error and is not waited for.
    pub fn of_file(path: &Path) -> std::io::Result<(Self, u64)> {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = std::fs::File::options();
        let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        let mut file = options.read(true).custom_flags(flags).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(std::io::Error::other("not a regular file"));
        }
        let mut hasher = blake3::Hasher::new();
        // Where files are many they are small, and clearing more than one holds is
        // most of the work.
        let mut piece = vec![0; metadata.len().clamp(1 << 10, 1 << 16) as usize];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok((Digest(hasher.finalize().into()), hasher.count())),
                n => hasher.update(&piece[..n]),
            };
        }
    }

    /// The digest of a list of texts under a context string.
    ///
    /// Each text is framed by its length, so that `["ab", "c"]` and
    /// `["a", "bc"]` differ; the context keeps the digests of different kinds
    /// of things apart.
    pub fn of_texts<'a>(context: &str, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        for text in texts {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        Digest(hasher.finalize().into())
    }

    /// Reads 64 hexadecimal digits as they are written: in small letters, so that no
    /// byte of one can differ unseen.
    pub fn from_hex(text: &str) -> Option<Self> {
        let is_written = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if !text.bytes().all(is_written) {
            return None;
        }
        blake3::Hash::from_hex(text).ok().map(|hash| Digest(hash.into()))
    }

    /// The raw bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first twelve digits, for messages; never used to look anything up.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(blake3::Hash::from(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Digest::from_hex(&text).ok_or_else(|| de::Error::custom("expected 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framing_keeps_lists_apart() {
        let one = Digest::of_texts("test", ["ab", "c"]);
        let two = Digest::of_texts("test", ["a", "bc"]);
        assert_ne!(one, two);
        assert_ne!(one, Digest::of_texts("other", ["ab", "c"]));
    }

    #[test]
    fn hex_round_trip() {
        let digest = Digest::of(b"colophon");
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
        assert_eq!(Digest::from_hex("xyz"), None);
        assert_eq!(Digest::from_hex(&digest.to_string().to_uppercase()), None);
    }
}
