//! On which pages a document prints values, figures and tables.
//!
//! A source marks a printed value with metadata labelled `value-use`, its name; and
//! inside of a figure the files that it is drawn from with metadata labelled `rests-on`,
//! a list of paths.

use std::ops::ControlFlow;

use typst::foundations::{Content, NativeElement, Packed, Selector, Smart, Value};
use typst::introspection::{Introspector, MetadataElem};
use typst::model::{FigureElem, FigureKind};
use typst::syntax::{LinkedNode, SyntaxKind, ast};
use typst_layout::PagedDocument;

use crate::claims::labelled;
use crate::prose;

/// A printed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The name of the value.
    pub name: String,
    /// The page, from 1.
    pub page: usize,
}

/// A figure or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// `figure`, `table`, or the name of another kind.
    pub kind: String,
    /// Its number among those of its kind, from 1.
    pub number: usize,
    /// Its caption as plain text; empty where there is none.
    pub caption: String,
    /// The page, from 1.
    pub page: usize,
    /// The files that it is drawn from, by their paths in the project.
    pub data: Vec<String>,
}

/// A sentence that names a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The name: any text that is handed to a call in running text.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// The sentence, with calls as they are in the source.
    pub sentence: String,
}

/// The sentences of a source in which a text is handed to a call, such as
/// `#val("tag.barred")`; whether it is a value, the ledger knows.
pub fn mentions(text: &str) -> Vec<Mention> {
    let root = typst::syntax::parse(text);
    let root = LinkedNode::new(&root);
    let (mut found, mut waiting) = (Vec::new(), vec![root.clone()]);
    while let Some(node) = waiting.pop() {
        if node.kind() == SyntaxKind::Str
            && node.parent_kind() == Some(SyntaxKind::Args)
            && let Some(name) = node.cast::<ast::Str>()
        {
            let start = node.offset();
            let line = text[..start].matches('\n').count() + 1;
            let sentence = prose::sentence(&root, start);
            found.push(Mention { name: name.get().to_string(), line, sentence });
        }
        waiting.extend(node.children().rev());
    }
    found
}

/// Each printing of a value.
pub(crate) fn values(document: &PagedDocument) -> Vec<Printed> {
    let printed = |found: &Content| match &found.to_packed::<MetadataElem>()?.value {
        Value::Str(name) => {
            Some(Printed { name: name.to_string(), page: page_of(document, found) })
        }
        _ => None,
    };
    labelled(document, "value-use").iter().filter_map(printed).collect()
}

/// Every figure that bears a number.
pub(crate) fn figures(document: &PagedDocument) -> Vec<Figure> {
    let found = document.introspector().query(&Selector::Elem(FigureElem::ELEM, None));
    let mut figures: Vec<Figure> = Vec::new();
    for content in &found {
        let Some(element) = content.to_packed::<FigureElem>() else { continue };
        if element.numbering.as_option().as_ref().is_some_and(|it| it.is_none()) {
            continue;
        }
        let kind = kind(element);
        let number = figures.iter().filter(|it| it.kind == kind).count() + 1;
        let caption = element.caption.as_option().clone().flatten();
        let caption = caption.map(|it| plain(&it.body)).unwrap_or_default();
        let page = page_of(document, content);
        figures.push(Figure { kind, number, caption, page, data: data(&element.body) });
    }
    figures
}

fn page_of(document: &PagedDocument, content: &Content) -> usize {
    let page = content.location().and_then(|it| document.introspector().page(it));
    page.map_or(0, usize::from)
}

fn kind(element: &Packed<FigureElem>) -> String {
    match element.kind.as_option() {
        Some(Smart::Custom(FigureKind::Elem(element))) if element.name() == "image" => {
            "figure".into()
        }
        Some(Smart::Custom(FigureKind::Elem(element))) => element.name().into(),
        Some(Smart::Custom(FigureKind::Name(name))) => name.to_string(),
        _ => "figure".into(),
    }
}

/// Words without what is laid out, on one line.
fn plain(body: &Content) -> String {
    body.plain_text().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn data(body: &Content) -> Vec<String> {
    let mut paths = Vec::new();
    let _ = body.traverse(&mut |it: Content| {
        let label = it.label().is_some_and(|label| label.resolve().as_str() == "rests-on");
        if label
            && let Some(found) = it.to_packed::<MetadataElem>()
            && let Value::Array(list) = &found.value
        {
            paths.extend(list.iter().filter_map(|path| match path {
                Value::Str(path) => Some(path.trim_start_matches('/').to_string()),
                _ => None,
            }));
        }
        ControlFlow::<()>::Continue(())
    });
    paths
}
