//! `colophon init`: writes a pipeline to start from.

use std::io::Write;

use engine::diagnostic::{Diagnostic, Kind};

use crate::arguments::Arguments;
use crate::report::{Failed, print};

const PIPELINE: &str = "\
version: 1
name: my-study
seed: 1

stages:
  # A stage is named after what it makes. Its inputs are files, or outputs of
  # other stages (`stage.output`); its outputs are put below `outputs/`.
  greeting:
    cmd: echo hello > {{ outputs.text }}
    outputs: { text: greeting.txt }
  shouted:
    cmd: tr a-z A-Z < {{ inputs.text }} > {{ outputs.text }}
    inputs: { text: greeting.text }
    outputs: { text: shouted.txt }
";

pub(crate) fn init(arguments: &Arguments) -> Result<(), Failed> {
    let path = arguments.directory.join(engine::plan::pipeline::FILE);
    std::fs::create_dir_all(&arguments.directory)
        .map_err(|error| Diagnostic::io("make", &arguments.directory, &error))?;
    let file = std::fs::File::create_new(&path);
    let written = file.and_then(|mut file| file.write_all(PIPELINE.as_bytes()));
    match written {
        Ok(()) if arguments.quiet => Ok(()),
        Ok(()) => print(&format!("wrote {}; `colophon run` runs it\n", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let message = format!("`{}` exists already", path.display());
            Err(Diagnostic::new(Kind::Usage, message).hint("it was not touched").into())
        }
        Err(error) => Err(Diagnostic::io("write", &path, &error).into()),
    }
}
