//! The prose of a source: its running text without markup, and the sentences in it.
//!
//! A paragraph's text is joined from the pieces between its markup, so that a
//! number or a date that spans two lines is still found as one.

use std::ops::Range;

use typst::syntax::{LinkedNode, SyntaxKind, ast};

/// Stands for what is no text: a call, a reference, a formula.
pub(crate) const OBJECT: char = '\u{fffc}';

/// A run of text, and where each part of it stands in the source.
#[derive(Default)]
pub(crate) struct Run {
    /// The text, without markup.
    pub(crate) text: String,
    /// For each piece: where it begins in `text`, and its bytes in the source.
    pieces: Vec<(usize, Range<usize>)>,
}

impl Run {
    /// The text directly between the children of a piece of markup; what is in
    /// brackets below it is a run of its own.
    pub(crate) fn of(markup: &LinkedNode) -> Self {
        let mut run = Run::default();
        for child in markup.children() {
            run.push(&plain(&child), child.range());
        }
        run
    }

    /// The whole text of a piece of markup, that in brackets included.
    fn whole(markup: &LinkedNode) -> Self {
        let mut run = Run::default();
        run.descend(markup);
        run
    }

    fn descend(&mut self, markup: &LinkedNode) {
        for child in markup.children() {
            match child.kind() {
                SyntaxKind::Hash | SyntaxKind::Label | SyntaxKind::LineComment => {}
                SyntaxKind::FuncCall | SyntaxKind::Strong | SyntaxKind::Emph => {
                    match last_markup(&child) {
                        Some(inner) => self.descend(&inner),
                        None => self.push(&format!("#{}", child.full_text()), child.range()),
                    }
                }
                SyntaxKind::Heading
                | SyntaxKind::ListItem
                | SyntaxKind::EnumItem
                | SyntaxKind::TermItem
                | SyntaxKind::LetBinding
                | SyntaxKind::SetRule
                | SyntaxKind::ShowRule
                | SyntaxKind::ModuleImport => self.push("\n", child.range()),
                SyntaxKind::Ref => self.push(&child.full_text(), child.range()),
                _ => self.push(&plain(&child), child.range()),
            }
        }
    }

    fn push(&mut self, text: &str, range: Range<usize>) {
        if !text.is_empty() {
            self.pieces.push((self.text.len(), range));
            self.text.push_str(text);
        }
    }

    /// Where a range of the text stands in the source.
    pub(crate) fn place(&self, range: Range<usize>) -> Range<usize> {
        let piece = |at: usize| {
            let next = self.pieces.partition_point(|(begin, _)| *begin <= at);
            &self.pieces[next - 1]
        };
        let (begin, from) = piece(range.start);
        let (end, to) = piece(range.end - 1);
        from.start + (range.start - begin)..to.start + (range.end - end)
    }

    /// Where the text of a byte of the source begins.
    fn find(&self, byte: usize) -> Option<usize> {
        let holds = |(_, range): &&(usize, Range<usize>)| range.contains(&byte);
        let (begin, range) = self.pieces.iter().find(holds)?;
        Some((begin + byte - range.start).min(self.text.len()))
    }
}

/// What a child of a piece of markup adds to its running text.
fn plain(child: &LinkedNode) -> String {
    match child.kind() {
        SyntaxKind::Text | SyntaxKind::SmartQuote => child.leaf_text().to_string(),
        SyntaxKind::Escape => {
            child.cast::<ast::Escape>().map_or_else(String::new, |it| it.get().to_string())
        }
        SyntaxKind::Space | SyntaxKind::Linebreak => " ".to_string(),
        SyntaxKind::Parbreak => "\n".to_string(),
        SyntaxKind::Shorthand => match child.leaf_text().as_str() {
            "~" => "\u{a0}".to_string(),
            "--" => "\u{2013}".to_string(),
            "---" => "\u{2014}".to_string(),
            other => other.to_string(),
        },
        SyntaxKind::LineComment | SyntaxKind::BlockComment | SyntaxKind::Hash => String::new(),
        _ => OBJECT.to_string(),
    }
}

/// The last piece of markup within a call or an emphasis: its words.
fn last_markup<'a>(node: &LinkedNode<'a>) -> Option<LinkedNode<'a>> {
    if node.kind() == SyntaxKind::Markup {
        return Some(node.clone());
    }
    let inner = [SyntaxKind::Args, SyntaxKind::ContentBlock, SyntaxKind::Markup];
    let children: Vec<_> = node.children().collect();
    children.iter().rev().filter(|it| inner.contains(&it.kind())).find_map(last_markup)
}

/// The sentence that holds a byte of a source.
pub(crate) fn sentence(root: &LinkedNode, byte: usize) -> String {
    let Some(leaf) = root.leaf_at(byte, typst::syntax::Side::After) else { return String::new() };
    // The words of a call belong to the sentence that the call stands in.
    let mut markup = None;
    let mut node = Some(&leaf);
    let mut within_call = false;
    while let Some(it) = node {
        match it.kind() {
            SyntaxKind::Markup if markup.is_none() || within_call => {
                markup = Some(it.clone());
                within_call = false;
            }
            SyntaxKind::FuncCall if is_inline(it) => within_call = true,
            SyntaxKind::Strong | SyntaxKind::Emph => within_call = true,
            _ => {}
        }
        node = it.parent();
    }
    let Some(markup) = markup else { return String::new() };
    let run = Run::whole(&markup);
    let at = run.find(byte).unwrap_or(0);
    let text = &run.text;
    let begin = ends(text).take_while(|end| *end <= at).last().unwrap_or(0);
    let end = ends(text).find(|end| *end > at).unwrap_or(text.len());
    text[begin..end].split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a call is one of words in a sentence, not of a figure or a block.
fn is_inline(call: &LinkedNode) -> bool {
    let callee = call.children().next().map(|it| it.full_text());
    callee.is_some_and(|it| ["claim", "lit", "zh", "text", "link", "emph"].contains(&it.as_str()))
}

/// Where the sentences of a text end.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    (0..chars.len()).filter_map(move |i| {
        let (at, c) = chars[i];
        let next = chars.get(i + 1).map(|it| it.1);
        match c {
            '\n' => Some(at + 1),
            '.' | '!' | '?' if next.is_none_or(char::is_whitespace) => Some(at + 1),
            _ => None,
        }
    })
}
