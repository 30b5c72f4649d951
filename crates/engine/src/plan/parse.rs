//! Reads `pipeline.yaml`: its text as a tree, held against the schema of its types.

use super::pipeline::Pipeline;
use super::schema;
use crate::diagnostic::{Checked, Diagnostic, Kind, Place, tidy};
use crate::shape;
use crate::yaml::{Data, Document};

/// Reads the bytes of the file. What is wrong with its form comes along, and
/// the rest of it, so that all mistakes can be told at once; where nothing
/// can be made of the rest, it is an error.
pub(crate) fn parse(path: &str, bytes: &[u8]) -> Checked<(Pipeline, Document, Vec<Diagnostic>)> {
    let mut document = Document::parse(path, bytes)?;
    if matches!(document.root.data, Data::Null) {
        let empty = Diagnostic::new(Kind::Usage, "the file is empty")
            .at(Place::file(path))
            .hint("`colophon init` writes a pipeline to start from");
        return Err(vec![empty]);
    }
    let (found, rest) = shape::check_all(&document, &schema::types());
    if let Some(rest) = rest {
        document.root = rest;
    }
    match serde_json::from_value(document.root.value()) {
        Ok(pipeline) => Ok((pipeline, document, found)),
        Err(_) if !found.is_empty() => Err(tidy(found)),
        Err(error) => {
            let problem = Diagnostic::new(Kind::Usage, error.to_string());
            Err(vec![problem.at(Place::file(path))])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::pipeline::Command;

    fn mistakes(text: &str) -> Vec<String> {
        let found = match parse("pipeline.yaml", text.as_bytes()) {
            Ok((_, _, found)) | Err(found) => tidy(found),
        };
        found
            .iter()
            .map(|problem| match problem.hints.first() {
                Some(hint) => format!("{problem} ({hint})"),
                None => problem.to_string(),
            })
            .collect()
    }

    #[test]
    fn every_mistake_at_once() {
        let text = "\
version: 2
name: [x]
stages:
  a:
    use: ingest
    outputs: { t: t.csv }
    outputs: { t: t.csv }
  b:
    uses: clean
    timeout: 30
";
        assert_eq!(
            mistakes(text),
            [
                "pipeline.yaml:1:10: `version` must be at most 1",
                "pipeline.yaml:2:7: `name` must be text, not a list",
                "pipeline.yaml:5:5: unknown key `use` in `stages.a` (did you mean `uses`?)",
                "pipeline.yaml:7:5: `outputs` stands twice, first in line 6",
                "pipeline.yaml:8:3: `stages.b` lacks `outputs`",
                "pipeline.yaml:10:14: `stages.b.timeout` must be text, not a whole number",
            ]
        );
    }

    #[test]
    fn forms_of_commands_and_references() {
        let text = "version: 1\nname: x\nstages:\n  a:\n    cmd: [touch, x]\n    \
                    inputs: { a: x, b: [y, z] }\n    outputs: { t: x }\n";
        let (pipeline, ..) = parse("p", text.as_bytes()).expect("valid");
        assert_eq!(pipeline.stages["a"].inputs["b"].list(), ["y", "z"]);
        assert!(matches!(pipeline.stages["a"].cmd, Some(Command::Arguments(_))));
        assert_eq!(
            mistakes(&text.replace("[touch, x]", "3")),
            ["pipeline.yaml:5:10: `stages.a.cmd` must be text or a list, not a whole number"]
        );
    }

    #[test]
    fn empty_files() {
        let hint = " (`colophon init` writes a pipeline to start from)";
        assert_eq!(mistakes(""), [format!("pipeline.yaml: the file is empty{hint}")]);
        assert_eq!(mistakes("# nothing\n"), mistakes(""));
        assert_eq!(mistakes("- a\n"), ["pipeline.yaml:1:1: the file must be a map, not a list"]);
    }
}
