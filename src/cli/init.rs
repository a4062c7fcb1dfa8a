//! `init`: a policy to begin with.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::Args;

use super::{
    CliError,
    output::{stdout, write_file},
};
use crate::policy;

/// Write a commented policy to begin with.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard init
  whatsapp-guard init ~/.config/whatsapp-guard/policy.toml
  whatsapp-guard init - | less

It is the policy that holds when none is named, with a comment for each key.

Exit codes: 0 written, 1 it cannot be written, 2 the file is there already")]
pub(super) struct Init {
    /// Where to write it; - is standard output
    #[arg(value_name = "FILE", default_value = "policy.toml")]
    file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

impl Init {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let mut out = stdout();
        if self.file.as_os_str() == "-" {
            out.write_all(policy::DEFAULT.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        write_file(&self.file, policy::DEFAULT, self.force)?;
        let file = self.file.display();
        writeln!(
            out,
            "{file} is written. Next:
  edit it; each key has a comment
  whatsapp-guard check --policy {file}   # what each tool may do under it
  whatsapp-guard serve --policy {file}   # the server with it"
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
