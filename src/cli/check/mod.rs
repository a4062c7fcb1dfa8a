//! `check`: what a policy does, and what its author probably did not intend.

mod rows;
mod summary;

use std::{
    env,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, builder::NonEmptyStringValueParser};
use serde::Serialize;

use super::{
    CliError,
    doctor::write_finding,
    live,
    options::{BackendOption, POLICY, PolicyOption, require_grant},
    output::{Out, columns, print, table},
};
use crate::{
    backend::{self, CheckResult},
    mcp::LOCAL,
    policy::{Diagnostics, Located, Note, Policy},
};
use rows::EffectRow;
use summary::Paragraph;

/// Check a policy and print what it does.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard check                      the built-in policy
  whatsapp-guard check mine.toml
  whatsapp-guard check mine.toml --as reporter
  whatsapp-guard check mine.toml --all      one line for each tool
  whatsapp-guard check mine.toml --rules    and which rules decide
  whatsapp-guard check mine.toml --live     and whether the account has its groups
  whatsapp-guard check mine.toml --deny-warnings > /dev/null
  whatsapp-guard check mine.toml --json | jq '.tools[] | select(.standing == \"asks\")'

Errors and warnings go to standard error, all at once, each with file, line and column.
A warning marks something that was probably not intended: a rule that never applies, a
list that nothing uses, sending without a limit, a tool that agents are told to call next
and may not. A note is worth knowing and may be intended. The output is as wide as the
terminal, or as COLUMNS says.

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
    /// Print one line for each tool
    #[arg(long)]
    all: bool,
    /// Print which rules decide, as file:line:column (key)
    #[arg(long)]
    rules: bool,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Note>,
    tools: Vec<EffectRow>,
    besides: Vec<String>,
    /// What the APIs of the accounts know of its names, with `--live`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    live: Vec<CheckResult>,
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
        let (found, notes) = policy.review();
        let live = self.examine(&policy).await?;
        let problems: Vec<Located> = policy.warnings.located().chain(found.located()).collect();
        let without_warning = problems.is_empty() && live.is_empty();
        let report = CheckReport {
            policy: Some(&policy.origin),
            ok: live.iter().all(|found| found.ok) && (without_warning || !self.deny_warnings),
            problems,
            notes,
            tools: rows::rows(&policy, &self.grant),
            besides: self.besides(&policy),
            live,
        };
        if !self.json {
            write_warnings(&[&policy.warnings, &found])?;
        }
        print(self.json, &report, |out| self.write(out, &policy, &report))?;
        Ok(ExitCode::from(if report.ok { 0 } else { 2 }))
    }

    fn write(&self, out: &mut Out, policy: &Policy, report: &CheckReport<'_>) -> io::Result<()> {
        writeln!(out, "{}: {}", policy.origin, report.verdict())?;
        if self.all {
            let rows: Vec<_> = report.tools.iter().map(EffectRow::cells).collect();
            table(out, &rows)?;
            for line in &report.besides {
                writeln!(out, "{line}")?;
            }
        } else {
            let lines = summary::lines(policy, &self.grant, &report.tools, self.rules);
            summary::write(out, lines, columns())?;
            let accounts = self.accounts(policy).into_iter();
            let accounts = accounts.map(|line| Paragraph::plain("accounts", line));
            summary::write(out, accounts, columns())?;
        }
        for note in &report.notes {
            let text = format!("{} ({})", note.message, note.code);
            summary::write(out, [Paragraph::plain("note", text)].into_iter(), columns())?;
        }
        let mut live = report.live.iter();
        live.try_for_each(|found| write_finding(out, found))?;
        let grants: Vec<&str> = policy.grants().collect();
        if !grants.is_empty() {
            let grants = grants.join(", ");
            writeln!(out, "callers with rules of their own: {grants}")?;
        }
        Ok(())
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
        let rules = rules.iter().map(ToString::to_string);
        let accounts = self.accounts(policy);
        let accounts = accounts.map(|names| format!("accounts that may be used: {names}"));
        rules.chain(accounts).collect()
    }

    /// The accounts that the caller may use, if the policy has accounts.
    fn accounts(&self, policy: &Policy) -> Option<String> {
        let used = policy
            .accounts()
            .iter()
            .filter(|(name, _)| policy.may_use(&self.grant, name))
            .map(|(name, account)| format!("{name} ({})", account.backend().name));
        let used: Vec<String> = used.collect();
        (!policy.accounts().is_empty()).then(|| used.join(", "))
    }
}

impl CheckReport<'_> {
    /// Whether the policy can be used, in words. One with a warning is never fine.
    fn verdict(&self) -> String {
        let count = match self.problems.len() + self.live.len() {
            0 => return "fine".to_owned(),
            1 => "a warning".to_owned(),
            many => format!("{many} warnings"),
        };
        let word = if self.ok { "valid" } else { "not fine" };
        format!("{word}, with {count}")
    }
}

fn write_warnings(all: &[&Diagnostics]) -> io::Result<()> {
    let mut err = anstream::stderr();
    let mut all = all.iter();
    all.try_for_each(|warnings| write!(err, "{}", warnings.render(true)))
}
