//! Downloads by app, country and month, from the licensed export or its stand-in.
//!
//! The export is long CSV, plain or compressed, with the columns `app`, `iso3`,
//! `store`, `month` (`2015-01`), `downloads` and `rank` (may be empty), or in
//! the layout `app_store` as its provider names them; the stand-in is a table
//! of our columns. Both are held to the same rules: known countries,
//! months within the panel, no negative counts, ranks from 1, and one row for
//! an app in a store in a month. Stores are added; the rank is the best one.

use std::collections::BTreeSet;

use engine::diagnostic::{Checked, Diagnostic, Place, did_you_mean};
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kit::export::{self, At};
use crate::kit::layout::{Layout, app_store};
use crate::kit::names::{self, Economies};
use crate::kit::panel::{self, Names, Panel, Row};
use crate::kit::raw::Raw;
use crate::kit::schema::Dialect;
use crate::kit::table;
use crate::kit::values::Values;

/// The export or the stand-in, the known countries, and their names in exports.
pub const INPUTS: &[Slot] = &[Slot::one("table"), Slot::one("countries"), Slot::optional("names")];
/// The panel, and what it holds.
pub const OUTPUTS: &[&str] = &["table", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The first month of the panel.
    pub first: String,
    /// The last month of the panel.
    pub last: String,
    /// How many violations are shown before the rest is only counted.
    pub limit: usize,
}

impl Default for Params {
    fn default() -> Self {
        Params { first: "2015-01".into(), last: "2023-12".into(), limit: 20 }
    }
}

/// What to do about a cell that breaks a rule.
const MEND: &str = "mend the cell, or fetch the export again";
const COLUMNS: [&str; 6] = ["app", "iso3", "store", "month", "downloads", "rank"];

/// Reads, checks and adds.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let artifact = job.one("table");
    let known = table::texts(&table::decode(job.one("countries"))?, "iso3")?;
    let mut reader = Reader::new(params, &artifact.path, known)?;
    match artifact.resource {
        Some(_) => rows_of_export(job, artifact, &mut reader).map_err(Failure::contract)?,
        None => rows_of_table(artifact, &mut reader)?,
    }
    let read = reader.entries.len();
    let panel = reader.finish(params.limit).map_err(|mut faults| {
        export::quote(artifact, &mut faults);
        Failure::contract(faults)
    })?;
    let mut values = Values::default();
    values.count("rows", read, "rows", "rows of the download panel, one a store");
    values.count("apps", panel.apps.len(), "apps", "apps of the download panel");
    values.count("countries", panel.countries.len(), "countries", "countries of the panel");
    let months: BTreeSet<i64> = panel.rows.iter().map(|row| row.month).collect();
    values.count("months", months.len(), "months", "months of the panel");
    let total = panel.rows.iter().map(|row| row.downloads).sum::<i64>();
    values.integer("downloads", total, "downloads", "all downloads of the panel");
    Ok(Outputs::from([("table", panel::encode(&panel)?), ("values", values.encode()?)]))
}

/// Rows of an export: with our columns, or in a provider's layout, where the
/// countries are named as it names them.
fn rows_of_export(job: &Job, artifact: &Artifact, reader: &mut Reader) -> Checked<()> {
    let path = &artifact.path;
    let take = |reader: &mut Reader, at: At, texts: [&str; 4], numbers: [&str; 2]| {
        let downloads = reader.number(at, "downloads", numbers[0]);
        let rank = match numbers[1] {
            "" => None,
            text => Some(reader.number(at, "rank", text)),
        };
        reader.take(at, texts, downloads, rank);
    };
    let settings = match Dialect::of(artifact)?.layout {
        None => {
            return export::read(artifact, &COLUMNS, |at, record| {
                let cell = |column: usize| record.get(column).unwrap_or("");
                take(reader, at, [cell(0), cell(1), cell(2), cell(3)], [cell(4), cell(5)]);
            });
        }
        Some(Layout::AppStore(settings)) => settings,
        Some(_) => {
            let message = format!("the layout of `{path}` is not that of an app store export");
            return Err(vec![Diagnostic::contract(message).hint("its kind is `app_store`")]);
        }
    };
    let Some(table) = job.optional("names") else {
        let message = format!("the countries of `{path}` need the table of names");
        let hint = "add `names: raw:country_names` to the stage's inputs";
        return Err(vec![Diagnostic::contract(message).hint(hint)]);
    };
    let kept = settings.economies.as_ref().map(|_| reader.known.iter().cloned().collect());
    let mut economies = Economies::new(names::Names::read(&Raw::open(table)?)?, kept);
    export::read_named(artifact, settings.names()?, |at, cells| {
        let [app, store, country, month, downloads, rank] = cells;
        let place = || Place { line: at.line, ..Place::file(path) };
        let Some((iso3, _)) = economies.find(at.row, country, None, place) else { return };
        take(reader, at, [app, &iso3, store, app_store::month(month)], [downloads, rank]);
    })?;
    reader.faults.extend(economies.fault());
    Ok(())
}

