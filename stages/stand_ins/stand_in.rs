//! A stand-in for the licensed download panel: drawn from a model, never observed.
//!
//! Nobody may read a finding off these numbers. They exist so that the code
//! for the licensed panel runs; whatever is made from them is labelled
//! `synthetic`. The 62 selected apps are real in name only here, the other
//! candidates are invented and called `stand-in 001` and so on.
//!
//! **Model.** The downloads of app a in country c and month m, of a pair with
//! barrier kind k, are in proportion to
//!
//! `A(a) R(r) S(c) P(a,c) exp(rise min(t, u) + (fall + effect(k)) max(t-u, 0))
//! (1 + season cos(2 pi (m-1)/12)) E`,
//!
//! where A, R, P and E are log-normal with median 1 (of the app, the region,
//! the pair, and each month), `S(c) = base (inhabitants / 10^6)^elasticity`,
//! t is in years from the first month, and u is the start of the year `turn`.
//! A share `absent` of pairs has no downloads. Stores divide a country by a
//! drawn share; an app for Android alone has one store, and so has China.
//!
//! **Scaling.** For the pairs of the matrix, the sums by region, barrier kind
//! and year are raked to the aggregates that the report prints (see
//! `target.rs`) and rounded. Sums of a year, the relative change and the
//! three projections are met within this rounding (half a download a cell),
//! sums under a printed bound take `margin` of it, and the stated total of
//! the projections is compared only: it is larger than the sum of its parts.
//! Downloads are whole: within a cell they are the steps of the rounded
//! running total.
//!
//! **Candidates.** China and India stand outside of the aggregates. An app of
//! the matrix has its remaining downloads there, every other app has all of
//! its own in a few countries, so that its mean month lies above or below the
//! threshold, as the published numbers of dropped apps need. The rank is
//! `(top inhabitants / downloads)^(1/zipf)`; the best month of a candidate
//! abroad is lifted into the `rank_limit`, for the query had found it there.

use account::json;
use account::values::Values;
use engine::function::{Failure, Job, Output, Outputs, Slot};
use polars::prelude::df;
use serde::Serialize;
use tables::calendar::{self, Month};
use tables::table;

use crate::stand_ins::lines::{self, Allotment, Line};
use crate::stand_ins::market::{Candidate, Market};
use crate::stand_ins::target::{self, Rule, Target};

/// The tagged pairs, the apps and countries, population, and the printed aggregates.
pub const INPUTS: &[Slot] = &[
    Slot::one("pairs"),
    Slot::one("apps"),
    Slot::one("countries"),
    Slot::one("population"),
    Slot::one("published"),
];
/// The panel, the candidates, how the aggregates are met, and a summary.
pub const OUTPUTS: &[&str] = &["panel", "candidates", "aggregates", "values"];

/// Parameters: those of the market.
pub type Params = crate::stand_ins::market::Params;

/// How an aggregate is met.
#[derive(Serialize)]
struct Met<'a> {
    region: &'a str,
    barrier: &'a str,
    year: &'a str,
    published: f64,
    reached: f64,
    how: &'static str,
}

/// Draws, scales and encodes the panel.
pub fn run(params: &Params, job: &Job) -> Result<Outputs, Failure> {
    let market = Market::read(params, job)?;
    let targets = target::read(job.one("published"))?;
    let (lines, model) = lines::draw(&market, params, job.seed())?;
    let amounts = market.cells.rake(&model.matrix, &targets, params.margin)?;
    let mut totals: Vec<i64> = amounts.iter().map(|amount| amount.round() as i64).collect();
    let whole: Vec<f64> = totals.iter().map(|total| *total as f64).collect();
    totals.extend(model.others);
    let panel = panel(&market, params, &lines, &totals)?;
    let met: Vec<Met> = targets.iter().map(|target| met(&market, target, &whole)).collect();
    let values = values(&panel, &market.candidates, &met)?;
    Ok(Outputs::from([
        ("panel", panel),
        ("candidates", candidates(&market.candidates)?),
        ("aggregates", json::encode(&met)?),
        ("values", values),
    ]))
}

fn met<'a>(market: &Market, target: &'a Target, amounts: &[f64]) -> Met<'a> {
    let covered = market.cells.cover(target);
    Met {
        region: &target.region,
        barrier: &target.barrier,
        year: &target.year,
        published: target.amount,
        reached: if covered { market.cells.reached(target, amounts) } else { 0.0 },
        how: match target.rule {
            _ if !covered => "outside of the years",
            Rule::Equal | Rule::Change | Rule::Projection => "within rounding",
            Rule::Below => "below the bound",
            Rule::Stated => "compared only",
        },
    }
}

/// A row of an app: country by place, whether the store is Google's, which
/// copy of it, month; downloads and rank.
type Row = ((usize, bool, u32, Month), i64, i64);

