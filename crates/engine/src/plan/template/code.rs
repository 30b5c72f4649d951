//! Which words of a command its program executes as code: the text after
//! `sh -c`, the words after `eval`, the program of `awk`, and in bash also the
//! name of a variable, since it may hold a subscript, `a[$(…)]`.
//!
//! What other programs make of their arguments nobody can know.

/// A program that takes code among its arguments.
struct Interpreter {
    names: &'static [&'static str],
    /// Letters of options that code follows.
    code: &'static str,
    /// Long options that code follows.
    long: &'static [&'static str],
    /// Letters of options that something else follows.
    other: &'static str,
    /// Whether code follows where no option says so.
    first: bool,
}

const SHELL: Interpreter = Interpreter {
    names: &["sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish"],
    code: "c",
    long: &["--command"],
    other: "oO",
    first: false,
};

const INTERPRETERS: [Interpreter; 10] = [
    SHELL,
    Interpreter { names: &["printf"], code: "v", long: &[], other: "", first: false },
    Interpreter { names: &["python", "pypy"], code: "c", long: &[], other: "WX", first: false },
    Interpreter { names: &["perl"], code: "eE", long: &[], other: "I", first: false },
    Interpreter { names: &["ruby"], code: "e", long: &[], other: "Ir", first: false },
    Interpreter { names: &["Rscript", "R"], code: "e", long: &[], other: "", first: false },
    Interpreter {
        names: &["node", "nodejs", "julia"],
        code: "eEp",
        long: &["--eval", "--print"],
        other: "rLJ",
        first: false,
    },
    Interpreter { names: &["php"], code: "r", long: &[], other: "dc", first: false },
    Interpreter { names: &["lua"], code: "e", long: &[], other: "l", first: false },
    Interpreter {
        names: &["awk", "gawk", "mawk", "nawk"],
        code: "",
        long: &[],
        other: "Fv",
        first: true,
    },
];

