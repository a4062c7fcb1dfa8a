//! `limits reset`: gives back what a counter has counted, when a person says so.

use std::{io::Write, process::ExitCode};

use clap::Args;

use super::{PAUSE, Whose, failed};
use crate::{
    cli::{CliError, output::stdout, terminal},
    ledger::{DAY, Ledger},
    text::{for_people, nearest},
};

/// Give back what a counter has counted, or end a pause, after asking the person.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard limits reset sends
  whatsapp-guard limits reset tools.send_message/account
  whatsapp-guard limits reset pause

It asks on the terminal, and there is no option that answers for you: what an agent
with a shell could reset would be no limit.

Exit codes: 0 done, 1 declined or failed, 2 no terminal, no such counter, or wrong usage")]
pub(super) struct Reset {
    /// The counter's name, as `limits` shows it, or `pause`
    #[arg(value_name = "COUNTER")]
    counter: String,
    #[command(flatten)]
    account: Whose,
}

impl Reset {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.account.policy.load()?;
        let account = self.account.backend.one(&policy)?;
        let Some(ledger) = self.account.state.remembered(&account)?.ledger else {
            let none = "there is no ledger for the account that is configured: nothing to reset";
            return Err(CliError::Usage(none.to_owned()));
        };
        let question = match account.name() {
            Some(name) => format!("account {name}: {}", self.question(&ledger)?),
            None => self.question(&ledger)?,
        };
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
        let usages = ledger.usages().map_err(failed)?;
        let found = usages.iter().filter(|one| one.counter == self.counter);
        let (keys, used) = found.fold((0, 0), |(keys, used), one| (keys + 1, used + one.used(DAY)));
        if keys == 0 {
            let known = usages.iter().map(|one| one.counter.as_str());
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
