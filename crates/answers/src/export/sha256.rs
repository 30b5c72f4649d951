//! SHA-256, which archives and statements of others ask for beside BLAKE3.

use sha2::{Digest, Sha256};

/// The digest of bytes in hexadecimal digits.
pub fn of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn of_nothing() {
        let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(super::of(b""), known);
    }
}
