//! What a word on the command line stands for.

use answers::printed::printed;
use engine::diagnostic::{Diagnostic, Kind, listed, nearest};
use engine::plan::Plan;

use super::asked::{Asked, What};
use crate::report::{Failed, count};

/// Finds what is meant.
pub(super) fn find(asked: &Asked, word: &str, page: Option<usize>) -> Result<What, Failed> {
    if let Some(page) = page {
        return on_page(asked, word, page);
    }
    if asked.ledger.values.contains_key(word) {
        return Ok(What::Value(word.into()));
    }
    if let Some(name) = word.strip_prefix("param:") {
        return parameter(asked, name);
    }
    if let Some(figure) = asked.places.figure(word) {
        return Ok(What::Figure(figure.clone()));
    }
    let path = word.trim_start_matches("./");
    let line = path.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
    let (file, line) = match line {
        Some((file, line)) if line > 0 => (file, Some(line)),
        _ => (path, None),
    };
    let source = file.strip_prefix("raw:").unwrap_or(file);
    let source = asked.ledger.sources.get(source).and_then(|it| it["path"].as_str());
    for path in [Some(file), source].into_iter().flatten() {
        if asked.web.maker(path).is_some() {
            return Ok(What::Output(path.into()));
        }
        if !asked.web.readers(path).is_empty() {
            return Ok(What::File { path: path.into(), line });
        }
    }
    if asked.ledger.stages.contains_key(word) {
        return Ok(What::Stage(word.into()));
    }
    Err(unknown(asked, word).into())
}

/// The value that prints so on a page.
fn on_page(asked: &Asked, number: &str, page: usize) -> Result<What, Failed> {
    let usage = |message: String| Diagnostic::new(Kind::Usage, message);
    let pages = asked.places.pages;
    if pages == 0 {
        return Err(usage("no stage says what is printed on which page".into())
            .hint("let the stage that uses `report` have the output `places`, and run it")
            .into());
    }
    if !(1..=pages).contains(&page) {
        return Err(usage(format!("there is no page {page}: the report has {pages}")).into());
    }
    let plain = |text: &str| text.replace(['\u{2212}', '-', '\u{a0}', ',', ' '], "");
    let prints = |name: &&&str| {
        let Some(value) = asked.ledger.values.get(**name) else { return false };
        let share = value.number.map(|it| format!("{:.1}%", it * 100.0)).unwrap_or_default();
        [printed(value), share].iter().any(|shown| plain(shown) == plain(number))
    };
    let names = asked.places.on(page);
    let found: Vec<&&str> = names.iter().filter(prints).collect();
    match &found[..] {
        [one] => Ok(What::Value((**one).to_string())),
        [] => {
            let problem = usage(format!("page {page} prints no value as `{number}`"));
            let printed = listed(names.iter().copied());
            Err(match names.is_empty() {
                true => problem.hint("it prints no value of the ledger at all"),
                false => problem.hint(format!("it prints {printed}")),
            }
            .into())
        }
        several => {
            let names = listed(several.iter().map(|it| **it));
            let many = count(several.len(), "value");
            Err(usage(format!("`{number}` on page {page} may be any of {many}"))
                .hint(format!("trace one of {names}"))
                .into())
        }
    }
}

/// The stages that have a parameter: one of the pipeline, or of a stage.
fn parameter(asked: &Asked, name: &str) -> Result<What, Failed> {
    let mut stages: Vec<String> = Vec::new();
    if let Some((stage, key)) = name.split_once('.') {
        let fits = |it: &&str| *it == stage || it.split('@').next() == Some(stage);
        let has = asked.web.parameterised(key).into_iter().filter(fits);
        stages.extend(has.map(String::from));
    }
    if let Some(project) = asked.project {
        stages.extend(mentioning(&project.plan, name));
    }
    if stages.is_empty() {
        stages.extend(asked.web.parameterised(name).into_iter().map(String::from));
    }
    stages.sort();
    stages.dedup();
    if stages.is_empty() {
        let message = format!("no stage has a parameter `{name}`");
        return Err(Diagnostic::new(Kind::Usage, message)
            .hint("write `param:NAME` for one of the pipeline, `param:STAGE.NAME` for a stage's")
            .into());
    }
    Ok(What::Parameter(stages, name.into()))
}

/// The stages whose declarations take a parameter of the pipeline.
fn mentioning(plan: &Plan, name: &str) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(plan.root.join("pipeline.yaml")) else {
        return Vec::new();
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut starts: Vec<usize> = plan.stages.iter().map(|stage| stage.at.line).collect();
    starts.sort_unstable();
    starts.dedup();
    let mentions = |from: usize| {
        let end = starts.iter().find(|at| **at > from).map_or(lines.len(), |at| at - 1);
        let block = lines.get(from.saturating_sub(1)..end).unwrap_or_default();
        block.iter().any(|line| takes(line, &format!("params.{name}")))
    };
    let stages = plan.stages.iter().filter(|stage| stage.at.line > 0 && mentions(stage.at.line));
    stages.map(|stage| stage.name.clone()).collect()
}

/// Whether a line names something, and not only something that begins so.
fn takes(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let next = line[at + name.len()..].chars().next();
        !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

fn unknown(asked: &Asked, word: &str) -> Diagnostic {
    let ledger = asked.ledger;
    let outputs = ledger.stages.values().flat_map(|stage| stage.outputs.values());
    let paths = outputs.map(|it| it.path.as_str());
    let names = ledger.values.keys().chain(ledger.stages.keys()).chain(ledger.sources.keys());
    let near = nearest(word, names.map(String::as_str).chain(paths));
    let problem = Diagnostic::new(Kind::Usage, format!("nothing here is called `{word}`"));
    match near {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None if word.chars().next().is_some_and(|c| c.is_ascii_digit()) => {
            problem.hint("a printed number needs its page: `--page N`")
        }
        None => problem.hint("`colophon show outputs/ledger.json` lists the values"),
    }
}
