//! `tools`: which tool is offered on which back end.

use std::{io::Write, process::ExitCode};

use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    output::{stdout, write_json},
};
use crate::{
    backend::{specs, tools_of},
    op::{self, Risk},
};

/// List the tools by back end, with their risk.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard tools
  whatsapp-guard tools --json | jq '.[] | select(.risk == \"destructive\").name'")]
pub(super) struct Tools {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    risk: Risk,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    back_ends: Vec<&'static str>,
    known_as: &'static [&'static str],
}

impl Tools {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let mut out = stdout();
        let rows = rows()?;
        if self.json {
            write_json(&mut out, &rows)?;
            return Ok(ExitCode::SUCCESS);
        }
        let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        write!(out, "{:width$}  {:11}", "tool", "risk")?;
        for spec in specs() {
            write!(out, "  {}", spec.name)?;
        }
        writeln!(out)?;
        for row in rows {
            write!(out, "{:width$}  {:11}", row.name, row.risk)?;
            for spec in specs() {
                let offered = row.back_ends.contains(&spec.name);
                let mark = if offered { "yes" } else { "-" };
                write!(out, "  {mark:wide$}", wide = spec.name.len())?;
            }
            writeln!(out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn rows() -> Result<Vec<Row>, CliError> {
    let offered = specs()
        .iter()
        .map(|spec| Ok((spec.name, tools_of(spec)?)))
        .collect::<Result<Vec<_>, CliError>>()?;
    Ok(op::catalogue()
        .iter()
        .map(|entry| Row {
            name: entry.name,
            risk: entry.risk,
            description: offered
                .iter()
                .find_map(|(_, tools)| tools.get(entry.name))
                .map(|tool| tool.schemas().description.clone()),
            back_ends: offered
                .iter()
                .filter(|(_, tools)| tools.get(entry.name).is_some())
                .map(|(name, _)| *name)
                .collect(),
            known_as: entry.known_as,
        })
        .collect())
}
