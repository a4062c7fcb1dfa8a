//! `limits`: what was counted, what is left, and when it is available again.

mod accept;
mod reset;

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    CliError,
    options::{BackendOption, PolicyOption, StateOption},
    output::{colour, print, table},
};
use crate::{
    explain::{AccountRecord, Counter},
    ledger::{LedgerError, SwitchState},
    text::for_people,
};

/// The word that names the pause where a counter is expected.
const PAUSE: &str = "pause";

/// Show what each limit has counted, and what is left.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  whatsapp-guard limits
  whatsapp-guard limits --policy mine.toml --json | jq '.counters[] | select(.left == 0)'
  whatsapp-guard limits --policy team.toml --account work
  whatsapp-guard limits reset sends         set the counter `sends` to zero
  whatsapp-guard limits reset pause         end a pause of the account
  whatsapp-guard limits accept-new-state    accept a Redis that was emptied on purpose

Shows the counters of the policy, and counters of earlier policies that are still in the
ledger, for the configured account. Limits with a window below an hour are counted in
the memory of each running server; this command cannot read them.

Exit codes: 0 success, 1 the ledger cannot be read, 2 wrong usage or configuration"
)]
pub(super) struct Limits {
    #[command(flatten)]
    show: Show,
    #[command(subcommand)]
    action: Option<LimitsAction>,
}

#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    account: AccountOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The account whose ledger is meant.
#[derive(Debug, Args)]
struct AccountOptions {
    #[command(flatten)]
    policy: PolicyOption,
    #[command(flatten)]
    backend: BackendOption,
    #[command(flatten)]
    state: StateOption,
}

#[derive(Debug, Subcommand)]
enum LimitsAction {
    Reset(reset::Reset),
    AcceptNewState(accept::Accept),
}

#[derive(Serialize)]
struct LimitsReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    panic: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<PauseReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<String>,
    counters: Vec<Counter>,
}

#[derive(Serialize)]
struct PauseReport {
    why: String,
    remaining_s: u64,
}

impl Limits {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        match self.action {
            Some(LimitsAction::Reset(reset)) => reset.run().await,
            Some(LimitsAction::AcceptNewState(accept)) => accept.run().await,
            None => self.show.run().await,
        }
    }
}

impl Show {
    async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.account.policy.load()?;
        let account = self.account.backend.one(&policy)?;
        let sandbox = account.key()?.is_none();
        let stored = self.account.state.stored(&account)?;
        let known = AccountRecord::read(stored.ledger, stored.switch.as_ref(), &policy).await?;
        let report = LimitsReport {
            account: account.name().map(str::to_owned),
            panic: known.panic.name(),
            pause: known.pause.as_ref().map(|pause| PauseReport {
                why: pause.why.clone(),
                remaining_s: pause.remaining.as_secs(),
            }),
            ledger: stored.location,
            counters: Counter::all(&policy, &known),
        };
        print(self.json, &report, |out| {
            write_report(out, &report, known.panic, sandbox)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn write_report(
    out: &mut impl Write,
    report: &LimitsReport,
    panic: SwitchState,
    sandbox: bool,
) -> io::Result<()> {
    match panic {
        SwitchState::Off => {}
        SwitchState::ReadsOnly => writeln!(out, "panic is on: only reads are allowed")?,
        SwitchState::Everything => writeln!(out, "panic is on: nothing is allowed")?,
    }
    if let Some(account) = &report.account {
        writeln!(out, "account: {account}")?;
    }
    if let Some(PauseReport { why, remaining_s }) = &report.pause {
        let time = in_words(*remaining_s);
        writeln!(out, "the account is paused for another {time}: {why}")?;
        writeln!(out, "`whatsapp-guard limits reset {PAUSE}` ends the pause")?;
    }
    match &report.ledger {
        Some(location) => writeln!(out, "ledger: {location}")?,
        None if sandbox => writeln!(out, "ledger: none, the sandbox counts in memory")?,
        None => writeln!(
            out,
            "ledger: none yet, nothing was counted for this account"
        )?,
    }
    let rows: Vec<_> = report.counters.iter().map(cells).collect();
    table(out, &rows)
}

/// The row of a counter: whose it is, its limit, and what is left of it.
fn cells(counter: &Counter) -> [(String, Style); 3] {
    let key = counter.key.as_deref().unwrap_or_default();
    let key = match key.trim_end_matches(':') {
        "" => String::new(),
        key => format!(" [{key}]"),
    };
    let limit = counter.limit.as_deref();
    let limit = limit.unwrap_or("no limit of this policy, counted within a day");
    let mut usage = match (counter.used, counter.left) {
        (Some(used), Some(left)) => format!("{used} used, {left} left"),
        (Some(used), None) => format!("{used} used"),
        _ => "counted in the memory of each running server".to_owned(),
    };
    if let (Some(first), Some(last)) = (counter.comes_back_s, counter.all_back_s) {
        let [first, last] = [first, last].map(in_words);
        usage += &format!(", the first back in {first}, all in {last}");
    }
    let style = match counter.left {
        Some(0) => colour(AnsiColor::Red),
        _ => Style::new(),
    };
    let plain = Style::new();
    [
        (format!("{}{key}", counter.counter), plain),
        (limit.to_owned(), plain),
        (usage, style),
    ]
}

fn in_words(seconds: u64) -> String {
    for_people(Duration::from_secs(seconds))
}

impl From<LedgerError> for CliError {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error.to_string())
    }
}
