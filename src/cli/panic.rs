//! `panic`: stops every server at once.

use std::{io::Write, process::ExitCode};

use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    options::StateOption,
    output::{stdout, write_json},
};
use crate::{kill_switch::Switch, ledger::SwitchState};

/// Stop every running server at once: nothing but reads, or nothing at all.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  whatsapp-guard panic              from the next call on, nothing but reads
  whatsapp-guard panic --all        from the next call on, nothing at all
  whatsapp-guard panic --status     whether it is on
  whatsapp-guard panic --off        what the policy says holds again
  whatsapp-guard panic --state redis://host:6379/0

It holds for every server of the state directory or Redis, whatever account or back end
it serves, and stays over restarts until --off. It needs no back end and no policy. A
server that was started with another --state is not stopped. A call that is under
way already is not taken back. --all is not eased by a second `panic`: use --off.

Exit codes: 0 done, 1 it cannot be put, 2 there is no state directory")]
pub(super) struct Panic {
    /// Stop reads too
    #[arg(long)]
    all: bool,
    /// Take the stop away
    #[arg(long, conflicts_with_all = ["all", "status"])]
    off: bool,
    /// Say whether it is on, and change nothing
    #[arg(long, conflicts_with = "all")]
    status: bool,
    #[command(flatten)]
    state: StateOption,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    panic: &'static str,
    /// The file, or the Redis.
    file: String,
}

impl Panic {
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let switch = match self.state.shared()? {
            Some(shared) => Switch::shared(shared),
            None => Switch::at(&self.state.directory().ok_or_else(|| {
                CliError::Usage(
                    "there is no home directory; name the state directory with --state".into(),
                )
            })?),
        };
        let state = self.put(&switch).map_err(|error| {
            let (place, what) = (
                switch.place(),
                if self.status { "asked" } else { "changed" },
            );
            CliError::Failed(format!(
                "{place} cannot be {what}: {error}; to be safe, end the servers"
            ))
        })?;
        self.tell(&switch, state)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Puts the switch; what holds then.
    fn put(&self, switch: &Switch) -> std::io::Result<SwitchState> {
        match (self.status, self.off, self.all) {
            (true, ..) => {}
            (_, true, _) => switch.clear()?,
            (_, _, true) => switch.set(SwitchState::Everything)?,
            // A second cry in a hurry must not loosen the first.
            _ if switch.ask()? == SwitchState::Everything => {}
            _ => switch.set(SwitchState::ReadsOnly)?,
        }
        switch.ask()
    }

    fn tell(&self, switch: &Switch, state: SwitchState) -> std::io::Result<()> {
        let mut out = stdout();
        if self.json {
            let report = Report {
                panic: state.name(),
                file: switch.place(),
            };
            return write_json(&mut out, &report);
        }
        let says = match state {
            SwitchState::Off => "off: what the policy says holds",
            SwitchState::ReadsOnly => "on: nothing but reads from the next call on",
            SwitchState::Everything => "on: nothing at all from the next call on",
        };
        writeln!(out, "panic is {says} ({})", switch.place())?;
        if state != SwitchState::Off {
            writeln!(out, "`whatsapp-guard panic --off` takes it away")?;
        }
        Ok(())
    }
}