/// The rows of one app with downloads, each with its rank, in their order.
fn rows(market: &Market, params: &Params, lines: &[Line], allotment: &mut Allotment) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut best: Option<(i64, usize)> = None;
    for line in lines {
        let place = &market.places[line.place];
        for (copy, downloads) in allotment.next(line).enumerate().filter(|(_, n)| *n > 0) {
            let rank = place.rank(downloads, params.top, params.zipf);
            if place.region.is_some() {
                let found = (rank, rows.len());
                best = Some(best.map_or(found, |known| known.min(found)));
            }
            rows.push(((line.place, line.google, copy as u32, line.month), downloads, rank));
        }
    }
    if let Some((rank, at)) = best {
        rows[at].2 = rank.min(params.rank_limit);
    }
    rows.sort_unstable_by_key(|row| row.0);
    rows
}

/// Writes the panel app by app, so that it is never held as a whole.
fn panel(
    market: &Market,
    params: &Params,
    lines: &[Line],
    totals: &[i64],
) -> Result<Output, Failure> {
    let months: Vec<String> =
        (market.start..market.start + market.months).map(calendar::text).collect();
    let store = |google, copy: u32| match (google, copy) {
        (false, 0) => "apple".to_string(),
        (true, 0) => "google_play".to_string(),
        (false, copy) => format!("apple_{}", copy + 1),
        (true, copy) => format!("google_play_{}", copy + 1),
    };
    let stores: Vec<[String; 2]> =
        (0..params.size.max(1)).map(|c| [false, true].map(|g| store(g, c))).collect();
    let mut allotment = Allotment::new(lines, totals, params.size);
    let mut pieces = table::Pieces::default();
    for lines in lines.chunk_by(|one, next| one.app == next.app) {
        let app = lines[0].app;
        let rows = rows(market, params, lines, &mut allotment);
        let name = |(_, google, copy, _): (usize, bool, u32, Month)| {
            stores[copy as usize][usize::from(google)].as_str()
        };
        let month = |month: Month| months[(month - market.start) as usize].as_str();
        let frame = df!(
            "app" => vec![market.candidates[app].key.as_str(); rows.len()],
            "iso3" => rows.iter().map(|it| market.places[it.0.0].iso3.as_str()).collect::<Vec<_>>(),
            "store" => rows.iter().map(|it| name(it.0)).collect::<Vec<_>>(),
            "month" => rows.iter().map(|it| month(it.0.3)).collect::<Vec<_>>(),
            "downloads" => rows.iter().map(|it| it.1).collect::<Vec<_>>(),
            "rank" => rows.iter().map(|it| it.2).collect::<Vec<_>>(),
        );
        let keys: Vec<_> = rows.iter().map(|row| (app, row.0)).collect();
        pieces.push(frame.map_err(table::failed)?, &keys)?;
    }
    pieces.finish()
}

fn candidates(candidates: &[Candidate]) -> Result<Output, Failure> {
    let texts = |of: fn(&Candidate) -> &str| candidates.iter().map(of).collect::<Vec<_>>();
    let flags = |of: fn(&Candidate) -> bool| candidates.iter().map(of).collect::<Vec<_>>();
    let frame = df!(
        "app" => texts(|it| &it.key),
        "name" => texts(|it| &it.name),
        "headquarters" => vec!["CHN"; candidates.len()],
        "category" => vec!["Social"; candidates.len()],
        "sub_category" => texts(|it| it.sub_category),
        "ceased" => flags(|it| it.ceased),
        "adjacent" => flags(|it| it.adjacent),
        "invented" => flags(|it| !it.selected),
    );
    table::encode(&frame.map_err(table::failed)?, &["app"])
}

