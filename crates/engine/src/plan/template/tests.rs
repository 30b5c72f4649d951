//! Templates as a whole: what they fill in and what they refuse.

use serde_json::json;

use super::*;
use crate::yaml::Document;

/// Templates over these parameters, as YAML writes them, and two inputs.
pub(super) fn over(params: &str) -> Templates {
    let document = Document::parse("p", params.as_bytes()).expect("valid");
    let params = Scope::new(&document.root.value(), &document.written(&document.root));
    let inputs = json!({ "tables": ["a.csv", "b c.csv"], "one": "a.csv", "my-in": "m.csv" });
    let context = Context::default().with("params", params).with("inputs", Scope::plain(&inputs));
    Templates::new(&context.with("outputs", Scope::plain(&json!({ "t": "outputs/t" }))))
}

fn templates() -> Templates {
    over(
        "{ limit: 30000, flag: true, off: false, name: \"it's; rm -rf /\", none: , map: { a: 1 } }",
    )
}

/// What is wrong, each with its hints, or `fine`.
pub(super) fn wrong<T>(result: Result<T>) -> String {
    let Err(mistakes) = result else { return "fine".into() };
    let line = |mistake: &Mistake| match &mistake.hints[..] {
        [] => mistake.message.clone(),
        hints => format!("{} ({})", mistake.message, hints.join("; ")),
    };
    mistakes.iter().map(line).collect::<Vec<_>>().join("; ")
}

#[test]
fn values_keep_their_type() {
    assert_eq!(templates().value("{{ params.limit }}"), Ok(30000.into()));
    assert_eq!(templates().value("n={{ params.limit }}"), Ok("n=30000".into()));
    assert_eq!(over("{ n: 007 }").value(" {{ params.n }}\n"), Ok(7.into()));
    assert_eq!(over("{ n: 1e3 }").value("{{ params.n }}"), Ok(1000.0.into()));
    assert_eq!(over("{ n: 007 }").value("{{ params.n|string }}"), Ok("007".into()));
}

#[test]
fn text_is_what_was_written() {
    let words =
        ["001", "007", "1_000", "1e3", "1.10", "0x1F", "20240131123456789012", "~", "null", "+5"];
    for word in words.into_iter().chain(["true", "1.5", "-7", "100.0", "2024-01-01", "1e20"]) {
        let templates = over(&format!("{{ x: {word}, l: [{word}], yes: true }}"));
        assert_eq!(templates.text("a{{ params.x }}"), Ok(format!("a{word}")));
        assert_eq!(templates.command("a {{ params.x }}"), Ok(format!("a {}", quoted(word, false))));
        assert_eq!(templates.arguments(&["{{ params.x }}".into()]), Ok(vec![word.to_string()]));
        assert_eq!(templates.command("a {{ params.l }}"), Ok(format!("a {}", quoted(word, false))));
        for expression in [
            "params.x ~ ''",
            "params.x|string",
            "params.x|replace('q', '')",
            "[params.x]|join",
            "params.x if params.yes else 1",
            "params.l[0]",
        ] {
            assert_eq!(
                templates.text(&format!("{{{{ {expression} }}}}")),
                Ok(word.into()),
                "{expression} of {word}"
            );
        }
    }
}

#[test]
fn numbers_calculate_however_they_are_written() {
    let templates = over("{ k: 1_000, n: 007, half: .5, z: 00, yes: true, no: false }");
    for (expression, value) in [
        ("params.k + 1", "1001"),
        ("params.k * params.n", "7000"),
        ("params.k > 5", "true"),
        ("params.half|round(1)", "0.5"),
        ("params.k if params.yes else params.n", "1_000"),
        ("params.k if params.no else params.n", "007"),
        ("'a' if params.no else 'b'", "b"),
        ("'a' if not params.no else 'b'", "a"),
        ("params.no ~ 'x'", "falsex"),
    ] {
        let text = format!("{{{{ {expression} }}}}");
        assert_eq!(templates.text(&text), Ok(value.into()), "{expression}");
    }
    let both = "`{{ 'a' ~ (params.k + 1) ~ params.n }}` takes `1_000` for a number and for a text \
                (put `1_000` in quotes, or write it as numbers usually are)";
    assert_eq!(wrong(templates.text("{{ 'a' ~ (params.k + 1) ~ params.n }}")), both);
    // As a text, `1_000` would not be less than 2000.
    let text = wrong(templates.text("{{ params.n if params.k < 2000 else 1 }}"));
    assert!(text.contains("`1_000` for a number and for a text"), "{text}");
    assert!(wrong(templates.text("{{ 'a' if params.z else 'b' }}")).contains("`00` for a number"));
}

