//! `colophon completions`: completions for a shell.

use clap::CommandFactory;

use crate::args::{self, Arguments};
use crate::report::{Failed, print};
use crate::text::Text;

pub(crate) fn completions(verb: &args::Completions) -> Result<(), Failed> {
    let mut text = Vec::new();
    clap_complete::generate(verb.shell, &mut Arguments::command(), "colophon", &mut text);
    print(Text::file(&String::from_utf8_lossy(&text)))
}
