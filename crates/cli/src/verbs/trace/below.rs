//! What rests on something: values, figures, sentences and pages.

use std::collections::BTreeSet;

use answers::places::{Claim, Figure};

use super::asked::Asked;

/// What some stages reach.
pub(super) struct Below<'a> {
    /// The stages, nearest first.
    pub(super) stages: Vec<&'a str>,
    /// The values that they report; those that are printed come first.
    pub(super) values: Vec<&'a str>,
    /// How many of them are printed.
    pub(super) printed: usize,
    /// Figures and tables that are drawn from them.
    pub(super) figures: Vec<&'a Figure>,
    /// Words whose condition names one of the values.
    pub(super) claims: Vec<&'a Claim>,
    /// The pages of all that.
    pub(super) pages: BTreeSet<usize>,
    /// Outputs of stages after which nothing comes, such as the report.
    pub(super) ends: Vec<&'a str>,
}

/// What rests on some stages; or on one value alone, which is what is printed of it and
/// said under a condition: the stages after it may use it or not.
pub(super) fn below<'a>(asked: &'a Asked, stages: &[&'a str], only: Option<&'a str>) -> Below<'a> {
    let stages = asked.web.below(stages.iter().copied());
    let reached: BTreeSet<&str> = stages.iter().copied().collect();
    let of_them = asked.ledger.values.iter().filter(|(name, value)| match only {
        Some(only) => name.as_str() == only,
        None => reached.contains(value.stage.as_str()),
    });
    let is_printed = |name: &&str| !asked.places.pages_of(name).is_empty();
    let (mut values, silent): (Vec<&str>, Vec<&str>) =
        of_them.map(|(name, _)| name.as_str()).partition(is_printed);
    let printed = values.len();
    values.extend(silent);
    let drawn = |figure: &&Figure| {
        let mut makers = figure.data.iter().filter_map(|path| asked.web.maker(path));
        only.is_none() && makers.any(|maker| reached.contains(maker))
    };
    let figures: Vec<&Figure> = asked.places.figures.iter().filter(drawn).collect();
    let names: BTreeSet<&str> = values.iter().copied().collect();
    let held = |claim: &&Claim| claim.names.iter().any(|name| names.contains(name.as_str()));
    let claims: Vec<&Claim> = asked.places.claims.iter().filter(held).collect();
    let mut pages: BTreeSet<usize> =
        values.iter().flat_map(|name| asked.places.pages_of(name)).collect();
    pages.extend(figures.iter().map(|it| it.page).chain(claims.iter().map(|it| it.page)));
    let is_end = |stage: &&str| asked.web.below([*stage]).len() == 1;
    let outputs = |stage: &'a str| {
        let stage = asked.ledger.stages.get(stage);
        stage.into_iter().flat_map(|it| it.outputs.values().map(|it| it.path.as_str()))
    };
    let ends = stages.iter().copied().filter(is_end).flat_map(outputs).collect();
    Below { stages, values, printed, figures, claims, pages, ends }
}
