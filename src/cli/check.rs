//! `check`: what each tool may do under a policy.

use std::{io::Write, process::ExitCode};

use anstyle::{AnsiColor, Style};
use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    options::PolicyOption,
    output::{stdout, write_json},
    serve::known,
};
use crate::{
    op::{self, Risk},
    policy::{LOCAL, Place, Policy, Standing},
};

/// Check a policy and print what each tool may do under it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard check                      the built-in policy
  whatsapp-guard check --policy mine.toml --as reader
  whatsapp-guard check --policy mine.toml --json | jq '.tools[] | select(.standing == \"asks\")'

Exit codes: 0 the policy can be used, 2 it cannot; the problems are listed with
file, line and column")]
pub(super) struct Check {
    #[command(flatten)]
    policy: PolicyOption,
    /// Caller that the answer is for
    #[arg(long = "as", value_name = "NAME", default_value = LOCAL)]
    grant: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    policy: &'a str,
    ok: bool,
    tools: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    tool: &'static str,
    risk: Risk,
    standing: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let mut out = stdout();
        match self.policy.load() {
            Ok(policy) => {
                known(&policy, &self.grant)?;
                let rows = rows(&policy, &self.grant);
                if self.json {
                    let report = Report {
                        policy: &policy.origin,
                        ok: true,
                        tools: rows,
                    };
                    write_json(&mut out, &report)?;
                } else {
                    writeln!(out, "{}: fine", policy.origin)?;
                    print(&mut out, &rows)?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Err(CliError::Policy(wrong)) if self.json => {
                let problems: Vec<_> = wrong.located().collect();
                write_json(
                    &mut out,
                    &serde_json::json!({ "ok": false, "problems": problems }),
                )?;
                Ok(ExitCode::from(2))
            }
            Err(error) => Err(error),
        }
    }
}

/// One row for each tool of the catalogue.
fn rows(policy: &Policy, grant: &str) -> Vec<Row> {
    op::catalogue()
        .iter()
        .map(|entry| {
            let standing = policy.standing(entry.name, entry.risk, grant);
            let limits = policy.limits_of(entry.name, grant);
            let because = standing.because();
            Row {
                tool: entry.name,
                risk: entry.risk,
                standing: word(&standing),
                limits: limits.iter().map(ToString::to_string).collect(),
                rule: because
                    .and_then(|because| because.rule.clone())
                    .or_else(|| limits.first().map(|limit| limit.rule.clone())),
                reason: because.and_then(|because| because.reason.clone()),
            }
        })
        .collect()
}

const fn word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Allow => "listed",
        Standing::Confirm(_) => "asks",
        Standing::Deny(_) => "refused",
        Standing::Hidden(_) => "hidden",
    }
}

fn print(out: &mut impl Write, rows: &[Row]) -> Result<(), CliError> {
    let width = rows.iter().map(|row| row.tool.len()).max().unwrap_or(0);
    for row in rows {
        let colour = match row.standing {
            "listed" => AnsiColor::Green,
            "asks" => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        };
        let style = Style::new().fg_color(Some(colour.into()));
        let limits = if row.limits.is_empty() {
            String::new()
        } else {
            format!("  at most {}", row.limits.join(" and "))
        };
        writeln!(
            out,
            "{:width$}  {:11}  {style}{:7}{style:#}{limits}  {}",
            row.tool,
            row.risk,
            row.standing,
            row.rule.as_deref().unwrap_or("(no rule)"),
        )?;
    }
    Ok(())
}
