//! The arguments that all verbs share; the help text stands beside each of them.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Work on the project in this folder, or in the nearest one above it.
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Keep results in this folder, which checkouts may share.
    #[arg(long, global = true, value_name = "DIR", env = "COLOPHON_STORE", hide_env_values = true)]
    pub(crate) store: Option<PathBuf>,
    /// Use a profile of `pipeline.yaml`.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Set a parameter of the pipeline, as in `--param matrix=appendix3`, or an
    /// entry of one, as in `--param model.depth=3`.
    #[arg(long = "param", global = true, value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) params: Vec<(String, String)>,
    /// Print JSON on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say only what went wrong.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Stages {
    /// Stages, cells or output paths; everything if none are given.
    #[arg(value_name = "STAGE")]
    pub(crate) stages: Vec<String>,
}

/// A parameter: its name and what is written for it. What that means, its
/// declaration says.
fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.into(), value.into()))
}
