//! Mean monthly ranks of Chinese apps and of apps from the United States, with their trends.
//!
//! Chinese apps are those that the report selected; apps from the United
//! States are the candidates of the main category with headquarters there. For
//! each group and month, the ranks by national downloads are averaged over all
//! apps and countries that have one, the domestic market of the group left out
//! (Blocked by Numbers, Figure 1). A rank worse than `limit` counts as
//! `limit`, or a single app far down would decide the mean; months in which an
//! app has no rank in a country do not count. The trend is the straight line
//! of least squares through the monthly means, in places a year: a positive
//! slope is a fall in popularity. Beside it stands the centred moving average
//! of a year, `(x[-6]/2 + x[-5] + ... + x[5] + x[6]/2) / 12`, which shows a rise
//! and a fall and has no season (Hyndman and Athanasopoulos 2021, Forecasting:
//! Principles and Practice, 3rd ed., 3.3).

use std::collections::{BTreeMap, BTreeSet};

use account::json;
use account::values::Values;
use arithmetic::stats;
use engine::function::{Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::calendar::{self, Month};
use tables::table;

use crate::records::{candidate, panel};

/// Panels, the candidates that they hold, and the selected Chinese apps.
pub const INPUTS: &[Slot] = &[Slot::many("panels"), Slot::many("candidates"), Slot::one("apps")];
/// The figure's data, and its numbers.
pub const OUTPUTS: &[&str] = &["figure", "values"];

/// Parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// A worse rank counts as this one.
    pub limit: i64,
    /// The main category of the apps from the United States.
    pub category: String,
}

impl Default for Params {
    fn default() -> Self {
        Params { limit: 10_000, category: "Social".into() }
    }
}

/// The groups: key, name, and the country that is their domestic market.
const GROUPS: [(&str, &str, &str); 2] =
    [("us", "US apps", "USA"), ("china", "Chinese apps", "CHN")];

#[derive(Serialize)]
struct Figure {
    months: Vec<String>,
    /// A worse rank counts as this one.
    limit: i64,
    series: Vec<Series>,
    labels: BTreeSet<String>,
}

#[derive(Serialize)]
struct Series {
    group: &'static str,
    name: &'static str,
    /// Apps with a rank.
    apps: usize,
    /// The mean rank of each month.
    ranks: Vec<Option<f64>>,
    trend: Option<Trend>,
    /// The trend in each month.
    fitted: Vec<Option<f64>>,
    /// The moving average of the months that have half a year on both sides.
    smoothed: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct Trend {
    intercept: f64,
    slope: f64,
    unit: &'static str,
    /// The month that the intercept is of.
    from: String,
}

/// Ranks of a group: their sum and number by month, and the apps.
#[derive(Default)]
struct Sums<'a> {
    months: BTreeMap<Month, (i64, i64)>,
    apps: BTreeSet<&'a str>,
}

/// Averages the ranks and fits the trends.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let groups = groups(params, job)?;
    let mut sums: [Sums; 2] = Default::default();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (at, artifact) in job.many("panels").iter().enumerate() {
        let panel = panel::decode(artifact)?;
        for app in &panel.apps {
            if seen.insert(app.clone(), at).is_some() {
                return Err(Failure::from(format!("the app `{app}` is in two panels")));
            }
        }
        let members: Vec<Option<(usize, &str)>> =
            panel.apps.iter().map(|app| groups.get_key_value(app)).map(named).collect();
        for row in &panel.rows {
            let (Some((group, app)), Some(rank)) = (members[row.app], row.rank) else { continue };
            if panel.countries[row.country] == GROUPS[group].2 {
                continue;
            }
            sums[group].apps.insert(app);
            let (sum, count) = sums[group].months.entry(row.month).or_default();
            *sum += rank.min(params.limit);
            *count += 1;
        }
    }
    let all = sums.iter().flat_map(|sums| sums.months.keys());
    let (Some(first), Some(last)) = (all.clone().min(), all.max()) else {
        return Err(Failure::from("no app of either group has a rank"));
    };
    let months: Vec<Month> = (*first..=*last).collect();
    let series = GROUPS.iter().zip(&sums).map(|(group, sums)| series(group, sums, &months));
    let series: Vec<Series> = series.collect();
    let values = values(&series, &months).encode()?;
    let months = months.into_iter().map(calendar::text).collect();
    let figure = Figure { months, limit: params.limit, series, labels: job.labels() };
    Ok(Outputs::from([("figure", json::encode(&figure)?), ("values", values)]))
}

fn named<'a>(member: Option<(&'a String, &usize)>) -> Option<(usize, &'a str)> {
    member.map(|(app, group)| (*group, app.as_str()))
}

