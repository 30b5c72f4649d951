//! Which shell runs a command text, and how long a command may be.

use super::Command;

/// The arguments that run a text: its first command that fails ends it.
///
/// In a pipe the shell of POSIX asks only the last command how it went. `bash`
/// asks all of them, and is the same everywhere; what `/bin/sh` can do differs
/// from machine to machine, and so would what counts as a failure.
pub(crate) fn arguments(text: String) -> Vec<String> {
    let shell: &[&str] = if has_pipe(&text) { &PIPES } else { &PLAIN };
    shell.iter().map(ToString::to_string).chain([text]).collect()
}

const PLAIN: [&str; 2] = ["/bin/sh", "-ec"];
const PIPES: [&str; 4] = ["bash", "-o", "pipefail", "-ec"];

/// The text that a shell of ours runs; `None` if these are a list's own arguments.
pub(crate) fn text(arguments: &[String]) -> Option<&str> {
    let (text, shell) = arguments.split_last()?;
    (shell == PLAIN || shell == PIPES).then_some(text)
}

/// Whether the shell is the one that minds each part of a pipe.
pub(crate) fn minds_pipes(arguments: &[String]) -> bool {
    arguments.starts_with(&PIPES.map(String::from))
}

/// What encloses the place of a text where a scan has come to.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    /// `$(…)` or `(…)`.
    Parentheses,
    /// `"…"`.
    Quotes,
    /// `` `…` ``.
    Backticks,
}

/// Whether a text for the shell has a pipe. What is quoted, a comment or a here
/// document has none. A `|` between patterns of a `case` counts as one, which
/// costs nothing.
fn has_pipe(text: &str) -> bool {
    let mut chars = text.chars().peekable();
    let mut within: Vec<Within> = Vec::new();
    let (mut before, mut documents) = ('\n', Vec::new());
    while let Some(c) = chars.next() {
        let quoted = within.last() == Some(&Within::Quotes);
        match c {
            '\\' => drop(chars.next()),
            '"' if quoted => drop(within.pop()),
            '"' => within.push(Within::Quotes),
            '`' if within.last() == Some(&Within::Backticks) => drop(within.pop()),
            '`' => within.push(Within::Backticks),
            '(' if !quoted || before == '$' => within.push(Within::Parentheses),
            ')' if within.last() == Some(&Within::Parentheses) => drop(within.pop()),
            _ if quoted => {}
            '\'' => drop(chars.find(|c| *c == '\'')),
            '#' if before.is_whitespace() || ";(&".contains(before) => {
                while chars.next_if(|c| *c != '\n').is_some() {}
            }
            '<' if before == '<' => match chars.next_if_eq(&'<') {
                Some(_) => {}
                None => documents.push(delimiter(&mut chars)),
            },
            '\n' => documents.drain(..).for_each(|end| skip_document(&mut chars, &end)),
            '|' if chars.next_if_eq(&'|').is_some() => {}
            '|' if before != '>' => return true,
            _ => {}
        }
        before = c;
    }
    false
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// The word that ends a here document.
fn delimiter(chars: &mut Chars) -> String {
    chars.next_if_eq(&'-');
    while chars.next_if(|c| " \t".contains(*c)).is_some() {}
    let mut word = String::new();
    while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !";|&<>()".contains(*c)) {
        if !"'\"\\".contains(c) {
            word.push(c);
        }
    }
    word
}

fn skip_document(chars: &mut Chars, end: &str) {
    while chars.peek().is_some() {
        let line: String = std::iter::from_fn(|| chars.next_if(|c| *c != '\n')).collect();
        chars.next();
        if line.trim_start_matches('\t') == end {
            return;
        }
    }
}

/// What is too long for this system about a command, in words.
pub(crate) fn too_long(command: &Command) -> Option<String> {
    let (one, all) = limits();
    let longest = command.arguments.iter().map(|argument| argument.len() + 1).max()?;
    if longest > one {
        return Some(format!(
            "has an argument of {} and this system takes {}",
            kilo(longest),
            kilo(one)
        ));
    }
    let pointer = size_of::<usize>();
    let env = command.env.iter().map(|(name, value)| name.len() + value.len() + 2 + pointer);
    let arguments = command.arguments.iter().map(|argument| argument.len() + 1 + pointer);
    // The rest of the environment is small but for PATH.
    let sum = env.chain(arguments).sum::<usize>() + (16 << 10);
    (sum > all).then(|| {
        format!("has arguments of {} in all and this system takes {}", kilo(sum), kilo(all))
    })
}

fn kilo(bytes: usize) -> String {
    format!("{} kB", bytes / 1000)
}

/// How long one argument may be, and all of them with the environment.
#[cfg(target_os = "linux")]
fn limits() -> (usize, usize) {
    const LEAST: u64 = 128 << 10;
    let stack = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    let all = (stack.unwrap_or(u64::MAX) / 4).clamp(LEAST, 6 << 20);
    (32 * rustix::param::page_size(), all as usize)
}

#[cfg(not(target_os = "linux"))]
fn limits() -> (usize, usize) {
    (1 << 20, 1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_found_and_nothing_else() {
        for text in [
            "a | b",
            "a|b",
            "a |& b",
            "x=$(a | b)",
            "x=\"$(a | b)\"",
            "a || b | c",
            "echo 'it' | b",
            "echo \"a'b\" | c",
            "cat <<E | b\ntext\nE\n",
            "cat <<'E'\nit's\nE\na | b",
            "a # it's\nb | c",
            "echo a#b | c",
            "echo \\' | b",
            "(a; b) | c",
            "`a | b`",
            "x=\"`a | b`\"",
        ] {
            assert!(has_pipe(text), "{text}");
        }
        for text in [
            "a || b",
            "a; b && c",
            "grep 'a|b' f",
            "grep -E \"a|b\" f",
            "echo a\\|b",
            "a >| b",
            "a # b | c",
            "# a | b\nc",
            "cat <<E\na | b\nE\n",
            "cat <<-'E'\n\ta | b\n\tE\nc",
            "cat <<< 'a|b'",
            "echo \"(a|b)\"",
            "",
        ] {
            assert!(!has_pipe(text), "{text}");
        }
        assert!(minds_pipes(&arguments("a | b".into())));
        assert_eq!(arguments("a".into()), ["/bin/sh", "-ec", "a"]);
        assert_eq!(text(&arguments("a | b".into())), Some("a | b"));
        assert_eq!(text(&["sh".into(), "-ec".into(), "a".into()]), None);
    }

    #[test]
    fn what_is_too_long() {
        let command = |arguments: Vec<String>| Command { arguments, ..Command::default() };
        let (one, all) = limits();
        assert_eq!(too_long(&command(vec!["x".repeat(one - 1)])), None);
        let told = too_long(&command(vec!["x".repeat(one)])).expect("too long");
        assert!(told.starts_with("has an argument of "), "{told}");
        let told = too_long(&command(vec!["x".repeat(1000); all / 1000])).expect("too long");
        assert!(told.starts_with("has arguments of "), "{told}");
    }
}
