//! `init`: a policy file to start with.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::Args;

use super::{
    CliError,
    output::{stdout, write_file},
};
use crate::policy;

/// Write a commented policy file to start with.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard init
  whatsapp-guard init ~/.config/whatsapp-guard/policy.toml
  whatsapp-guard init - | less

The file is the built-in policy, with a comment for each key. Missing folders are
created.

Exit codes: 0 written, 1 the file cannot be written, 2 it already exists")]
pub(super) struct Init {
    /// The file to write; - is standard output
    #[arg(value_name = "FILE", default_value = "policy.toml")]
    file: PathBuf,
    /// Replace an existing file
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
            "Wrote {file}. Next steps:
  edit it; each key has a comment
  whatsapp-guard check {file}            # what each tool may do under it
  whatsapp-guard serve --policy {file}   # run the server with it"
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
