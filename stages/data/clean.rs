//! Two printed barrier matrices as one long table of country-app pairs.
//!
//! Table 1 has a row a country and a column an app; Appendix 3 has a row an
//! app and a column a country, and its codes 1 and 2 have changed places.
//! Both become rows (matrix, app, country, code) with the codes of Table 1:
//! 0 no barrier, 1 not in the app store (type 1), 2 no country phone prefix
//! (type 2), 3 both. Every label must be a known app or country, and every
//! pair of a matrix occurs once.
//!
//! Nothing is corrected: where the two matrices contradict each other, or a
//! printed row total is not the number of its barred pairs, the values say how
//! often.

use std::collections::{BTreeMap, BTreeSet};

use account::values::Values;
use engine::diagnostic::{Diagnostic, Place, did_you_mean};
use engine::function::{Artifact, Failure, Job, Outputs, Slot};
use polars::prelude::{DataFrame, df};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::table;

/// The two matrices, and the tables that their labels must be in.
pub const INPUTS: &[Slot] =
    &[Slot::one("table1"), Slot::one("appendix3"), Slot::one("countries"), Slot::one("apps")];
/// The pairs, and how the matrices compare.
pub const OUTPUTS: &[&str] = &["pairs", "values"];

/// Parameters: none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {}

/// The column that holds the row totals as printed.
const TOTAL: &str = "barriers_published";

/// A printed matrix: codes by app and country, in that order.
struct Matrix {
    name: &'static str,
    codes: BTreeMap<(String, String), i64>,
    /// How many printed row totals are not the number of barred pairs.
    wrong_totals: usize,
}

/// One side of a matrix: what its labels name, and all that they can name.
#[derive(Clone, Copy)]
struct Side<'a> {
    noun: &'a str,
    known: &'a [String],
}

/// Cleans both matrices.
pub fn run(_: &Params, job: &Job) -> Result<Outputs, Failure> {
    let countries = table::texts(&table::decode(job.one("countries"))?, "country")?;
    let apps = table::texts(&table::decode(job.one("apps"))?, "app")?;
    let (countries, apps) =
        (Side { noun: "country", known: &countries }, Side { noun: "app", known: &apps });
    let as_table1 = |country, app, code| ((app, country), code);
    let table1 = matrix("table1", job.one("table1"), countries, apps, as_table1)?;
    let as_appendix3 = |app, country, code| ((app, country), swapped(code));
    let appendix3 = matrix("appendix3", job.one("appendix3"), apps, countries, as_appendix3)?;
    let values = values(&table1, &appendix3).encode()?;
    let pairs = table::encode(&frame(&[&table1, &appendix3])?, &["matrix", "app", "country"])?;
    Ok(Outputs::from([("pairs", pairs), ("values", values)]))
}

/// A code of Appendix 3 as a code of Table 1, or the other way round.
fn swapped(code: i64) -> i64 {
    match code {
        1 => 2,
        2 => 1,
        same => same,
    }
}

/// Reads a wide matrix; `pair` says which label is the app and what a code means.
fn matrix(
    name: &'static str,
    artifact: &Artifact,
    rows: Side,
    columns: Side,
    pair: impl Fn(String, String, i64) -> ((String, String), i64),
) -> Result<Matrix, Failure> {
    let frame = table::decode(artifact)?;
    let labels = table::texts(&frame, rows.noun)?;
    let totals = table::integers(&frame, TOTAL)?;
    let header = frame.get_column_names().into_iter().map(|name| name.as_str());
    let header: Vec<&str> = header.filter(|name| ![rows.noun, TOTAL].contains(name)).collect();
    let mut faults = strangers(artifact, rows, labels.iter().map(String::as_str));
    faults.extend(strangers(artifact, columns, header.iter().copied()));
    if !faults.is_empty() {
        return Err(Failure::contract(faults));
    }
    let mut codes = BTreeMap::new();
    let mut barred = vec![0; labels.len()];
    for column in header {
        let cells = table::integers(&frame, column)?;
        for ((label, code), barred) in labels.iter().zip(cells).zip(&mut barred) {
            *barred += i64::from(code != 0);
            let (key, code) = pair(label.clone(), column.to_string(), code);
            codes.insert(key, code);
        }
    }
    let wrong_totals = totals.iter().zip(&barred).filter(|(total, barred)| total != barred).count();
    Ok(Matrix { name, codes, wrong_totals })
}

