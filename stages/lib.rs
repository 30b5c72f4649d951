//! The study: the functions that its stages use, one a file, in reading order.

use cli::Study;
use engine::function::{self, Function};

pub mod ingest;
pub mod clean;
pub mod tag;
pub mod extrapolate;
pub mod stand_in;
pub mod stand_in_us;
pub mod panel;
pub mod select;
pub mod narrow;
pub mod series;
pub mod ranks;
pub mod interpolate;
pub mod downloaded;
pub mod ztest;
pub mod quality;
pub mod robustness;
pub mod specification;
pub mod registration;
pub mod contradictions;
pub mod printed_downloads;
pub mod survey;
pub mod audit;
pub mod figure_matrix;
pub mod figure_scatter;
pub mod figure_flow;
pub mod figure_popularity;
pub mod table_regions;
pub mod table_diaspora;
pub mod table_legal;
pub mod ledger;
pub mod manifest;
pub mod report;

pub mod kit;

/// An entry of the table: a file of this folder, with the sources beyond the
/// kit that its results depend on.
macro_rules! function {
    ($name:ident $(, $sources:expr)*) => {
        Function {
            name: stringify!($name),
            code: &[
                &[(
                    concat!("stages/", stringify!($name), ".rs"),
                    include_str!(concat!(stringify!($name), ".rs")),
                )],
                kit::SOURCES,
                $($sources,)*
            ],
            inputs: $name::INPUTS,
            outputs: $name::OUTPUTS,
            schema: || schemars::schema_for!($name::Params),
            normalise: function::normalise::<$name::Params>,
            check: None,
            run: |job| $name::run(&job.params()?, job),
        }
    };
}

/// What this study brings to the machine. The number of threads of polars is
/// fixed, so that nothing can come to depend on that of the machine.
pub const STUDY: Study =
    Study { functions: FUNCTIONS, env: &[("POLARS_MAX_THREADS", "4")], clear: &["POLARS_"] };

/// Every function that a stage can use.
pub const FUNCTIONS: &[Function] = &[
    Function { check: Some(ingest::check), ..function!(ingest) },
    function!(clean),
    function!(tag),
    function!(extrapolate),
    function!(stand_in),
    function!(stand_in_us),
    Function { check: Some(kit::descriptor::check), ..function!(panel) },
    Function { check: Some(kit::descriptor::check), ..function!(select) },
    function!(narrow),
    function!(series),
    Function { check: Some(kit::descriptor::check), ..function!(ranks) },
    function!(interpolate),
    function!(downloaded),
    function!(ztest),
    function!(quality),
    function!(robustness),
    function!(specification),
    function!(registration),
    function!(contradictions),
    function!(printed_downloads),
    function!(survey),
    function!(audit),
    function!(figure_matrix),
    function!(figure_scatter),
    function!(figure_flow),
    function!(figure_popularity),
    function!(table_regions),
    function!(table_diaspora),
    function!(table_legal),
    function!(ledger),
    function!(manifest),
    function!(report, typeset::SOURCES),
];

#[cfg(test)]
mod tests {
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
            assert_eq!(function.path(), format!("stages/{}.rs", function.name));
            assert!(function.about().ends_with('.'), "{}", function.name);
            assert!(function.sources().any(|(path, _)| path == "Cargo.lock"));
            for output in function.outputs {
                assert!(!output.is_empty(), "{}", function.name);
            }
        }
    }
}
