//! `limits accept-new-state`: accepts a Redis that was emptied or exchanged on purpose.

use std::{io::Write, process::ExitCode};

use clap::Args;

use super::AccountOptions;
use crate::cli::{
    CliError,
    output::{exit, stdout},
    terminal,
};

/// Accept a Redis that was emptied or exchanged, after asking you.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard limits accept-new-state --state redis://host:6379/0
  whatsapp-guard limits accept-new-state --policy team.toml --account work

Servers that share their state refuse changes (ledger-replaced) when Redis no longer holds
what it held: after FLUSHALL, a restart without its data, an old backup, or another server
at the address. Bring the data back if you can. What was counted is gone otherwise, with
known recipients, used approvals, the pause and the kill switch: turn `panic` on again if
it was on. This command is for each account of its own.

Exit codes: 0 done, 1 declined or failed, 2 no terminal, nothing to accept, or wrong usage")]
pub(super) struct Accept {
    #[command(flatten)]
    account: AccountOptions,
}

impl Accept {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.account.policy.load()?;
        let account = self.account.backend.one(&policy)?;
        let usage = |problem: &str| CliError::Usage(problem.to_owned());
        let ledger = self.account.state.stored(&account)?.ledger;
        let ledger = ledger.filter(|ledger| ledger.is_shared()).ok_or_else(|| {
            usage("only a state in Redis is accepted; name it with --state redis://host:port/db")
        })?;
        if !ledger.misses_state().await? {
            return Err(usage(
                "no server has missed an earlier state of this account: nothing to accept",
            ));
        }
        let question = "Redis no longer holds what was counted for this account. Accept its \
                        present state, and lose the earlier one?";
        let question = match account.name() {
            Some(name) => format!("account {name}: {question}"),
            None => question.to_owned(),
        };
        let confirmed = terminal::confirm(&question)?;
        let mut out = stdout();
        if confirmed {
            ledger.accept_new_state().await?;
            writeln!(
                out,
                "the present state is accepted; servers use it from the next call on"
            )?;
        } else {
            writeln!(out, "nothing was changed")?;
        }
        Ok(exit(confirmed))
    }
}