/// Labels of one side that name nothing known.
fn strangers<'a>(
    artifact: &Artifact,
    side: Side,
    labels: impl Iterator<Item = &'a str>,
) -> Vec<Diagnostic> {
    let known = || side.known.iter().map(String::as_str);
    let strangers = labels.filter(|label| known().all(|known| known != *label));
    strangers
        .map(|label| {
            let message = format!("there is no {} `{label}`", side.noun);
            let mut fault = Diagnostic::contract(message).at(Place::file(&artifact.path));
            fault.hints.extend(did_you_mean(label, known().collect::<Vec<_>>()));
            fault
        })
        .collect()
}

/// All pairs as one long frame.
fn frame(matrices: &[&Matrix]) -> Result<DataFrame, Failure> {
    let pairs = || matrices.iter().flat_map(|m| m.codes.iter().map(|pair| (m.name, pair)));
    df!(
        "matrix" => pairs().map(|(matrix, _)| matrix).collect::<Vec<_>>(),
        "app" => pairs().map(|(_, ((app, _), _))| app.as_str()).collect::<Vec<_>>(),
        "country" => pairs().map(|(_, ((_, country), _))| country.as_str()).collect::<Vec<_>>(),
        "code" => pairs().map(|(_, (_, code))| *code).collect::<Vec<_>>(),
    )
    .map_err(table::failed)
}

