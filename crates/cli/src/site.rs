//! The page of an edition: one file that answers questions in a browser, offline.
//!
//! Names and texts of the study stand in one block of data and nowhere else; the
//! script makes text of them, never markup. The page fetches nothing, and its policy
//! forbids it to. One edition gives the same bytes.

use std::collections::BTreeMap;

use answers::places::Places;
use engine::digest::Digest;
use engine::project::Project;

use crate::edition::Edition;
use crate::report::Failed;

mod claims;
mod data;
mod drawing;
mod tables;

const PAGE: &str = include_str!("site/page.html");
const STYLE: &str = include_str!("site/style.css");
const SCRIPT: [&str; 5] = [
    include_str!("site/known.js"),
    include_str!("site/parts.js"),
    include_str!("site/graph.js"),
    include_str!("site/views.js"),
    include_str!("site/page.js"),
];

/// The page. `seconds` says how long stages took; it may say nothing, and a page is
/// the same the next time only where it does.
pub(crate) fn page(
    project: &Project,
    edition: &Edition,
    places: &Places,
    seconds: &BTreeMap<String, f64>,
) -> Result<String, Failed> {
    let data = data::data(project, edition, places, seconds);
    let data = block(&serde_json::to_string(&data).expect("what is shown is plain data"));
    let script = SCRIPT.concat();
    // What runs has to name the digest of the whole page, which nothing inside of the
    // data can know.
    let nonce = Digest::of_texts("colophon page", [PAGE, STYLE, &script, &data]).to_string();
    let title = escaped(&engine::plain::plain(&project.plan.name));
    let parts = [
        ("{{nonce}}", nonce.as_str()),
        ("{{title}}", &title),
        ("{{style}}", STYLE),
        ("{{script}}", &script),
        ("{{data}}", &data),
    ];
    Ok(filled(PAGE, &parts))
}

/// Puts texts in the place of their names; what they hold is not looked at again.
fn filled(template: &str, parts: &[(&str, &str)]) -> String {
    let (mut text, mut rest) = (String::new(), template);
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        text.push_str(before);
        let part = parts.iter().find(|(name, _)| from.starts_with(name));
        let (name, content) = part.expect("the page names only parts that there are");
        text.push_str(content);
        rest = &from[name.len()..];
    }
    text + rest
}

/// JSON as it may stand between tags: nothing in it ends them or hides itself.
fn block(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            c => text.push(c),
        }
    }
    engine::plain::json(&text).into_owned()
}

fn escaped(words: &str) -> String {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    words.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_ends_no_tag() {
        assert_eq!(
            block("\"</script><!--&\u{2028}\u{202e}\""),
            "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\\u202e\""
        );
    }

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        let parts = [("{{a}}", "{{b}}"), ("{{b}}", "1")];
        assert_eq!(filled("x {{a}} {{b}} y", &parts), "x {{b}} 1 y");
    }
}
