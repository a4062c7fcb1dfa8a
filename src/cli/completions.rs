//! `completions`: a completion script for a shell.

use std::{io::Write, process::ExitCode};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, CliError, output::stdout};

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard completions bash > ~/.local/share/bash-completion/completions/whatsapp-guard
  whatsapp-guard completions fish > ~/.config/fish/completions/whatsapp-guard.fish")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        // `generate` panics where it cannot write, so it writes to memory.
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Cli::command(),
            "whatsapp-guard",
            &mut script,
        );
        stdout().write_all(&script)?;
        Ok(ExitCode::SUCCESS)
    }
}
