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
    mcp::LOCAL,
    op::{self, Risk},
    policy::{Effect, Located, Policy, RuleLocation},
};

/// Check a policy and print what each tool may do under it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard check                      the built-in policy
  whatsapp-guard check --policy mine.toml
  whatsapp-guard check --policy mine.toml --as reporter
  whatsapp-guard check --policy mine.toml --deny-warnings > /dev/null
  whatsapp-guard check --policy mine.toml --json | jq '.tools[] | select(.standing == \"asks\")'

All problems and warnings are told at once on standard error, each with file, line and
column. A warning is about something that may not be what was meant: a rule that never
matters, a list that nothing uses, a limit that is looser than another.

Exit codes: 0 the policy can be used, 2 it cannot, or --deny-warnings and it has some")]
pub(super) struct Check {
    #[command(flatten)]
    policy: PolicyOption,
    /// Show what holds for this caller
    #[arg(long = "as", value_name = "GRANT", default_value = LOCAL)]
    grant: String,
    /// Take warnings for errors
    #[arg(long)]
    deny_warnings: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    ok: bool,
    problems: Vec<Located<'a>>,
    tools: Vec<Row>,
    besides: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    tool: &'static str,
    risk: Risk,
    #[serde(rename = "standing")]
    effect: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    manner: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let mut out = stdout();
        let policy = match self.policy.load() {
            Err(CliError::Policy(wrong)) if self.json => {
                let report = Report {
                    policy: None,
                    ok: false,
                    problems: wrong.located().collect(),
                    tools: Vec::new(),
                    besides: Vec::new(),
                };
                write_json(&mut out, &report)?;
                return Ok(ExitCode::from(2));
            }
            loaded => loaded?,
        };
        known(&policy, &self.grant)?;
        let (warnings, rows) = (&policy.warnings, rows(&policy, &self.grant));
        let ok = warnings.is_empty() || !self.deny_warnings;
        let rules = policy.describe(&self.grant, None);
        let mut besides: Vec<String> = rules.iter().map(ToString::to_string).collect();
        if !policy.accounts().is_empty() {
            let names = policy.accounts().iter();
            let used: Vec<_> = names
                .filter(|(name, _)| policy.may_use(&self.grant, name))
                .map(|(name, account)| format!("{name} ({})", account.kind().name()))
                .collect();
            besides.push(format!("accounts that may be used: {}", used.join(", ")));
        }
        if self.json {
            let report = Report {
                policy: Some(&policy.origin),
                ok,
                problems: warnings.located().collect(),
                tools: rows,
                besides,
            };
            write_json(&mut out, &report)?;
        } else {
            write!(anstream::stderr(), "{}", warnings.render(true))?;
            let count = match warnings.located().count() {
                0 => String::new(),
                1 => ", with a warning".to_owned(),
                many => format!(", with {many} warnings"),
            };
            let says = if ok { "fine" } else { "not fine" };
            writeln!(out, "{}: {says}{count}", policy.origin)?;
            print(&mut out, &rows)?;
            besides
                .iter()
                .try_for_each(|line| writeln!(out, "{line}"))?;
            let grants: Vec<&str> = policy.grants().collect();
            if !grants.is_empty() {
                let grants = grants.join(", ");
                writeln!(out, "callers with rules of their own: {grants}")?;
            }
        }
        Ok(if ok {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        })
    }
}

/// One row for each tool of the catalogue.
fn rows(policy: &Policy, grant: &str) -> Vec<Row> {
    op::catalogue()
        .iter()
        .map(|entry| {
            let effect = policy.effect(entry.name, entry.risk, grant);
            let limits = policy.limits_of(entry.name, grant);
            let because = effect.reason();
            Row {
                tool: entry.name,
                risk: entry.risk,
                effect: word(&effect),
                manner: if effect.admits() {
                    let terms = policy.describe_tool(entry.name, grant).into_iter();
                    let mut manner: Vec<String> = terms.map(|term| term.text).collect();
                    manner.dedup();
                    manner
                } else {
                    Vec::new()
                },
                limits: limits.iter().map(ToString::to_string).collect(),
                rule: because
                    .and_then(|because| because.rule.clone())
                    .or_else(|| limits.first().map(|limit| limit.rule.clone()))
                    .or_else(|| policy.allowed_by(entry.name, grant).cloned()),
                reason: because.and_then(|because| because.detail.clone()),
            }
        })
        .collect()
}

const fn word(effect: &Effect) -> &'static str {
    match effect {
        Effect::Allow => "listed",
        Effect::Confirm(_) => "asks",
        Effect::Deny(_) => "refused",
        Effect::Hidden(_) => "hidden",
    }
}

fn print(out: &mut impl Write, rows: &[Row]) -> Result<(), CliError> {
    let width = rows.iter().map(|row| row.tool.len()).max().unwrap_or(0);
    for row in rows {
        let colour = match row.effect {
            "listed" => AnsiColor::Green,
            "asks" => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        };
        let style = Style::new().fg_color(Some(colour.into()));
        let mut terms = row.manner.clone();
        if !row.limits.is_empty() {
            terms.push(format!("at most {}", row.limits.join(" and ")));
        }
        let gap = if terms.is_empty() { "" } else { "  " };
        let terms = terms.join(", ");
        writeln!(
            out,
            "{:width$}  {:11}  {style}{:7}{style:#}{gap}{terms}  {}",
            row.tool,
            row.risk,
            row.effect,
            row.rule.as_deref().unwrap_or("(no rule)"),
        )?;
    }
    Ok(())
}
