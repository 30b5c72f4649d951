//! The numbers that moved, for a comment on a change and for a page.

use std::fmt::Write;

use answers::difference::Group;

use super::answer::Answer;
use super::because::{says, stages};
use super::table::{brief, cells, difference, relative};

/// In a comment, so many values are listed; most hosts cut longer ones off.
const SHOWN: usize = 100;

/// GitHub's and GitLab's Markdown.
pub(super) fn markdown(answer: &Answer) -> String {
    let mut text = String::new();
    let (before, after) = (&answer.before.title, &answer.after.title);
    let Some(brief) = brief(answer) else {
        return format!("No value moved between {} and {}.\n", escaped(before), escaped(after));
    };
    let _ = writeln!(text, "**{}** ({} → {})", cell(&brief), escaped(before), escaped(after));
    let mut left = SHOWN;
    for group in &answer.found.groups {
        let _ = writeln!(text);
        for (index, cause) in causes(answer, group) {
            let _ = writeln!(text, "- {} ({})", cell(&says(cause)), cell(&stages(cause)));
            for line in &answer.details[index] {
                let _ = writeln!(text, "  - {}", escaped(line));
            }
        }
        let _ = writeln!(
            text,
            "\n| value | before | after | change | page | |\n|---|--:|--:|--:|---|---|"
        );
        for value in group.moved.iter().take(left) {
            let (was, is) = cells(value);
            let change = [difference(value), relative(value)].join(" ");
            let flips = value.flips.join("; ");
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} | {} |",
                value.name,
                cell(&was),
                if value.seen { format!("**{}**", cell(&is)) } else { cell(&is) },
                cell(change.trim()),
                answer.pages(&value.name),
                cell(&flips)
            );
        }
        let more = group.moved.len().saturating_sub(left);
        left = left.saturating_sub(group.moved.len());
        if more > 0 {
            let _ = writeln!(text, "\nand {more} more; `colophon diff --all` lists them");
        }
    }
    text
}

/// One page, with nothing from elsewhere.
pub(super) fn html(answer: &Answer) -> String {
    let title = brief(answer).unwrap_or_else(|| "no value moved".into());
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n<style>\n\
         :root {{ color-scheme: light dark }}\n\
         body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; \
         padding: 0 1rem }}\n\
         table {{ border-collapse: collapse; margin: 1rem 0 2rem }}\n\
         th, td {{ padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #8884 }}\n\
         th:first-child, td:first-child, td:last-child {{ text-align: left }}\n\
         .seen {{ font-weight: 600 }}\n</style>\n<main>\n<h1>{0}</h1>\n<p>{1} → {2}</p>\n",
        escaped_html(&title),
        escaped_html(&answer.before.title),
        escaped_html(&answer.after.title)
    );
    for group in &answer.found.groups {
        text.push_str("<ul>\n");
        for (index, cause) in causes(answer, group) {
            let _ = write!(
                text,
                "<li>{} ({})",
                escaped_html(&says(cause)),
                escaped_html(&stages(cause))
            );
            if !answer.details[index].is_empty() {
                text.push_str("<ul>");
                for line in &answer.details[index] {
                    let _ = write!(text, "<li>{}</li>", escaped_html(line));
                }
                text.push_str("</ul>");
            }
            text.push_str("</li>\n");
        }
        text.push_str(
            "</ul>\n<table>\n<thead><tr><th scope=\"col\">value</th><th scope=\"col\">before</th>\
             <th scope=\"col\">after</th><th scope=\"col\">change</th>\
             <th scope=\"col\">part</th><th scope=\"col\">page</th>\
             <th scope=\"col\">what turned</th></tr></thead>\n<tbody>\n",
        );
        for value in &group.moved {
            let (was, is) = cells(value);
            let seen = if value.seen { " class=\"seen\"" } else { "" };
            let _ = writeln!(
                text,
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td{seen}>{}</td><td>{}</td>\
                 <td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped_html(&value.name),
                escaped_html(&was),
                escaped_html(&is),
                escaped_html(&difference(value)),
                escaped_html(&relative(value)),
                answer.pages(&value.name),
                escaped_html(&value.flips.join("; "))
            );
        }
        text.push_str("</tbody>\n</table>\n");
    }
    text.push_str("</main>\n</html>\n");
    text
}

fn causes<'a>(
    answer: &'a Answer,
    group: &'a Group,
) -> impl Iterator<Item = (usize, &'a answers::diverged::Cause)> {
    group.causes.iter().map(|index| (*index, &answer.found.causes[*index]))
}

/// Foreign words in Markdown: nothing in them is a mark.
fn escaped(words: &str) -> String {
    let mut text = String::new();
    for c in words.chars() {
        if "\\`*_{}[]<>()#+!|~@&".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// Words of ours, in which names stand between backticks, for a cell of a table.
fn cell(words: &str) -> String {
    let part = |(at, part): (usize, &str)| match at % 2 {
        0 => escaped(part),
        _ => format!("`{}`", part.replace('|', "\\|")),
    };
    words.split('`').enumerate().map(part).collect()
}

fn escaped_html(words: &str) -> String {
    let mut text = String::new();
    for c in words.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '`' => {}
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_are_no_marks() {
        assert_eq!(escaped("a | <b> [x](y) `c` @d"), "a \\| \\<b\\> \\[x\\]\\(y\\) \\`c\\` \\@d");
        assert_eq!(cell("input `a|b` takes *"), "input `a\\|b` takes \\*");
        assert_eq!(escaped_html("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
