//! Downloads by app, country and month, from the licensed export or its stand-in.
//!
//! The export is long CSV, plain or compressed, with the columns `app`, `iso3`,
//! `store`, `month` (`2015-01`), `downloads` and `rank` (may be empty), or in
//! the layout `app_store` as its provider names them; the stand-in is a table
//! of our columns. Both are held to the same rules: known countries,
//! months within the panel, no negative counts, ranks from 1, and one row for
//! an app in a store in a month. Stores are added; the rank is the best one.
//! Rows are taken one after the other, in any order, and only their sums are
//! kept, so that a table may be longer than memory.

use std::collections::{BTreeMap, BTreeSet};

use account::values::Values;
use engine::diagnostic::{Diagnostic, did_you_mean};
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::{calendar, table};

use crate::records::download::{At, Cells, Source};
use crate::records::panel::{self, Names, Panel, Row};

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

/// More than all people together could download in a month.
const MOST: i64 = 10_000_000_000;
/// What to do about a cell that breaks a rule.
const MEND: &str = "mend the cell, or fetch the export again";

/// Reads, checks and adds.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let artifact = job.one("table");
    let known = table::texts(&table::decode(job.one("countries"))?, "iso3")?;
    let known = known.into_iter().collect();
    let source = Source { artifact, names: job.optional("names"), known: &known };
    let mut reader = Reader::new(params, &source)?;
    let strangers = source.each_row(&mut |at, cells| reader.take(at, cells))?;
    reader.faults.extend(strangers);
    let read = reader.read;
    let panel = reader.finish()?;
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

/// The sums of an app in a country, by months since the first.
struct Block {
    app: usize,
    country: usize,
    months: Vec<Option<(i64, Option<i64>)>>,
    /// The months that each store has, as bits.
    stores: BTreeMap<usize, Vec<u64>>,
}

/// Holds rows to the rules, and adds them.
struct Reader<'a> {
    source: &'a Source<'a>,
    first: i64,
    last: i64,
    apps: Names,
    countries: Names,
    stores: Names,
    dates: Names,
    months: Vec<Option<i64>>,
    blocks: Vec<Block>,
    /// The block of each app and country.
    places: BTreeMap<(usize, usize), usize>,
    block: usize,
    /// Rows with a month of the panel.
    read: usize,
    limit: usize,
    faults: Vec<Diagnostic>,
    more: usize,
    /// Faults that are to name the first row of the same key.
    repeats: Vec<(usize, [String; 4])>,
}

impl<'a> Reader<'a> {
    fn new(params: &Params, source: &'a Source) -> Result<Self, Failure> {
        let month = |text: &String| {
            calendar::month(text).ok_or_else(|| format!("`{text}` is no month like `2015-01`"))
        };
        Ok(Reader {
            source,
            first: month(&params.first)?,
            last: month(&params.last)?,
            apps: Names::default(),
            countries: Names::default(),
            stores: Names::default(),
            dates: Names::default(),
            months: Vec::new(),
            blocks: Vec::new(),
            places: BTreeMap::new(),
            block: 0,
            read: 0,
            limit: params.limit.max(1),
            faults: Vec::new(),
            more: 0,
            repeats: Vec::new(),
        })
    }

    /// Notes a fault; those beyond the limit are only counted.
    fn fault(
        &mut self,
        at: At,
        column: &str,
        message: String,
        hint: &str,
    ) -> Option<&mut Diagnostic> {
        if self.faults.len() == self.limit {
            self.more += 1;
            return None;
        }
        let fault = at.fault(&self.source.artifact.path, column, &message);
        self.faults.push(if hint.is_empty() { fault } else { fault.hint(hint) });
        self.faults.last_mut()
    }

    fn number(&mut self, at: At, column: &str, found: Result<i64, &str>) -> i64 {
        found.unwrap_or_else(|text| {
            self.fault(at, column, format!("`{text}` is not a whole number"), MEND);
            1
        })
    }

    fn take(&mut self, at: At, cells: Cells) {
        let [app, iso3, store, date] = cells.keys;
        let downloads = self.number(at, "downloads", cells.downloads);
        let rank = cells.rank.map(|rank| self.number(at, "rank", rank));
        for (column, text) in [("app", app), ("store", store)] {
            if text.is_empty() {
                self.fault(at, column, "a value is required".into(), MEND);
            }
        }
        if downloads < 0 {
            self.fault(at, "downloads", format!("`{downloads}` is negative"), MEND);
        }
        if downloads > MOST {
            let message = format!("`{downloads}` is more than a store can count in a month");
            self.fault(at, "downloads", message, MEND);
        }
        if let Some(rank) = rank.filter(|rank| *rank < 1) {
            self.fault(at, "rank", format!("`{rank}` is no rank"), MEND);
        }
        let country = self.countries.place(iso3);
        if !self.source.known.contains(&self.countries.list[country]) {
            let hint = did_you_mean(iso3, self.source.known.iter().map(String::as_str));
            let message = format!("`{iso3}` is no country of the study");
            if let Some(fault) = self.fault(at, "iso3", message, "") {
                fault.hints.extend(hint);
            }
        }
        let place = self.dates.place(date);
        if place == self.months.len() {
            let month = calendar::month(date);
            let inside = |month: &i64| (self.first..=self.last).contains(month);
            self.months.push(month.filter(inside));
        }
        let Some(month) = self.months[place] else {
            let (first, last) = (calendar::text(self.first), calendar::text(self.last));
            let message = format!("`{date}` is no month from `{first}` to `{last}`");
            let hint = "mend the month, or set the stage's `first` and `last`";
            self.fault(at, "month", message, hint);
            return;
        };
        self.read += 1;
        let key = (self.apps.place(app), country, self.stores.place(store));
        if !self.add(key, (month - self.first) as usize, downloads, rank)
            && self.fault(at, "month", String::new(), "keep one of the two rows").is_some()
        {
            self.repeats.push((self.faults.len() - 1, cells.keys.map(String::from)));
        }
    }

