//! Words of a command: which begin it, which are kept for the shell, and what
//! becomes of them when something is inserted.

use super::super::code::Watch;
use super::super::inserted::{Inserted, is_harmless};
use super::wrong::{Spot, Wrong};

/// What the shell keeps for itself where a command may begin, and whether
/// another command may begin behind it.
const KEPT: [(&str, bool); 22] = [
    ("!", true),
    ("[[", false),
    ("case", false),
    ("coproc", true),
    ("do", true),
    ("done", false),
    ("elif", true),
    ("else", true),
    ("esac", false),
    ("fi", false),
    ("for", false),
    ("function", false),
    ("if", true),
    ("in", false),
    ("select", false),
    ("then", true),
    ("time", true),
    ("until", true),
    ("while", true),
    ("{", true),
    ("}", false),
    ("]]", false),
];

/// Stands in a word where something is quoted.
const QUOTED: char = '\0';

/// What is known of the command that is being read.
pub(super) struct Line {
    /// Whether the next word begins a command.
    pub(super) start: bool,
    /// Whether the next word is where a redirection leads, and then whether that
    /// is a descriptor, as behind `>&`: bash reads such a word twice.
    pub(super) target: Option<bool>,
    /// Whether the words are those of `[[ … ]]`.
    test: bool,
    /// How many `case` are open; in them, `)` ends a pattern.
    pub(super) cases: usize,
    pub(super) word: Option<Word>,
    watch: Watch,
}

impl Default for Line {
    fn default() -> Self {
        Line {
            start: true,
            target: None,
            test: false,
            cases: 0,
            word: None,
            watch: Watch::default(),
        }
    }
}

/// A word that is being read.
#[derive(Default)]
pub(super) struct Word {
    /// What it says, quotes taken off.
    text: String,
    /// What of it the shell sees without quotes.
    plain: String,
    /// What is inserted, and at which place of `plain`.
    holes: Vec<(usize, usize)>,
    /// The length of the text before what is inserted first.
    begin: Option<usize>,
    /// Whether anything is written in it.
    written: bool,
    /// Whether it ends in a name, `$name`.
    name: bool,
}

impl Word {
    pub(super) fn is_empty(&self) -> bool {
        !self.written && self.holes.is_empty()
    }

    pub(super) fn push(&mut self, c: char) {
        self.text.push(c);
        self.plain.push(c);
        (self.written, self.name) = (true, false);
    }

    pub(super) fn quoted(&mut self, text: &str) {
        self.text.push_str(text);
        self.plain.push(QUOTED);
        (self.written, self.name) = (true, false);
    }

    pub(super) fn ends_in_name(&mut self) {
        self.name = true;
    }

    /// Notes what is inserted; whether it must be quoted in any case, since it
    /// would become part of a name, a pattern or the name of a home.
    pub(super) fn insert(&mut self, hole: usize, inserted: Option<&Inserted>) -> bool {
        let value = match inserted {
            Some(Inserted::One(text)) => text.clone(),
            Some(Inserted::Many(texts)) => texts.join(" "),
            None => "x".into(),
        };
        let force = self.plain.ends_with('~')
            || self.plain.contains(['{', '['])
            || (self.name && value.starts_with(in_name));
        self.begin.get_or_insert(self.text.len());
        self.holes.push((hole, self.plain.len()));
        self.text.push_str(&value);
        match is_harmless(&value) && !force {
            true => self.plain.push_str(&value),
            false => self.plain.push(QUOTED),
        }
        self.name = false;
        force
    }

    /// Whether it ends in the `=` of an assignment.
    pub(super) fn assigns(&self) -> bool {
        self.plain.ends_with('=') && self.assigned() == Some(self.plain.len() - 1)
    }

    /// Whether it begins a subscript of a variable, `a[`, and does not end it.
    pub(super) fn opens_subscript(&self) -> bool {
        let begin = self.plain.find('[').filter(|at| *at > 0);
        begin.is_some_and(|at| {
            self.plain[..at].chars().all(in_name) && !self.plain[at..].contains(']')
        })
    }

    /// Whether something is inserted in the subscript of a variable, `a[…]`.
    fn has_subscript(&self) -> bool {
        let named =
            self.plain.find('[').filter(|at| *at > 0 && self.plain[..*at].chars().all(in_name));
        named.is_some_and(|at| self.holes.iter().any(|(_, hole)| *hole > at))
    }

