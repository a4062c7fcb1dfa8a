//! `schema`: the JSON Schema of a policy.

use std::{io::Write, process::ExitCode};

use clap::Args;

use super::{CliError, output::stdout};
use crate::{backend::specs, policy};

/// Print the JSON Schema of a policy, for editors.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard schema > policy.schema.json

A policy that begins with `#:schema policy.schema.json` is completed and checked by editors
that know that line (Even Better TOML, taplo). A JSON policy names it as \"$schema\".

`whatsapp-guard check` finds more: names of tools and arguments, conditions, lists.

Exit codes: 0 success")]
pub(super) struct SchemaCommand {}

impl SchemaCommand {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        stdout().write_all(schema_text()?.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The schema as text, with the back ends that there are.
pub(super) fn schema_text() -> Result<String, CliError> {
    let schema = serde_json::to_string_pretty(&policy::schema(specs()));
    let schema = schema.map_err(std::io::Error::from)?;
    Ok(schema + "\n")
}
