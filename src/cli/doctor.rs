//! `doctor`: checks the connection to the back end, and who may use the server's files.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use anstyle::AnsiColor;
use clap::Args;

use super::{
    CliError,
    accounts::Configured,
    live,
    options::{AuditOption, BackendOption, PolicyOption, StateOption},
    output::{colour, exit, print},
    permissions::exposures,
};
use crate::{
    backend::{self, CheckResult},
    ledger::SwitchState,
    stderr::notify,
};

/// Check the connection to the back end and the permissions of files, and explain what is wrong.
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
    #[command(flatten)]
    state: StateOption,
    #[command(flatten)]
    audit: AuditOption,
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
        findings.extend(permissions(&self.state, self.audit, &account));
        findings.extend(stop(&self.state).await?);
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

/// What a server that is started like this warns of.
fn permissions(
    state: &StateOption,
    audit: AuditOption,
    account: &Configured<'_>,
) -> Vec<CheckResult> {
    let directory = state.directory();
    let audit = audit.path(directory.as_deref());
    let accounts = std::slice::from_ref(account);
    let found = exposures(directory.as_deref(), audit.as_deref(), accounts);
    if found.is_empty() {
        let fine = "only their owners may write the policy and the state, and read key files";
        return vec![CheckResult::fine(fine)];
    }
    let found = found.iter();
    let wrong = found.map(|one| CheckResult::wrong(one.found(), one.remedy()));
    wrong.collect()
}

/// Whether servers that use this state are stopped, as far as that can be read.
async fn stop(state: &StateOption) -> Result<Option<CheckResult>, CliError> {
    let Some(switch) = state.switch()? else {
        return Ok(None);
    };
    let location = switch.location();
    let stopped = |what: &str| {
        let found = format!("`whatsapp-guard panic` has stopped {what} ({location})");
        CheckResult::warning(
            found,
            "Run `whatsapp-guard panic --off` to allow calls again.",
        )
    };
    Ok(match switch.read().await.map(|reading| reading.state) {
        Ok(SwitchState::Off) if state.is_shared() => Some(CheckResult::fine(format!(
            "{location} answers, and calls are not stopped"
        ))),
        Ok(SwitchState::Off) => None,
        Ok(SwitchState::ReadsOnly) => Some(stopped("all changes")),
        Ok(SwitchState::Everything) => Some(stopped("everything")),
        Err(error) => Some(CheckResult::wrong(
            error.to_string(),
            "Until it answers, servers that use it refuse all calls.",
        )),
    })
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
