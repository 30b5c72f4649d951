//! `colophon export`: an edition in a form for others.

use clap::{Args, Subcommand};

use crate::args::Arguments;
use crate::report::Failed;
use crate::study::Study;

mod site;

#[derive(Args, Debug)]
pub(crate) struct Export {
    #[command(subcommand)]
    form: Form,
}

#[derive(Subcommand, Debug)]
enum Form {
    /// Write a page that opens in a browser: every number with what it rests on.
    Site(site::Site),
}

pub(crate) fn export(study: &Study, arguments: &Arguments, verb: &Export) -> Result<(), Failed> {
    match &verb.form {
        Form::Site(form) => site::site(study, arguments, form),
    }
}