#[test]
fn booleans_are_written_as_in_yaml() {
    assert_eq!(templates().text("n={{ params.flag }}"), Ok("n=true".into()));
    assert_eq!(templates().text("n={{ 'x' ~ params.off }}"), Ok("n=xfalse".into()));
}

#[test]
fn names_that_are_not_defined_are_all_told() {
    let text = "x{{ params.limt }} {{ nope }}{{ inputs.tabels }} {{ params.a + params.limt }}";
    let told = "`params.limt` is not defined (did you mean `limit`?); \
                `nope` is not defined (known: `inputs`, `outputs`, `params`); \
                `inputs.tabels` is not defined (did you mean `tables`?); \
                `params.a` is not defined (known: `flag`, `limit`, `map`, `name`, `none`, `off`); \
                `params.limt` is not defined (did you mean `limit`?)";
    assert_eq!(wrong(templates().text(text)), told);
    assert_eq!(wrong(templates().command(text)), told);
    assert_eq!(
        wrong(templates().value("{{ params.nope }}")),
        "`params.nope` is not defined (did you mean `none`?)"
    );
    assert_eq!(
        wrong(over("{}").text("{{ params.n }} {{ date }} {{ params }}")),
        "`params.n` is not defined (declare it in `params:`, which is empty); \
         `date` is not defined (add `date: \"YYYY-MM-DD\"` to `pipeline.yaml`)"
    );
    assert_eq!(
        wrong(templates().text("{{ params.none }}")),
        "there is no value to insert (give it one; an empty text is `\"\"`)"
    );
    assert_eq!(
        wrong(templates().text("{{ 1 if params.off }}")),
        "`{{ 1 if params.off }}` stands for nothing (say what it is otherwise: `… if … else …`)"
    );
}

#[test]
fn names_with_dashes() {
    for (text, hint) in [
        ("{{ inputs.my-in }}", "{{ inputs[\"my-in\"] }}"),
        ("{{ inputs.my-in|upper }}", "inputs[\"my-in\"]"),
        ("{{ 1 + inputs.my-in }}", "inputs[\"my-in\"]"),
    ] {
        let told = format!("`inputs.my-in` is read as a subtraction (write `{hint}`)");
        assert_eq!(wrong(templates().text(text)), told);
    }
    assert_eq!(templates().text("{{ inputs[\"my-in\"] }}"), Ok("m.csv".into()));
    assert_eq!(templates().text("{{ params.limit-1 }}"), Ok("29999".into()));
}

#[test]
fn places_are_those_of_the_expressions() {
    let text = "a {{ params.x }} b\n {{ params.limit }} {{ params.y }}";
    let places = |result: Result<String>| -> Vec<_> {
        let mistakes = result.expect_err("mistakes");
        mistakes.into_iter().map(|mistake| text[mistake.at].to_string()).collect()
    };
    assert_eq!(places(templates().text(text)), ["{{ params.x }}", "{{ params.y }}"]);
    assert_eq!(places(templates().command(text)), ["{{ params.x }}", "{{ params.y }}"]);
}

