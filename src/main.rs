//! The program: parses the command line, runs the subcommand, returns an exit code.

use std::process::ExitCode;

use whatsapp_guard::cli;

fn main() -> ExitCode {
    cli::run(cli::parse())
}
