//! A new release of a raw table: what runs, which values move and by how much, and the way back.

use std::collections::BTreeMap;

use engine::function::Artifact;
use serde_json::Value;
use tables::table;

use crate::space::{Space, same, same_outputs};

const OLD: &str = "raw/population_wdi_2023-12-18.csv";
const NEW: &str = "raw/population_wdi_2025-07-01.csv";

/// What rests on the number of inhabitants of any country.
const FROM_POPULATION: &str = "audit diaspora diaspora_table downloaded_pairs ledger manifest \
    panel panel_us popularity population quality ranks report robustness ×8 scatter select series \
    specification stand_in stand_in_us ztest@appendix3-mean ztest@appendix3-median \
    ztest@table1-mean ztest@table1-median ztest_downloaded@appendix3 ztest_downloaded@table1";

/// The numbers of the ledger by name, without those that rest on a stand-in.
fn numbers(space: &Space) -> BTreeMap<String, f64> {
    let ledger: Value = serde_json::from_slice(&space.bytes("outputs/ledger.json")).unwrap();
    let values = ledger["values"].as_object().unwrap().iter();
    let real = values.filter(|(_, value)| {
        let labels = value["labels"].as_array().unwrap();
        !labels.contains(&Value::from("synthetic"))
    });
    real.filter_map(|(name, value)| Some((name.clone(), value["number"].as_f64()?))).collect()
}

/// The population that the study works with, by country and year.
fn population(space: &Space) -> BTreeMap<(String, i64), i64> {
    let path = "outputs/population.parquet".to_string();
    let bytes = space.bytes(&path).into();
    let artifact = Artifact { path, bytes, labels: Default::default(), resource: None };
    let frame = table::decode(&artifact).unwrap();
    let (countries, years) = (table::texts(&frame, "country"), table::integers(&frame, "year"));
    let keys = countries.unwrap().into_iter().zip(years.unwrap());
    keys.zip(table::integers(&frame, "population").unwrap()).collect()
}

/// The same of a raw release, read without the study's code.
fn release(space: &Space, path: &str) -> BTreeMap<(String, i64), i64> {
    let cells = |line: &str| line.split(',').map(String::from).collect::<Vec<_>>();
    let row = |row: Vec<String>| {
        ((row[0].clone(), row[2].parse().unwrap()), row[3].parse::<i64>().unwrap())
    };
    space.text(path).lines().skip(1).map(cells).map(row).collect()
}

/// By how many percent a number changed, to one digit.
fn change(before: i64, after: i64) -> String {
    format!("{:+.1} %", 100.0 * (after as f64 / before as f64 - 1.0))
}

#[test]
fn another_release_of_the_population() {
    let space = Space::finished();
    let (outputs, lock) = (space.outputs(), space.text("pipeline.lock"));
    let (before, numbers_before) = (population(&space), numbers(&space));

    // Nothing that stands above the population runs, such as the matrices.
    assert_eq!(space.ran(&["--profile", "wdi2025"]), FROM_POPULATION);

    // Each observed cell is that of the release, before and after.
    let after = population(&space);
    for (path, cells) in [(OLD, &before), (NEW, &after)] {
        let release = release(&space, path);
        assert_eq!(release.len(), 59 * 8);
        assert!(release.iter().all(|(key, persons)| cells[key] == *persons), "{path}");
    }
    let moved = |country: &str, year| {
        let key = (country.to_string(), year);
        (before[&key], after[&key], change(before[&key], after[&key]))
    };
    assert_eq!(moved("Ukraine", 2022), (38_000_000, 41_048_766, "+8.0 %".into()));
    assert_eq!(moved("Saudi Arabia", 2022), (36_408_820, 32_175_224, "-11.6 %".into()));
    assert_eq!(moved("Taiwan", 2022).2, "+0.0 %");
    // The year that the study extrapolates follows.
    assert_eq!(moved("Saudi Arabia", 2023).2, "-12.0 %");

    // Of what rests on published data alone, only the ways to compare move that take the
    // diaspora per inhabitant, and by how much is known.
    let numbers_after = numbers(&space);
    let moved = numbers_after.iter().filter(|(name, number)| numbers_before[*name] != **number);
    let moved: Vec<String> = moved
        .map(|(name, after)| format!("{name}: {:.4} -> {after:.4}", numbers_before[name]))
        .collect();
    let (of_ways, others): (Vec<String>, Vec<String>) =
        moved.into_iter().partition(|it| it.starts_with("specification."));
    assert_eq!(others, ["population.growth_median: 0.7188 -> 0.6808"]);
    let per_head = "specification.measure.per_10000.negative: 351.0000 -> 330.0000";
    assert!(of_ways.iter().any(|it| it == per_head), "{of_ways:#?}");
    assert!(!of_ways.iter().any(|it| it.contains("headcount")), "{of_ways:#?}");
    assert_eq!(numbers_before.len(), numbers_after.len());

    // The way back runs nothing, and every byte is as before.
    assert_eq!(space.ran(&[]), "");
    same_outputs(&space.outputs(), &outputs);
    same(&space.text("pipeline.lock"), &lock);
}

