//! `tools`: the tools, and which back end offers which.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anstyle::Style;
use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    CliError,
    output::{print, table},
};
use crate::{
    backend::{specs, tools_of},
    config::BackendSpec,
    op::{self, Risk},
    toolset::Toolset,
};

/// List the tools with their risk and back ends, or describe one tool.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard tools
  whatsapp-guard tools send_message         description, arguments, risk and back ends
  whatsapp-guard tools --json | jq '.[] | select(.risk == \"destructive\").name'
  whatsapp-guard tools send_message --json | jq .arguments

`whatsapp-guard help TOOL` does the same as `whatsapp-guard tools TOOL`.")]
pub(super) struct Tools {
    /// The tool to describe; default: list all tools
    #[arg(value_name = "TOOL")]
    tool: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct ToolReport<'a> {
    #[serde(flatten)]
    row: ToolRow,
    arguments: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct ToolRow {
    name: &'static str,
    risk: Risk,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    back_ends: Vec<&'static str>,
    known_as: &'static [&'static str],
}

impl Tools {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let offered = offered()?;
        match &self.tool {
            None => {
                let rows = op::catalogue().iter().map(|entry| row(entry, &offered));
                let rows: Vec<ToolRow> = rows.collect();
                print(self.json, &rows, |out| list(out, &rows))?;
            }
            Some(name) => {
                let entry = op::find_tool(name).map_err(CliError::Usage)?;
                let report = ToolReport {
                    row: row(entry, &offered),
                    arguments: &(entry.schemas)().input,
                };
                print(self.json, &report, |out| describe(out, &report))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(out: &mut impl Write, rows: &[ToolRow]) -> io::Result<()> {
    let plain = |text: &str| (text.to_owned(), Style::new());
    let names: Vec<_> = specs().iter().map(|spec| spec.name).collect();
    let mut cells = vec![[plain("tool"), plain("risk"), plain(&names.join("  "))]];
    cells.extend(rows.iter().map(|row| {
        let marks = names.iter().map(|name| {
            let mark = if row.back_ends.contains(name) {
                "yes"
            } else {
                "-"
            };
            format!("{mark:width$}", width = name.len())
        });
        [
            plain(row.name),
            plain(&row.risk.to_string()),
            plain(&marks.collect::<Vec<_>>().join("  ")),
        ]
    }));
    table(out, &cells)
}

/// Writes the description, risk, back ends and arguments of one tool.
fn describe(out: &mut impl Write, report: &ToolReport<'_>) -> io::Result<()> {
    let ToolReport { row, arguments } = report;
    let description = row.description.as_deref().unwrap_or_default();
    writeln!(out, "{}: {description}\n", row.name)?;
    writeln!(out, "Risk: {}", row.risk)?;
    writeln!(out, "Back ends: {}", row.back_ends.join(", "))?;
    if !row.known_as.is_empty() {
        writeln!(out, "Other names in policies: {}", row.known_as.join(", "))?;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = arguments.get("properties").and_then(Value::as_object);
    let required = arguments.get("required").and_then(Value::as_array);
    writeln!(
        out,
        "\nArguments:{}",
        if fields.is_some() { "" } else { " none" }
    )?;
    for (name, field) in fields.into_iter().flatten() {
        let kind = match field.get("enum").and_then(Value::as_array) {
            Some(values) => values.iter().map(text).collect::<Vec<_>>().join(" | "),
            None => field.get("type").map(text).unwrap_or_default(),
        };
        let needed = required.is_some_and(|all| all.iter().any(|one| one == name));
        let needed = if needed { ", required" } else { "" };
        let description = field.get("description").map(text).unwrap_or_default();
        writeln!(out, "  {name} ({kind}{needed}): {description}")?;
    }
    Ok(())
}

/// The tools that each back end offers.
fn offered() -> Result<Vec<(&'static str, Toolset)>, CliError> {
    let tools = |spec: &&'static BackendSpec| Ok((spec.name, tools_of(spec)?));
    specs().iter().map(tools).collect()
}

fn row(entry: &op::Entry, offered: &[(&'static str, Toolset)]) -> ToolRow {
    let offering = offered
        .iter()
        .filter_map(|(name, tools)| Some((*name, tools.get(entry.name)?)));
    ToolRow {
        name: entry.name,
        risk: entry.risk,
        description: offering
            .clone()
            .next()
            .map(|(_, tool)| tool.schemas().description.clone()),
        back_ends: offering.map(|(name, _)| name).collect(),
        known_as: entry.known_as,
    }
}
