//! `colophon log`: shows what the command of a stage said.

use clap::Args;
use engine::run::said::{Of, Said, said};
use serde_json::json;

use crate::arguments::Arguments;
use crate::report::{Failed, print, print_json, say};
use crate::study::Study;
use crate::text::Text;
use crate::verbs::{look, named};

#[derive(Args, Debug)]
pub(crate) struct Log {
    /// A stage, a cell or an output path.
    #[arg(value_name = "STAGE")]
    pub(crate) stage: String,
}

pub(crate) fn log(study: &Study, arguments: &Arguments, verb: &Log) -> Result<(), Failed> {
    let project = look(study, arguments)?;
    let cells = named(&project.plan, std::slice::from_ref(&verb.stage))?;
    let mut logs = Vec::new();
    for index in cells {
        logs.push((project.plan.stages[index].name.as_str(), said(&project, index)?));
    }
    if arguments.json {
        let logs: Vec<_> = logs.iter().map(|(stage, said)| object(stage, said)).collect();
        return print_json(&logs);
    }
    let several = logs.len() > 1;
    for (stage, said) in &logs {
        if !arguments.quiet
            && let Some(note) = note(stage, said)
        {
            say(&format!("note: {note}"));
        }
        print(Text::file(&text(stage, said, several)))?;
    }
    Ok(())
}

/// What a reader should know of a log before reading it.
fn note(stage: &str, said: &Said) -> Option<String> {
    let silent = said.stdout.is_empty() && said.stderr.is_empty();
    match &said.of {
        Of::Failed(message) => Some(format!("the last attempt failed: {message}")),
        Of::Last(_) => Some(format!(
            "this is of the last result of stage `{stage}`; what it is made from has changed since"
        )),
        Of::Result(_) if silent => Some(format!("stage `{stage}` said nothing")),
        Of::Result(_) => None,
    }
}

/// A log for people: each stream under its name where there are several.
fn text(stage: &str, said: &Said, several: bool) -> String {
    let streams = [("standard output", &said.stdout), ("standard error", &said.stderr)];
    let full: Vec<_> = streams.into_iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
    let mut text = String::new();
    for (name, bytes) in &full {
        if several {
            text.push_str(&format!("{stage}, {name}:\n"));
        } else if full.len() > 1 {
            text.push_str(&format!("{name}:\n"));
        }
        text.push_str(&String::from_utf8_lossy(bytes));
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

fn object(stage: &str, said: &Said) -> serde_json::Value {
    let (of, key, failed) = match &said.of {
        Of::Result(key) => ("result", Some(key), None),
        Of::Last(key) => ("last result", Some(key), None),
        Of::Failed(message) => ("failed attempt", None, Some(message)),
    };
    json!({
        "stage": stage, "of": of, "key": key, "failed": failed,
        "stdout": String::from_utf8_lossy(&said.stdout),
        "stderr": String::from_utf8_lossy(&said.stderr),
    })
}