fn rows_of_table(artifact: &Artifact, reader: &mut Reader) -> Result<(), Failure> {
    let frame = table::decode(artifact)?;
    let texts = |name| table::texts(&frame, name);
    let (apps, codes) = (texts("app")?, texts("iso3")?);
    let (stores, months) = (texts("store")?, texts("month")?);
    let downloads = table::integers(&frame, "downloads")?;
    let ranks = table::optional_integers(&frame, "rank")?;
    for row in 0..frame.height() {
        let cells = [&apps[row], &codes[row], &stores[row], &months[row]].map(String::as_str);
        reader.take(At { row: row + 1, line: 0 }, cells, downloads[row], ranks[row]);
    }
    Ok(())
}

/// A row with its texts as numbers: app, country, store, month, where it
/// stands, downloads and rank.
type Entry = (usize, usize, usize, i64, At, i64, Option<i64>);

/// Holds rows to the rules.
struct Reader<'a> {
    path: &'a str,
    first: i64,
    last: i64,
    known: Vec<String>,
    apps: Names,
    countries: Names,
    stores: Names,
    dates: Names,
    months: Vec<Option<i64>>,
    entries: Vec<Entry>,
    faults: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(params: &Params, path: &'a str, known: Vec<String>) -> Result<Self, Failure> {
        let month = |text: &String| {
            panel::month(text).ok_or_else(|| format!("`{text}` is no month like `2015-01`"))
        };
        Ok(Reader {
            path,
            first: month(&params.first)?,
            last: month(&params.last)?,
            known,
            apps: Names::default(),
            countries: Names::default(),
            stores: Names::default(),
            dates: Names::default(),
            months: Vec::new(),
            entries: Vec::new(),
            faults: Vec::new(),
        })
    }

    fn fault(&mut self, at: At, column: &str, message: String, hint: &str) -> &mut Diagnostic {
        let fault = at.fault(self.path, column, &message);
        self.faults.push(if hint.is_empty() { fault } else { fault.hint(hint) });
        self.faults.last_mut().expect("one was added")
    }

    fn number(&mut self, at: At, column: &str, text: &str) -> i64 {
        text.parse().unwrap_or_else(|_| {
            self.fault(at, column, format!("`{text}` is not a whole number"), MEND);
            1
        })
    }

    fn take(&mut self, at: At, cells: [&str; 4], downloads: i64, rank: Option<i64>) {
        let [app, iso3, store, date] = cells;
        for (column, text) in [("app", app), ("store", store)] {
            if text.is_empty() {
                self.fault(at, column, "a value is required".into(), MEND);
            }
        }
        if downloads < 0 {
            self.fault(at, "downloads", format!("`{downloads}` is negative"), MEND);
        }
        if let Some(rank) = rank.filter(|rank| *rank < 1) {
            self.fault(at, "rank", format!("`{rank}` is no rank"), MEND);
        }
        let country = self.countries.place(iso3);
        if !self.known.iter().any(|known| known == iso3) {
            let hint = did_you_mean(iso3, self.known.iter().map(String::as_str));
            let message = format!("`{iso3}` is no country of the study");
            let fault = self.fault(at, "iso3", message, "");
            fault.hints.extend(hint);
        }
        let place = self.dates.place(date);
        if place == self.months.len() {
            let month = panel::month(date);
            let inside = |month: &i64| (self.first..=self.last).contains(month);
            self.months.push(month.filter(inside));
        }
        let Some(month) = self.months[place] else {
            let (first, last) = (panel::text(self.first), panel::text(self.last));
            let message = format!("`{date}` is no month from `{first}` to `{last}`");
            let hint = "mend the month, or set the stage's `first` and `last`";
            self.fault(at, "month", message, hint);
            return;
        };
        let (app, store) = (self.apps.place(app), self.stores.place(store));
        self.entries.push((app, country, store, month, at, downloads, rank));
    }

    /// Adds the stores, or says what is wrong with the rows.
    fn finish(mut self, limit: usize) -> Checked<Panel> {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable();
        let mut rows: Vec<Row> = Vec::new();
        let mut last: Option<&Entry> = None;
        for entry in &entries {
            let (app, country, store, month, at, downloads, rank) = *entry;
            let same = last.filter(|e| (e.0, e.1, e.2, e.3) == (app, country, store, month));
            if let Some((.., first, _, _)) = same {
                let message = format!(
                    "`{}` in `{}` and `{}` is in row {} too",
                    self.apps.list[app],
                    self.countries.list[country],
                    self.stores.list[store],
                    first.row
                );
                self.fault(at, "month", message, "keep one of the two rows");
            }
            last = Some(entry);
            rows.push(Row { app, country, month, downloads, rank });
        }
        if !self.faults.is_empty() {
            self.faults.sort_by(|a, b| a.at.cmp(&b.at));
            let more = self.faults.len().saturating_sub(limit.max(1));
            self.faults.truncate(limit.max(1));
            if more > 0 {
                self.faults.push(Diagnostic::contract(format!("and {more} more")));
            }
            return Err(self.faults);
        }
        rows.sort_unstable_by_key(|row| (row.app, row.country, row.month));
        rows.dedup_by(|next, kept| {
            let same = (next.app, next.country, next.month) == (kept.app, kept.country, kept.month);
            if same {
                kept.downloads += next.downloads;
                kept.rank = [kept.rank, next.rank].into_iter().flatten().min();
            }
            same
        });
        Ok(Panel { apps: self.apps.list, countries: self.countries.list, rows })
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;
    use serde_json::json;

    use super::*;
    use crate::kit::given;

    fn countries() -> Artifact {
        let frame = df!("iso3" => ["JPN", "PER"]).unwrap();
        given::passed("outputs/countries.parquet", &table::encode(&frame, &["iso3"]).unwrap())
    }

    fn panel_of(table: Artifact) -> Result<Outputs, Failure> {
        let inputs = [("table", &[table][..]), ("countries", &[countries()][..])];
        run(&Params { limit: 3, ..Params::default() }, &given::job(&inputs))
    }

    fn csv(rows: &str) -> Result<Outputs, Failure> {
        let text = format!("app,iso3,store,month,downloads,rank\n{rows}");
        panel_of(given::raw("raw/d.csv", text.as_bytes(), json!({ "name": "d" })))
    }

    #[test]
    fn stores_are_added_in_any_order_of_rows() {
        let rows = ["x,JPN,apple,2015-01,5,90\n", "x,JPN,google_play,2015-01,7,\n"];
        let more = "a,PER,apple,2023-12,0,12\n";
        let outputs = csv(&[more, rows[0], rows[1]].concat()).unwrap();
        assert_eq!(outputs, csv(&[rows[1], more, rows[0]].concat()).unwrap());
        let panel = panel::decode(&given::passed("p", &outputs["table"])).unwrap();
        let rows: Vec<_> = panel.rows.iter().map(|row| (row.downloads, row.rank)).collect();
        assert_eq!(rows, [(0, Some(12)), (12, Some(90))]);
        assert_eq!(panel.apps, ["a", "x"]);
        assert_eq!(given::number(&outputs, "rows"), 3.0);
        assert_eq!(given::number(&outputs, "downloads"), 12.0);
    }

    #[test]
    fn a_table_and_an_export_of_it_give_the_same() {
        let frame = df!(
            "app" => ["x", "x"], "iso3" => ["JPN", "PER"], "store" => ["apple", "apple"],
            "month" => ["2015-01", "2015-02"], "downloads" => [5i64, 6], "rank" => [9i64, 8],
        );
        let table = table::encode(&frame.unwrap(), &["app", "iso3"]).unwrap();
        let outputs = panel_of(given::passed("outputs/s.parquet", &table)).unwrap();
        let other = csv("x,JPN,apple,2015-01,5,9\nx,PER,apple,2015-02,6,8\n").unwrap();
        assert_eq!(outputs, other);
    }

    /// An export in the layout of its provider, with the names and codes that it has.
    #[test]
    fn an_export_as_its_provider_publishes_it() {
        let columns = json!({ "month": "Date", "country": "Country" });
        let layout = json!({ "kind": "app_store", "columns": columns, "economies": "countries" });
        let resource = json!({ "name": "d", "dialect": { "layout": layout } });
        let read = |rows: &str| {
            let text = format!("Date,app,Country,rank,store,downloads,revenue\n{rows}");
            let packed = zstd::encode_all(text.as_bytes(), 3).unwrap();
            let table = given::raw("raw/d.csv.zst", &packed, resource.clone());
            let names = given::resource(names::RESOURCE);
            let inputs =
                [("table", &[table][..]), ("countries", &[countries()]), ("names", &[names])];
            run(&Params::default(), &given::job(&inputs))
        };
        let rows = "2015-01-01,x,Japan,9,apple,5,0.5\n2015-02,x,PE,8,apple,6,0\n\
                    2015-02,x,World,,apple,60,0\n2015-02,x,Brazil,1,apple,7,0\n";
        let expected = csv("x,JPN,apple,2015-01,5,9\nx,PER,apple,2015-02,6,8\n").unwrap();
        assert_eq!(read(rows).unwrap(), expected);
        let failure = read("2015-01-01,x,Japaan,9,apple,-5,0.5\n").unwrap_err();
        let [fault] = &failure.diagnostics[..] else { panic!("{failure:?}") };
        assert_eq!(fault.to_string(), "raw/d.csv.zst:2: the country `Japaan` is not known");
        assert_eq!(fault.details, ["row 2: `Japaan`; did you mean `Japan`?"]);
        assert_eq!(fault.at.as_ref().unwrap().text, "2015-01-01,x,Japaan,9,apple,-5,0.5");
        let failure = read("2015-01-01,x,Japan,9,apple,-5,0.5\n");
        let message = "raw/d.csv.zst:2: row 2, column `downloads`: `-5` is negative";
        assert_eq!(given::messages(failure), [message]);
    }

    #[test]
    fn what_breaks_the_rules() {
        let faults = |rows| given::messages(csv(rows));
        assert_eq!(
            faults("x,JPN,apple,2015-01,-5,9\nx,JPX,apple,2015-13,1.5,0\n,PER,apple,2014-12,1,\n"),
            [
                "raw/d.csv:2: row 2, column `downloads`: `-5` is negative",
                "raw/d.csv:3: row 3, column `downloads`: `1.5` is not a whole number",
                "raw/d.csv:3: row 3, column `rank`: `0` is no rank",
                "and 4 more",
            ]
        );
        assert_eq!(
            faults("x,JPN,apple,2015-13,1,\n"),
            ["raw/d.csv:2: row 2, column `month`: \
              `2015-13` is no month from `2015-01` to `2023-12`"]
        );
        assert_eq!(
            faults("x,JPN,apple,2015-01,1,\nx,JPN,apple,2015-01,2,\n"),
            ["raw/d.csv:3: row 3, column `month`: `x` in `JPN` and `apple` is in row 2 too"]
        );
        let failure = csv("x,JPX,apple,2015-01,1,\n").unwrap_err();
        let fault = &failure.diagnostics[0];
        let message = "row 2, column `iso3`: `JPX` is no country of the study";
        assert_eq!(fault.message, message);
        assert_eq!(fault.hints, ["did you mean `JPN`?"]);
    }
}
