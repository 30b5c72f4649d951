//! Each pair with its region, barrier types and kind of app, and what follows for the totals.
//!
//! A pair has a type 1 barrier where the app is missing from the country's
//! store, a type 2 barrier where registration lacks the country's phone
//! prefix; codes 1, 2 and 3 are pairs with a hard barrier. Of the apps it
//! says whether users can exchange information and what registration asks
//! for. The groups of apps follow the report: group 1 is barred in more than
//! half of the countries, group 2 in fewer, group 3 in none.
//!
//! Shares are barred pairs divided by tested pairs. The short name of an app
//! is its name up to the slogan (`records/app.rs`).

use std::collections::BTreeMap;

use account::values::{Values, slug};
use engine::diagnostic::{Diagnostic, Place};
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

use crate::records::app;
use crate::records::barrier::Barrier;
use crate::records::pair::{self, Pair, Tally};

/// The cleaned pairs, the countries with their regions, and the selected apps.
pub const INPUTS: &[Slot] = &[Slot::one("pairs"), Slot::one("countries"), Slot::one("apps")];
/// The tagged pairs, and the totals.
pub const OUTPUTS: &[&str] = &["pairs", "values"];

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

/// What is known of a country.
struct Country {
    iso3: String,
    region: String,
    place: i64,
}

/// What is known of an app.
struct App {
    name: String,
    full_name: String,
    exchanges: bool,
    registration: String,
}

/// Tags the pairs.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let countries = countries(job.one("countries"))?;
    let apps = apps(job.one("apps"))?;
    let pairs = pairs(job.one("pairs"), &countries, &apps)?;
    let mut values = Values::default();
    count_apps(&mut values, &apps);
    for matrix in ["table1", "appendix3"] {
        count_pairs(&mut values, matrix, &pairs);
    }
    let outputs = [("pairs", pair::encode(&pairs)?), ("values", values.encode()?)];
    Ok(Outputs::from(outputs))
}

/// Countries that have a region; the others stand in no matrix.
fn countries(artifact: &Artifact) -> Result<BTreeMap<String, Country>, Failure> {
    let frame = table::decode(artifact)?;
    let names = table::texts(&frame, "country")?;
    let codes = table::texts(&frame, "iso3")?;
    let regions = table::optional_texts(&frame, "region")?;
    let places = table::optional_integers(&frame, "table1_order")?;
    let mut countries = BTreeMap::new();
    for (((name, iso3), region), place) in names.into_iter().zip(codes).zip(regions).zip(places) {
        if let (Some(region), Some(place)) = (region, place) {
            countries.insert(name, Country { iso3, region, place });
        }
    }
    Ok(countries)
}

fn apps(artifact: &Artifact) -> Result<BTreeMap<String, App>, Failure> {
    let frame = table::decode(artifact)?;
    let keys = table::texts(&frame, "app")?;
    let names = table::texts(&frame, "name")?;
    let matrix_names = table::optional_texts(&frame, "matrix_name")?;
    let exchanges = table::booleans(&frame, "exchanges_information")?;
    let registration = table::texts(&frame, "registration")?;
    let app = |row: usize| App {
        name: app::short(&names[row]),
        full_name: matrix_names[row].clone().unwrap_or_else(|| names[row].clone()),
        exchanges: exchanges[row],
        registration: registration[row].clone(),
    };
    Ok(keys.into_iter().enumerate().map(|(row, key)| (key, app(row))).collect())
}

/// Joins pairs with what is known of their countries and apps.
fn pairs(
    artifact: &Artifact,
    countries: &BTreeMap<String, Country>,
    apps: &BTreeMap<String, App>,
) -> Result<Vec<Pair>, Failure> {
    let frame = table::decode(artifact)?;
    let (matrices, names) = (table::texts(&frame, "matrix")?, table::texts(&frame, "country")?);
    let (keys, codes) = (table::texts(&frame, "app")?, table::integers(&frame, "code")?);
    let mut pairs = Vec::with_capacity(codes.len());
    for (((matrix, country), app), code) in matrices.into_iter().zip(names).zip(keys).zip(codes) {
        let fault = |message: String| {
            Failure::contract(vec![Diagnostic::contract(message).at(Place::file(&artifact.path))])
        };
        let Some(Country { iso3, region, place }) = countries.get(&country) else {
            return Err(fault(format!("the country `{country}` has no region or no place")));
        };
        let Some(App { name, full_name, exchanges, registration }) = apps.get(&app) else {
            return Err(fault(format!("there is no app `{app}`")));
        };
        pairs.push(Pair {
            matrix,
            country,
            iso3: iso3.clone(),
            region: region.clone(),
            place: *place,
            app,
            name: name.clone(),
            full_name: full_name.clone(),
            exchanges: *exchanges,
            registration: registration.clone(),
            barrier: Barrier::of(code).ok_or_else(|| fault(format!("`{code}` is no barrier")))?,
        });
    }
    Ok(pairs)
}

