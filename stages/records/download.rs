//! Rows of downloads as they come: from a table of ours, an export with our
//! columns, or an export in the layout of its provider.

use std::collections::BTreeSet;

use engine::diagnostic::{Checked, Diagnostic, Place};
use engine::function::{Artifact, Failure};
use tables::export::{self, Seen};
use tables::layout::{Layout, app_store};
use tables::names::{Economies, Names};
use tables::raw::Raw;
use tables::schema::Dialect;
use tables::table;

/// The columns of a table of ours and of an export that needs no layout.
const COLUMNS: [&str; 6] = ["app", "iso3", "store", "month", "downloads", "rank"];

/// Where a row stands: its number, and its cells where it comes from a file.
#[derive(Clone, Copy)]
pub struct At<'a> {
    /// The row, counted as a spreadsheet does.
    pub row: usize,
    seen: Option<Seen<'a>>,
}

impl<'a> At<'a> {
    fn of(seen: Seen<'a>) -> Self {
        At { row: seen.number(), seen: Some(seen) }
    }

    /// A violated rule in one column of the row.
    pub fn fault(self, path: &str, column: &str, message: &str) -> Diagnostic {
        let at = COLUMNS.iter().position(|name| *name == column);
        if let Some((seen, at)) = self.seen.zip(at) {
            return seen.fault(at, column, message);
        }
        let message = format!("row {}, column `{column}`: {message}", self.row);
        Diagnostic::contract(message).at(Place::file(path))
    }
}

/// What a row says: app, country, store and month, downloads, and the rank if
/// there is one; a number that is none comes as its text.
pub struct Cells<'a> {
    /// App, country by its code, store, month.
    pub keys: [&'a str; 4],
    /// How many.
    pub downloads: Result<i64, &'a str>,
    /// The rank, if there is one.
    pub rank: Option<Result<i64, &'a str>>,
}

impl<'a> Cells<'a> {
    /// The numbers of a row of a file, with its keys.
    fn of(seen: Seen<'a>, keys: [&'a str; 4]) -> Self {
        let (downloads, rank) = (seen.text(4), seen.text(5));
        let rank = (!rank.is_empty()).then(|| number(rank));
        Cells { keys, downloads: number(downloads), rank }
    }
}

/// Where rows of downloads come from.
pub struct Source<'a> {
    /// The table or the export.
    pub artifact: &'a Artifact,
    /// The names of countries that providers use.
    pub names: Option<&'a Artifact>,
    /// The codes of the countries that the study knows.
    pub known: &'a BTreeSet<String>,
}

impl Source<'_> {
    /// Hands over each row; gives what is wrong with the names of countries.
    pub fn each_row(&self, take: &mut dyn FnMut(At, Cells)) -> Result<Option<Diagnostic>, Failure> {
        if self.artifact.resource.is_none() {
            return self.rows_of_table(take).map(|()| None);
        }
        self.rows_of_export(take).map_err(Failure::contract)
    }

    fn rows_of_export(&self, take: &mut dyn FnMut(At, Cells)) -> Checked<Option<Diagnostic>> {
        let path = &self.artifact.path;
        let settings = match Dialect::of(self.artifact)?.layout {
            None => {
                export::read(self.artifact, &COLUMNS, |seen| {
                    let keys = [0, 1, 2, 3].map(|at| seen.text(at));
                    take(At::of(seen), Cells::of(seen, keys));
                })?;
                return Ok(None);
            }
            Some(Layout::AppStore(settings)) => settings,
            Some(_) => {
                let message = format!("the layout of `{path}` is not that of an app store export");
                return Err(vec![Diagnostic::contract(message).hint("its kind is `app_store`")]);
            }
        };
        let Some(table) = self.names else {
            let message = format!("the countries of `{path}` need the table of names");
            let hint = "add `names: raw:country_names` to the stage's inputs";
            return Err(vec![Diagnostic::contract(message).hint(hint)]);
        };
        let kept = settings.economies.as_ref().map(|_| self.known.clone());
        let mut economies = Economies::new(names(table)?, kept);
        let [app, store, country, month, downloads, rank] = settings.names();
        // In the order of our columns.
        let names = [app, country, store, month, downloads, rank];
        export::read_named(self.artifact, &names, |seen| {
            let [app, country, store, month] = [0, 1, 2, 3].map(|at| seen.text(at));
            let found = economies.find(seen.number(), country, None, || seen.place(1));
            let Some((iso3, _)) = found else { return };
            let keys = [app, &*iso3, store, app_store::month(month)];
            take(At::of(seen), Cells::of(seen, keys));
        })?;
        Ok(economies.fault())
    }

    fn rows_of_table(&self, take: &mut dyn FnMut(At, Cells)) -> Result<(), Failure> {
        table::each_group(self.artifact, |before, frame| {
            let texts = |name| table::column_of_texts(&frame, name);
            let (apps, codes) = (texts("app")?.iter(), texts("iso3")?.iter());
            let (stores, months) = (texts("store")?.iter(), texts("month")?.iter());
            let downloads = table::integers(&frame, "downloads")?;
            let ranks = table::optional_integers(&frame, "rank")?;
            let keys = apps.zip(codes).zip(stores.zip(months));
            for (row, ((app, iso3), (store, month))) in keys.enumerate() {
                let keys = [app, iso3, store, month].map(Option::unwrap_or_default);
                let (downloads, rank) = (Ok(downloads[row]), ranks[row].map(Ok));
                take(At { row: before + row + 1, seen: None }, Cells { keys, downloads, rank });
            }
            Ok(())
        })
    }
}

/// The table of names.
fn names(table: &Artifact) -> Checked<Names> {
    let raw = Raw::open(table)?;
    Names::read(&raw.csv, raw.fields())
}

/// A whole number, or the text that is none.
fn number(text: &str) -> Result<i64, &str> {
    text.parse().map_err(|_| text)
}