/// The same release in place of the old one, as an author renews the data for good.
#[test]
fn a_release_that_replaces_the_old_one() {
    let space = Space::finished();
    let outputs = space.outputs();
    space.ran(&["--profile", "wdi2025"]);
    let numbers_of_the_profile = numbers(&space);
    let (old, new) = (OLD.replace("raw/", "path: "), NEW.replace("raw/", "path: "));
    space.edit("raw/datapackage.yaml", &old, &new);
    // What follows from the table is known from the profile, but for what
    // tells where it comes from.
    assert_eq!(space.ran(&[]), "audit ingest@population_wdi ledger manifest population report");
    assert_eq!(numbers(&space), numbers_of_the_profile);
    let package = space.text("raw/datapackage.yaml");
    space.file("raw/datapackage.yaml", package.replacen(&new, &old, 1));
    assert_eq!(space.ran(&[]), "");
    same_outputs(&space.outputs(), &outputs);
}

/// The World Bank's file as it is fetched makes the same table as the transcribed one.
#[test]
fn the_file_as_the_world_bank_publishes_it() {
    let space = Space::finished();
    let release = release(&space, NEW);
    let names = [("South Korea", "Korea, Rep."), ("Turkey", "Turkiye"), ("Vietnam", "Viet Nam")];
    let codes: BTreeMap<String, String> = space
        .text(NEW)
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(String::from).collect::<Vec<_>>())
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let years: String = (1960..=2022).map(|year| format!("\"{year}\",")).collect();
    let mut text = "\u{feff}\"Data Source\",\"World Development Indicators\",\r\n\r\n\
        \"Last Updated Date\",\"2025-07-01\",\r\n\r\n\
        \"Country Name\",\"Country Code\",\"Indicator Name\",\"Indicator Code\","
        .to_string();
    text += &format!("{years}\r\n");
    for (name, code) in &codes {
        let printed = names.iter().find(|(own, _)| own == name).map_or(name.as_str(), |it| it.1);
        text += &format!("\"{printed}\",\"{code}\",\"Population, total\",\"SP.POP.TOTL\",");
        text += &"\"\",".repeat(55);
        let cell = |year| format!("\"{}\",", release[&(name.clone(), year)]);
        text += &format!("{}\r\n", (2015..=2022).map(cell).collect::<String>());
    }
    space.file("raw/API_SP.POP.TOTL_DS2_en_csv_v2.csv", &text);
    space.ran(&["population", "--profile", "wdi2025"]);
    let expected = space.bytes("outputs/population.parquet");
    let resource = "    path: API_SP.POP.TOTL_DS2_en_csv_v2.csv
    dialect:
      layout:
        kind: world_bank
        indicator: SP.POP.TOTL
        years: [2015, 2022]
        release: \"2025-07-01\"
        economies: countries
";
    let old = format!("    {}\n", OLD.replace("raw/", "path: "));
    space.edit("raw/datapackage.yaml", &old, resource);
    assert_eq!(space.ran(&["population"]), "ingest@population_wdi population");
    assert!(space.bytes("outputs/population.parquet") == expected);

    // A name that nobody knows stops the run, with what to do.
    let table = "raw/API_SP.POP.TOTL_DS2_en_csv_v2.csv";
    space.edit(table, "\"Korea, Rep.\",\"KOR\"", "\"Korea, Repp.\",\"KOR\"");
    let said = space.say(&["run", "population", "--quiet"]);
    assert_eq!(said.code, 5);
    for words in [
        "error: the country `Korea, Repp.` is not known",
        "the code `KOR` beside it is that of `South Korea`",
        "hint: add the names to the table `country_names`",
    ] {
        assert!(said.err.contains(words), "{}", said.err);
    }
}