/// What the matrices hold, and where they contradict each other.
fn values(table1: &Matrix, appendix3: &Matrix) -> Values {
    const PAIRS: &str = "country-app pairs";
    let mut values = Values::default();
    for (matrix, title) in [(table1, "Table 1"), (appendix3, "Appendix 3")] {
        let mut count = |key: &str, number: usize, unit: &str, about: &str| {
            let about = format!("{about} {title}");
            values.count(&format!("{}.{key}", matrix.name), number, unit, &about);
        };
        let barred = matrix.codes.values().filter(|code| **code != 0).count();
        count("pairs", matrix.codes.len(), PAIRS, "tested pairs in");
        count("barred", barred, PAIRS, "pairs with a hard barrier in");
        let about = "printed row totals that are not the number of barred pairs, in";
        count("wrong_totals", matrix.wrong_totals, "rows", about);
        let name = matrix.name;
        values.rows(&format!("{name}.pairs"), &format!("pairs where matrix = {name}"));
        let barred = format!("pairs where matrix = {name} and code != 0");
        values.rows(&format!("{name}.barred"), &barred);
    }
    let common: Vec<_> = table1
        .codes
        .iter()
        .filter_map(|(pair, code)| Some((pair, *code, *appendix3.codes.get(pair)?)))
        .collect();
    let differing: Vec<_> = common.iter().filter(|(_, one, other)| one != other).collect();
    let apps: BTreeSet<_> = common.iter().map(|((app, _), _, _)| app).collect();
    let countries: BTreeSet<_> = common.iter().map(|((_, country), _, _)| country).collect();
    let unlike: BTreeSet<_> = differing.iter().map(|((app, _), _, _)| app).collect();
    let mut count = |key: &str, number: usize, unit: &str, about: &str| {
        values.count(&format!("common.{key}"), number, unit, about);
    };
    count("apps", apps.len(), "apps", "apps in both matrices");
    count("countries", countries.len(), "countries", "countries in both matrices");
    count("pairs", common.len(), PAIRS, "pairs in both matrices");
    let about = "pairs in both matrices whose codes differ";
    count("differing_cells", differing.len(), PAIRS, about);
    let about = "apps of both matrices whose codes agree in every country";
    count("agreeing_apps", apps.len() - unlike.len(), "apps", about);
    let barred = common.iter().filter(|(_, one, _)| *one != 0).count();
    let about = "barred pairs in Table 1, of the pairs in both matrices";
    count("barred_table1", barred, PAIRS, about);
    let barred = common.iter().filter(|(_, _, other)| *other != 0).count();
    let about = "barred pairs in Appendix 3, of the pairs in both matrices";
    count("barred_appendix3", barred, PAIRS, about);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;

    /// Cleans two small matrices; `table1` has one country, `appendix3` one app.
    fn clean(table1: DataFrame, appendix3: DataFrame) -> Result<Outputs, Failure> {
        let given = |frame: &DataFrame, key| {
            given::passed("outputs/raw/t.parquet", &table::encode(frame, &[key]).unwrap())
        };
        let countries = df!("country" => ["Japan", "Peru"]).unwrap();
        let apps = df!("app" => ["qq", "wechat"]).unwrap();
        run(
            &Params {},
            &given::job(&[
                ("table1", &[given(&table1, "country")]),
                ("appendix3", &[given(&appendix3, "app")]),
                ("countries", &[given(&countries, "country")]),
                ("apps", &[given(&apps, "app")]),
            ]),
        )
    }

    #[test]
    fn two_small_matrices() {
        let table1 = df!(
            "country" => ["Japan", "Peru"], TOTAL => [1i64, 2],
            "qq" => [1i64, 2], "wechat" => [0i64, 3],
        );
        let appendix3 = df!("app" => ["qq"], TOTAL => [1i64], "Peru" => [2i64], "Japan" => [2i64]);
        let outputs = clean(table1.unwrap(), appendix3.unwrap()).unwrap();
        let frame = table::decode(&given::passed("p", &outputs["pairs"])).unwrap();
        assert_eq!(table::texts(&frame, "matrix").unwrap()[1..3], ["appendix3", "table1"]);
        assert_eq!(table::texts(&frame, "app").unwrap()[2..5], ["qq", "qq", "wechat"]);
        assert_eq!(table::integers(&frame, "code").unwrap(), [1, 1, 1, 2, 0, 3]);
        let number = |key| given::number(&outputs, key);
        assert_eq!(number("table1.wrong_totals"), 0.0);
        assert_eq!(number("appendix3.wrong_totals"), 1.0);
        assert_eq!((number("common.pairs"), number("common.differing_cells")), (2.0, 1.0));
    }

    #[test]
    fn labels_must_be_known() {
        let table1 = df!("country" => ["Japn"], TOTAL => [0i64], "qqq" => [0i64]).unwrap();
        let appendix3 = df!("app" => ["qq"], TOTAL => [0i64], "Peru" => [0i64]).unwrap();
        let failure = clean(table1, appendix3).unwrap_err();
        let faults: Vec<_> = failure.diagnostics.iter().map(ToString::to_string).collect();
        let expected = ["there is no country `Japn`", "there is no app `qqq`"];
        assert_eq!(faults, expected.map(|fault| format!("outputs/raw/t.parquet: {fault}")));
        assert_eq!(failure.diagnostics[0].hints, ["did you mean `Japan`?"]);
    }

    #[test]
    fn the_published_matrices() {
        let outputs = given::cleaned();
        assert_eq!(outputs["pairs"].rows, Some(1914 + 2320));
        for (key, expected) in [
            ("table1.pairs", 1914.0),
            ("table1.barred", 664.0),
            ("table1.wrong_totals", 0.0),
            ("appendix3.pairs", 2320.0),
            ("appendix3.barred", 869.0),
            ("appendix3.wrong_totals", 0.0),
            ("common.apps", 33.0),
            ("common.countries", 58.0),
            ("common.pairs", 1914.0),
            ("common.agreeing_apps", 29.0),
            ("common.differing_cells", 66.0),
            ("common.barred_table1", 664.0),
            ("common.barred_appendix3", 716.0),
        ] {
            assert_eq!(given::number(&outputs, key), expected, "{key}");
        }
    }
}
