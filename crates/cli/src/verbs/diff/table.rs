//! The numbers that moved as a table for a terminal, as wide as that is.

use answers::difference::Group;
use answers::moved::Moved;
use answers::printed::{decimals, rounded, signed};

use super::answer::Answer;
use super::because::{says, stages};
use crate::report::{columns, count};
use crate::text::{Text, padded, width};

/// Of each group so many values are listed, unless all are asked for.
const SHOWN: usize = 25;

/// A change below this part of a number is told as such.
const LEAST: f64 = 0.0005;

/// One line that says how many values moved, and which one moved furthest.
pub(crate) fn brief(answer: &Answer) -> Option<String> {
    let moved = answer.found.moved().count();
    if moved == 0 {
        return None;
    }
    let seen = answer.found.moved().filter(|it| it.seen).count();
    let as_printed = match seen {
        0 => ", none as printed".to_string(),
        n if n == moved => String::new(),
        n => format!(", {n} as printed"),
    };
    let largest = answer.found.largest().map(|it| {
        let (before, after) = cells(it);
        format!("; most of all `{}`: {before} -> {after} ({})", it.name, relative(it))
    });
    Some(format!("{} moved{as_printed}{}", count(moved, "value"), largest.unwrap_or_default()))
}

/// The whole answer.
pub(crate) fn tell(answer: &Answer, all: bool, text: &mut Text) {
    let found = &answer.found;
    let (before, after) = (&answer.before.title, &answer.after.title);
    let moved = found.moved().count();
    if moved == 0 {
        let values = count(found.values, "value");
        text.line(&format!("no value moved between {before} and {after}: {values} compared"));
        return;
    }
    let seen = found.moved().filter(|it| it.seen).count();
    let (of, are) = (count(found.values, "value"), if moved == 1 { "has" } else { "have" });
    text.line(&format!(
        "{moved} of {of} {are} moved between {before} and {after}, {seen} as printed"
    ));
    for group in &found.groups {
        text.end();
        because(answer, group, text);
        list(answer, group, all, text);
    }
}

/// What moved a group, and the way from there.
fn because(answer: &Answer, group: &Group, text: &mut Text) {
    if group.causes.is_empty() {
        text.line("for no cause that the ledgers tell of:");
    }
    const CAUSES: usize = 10;
    for index in group.causes.iter().take(CAUSES) {
        let cause = &answer.found.causes[*index];
        text.paint(&says(cause), "1").line(&format!("  [{}]", stages(cause)));
        for line in &answer.details[*index] {
            text.line(&format!("  | {line}"));
        }
    }
    if let Some(more @ 1..) = group.causes.len().checked_sub(CAUSES) {
        text.line(&format!("and {}; `--json` has them all", count(more, "more cause")));
    }
    if let Some(way) = group.through.iter().min_by_key(|way| way.len()).filter(|it| it.len() > 1) {
        let more = match group.through.len() - 1 {
            0 => String::new(),
            n => format!(", and {}", count(n, "more way")),
        };
        text.line(&format!("by way of {}{more}", way.join(" -> ")));
    }
}

/// The values of a group, with those first that moved furthest.
fn list(answer: &Answer, group: &Group, all: bool, text: &mut Text) {
    let seen = group.moved.iter().filter(|it| all || it.seen).count();
    let shown = if all { group.moved.len() } else { seen.min(SHOWN) };
    let rows = group.moved.iter().take(shown).map(|value| row(answer, value));
    let rows: Vec<[String; 6]> = rows.collect();
    let of = |at: usize| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(of).collect();
    let fits = widths.iter().sum::<usize>() + 14 <= columns();
    for (row, value) in rows.iter().zip(&group.moved) {
        let right = |at: usize| {
            let missing = widths[at].saturating_sub(width(&row[at]));
            format!("{}{}", " ".repeat(missing), row[at])
        };
        if fits {
            let name = padded(&row[0], widths[0]);
            text.add(&format!("  {name}  {}  ", right(1)));
            text.paint(&right(2), "1");
            text.line(format!("  {}  {}  {}", right(3), right(4), row[5]).trim_end());
        } else {
            text.line(&format!("  {}", row[0]));
            let change = [row[3].as_str(), row[4].as_str(), row[5].as_str()];
            let change: Vec<_> = change.into_iter().filter(|it| !it.is_empty()).collect();
            let change = match &change[..] {
                [] => String::new(),
                some => format!(" ({})", some.join(", ")),
            };
            text.line(&format!("      {} -> {}{change}", row[1], row[2]));
        }
        for flip in &value.flips {
            text.add("      ").paint(flip, "33").end();
        }
    }
    if let Some(more @ 1..) = group.moved.len().checked_sub(shown) {
        let hidden = group.moved.len() - seen;
        let why = match (seen - shown.min(seen), hidden) {
            (0, _) => format!("{} moved, and print as before", count(more, "value")),
            (_, 0) => format!("and {}", count(more, "more value")),
            (n, hidden) => {
                format!("and {}, and {hidden} that print as before", count(n, "more value"))
            }
        };
        text.line(&format!("  {why}; `--all` lists them"));
    }
}

/// A value as a row: name, before, after, difference, relative, pages.
fn row(answer: &Answer, value: &Moved) -> [String; 6] {
    let (before, after) = cells(value);
    let pages = match answer.pages(&value.name) {
        none if none.is_empty() => none,
        pages => format!("page {pages}"),
    };
    [value.name.clone(), before, after, difference(value), relative(value), pages]
}

/// What was and what is printed; with more digits where those don't differ.
pub(super) fn cells(value: &Moved) -> (String, String) {
    let cell = |printed: &Option<String>| match printed {
        Some(text) => engine::plain::cut(text, 60).into_owned(),
        None => "-".into(),
    };
    let numbers = value.before.as_ref().zip(value.after.as_ref());
    let numbers = numbers.and_then(|(a, b)| Some((a.number?, b.number?, b.digits)));
    match numbers {
        Some((a, b, digits)) if !value.seen => {
            let digits = decimals(b - a, digits);
            (rounded(a, digits), rounded(b, digits))
        }
        _ => (cell(&value.printed_before), cell(&value.printed_after)),
    }
}

pub(super) fn difference(value: &Moved) -> String {
    let digits = value.after.as_ref().map_or(0, |it| it.digits);
    value.difference.map(|it| signed(it, decimals(it, digits))).unwrap_or_default()
}

pub(super) fn relative(value: &Moved) -> String {
    match (value.relative, value.difference) {
        (Some(part), _) if part != 0.0 && part.abs() < LEAST => "<0.1 %".into(),
        (Some(part), _) => format!("{} %", signed(part * 100.0, 1)),
        (None, Some(_)) => "from 0".into(),
        (None, None) if value.before.is_none() => "new".into(),
        (None, None) if value.after.is_none() => "gone".into(),
        (None, None) => String::new(),
    }
}
