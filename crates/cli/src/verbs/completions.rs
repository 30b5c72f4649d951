//! `colophon completions`: completions for a shell.
//!
//! Verbs and options are known when the script is made; stages, cells and profiles
//! are those of the project that the command line names, so the script of bash, zsh
//! and fish asks the program for them. Names are never given to a shell to expand.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Command;
use clap::{Args, ValueEnum};
use clap_complete::Shell;
use engine::plan::options::Options;
use engine::plan::{Plan, check, given};

use crate::arguments::Arguments;
use crate::report::{Failed, print};
use crate::study::Study;
use crate::text::Text;

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell; in bash, zsh and fish, the names of the project are offered too.
    #[arg(required_unless_present = "names")]
    pub(crate) shell: Option<Shell>,
    /// Print these names of the project instead, one a line.
    #[arg(long, value_enum)]
    pub(crate) names: Option<Names>,
    /// The command line as far as it goes, for the project that it names.
    #[arg(last = true, requires = "names", value_name = "WORD", allow_hyphen_values = true)]
    pub(crate) line: Vec<String>,
}

/// Names that a shell may offer.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Stages and their cells.
    Stages,
    /// Profiles.
    Profiles,
}

pub(crate) fn completions(
    study: &Study,
    arguments: &Arguments,
    verb: &Completions,
    command: fn() -> Command,
) -> Result<(), Failed> {
    if let Some(names) = verb.names {
        let root = directory(&verb.line).unwrap_or_else(|| arguments.directory.clone());
        let root = given::root_above(&root)?;
        let mut text = Text::default();
        for name in known(study, root, names) {
            text.line(&name);
        }
        return print(text);
    }
    let Some(shell) = verb.shell else { return Ok(()) };
    let mut made = Vec::new();
    clap_complete::generate(shell, &mut command(), "colophon", &mut made);
    let made = String::from_utf8_lossy(&made);
    print(Text::file(&with_names(shell, &made, &command())))
}

/// The names of a project; none where it can't be read, since nobody wants to see
/// its mistakes while typing.
fn known(study: &Study, root: PathBuf, names: Names) -> BTreeSet<String> {
    match names {
        Names::Stages => {
            let plan = Plan::load(&root, study.functions, &Options::default());
            let plan = plan.map(|plan| plan.stages).unwrap_or_default();
            plan.into_iter().flat_map(|stage| [stage.group, stage.name]).collect()
        }
        Names::Profiles => check::profiles(&root).unwrap_or_default(),
    }
}

/// The project that a command line names, which may not be finished.
fn directory(line: &[String]) -> Option<PathBuf> {
    let mut found = None;
    for (n, word) in line.iter().enumerate() {
        let after = match word.as_str() {
            "-C" | "--directory" => line.get(n + 1).map(String::as_str),
            word => word.strip_prefix("--directory=").or_else(|| word.strip_prefix("-C")),
        };
        found = after.filter(|it| !it.is_empty()).map(PathBuf::from).or(found);
    }
    found
}

/// The verbs that are given stages.
fn verbs(command: &Command) -> Vec<String> {
    let is_stage = |verb: &Command| {
        let mut names = verb.get_positionals().flat_map(|it| it.get_value_names().unwrap_or(&[]));
        names.any(|name| name == "STAGE")
    };
    let verbs = command.get_subcommands().filter(|verb| is_stage(verb));
    verbs.map(|verb| verb.get_name().to_string()).collect()
}

