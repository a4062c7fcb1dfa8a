//! `panic`: stops every server at once, by the kill switch.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Args;
use serde::Serialize;

use super::{CliError, options::StateOption, output::print};
use crate::{kill_switch::Switch, ledger::SwitchState};

/// Stop every running server at once: allow only reads, or nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard panic              allow only reads
  whatsapp-guard panic --all        allow nothing
  whatsapp-guard panic --status     show whether it is on
  whatsapp-guard panic --off        turn it off: the policy decides again
  whatsapp-guard panic --state redis://host:6379/0

It stops every server that uses the state directory or Redis, whatever its account or
back end, and stays on over restarts until --off. It needs no back end and no policy.
It does not stop a server that was started with another --state. After --all, a plain
`panic` does not allow reads again: use --off.

What has not been sent when `panic` returns is not sent: calls that wait for their turn,
for a person or for a connection are refused, even if --off follows at once, and with
--all a read makes no further request. What was sent before is not taken back, and the
server still checks what became of it. With Redis, `panic` waits two seconds for this.

Exit codes: 0 done, 1 the switch cannot be read or changed, or a request was still
being sent, 2 there is no state directory")]
pub(super) struct Panic {
    /// Stop reads too
    #[arg(long)]
    all: bool,
    /// Turn it off
    #[arg(long, conflicts_with_all = ["all", "status"])]
    off: bool,
    /// Show whether it is on; change nothing
    #[arg(long, conflicts_with = "all")]
    status: bool,
    #[command(flatten)]
    state: StateOption,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct PanicReport {
    panic: &'static str,
    /// The file, or the Redis.
    file: String,
}

impl Panic {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let switch = self.state.switch()?.ok_or_else(|| {
            let problem = "no home directory is set; name a state directory with --state";
            CliError::Usage(problem.to_owned())
        })?;
        let file = switch.location();
        let state = self.apply(&switch).await.map_err(|error| {
            let verb = if self.status { "read" } else { "change" };
            CliError::Failed(format!(
                "cannot {verb} {file}: {error}; to be safe, end the servers"
            ))
        })?;
        if state != SwitchState::Off && !self.status {
            switch.settle().await.map_err(|error| {
                CliError::Failed(format!(
                    "panic is on ({file}), but a request that was being sent may still arrive: {error}; \
                     to be safe, end the servers"
                ))
            })?;
        }
        let panic = state.name();
        let report = PanicReport { panic, file };
        print(self.json, &report, |out| {
            let text = match state {
                SwitchState::Off => "off: the policy decides",
                SwitchState::ReadsOnly => "on: only reads are allowed",
                SwitchState::Everything => "on: nothing is allowed",
            };
            writeln!(out, "panic is {text} ({})", report.file)?;
            if state != SwitchState::Off {
                writeln!(out, "`whatsapp-guard panic --off` turns it off")?;
            }
            Ok(())
        })?;
        Ok(ExitCode::SUCCESS)
    }

    /// Sets the switch, or only reads it with `--status`; the state afterwards.
    async fn apply(&self, switch: &Switch) -> io::Result<SwitchState> {
        match (self.status, self.off, self.all) {
            (true, ..) => Ok(switch.read().await?.state),
            (_, true, _) => switch.set(SwitchState::Off).await,
            (_, _, true) => switch.set(SwitchState::Everything).await,
            _ => switch.set(SwitchState::ReadsOnly).await,
        }
    }
}