/// Reads the words of a command one after the other.
#[derive(Default)]
pub(super) struct Watch {
    words: usize,
    program: String,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Looking,
    /// Among the options of a program; whether one of them wants a word more.
    Options(&'static Interpreter, bool),
    /// The next word that is no option is code; whether an option wants one before.
    Next(&'static Interpreter, bool),
    /// All further words are code.
    All,
    /// They are variables, and what is assigned to these is no code.
    Variables,
    /// They are conditions; behind `-v` stands a variable.
    Conditions(bool),
}

impl Watch {
    /// The next word of the command.
    pub(super) fn push(&mut self, word: &str) {
        self.words += 1;
        let option = word.starts_with(['-', '+']) && word.len() > 1;
        match self.state {
            State::All => {}
            State::Variables if option => self.state = State::All,
            State::Variables => {}
            State::Conditions(_) => self.state = State::Conditions(["-v", "-R"].contains(&word)),
            State::Options(known, true) => self.state = State::Options(known, false),
            State::Next(known, true) => self.state = State::Next(known, false),
            State::Options(known, _) if option => {
                self.state = match known.reads_code(word) {
                    true => State::Next(known, false),
                    false if known.first && word.starts_with("-f") => State::Looking,
                    false => State::Options(known, known.wants_more(word)),
                };
            }
            State::Next(known, _) if option => {
                self.state = State::Next(known, known.wants_more(word));
            }
            State::Next(..) => self.state = State::Looking,
            State::Looking | State::Options(..) => self.look(word),
        }
    }

    fn look(&mut self, word: &str) {
        let name = word.rsplit('/').next().unwrap_or(word);
        self.state = match name {
            "eval" | "alias" | "let" | "read" | "unset" | "declare" | "typeset"
                if self.words == 1 =>
            {
                State::All
            }
            "local" if self.words == 1 => State::Variables,
            "test" | "[" if self.words == 1 => State::Conditions(false),
            "trap" if self.words == 1 => State::Next(&SHELL, false),
            "command" | "builtin" | "exec" if self.words == 1 => {
                self.words = 0;
                return;
            }
            _ => match INTERPRETERS.iter().find(|known| known.is_named(name)) {
                Some(known) => State::Options(known, false),
                None => State::Looking,
            },
        };
        self.program = name.into();
    }

    /// The program that would execute a word which begins like this.
    pub(super) fn executes(&self, begin: &str) -> Option<&str> {
        let code = match self.state {
            State::Looking | State::Options(_, true) | State::Next(_, true) => false,
            State::All | State::Next(..) => true,
            State::Variables => !begin.contains('='),
            State::Conditions(variable) => variable,
            State::Options(known, _) if known.first => !begin.starts_with('-'),
            State::Options(known, _) => known.holds_code(begin),
        };
        code.then_some(self.program.as_str())
    }
}

impl Interpreter {
    /// Whether a program is this one, or a version of it: `python3.12`.
    fn is_named(&self, name: &str) -> bool {
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        self.names.contains(&name)
    }

    fn reads_code(&self, option: &str) -> bool {
        if option.starts_with("--") {
            return self.long.contains(&option);
        }
        match self.names == SHELL.names {
            true => option.starts_with('-') && option.contains('c'),
            false => option.ends_with(|last| self.code.contains(last)),
        }
    }

    fn wants_more(&self, option: &str) -> bool {
        let letters = option.trim_start_matches(['-', '+']);
        !option.starts_with("--") && letters.ends_with(|last| self.other.contains(last))
    }

    /// Whether an option and the code that belongs to it are one word.
    fn holds_code(&self, begin: &str) -> bool {
        match begin.strip_prefix("--") {
            Some(_) => self.long.iter().any(|long| begin.starts_with(&format!("{long}="))),
            None => begin
                .strip_prefix('-')
                .is_some_and(|letters| letters.contains(|letter| self.code.contains(letter))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a last word that begins like this would be executed.
    fn executed(words: &[&str]) -> bool {
        let (last, words) = words.split_last().expect("a word");
        let mut watch = Watch::default();
        words.iter().for_each(|word| watch.push(word));
        watch.executes(last).is_some()
    }

    #[test]
    fn words_that_are_executed() {
        for words in [
            &["sh", "-c", ""][..],
            &["/bin/bash", "-euo", "pipefail", "-c", "x"],
            &["sh", "-ec", "-u", ""],
            &["env", "A=1", "sh", "-c", ""],
            &["xargs", "-n1", "dash", "-c", "x "],
            &["eval", "x", ""],
            &["command", "eval", ""],
            &["read", ""],
            &["unset", "-v", ""],
            &["printf", "-v", ""],
            &["declare", "-i", "x="],
            &["local", ""],
            &["local", "-i", "x="],
            &["[", "-n", "a", "-a", "-v", ""],
            &["trap", ""],
            &["python3.12", "-W", "ignore", "-c", ""],
            &["perl", "-lane", ""],
            &["perl", "-e"],
            &["Rscript", "--vanilla", "-e", ""],
            &["node", "--eval", ""],
            &["node", "--eval=x"],
            &["awk", "-F", ",", "-v", "x=1", "{ print "],
        ] {
            assert!(executed(words), "{words:?}");
        }
    }

    #[test]
    fn words_that_are_not() {
        for words in [
            &["sh", "-c", "echo $1", "sh", ""][..],
            &["sh", "tool.sh", "-c", ""],
            &["python3", "tool.py", "-c", ""],
            &["python3", ""],
            &["perl", "-I", ""],
            &["Rscript", "tool.R", "-e", ""],
            &["trap", "rm x", ""],
            &["printf", "%s", ""],
            &["printf", "-v", "x", "%s", ""],
            &["local", "x="],
            &["[", "", "-eq", "", "]"],
            &["test", "-n", ""],
            &["grep", "-c", ""],
            &["echo", "eval", ""],
            &["awk", "-f", "x.awk", ""],
            &["awk", "-v", "x="],
            &["awk", "{ print }", ""],
        ] {
            assert!(!executed(words), "{words:?}");
        }
    }
}