/// The group of each app that is in one, by place.
fn groups(params: &Params, job: &Job) -> Result<BTreeMap<String, usize>, Failure> {
    let mut groups = BTreeMap::new();
    for artifact in job.many("candidates") {
        for (app, candidate) in candidate::read(artifact)? {
            if candidate.headquarters == GROUPS[0].2 && candidate.category == params.category {
                groups.insert(app, 0);
            }
        }
    }
    let selected = table::texts(&table::decode(job.one("apps"))?, "app")?;
    groups.extend(selected.into_iter().map(|app| (app, 1)));
    Ok(groups)
}

fn series(
    (group, name, _): &(&'static str, &'static str, &str),
    sums: &Sums,
    months: &[Month],
) -> Series {
    let mean = |month: &Month| sums.months.get(month).map(|(sum, n)| *sum as f64 / *n as f64);
    let ranks: Vec<Option<f64>> = months.iter().map(mean).collect();
    let years = |at: usize| at as f64 / 12.0;
    let points: Vec<(f64, f64)> =
        ranks.iter().enumerate().filter_map(|(at, rank)| Some((years(at), (*rank)?))).collect();
    let (slope, intercept) = stats::line(&points);
    let trend = slope.is_finite().then(|| Trend {
        intercept,
        slope,
        unit: "places a year",
        from: calendar::text(months[0]),
    });
    let fitted = |at| slope.is_finite().then_some(intercept + slope * years(at));
    let fitted = (0..months.len()).map(fitted).collect();
    let smoothed = (0..months.len()).map(|at| smoothed(&ranks, at)).collect();
    Series { group, name, apps: sums.apps.len(), ranks, trend, fitted, smoothed }
}

/// The centred moving average of a year at one month.
fn smoothed(ranks: &[Option<f64>], at: usize) -> Option<f64> {
    let around = ranks.get(at.checked_sub(6)?..=at + 6)?;
    let known: Vec<f64> = around.iter().copied().collect::<Option<_>>()?;
    let ends = [known[0] / 2.0, known[12] / 2.0];
    Some(stats::sum(&[&ends[..], &known[1..12]].concat()) / 12.0)
}

