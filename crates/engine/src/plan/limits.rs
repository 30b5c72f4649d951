//! What can be known of a command before it runs: that it can be started, and
//! that its inputs have room beside each other.

use super::draft::Draft;
use super::inputs::Inputs;
use super::{Command, Origin, shell};
use crate::diagnostic::{Diagnostic, Kind};
use crate::yaml::Document;

/// Holds a command to what the system can start and a folder can hold.
pub(super) fn check(
    draft: &Draft,
    command: &Command,
    inputs: &Inputs,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) {
    let mut report = |at: &[&str], message: String, hint: &str| {
        let at = document.place(draft.value(at));
        found.push(Diagnostic::new(Kind::Usage, message).at(at).hint(hint));
    };
    if let Some(how) = shell::too_long(command) {
        let message = format!("the command of stage `{}` {how}", draft.name);
        report(&["cmd"], message, SHORTER);
    }
    let all = inputs.roles.iter().flat_map(|(role, list)| list.iter().map(move |it| (role, it)));
    let (lineage, others): (Vec<_>, Vec<_>) =
        all.partition(|(_, input)| input.from == Origin::Lineage);
    for (role, input) in others {
        if lineage.iter().any(|(_, lineage)| lineage.path == input.path) {
            let message = format!(
                "the input `{role}` of stage `{}` is at `{}`, where `colophon:lineage` is put",
                draft.name, input.path
            );
            report(&["inputs", role], message, "give the file another name");
        }
    }
}

const SHORTER: &str = "the private folder holds the declared inputs and nothing else, so that the \
                       command can find them itself: `find data -name '*.csv'`";