fn values(panel: &Output, candidates: &[Candidate], met: &[Met]) -> Result<Output, Failure> {
    let mut values = Values::default();
    values.count("rows", panel.rows.unwrap_or(0) as usize, "rows", "rows of the stand-in panel");
    values.count("apps", candidates.len(), "apps", "candidate apps of the stand-in");
    let invented = candidates.iter().filter(|candidate| !candidate.selected).count();
    values.count("apps.invented", invented, "apps", "candidate apps that are invented");
    let of = |how: &str| met.iter().filter(|it| it.how == how).count();
    let about = "printed aggregates that the stand-in is scaled to";
    values.count("aggregates.scaled", of("within rounding"), "aggregates", about);
    let about = "printed upper bounds that the stand-in keeps";
    values.count("aggregates.bounds", of("below the bound"), "aggregates", about);
    let scaled = met.iter().filter(|it| it.how == "within rounding");
    let off = |it: &Met| 1e6 * (it.reached - it.published).abs() / it.published.abs();
    let largest = scaled.map(off).max_by(f64::total_cmp).unwrap_or(0.0);
    let about = "largest deviation of a scaled aggregate from the printed one";
    values.number("aggregates.off", largest, 2, "parts per million", about);
    values.encode()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::given;

    fn stand_in(params: &Params, seed: [u8; 32]) -> Outputs {
        let job = given::job(&[
            ("pairs", &[given::passed("outputs/tag.parquet", &given::tagged()["pairs"])]),
            ("apps", &[given::table("apps")]),
            ("countries", &[given::table("countries")]),
            ("population", &[given::passed("p", &given::extrapolated()["table"])]),
            ("published", &[given::table("downloads_published")]),
        ]);
        let inputs = INPUTS.iter().map(|slot| (slot.role.into(), job.many(slot.role).to_vec()));
        run(params, &Job::new(Value::Null, inputs.collect(), seed)).unwrap()
    }

    /// The published sums again, from the rows alone.
    #[test]
    fn the_printed_aggregates_are_met() {
        let outputs = stand_in(&Params::default(), [5; 32]);
        let frame = table::decode(&given::passed("p", &outputs["panel"])).unwrap();
        let pairs = crate::records::pair::decode(&given::passed("t", &given::tagged()["pairs"]));
        let pairs = pairs.unwrap().into_iter().filter(|pair| pair.matrix == "table1");
        let tags: BTreeMap<_, _> =
            pairs.map(|p| ((p.app, p.iso3), (p.region, p.barrier.place()))).collect();
        let texts = |name| table::texts(&frame, name).unwrap();
        let (apps, codes, months) = (texts("app"), texts("iso3"), texts("month"));
        let downloads = table::integers(&frame, "downloads").unwrap();
        assert!(downloads.iter().all(|number| *number > 0));
        let mut sums: BTreeMap<(String, usize, String), i64> = BTreeMap::new();
        for row in 0..frame.height() {
            let Some((region, kind)) = tags.get(&(apps[row].clone(), codes[row].clone())) else {
                continue;
            };
            for region in ["World", region] {
                let key = (region.into(), *kind, months[row][..4].to_string());
                *sums.entry(key).or_default() += downloads[row];
            }
        }
        let sum = |region: &str, kinds: &[usize], year: i64| -> i64 {
            let key = |kind: &usize| (region.to_string(), *kind, year.to_string());
            kinds.iter().map(|kind| sums.get(&key(kind)).copied().unwrap_or(0)).sum::<i64>()
        };
        let near = |sum: i64, printed: i64| assert!((sum - printed).abs() <= 11, "{sum}");
        near(sum("World", &[1, 2, 3], 2017), 32_000_000);
        near(sum("World", &[1, 2, 3], 2023), 5_700_000);
        near(sum("World", &[3], 2017), 27_800_000);
        near(sum("World", &[3], 2023), 484_000);
        near(sum("North America", &[3], 2017), 9_000_000);
        near(sum("Asia-Pacific", &[1, 2, 3], 2017), 12_000_000);
        assert!(sum("North America", &[3], 2020) < 1_000_000);
        assert!(sum("Asia-Pacific", &[1, 2, 3], 2023) < 3_000_000);
        let peak = (2015..=2023).max_by_key(|year| sum("Asia-Pacific", &[1, 2, 3], *year));
        assert_eq!(peak, Some(2017));
        near(sum("World", &[0], 2017) * 6 / 10, sum("World", &[0], 2023));
        let mean = |kind| (2021..=2023).map(|year| sum("World", &[kind], year)).sum::<i64>() / 3;
        near(mean(2), 4_200_000);
        near(mean(1), 230_000);
        near(mean(3), 1_000_000);
        assert!(given::number(&outputs, "aggregates.off") < 10.0);
        assert_eq!(given::number(&outputs, "aggregates.scaled"), 10.0);
        assert_eq!(given::number(&outputs, "aggregates.bounds"), 2.0);
        assert_eq!(given::number(&outputs, "apps"), 247.0);
        assert_eq!(given::number(&outputs, "apps.invented"), 185.0);
    }

    #[test]
    fn the_seed_decides_and_the_size_multiplies_rows() {
        let short = |size| Params { first_year: 2022, size, ..Params::default() };
        let once = stand_in(&short(1), [5; 32]);
        assert_eq!(once, stand_in(&short(1), [5; 32]));
        assert_ne!(once["panel"], stand_in(&short(1), [6; 32])["panel"]);
        let twice = stand_in(&short(2), [5; 32]);
        let (one, two) = (once["panel"].rows.unwrap(), twice["panel"].rows.unwrap());
        assert!(two > one * 3 / 2 && two <= one * 2 + one / 4, "{one} {two}");
        assert_eq!(once["candidates"], twice["candidates"]);
        let total = |outputs: &Outputs| -> i64 {
            let frame = table::decode(&given::passed("p", &outputs["panel"])).unwrap();
            table::integers(&frame, "downloads").unwrap().iter().sum::<i64>()
        };
        assert_eq!(total(&once), total(&twice));
    }
}
