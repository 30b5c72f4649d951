//! What an app is called: its name as a store prints it, and the short one of tables and figures.

/// Between a name and its slogan, as stores print them.
const MARKS: [char; 5] = [':', '–', '-', '(', '（'];

/// A name without its slogan.
pub fn short(name: &str) -> String {
    let end = name.find(MARKS).unwrap_or(name.len());
    match name[..end].trim() {
        "" => name.to_string(),
        short => short.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names() {
        for (name, expected) in [
            ("Hertz-make friends by listening to sounds", "Hertz"),
            ("Little Red Book – Your Guide to Life", "Little Red Book"),
            ("YoHo: Group Voice Chat Room", "YoHo"),
            ("Himalaya FM (listening community)", "Himalaya FM"),
            ("MOMO陌陌（聊天）", "MOMO陌陌"),
            ("-x", "-x"),
        ] {
            assert_eq!(short(name), expected);
        }
    }
}
