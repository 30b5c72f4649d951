//! Something wrong in a template, and where.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Kind};
use crate::yaml::{Document, Node};

/// What is wrong, and where: in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
    pub(crate) at: Range<usize>,
}

impl Mistake {
    pub(super) fn new(message: impl Into<String>, at: Range<usize>) -> Self {
        Mistake { message: message.into(), hints: Vec::new(), at }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same as a diagnostic; `text` is what `node` says.
    pub(crate) fn told(self, document: &Document, node: &Node, text: &str) -> Diagnostic {
        let place = document.place_within(node, text, self.at);
        let told = Diagnostic::new(Kind::Usage, self.message).at(place);
        self.hints.into_iter().fold(told, Diagnostic::hint)
    }
}

/// An expression as messages show it.
pub(super) fn shown(expression: &str) -> String {
    const LENGTH: usize = 60;
    let words: Vec<&str> = expression.split_whitespace().collect();
    let mut text = words.join(" ");
    if let Some((at, _)) = text.char_indices().nth(LENGTH) {
        text.truncate(at);
        text.push('…');
    }
    format!("{{{{ {text} }}}}")
}

/// What is right, or all that is wrong.
pub(super) type Result<T> = std::result::Result<T, Vec<Mistake>>;

/// Mistakes of the templates in a text, which `node` says.
pub(crate) fn tell(
    mistakes: Vec<Mistake>,
    document: &Document,
    node: &Node,
    text: &str,
) -> impl Iterator<Item = Diagnostic> {
    mistakes.into_iter().map(move |mistake| mistake.told(document, node, text))
}
