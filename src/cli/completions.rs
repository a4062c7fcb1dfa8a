//! `completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, CliError, output::stdout};

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  whatsapp-guard completions bash > ~/.local/share/bash-completion/completions/whatsapp-guard")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let mut command = Cli::command();
        let name = command.get_name().to_owned();
        clap_complete::generate(self.shell, &mut command, name, &mut stdout());
        Ok(ExitCode::SUCCESS)
    }
}
