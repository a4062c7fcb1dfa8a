//! `check`: what each tool may do under a policy.

use std::{env, path::PathBuf, process::ExitCode};

use anstyle::{AnsiColor, Style};
use clap::{Args, builder::NonEmptyStringValueParser};
use serde::Serialize;
use std::io::Write;

use super::{
    CliError,
    doctor::write_finding,
    live,
    options::{BackendOption, POLICY, PolicyOption, require_grant},
    output::{colour, print, table},
};
use crate::{
    backend::{self, CheckResult},
    mcp::LOCAL,
    op::{self, Risk},
    policy::{Effect, Located, Policy, RuleLocation},
};

/// Check a policy and print what each tool may do under it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard check                      the built-in policy
  whatsapp-guard check mine.toml
  whatsapp-guard check mine.toml --as reporter
  whatsapp-guard check mine.toml --live     and whether the account has its groups
  whatsapp-guard check mine.toml --deny-warnings > /dev/null
  whatsapp-guard check mine.toml --json | jq '.tools[] | select(.standing == \"asks\")'

Errors and warnings go to standard error, all at once, each with file, line and column.
A warning marks something that was probably not intended: a rule that never applies, a
list that nothing uses, a limit that is looser than another one.

Exit codes: 0 the policy is valid, 2 it is invalid, or it has warnings and you gave
--deny-warnings")]
pub(super) struct Check {
    /// Policy file, the same as --policy
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    policy: PolicyOption,
    /// Show what this caller may do
    #[arg(
        long = "as",
        value_name = "GRANT",
        default_value = LOCAL,
        value_parser = NonEmptyStringValueParser::new()
    )]
    grant: String,
    /// Treat warnings as errors
    #[arg(long)]
    deny_warnings: bool,
    /// Ask the API of each account for the groups and people that the policy names
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    backend: BackendOption,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Default, Serialize)]
struct CheckReport<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    ok: bool,
    problems: Vec<Located<'a>>,
    tools: Vec<EffectRow>,
    besides: Vec<String>,
    /// What the APIs of the accounts know of its names, with `--live`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    live: Vec<CheckResult>,
}

