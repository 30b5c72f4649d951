//! What real shells make of texts in which something is inserted.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;

use super::super::tests::{over, wrong};
use super::super::{Context, Scope, Templates};

/// Texts in which `HOLE` stands where a word may be inserted; each prints its
/// arguments, and `HOLE` is the last of them or a part of it: `<`, it, `>`.
const SAFE: [&str; 37] = [
    "show HOLE",
    "show a HOLE",
    "show pre'a b'HOLE\"c\"",
    "show $HOME$$HOLE",
    "N=1; show $N\"HOME\"HOLE",
    "show \"$(show HOLE)\"",
    "show \"a $(show \"b $(show HOLE)\")\"",
    "show \"$(: '(' \")\"; show \")\" HOLE)\"",
    "x=HOLE; show \"$x\"",
    "x=$(show HOLE); show \"$x\"",
    "x=HOLE show HOLE",
    "export x=HOLE; show \"$x\"",
    "( show HOLE )",
    "{ show HOLE; }",
    "if true; then show HOLE; fi",
    "for x in HOLE; do show \"$x\"; done",
    "case HOLE in HOLE) show HOLE ;; *) echo no ;; esac",
    "case x in (a) show b ;; x) show HOLE ;; esac",
    "show \"$(case x in a) echo b ;; x) show HOLE ;; esac)\"",
    "f() { show \"$1\"; }; f HOLE",
    "set -- HOLE; show \"$1\"",
    "show HOLE | cat",
    "false || show HOLE && true",
    "show a#b HOLE # it's a comment\n",
    "# it's a \"comment\nshow HOLE",
    "show $# HOLE",
    "show ${#PATH} ${PATH#x} ${x:-'a'} HOLE",
    "show $((1 + (2))) HOLE",
    "show `echo a` HOLE",
    "cat <<EOF >&2\nit's ${x} \"\nEOF\nshow HOLE",
    "cat <<'E F' >&2; show HOLE\nit's\nE F\n",
    "cat <<-EOF >&2 ; show a \\\n HOLE\n\tit's ${x}\n\tEOF\n",
    "show a\\\\HOLE",
    "show 2>&1 HOLE",
    "[ HOLE = HOLE ] && show HOLE",
    "f() { local x=HOLE; show \"$x\"; }; f",
    "show '{{ \"{{\" }}' HOLE",
];

/// What is written to a file, byte for byte, is what was inserted.
const FILES: [&str; 3] =
    ["printf %s HOLE>file", "printf %s HOLE 2>&1 1>file", "printf %s HOLE >|file"];

/// Texts in which it may not stand, and a word of the message.
const UNSAFE: [(&str, &str); 62] = [
    ("echo 'HOLE'", "stands within quotes"),
    ("echo \"HOLE\"", "stands within quotes"),
    ("echo \"a 'HOLE'\"", "stands within quotes"),
    ("echo \"$(echo a)HOLE\"", "stands within quotes"),
    ("echo \"$HOLE\"", "stands within quotes"),
    ("echo \"\\HOLE\"", "stands within quotes"),
    ("echo 'it'\\''s HOLE'", "stands within quotes"),
    ("echo $(echo \"HOLE\")", "stands within quotes"),
    ("echo a'b HOLE", "stands within quotes"),
    ("sh -c 'echo HOLE'", "`sh` could execute"),
    ("sh -c \"echo HOLE\"", "`sh` could execute"),
    ("sh -c HOLE", "`sh` could execute"),
    ("bash -eu -o pipefail -c 'echo HOLE'", "`bash` could execute"),
    ("find . -exec sh -c 'echo HOLE' ';'", "`sh` could execute"),
    ("env A=b /bin/sh -c HOLE", "`sh` could execute"),
    ("eval HOLE", "`eval` could execute"),
    ("x=1 eval echo a HOLE", "`eval` could execute"),
    ("true; eval \"echo HOLE\"", "`eval` could execute"),
    ("trap HOLE EXIT", "`trap` could execute"),
    ("python3 -c 'print(HOLE)'", "`python3` could execute"),
    ("Rscript -e HOLE", "`Rscript` could execute"),
    ("perl -eHOLE", "`perl` could execute"),
    ("awk '$1 > HOLE' in", "`awk` could execute"),
    ("cat <<EOF\nHOLE\nEOF\n", "stands in a here-document"),
    ("cat <<'EOF'\nHOLE\nEOF\n", "stands in a here-document"),
    ("cat <<A <<B\nA\nHOLE\nB\n", "stands in a here-document"),
    ("cat <<EOF\n$(echo HOLE)\nEOF\n", "stands in a here-document"),
    ("cat <<-EOF\n\tEOF x\nHOLE\n\tEOF\n", "stands in a here-document"),
    ("cat <<HOLE\n", "can't be the delimiter"),
    ("x=$(cat <<EOF\nHOLE\nEOF\n)", "stands in a here-document"),
    ("echo `echo HOLE`", "stands in backticks"),
    ("echo \"`echo \\HOLE`\"", "stands in backticks"),
    ("echo ${x:-HOLE}", "stands in `${ … }`"),
    ("echo \"${x:-$(echo HOLE)}\"", "stands in `${ … }`"),
    ("echo $((HOLE + 1))", "a calculation of the shell"),
    ("((x = HOLE))", "a calculation of the shell"),
    ("for ((i = 0; i < HOLE; i++)); do :; done", "a calculation of the shell"),
    ("[[ HOLE -eq 1 ]]", "stands in `[[ … ]]`"),
    ("[[ a < HOLE || b = c ]] && [[ x ]]", "stands in `[[ … ]]`"),
    ("a[HOLE]=1", "an array of bash"),
    ("echo x; a=(b HOLE)", "an array of bash"),
    ("a=([HOLE]=b)", "an array of bash"),
    ("read HOLE", "`read` could execute"),
    ("printf -v HOLE x", "`printf` could execute"),
    ("declare x=HOLE", "`declare` could execute"),
    ("[ -v HOLE ]", "`[` could execute"),
    ("echo a # HOLE", "stands in a comment"),
    ("echo $HOLE", "the `$` before"),
    ("echo \\HOLE", "the `\\` before"),
    ("echo >&HOLE", "the number of a file descriptor"),
    // bash looks for substitutions in this name twice.
    ("echo >& HOLE", "the number of a file descriptor"),
    ("cat <& x\"\"HOLE", "the number of a file descriptor"),
    // What comes after text that shells read in different ways.
    ("echo $'a\\'b' HOLE", "shells differ"),
    ("echo \"${x:-'}\" HOLE", "shells differ"),
    ("cat <<EOF\na\\\nEOF\necho HOLE", "shells differ"),
    ("cat <<EOF\n`\nEOF\necho HOLE `\nEOF\n", "shells differ"),
    ("cat <<EOF\n$(echo ')'\nEOF\necho HOLE )\nEOF\n", "shells differ"),
    ("echo $((1 # it's\n)) HOLE", "shells differ"),
    ("a[ HOLE ]=1", "shells differ"),
    ("echo $\\\nHOLE", "shells differ"),
    ("echo \"$\\\n( \" HOLE \" )\"", "shells differ"),
    ("echo ) HOLE", "shells differ"),
];

