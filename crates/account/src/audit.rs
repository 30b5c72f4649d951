//! Every numeric claim of a text, recomputed where there are values for it.
//!
//! `claims.yaml` states each claim and the expression over values that
//! recomputes it. A claim is *reproduced* if the number agrees with the
//! printed one at its printed precision (within half of the last digit; `<`
//! and `>` strictly), *differs* if it does not, and is *not checkable* where
//! data are missing. A number that rests on data labelled `synthetic` settles
//! nothing and is not shown. Checks hold numbers against each other that
//! should be equal by the report's own rules: they *agree* or *differ*.
//!
//! The status of each is held against the one that `claims.yaml` accepts; a
//! change that nobody has accepted stops the build. Texts may quote values:
//! `{tag.apps.phone}`, or an expression with its decimals, `{a.x - b.y | 1}`.

use std::collections::BTreeSet;

use engine::code::Source;
use engine::diagnostic::{Diagnostic, Place, did_you_mean};
use engine::function::{Failure, Job, Outputs, Slot};
use engine::words::{brief, grouped};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claims::{self, Check, Claim, Claims, Status};
use crate::json;
use crate::known::{Computed, Known, SYNTHETIC};
use crate::numerals::{decimals, shown};
use crate::outcome::Outcome;
use crate::values::Values;

/// The claims, the values of all stages, and who made them.
pub const INPUTS: &[Slot] = &[Slot::one("claims"), Slot::many("values"), Slot::one("lineage")];
/// What became of each claim, and how many ended how.
pub const OUTPUTS: &[&str] = &["table", "values"];

/// This file.
pub const SOURCE: Source = ("crates/account/src/audit.rs", include_str!("audit.rs"));

/// Parameters.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Whether it is for a draft, in which a status may stand that nobody has accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
}

/// Settles every claim and check.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let file = job.one("claims");
    let claims = Claims::read(&file.path, &file.bytes).map_err(Failure::contract)?;
    let known = Known::read(&json::decode(job.one("lineage"))?, job.many("values"))?;
    let audit = Audit { claims: &claims, known: &known, draft: params.draft };
    let mut faults = Vec::new();
    let mut kept =
        |row: Result<Outcome, Vec<Diagnostic>>| row.map_err(|all| faults.extend(all)).ok();
    let rows: Vec<Outcome> = claims.claims.iter().filter_map(|it| kept(audit.claim(it))).collect();
    let checks: Vec<Outcome> =
        claims.checks.iter().filter_map(|it| kept(audit.check(it))).collect();
    if !faults.is_empty() {
        return Err(Failure::contract(faults));
    }
    let values = values(&rows, &checks).encode()?;
    let labels = job.labels().into_iter().filter(|label| label != SYNTHETIC).collect();
    let table = Table { claims: rows, checks, labels };
    Ok(Outputs::from([("table", json::encode(&table)?), ("values", values)]))
}

#[derive(Serialize)]
struct Table {
    claims: Vec<Outcome>,
    checks: Vec<Outcome>,
    labels: BTreeSet<String>,
}

/// The file and the values together.
struct Audit<'a> {
    claims: &'a Claims,
    known: &'a Known,
    draft: bool,
}

