//! `explain`: what would happen to a call, and which rules decide.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anstyle::AnsiColor;
use clap::{Args, builder::NonEmptyStringValueParser};
use jiff::Timestamp;

use super::{
    CliError,
    options::{BackendOption, PolicyOption, StateOption},
    output::{colour, exit, print},
};
use crate::{
    explain::{AccountRecord, Explanation, LimitStatus, Outcome, Why},
    mcp::LOCAL,
    op,
    policy::Policy,
    text::{self, for_people},
};

/// Explain what would happen to a call and which rules decide, without sending anything.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard explain get_session
  whatsapp-guard explain send_message '{\"chat\": \"+15552220001\", \"text\": \"Hi\"}'
  whatsapp-guard explain list_messages '{\"chat\": \"12345678@g.us\"}' --as reporter
  whatsapp-guard explain leave_group '{\"group\": \"12345678@g.us\"}' --at '2026-11-21 23:00'
  whatsapp-guard explain get_session --policy team.toml --account work
  whatsapp-guard explain send_message \"$ARGS\" --policy mine.toml --json | jq .because

It sends nothing and counts nothing. What is left of the limits, and who received a
message before, comes from the ledger of the configured account. Facts that only a
running server knows are listed, each with the value that is assumed. --at only affects
hours: the ledger, the pause and the kill switch are read as they are now.

Exit codes: 0 the call would be made, or a person asked; 1 it would be refused, or the
ledger cannot be read; 2 the tool, its arguments or the policy are invalid")]
pub(super) struct Explain {
    /// The tool
    #[arg(value_name = "TOOL")]
    tool: String,
    /// Its arguments as JSON
    #[arg(
        value_name = "ARGUMENTS",
        default_value = "{}",
        hide_default_value = true
    )]
    arguments: String,
    /// The caller
    #[arg(
        long = "as",
        value_name = "GRANT",
        default_value = LOCAL,
        value_parser = NonEmptyStringValueParser::new()
    )]
    grant: String,
    /// The time: RFC 3339, or a local time in the policy's zone; default: now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    policy: PolicyOption,
    #[command(flatten)]
    backend: BackendOption,
    #[command(flatten)]
    state: StateOption,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        let arguments = serde_json::from_str(&self.arguments)
            .map_err(|error| CliError::Usage(format!("the arguments are not JSON: {error}")))?;
        let facts = op::call(&self.tool, arguments).map_err(CliError::Usage)?;
        let at = match &self.at {
            Some(text) => text::moment(text, &policy.zone(&self.grant)).map_err(CliError::Usage)?,
            None => Timestamp::now(),
        };
        let account = self.backend.one(&policy)?;
        if let Some(name) = account.name()
            && policy.knows(&self.grant)
            && !policy.may_use(&self.grant, name)
        {
            return Err(CliError::Usage(format!(
                "`[grants.{}]` may not use the account `{name}`",
                self.grant
            )));
        }
        let stored = self.state.stored(&account)?;
        let account = AccountRecord::read(stored.ledger, stored.switch.as_ref(), &policy).await?;
        let explanation = Explanation::of(&policy, &facts, &self.grant, at, &account).await?;
        print(self.json, &explanation, |out| {
            self.write_text(out, &policy, &explanation)
        })?;
        Ok(exit(explanation.outcome != Outcome::Refused))
    }

    fn write_text(
        &self,
        out: &mut impl Write,
        policy: &Policy,
        explanation: &Explanation,
    ) -> io::Result<()> {
        let (verdict, style) = match explanation.outcome {
            Outcome::Allowed => ("would be made", colour(AnsiColor::Green)),
            Outcome::Asked => ("a person would be asked", colour(AnsiColor::Yellow)),
            Outcome::Refused => ("would be refused", colour(AnsiColor::Red)),
        };
        let at = explanation.at.to_zoned(policy.zone(&explanation.grant));
        writeln!(
            out,
            "{} ({}) by {} at {}: {style}{verdict}{style:#}",
            explanation.tool,
            explanation.risk,
            explanation.grant,
            at.strftime("%Y-%m-%d %H:%M %Z"),
        )?;
        if let Some(why) = &explanation.because {
            writeln!(out, "  {}", describe(why))?;
        }
        if explanation.shadow {
            let text =
                "the policy is in shadow mode (mode.value), so the call is made all the same";
            writeln!(out, "  {text}")?;
        }
        if self.grant != LOCAL && policy.grants().all(|known| known != self.grant) {
            let grant = &self.grant;
            writeln!(out, "  the policy has no rules of its own for `{grant}`")?;
        }
        writeln!(out, "\nRules that apply (* decides):")?;
        for finding in &explanation.findings {
            let mark = if finding.decides { '*' } else { ' ' };
            writeln!(out, "{mark} {:8} {}", finding.says, describe(finding.why()))?;
        }
        if explanation.findings.is_empty() {
            writeln!(out, "  none")?;
        }
        let chats = explanation.chats.iter().map(|one| {
            let history = match one.new {
                Some(true) => ", first-time recipient",
                Some(false) => ", received a message before",
                None => "",
            };
            format!("{} {}{history}", one.part, one.chat)
        });
        section(out, "Chats:", chats)?;
        let limits = match explanation.outcome {
            Outcome::Allowed | Outcome::Asked => "Limits that count the call:",
            Outcome::Refused => "Limits that would count the call if it were allowed:",
        };
        section(
            out,
            limits,
            explanation.limits.iter().flat_map(describe_limit),
        )?;
        section(out, "Delays:", explanation.paces.iter().cloned())?;
        section(out, "Not known here:", explanation.unknown.iter().cloned())
    }
}

/// Writes a title and its lines; nothing without lines.
fn section(
    out: &mut impl Write,
    title: &str,
    lines: impl Iterator<Item = String>,
) -> io::Result<()> {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        writeln!(out, "\n{title}")?;
    }
    lines.try_for_each(|line| writeln!(out, "  {line}"))
}

/// Code, reason and rule, as far as they are known.
fn describe(why: &Why) -> String {
    let code = why.code.map(|code| format!("({code})"));
    let rule = why.rule.as_deref().unwrap_or("no rule");
    let parts = [code, why.reason.clone(), Some(format!("[{rule}]"))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// One line for each key that the limit counts.
fn describe_limit(limit: &LimitStatus) -> Vec<String> {
    let takes = match limit.takes {
        1 => String::new(),
        takes => format!(", takes {takes}"),
    };
    let (words, rule) = (format!("at most {}{takes}", limit.limit), &limit.rule);
    if limit.left.is_empty() {
        return vec![format!("{words} [{rule}]")];
    }
    let lines = limit.left.iter().map(|one| {
        let (used, left, key) = (one.left.used, one.left.left, one.key.trim_end_matches(':'));
        let wait = one.left.comes_back;
        let wait = wait.map(|wait| format!(", room again in {}", for_people(wait)));
        let wait = wait.unwrap_or_default();
        format!("{words}: {used} used, {left} left of {key}{wait} [{rule}]")
    });
    lines.collect()
}
