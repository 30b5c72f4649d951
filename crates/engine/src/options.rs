//! What decides how a project is read besides its files: the profile, the
//! parameters and the date that the caller gives.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Kind, Place, did_you_mean};
use crate::pipeline::Pipeline;
use crate::yaml::Document;

/// What decides how a project is read, besides its files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The profile, if one is chosen.
    pub profile: Option<String>,
    /// Replaces the pipeline's date (`YYYY-MM-DD`).
    pub date: Option<String>,
    /// Parameters that replace those of the pipeline.
    pub params: Map<String, Value>,
    /// The kind of machine, where it is not to be this one's; for tests.
    pub platform: Option<String>,
}

impl Options {
    /// Whether these give the pipeline as it stands, which declares `date`.
    pub(crate) fn is_plain(&self, date: Option<&str>) -> bool {
        let dated = self.date.is_none() || self.date.as_deref() == date;
        self.profile.is_none() && self.params.is_empty() && dated
    }
}

/// Applies the profile and the other overrides; gives the inputs that it replaced.
pub(crate) fn apply(
    pipeline: &mut Pipeline,
    options: &Options,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<(String, String), String> {
    let mut overridden = BTreeMap::new();
    if let Some(name) = &options.profile {
        let profile_name = name.as_str();
        let Some(profile) = pipeline.profiles.get(name).cloned() else {
            let mut problem = Diagnostic::new(Kind::Usage, format!("no profile `{name}`"))
                .at(Place::file(&document.path));
            problem.hints.extend(did_you_mean(name, pipeline.profiles.keys().map(String::as_str)));
            found.push(problem);
            return overridden;
        };
        for (name, value) in profile.params {
            let at = || document.key_place(&["profiles", profile_name, "params", &name]);
            set_param(pipeline, &name, value, Some(at()), found);
        }
        for (input, references) in profile.inputs {
            let at = || document.key_place(&["profiles", name, "inputs", &input]);
            let slot = input.split_once('.').and_then(|(stage, role)| {
                let inputs = &mut pipeline.stages.get_mut(stage)?.inputs;
                Some((stage, role, inputs.get_mut(role)?))
            });
            match slot {
                Some((stage, role, slot)) => {
                    *slot = references;
                    overridden.insert((stage.to_string(), role.to_string()), name.clone());
                }
                None => found.push(
                    Diagnostic::new(Kind::Usage, format!("no stage has the input `{input}`"))
                        .at(at())
                        .hint("an override is written `stage.role`"),
                ),
            }
        }
    }
    for (name, value) in &options.params {
        set_param(pipeline, name, value.clone(), None, found);
    }
    if let Some(date) = &options.date {
        pipeline.date = Some(date.clone());
    }
    if let Some(date) = &pipeline.date
        && epoch(date).is_none()
    {
        found.push(
            Diagnostic::new(Kind::Usage, format!("`{date}` is not a date"))
                .at(document.value_place(&["date"]))
                .hint("write it as `YYYY-MM-DD`, in quotes"),
        );
    }
    overridden
}

/// Replaces a parameter that the pipeline has.
fn set_param(
    pipeline: &mut Pipeline,
    name: &str,
    value: Value,
    at: Option<Place>,
    found: &mut Vec<Diagnostic>,
) {
    if let Some(slot) = pipeline.params.get_mut(name) {
        *slot = value;
        return;
    }
    let mut problem =
        Diagnostic::new(Kind::Usage, format!("the pipeline has no parameter `{name}`"));
    problem.at = at.map(Box::new);
    problem.hints.extend(did_you_mean(name, pipeline.params.keys().map(String::as_str)));
    found.push(problem);
}

/// Seconds from 1970-01-01 to midnight UTC of a date `YYYY-MM-DD`.
pub fn epoch(date: &str) -> Option<i64> {
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let (year, month, day): (i64, i64, i64) =
        (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month - 1).ok()?)?;
    if !(1..=length).contains(&day) {
        return None;
    }
    let before = year - 1;
    let leap_days = before / 4 - before / 100 + before / 400;
    let days = before * 365 + leap_days + lengths[..month as usize - 1].iter().sum::<i64>() + day;
    Some((days - 719_163) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::epoch;

    #[test]
    fn dates() {
        assert_eq!(epoch("1970-01-01"), Some(0));
        assert_eq!(epoch("2024-09-12"), Some(1_726_099_200));
        assert_eq!(epoch("2000-02-29"), Some(951_782_400));
        assert_eq!(epoch("2023-02-29"), None);
        assert_eq!(epoch("12.9.2024"), None);
    }
}