impl Audit<'_> {
    fn claim(&self, claim: &Claim) -> Result<Outcome, Vec<Diagnostic>> {
        let path = |key| ["claims", claim.id.as_str(), key];
        let computed = self.optional(claim.expression.as_deref(), &path("expression"))?;
        let nearest = self.optional(claim.nearest.as_deref(), &path("nearest"))?;
        let nearest = nearest.filter(|nearest| !nearest.synthetic);
        let stand_in = computed.as_ref().is_some_and(|computed| computed.synthetic);
        let computed = computed.filter(|computed| !computed.synthetic);
        let agrees =
            |it: &Computed| claim.comparator.holds(it.number, claim.published, claim.precision);
        let status = match &computed {
            None => Status::NotCheckable,
            Some(computed) if agrees(computed) => Status::Reproduced,
            Some(_) => Status::Differs,
        };
        let unknown = "its values rest on stand-in data".to_string();
        let missing = claim.missing.clone().or_else(|| stand_in.then_some(unknown));
        let missing = missing.filter(|_| status == Status::NotCheckable);
        let nearest = nearest.filter(|_| status == Status::NotCheckable);
        let places = decimals(claim.precision);
        let row = Outcome {
            claim: claim.id.clone(),
            section: claim.section.clone(),
            counts: claim.counts.clone(),
            unit: claim.unit.clone(),
            comparator: claim.comparator,
            published: claim.published,
            published_text: grouped(claim.published, places),
            evidence: claim.evidence.clone(),
            nearest: nearest.as_ref().map(|it| it.number),
            nearest_text: nearest.map(|it| shown(it.number, places)),
            missing,
            reason: self.text(claim.reason.as_deref(), &path("reason"))?,
            effect: self.text(claim.effect.as_deref(), &path("effect"))?,
            ..Outcome::settled(status, computed, claim.published, places)
        };
        self.accepted(row, claim.accepted, "claims")
    }

    fn check(&self, check: &Check) -> Result<Outcome, Vec<Diagnostic>> {
        let path = |key| ["checks", check.id.as_str(), key];
        let due = self.compute(&check.expected, &path("expected"))?;
        let found = self.compute(&check.expression, &path("expression"))?;
        let near = (due.number - found.number).abs() <= 1e-9 * due.number.abs().max(1.0);
        let status = if near { Status::Agrees } else { Status::Differs };
        let synthetic = due.synthetic || found.synthetic;
        let row = Outcome {
            claim: check.id.clone(),
            counts: check.about.clone(),
            unit: check.unit.clone(),
            published: due.number,
            published_text: shown(due.number, 0),
            reason: self.text(check.reason.as_deref(), &path("reason"))?,
            effect: self.text(check.effect.as_deref(), &path("effect"))?,
            ..Outcome::settled(status, Some(found), due.number, 0)
        };
        if synthetic {
            let message = format!("the check `{}` rests on a stand-in", check.id);
            let place = self.claims.document.value_place(&path("expression"));
            return Err(vec![Diagnostic::contract(message).at(place)]);
        }
        self.accepted(row, check.accepted, "checks")
    }

    /// The row, if its status is accepted and a difference is explained; in a draft the
    /// row says where it is not.
    fn accepted(
        &self,
        mut row: Outcome,
        accepted: Status,
        section: &str,
    ) -> Result<Outcome, Vec<Diagnostic>> {
        let document = &self.claims.document;
        let noun = section.trim_end_matches('s');
        let id = &row.claim;
        if row.status != accepted {
            let (now, before) = (row.status.words(), accepted.words());
            if self.draft {
                row.reason = Some(format!("NOT ACCEPTED: the accepted status is `{before}`"));
                return Ok(row);
            }
            let message =
                format!("the status of the {noun} `{id}` is `{now}`, and `{before}` is accepted");
            let mut fault = Diagnostic::contract(message)
                .at(document.value_place(&[section, id, "accepted"]))
                .details([row.numbers()]);
            if row.status == Status::Differs && row.reason.is_none() {
                fault = fault.hint("say in `reason` why, and in `effect` what follows");
            }
            let hint = format!("write `accepted: {now}` in `{}` if it is right", document.path);
            return Err(vec![fault.hint(hint).hint("else look what changed: `colophon status`")]);
        }
        if row.status == Status::Differs && (row.reason.is_none() || row.effect.is_none()) {
            if self.draft {
                row.reason = Some("NOT ACCEPTED: it lacks a reason or an effect".into());
                return Ok(row);
            }
            let message = format!("the {noun} `{id}` differs and lacks a `reason` or an `effect`");
            let fault = Diagnostic::contract(message).at(document.key_place(&[section, id]));
            return Err(vec![fault.details([row.numbers()])]);
        }
        Ok(row)
    }

    fn optional(
        &self,
        text: Option<&str>,
        path: &[&str],
    ) -> Result<Option<Computed>, Vec<Diagnostic>> {
        text.map(|text| self.compute(text, path)).transpose()
    }

    fn compute(&self, text: &str, path: &[&str]) -> Result<Computed, Vec<Diagnostic>> {
        let place = || self.claims.document.value_place(path);
        let expression = claims::expression(text, place).map_err(|fault| vec![fault])?;
        let strangers = self.known.strangers(&expression);
        if !strangers.is_empty() {
            return Err(strangers.iter().map(|name| self.stranger(name, place())).collect());
        }
        self.known.compute(&expression).map_err(|why| {
            let message = format!("`{}` cannot be computed: {why}", brief(text));
            vec![Diagnostic::contract(message).at(place())]
        })
    }

    fn stranger(&self, name: &str, place: Place) -> Diagnostic {
        let mut fault = Diagnostic::contract(format!("there is no value `{name}`")).at(place);
        fault.hints.extend(did_you_mean(name, self.known.names()));
        fault.hint("its stage may be missing from the inputs `values`")
    }

    /// A text with the values that it quotes.
    fn text(&self, text: Option<&str>, path: &[&str]) -> Result<Option<String>, Vec<Diagnostic>> {
        let Some(mut rest) = text else { return Ok(None) };
        let mut whole = String::new();
        while let Some((before, after)) = rest.split_once('{') {
            let (quoted, after) = after.split_once('}').unwrap_or((after, ""));
            whole += before;
            whole += &self.quoted(quoted.trim(), path)?;
            rest = after;
        }
        Ok(Some(whole + rest))
    }

    fn quoted(&self, quoted: &str, path: &[&str]) -> Result<String, Vec<Diagnostic>> {
        if let Some(text) = self.known.text(quoted) {
            return Ok(text.to_string());
        }
        let (expression, digits) = quoted.rsplit_once('|').unwrap_or((quoted, ""));
        let digits = digits.trim().parse().ok().or_else(|| self.known.digits(quoted));
        let computed = self.compute(expression.trim(), path)?;
        let shown = || grouped(computed.number, digits.unwrap_or(0));
        Ok(if computed.synthetic { "(a stand-in)".into() } else { shown() })
    }
}

