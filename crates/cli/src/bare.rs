//! The machine without a study: runs pipelines that hold commands only.

fn main() -> std::process::ExitCode {
    cli::main(&cli::Study { functions: &[], env: &[], clear: &[], fonts: &[] })
}