fn values(series: &[Series], months: &[Month]) -> Values {
    let mut values = Values::default();
    for Series { group, name, apps, ranks, trend, .. } in series {
        let key = |what: &str| format!("{group}.{what}");
        values.count(&key("apps"), *apps, "apps", &format!("{name} with a rank abroad"));
        let known: Vec<f64> = ranks.iter().flatten().copied().collect();
        if !known.is_empty() {
            let about = format!("mean of the monthly mean ranks of {name} abroad");
            values.number(&key("mean"), stats::mean(&known), 0, "rank", &about);
        }
        if let Some(trend) = trend {
            let about = format!("trend of the mean rank of {name} abroad; a fall is positive");
            values.number(&key("slope"), trend.slope, 1, trend.unit, &about);
        }
    }
    // The smaller rank is the better one.
    let [us, china] = [0, 1].map(|group: usize| &series[group].ranks);
    let ahead = |(us, china): (&Option<f64>, &Option<f64>)| {
        us.zip(*china).is_some_and(|(us, china)| china < us)
    };
    let ahead: Vec<bool> = us.iter().zip(china).map(ahead).collect();
    let about = "months in which the mean rank of Chinese apps is the better one";
    values.count("ahead.months", ahead.iter().filter(|it| **it).count(), "months", about);
    let first =
        ahead.iter().position(|it| *it).map_or("none".into(), |at| calendar::text(months[at]));
    values.text("ahead.first", &first, "the first month in which it is");
    values
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;
    use serde_json::{Value, json};

    use super::*;
    use crate::given;
    use crate::records::panel::{Panel, Row};

    /// A row: app, country, month and rank.
    type Given = (&'static str, &'static str, &'static str, Option<i64>);

    /// Rows as panels; `cn` and `us` are apps of the two groups, `other` of
    /// neither, `game` of another category.
    fn ranks(panels: &[&[Given]]) -> Result<Outputs, Failure> {
        let panel = |rows: &[Given]| {
            let (mut apps, mut countries) = (panel::Names::default(), panel::Names::default());
            let rows = rows.iter().map(|(app, iso3, month, rank)| Row {
                app: apps.place(app),
                country: countries.place(iso3),
                month: calendar::month(month).unwrap(),
                downloads: 1,
                rank: *rank,
            });
            let rows = rows.collect();
            let panel = Panel { apps: apps.list, countries: countries.list, rows };
            given::passed("outputs/p.parquet", &panel::encode(&panel).unwrap())
        };
        let panels: Vec<_> = panels.iter().map(|rows| panel(rows)).collect();
        let head = "app,name,headquarters,category,sub_category,ceased,adjacent\n";
        let rows = "us,U,USA,Social,Chats,false,false\ngame,G,USA,Games,Chats,false,false\n\
                    other,O,CHN,Social,Chats,false,false\n";
        let text = format!("{head}{rows}");
        let apps = table::encode(&df!("app" => ["cn"]).unwrap(), &["app"]).unwrap();
        let job = given::job(&[
            ("panels", &panels),
            ("candidates", &[given::raw("raw/c.csv", text.as_bytes(), json!({}))]),
            ("apps", &[given::passed("outputs/a.parquet", &apps)]),
        ]);
        run(&Params { limit: 100, ..Params::default() }, &job)
    }

    const CHINA: &[Given] = &[
        ("cn", "CHN", "2016-01", Some(1)),
        ("cn", "JPN", "2016-01", Some(10)),
        ("cn", "USA", "2016-01", Some(20)),
        ("cn", "JPN", "2016-03", Some(900)),
        ("cn", "USA", "2016-03", None),
        ("other", "JPN", "2016-02", Some(1)),
    ];
    const US: &[Given] = &[
        ("us", "USA", "2016-01", Some(1)),
        ("us", "JPN", "2016-01", Some(30)),
        ("us", "JPN", "2016-02", Some(40)),
        ("us", "CHN", "2016-03", Some(50)),
        ("game", "JPN", "2016-03", Some(1)),
    ];

    #[test]
    fn means_and_trends_by_hand() {
        let outputs = ranks(&[CHINA, US]).unwrap();
        let figure: Value = serde_json::from_slice(&outputs["figure"].bytes).unwrap();
        assert_eq!(figure["months"], json!(["2016-01", "2016-02", "2016-03"]));
        let series = &figure["series"];
        assert_eq!(series[0]["group"], "us");
        assert_eq!(series[0]["ranks"], json!([30.0, 40.0, 50.0]));
        // A home market counts for the other group alone, and 900 counts as 100.
        assert_eq!(series[1]["ranks"], json!([15.0, null, 100.0]));
        // Ten places a month; 85 places in two months.
        let near = |number: &Value, expected: f64| {
            assert!((number.as_f64().unwrap() - expected).abs() < 1e-9, "{number} {expected}");
        };
        near(&series[0]["trend"]["slope"], 120.0);
        near(&series[1]["trend"]["slope"], 510.0);
        near(&series[1]["trend"]["intercept"], 15.0);
        near(&series[1]["fitted"][1], 57.5);
        for (key, expected) in [("us.mean", 40.0), ("china.mean", 57.5), ("ahead.months", 1.0)] {
            assert_eq!(given::number(&outputs, key), expected, "{key}");
        }
        assert_eq!(
            (given::number(&outputs, "us.apps"), given::number(&outputs, "china.apps")),
            (1.0, 1.0)
        );
        assert_eq!(given::values(&outputs)["ahead.first"]["text"], "2016-01");
    }

    #[test]
    fn a_moving_average_has_no_season_and_keeps_a_line() {
        let season = |at: usize| if at.is_multiple_of(12) { 12.0 } else { 0.0 };
        let ranks: Vec<_> = (0..30).map(|at| Some(at as f64 + season(at))).collect();
        let all: Vec<_> = (0..30).map(|at| smoothed(&ranks, at)).collect();
        assert!(all[..6].iter().chain(&all[24..]).all(Option::is_none));
        let line = |at: usize| (all[at].unwrap() - at as f64 - 1.0).abs() < 1e-12;
        assert!((6..24).all(line), "{all:?}");
        let gap: Vec<_> = ranks.iter().enumerate().map(|(at, it)| it.filter(|_| at != 9)).collect();
        assert_eq!((smoothed(&gap, 6), smoothed(&gap, 16)), (None, all[16]));
    }

    #[test]
    fn one_panel_may_hold_both_groups() {
        let all = [CHINA, US].concat();
        assert_eq!(ranks(&[&all]).unwrap(), ranks(&[US, CHINA]).unwrap());
    }

    #[test]
    fn a_single_month_has_no_trend() {
        let outputs = ranks(&[&CHINA[..3]]).unwrap();
        let figure: Value = serde_json::from_slice(&outputs["figure"].bytes).unwrap();
        assert_eq!(figure["series"][1]["trend"], Value::Null);
        assert_eq!(figure["series"][0]["ranks"], json!([null]));
        assert!(!given::values(&outputs).contains_key("us.mean"));
    }

    #[test]
    fn what_is_refused() {
        let messages = given::messages(ranks(&[CHINA, CHINA]));
        assert_eq!(messages, ["the app `cn` is in two panels"]);
        let messages = given::messages(ranks(&[&CHINA[5..]]));
        assert_eq!(messages, ["no app of either group has a rank"]);
    }
}