fn values(claims: &[Outcome], checks: &[Outcome]) -> Values {
    let mut values = Values::default();
    let mut count = |key: &str, rows: &[Outcome], status: Option<Status>, about: &str| {
        let counted = rows.iter().filter(|row| status.is_none_or(|status| row.status == status));
        let unit = if key.starts_with("checks") { "checks" } else { "claims" };
        values.count(key, counted.count(), unit, about);
    };
    count("claims", claims, None, "numeric claims");
    let about = "claims that agree with what is recomputed";
    count("reproduced", claims, Some(Status::Reproduced), about);
    let about = "claims that differ from what is recomputed";
    count("differs", claims, Some(Status::Differs), about);
    let about = "claims for which values are missing";
    count("not_checkable", claims, Some(Status::NotCheckable), about);
    count("checks", checks, None, "numbers held against each other");
    count("checks.agree", checks, Some(Status::Agrees), "of them, that agree");
    count("checks.differ", checks, Some(Status::Differs), "of them, that differ");
    for row in claims.iter().filter(|row| row.status == Status::Differs) {
        let about = format!("recomputed: {}", row.counts);
        let number = row.computed.unwrap_or(f64::NAN);
        values.number(&format!("computed.{}", row.claim), number, 1, &row.unit, &about);
    }
    // So that a status that turns is a value that moves.
    for (kind, rows) in [("status", claims), ("check", checks)] {
        for row in rows {
            values.text(&format!("{kind}.{}", row.claim), row.status.words(), &row.counts);
        }
    }
    values
}

#[cfg(test)]
mod tests;