#[test]
fn limits() {
    let limits = over("{ big: x, n: 10000000000, dots: '..........', list: [a, b] }");
    for (text, told) in [
        ("params.big|indent(10**10)", "there is no filter `indent`"),
        ("params.big * 10**8", "an expression with `*` holds numbers only"),
        ("params.list * 2", "an expression with `*` holds numbers only"),
        ("'x' * params.n", "an expression with `*` holds numbers only"),
        ("1|string * 10", "an expression with `*` holds numbers only"),
        ("(1 ~ 2) * 10**9", "an expression with `*` holds numbers only"),
        ("[0] * 10**8", "an expression with `*` holds numbers only"),
        ("'%9999999d'|format(1)", "`format` would make a text of more than 1 MiB"),
        ("'%*d'|format(9999999, 1)", "`format` would make a text of more than 1 MiB"),
        ("'%99999999999999999999d'|format(1)", "`format` would make a text of more than 1 MiB"),
        ("range(3)", "`range` is not defined"),
    ] {
        let said = wrong(limits.text(&format!("{{{{ {text} }}}}")));
        assert!(said.starts_with(told), "{text}: {said}");
    }
    let ten = "|replace('.', '..........')";
    let chain = format!("{{{{ params.dots{} }}}}", ten.repeat(9));
    assert_eq!(wrong(limits.text(&chain)), "`replace` would make a text of more than 1 MiB");
    let empty = format!("{{{{ params.dots{} }}}}", "|replace('', '..........')".repeat(12));
    assert_eq!(wrong(limits.text(&empty)), "`replace` would make a text of more than 1 MiB");
    let long = format!("{{{{ {}1 }}}}", "1 + ".repeat(300));
    assert_eq!(wrong(limits.text(&long)), "an expression has at most 1000 characters");
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(400), ")".repeat(400));
    assert!(wrong(limits.text(&deep)).contains("recursion"), "{}", wrong(limits.text(&deep)));
    let dashes = format!("{{{{ {}1 }}}}", "- ".repeat(450));
    assert_eq!(limits.text(&dashes), Ok("1".into()));
    let big = over(&format!("{{ big: {} }}", "x".repeat(1 << 20)));
    assert_eq!(
        wrong(big.text("{{ params.big ~ params.big }}")),
        "an expression gives at most 1 MiB of text"
    );
    let whole = wrong(big.text(&"{{ params.big }}".repeat(17)));
    assert_eq!(whole, "the templates of this text make more than 16 MiB");
    assert_eq!(wrong(big.command(&"{{ params.big }} ".repeat(17))), whole);
}

#[test]
fn what_is_no_expression_is_text() {
    let text = "x={# a #}; echo ${#x} ${x#a} {%s} '{%d}'";
    assert_eq!(templates().command(text), Ok(text.into()));
    let text = "echo ${#x} {{ params.limit }} {# b #} {%";
    assert_eq!(templates().command(text), Ok("echo ${#x} 30000 {# b #} {%".into()));
    let text = "docker ps --format '{{ \"{{\" }}.Names}}' {{ params.limit }}";
    let filled = "docker ps --format '{{.Names}}' 30000";
    assert_eq!(templates().command(text), Ok(filled.into()));
    assert_eq!(templates().value("{{ '{{' }}"), Ok("{{".into()));
}

#[test]
fn commands_are_quoted() {
    let command = templates().command("echo {{ params.name }} {{ inputs.tables }}");
    assert_eq!(command, Ok(r"echo 'it'\''s; rm -rf /' a.csv 'b c.csv'".into()));
    let arguments = ["{{ inputs.tables }}", "{{ params.map }}", "n={{ params.limit }}"];
    assert_eq!(
        templates().arguments(&arguments.map(String::from)),
        Ok(["a.csv", "b c.csv", "{\"a\":1}", "n=30000"].map(String::from).to_vec())
    );
}

#[test]
fn hints_say_what_to_write() {
    let put =
        |text: &str| text.replace("HOLE", "{{ params.x }}").replace("LIST", "{{ inputs.tables }}");
    let told = |text: &str| wrong(over("{ x: v }").command(&put(text)));
    assert_eq!(
        told("sh -c 'echo HOLE'"),
        "`sh` could execute the value of `{{ params.x }}` (pass it as an argument: \
         `sh -c '… \"$1\" …' sh {{ params.x }}`)"
    );
    assert_eq!(
        told("cat <<EOF\nHOLE\nEOF"),
        "`{{ params.x }}` stands in a here-document, where its value could be executed (assign \
         it first, `x={{ params.x }}`, and write `$x` in the text, which begins with `<<EOF` and \
         not `<<'EOF'`)"
    );
    assert_eq!(
        told("show -iLIST"),
        "`{{ inputs.tables }}` is a list and stands within a word (put spaces around it, or make \
         one text of it: `{{ inputs.tables|join(\",\") }}`)"
    );
    let list = ["sh", "-c", "echo {{ params.x }}", "sh", "{{ params.x }}"].map(String::from);
    let mistakes = over("{ x: v }").arguments(&list).expect_err("a mistake");
    assert_eq!(mistakes.len(), 1);
    assert_eq!(mistakes[0].0, 2);
    assert_eq!(
        wrong::<()>(Err(vec![mistakes[0].1.clone()])),
        "`sh` could execute the value of `{{ params.x }}` (pass it as an argument: \
         `[sh, -c, '… \"$1\" …', sh, '{{ params.x }}']`)"
    );
}
