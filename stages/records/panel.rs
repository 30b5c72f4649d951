//! Monthly downloads by app and country, and the months they are counted in.

use std::collections::{BTreeMap, BTreeSet};

use engine::function::{Artifact, Failure, Output};
use polars::prelude::df;
use tables::calendar::{Month, month, text};
use tables::table;

use crate::records::pair::Pair;

/// Downloads by app, country and month, with texts as numbers.
pub struct Panel {
    /// The apps.
    pub apps: Vec<String>,
    /// The countries' ISO 3166 alpha-3 codes.
    pub countries: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// The downloads of an app in a country in a month, all stores together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The app, by its place in the list.
    pub app: usize,
    /// The country, by its place in the list.
    pub country: usize,
    /// The month.
    pub month: Month,
    /// How often the app was downloaded.
    pub downloads: i64,
    /// Its best rank by downloads in a store of the country.
    pub rank: Option<i64>,
}

/// Encodes a panel, ordered by app, country and month.
pub fn encode(panel: &Panel) -> Result<Output, Failure> {
    let months: BTreeSet<Month> = panel.rows.iter().map(|row| row.month).collect();
    let months: BTreeMap<Month, String> = months.into_iter().map(|m| (m, text(m))).collect();
    let (apps, countries) = (order(&panel.apps), order(&panel.countries));
    let key = |row: &Row| (apps[row.app], countries[row.country], row.month);
    let mut rows = panel.rows.clone();
    rows.sort_unstable_by_key(key);
    let frame = df!(
        "app" => rows.iter().map(|row| panel.apps[row.app].as_str()).collect::<Vec<_>>(),
        "iso3" => rows.iter().map(|row| panel.countries[row.country].as_str()).collect::<Vec<_>>(),
        "month" => rows.iter().map(|row| months[&row.month].as_str()).collect::<Vec<_>>(),
        "downloads" => rows.iter().map(|row| row.downloads).collect::<Vec<_>>(),
        "rank" => rows.iter().map(|row| row.rank).collect::<Vec<_>>(),
    );
    let keys: Vec<_> = rows.iter().map(key).collect();
    table::encode_sorted(frame.map_err(table::failed)?, &keys)
}

/// The place of each text among all of them, sorted.
fn order(texts: &[String]) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..texts.len()).collect();
    sorted.sort_by(|a, b| texts[*a].cmp(&texts[*b]));
    let mut order = vec![0; texts.len()];
    sorted.into_iter().enumerate().for_each(|(place, text)| order[text] = place);
    order
}

/// Decodes a panel.
pub fn decode(artifact: &Artifact) -> Result<Panel, Failure> {
    let (mut apps, mut countries) = (Names::default(), Names::default());
    let (mut dates, mut months) = (Names::default(), Vec::new());
    let mut rows = Vec::new();
    table::each_group(artifact, |_, frame| {
        let texts = |name| table::column_of_texts(&frame, name);
        let (names, codes, texts) = (texts("app")?, texts("iso3")?, texts("month")?);
        let downloads = table::integers(&frame, "downloads")?;
        let ranks = table::optional_integers(&frame, "rank")?;
        let keys = names.iter().zip(codes.iter()).zip(texts.iter());
        for (((app, iso3), date), (downloads, rank)) in keys.zip(downloads.into_iter().zip(ranks)) {
            let (Some(app), Some(iso3), Some(date)) = (app, iso3, date) else {
                return Err(Failure::from("a panel has missing keys"));
            };
            let place = dates.place(date);
            if place == months.len() {
                let month =
                    month(date).ok_or_else(|| format!("`{date}` is no month like `2015-01`"))?;
                months.push(month);
            }
            let (app, country) = (apps.place(app), countries.place(iso3));
            rows.push(Row { app, country, month: months[place], downloads, rank });
        }
        Ok(())
    })?;
    Ok(Panel { apps: apps.list, countries: countries.list, rows })
}

/// Texts by the order in which they were first met.
#[derive(Default)]
pub struct Names {
    /// The texts.
    pub list: Vec<String>,
    places: BTreeMap<String, usize>,
    last: usize,
}

impl Names {
    /// The place of a text, which is added where it is new.
    pub fn place(&mut self, text: &str) -> usize {
        // Rows come in blocks and blocks in cycles, so that most likely are
        // the last text and the one that was new after it.
        for likely in [self.last, self.last + 1, 0] {
            if self.list.get(likely).is_some_and(|name| name == text) {
                self.last = likely;
                return likely;
            }
        }
        self.last = match self.places.get(text) {
            Some(place) => *place,
            None => {
                self.places.insert(text.into(), self.list.len());
                self.list.push(text.into());
                self.list.len() - 1
            }
        };
        self.last
    }
}

/// The pair that each app and country of a panel belongs to, by their places.
pub fn tags<'a>(panel: &Panel, pairs: &'a [Pair]) -> BTreeMap<(usize, usize), &'a Pair> {
    let places = |list: &[String]| -> BTreeMap<String, usize> {
        list.iter().enumerate().map(|(place, name)| (name.clone(), place)).collect()
    };
    let (apps, countries) = (places(&panel.apps), places(&panel.countries));
    let key = |pair: &Pair| Some((*apps.get(&pair.app)?, *countries.get(&pair.iso3)?));
    pairs.iter().filter_map(|pair| Some((key(pair)?, pair))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;
    use crate::records::barrier::Barrier;

    #[test]
    fn round_trip() {
        let row =
            |app, country, month, downloads, rank| Row { app, country, month, downloads, rank };
        let panel = Panel {
            apps: vec!["a".into(), "b".into()],
            countries: vec!["JPN".into(), "PER".into()],
            rows: vec![row(1, 0, 24180, 5, Some(3)), row(0, 1, 24181, 7, None)],
        };
        let back = decode(&given::passed("p", &encode(&panel).unwrap())).unwrap();
        assert_eq!(
            (back.apps.join(" "), back.countries.join(" ")),
            ("a b".into(), "PER JPN".into())
        );
        assert_eq!(back.rows, [row(0, 0, 24181, 7, None), row(1, 1, 24180, 5, Some(3))]);
        let pairs = [given::pair("table1", "B", "b", 3)];
        assert!(tags(&back, &pairs).is_empty());
        let pairs = [Pair { iso3: "JPN".into(), ..pairs[0].clone() }];
        assert_eq!(tags(&back, &pairs)[&(1, 1)].barrier, Barrier::Both);
    }
}