    /// Adds a row; false if its store has the month already.
    fn add(
        &mut self,
        (app, country, store): (usize, usize, usize),
        month: usize,
        downloads: i64,
        rank: Option<i64>,
    ) -> bool {
        let same = |block: &Block| (block.app, block.country) == (app, country);
        if !self.blocks.get(self.block).is_some_and(same) {
            let new = self.blocks.len();
            self.block = *self.places.entry((app, country)).or_insert(new);
            if self.block == new {
                let months = vec![None; (self.last - self.first + 1) as usize];
                self.blocks.push(Block { app, country, months, stores: BTreeMap::new() });
            }
        }
        let block = &mut self.blocks[self.block];
        let (length, bit) = (block.months.len().div_ceil(64), 1_u64 << (month % 64));
        let seen = block.stores.entry(store).or_insert_with(|| vec![0; length]);
        let fresh = seen[month / 64] & bit == 0;
        seen[month / 64] |= bit;
        let (sum, best) = block.months[month].get_or_insert((0, None));
        *sum = sum.saturating_add(downloads);
        *best = [*best, rank].into_iter().flatten().min();
        fresh
    }

    /// The panel, or what is wrong with the rows.
    fn finish(mut self) -> Result<Panel, Failure> {
        if self.faults.is_empty() {
            let mut rows = Vec::new();
            for block in &self.blocks {
                let months = block.months.iter().enumerate();
                rows.extend(months.filter_map(|(month, found)| {
                    let (downloads, rank) = (*found)?;
                    let (app, country) = (block.app, block.country);
                    Some(Row { app, country, month: self.first + month as i64, downloads, rank })
                }));
            }
            return Ok(Panel { apps: self.apps.list, countries: self.countries.list, rows });
        }
        if !self.repeats.is_empty() {
            // Where a key came first was not kept, so the rows are read again.
            let mut firsts = vec![None; self.repeats.len()];
            self.source.each_row(&mut |at, cells| {
                for (first, (_, keys)) in firsts.iter_mut().zip(&self.repeats) {
                    if first.is_none() && cells.keys == keys.each_ref().map(String::as_str) {
                        *first = Some(at.row);
                    }
                }
            })?;
            for (first, (fault, [app, iso3, store, _])) in firsts.into_iter().zip(&self.repeats) {
                let first = first.unwrap_or_default();
                self.faults[*fault].message +=
                    &format!("`{app}` in `{iso3}` and `{store}` is in row {first} too");
            }
        }
        if self.more > 0 {
            self.faults.push(Diagnostic::contract(format!("and {} more", self.more)));
        }
        Err(Failure::contract(self.faults))
    }
}

#[cfg(test)]
mod tests {
    use engine::function::Artifact;
    use polars::prelude::df;
    use serde_json::json;
    use tables::names;

    use super::*;
    use crate::given;

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
        assert_eq!(fault.to_string(), "raw/d.csv.zst:2:14: the country `Japaan` is not known");
        assert_eq!(fault.details, ["row 2: `Japaan`; did you mean `Japan`?"]);
        assert_eq!(fault.at.as_ref().unwrap().text, "2015-01-01,x,Japaan,9,apple,-5,0.5");
        let failure = read("2015-01-01,x,Japan,9,apple,-5,0.5\n");
        let message = "raw/d.csv.zst:2:28: row 2, column `downloads`: `-5` is negative";
        assert_eq!(given::messages(failure), [message]);
    }

    #[test]
    fn what_breaks_the_rules() {
        let faults = |rows| given::messages(csv(rows));
        assert_eq!(
            faults("x,JPN,apple,2015-01,-5,9\nx,JPX,apple,2015-13,1.5,0\n,PER,apple,2014-12,1,\n"),
            [
                "raw/d.csv:2:21: row 2, column `downloads`: `-5` is negative",
                "raw/d.csv:3:21: row 3, column `downloads`: `1.5` is not a whole number",
                "raw/d.csv:3:25: row 3, column `rank`: `0` is no rank",
                "and 4 more",
            ]
        );
        assert_eq!(
            faults("x,JPN,apple,2015-13,1,\n"),
            ["raw/d.csv:2:13: row 2, column `month`: \
              `2015-13` is no month from `2015-01` to `2023-12`"]
        );
        assert_eq!(
            faults("x,JPN,apple,2015-01,1,\na,JPN,apple,2015-01,1,\nx,JPN,apple,2015-01,2,\n"),
            ["raw/d.csv:4:13: row 4, column `month`: `x` in `JPN` and `apple` is in row 2 too"]
        );
        let failure = csv("x,JPX,apple,2015-01,1,\n").unwrap_err();
        let fault = &failure.diagnostics[0];
        let message = "row 2, column `iso3`: `JPX` is no country of the study";
        assert_eq!(fault.message, message);
        assert_eq!(fault.hints, ["did you mean `JPN`?"]);
    }
}
