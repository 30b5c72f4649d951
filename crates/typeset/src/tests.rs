//! Documents in, PDFs or messages out.

use std::path::Path;

use super::*;

/// A project of these files, the first being the main source.
fn project(files: &[(&str, &str)]) -> Project {
    Project {
        files: files
            .iter()
            .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
            .collect(),
        main: files[0].0.to_string(),
        inputs: [("date".to_string(), "2026-11-21".to_string())].into(),
        date: (2026, 11, 21),
    }
}

/// Problems as a reader would see them: message, place, line, marks, hints.
fn shown(problems: &[Problem]) -> String {
    let mut lines = Vec::new();
    for it in problems {
        lines.push(format!("{:?}: {}", it.severity, it.message));
        if it.line > 0 {
            lines.push(format!("{}:{}:{}", it.path, it.line, it.column));
            lines.push(format!("| {}", it.text));
            lines.push(format!("| {}{}", " ".repeat(it.column - 1), "^".repeat(it.width)));
        }
        lines.extend(it.hints.iter().map(|hint| format!("hint: {hint}")));
    }
    lines.join("\n")
}

fn refusal(files: &[(&str, &str)]) -> String {
    shown(&pdf(&project(files)).expect_err("this document is wrong"))
}

#[test]
fn the_same_bytes_twice() {
    let project =
        project(&[("report/main.typ", "Hello, #sys.inputs.date! #datetime.today().display()")]);
    let (one, two) = (pdf(&project).unwrap(), pdf(&project).unwrap());
    assert_eq!(one.pages, 1);
    assert!(one.pdf.starts_with(b"%PDF-1.7"));
    assert!(one.warnings.is_empty());
    assert!(one.pdf == two.pdf);
}

#[test]
fn another_date_other_bytes() {
    let one = project(&[("main.typ", "Hello")]);
    let two = Project { date: (2026, 11, 22), ..one.clone() };
    assert!(pdf(&one).unwrap().pdf != pdf(&two).unwrap().pdf);
}

#[test]
fn files_by_absolute_path() {
    let files = [
        ("report/main.typ", "#json(\"/outputs/a.json\").z"),
        ("outputs/a.json", "{\"z\": \"−2\"}"),
    ];
    assert_eq!(pdf(&project(&files)).unwrap().pages, 1);
}

#[test]
fn a_missing_file() {
    assert_eq!(
        refusal(&[("report/main.typ", "Some text.\n#json(\"/outputs/ledger.json\")")]),
        "Error: file not found (searched at outputs/ledger.json)\n\
         report/main.typ:2:7\n\
         | #json(\"/outputs/ledger.json\")\n\
         |       ^^^^^^^^^^^^^^^^^^^^^^"
    );
}

#[test]
fn a_missing_main_source() {
    let project = Project { main: "main.typ".into(), ..project(&[("a.typ", "")]) };
    assert_eq!(
        shown(&pdf(&project).unwrap_err()),
        "Error: there is no `main.typ` in the project\n\
         hint: name one of its files as the main source"
    );
}

#[test]
fn a_mistake_in_syntax() {
    assert_eq!(
        refusal(&[("main.typ", "= Title\n\n实名制 #let x = (1, 2")]),
        "Error: unclosed delimiter\n\
         main.typ:3:14\n\
         | 实名制 #let x = (1, 2\n\
         |              ^"
    );
}

#[test]
fn an_unknown_package() {
    assert_eq!(
        refusal(&[("main.typ", "#import \"@preview/cetz:0.4.0\": canvas")]),
        "Error: failed to load package (@preview/cetz:0.4.0 is not in the project, and nothing \
         is downloaded)\n\
         main.typ:1:9\n\
         | #import \"@preview/cetz:0.4.0\": canvas\n\
         |         ^^^^^^^^^^^^^^^^^^^^^\n\
         hint: put the package's files into the project and import them by their path"
    );
}

#[test]
fn a_refusal_is_put_where_it_was_caused() {
    let lib = ("lib.typ", "#let val(name) = panic(\"no value `\" + name + \"`\")");
    assert_eq!(
        refusal(&[("main.typ", "#import \"lib.typ\": val\n\nIt is #val(\"zz\") now."), lib]),
        "Error: no value `zz`\n\
         main.typ:3:8\n\
         | It is #val(\"zz\") now.\n\
         |        ^^^^^^^^^"
    );
}

