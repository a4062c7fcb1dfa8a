//! `doctor`: whether the back end can be used, in plain words.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use clap::Args;

use super::{
    CliError,
    options::{BackendOption, PolicyOption},
    output::{stdout, write_json},
};
use crate::backend::{self, CheckResult};

/// Reach the back end with the configured key and say what is wrong.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  WAHA_BASE_URL=http://localhost:3000 WAHA_API_KEY=... whatsapp-guard doctor
  whatsapp-guard doctor --backend green-api --json
  whatsapp-guard doctor --policy team.toml --account work

Exit codes: 0 all is well, 1 something is not, 2 the configuration is wrong")]
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
            writeln!(io::stderr(), "… connecting to {kind}")?;
        }
        findings.extend(backend::open(&config)?.examine().await);
        let well = findings.iter().all(|finding| finding.ok);
        let mut out = stdout();
        if self.json {
            write_json(
                &mut out,
                &serde_json::json!({ "ok": well, "findings": findings }),
            )?;
        } else {
            for finding in &findings {
                print(&mut out, finding)?;
            }
        }
        Ok(if well {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn print(out: &mut impl Write, finding: &CheckResult) -> Result<(), CliError> {
    let (mark, colour) = if finding.ok {
        ("ok", AnsiColor::Green)
    } else {
        ("no", AnsiColor::Red)
    };
    let style = Style::new().fg_color(Some(colour.into()));
    writeln!(out, "{style}{mark}{style:#}  {}", finding.found)?;
    if let Some(next) = &finding.next {
        writeln!(out, "    {next}")?;
    }
    Ok(())
}
