//! `doctor`: checks the connection to the back end.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anstyle::AnsiColor;
use clap::Args;

use super::{
    CliError, live,
    options::{BackendOption, PolicyOption},
    output::{colour, exit, print},
};
use crate::{
    backend::{self, CheckResult},
    stderr::notify,
};

/// Check the connection to the back end and explain what is wrong.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  WAHA_BASE_URL=http://localhost:3000 WAHA_API_KEY=... whatsapp-guard doctor
  whatsapp-guard doctor --backend green-api --json
  whatsapp-guard doctor --policy team.toml --account work

Exit codes: 0 everything works, 1 something does not, 2 the configuration is invalid")]
pub(super) struct Doctor {
    #[command(flatten)]
    backend: BackendOption,
    #[command(flatten)]
    policy: PolicyOption,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        let account = self.backend.one(&policy)?;
        let config = account.config()?;
        let kind = config.backend.name;
        let mut findings = vec![CheckResult::fine(match account.name() {
            Some(name) => format!("account: {name}; back end: {kind}"),
            None => format!("back end: {kind}"),
        })];
        if io::stderr().is_terminal() {
            notify(format!("… connecting to {kind}"));
        }
        let backend = backend::open(&config)?;
        findings.extend(backend.examine().await);
        let well = findings.iter().all(|finding| finding.ok);
        if well {
            findings.extend(live::examine(&policy, &*backend).await);
        }
        let well = findings.iter().all(|finding| finding.ok);
        let report = serde_json::json!({ "ok": well, "findings": findings });
        print(self.json, &report, |out| {
            let mut findings = findings.iter();
            findings.try_for_each(|finding| write_finding(out, finding))
        })?;
        Ok(exit(well))
    }
}

pub(super) fn write_finding(out: &mut impl Write, finding: &CheckResult) -> io::Result<()> {
    let (mark, style) = match (finding.ok, &finding.next) {
        (true, None) => ("ok", colour(AnsiColor::Green)),
        (true, Some(_)) => ("??", colour(AnsiColor::Yellow)),
        (false, _) => ("no", colour(AnsiColor::Red)),
    };
    writeln!(out, "{style}{mark}{style:#}  {}", finding.found)?;
    match &finding.next {
        Some(next) => writeln!(out, "    {next}"),
        None => Ok(()),
    }
}
