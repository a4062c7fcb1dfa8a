//! `explain`: what would happen to a call, and which rules decide.

use std::{io, io::Write, process::ExitCode};

use anstyle::{AnsiColor, Style};
use clap::Args;
use jiff::Timestamp;

use super::{
    CliError,
    options::{BackendOption, PolicyOption, StateOption},
    output::{stdout, write_json},
};
use crate::{
    explain::{AccountRecord, Explanation, LimitStatus, Outcome, Why},
    mcp::LOCAL,
    op,
    policy::Policy,
    text::{self, for_people},
};

/// Say what would happen to a call and which rules decide, without sending anything.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard explain get_session
  whatsapp-guard explain send_message '{\"chat\": \"+15552220001\", \"text\": \"Hi\"}'
  whatsapp-guard explain list_messages '{\"chat\": \"12345678@g.us\"}' --as reporter
  whatsapp-guard explain leave_group '{\"group\": \"12345678@g.us\"}' --at '2026-11-21 23:00'
  whatsapp-guard explain get_session --policy team.toml --account work
  whatsapp-guard explain send_message \"$ARGS\" --policy mine.toml --json | jq .because

Nothing is sent and nothing is counted. What is left of limits and who was written to
is read from the ledger of the account that is configured; the rest of what only a
running server finds out is listed with what was taken instead. --at is about hours:
the ledger, the pause and the panic switch are looked at as they are now.

Exit codes: 0 the call would be made, or a person asked; 1 it would be refused, or the
ledger cannot be read; 2 there is no such tool, it would not take the arguments, or the
policy cannot be used")]
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
    /// Who calls
    #[arg(long = "as", value_name = "GRANT", default_value = LOCAL)]
    grant: String,
    /// When: RFC 3339, or the time on the wall in the policy's zone; now when left out
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
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        let arguments = serde_json::from_str(&self.arguments)
            .map_err(|error| CliError::Usage(format!("the arguments are no JSON: {error}")))?;
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
            let grant = &self.grant;
            let problem = format!(
                "`[grants.{grant}]` is not tied to the account `{name}`, which is not there for it"
            );
            return Err(CliError::Usage(problem));
        }
        let kept = self.state.remembered(&account)?;
        let failed = |error: crate::ledger::LedgerError| CliError::Failed(error.to_string());
        let account = AccountRecord::read(kept.ledger, kept.switch.as_ref()).map_err(failed)?;
        let explanation =
            Explanation::of(&policy, &facts, &self.grant, at, &account).map_err(failed)?;
        let mut out = stdout();
        if self.json {
            write_json(&mut out, &explanation)?;
        } else {
            self.tell(&mut out, &policy, &explanation)?;
        }
        Ok(match explanation.outcome {
            Outcome::Allowed | Outcome::Asked => ExitCode::SUCCESS,
            Outcome::Refused => ExitCode::FAILURE,
        })
    }

    fn tell(&self, out: &mut impl Write, policy: &Policy, told: &Explanation) -> io::Result<()> {
        let (words, colour) = match told.outcome {
            Outcome::Allowed => ("would be made", AnsiColor::Green),
            Outcome::Asked => ("a person would be asked", AnsiColor::Yellow),
            Outcome::Refused => ("would be refused", AnsiColor::Red),
        };
        let style = Style::new().fg_color(Some(colour.into()));
        let at = told.at.to_zoned(policy.zone(&told.grant));
        writeln!(
            out,
            "{} ({}) by {} at {}: {style}{words}{style:#}",
            told.tool,
            told.risk,
            told.grant,
            at.strftime("%Y-%m-%d %H:%M %Z"),
        )?;
        if let Some(why) = &told.because {
            writeln!(out, "  {}", line(why))?;
        }
        if told.shadow {
            writeln!(
                out,
                "  the policy is only tried out (mode.value), so it is made all the same"
            )?;
        }
        if self.grant != LOCAL && policy.grants().all(|known| known != self.grant) {
            writeln!(
                out,
                "  the policy has no rules of its own for `{}`",
                self.grant
            )?;
        }
        writeln!(out, "\nRules that apply (* decides):")?;
        for said in &told.findings {
            let mark = if said.decides { '*' } else { ' ' };
            writeln!(out, "{mark} {:8} {}", said.says, line(said.why()))?;
        }
        if told.findings.is_empty() {
            writeln!(out, "  none")?;
        }
        section(
            out,
            "Chats:",
            told.chats.iter().map(|one| match one.new {
                Some(true) => format!("{} {}, never written to", one.part, one.chat),
                Some(false) => format!("{} {}, written to before", one.part, one.chat),
                None => format!("{} {}", one.part, one.chat),
            }),
        )?;
        let limits = match told.outcome {
            Outcome::Allowed | Outcome::Asked => "Limits that count it:",
            Outcome::Refused => "Limits that would count it, were it not refused:",
        };
        section(out, limits, told.limits.iter().flat_map(limit))?;
        section(out, "Gaps:", told.paces.iter().cloned())?;
        section(out, "Not known here:", told.unknown.iter().cloned())
    }
}

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

/// Code, reason and place, as far as there are any.
fn line(why: &Why) -> String {
    let parts = [
        why.code.map(|code| format!("({code})")),
        why.reason.clone(),
        Some(match &why.rule {
            Some(rule) => format!("[{rule}]"),
            None => "[no rule]".to_owned(),
        }),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn limit(limit: &LimitStatus) -> Vec<String> {
    let takes = match limit.takes {
        1 => String::new(),
        takes => format!(", takes {takes}"),
    };
    let words = format!("at most {}{takes}", limit.limit);
    if limit.left.is_empty() {
        return vec![format!("{words} [{}]", limit.rule)];
    }
    let each = limit.left.iter().map(|one| {
        let wait = one.left.comes_back;
        let wait = wait.map(|wait| format!(", room again in {}", for_people(wait)));
        format!(
            "{words}: {} used, {} left of {}{} [{}]",
            one.left.used,
            one.left.left,
            one.key.trim_end_matches(':'),
            wait.unwrap_or_default(),
            limit.rule
        )
    });
    each.collect()
}
