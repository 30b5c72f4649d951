//! The words of a document that are true only under a condition.
//!
//! A source marks them with metadata labelled `claim`: a dictionary of the
//! `condition`, the `names` of the values in it, whether it `holds`, and the
//! marked words as `body`.

use typst::World;
use typst::WorldExt;
use typst::foundations::{Content, Dict, Label, Selector, Value};
use typst::introspection::{Introspector, MetadataElem};
use typst::syntax::{LinkedNode, Span};
use typst::text::TextElem;
use typst::utils::PicoStr;
use typst_layout::PagedDocument;

use crate::problem::Problem;
use crate::prose;

/// Words that are true only under a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The condition over values.
    pub condition: String,
    /// The names of the values in it.
    pub names: Vec<String>,
    /// Whether it is true.
    pub holds: bool,
    /// The words.
    pub words: String,
    /// The sentence that they stand in, with calls as they are in the source.
    pub sentence: String,
    /// The page that they are on, from 1.
    pub page: usize,
    /// Where they are; a problem only if the condition is false.
    pub problem: Problem,
}

/// Every claim of a document, in reading order.
pub(crate) fn claims(world: &dyn World, document: &PagedDocument) -> Vec<Claim> {
    let found = labelled(document, "claim");
    found.iter().filter_map(|it| claim(world, document, it)).collect()
}

/// The elements of a document that bear a label, in reading order.
pub(crate) fn labelled(document: &PagedDocument, label: &str) -> Vec<Content> {
    let Some(label) = Label::new(PicoStr::intern(label)) else { return Vec::new() };
    document.introspector().query(&Selector::Label(label)).into_iter().collect()
}

fn claim(world: &dyn World, document: &PagedDocument, found: &Content) -> Option<Claim> {
    let Value::Dict(fields) = &found.to_packed::<MetadataElem>()?.value else { return None };
    let text = |name: &str| match fields.get(name) {
        Ok(Value::Str(text)) => Some(text.to_string()),
        _ => None,
    };
    let body = match fields.get("body") {
        Ok(Value::Content(body)) => body.clone(),
        // Words that are a string in code have no place of their own.
        Ok(Value::Str(words)) => TextElem::packed(words.clone()),
        _ => Content::empty(),
    };
    let page = found.location().and_then(|it| document.introspector().page(it));
    let words = body.plain_text().to_string();
    let condition = text("condition")?;
    let mut problem = Problem::new(format!("`{words}` is not true: {condition}"));
    let sentence = place(world, &mut problem, first_span(&body)).unwrap_or_default();
    Some(Claim {
        holds: matches!(fields.get("holds"), Ok(Value::Bool(true))),
        names: names(fields),
        page: page.map_or(0, usize::from),
        condition,
        words,
        sentence,
        problem,
    })
}

fn names(fields: &Dict) -> Vec<String> {
    let Ok(Value::Array(names)) = fields.get("names") else { return Vec::new() };
    let text = |it: &Value| match it {
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    };
    names.iter().filter_map(text).collect()
}

/// Where the words of a content stand in a source.
fn first_span(body: &Content) -> Span {
    let mut first = body.span();
    let _ = body.traverse(&mut |it: Content| {
        if first.is_detached() {
            first = it.span();
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    first
}

/// Puts a problem at a place in a source; gives the sentence around it.
fn place(world: &dyn World, problem: &mut Problem, span: Span) -> Option<String> {
    let id = span.id()?;
    let source = world.source(id).ok()?;
    let range = world.range(span)?;
    problem.set_place(id.vpath().get_without_slash(), source.text(), range.clone());
    Some(prose::sentence(&LinkedNode::new(source.root()), range.start))
}
