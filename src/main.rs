//! The program: parses the command line, runs the subcommand, returns an exit code.

use std::{io::Write, process::ExitCode};

use whatsapp_guard::cli;

fn main() -> ExitCode {
    match cli::run(cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            if !error.is_closed_pipe() {
                // Standard error may be closed.
                let _ = writeln!(anstream::stderr(), "{error}");
            }
            error.exit_code()
        }
    }
}
