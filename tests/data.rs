//! What the data says, held against the published figures and against the raw files.
//!
//! The raw files are read here a second time, without any code of the study.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::space::Space;

/// Codes of a printed matrix by app and country, as Table 1 means them.
type Matrix = BTreeMap<(String, String), u32>;

/// The rows of a raw file, cell by cell; none of these files needs quotes.
fn rows(space: &Space, path: &str) -> Vec<Vec<String>> {
    let text = space.text(path);
    assert!(!text.contains('"'), "{path}");
    text.lines().map(|line| line.split(',').map(String::from).collect()).collect()
}

/// A matrix as printed: its rows, its columns, then the row totals that it prints.
fn printed(space: &Space, path: &str) -> (Matrix, BTreeMap<String, u32>) {
    let rows = rows(space, path);
    let (mut codes, mut totals) = (Matrix::new(), BTreeMap::new());
    for row in &rows[1..] {
        totals.insert(row[0].clone(), row[1].parse().unwrap());
        for (column, code) in rows[0].iter().zip(row).skip(2) {
            codes.insert((row[0].clone(), column.clone()), code.parse().unwrap());
        }
    }
    (codes, totals)
}

/// Table 1, by app and country.
fn table1(space: &Space) -> Matrix {
    let (codes, _) = printed(space, "raw/barrier_matrix_table1.csv");
    codes.into_iter().map(|((country, app), code)| ((app, country), code)).collect()
}

/// Appendix 3, which has codes 1 and 2 the other way round.
fn appendix3(space: &Space) -> Matrix {
    let (codes, _) = printed(space, "raw/barrier_matrix_appendix3.csv");
    codes.into_iter().map(|(pair, code)| (pair, [0, 2, 1, 3][code as usize])).collect()
}

fn barred(codes: impl IntoIterator<Item = u32>) -> usize {
    codes.into_iter().filter(|code| *code != 0).count()
}

fn json(space: &Space, path: &str) -> Value {
    serde_json::from_slice(&space.bytes(path)).unwrap()
}

/// A reported value.
#[track_caller]
fn number(values: &Value, key: &str) -> f64 {
    values[key]["number"].as_f64().unwrap_or_else(|| panic!("no number `{key}`"))
}

#[track_caller]
fn near(one: f64, other: f64) {
    assert!((one - other).abs() <= 1e-12 * other.abs(), "{one} is not {other}");
}

