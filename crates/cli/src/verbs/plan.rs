//! `colophon plan` and `colophon status`: what a run would do.

use clap::Args;
use engine::diagnostic::listed;
use engine::run::forecast::{Forecast, Verdict, forecast};
use engine::witness;

use crate::arguments::{Arguments, Stages};
use crate::message;
use crate::report::{Failed, count, duration, print, print_json};
use crate::study::Study;
use crate::text::{Text, padded};
use crate::verbs::why::reason;
use crate::verbs::{look, question, select};

#[derive(Args, Debug)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) targets: Stages,
    /// Exit with 3 if anything is not up to date.
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn plan(study: &Study, arguments: &Arguments, verb: &Plan) -> Result<(), Failed> {
    if let Some(cached) = up_to_date(arguments, &verb.targets.stages)? {
        let line = format!("nothing to run: {} up to date\n", count(cached, "stage"));
        return if arguments.quiet { Ok(()) } else { print(&line) };
    }
    let project = look(study, arguments)?;
    let forecasts = forecast(&project, &select(&project.plan, &verb.targets.stages)?)?;
    message::all(&project.store.notes());
    let pending = forecasts.iter().any(|forecast| forecast.verdict != Verdict::Cached);
    if arguments.json {
        print_json(&forecasts)?;
    } else if !arguments.quiet {
        let mut text = Text::default();
        for forecast in &forecasts {
            if forecast.verdict != Verdict::Cached || forecasts.len() <= 100 || arguments.verbose {
                line(forecast, &mut text);
            }
        }
        text.line(&totals(&forecasts));
        print(text)?;
    }
    if verb.check && pending { Err(Failed::code(3)) } else { Ok(()) }
}

pub(crate) fn status(study: &Study, arguments: &Arguments, verb: &Stages) -> Result<(), Failed> {
    if let Some(cached) = up_to_date(arguments, &verb.stages)? {
        return print(&format!("everything is up to date: {}\n", count(cached, "stage")));
    }
    let project = look(study, arguments)?;
    let mut forecasts = forecast(&project, &select(&project.plan, &verb.stages)?)?;
    message::all(&project.store.notes());
    let all = forecasts.len();
    forecasts.retain(|forecast| forecast.verdict != Verdict::Cached);
    if arguments.json {
        return print_json(&forecasts);
    }
    if forecasts.is_empty() {
        return print(&format!("everything is up to date: {}\n", count(all, "stage")));
    }
    let mut text = Text::default();
    for forecast in &forecasts {
        line(forecast, &mut text);
    }
    text.line(&format!("{} of {} not up to date", forecasts.len(), count(all, "stage")));
    print(text)
}

/// How many stages are up to date, if a witness says so and nobody wants more.
fn up_to_date(arguments: &Arguments, targets: &[String]) -> Result<Option<usize>, Failed> {
    if arguments.json || arguments.verbose {
        return Ok(None);
    }
    let question = question(arguments, targets)?;
    Ok(question.and_then(|question| witness::holds(&arguments.directory, &question)))
}

fn line(forecast: &Forecast, text: &mut Text) {
    let (word, colour) = match forecast.verdict {
        Verdict::Cached => ("cached", "2"),
        Verdict::Restore => ("restore", "36"),
        Verdict::Run => ("run", "32"),
        Verdict::May => ("may run", "33"),
    };
    let cause = match forecast.verdict {
        Verdict::Cached => String::new(),
        Verdict::Restore if !forecast.edited.is_empty() => edited(&forecast.edited),
        Verdict::Restore => "its results are known but not in place".into(),
        Verdict::May => format!("if {} changes", folded(&forecast.waits)),
        Verdict::Run if !forecast.known => "it never ran here".into(),
        Verdict::Run => cause(forecast),
    };
    let time = forecast.seconds.filter(|s| *s >= 1.0 && forecast.verdict != Verdict::Cached);
    let time = time.map(|s| format!(" (last time {})", duration(s))).unwrap_or_default();
    let line = format!(" {} {cause}{time}", padded(&forecast.stage, 24));
    text.paint(&format!("{word:>8}"), colour).line(line.trim_end());
}

/// What a run does with results that somebody changed.
fn edited(paths: &[String]) -> String {
    let names = listed(paths.iter().map(String::as_str));
    let was = if paths.len() == 1 { "was" } else { "were" };
    format!("{names} {was} edited since; a run keeps a copy and puts the result back")
}

/// Stages, with the cells of a matrix counted: `ztest ×4 or tag`.
fn folded(names: &[String]) -> String {
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for name in names {
        let group = name.split('@').next().unwrap_or(name);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, cells)) => *cells += 1,
            None => groups.push((group, 1)),
        }
    }
    let group = |(name, cells): &(&str, usize)| match cells {
        1 => names.iter().find(|full| full.split('@').next() == Some(name)).cloned(),
        n => Some(format!("{name} ×{n}")),
    };
    let groups: Vec<String> = groups.iter().filter_map(group).collect();
    groups.join(" or ")
}

/// The first cause, and how many more there are.
fn cause(forecast: &Forecast) -> String {
    let Some(first) = forecast.changes.first() else {
        return "its result is no longer in the store".into();
    };
    let more = match forecast.changes.len() - 1 {
        0 => String::new(),
        n => format!(", and {}", count(n, "more change")),
    };
    format!("{}{more}", reason(first))
}

fn totals(forecasts: &[Forecast]) -> String {
    let n = |verdict: Verdict| forecasts.iter().filter(|f| f.verdict == verdict).count();
    let (run, may) = (n(Verdict::Run), n(Verdict::May));
    let (cached, restore) = (n(Verdict::Cached), n(Verdict::Restore));
    if run + may + restore == 0 {
        return format!("nothing to run: {} up to date", count(cached, "stage"));
    }
    let mut parts = vec![format!("{run} will run")];
    for (n, word) in [(may, "may run"), (restore, "to put in place"), (cached, "cached")] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    parts.join(", ")
}
