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
            write_changes(out, &report.changes)
        })?;
        Ok(exit(!looser))
    }
}

/// Writes the changes below headings that say which way they go, and for whom.
fn write_changes(out: &mut impl Write, changes: &[PolicyChange]) -> io::Result<()> {
    let mut heading = None;
    for change in changes {
        let own = (change.direction, &change.grant);
        if heading != Some(own) {
            heading = Some(own);
            let (word, style) = match change.direction {
                Direction::Looser => ("Looser", colour(AnsiColor::Red)),
                Direction::Tighter => ("Tighter", colour(AnsiColor::Green)),
            };
            let whom = change.grant.as_deref().unwrap_or("everybody");
            writeln!(out, "{style}{word}{style:#} for {whom}:")?;
        }
        let (old, new) = (in_words(&change.old), in_words(&change.new));
        let mut places = [&change.old, &change.new].map(|side| side.rule.as_deref());
        if places.first() == places.last() {
            places = [places.into_iter().flatten().next(), None];
        }
        let places: Vec<&str> = places.into_iter().flatten().collect();
        let about = &change.about;
        write!(out, "  {about}: {new} instead of {old}")?;
        match places.is_empty() {
            true => writeln!(out)?,
            false => writeln!(out, " [{}]", places.join(" -> "))?,
        }
    }
    Ok(())
}

/// What a side says, with the effect of a call as people say it.
fn in_words(side: &Side) -> String {
    let (word, rest) = match side.says.split_once(' ') {
        Some((word, rest)) => (word, format!(" {rest}")),
        None => (side.says.as_str(), String::new()),
    };
    let word = match word {
        "allow" => "allowed",
        "confirm" => "asked about",
        "deny" => "refused",
        other => other,
    };
    format!("{word}{rest}")
}