/// Counts the selected apps by what they ask for and allow.
fn count_apps(values: &mut Values, apps: &BTreeMap<String, App>) {
    let count = |of: &dyn Fn(&&App) -> bool| apps.values().filter(of).count();
    let mut add = |key: &str, number: usize, about: &str| values.count(key, number, "apps", about);
    let phone = |app: &&App| app.registration == "phone";
    let exchanging = count(&|app| app.exchanges);
    let exchanging_phone = count(&|app| app.exchanges && phone(app));
    add("apps.selected", apps.len(), "selected apps");
    add("apps.phone", count(&phone), "apps that need a phone number to register");
    let email = count(&|app| app.registration == "email_or_none");
    add("apps.email", email, "apps that register by e-mail or need no account");
    let id = count(&|app| app.registration == "id_document");
    add("apps.id_document", id, "apps that need an identity document to register");
    add("apps.exchanging", exchanging, "apps whose users can exchange information");
    let about = "apps whose users can exchange information and that need a phone number";
    add("apps.exchanging_phone", exchanging_phone, about);
    let about = "apps that need a phone number and whose users cannot exchange information";
    add("apps.silent_phone", count(&|app| !app.exchanges && phone(app)), about);
    let mut share = |key: &str, part: usize, whole: usize, about: &str| {
        values.number(key, 100.0 * part as f64 / whole as f64, 1, "percent", about);
    };
    let about = "share of the selected apps that need a phone number";
    share("apps.phone_share", count(&phone), apps.len(), about);
    let about = "the same, of the apps whose users can exchange information";
    share("apps.exchanging_phone_share", exchanging_phone, exchanging, about);
}

/// Counts the pairs of one matrix by barrier, and its apps by group.
fn count_pairs(values: &mut Values, matrix: &str, pairs: &[Pair]) {
    let pairs: Vec<&Pair> = pairs.iter().filter(|pair| pair.matrix == matrix).collect();
    if pairs.is_empty() {
        return;
    }
    let (mut by_app, mut by_country) = (BTreeMap::new(), BTreeMap::new());
    for pair in &pairs {
        by_app.entry(&pair.app).or_insert_with(Vec::new).push(*pair);
        by_country.entry(&pair.country).or_insert_with(Vec::new).push(*pair);
    }
    let all = Tally::of(pairs.iter().copied());
    let mut count = |key: &str, number: usize, unit: &str, about: &str| {
        values.count(&format!("{matrix}.{key}"), number, unit, about);
    };
    count("apps", by_app.len(), "apps", "apps in the matrix");
    count("countries", by_country.len(), "countries", "countries in the matrix");
    let mut rows = |key: &str, number: usize, which: &str, about: &str| {
        let key = format!("{matrix}.{key}");
        values.count(&key, number, "country-app pairs", about);
        values.rows(&key, &format!("pairs where matrix = {matrix}{which}"));
    };
    rows("pairs", all.pairs, "", "tested pairs");
    let about = "pairs with a barrier of type 1, type 2 or both";
    rows("barred", all.barred, " and barred = true", about);
    for (key, number, barrier) in [
        ("type1", all.type1, Barrier::StoreOnly),
        ("type2", all.type2, Barrier::PhoneOnly),
        ("both", all.both, Barrier::Both),
    ] {
        rows(key, number, &format!(" and code = {}", barrier.code()), barrier.pairs());
    }
    let mut count = |key: &str, number: usize, unit: &str, about: &str| {
        values.count(&format!("{matrix}.{key}"), number, unit, about);
    };
    let share = |pairs: &Vec<&Pair>| Tally::of(pairs.iter().copied()).share();
    let group = |of: &dyn Fn(f64) -> bool| by_app.values().filter(|app| of(share(app))).count();
    let about = "apps barred in more than half of the countries";
    count("group1", group(&|share| share > 0.5), "apps", about);
    let about = "apps barred in some countries, at most half of them";
    count("group2", group(&|share| share > 0.0 && share <= 0.5), "apps", about);
    count("group3", group(&|share| share == 0.0), "apps", "apps without any barrier");
    let percent = 100.0 * all.share();
    let about = "share of tested pairs with a hard barrier";
    values.number(&format!("{matrix}.barred_share"), percent, 1, "percent", about);
    count_parts(values, matrix, &pairs);
}