#[test]
fn the_diaspora_table_equals_the_published_one_but_for_one_cell() {
    let space = Space::finished();
    let published = rows(&space, "raw/diaspora_published.csv");
    let table = json(&space, "outputs/table/diaspora.json");
    let years: Vec<String> =
        table["years"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert_eq!(years, published[0][1..]);
    let computed: BTreeMap<&str, &Value> = table["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["country"].as_str().unwrap(), &row["cells"]))
        .collect();
    assert_eq!(computed.len(), published.len() - 1);
    let (mut equal, mut differing) = (0, Vec::new());
    for row in &published[1..] {
        let cells = computed[row[0].as_str()].as_array().unwrap();
        assert_eq!(cells.len(), row.len() - 1);
        for ((year, printed), cell) in years.iter().zip(&row[1..]).zip(cells) {
            let value = cell["value"].to_string();
            match value == *printed {
                true => equal += 1,
                false => differing.push(format!("{} {year}: {value}, printed {printed}", row[0])),
            }
        }
    }
    assert_eq!(equal, 458);
    // (10180 + 10180 + 2814) / 3 is 7724 2/3 and printed without its fraction.
    assert_eq!(differing, ["Ireland 2023: 7725, printed 7724"]);
}

#[test]
fn the_study_names_the_same_difference() {
    let space = Space::finished();
    let values = json(&space, "outputs/diaspora.json");
    for (key, expected) in [
        ("cells", 459.0),
        ("cells_equal", 458.0),
        ("cells_differing", 1.0),
        ("countries", 51.0),
        ("interpolated_countries", 26.0),
        ("oecd_countries", 25.0),
        ("filled_countries", 7.0),
        ("mean_countries", 14.0),
    ] {
        assert_eq!(number(&values, key), expected, "{key}");
    }
    let differences = json(&space, "outputs/diaspora_differences.json");
    assert_eq!(
        differences,
        serde_json::json!([{ "country": "Ireland", "year": 2023, "kind": "moving_average",
                             "computed": 7725, "published": 7724 }])
    );
}

#[test]
fn the_matrices_hold_the_barriers_that_they_print() {
    let space = Space::finished();
    for path in ["raw/barrier_matrix_table1.csv", "raw/barrier_matrix_appendix3.csv"] {
        let (codes, totals) = printed(&space, path);
        for (label, total) in totals {
            let row = codes.iter().filter(|((row, _), _)| *row == label).map(|(_, code)| *code);
            assert_eq!(barred(row), total as usize, "{path}: {label}");
        }
    }
}

#[test]
fn counts_of_barriers() {
    let space = Space::finished();
    let (one, other) = (table1(&space), appendix3(&space));
    let common: Vec<_> =
        one.iter().filter_map(|(pair, code)| Some((*code, *other.get(pair)?))).collect();
    let differing = common.iter().filter(|(one, other)| one != other).count();
    let (first, second) = common.iter().copied().unzip::<u32, u32, Vec<_>, Vec<_>>();
    let counted = (common.len(), barred(first), barred(second), differing);
    assert_eq!(counted, (1914, 664, 716, 66));

    let values = json(&space, "outputs/barriers.json");
    for (key, expected) in [
        ("table1.pairs", one.len()),
        ("table1.barred", barred(one.values().copied())),
        ("appendix3.pairs", other.len()),
        ("appendix3.barred", barred(other.values().copied())),
        ("common.pairs", 1914),
        ("common.barred_table1", 664),
        ("common.barred_appendix3", 716),
        ("common.differing_cells", 66),
    ] {
        assert_eq!(number(&values, key), expected as f64, "{key}");
    }
    let tagged = json(&space, "outputs/tag.json");
    let kind = |kind: u32| one.values().filter(|code| **code == kind).count() as f64;
    for (key, expected) in [("type1", kind(1)), ("type2", kind(2)), ("both", kind(3))] {
        assert_eq!(number(&tagged, &format!("table1.{key}")), expected, "{key}");
    }
}

/// One side of the split: pairs, barred pairs, and the mean share of a country.
fn side(matrix: &Matrix, countries: &[&str]) -> (f64, f64, f64) {
    let of = |country: &str| {
        let codes: Vec<u32> =
            matrix.iter().filter(|((_, c), _)| c == country).map(|(_, code)| *code).collect();
        (codes.len(), barred(codes))
    };
    let counts: Vec<_> = countries.iter().map(|country| of(country)).collect();
    let pairs: usize = counts.iter().map(|(pairs, _)| pairs).sum();
    let barred: usize = counts.iter().map(|(_, barred)| barred).sum();
    // All countries have as many pairs, so the mean of shares is the share.
    assert!(counts.iter().all(|(pairs, _)| *pairs == counts[0].0));
    (pairs as f64, barred as f64, barred as f64 / pairs as f64)
}

#[test]
fn the_ztest_at_the_median() {
    let space = Space::finished();
    let values = json(&space, "outputs/ztest/table1-median.json");
    for (key, expected) in [
        ("countries", 50.0),
        ("above.countries", 25.0),
        ("below.countries", 25.0),
        ("above.pairs", 825.0),
        ("above.barred", 267.0),
        ("below.pairs", 825.0),
        ("below.barred", 308.0),
    ] {
        assert_eq!(number(&values, key), expected, "{key}");
    }
    let three = |key: &str| format!("{:.3}", number(&values, key));
    assert_eq!((three("z"), three("welch.t")), ("-2.118".into(), "-2.834".into()));
    assert_eq!((three("p_one_tailed"), three("p_two_tailed")), ("0.983".into(), "0.034".into()));
    let four = |key: &str| format!("{:.4}", number(&values, key));
    assert_eq!((four("above.mean"), four("below.mean")), ("0.3236".into(), "0.3733".into()));

    // The same from the raw files: the diaspora of 2023 as printed, and Table 1.
    let matrix = table1(&space);
    let tested: BTreeSet<&str> = matrix.keys().map(|(_, country)| country.as_str()).collect();
    let published = rows(&space, "raw/diaspora_published.csv");
    let mut sizes: Vec<(u32, &str)> = published[1..]
        .iter()
        .filter(|row| tested.contains(row[0].as_str()))
        .map(|row| (row[9].parse().unwrap(), row[0].as_str()))
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes.len(), 50);
    let names: Vec<&str> = sizes.iter().map(|(_, name)| *name).collect();
    let (n2, k2, mean2) = side(&matrix, &names[..25]);
    let (n1, k1, mean1) = side(&matrix, &names[25..]);
    let pooled = (k1 + k2) / (n1 + n2);
    let z = (k1 / n1 - k2 / n2) / (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    near(number(&values, "z"), z);
    near(number(&values, "above.mean"), mean1);
    near(number(&values, "below.mean"), mean2);
    assert_eq!(
        number(&values, "threshold"),
        (f64::from(sizes[24].0) + f64::from(sizes[25].0)) / 2.0
    );
}

#[test]
fn the_ledger_holds_every_value_with_its_stage() {
    let space = Space::finished();
    let ledger = json(&space, "outputs/ledger.json");
    let mut expected = BTreeMap::new();
    for (stage, path) in [
        ("barriers", "barriers"),
        ("tag", "tag"),
        ("population", "population"),
        ("diaspora", "diaspora"),
        ("ztest@table1-median", "ztest/table1-median"),
        ("ztest@table1-mean", "ztest/table1-mean"),
        ("ztest@appendix3-median", "ztest/appendix3-median"),
        ("ztest@appendix3-mean", "ztest/appendix3-mean"),
    ] {
        let values = json(&space, &format!("outputs/{path}.json"));
        for (key, value) in values.as_object().unwrap() {
            expected.insert(format!("{stage}.{key}"), (stage, value["number"].clone()));
        }
    }
    let values = ledger["values"].as_object().unwrap();
    let names = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>();
    let held = |name: &&String| expected.contains_key(*name);
    assert_eq!(names(values.keys().filter(held).collect()), names(expected.keys().collect()));
    for (name, (stage, number)) in &expected {
        let value = &values[name];
        assert_eq!((&value["stage"], &value["number"]), (&Value::from(*stage), number), "{name}");
        assert_eq!(value["labels"], serde_json::json!(["published"]), "{name}");
    }
}

#[test]
fn every_raw_table_is_a_source_of_the_ledger() {
    let space = Space::finished();
    let ledger = json(&space, "outputs/ledger.json");
    let sources: BTreeSet<&str> = ledger["sources"]
        .as_object()
        .unwrap()
        .values()
        .map(|source| source["path"].as_str().unwrap())
        .collect();
    let raw = crate::space::files(space.root(), "raw");
    let mut raw: BTreeSet<&str> =
        raw.iter().map(String::as_str).filter(|path| path.ends_with(".csv")).collect();
    // Only the profile `wdi2025` builds on it.
    assert!(raw.remove("raw/population_wdi_2025-07-01.csv"));
    assert_eq!(sources, raw);
}