#[derive(Serialize)]
struct EffectRow {
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
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = match self.policy()?.load() {
            Err(CliError::Policy(errors)) if self.json => {
                let report = CheckReport {
                    problems: errors.located().collect(),
                    ..CheckReport::default()
                };
                print(true, &report, |_| Ok(()))?;
                return Ok(ExitCode::from(2));
            }
            loaded => loaded?,
        };
        require_grant(&policy, &self.grant)?;
        let warnings = &policy.warnings;
        let live = self.examine(&policy).await?;
        let without_warning = warnings.is_empty() && live.is_empty();
        let report = CheckReport {
            policy: Some(&policy.origin),
            ok: live.iter().all(|found| found.ok) && (without_warning || !self.deny_warnings),
            problems: warnings.located().collect(),
            tools: rows(&policy, &self.grant),
            besides: self.besides(&policy),
            live,
        };
        if !self.json {
            write!(anstream::stderr(), "{}", warnings.render(true))?;
        }
        print(self.json, &report, |out| {
            let count = match report.problems.len() + report.live.len() {
                0 => String::new(),
                1 => ", with a warning".to_owned(),
                many => format!(", with {many} warnings"),
            };
            let verdict = if report.ok { "fine" } else { "not fine" };
            writeln!(out, "{}: {verdict}{count}", policy.origin)?;
            table(
                out,
                &report
                    .tools
                    .iter()
                    .map(EffectRow::cells)
                    .collect::<Vec<_>>(),
            )?;
            for line in &report.besides {
                writeln!(out, "{line}")?;
            }
            let mut live = report.live.iter();
            live.try_for_each(|found| write_finding(out, found))?;
            let grants: Vec<&str> = policy.grants().collect();
            if !grants.is_empty() {
                let grants = grants.join(", ");
                writeln!(out, "callers with rules of their own: {grants}")?;
            }
            Ok(())
        })?;
        Ok(ExitCode::from(if report.ok { 0 } else { 2 }))
    }

    /// FILE, or else --policy. FILE wins over the environment variable.
    fn policy(&self) -> Result<PolicyOption, CliError> {
        let (file, option) = (self.file.as_deref(), self.policy.path());
        let from_environment =
            option.is_some_and(|path| env::var_os(POLICY).is_some_and(|set| set == path));
        if file.is_some() && option.is_some() && !from_environment {
            let problem = "the policy is given twice, as FILE and with --policy";
            return Err(CliError::Usage(problem.to_owned()));
        }
        Ok(PolicyOption::new(file.or(option)))
    }

    /// What the accounts' APIs say of the names in the policy, if they are to be asked.
    async fn examine(&self, policy: &Policy) -> Result<Vec<CheckResult>, CliError> {
        let mut found = Vec::new();
        if !self.live {
            return Ok(found);
        }
        for account in self.backend.accounts(policy)? {
            let backend = backend::open(&account.config()?)?;
            found.extend(live::examine(policy, &*backend).await);
        }
        Ok(found)
    }

    /// What the policy says besides the rules for single tools.
    fn besides(&self, policy: &Policy) -> Vec<String> {
        let rules = policy.describe(&self.grant, None);
        let mut besides: Vec<String> = rules.iter().map(ToString::to_string).collect();
        if !policy.accounts().is_empty() {
            let names = policy.accounts().iter();
            let used: Vec<_> = names
                .filter(|(name, _)| policy.may_use(&self.grant, name))
                .map(|(name, account)| format!("{name} ({})", account.backend().name))
                .collect();
            besides.push(format!("accounts that may be used: {}", used.join(", ")));
        }
        besides
    }
}

/// One row for each tool of the catalogue.
fn rows(policy: &Policy, grant: &str) -> Vec<EffectRow> {
    let row = |entry: &op::Entry| {
        let effect = policy.effect(entry.name, entry.risk, grant);
        let limits = policy.limits_of(entry.name, grant);
        let reason = effect.reason();
        let mut manner: Vec<String> = Vec::new();
        if effect.admits() {
            let terms = policy.describe_tool(entry.name, grant).into_iter();
            manner.extend(terms.map(|term| term.text));
            manner.dedup();
        }
        EffectRow {
            tool: entry.name,
            risk: entry.risk,
            effect: word(&effect),
            manner,
            limits: limits.iter().map(ToString::to_string).collect(),
            rule: reason
                .and_then(|reason| reason.rule.clone())
                .or_else(|| limits.first().map(|limit| limit.rule.clone()))
                .or_else(|| policy.allowed_by(entry.name, grant).cloned()),
            reason: reason.and_then(|reason| reason.detail.clone()),
        }
    };
    op::catalogue().iter().map(row).collect()
}

const fn word(effect: &Effect) -> &'static str {
    match effect {
        Effect::Allow => "listed",
        Effect::Confirm(_) => "asks",
        Effect::Deny(_) => "refused",
        Effect::Hidden(_) => "hidden",
    }
}

impl EffectRow {
    fn cells(&self) -> [(String, Style); 4] {
        let colour = colour(match self.effect {
            "listed" => AnsiColor::Green,
            "asks" => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        });
        let mut terms = self.manner.join(", ");
        if !self.limits.is_empty() {
            let comma = if terms.is_empty() { "" } else { ", " };
            terms += &format!("{comma}at most {}", self.limits.join(" and "));
        }
        if !terms.is_empty() {
            terms += "  ";
        }
        let plain = Style::new();
        [
            (self.tool.to_owned(), plain),
            (self.risk.to_string(), plain),
            (self.effect.to_owned(), colour),
            (terms + self.rule.as_deref().unwrap_or("(no rule)"), plain),
        ]
    }
}
