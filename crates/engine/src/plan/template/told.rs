//! What is wrong with the place of an expression, in words.

use std::ops::Range;

use super::mistake::{Mistake, shown};
use super::shell::wrong::Wrong;

/// What is wrong with the place of an expression in a text for the shell.
pub(super) fn misplaced(wrong: &Wrong, expression: &str, at: Range<usize>) -> Mistake {
    let it = shown(expression);
    let first = format!("assign it first, `x={it}`, and write");
    let (message, hint) = match wrong {
        Wrong::Quotes => (
            format!("`{it}` stands within quotes, which its value could end"),
            "end the quotes before it and begin them again behind it: what is inserted is \
             quoted already"
                .into(),
        ),
        Wrong::CodeInQuotes(program) | Wrong::Code(program) => return executed(program, &it, at),
        Wrong::HereDocument => (
            format!("`{it}` stands in a here-document, where its value could be executed"),
            format!("{first} `$x` in the text, which begins with `<<EOF` and not `<<'EOF'`"),
        ),
        Wrong::Backticks => (
            format!("`{it}` stands in backticks, where its value could be executed"),
            "write `$( … )` for the backticks".into(),
        ),
        Wrong::Braces => (
            format!("`{it}` stands in `${{ … }}`, where its value could be executed"),
            format!("{first} `$x` there"),
        ),
        Wrong::Arithmetic => (
            format!("`{it}` stands in a calculation of the shell, where it is not quoted"),
            "let the template calculate, as in `{{ params.n + 1 }}`".into(),
        ),
        Wrong::Comment => (
            format!("`{it}` stands in a comment, which its value could end"),
            "take it out of the comment".into(),
        ),
        Wrong::Dollar => (
            format!("the `$` before `{it}` makes something else of its value"),
            "leave out the `$`: a template is `{{ … }}` alone".into(),
        ),
        Wrong::Backslash => (
            format!("the `\\` before `{it}` takes the quotes off its value"),
            "leave out the `\\`: what is inserted is quoted already".into(),
        ),
        Wrong::Delimiter => (
            format!("`{it}` can't be the delimiter of a here-document"),
            "write the delimiter as it is".into(),
        ),
        Wrong::Descriptor => (
            format!("`{it}` can't be the number of a file descriptor"),
            "write the number as it is".into(),
        ),
        Wrong::Test => (
            format!("`{it}` stands in `[[ … ]]`, where its value could be executed"),
            "write `[ … ]` for `[[ … ]]`".into(),
        ),
        Wrong::Array => (
            format!("`{it}` stands in an array of bash, where its value could be executed"),
            "let the arguments of the script be the list: `set -- … …` and `\"$@\"`".into(),
        ),
        Wrong::ListInWord | Wrong::ListAsFile => return misplaced_list(wrong, &it, at),
        Wrong::Unclear => (
            format!("shells differ in what they make of the text before `{it}`"),
            format!("assign it in the first line, `x={it}`, and write `\"$x\"` here"),
        ),
    };
    Mistake::new(message, at).hint(hint)
}

fn misplaced_list(wrong: &Wrong, it: &str, at: Range<usize>) -> Mistake {
    let with = |filter: &str| it.replace(" }}", &format!("|{filter} }}}}"));
    let (what, hint) = match wrong {
        Wrong::ListAsFile => {
            ("where one file belongs", format!("name one of them, as in `{}`", with("first")))
        }
        _ => (
            "within a word",
            format!("put spaces around it, or make one text of it: `{}`", with("join(\",\")")),
        ),
    };
    Mistake::new(format!("`{it}` is a list and stands {what}"), at).hint(hint)
}

fn executed(program: &str, it: &str, at: Range<usize>) -> Mistake {
    let hint = match program {
        "read" | "unset" | "local" | "printf" | "test" | "[" => {
            "write the name of the variable as it is".into()
        }
        "declare" | "typeset" => "assign it without: `NAME={{ … }}`".into(),
        "eval" | "alias" | "let" | "trap" => {
            format!("assign it first, `x={it}`, and let the code read `\"$x\"`")
        }
        _ if program.ends_with("sh") => {
            format!("pass it as an argument: `{program} -c '… \"$1\" …' {program} {it}`")
        }
        _ => "pass it as an argument behind the code, and let the code read it".into(),
    };
    Mistake::new(format!("`{program}` could execute the value of `{it}`"), at).hint(hint)
}

/// An element of a list that its program executes.
pub(super) fn executed_of_list(program: &str, expression: &str, at: Range<usize>) -> Mistake {
    let it = shown(expression);
    let mut mistake = executed(program, &it, at);
    if program.ends_with("sh") {
        mistake.hints = vec![format!(
            "pass it as an argument: `[{program}, -c, '… \"$1\" …', {program}, '{it}']`"
        )];
    }
    mistake
}