/// Lists, where only a word of its own will do.
const LISTS: [(&str, &str); 7] = [
    ("show LIST", "fine"),
    ("show \"$(show LIST)\" LIST", "fine"),
    ("show --in=LIST", "is a list and stands within a word"),
    ("x=LIST", "is a list and stands within a word"),
    ("show LIST#", "is a list and stands within a word"),
    ("show LISTLIST", "is a list and stands within a word"),
    ("show > LIST", "is a list and stands where one file belongs"),
];

fn put(text: &str) -> String {
    text.replace("HOLE", "{{ params.x }}").replace("LIST", "{{ inputs.tables }}")
}

#[test]
fn places_that_are_refused() {
    for (text, told) in UNSAFE.into_iter().chain(LISTS) {
        let said = wrong(over("{ x: v }").command(&put(text)));
        assert!(said.contains(told), "{text}\n{said}");
    }
    for text in SAFE.into_iter().chain(FILES) {
        assert_eq!(wrong(over("{ x: v }").command(&put(text))), "fine", "{text}");
    }
    let nested = format!("{}{{{{ params.x }}}}", "echo $(".repeat(100_000));
    assert!(wrong(over("{ x: v }").command(&nested)).contains("shells differ"));
    let nested = format!("{}{{{{ params.x }}}}", "echo ${x:-$((".repeat(100_000));
    assert!(wrong(over("{ x: v }").command(&nested)).contains("shells differ"));
}

/// Runs a text with these parameters and inputs, and gives what it prints: each
/// argument of `show` in brackets.
fn run(shell: &str, text: &str, params: &serde_json::Value) -> Result<String, String> {
    let context = Context::default()
        .with("params", Scope::plain(params))
        .with("inputs", Scope::plain(&json!({ "tables": params["list"] })));
    let filled = Templates::new(&context).command(text);
    let filled = filled.map_err(|mistakes| wrong::<()>(Err(mistakes)))?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let filled = format!("show() {{ printf '<%s>' \"$@\"; }}\n{filled}");
    let mut command = Command::new(shell);
    command.args(["-ec", &filled]).current_dir(folder.path()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", "/h");
    let done = command.output().map_err(|error| error.to_string())?;
    let file = fs::read(folder.path().join("file"));
    let out = file.unwrap_or(done.stdout);
    match String::from_utf8(out) {
        Ok(out) if done.status.success() => Ok(out),
        out => Err(format!("{filled}\n{out:?}\n{}", String::from_utf8_lossy(&done.stderr))),
    }
}

/// The shells of this machine that go by the rules of `/bin/sh`, each once.
fn shells() -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    let known = ["/bin/sh", "/bin/dash", "/bin/bash", "/bin/ksh", "/bin/mksh"];
    known
        .into_iter()
        .filter(|path| fs::canonicalize(path).is_ok_and(|it| seen.insert(it)))
        .collect()
}

