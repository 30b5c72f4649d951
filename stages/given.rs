//! What tests of the functions begin with: artifacts, jobs, and the real data up to a stage.

use std::path::Path;

use engine::function::{Artifact, Outputs};
use tables::ingest;

use crate::data::{clean, extrapolate, interpolate, tag};
use crate::records::barrier::Barrier;
use crate::records::pair::Pair;

pub(crate) use engine::given::{artifact, job, messages, number, passed, raw, values};

/// A pair of which only a few things matter.
pub(crate) fn pair(matrix: &str, country: &str, app: &str, code: i64) -> Pair {
    Pair {
        matrix: matrix.into(),
        country: country.into(),
        iso3: format!("{country}XX"),
        region: "Region".into(),
        place: country.bytes().next().map_or(0, i64::from),
        app: app.into(),
        name: app.to_uppercase(),
        full_name: format!("{app} in full"),
        exchanges: true,
        registration: "phone".into(),
        barrier: Barrier::of(code).unwrap(),
    }
}

/// A resource of the study's data package.
pub(crate) fn resource(name: &str) -> Artifact {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/raw");
    engine::given::resource(Path::new(folder), name)
}

/// A resource of the study after `ingest`.
pub(crate) fn table(name: &str) -> Artifact {
    let references = ["apps", "countries", "country_names"].map(resource);
    let job = job(&[("table", &[resource(name)]), ("references", &references)]);
    let outputs = ingest::run(&ingest::Params::default(), &job).unwrap();
    passed(&format!("outputs/raw/{name}.parquet"), &outputs["table"])
}

/// The outputs of `clean` on the study's data.
pub(crate) fn cleaned() -> Outputs {
    clean::run(
        &clean::Params {},
        &job(&[
            ("table1", &[table("barrier_matrix_table1")]),
            ("appendix3", &[table("barrier_matrix_appendix3")]),
            ("countries", &[table("countries")]),
            ("apps", &[table("apps")]),
        ]),
    )
    .unwrap()
}

/// The outputs of `tag` on the study's data.
pub(crate) fn tagged() -> Outputs {
    tag::run(
        &tag::Params {},
        &job(&[
            ("pairs", &[passed("outputs/barriers.parquet", &cleaned()["pairs"])]),
            ("countries", &[table("countries")]),
            ("apps", &[table("apps")]),
        ]),
    )
    .unwrap()
}

/// The outputs of `extrapolate` on the study's data.
pub(crate) fn extrapolated() -> Outputs {
    let tables = [table("population_taiwan"), table("population_wdi")];
    extrapolate::run(&extrapolate::Params {}, &job(&[("tables", &tables)])).unwrap()
}

/// The outputs of `interpolate` on the study's data.
pub(crate) fn interpolated() -> Outputs {
    interpolate::run(
        &interpolate::Params {},
        &job(&[
            ("un", &[table("diaspora_un")]),
            ("oecd", &[table("diaspora_oecd")]),
            ("fill", &[table("diaspora_fill")]),
            ("published", &[table("diaspora_published")]),
            ("population", &[passed("outputs/population.parquet", &extrapolated()["table"])]),
        ]),
    )
    .unwrap()
}
