//! The arguments of `export`, with their help texts.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The form.
    #[arg(value_enum)]
    pub(crate) format: Form,
    /// Write to this path, which is new: a folder or a `.zip` for `ro-crate`, `codecheck`
    /// and `csv`, a file for the others [default: standard output, for those that are one
    /// document].
    #[arg(long, value_name = "PATH")]
    pub(crate) to: Option<PathBuf>,
    /// Sign a document with this SSH key, by `ssh-keygen`; the signature is put beside it.
    #[arg(long, value_name = "KEY", requires = "to")]
    pub(crate) sign: Option<PathBuf>,
}

/// A form in which a study is exported.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A Workflow Run RO-Crate: every file, with what made it of what.
    RoCrate,
    /// The table of a code check: figure, table or number, program, line, reproduced.
    Aea,
    /// `codecheck.yml` and the files of its manifest.
    Codecheck,
    /// The declaration of a Transparent Research Object.
    Tro,
    /// An in-toto statement with SLSA provenance over the reports and the lock.
    Slsa,
    /// Values and tables as CSV.
    Csv,
}
