//! The study: the functions that its stages use, in rooms, in reading order.

use cli::Study;
use engine::code::Source;
use engine::function::Function;

/// What the tables of this study hold; every room may use it.
pub mod records {
    pub mod app;
    pub mod barrier;
    pub mod pair;
    pub mod panel;
    pub mod size;
    pub mod candidate;
    pub mod flow;
    pub mod axis;
    pub mod download;
}

/// From raw tables to tagged pairs, people and downloads.
pub mod data {
    pub mod clean;
    pub mod tag;
    pub mod extrapolate;
    pub mod interpolate;
    pub mod panel;
}

/// In place of the licensed downloads.
pub mod stand_ins {
    pub mod target;
    pub mod market;
    pub mod lines;
    pub mod stand_in;
    pub mod stand_in_us;
}

/// Which apps are looked at.
pub mod selection {
    pub mod select;
    pub mod narrow;
}

/// What became of downloads.
pub mod downloads {
    pub mod series;
    pub mod ranks;
    pub mod printed_downloads;
}

/// Whether countries with a large diaspora meet more barriers.
pub mod difference {
    pub mod compare;
    pub mod ztest;
    pub mod downloaded;
    pub mod quality;
    pub mod robustness;
    pub mod specification;
}

/// What else the tables say.
pub mod findings {
    pub mod registration;
    pub mod contradictions;
    pub mod survey;
}

/// What figures and tables are drawn from.
pub mod exhibit {
    pub mod figure_matrix;
    pub mod figure_scatter;
    pub mod figure_flow;
    pub mod figure_popularity;
    pub mod table_regions;
    pub mod table_diaspora;
    pub mod table_legal;
}

#[cfg(test)]
mod given;

/// Every source of the study that a function may name.
pub const SOURCES: &[Source] = engine::sources!("stages/":
    "records/app.rs",
    "records/barrier.rs",
    "records/pair.rs",
    "records/panel.rs",
    "records/size.rs",
    "records/candidate.rs",
    "records/flow.rs",
    "records/axis.rs",
    "records/download.rs",
    "data/clean.rs",
    "data/tag.rs",
    "data/extrapolate.rs",
    "data/interpolate.rs",
    "data/panel.rs",
    "stand_ins/target.rs",
    "stand_ins/market.rs",
    "stand_ins/lines.rs",
    "stand_ins/stand_in.rs",
    "stand_ins/stand_in_us.rs",
    "selection/select.rs",
    "selection/narrow.rs",
    "downloads/series.rs",
    "downloads/ranks.rs",
    "downloads/printed_downloads.rs",
    "difference/compare.rs",
    "difference/ztest.rs",
    "difference/downloaded.rs",
    "difference/quality.rs",
    "difference/robustness.rs",
    "difference/specification.rs",
    "findings/registration.rs",
    "findings/contradictions.rs",
    "findings/survey.rs",
    "exhibit/figure_matrix.rs",
    "exhibit/figure_scatter.rs",
    "exhibit/figure_flow.rs",
    "exhibit/figure_popularity.rs",
    "exhibit/table_regions.rs",
    "exhibit/table_diaspora.rs",
    "exhibit/table_legal.rs",
);

/// What decides about the libraries that all functions are built with.
const BUILD: &[Source] =
    &[("Cargo.toml", include_str!("../Cargo.toml")), ("Cargo.lock", include_str!("../Cargo.lock"))];

/// Everything that a function may name; what it names is part of its results' keys.
const CODE: &[&[Source]] = &[
    SOURCES,
    account::SOURCES,
    arithmetic::SOURCES,
    engine::SOURCES,
    tables::SOURCES,
    typeset::SOURCES,
    BUILD,
];

/// A function of the study: a file in a room.
macro_rules! function {
    ($room:ident, $name:ident) => {
        engine::function!($name: $room::$name, (
            concat!("stages/", stringify!($room), "/", stringify!($name), ".rs"),
            include_str!(concat!(stringify!($room), "/", stringify!($name), ".rs")),
        ), CODE)
    };
}

/// A function that any study can use: a file of a crate.
macro_rules! general {
    ($crate_name:ident :: $name:ident) => {
        engine::function!($name: $crate_name::$name, $crate_name::$name::SOURCE, CODE)
    };
}

/// What this study brings to the machine. The number of threads of polars is
/// fixed, so that nothing can come to depend on that of the machine.
pub const STUDY: Study = Study {
    functions: FUNCTIONS,
    cells: tables::cells::read,
    env: &[("POLARS_MAX_THREADS", "4")],
    clear: &["POLARS_"],
    fonts: &[
        include_bytes!("../report/fonts/NotoSerifSC-Regular.ttf"),
        include_bytes!("../report/fonts/SourceSans3-Regular.ttf"),
        include_bytes!("../report/fonts/SourceSans3-Semibold.ttf"),
    ],
};

