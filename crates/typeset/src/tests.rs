//! Documents in, PDFs or messages out.

use std::path::Path;

use time::macros::date;

use crate::command;
use crate::document::{pdf, version};
use crate::numerals::numerals;
use crate::problem::Problem;
use crate::project::{Project, Typeset};

/// A project of these files, the first being the main source.
pub(crate) fn project(files: &[(&str, &str)]) -> Project {
    Project {
        files: files
            .iter()
            .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
            .collect(),
        main: files[0].0.to_string(),
        inputs: [("date".to_string(), "2026-11-21".to_string())].into(),
        date: date!(2026 - 11 - 21),
        standards: Vec::new(),
    }
}

/// Problems as a reader would see them: message, place, line, marks, hints.
pub(crate) fn shown(problems: &[Problem]) -> String {
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

pub(crate) fn refusal(files: &[(&str, &str)]) -> String {
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
    let two = Project { date: date!(2026 - 11 - 22), ..one.clone() };
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
fn a_path_out_of_the_project() {
    let said = refusal(&[("report/main.typ", "#read(\"../../secret\")")]);
    assert_eq!(
        said,
        "Error: path `\"../../secret\"` would escape the project root\n\
         report/main.typ:1:7\n\
         | #read(\"../../secret\")\n\
         |       ^^^^^^^^^^^^^^\n\
         hint: cannot access files outside of the project sandbox\n\
         hint: begin the path with `/`, which is the root of this project"
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

/// The numerals of a source: naked ones, then how many are literal, dates, references.
fn sorted(text: &str) -> (Vec<String>, [usize; 3]) {
    let found = numerals("a.typ", text);
    let naked = found.naked.into_iter().map(|it| it.number).collect();
    (naked, [found.literals, found.dates, found.references])
}

#[test]
fn naked_numbers() {
    let none: [&str; 0] = [];
    let cases: [(&str, &[&str], [usize; 3]); 24] = [
        ("Of 1,914 pairs 34.7% are barred.", &["1914", "34.7%"], [0, 0, 0]),
        ("Of #val(\"a.b\", digits: 1) pairs", &none, [0, 0, 0]),
        ("z = #lit[6.227] and #lit[35%]", &none, [2, 0, 0]),
        ("On 12 September\n2024, in March 2024 and 2015--2023", &none, [0, 5, 0]),
        ("the 2000s, or 2026-11-21", &none, [0, 4, 0]),
        ("Table 1, Appendix 3 and types 1 and 2, Section 4.2", &none, [0, 0, 5]),
        ("BLAKE3, PDF/A-3a and ISO 3166", &none, [0, 0, 3]),
        ("A share $p = 0.5$ of `12` at @fig7 // 9", &none, [0, 0, 0]),
        ("#zh[2014年8月7日] is a date", &none, [0, 0, 0]),
        ("- *12 apps* of #emph[13]", &["12", "13"], [0, 0, 0]),
        ("#figure(caption: [14 apps], image(\"a1.png\", width: 20mm))", &["14"], [0, 0, 0]),
        ("It fell by −3.5 a year; see https://a.org/2/3.", &["-3.5"], [0, 0, 0]),
        ("#let n = 5\n#if n > 4 [more than 4]", &["4"], [0, 0, 0]),
        ("Bars 1850 apps wide", &none, [0, 1, 0]),
        ("In Table 1, 664 pairs; Table 1 and 869; step 3 or 40", &["664", "869", "40"], [0, 0, 3]),
        ("Of 58 2015 values 2000% and 2015.7", &["58", "2000%", "2015.7"], [0, 1, 0]),
        ("5 Mayors, 10-20 apps, type 35%", &["5", "10", "-20", "35%"], [0, 0, 0]),
        ("45 May and May 32, 2020, of 31 June", &["45", "32", "31"], [0, 1, 0]),
        ("30 February, 29 February 2024, 0 May, May 31", &["30", "0"], [0, 3, 0]),
        ("2026-13 or 2026-11-45, 2026-11-21", &["-13", "-45"], [0, 6, 0]),
        ("chapter 3, Part 2, part 7 and page 12, rows 3 and 4", &none, [0, 0, 6]),
        ("in chapters 1 and 2, 5 rows; a page of 9", &["5", "9"], [0, 0, 2]),
        ("line 5, column 6, equation 7", &["5", "6", "7"], [0, 0, 0]),
        ("35~中 and 7~% with a\\u{200b}break", &["35", "7%"], [0, 0, 0]),
    ];
    for (text, naked, counts) in cases {
        let (found, sorts) = sorted(text);
        assert_eq!((found.join(" "), sorts), (naked.join(" "), counts), "{text}");
    }
}

#[test]
fn where_a_naked_number_stands() {
    let text = "= Title\nIn all, *664\napps* are barred.";
    let naked: Vec<_> = numerals("report/a.typ", text).naked.into_iter().collect();
    let problems: Vec<_> = naked.into_iter().map(|it| it.problem).collect();
    assert_eq!(
        shown(&problems),
        "Error: `664` is a naked number: neither a value nor marked as literal\n\
         report/a.typ:2:10\n\
         | In all, *664\n\
         |          ^^^\n\
         hint: write `#lit[664]` if it is quoted or part of a name"
    );
}

const CLAIM: &str = "#let claim(condition, holds, body) = {\n  \
    [#metadata((condition: condition, names: (\"a.b\",), holds: holds, body: body))<claim>]\n  \
    body\n}\n";

#[test]
fn claims_with_page_and_sentence() {
    let main = format!(
        "{CLAIM}One sentence. Downloads #claim(\"a.b < 0\", true)[fell]. #pagebreak()\n\n\
         = A title\n\
         In #text(red)[all] regions, the *larger\n\
         share #claim(\"a.b > 0\", false)[rose] by #val(\"a.b\")* again. Another one.\n\
         #let val(name) = metadata(name)"
    );
    let main = main.replace("#val(", "#metadata(");
    let made = pdf(&project(&[("main.typ", &main)])).unwrap();
    let facts: Vec<_> = (made.claims.iter())
        .map(|it| (it.words.as_str(), it.holds, it.page, it.sentence.as_str()))
        .collect();
    assert_eq!(
        facts,
        [
            ("fell", true, 1, "Downloads fell."),
            (
                "rose",
                false,
                2,
                "In all regions, the larger share rose by #metadata(\"a.b\") again."
            ),
        ]
    );
    assert_eq!(made.claims[1].names, ["a.b"]);
    assert_eq!((made.claims[1].problem.line, made.claims[1].problem.width), (9, 4));
}

#[test]
fn standards() {
    let with = |names: &[&str], text: &str| {
        let standards = names.iter().map(|it| it.to_string()).collect();
        pdf(&Project { standards, ..project(&[("main.typ", text)]) })
    };
    let titled = "#set document(title: \"A\")\n= A";
    assert!(with(&["a-3a", "ua-1"], titled).unwrap().pdf.windows(7).any(|it| it == b"/Marked"));
    let told = |made: Result<Typeset, Vec<Problem>>| shown(&made.unwrap_err());
    assert_eq!(
        told(with(&["ua-1"], "= A")),
        "Error: PDF/UA-1 error: missing document title\n\
         hint: set the title with `set document(title: [...])`"
    );
    assert_eq!(
        told(with(&["a-3x"], titled)),
        "Error: there is no PDF standard `a-3x`\n\
         hint: write one such as `a-3a`, `a-2b`, `ua-1` or `1.7`"
    );
    assert!(told(with(&["a-3a", "a-2b"], titled)).contains("at most one PDF/A standard"));
}
