//! `limits`: what was counted, what is left and when it comes back.

use std::{io, io::Write, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    CliError,
    options::{BackendOption, PolicyOption, StateOption},
    output::{stdout, write_json},
    terminal,
};
use crate::{
    ledger::{Ledger, LedgerError},
    panic_switch::State,
    rehearsal::{self, Account, Counter, for_people},
    toolset::nearest,
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
    policy: PolicyOption,
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
    backend: BackendOption,
    #[command(flatten)]
    state: StateOption,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Give back what a counter has counted, or end a pause, after asking the person
    #[command(after_help = "Examples:
  whatsapp-guard limits reset sends
  whatsapp-guard limits reset tools.send_message/account
  whatsapp-guard limits reset pause

It asks on the terminal, and there is no option that answers for you: what an agent
with a shell could reset would be no limit.

Exit codes: 0 done, 1 declined or failed, 2 no terminal, no such counter, or wrong usage")]
    Reset(Reset),
}

#[derive(Debug, Args)]
struct Reset {
    /// The counter's name, as `limits` shows it, or `pause`
    #[arg(value_name = "COUNTER")]
    counter: String,
    #[command(flatten)]
    account: Whose,
}

#[derive(Serialize)]
struct Report {
    panic: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<Paused>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<PathBuf>,
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

impl Whose {
    /// The ledger, where there is one.
    fn ledger(&self) -> Result<Option<Ledger>, CliError> {
        let (directory, account) = (self.state.directory(), self.backend.account()?);
        Ok(directory.and_then(|directory| rehearsal::ledger(&directory, account.as_deref())))
    }
}

impl Show {
    fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        let (directory, account) = (
            self.account.state.directory(),
            self.account.backend.account()?,
        );
        let known = Account::look(directory.as_deref(), account.as_deref()).map_err(failed)?;
        let report = Report {
            panic: known.panic.name(),
            pause: known.pause.as_ref().map(|pause| Paused {
                why: pause.why.clone(),
                remaining_s: pause.remaining.as_secs(),
            }),
            ledger: self
                .account
                .ledger()?
                .and_then(|ledger| Some(ledger.path()?.to_owned())),
            counters: Counter::all(&policy, &known),
        };
        let mut out = stdout();
        if self.json {
            write_json(&mut out, &report)?;
        } else {
            tell(&mut out, &report, known.panic, account.is_none())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(out: &mut impl Write, report: &Report, panic: State, sandbox: bool) -> io::Result<()> {
    match panic {
        State::Off => {}
        State::ReadsOnly => writeln!(out, "panic is on: nothing but reads")?,
        State::Everything => writeln!(out, "panic is on: nothing at all")?,
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
        Some(path) => writeln!(out, "ledger: {}", path.display())?,
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

impl Reset {
    fn run(self) -> Result<ExitCode, CliError> {
        let Some(ledger) = self.account.ledger()? else {
            let none = "there is no ledger for the account that is configured: nothing to reset";
            return Err(CliError::Usage(none.to_owned()));
        };
        let question = self.question(&ledger)?;
        if !terminal::ask(&question)? {
            writeln!(stdout(), "nothing was changed")?;
            return Ok(terminal::DECLINED);
        }
        let mut out = stdout();
        if self.counter == PAUSE {
            ledger.resume().map_err(failed)?;
            writeln!(out, "the pause is over")?;
        } else {
            ledger.reset(&self.counter).map_err(failed)?;
            writeln!(out, "`{}` counts from nothing again", self.counter)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What the person is asked, with what would be given back.
    fn question(&self, ledger: &Ledger) -> Result<String, CliError> {
        if self.counter == PAUSE {
            return match ledger.paused().map_err(failed)? {
                Some(pause) => Ok(format!(
                    "The account is left alone for another {}: {}. End that now?",
                    for_people(pause.remaining),
                    pause.why
                )),
                None => Err(CliError::Usage("no pause runs".to_owned())),
            };
        }
        let standings = ledger.standings().map_err(failed)?;
        let found = standings.iter().filter(|one| one.counter == self.counter);
        let (keys, used) = found.fold((0, 0), |(keys, used), one| {
            (keys + 1, used + one.used(crate::ledger::DAY))
        });
        if keys == 0 {
            let known = standings.iter().map(|one| one.counter.as_str());
            let hint = match nearest(&self.counter, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`whatsapp-guard limits` shows the counters; those below an hour end \
                         with the server"
                    .to_owned(),
            };
            let counter = &self.counter;
            let none = format!("the ledger has counted nothing for `{counter}`: {hint}");
            return Err(CliError::Usage(none));
        }
        Ok(format!(
            "`{}` has counted {used} within a day, for {keys} of its keys. Give all of it back?",
            self.counter
        ))
    }
}

fn failed(error: LedgerError) -> CliError {
    CliError::Failed(error.to_string())
}
