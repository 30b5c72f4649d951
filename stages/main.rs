//! The program: this study's functions, handed to the machine.

fn main() -> std::process::ExitCode {
    cli::main(&stages::STUDY)
}
