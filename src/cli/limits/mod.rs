//! `limits`: what was counted, what is left and when it comes back.

mod reset;

use std::{io, io::Write, process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    CliError,
    options::{BackendOption, PolicyOption, StateOption},
    output::{stdout, write_json},
};
use crate::{
    explain::{AccountRecord, Counter},
    ledger::{LedgerError, SwitchState},
    text::for_people,
};

/// What ends a pause, in the place of a counter.
const PAUSE: &str = "pause";

/// Show what was counted, what is left and when it comes back.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  whatsapp-guard limits
  whatsapp-guard limits --policy mine.toml --json | jq '.counters[] | select(.left == 0)'
  whatsapp-guard limits --policy team.toml --account work
  whatsapp-guard limits reset sends         gives back what `sends` has counted
  whatsapp-guard limits reset pause         ends a pause of the account

Shown are the counters of the policy and those that only the ledger knows, for the
account that is configured. Limits below an hour are counted in the memory of each
running server and cannot be seen from here.

Exit codes: 0 fine, 1 the ledger cannot be used, 2 wrong usage or configuration"
)]
pub(super) struct Limits {
    #[command(flatten)]
    show: Show,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    account: Whose,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Whose ledger.
#[derive(Debug, Args)]
struct Whose {
    #[command(flatten)]
    policy: PolicyOption,
    #[command(flatten)]
    backend: BackendOption,
    #[command(flatten)]
    state: StateOption,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Give back what a counter has counted, or end a pause, after asking the person
    Reset(reset::Reset),
}

#[derive(Serialize)]
struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    panic: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<Paused>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<String>,
    counters: Vec<Counter>,
}

#[derive(Serialize)]
struct Paused {
    why: String,
    remaining_s: u64,
}

impl Limits {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        match self.what {
            Some(What::Reset(reset)) => reset.run(),
            None => self.show.run(),
        }
    }
}

impl Show {
    fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.account.policy.load()?;
        let account = self.account.backend.one(&policy)?;
        let sandbox = account.key()?.is_none();
        let kept = self.account.state.remembered(&account)?;
        let known = AccountRecord::read(kept.ledger, kept.switch.as_ref()).map_err(failed)?;
        let report = Report {
            account: account.name().map(str::to_owned),
            panic: known.panic.name(),
            pause: known.pause.as_ref().map(|pause| Paused {
                why: pause.why.clone(),
                remaining_s: pause.remaining.as_secs(),
            }),
            ledger: kept.place,
            counters: Counter::all(&policy, &known),
        };
        let mut out = stdout();
        if self.json {
            write_json(&mut out, &report)?;
        } else {
            tell(&mut out, &report, known.panic, sandbox)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(
    out: &mut impl Write,
    report: &Report,
    panic: SwitchState,
    sandbox: bool,
) -> io::Result<()> {
    match panic {
        SwitchState::Off => {}
        SwitchState::ReadsOnly => writeln!(out, "panic is on: nothing but reads")?,
        SwitchState::Everything => writeln!(out, "panic is on: nothing at all")?,
    }
    if let Some(account) = &report.account {
        writeln!(out, "account: {account}")?;
    }
    if let Some(pause) = &report.pause {
        let time = for_people(Duration::from_secs(pause.remaining_s));
        writeln!(
            out,
            "the account is left alone for another {time}: {}",
            pause.why
        )?;
        writeln!(out, "`whatsapp-guard limits reset {PAUSE}` ends that")?;
    }
    match &report.ledger {
        Some(place) => writeln!(out, "ledger: {place}")?,
        None if sandbox => writeln!(out, "ledger: none, the sandbox counts in memory")?,
        None => writeln!(
            out,
            "ledger: none yet, nothing was counted for this account"
        )?,
    }
    for counter in &report.counters {
        let limit = match &counter.limit {
            Some(limit) => format!("at most {limit}"),
            None => "in no limit of this policy; within a day".to_owned(),
        };
        let key = counter.key.as_deref().unwrap_or("");
        let key = key.strip_suffix(':').unwrap_or(key);
        let whose = if key.is_empty() {
            String::new()
        } else {
            format!(" [{key}]")
        };
        writeln!(out, "\n{}{whose}\n  {limit}", counter.counter)?;
        match (counter.used, counter.left) {
            (Some(used), Some(left)) => write!(out, "  {used} used, {left} left")?,
            (Some(used), None) => write!(out, "  {used} used")?,
            _ => write!(out, "  counted in the memory of each running server")?,
        }
        if let (Some(first), Some(last)) = (counter.comes_back_s, counter.all_back_s) {
            let [first, last] = [first, last].map(|back| for_people(Duration::from_secs(back)));
            write!(out, ", the first comes back in {first}, all in {last}")?;
        }
        writeln!(out)?;
        if let Some(rule) = &counter.rule {
            writeln!(out, "  {rule}")?;
        }
    }
    Ok(())
}

fn failed(error: LedgerError) -> CliError {
    CliError::Failed(error.to_string())
}
