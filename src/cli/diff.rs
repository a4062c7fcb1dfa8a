//! `diff`: which calls a change of the policy loosens or tightens.

use std::{io, io::Write, path::PathBuf, process::ExitCode};

use anstyle::{AnsiColor, Style};
use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    output::{stdout, write_json},
};
use crate::policy::{Direction, Policy, PolicyChange, Side};

/// Say which calls a change of the policy loosens or tightens.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard diff policy.toml new.toml
  whatsapp-guard diff <(git show main:policy.toml) policy.toml || echo 'somebody has to look'
  whatsapp-guard diff old.toml new.toml --json | jq '.changes[] | select(.direction == \"looser\")'

Tools, conditions, limits, gaps, recipients, readable chats, hours, flow, health, mode
and confirmation are compared each by itself, for everybody and for each grant: where
no part is looser, no call is. Conditions are compared by calls on both sides of each
border; where that cannot tell, as with patterns, one that is gone counts as looser.

Exit codes: 0 nothing is looser, 1 something is, 2 a policy cannot be used")]
pub(super) struct Diff {
    /// The policy that is in force
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy that would be
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    looser: bool,
    changes: Vec<PolicyChange>,
}

impl Diff {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let (old, new) = (Policy::load(&self.old)?, Policy::load(&self.new)?);
        let changes = old.changes(&new);
        let looser = changes.iter().any(|one| one.direction == Direction::Looser);
        let mut out = stdout();
        if self.json {
            write_json(&mut out, &Report { looser, changes })?;
        } else if changes.is_empty() {
            writeln!(out, "no call is looser or tighter")?;
        } else {
            changes
                .iter()
                .try_for_each(|change| tell(&mut out, change))?;
        }
        Ok(if looser {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

fn tell(out: &mut impl Write, change: &PolicyChange) -> io::Result<()> {
    let (word, colour) = match change.direction {
        Direction::Looser => ("looser", AnsiColor::Red),
        Direction::Tighter => ("tighter", AnsiColor::Green),
    };
    let style = Style::new().fg_color(Some(colour.into()));
    let caller = match &change.grant {
        Some(grant) => format!(" for {grant}"),
        None => String::new(),
    };
    writeln!(
        out,
        "{style}{word}{style:#}: {}{caller}: {} -> {}",
        change.about,
        words(&change.old),
        words(&change.new)
    )
}

fn words(side: &Side) -> String {
    match &side.rule {
        Some(rule) => format!("{} [{rule}]", side.says),
        None => side.says.clone(),
    }
}