/// Every function that a stage can use.
pub const FUNCTIONS: &[Function] = &[
    Function {
        check: Some(tables::ingest::check),
        enters: Some(tables::layout::enters),
        ..general!(tables::ingest)
    },
    function!(data, clean),
    function!(data, tag),
    function!(data, extrapolate),
    function!(stand_ins, stand_in),
    function!(stand_ins, stand_in_us),
    Function {
        check: Some(tables::descriptor::check),
        enters: Some(tables::layout::enters),
        ..function!(data, panel)
    },
    Function { check: Some(tables::descriptor::check), ..function!(selection, select) },
    function!(selection, narrow),
    function!(downloads, series),
    Function { check: Some(tables::descriptor::check), ..function!(downloads, ranks) },
    function!(data, interpolate),
    function!(difference, downloaded),
    function!(difference, ztest),
    function!(difference, quality),
    function!(difference, robustness),
    function!(difference, specification),
    function!(findings, registration),
    function!(findings, contradictions),
    function!(downloads, printed_downloads),
    function!(findings, survey),
    general!(account::audit),
    function!(exhibit, figure_matrix),
    function!(exhibit, figure_scatter),
    function!(exhibit, figure_flow),
    function!(exhibit, figure_popularity),
    function!(exhibit, table_regions),
    function!(exhibit, table_diaspora),
    function!(exhibit, table_legal),
    general!(account::ledger),
    general!(account::manifest),
    general!(account::report),
];

#[cfg(test)]
mod tests {
    use account::claims::{Claims, Status};
    use account::expression::Expression;
    use tables::table;

    use super::*;

    /// Those that read files of the data package say what is wrong with their description.
    #[test]
    fn mistakes_of_the_data_package_are_found_before_a_run() {
        let wrong = serde_json::json!({ "name": "t", "dialect": { "delimeter": ";" } });
        for (name, more) in [("ingest", 1), ("panel", 0), ("select", 0), ("ranks", 0)] {
            let function = FUNCTIONS.iter().find(|it| it.name == name).expect("it is there");
            let found = function.check.expect("it looks at descriptions")(&wrong);
            assert_eq!(found.len(), 1 + more, "{found:?}");
            assert_eq!(found[0].0, ["dialect", "delimeter"]);
        }
    }

    #[test]
    fn every_function_says_what_it_makes() {
        for function in FUNCTIONS {
            assert!(function.path().ends_with(&format!("/{}.rs", function.name)));
            assert!(function.about().ends_with('.'), "{}", function.name);
            assert!(function.sources().any(|(path, _)| path == "Cargo.lock"));
            for output in function.outputs {
                assert!(!output.is_empty(), "{}", function.name);
            }
        }
    }

    #[test]
    fn every_resource_of_the_study_is_sound() {
        for (name, rows) in [
            ("countries", 60),
            ("country_names", 744),
            ("apps", 62),
            ("barrier_matrix_table1", 58),
            ("barrier_matrix_appendix3", 40),
            ("diaspora_published", 51),
            ("diaspora_un", 52),
            ("diaspora_fill", 7),
            ("population_wdi", 472),
            ("population_wdi_2025", 472),
            ("population_taiwan", 8),
        ] {
            let frame = table::decode(&given::table(name)).unwrap();
            assert_eq!(frame.height(), rows, "{name}");
        }
    }

    /// The claims of the study: all 72, each settled by an expression that can
    /// be read, or with what is missing.
    #[test]
    fn the_published_claims() {
        let text = include_str!("../claims.yaml");
        let claims = Claims::read("claims.yaml", text.as_bytes()).unwrap();
        assert_eq!(claims.claims.len(), 72);
        let of_claims = claims.claims.iter().flat_map(|it| [&it.expression, &it.nearest]);
        let of_checks = claims.checks.iter().flat_map(|it| [&it.expected, &it.expression]);
        for text in of_claims.flatten().chain(of_checks) {
            Expression::parse(text).unwrap();
        }
        for claim in &claims.claims {
            let open = claim.accepted == Status::NotCheckable;
            assert_eq!(open, claim.missing.is_some(), "{}", claim.id);
            let public = ["published_table", "published_arithmetic"];
            assert_eq!(!open, public.contains(&claim.evidence.as_str()), "{}", claim.id);
        }
    }
}