#[test]
fn a_mistake_inside_a_function_says_who_called() {
    let lib = ("lib.typ", "#let add(a) = a + 1");
    assert_eq!(
        refusal(&[("main.typ", "#import \"lib.typ\": add\n#add(\"x\")"), lib]),
        "Error: cannot add string and integer\n\
         lib.typ:1:15\n\
         | #let add(a) = a + 1\n\
         |               ^^^^^\n\
         hint: while calling `add` at main.typ:2:2"
    );
}

#[test]
fn a_warning() {
    let made = pdf(&project(&[("main.typ", "#set text(font: \"Nowhere Sans\")\nHello")])).unwrap();
    assert_eq!(
        shown(&made.warnings),
        "Warning: unknown font family: nowhere sans\n\
         main.typ:1:17\n\
         | #set text(font: \"Nowhere Sans\")\n\
         |                 ^^^^^^^^^^^^^^"
    );
}

#[test]
fn a_date_that_is_none() {
    let project = Project { date: (2026, 2, 30), ..project(&[("main.typ", "")]) };
    assert_eq!(
        shown(&pdf(&project).unwrap_err()),
        "Error: there is no day 2026-02-30\n\
         hint: write a date of the calendar as year, month, day"
    );
}

#[test]
fn a_command_that_is_missing() {
    let problems = command::pdf(&project(&[("main.typ", "")]), Path::new("/nowhere/typst"));
    assert_eq!(
        shown(&problems.unwrap_err()),
        "Error: the command `/nowhere/typst` was not found\n\
         hint: install it with `cargo install typst-cli --locked --version 0.15.1`\n\
         hint: or leave `renderer` at `embedded`, which needs no command"
    );
}

/// A stand-in for `typst`: a script that answers `--version` and does `otherwise`.
#[cfg(unix)]
fn stand_in(folder: &Path, version: &str, otherwise: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join("typst");
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'typst {version}'; exit; fi\n{otherwise}\n"
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[cfg(unix)]
#[test]
fn a_command_of_another_version() {
    let folder = tempfile::tempdir().unwrap();
    let typst = stand_in(folder.path(), "0.14.2 (abcdef12)", "exit 1");
    let problems = command::pdf(&project(&[("main.typ", "")]), &typst).unwrap_err();
    assert_eq!(
        shown(&problems).replace(typst.to_str().unwrap(), "typst"),
        "Error: `typst` is version 0.14.2, but this edition needs 0.15.1\n\
         hint: install it with `cargo install typst-cli --locked --version 0.15.1`\n\
         hint: or leave `renderer` at `embedded`, which needs no command"
    );
}

#[cfg(unix)]
#[test]
fn what_the_command_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let asked = folder.path().join("asked");
    let script = format!(
        "printf '%s\\n' \"$@\" > {0}; cat main.typ >> {0}\n\
         for last; do :; done; printf '%%PDF /Type /Page\\n' > \"$last\"",
        asked.display()
    );
    let typst = stand_in(folder.path(), version(), &script);
    let made = command::pdf(&project(&[("main.typ", "Hello")]), &typst).unwrap();
    assert_eq!((made.pages, made.pdf.as_slice()), (1, &b"%PDF /Type /Page\n"[..]));
    let asked = std::fs::read_to_string(asked).unwrap();
    let asked: Vec<_> = asked.lines().filter(|it| !it.starts_with('/')).collect();
    assert_eq!(
        asked.join(" "),
        "--color never compile --root . --font-path . --ignore-system-fonts \
         --creation-timestamp 1795219200 --package-path --package-cache-path \
         --diagnostic-format human --format pdf --input date=2026-11-21 main.typ Hello"
    );
}

#[cfg(unix)]
#[test]
fn what_the_command_says_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let script = "cat >&2 <<'END'\n\
        error: unknown variable: valu\n  ┌─ report/main.typ:2:4\n  │\n\
        2 │ Is #valu now.\n  │    ^^^^\n  = hint: if you meant something else, \
        write it so\n\nEND\nexit 1";
    let typst = stand_in(folder.path(), version(), script);
    let project = project(&[("report/main.typ", "Title\nIs #valu now.")]);
    assert_eq!(
        shown(&command::pdf(&project, &typst).unwrap_err()),
        "Error: unknown variable: valu\n\
         report/main.typ:2:4\n\
         | Is #valu now.\n\
         |    ^^^^\n\
         hint: if you meant something else, write it so"
    );
}
