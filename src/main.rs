//! The program: reads the command line, runs, returns an exit code.

use std::{io::Write, process::ExitCode};

use whatsapp_guard::cli;

fn main() -> ExitCode {
    match cli::run(cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(anstream::stderr(), "{error}");
            error.exit_code()
        }
    }
}
