//! What is said of labels in one place: each is a word, and taking one away has a
//! reason.

use crate::diagnostic::{Diagnostic, Kind};
use crate::yaml::{Data, Document, Node};

/// Each label of a list is one word; `owner` is what has the list.
pub(crate) fn check_words(
    document: &Document,
    list: Option<&Node>,
    owner: &str,
    found: &mut Vec<Diagnostic>,
) {
    let Some(Data::List(items)) = list.map(|node| &node.data) else { return };
    for item in items {
        let Some(label) = item.text() else { continue };
        let problem = match label {
            "" => Diagnostic::new(Kind::Usage, format!("a label of {owner} is empty"))
                .hint("write a word, or leave it out"),
            _ if label.contains(char::is_whitespace) => {
                Diagnostic::new(Kind::Usage, format!("label `{label}` of {owner} holds a space"))
                    .hint("a label is one word, as in `not-published`")
            }
            _ => continue,
        };
        found.push(problem.at(document.place(item)));
    }
}

/// What a stage says of labels by itself.
pub(crate) fn check_stage(
    group: &str,
    stage: &Node,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) {
    let owner = format!("stage `{group}`");
    check_words(document, stage.get("labels"), &owner, found);
    let Some((key, declassify)) = stage.entry("declassify") else { return };
    check_words(document, declassify.get("labels"), &owner, found);
    let mut report = |node: &Node, message: String, hint: &str| {
        found.push(Diagnostic::new(Kind::Usage, message).at(document.place(node)).hint(hint));
    };
    if let Some(Data::List(items)) = declassify.get("labels").map(|node| &node.data)
        && items.is_empty()
    {
        report(key, format!("`declassify` of {owner} names no label"), "name one, or leave it out");
    }
    if let Some(reason) = declassify.get("reason")
        && reason.text().is_some_and(|text| text.trim().is_empty())
    {
        let message = format!("`declassify` of {owner} gives no reason");
        report(reason, message, "say why the outputs no longer carry the label");
    }
}
