//! `limits reset`: sets a counter to zero after a person has confirmed it.

use std::{io::Write, process::ExitCode};

use clap::Args;

use super::{AccountOptions, PAUSE};
use crate::{
    cli::{
        CliError,
        output::{exit, stdout},
        terminal,
    },
    ledger::{DAY, Ledger},
    text::{for_people, nearest},
};

/// Set a counter to zero, or end a pause, after asking you.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard limits reset sends
  whatsapp-guard limits reset tools.send_message/account
  whatsapp-guard limits reset pause

It asks on the terminal, and no option answers for you: a limit that an agent with a
shell can reset is no limit.

Exit codes: 0 done, 1 declined or failed, 2 no terminal, no such counter, or wrong usage")]
pub(super) struct Reset {
    /// The counter's name, as `limits` shows it, or `pause`
    #[arg(value_name = "COUNTER")]
    counter: String,
    #[command(flatten)]
    account: AccountOptions,
}

impl Reset {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.account.policy.load()?;
        let account = self.account.backend.one(&policy)?;
        let Some(ledger) = self.account.state.stored(&account)?.ledger else {
            let problem = "the configured account has no ledger: nothing to reset";
            return Err(CliError::Usage(problem.to_owned()));
        };
        let mut question = self.question(&ledger).await?;
        if let Some(name) = account.name() {
            question = format!("account {name}: {question}");
        }
        let confirmed = terminal::confirm(&question)?;
        let mut out = stdout();
        if !confirmed {
            writeln!(out, "nothing was changed")?;
        } else if self.counter == PAUSE {
            ledger.resume().await?;
            writeln!(out, "the pause is over")?;
        } else {
            ledger.reset(&self.counter).await?;
            writeln!(out, "`{}` is zero again", self.counter)?;
        }
        Ok(exit(confirmed))
    }

    /// The question to the person, with what the reset would give back.
    async fn question(&self, ledger: &Ledger) -> Result<String, CliError> {
        let counter = &self.counter;
        if counter == PAUSE {
            let pause = ledger.paused().await?;
            let pause = pause.ok_or_else(|| CliError::Usage("there is no pause".to_owned()))?;
            let (time, why) = (for_people(pause.remaining), pause.why);
            return Ok(format!(
                "The account is paused for another {time}: {why}. End the pause now?"
            ));
        }
        let usages = ledger.usages(Vec::new()).await?;
        let found = usages.iter().filter(|one| one.counter == *counter);
        let (keys, used) = found.fold((0, 0), |(keys, used), one| (keys + 1, used + one.used(DAY)));
        if keys == 0 {
            let known = usages.iter().map(|one| one.counter.as_str());
            let hint = match nearest(counter, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`whatsapp-guard limits` lists the counters; counters with a window \
                         below an hour end with the server"
                    .to_owned(),
            };
            return Err(CliError::Usage(format!(
                "the ledger has no counter `{counter}`: {hint}"
            )));
        }
        Ok(format!(
            "`{counter}` has counted {used} within a day, for {keys} keys. Set it to zero?"
        ))
    }
}