    /// Where the `=` stands that makes an assignment of it.
    fn assigned(&self) -> Option<usize> {
        let at = self.plain.find('=')?;
        let name = self.plain[..at].trim_end_matches('+');
        let name = name.split('[').next().unwrap_or(name);
        let valid = name.starts_with(in_name)
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(in_name);
        valid.then_some(at)
    }
}

impl Line {
    pub(super) fn word(&mut self) -> &mut Word {
        self.word.get_or_insert_default()
    }

    /// The program that executes the word that is being read as code.
    pub(super) fn code(&self) -> Option<String> {
        let begin = self.word.as_ref().map_or("", |word| &word.text[..word.begin()]);
        self.watch.executes(begin).map(String::from)
    }

    /// A command ends.
    pub(super) fn end(&mut self) {
        (self.start, self.target, self.watch) = (true, None, Watch::default());
    }

    /// A word ends: what is to be known of the places in it. `redirected`: a
    /// redirection follows without a space.
    pub(super) fn finish(
        &mut self,
        word: &Word,
        redirected: bool,
        inserted: &[Option<Inserted>],
    ) -> Vec<(usize, Spot)> {
        let all = |spot: Spot| word.holes.iter().map(|(hole, _)| (*hole, spot.clone())).collect();
        let list = |hole: usize| matches!(inserted[hole], Some(Inserted::Many(_)));
        let first = word.holes.first().map(|(hole, _)| *hole);
        if redirected && word.plain.bytes().all(|byte| byte.is_ascii_digit()) {
            if word.holes.is_empty() {
                // The number of a descriptor: `2>`.
                return Vec::new();
            }
            self.take(word, inserted);
            return all(Ok(true));
        }
        let mut spots: Vec<(usize, Spot)> = Vec::new();
        if self.test {
            self.test = word.plain != "]]";
            return all(Err(Wrong::Test));
        }
        if word.has_subscript() {
            spots.extend::<Vec<_>>(all(Err(Wrong::Array)));
        }
        if word.written || word.holes.len() > 1 {
            let lists = word.holes.iter().filter(|(hole, _)| list(*hole));
            spots.extend(lists.map(|(hole, _)| (*hole, Err(Wrong::ListInWord))));
        }
        if let Some(descriptor) = self.target.take() {
            if descriptor {
                return all(Err(Wrong::Descriptor));
            }
            spots.extend(first.filter(|hole| list(*hole)).map(|at| (at, Err(Wrong::ListAsFile))));
            return spots;
        }
        let begin = &word.text[..word.begin()];
        if let Some(program) = self.watch.executes(begin).filter(|_| first.is_some()) {
            spots.extend::<Vec<_>>(all(Err(Wrong::Code(program.into()))));
        }
        let kept = KEPT.iter().find(|(name, _)| *name == word.plain);
        if !self.start {
            // A pattern of `case` may stand here, which `esac` is none of.
            if kept.is_some() && self.cases > 0 {
                spots.extend::<Vec<_>>(all(Ok(true)));
            }
            self.take(word, inserted);
            return spots;
        }
        match (word.assigned(), kept) {
            // What is inserted is no name of a variable and nothing that is kept.
            (Some(at), _) if word.holes.iter().any(|(_, hole)| *hole <= at) => {
                spots.extend::<Vec<_>>(all(Ok(true)));
                self.take(word, inserted);
            }
            (Some(_), _) => {}
            (None, Some(_)) if first.is_some() => {
                spots.extend::<Vec<_>>(all(Ok(true)));
                self.take(word, inserted);
            }
            (None, Some((name, more))) => {
                self.start = *more;
                match *name {
                    "case" => self.cases += 1,
                    "[[" => self.test = true,
                    "esac" => self.cases = self.cases.saturating_sub(1),
                    _ => {}
                }
            }
            (None, None) => self.take(word, inserted),
        }
        spots
    }

    /// Takes a word as one of the command's.
    fn take(&mut self, word: &Word, inserted: &[Option<Inserted>]) {
        self.start = false;
        match word.holes.first().map(|(hole, _)| &inserted[*hole]) {
            Some(Some(Inserted::Many(texts))) => texts.iter().for_each(|it| self.watch.push(it)),
            _ => self.watch.push(&word.text),
        }
    }
}

impl Word {
    fn begin(&self) -> usize {
        self.begin.unwrap_or(self.text.len())
    }
}

/// Whether a character can be part of the name of a variable.
pub(super) fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
