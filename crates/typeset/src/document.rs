//! A Typst project held in memory becomes a PDF, with the Typst that is compiled in.

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use typst::diag::{SourceDiagnostic, Warned};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::problem::{self, Problem};
use crate::project::{Project, Typeset, midnight};
use crate::{claims, limits, places, world};

/// Typesets a project with the Typst that is compiled into this program.
///
/// The options are those of the command line's `typst compile` where it is given the
/// same date, so that both give the same bytes (`command`).
pub fn pdf(project: &Project) -> Result<Typeset, Vec<Problem>> {
    let standards = standards(&project.standards)?;
    limits::check(project)?;
    limits::roomy(|| export(project, standards))
}

fn export(project: &Project, standards: PdfStandards) -> Result<Typeset, Vec<Problem>> {
    let (world, document, mut made) = lay_out(project)?;
    let options = PdfOptions {
        timestamp: Some(Timestamp::new_utc(midnight(project.date))),
        standards,
        ..Default::default()
    };
    made.pdf = typst_pdf::pdf(&document, &options).map_err(|errors| problems(&world, &errors))?;
    // What the last documents left in Typst's memory spares most of the work of the next,
    // where one process sets several; older things go.
    typst::comemo::evict(4);
    Ok(made)
}

/// Lays a project out in pages and reads what they say; there is no PDF yet.
pub(crate) fn lay_out(
    project: &Project,
) -> Result<(world::Files, PagedDocument, Typeset), Vec<Problem>> {
    let world = world::Files::new(project)?;
    let Warned { output, warnings } = typst::compile::<PagedDocument>(&world);
    let document = output.map_err(|errors| problems(&world, &errors))?;
    let made = Typeset {
        pdf: Vec::new(),
        pages: document.pages().len(),
        warnings: problems(&world, &warnings),
        claims: claims::claims(&world, &document),
        values: places::values(&document),
        figures: places::figures(&document),
    };
    Ok((world, document, made))
}

fn problems(world: &world::Files, found: &[SourceDiagnostic]) -> Vec<Problem> {
    found.iter().map(|it| problem::of(world, it)).collect()
}

/// The version of the Typst that is compiled into this program.
pub fn version() -> &'static str {
    typst::utils::version().raw()
}

/// Standards by name, or what is wrong with them.
pub(crate) fn standards(names: &[String]) -> Result<PdfStandards, Vec<Problem>> {
    let mut list = Vec::new();
    for name in names {
        // Typst's own names: those of its command line.
        let read = StrDeserializer::<serde::de::value::Error>::new(name);
        list.push(PdfStandard::deserialize(read).map_err(|_| {
            let problem = Problem::new(format!("there is no PDF standard `{name}`"));
            vec![problem.hint("write one such as `a-3a`, `a-2b`, `ua-1` or `1.7`")]
        })?);
    }
    PdfStandards::new(&list).map_err(|error| {
        let problem = Problem::new(error.message().to_string());
        vec![error.hints().iter().fold(problem, |problem, hint| problem.hint(hint.as_str()))]
    })
}