/// What each text prints where `HOLE` is a plain word, as a form to compare with.
static FORMS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    // The process number of the shell is not the same twice.
    let texts = SAFE.into_iter().chain(FILES).map(|text| text.replace("$$", ""));
    let form = |text: String| {
        let form = run("/bin/sh", &put(&text), &json!({ "x": "QQQ" })).expect("a sound form");
        assert!(form.contains("QQQ"), "{text} prints {form}");
        (text, form)
    };
    texts.map(form).collect()
});

#[track_caller]
fn holds(value: &str) {
    for shell in shells() {
        for (text, form) in FORMS.iter() {
            // A line end that a command prints last, `$( … )` takes off.
            if text.contains("$(") && value.ends_with('\n') {
                continue;
            }
            let said = run(shell, &put(text), &json!({ "x": value }));
            assert_eq!(said, Ok(form.replace("QQQ", value)), "{shell}: {text} of {value:?}");
        }
    }
}

/// How many values are tried; more where `PROPTEST_CASES` says so.
fn tries() -> ProptestConfig {
    let config = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { 12 };
    ProptestConfig { cases, failure_persistence: None, ..config }
}

#[test]
fn values_that_mean_something_to_shells_arrive_as_they_are() {
    for value in [
        "",
        " ",
        "-",
        "-n",
        "--",
        "'",
        "''",
        "\"",
        "\\",
        "\\\\'",
        "$(touch x)",
        "`id`",
        "$HOME",
        "${x}",
        "a;b",
        "a&b",
        "a|b",
        "*",
        "?",
        "[a-z]",
        "~",
        "~root",
        "a b\tc",
        "a\nb",
        "a\nEOF\nid\n",
        "{a,b}",
        "!x",
        "#",
        "=",
        "a=b",
        "PATH=x",
        "if",
        "done",
        "esac",
        "1",
        "2",
        "10",
        "%1",
        "\u{81}",
        "\u{7f}\u{1b}[31m",
        "ä\u{88}\u{301}",
        "\r\n",
        "x=$(id)",
        "a[$(id)]",
        "{{ 7 * 7 }}",
        "{% if %}",
    ] {
        holds(value);
    }
}

proptest! {
    #![proptest_config(tries())]

    #[test]
    fn any_value_arrives_as_it_is(
        value in "([^\0]|['\"\\\\$`;&|<>(){}\\[\\]*?~!#=% \t\n-]|EOF|[0-9a-z]){0,12}",
    ) {
        holds(&value);
    }

    /// Pieces of shell text in any order: where a place is let through, its value
    /// arrives as a word or part of one, and nothing of it is executed.
    #[test]
    fn nothing_of_a_value_is_executed(
        parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 1..9),
    ) {
        let text = parts.concat();
        for value in [
            "'; touch owned; '", "\"; touch owned; \"", "$(touch owned)", "`touch owned`",
            "\ntouch owned\n", "\nEOF\ntouch owned\n", ") ; touch owned", "}; touch owned; #",
            "a[$(touch owned)]", "a[$(touch owned)]=1", "[a[$(touch owned)]]=1",
            "touch owned", ";touch owned", "*/touch owned",
        ] {
            for shell in shells() {
                prop_assert!(!is_owned(shell, &text, value), "{shell}: {text:?} of {value:?}");
            }
        }
    }
}

const PARTS: [&str; 56] = [
    "HOLE",
    "HOLE",
    "HOLE",
    " HOLE ",
    " HOLE ",
    "'",
    "\"",
    "`",
    "\\",
    "$",
    "$(",
    "$((",
    "((",
    "(",
    ")",
    "))",
    "${x:-",
    "${x:",
    "}",
    "#",
    " # ",
    "\n",
    "\nEOF\n",
    " <<EOF ",
    " <<'EOF' ",
    " <<-EOF\n",
    ";",
    "|",
    ">&",
    " > ",
    "x=",
    "echo ",
    "case a in a)",
    ";; esac",
    "$'",
    "$x",
    "[[ ",
    " -eq 1 ]]",
    "a[",
    "]=1",
    "x=(",
    "let ",
    "declare ",
    "unset ",
    "read ",
    "printf -v ",
    "export ",
    "for ((",
    "test -v ",
    "eval ",
    "trap ",
    " x ",
    "{ ",
    "; }",
    "<(",
    " -v ",
];

/// Whether a value that tries to make a file gets it made.
fn is_owned(shell: &str, text: &str, value: &str) -> bool {
    let context = Context::default().with("params", Scope::plain(&json!({ "x": value })));
    let Ok(filled) = Templates::new(&context).command(&put(text)) else { return false };
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(shell);
    command.args(["-ec", &filled]).current_dir(folder.path()).stdin(Stdio::null());
    let _ = command.output();
    folder.path().join("owned").exists()
}
