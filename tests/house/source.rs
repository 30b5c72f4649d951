//! What a source imports: the paths that it writes out, outside of tests.

/// The words and signs of a source, without comments and what stands in quotes.
pub(super) fn tokens(source: &str) -> Vec<String> {
    let mut rest = source;
    let mut found = Vec::new();
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = after(rest, 0, "\n");
        } else if rest.starts_with("/*") {
            rest = after_comment(rest);
        } else if c == '"' {
            rest = after_quotes(&rest[1..], '"');
        } else if c == '\'' {
            rest = after_apostrophe(&rest[1..]);
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (word, more) = rest.split_at(end);
            rest = match (word, more.chars().next()) {
                ("b", Some('\'')) => after_quotes(&more[1..], '\''),
                ("b" | "c", Some('"')) => after_quotes(&more[1..], '"'),
                ("r" | "br" | "cr", Some('"' | '#')) => after_raw(more),
                _ => {
                    found.push(word.to_string());
                    more
                }
            };
        } else if rest.starts_with("::") {
            found.push("::".into());
            rest = &rest[2..];
        } else {
            found.extend((!c.is_whitespace()).then(|| c.to_string()));
            rest = &rest[c.len_utf8()..];
        }
    }
    found
}

/// What follows the first `end` behind a place.
fn after<'a>(text: &'a str, from: usize, end: &str) -> &'a str {
    text[from..].find(end).map_or("", |at| &text[from + at + end.len()..])
}

fn after_comment(text: &str) -> &str {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return &text[at..];
        }
    }
    ""
}

fn after_quotes(text: &str, mark: char) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark => return &text[at + c.len_utf8()..],
            _ => {}
        }
    }
    ""
}

/// Behind an apostrophe stands a character or a lifetime, whose name is no path.
fn after_apostrophe(text: &str) -> &str {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (_, Some('\'')) => after_quotes(text, '\''),
        _ => text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
    }
}

/// What follows a raw text, or a word that is written `r#word`.
fn after_raw(text: &str) -> &str {
    let hashes = text.len() - text.trim_start_matches('#').len();
    match text[hashes..].starts_with('"') {
        true => after(text, hashes + 1, &format!("\"{}", "#".repeat(hashes))),
        false => &text[hashes..],
    }
}

/// The tokens without what is there for tests alone, and the modules among that.
pub(super) fn without_tests(tokens: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut kept, mut modules, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        let inner = is(tokens, at, &["#", "!", "["]);
        if !inner && !is(tokens, at, &["#", "["]) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let end = closing(tokens, at + 1 + usize::from(inner));
        let words = &tokens[at..end];
        let has = |word: &str| words.iter().any(|it| it == word);
        at = end;
        if !has("cfg") || !has("test") || has("not") {
            continue;
        }
        if inner {
            return (Vec::new(), modules);
        }
        while is(tokens, at, &["#", "["]) {
            at = closing(tokens, at + 1);
        }
        let end = end_of_item(tokens, at);
        let module = tokens[at..end].iter().position(|it| it == "mod").filter(|at| *at < 5);
        modules.extend(module.and_then(|module| tokens.get(at + module + 1).cloned()));
        at = end;
    }
    (kept, modules)
}

/// Whether these tokens stand at a place.
fn is(tokens: &[String], at: usize, wanted: &[&str]) -> bool {
    tokens.get(at..at + wanted.len()).is_some_and(|found| found == wanted)
}

/// The place behind the bracket that closes the one at a place.
fn closing(tokens: &[String], at: usize) -> usize {
    let mut depth = 0;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place + 1;
        }
    }
    tokens.len()
}

/// The place behind an item: its `;`, or the block that it ends with.
fn end_of_item(tokens: &[String], from: usize) -> usize {
    let mut at = from;
    let mut import = false;
    while at < tokens.len() {
        match tokens[at].as_str() {
            ";" => return at + 1,
            "{" if !import => return closing(tokens, at),
            "(" | "[" | "{" => at = closing(tokens, at),
            word => {
                import |= word == "use";
                at += 1;
            }
        }
    }
    at
}

/// The paths that a source writes out, those of its `use` lines among them.
pub(super) fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        // Who may see something is no import.
        if is(tokens, at, &["pub", "("]) {
            at = closing(tokens, at + 1);
        } else if tokens[at] == "use" {
            at = tree(tokens, at + 1, &[], &mut found);
        } else if at > 0 && ["::", "."].contains(&tokens[at - 1].as_str()) {
            at += 1;
        } else {
            let mut path = vec![tokens[at].clone()];
            at += 1;
            while is(tokens, at, &["::"]) && at + 1 < tokens.len() {
                path.push(tokens[at + 1].clone());
                at += 2;
            }
            found.extend((path.len() > 1).then_some(path));
        }
    }
    found
}

/// Reads one branch of a `use` line; gives the place behind it.
fn tree(tokens: &[String], from: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let (mut path, mut at) = (before.to_vec(), from);
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "::" => at += 1,
            "{" => {
                let end = closing(tokens, at);
                at += 1;
                while at < end - 1 {
                    at = tree(tokens, at, &path, found);
                    at += usize::from(is(tokens, at, &[","]));
                }
                return end;
            }
            ";" | "," | "}" => break,
            "as" => at += 2,
            "self" if !path.is_empty() => at += 1,
            word => {
                path.push(word.to_string());
                at += 1;
            }
        }
    }
    found.push(path);
    at
}