/// The script with what asks for names.
fn with_names(shell: Shell, script: &str, command: &Command) -> String {
    let (bar, space) = (verbs(command).join("|"), verbs(command).join(" "));
    match shell {
        Shell::Bash => {
            let script = script.replace("complete -F _colophon ", "complete -F _colophon_names ");
            BASH.replace("VERBS", &bar) + &script
        }
        Shell::Zsh => {
            // Each function of the script ends before the first of ours begins.
            let script = script.replace(":NAME:_default", ":NAME:_colophon_profiles");
            let lines = script.split_inclusive('\n').map(|line| match line.contains("stage") {
                true => line.replacen(":_default' \\", ":_colophon_stages' \\", 1),
                false => line.to_string(),
            });
            let script: String = lines.collect();
            match script.split_once('\n') {
                Some((first, rest)) => format!("{first}\n{ZSH}{rest}"),
                None => script,
            }
        }
        Shell::Fish => script.to_string() + &FISH.replace("VERBS", &space),
        _ => script.to_string(),
    }
}

const BASH: &str = r#"_colophon_names() {
    local line="${COMP_LINE:0:COMP_POINT}"
    local word="${line##*[[:space:]]}" before="${line%[[:space:]]*}" kind="" verb name
    before="${before##*[[:space:]]}"
    case "$word" in --profile=*) kind=profiles; word="${word#--profile=}" ;; esac
    if [[ -z "$kind" && "$before" == --profile ]]; then
        kind=profiles
    elif [[ -z "$kind" && "$word" != -* ]]; then
        for verb in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
            case "$verb" in VERBS) kind=stages; break ;; esac
        done
    fi
    _colophon "$@"
    [[ -z "$kind" ]] && return 0
    # Bash replaces what follows the last `@` only.
    local kept=""
    if [[ "$word" == *@* && "$COMP_WORDBREAKS" == *@* ]]; then
        kept="${word%"${word##*@}"}"
    fi
    COMPREPLY=()
    while IFS= read -r name; do
        if [[ "$name" == "$word"* ]]; then
            COMPREPLY+=("$(printf '%q' "${name#"$kept"}")")
        fi
    done < <("$1" completions --names "$kind" -- "${COMP_WORDS[@]}" 2>/dev/null)
}

"#;

const ZSH: &str = r#"
_colophon_ask() {
    local -a names line
    line=("${(@Q)${(z)LBUFFER}}")
    names=("${(@f)$(colophon completions --names $1 -- "${line[@]}" 2>/dev/null)}")
    compadd -a names
}
_colophon_stages() { _colophon_ask stages; _files }
_colophon_profiles() { _colophon_ask profiles }
"#;

const FISH: &str = r#"
function __fish_colophon_names
    colophon completions --names $argv[1] -- (commandline -opc) 2>/dev/null
end
complete -c colophon -n "__fish_seen_subcommand_from VERBS" -a "(__fish_colophon_names stages)"
complete -c colophon -l profile -x -a "(__fish_colophon_names profiles)"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_of_a_line() {
        let of = |line: &str| {
            let words: Vec<String> = line.split(' ').map(String::from).collect();
            directory(&words).map(|path| path.display().to_string())
        };
        assert_eq!(of("colophon run a"), None);
        assert_eq!(of("colophon -C x run").as_deref(), Some("x"));
        assert_eq!(of("colophon run --directory=x/y -Cz").as_deref(), Some("z"));
        assert_eq!(of("colophon run -C").as_deref(), None);
    }

    #[test]
    fn scripts_know_the_verbs_that_take_stages() {
        let command = crate::args::command();
        let verbs = verbs(&command);
        for verb in ["run", "plan", "why", "graph"] {
            assert!(verbs.iter().any(|it| it == verb), "{verbs:?}");
        }
        assert!(!verbs.iter().any(|it| it == "check"));
        for shell in [Shell::Zsh, Shell::Fish, Shell::Bash] {
            let mut made = Vec::new();
            clap_complete::generate(shell, &mut command.clone(), "colophon", &mut made);
            let script = with_names(shell, &String::from_utf8_lossy(&made), &command);
            let asks = script.matches("_stages'").count() + script.matches("names stages").count();
            assert!(asks + script.matches("kind=stages").count() > 0, "{shell}");
            assert!(script.contains("profiles"), "{shell}");
        }
    }
}
