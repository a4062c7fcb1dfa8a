//! `diff`: which calls a change of the policy loosens or tightens.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anstyle::AnsiColor;
use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    output::{colour, exit, print},
};
use crate::{
    backend::specs,
    policy::{Direction, Policy, PolicyChange, Side},
};

/// Compare two policies: which calls the new one loosens or tightens.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard diff policy.toml new.toml
  whatsapp-guard diff <(git show main:policy.toml) policy.toml || echo 'needs a review'
  whatsapp-guard diff old.toml new.toml --json | jq '.changes[] | select(.direction == \"looser\")'

Compares tools, conditions, limits, delays, recipients, readable chats, hours, flow,
health, mode and confirmation separately, for all callers and for each grant. If no part
is looser, no call is looser. Conditions are compared by sample calls on both sides of
each boundary value. Where samples cannot decide, as with patterns, a removed condition
counts as looser.

Exit codes: 0 nothing is looser, 1 something is looser, 2 a policy is invalid")]
pub(super) struct Diff {
    /// The policy in force
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy to replace it
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct DiffReport {
    looser: bool,
    changes: Vec<PolicyChange>,
}

impl Diff {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let (old, new) = (
            Policy::load(specs(), &self.old)?,
            Policy::load(specs(), &self.new)?,
        );
        let changes = old.changes(&new);
        let looser = changes.iter().any(|one| one.direction == Direction::Looser);
        let report = DiffReport { looser, changes };
        print(self.json, &report, |out| {
            if report.changes.is_empty() {
                writeln!(out, "no call is looser or tighter")?;
            }
            let mut changes = report.changes.iter();
            changes.try_for_each(|change| write_change(out, change))
        })?;
        Ok(exit(!looser))
    }
}

fn write_change(out: &mut impl Write, change: &PolicyChange) -> io::Result<()> {
    let (word, style) = match change.direction {
        Direction::Looser => ("looser", colour(AnsiColor::Red)),
        Direction::Tighter => ("tighter", colour(AnsiColor::Green)),
    };
    let caller = match &change.grant {
        Some(grant) => format!(" for {grant}"),
        None => String::new(),
    };
    let [old, new] = [&change.old, &change.new].map(describe);
    let about = &change.about;
    writeln!(
        out,
        "{style}{word}{style:#}: {about}{caller}: {old} -> {new}"
    )
}

fn describe(side: &Side) -> String {
    match &side.rule {
        Some(rule) => format!("{} [{rule}]", side.says),
        None => side.says.clone(),
    }
}