/// Counts the barred countries of each app and the barred pairs of each region.
fn count_parts(values: &mut Values, matrix: &str, pairs: &[&Pair]) {
    let mut by_app: BTreeMap<(&str, &str), Vec<&Pair>> = BTreeMap::new();
    let mut by_region: BTreeMap<&str, Vec<&Pair>> = BTreeMap::new();
    for &pair in pairs {
        by_app.entry((&pair.app, &pair.name)).or_default().push(pair);
        by_region.entry(&pair.region).or_default().push(pair);
    }
    for ((key, name), pairs) in by_app {
        let rows = format!("pairs where matrix = {matrix} and app = {key} and barred = true");
        let (key, about) = (format!("{matrix}.app.{key}"), format!("countries that bar {name}"));
        values.count(&key, Tally::of(pairs).barred, "countries", &about);
        values.rows(&key, &rows);
    }
    for (region, pairs) in by_region {
        let tally = Tally::of(pairs);
        let about = format!("share of tested pairs with a hard barrier: {region}");
        let key = format!("{matrix}.region.{}", slug(region));
        values.number(&key, 100.0 * tally.share(), 1, "percent", &about);
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;

    use super::*;
    use crate::given;

    /// Tags the pair of `app` and `country`, barred by type 2.
    fn tag(app: &str, country: &str) -> Result<Outputs, Failure> {
        let given = |frame: polars::prelude::PolarsResult<_>, key: &[&str]| {
            given::passed("outputs/t.parquet", &table::encode(&frame.unwrap(), key).unwrap())
        };
        let pairs = df!(
            "matrix" => ["table1"], "app" => [app], "country" => [country], "code" => [2i64]
        );
        let countries = df!(
            "country" => ["Japan", "India"], "iso3" => ["JPN", "IND"],
            "region" => [Some("Asia"), None], "table1_order" => [Some(8i64), None],
        );
        let apps = df!(
            "app" => ["qq"], "name" => ["QQ - chat"], "matrix_name" => [None::<&str>],
            "exchanges_information" => [true], "registration" => ["phone"],
        );
        run(
            &Params {},
            &given::job(&[
                ("pairs", &[given(pairs, &["app"])]),
                ("countries", &[given(countries, &["country"])]),
                ("apps", &[given(apps, &["app"])]),
            ]),
        )
    }

    #[test]
    fn one_pair() {
        let outputs = tag("qq", "Japan").unwrap();
        let pairs = pair::decode(&given::passed("p", &outputs["pairs"])).unwrap();
        let pair = &pairs[0];
        assert_eq!((pair.iso3.as_str(), pair.region.as_str(), pair.place), ("JPN", "Asia", 8));
        assert_eq!((pair.name.as_str(), pair.full_name.as_str()), ("QQ", "QQ - chat"));
        assert_eq!((pair.phone(), pair.store(), pair.exchanges), (true, false, true));
        assert_eq!(given::number(&outputs, "table1.barred_share"), 100.0);
    }

    #[test]
    fn strangers_are_refused() {
        let place = "outputs/t.parquet";
        let country = format!("{place}: the country `India` has no region or no place");
        assert_eq!(given::messages(tag("qq", "India")), [country]);
        let app = format!("{place}: there is no app `momo`");
        assert_eq!(given::messages(tag("momo", "Japan")), [app]);
    }

    #[test]
    fn the_published_totals() {
        let outputs = given::tagged();
        assert_eq!(outputs["pairs"].rows, Some(4234));
        for (key, expected) in [
            ("apps.selected", 62.0),
            ("apps.phone", 39.0),
            ("apps.email", 22.0),
            ("apps.id_document", 1.0),
            ("apps.exchanging", 43.0),
            ("apps.exchanging_phone", 32.0),
            ("apps.silent_phone", 7.0),
            ("table1.apps", 33.0),
            ("table1.countries", 58.0),
            ("table1.pairs", 1914.0),
            ("table1.barred", 664.0),
            ("table1.type1", 231.0),
            ("table1.type2", 375.0),
            ("table1.both", 58.0),
            ("table1.group1", 10.0),
            ("table1.group2", 15.0),
            ("table1.group3", 8.0),
            ("table1.app.kuaishou", 19.0),
            ("appendix3.app.kuaishou", 58.0),
            ("appendix3.apps", 40.0),
            ("appendix3.barred", 869.0),
        ] {
            assert_eq!(given::number(&outputs, key), expected, "{key}");
        }
    }
}
