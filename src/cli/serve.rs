//! `serve`: the MCP server on standard input and output.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;

use super::{
    CliError,
    options::{BackendOption, PolicyOption},
};
use crate::{
    audit::Audit,
    clock::Clock,
    gate::Gate,
    ledger::Ledger,
    mcp::{self, Server},
    panic_switch::Switch,
    policy::Policy,
    state,
    toolset::Toolset,
};

/// Serve MCP on standard input and output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  claude mcp add whatsapp -- whatsapp-guard serve
  WAHA_BASE_URL=http://localhost:3000 WAHA_API_KEY_FILE=~/.waha-key whatsapp-guard serve
  whatsapp-guard serve --backend sandbox --policy mine.toml

Logs go to standard error; WHATSAPP_GUARD_LOG=debug shows more of them.
WHATSAPP_GUARD_TIMEOUT sets how many seconds one HTTP answer may take (35),
WHATSAPP_GUARD_OUTBOX the folder that files are sent from (none),
WHATSAPP_GUARD_INBOX the folder that large downloads are saved in (none), and
WHATSAPP_GUARD_MAX_MEDIA_BYTES the most that is sent at once (16777216).
WHATSAPP_GUARD_MAX_RESULT_BYTES sets how large an answer may be (24576).")]
pub(super) struct Serve {
    #[command(flatten)]
    backend: BackendOption,
    #[command(flatten)]
    policy: PolicyOption,
    /// Audit file; below the XDG state directory when left out
    #[arg(long, value_name = "FILE", env = "WHATSAPP_GUARD_AUDIT")]
    audit: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        let tools = self.backend.tools()?;
        let account = self.backend.config()?.account();
        let server = server(tools, policy, self.audit, account.as_deref())?;
        mcp::serve_stdio(server).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Puts the parts together.
pub(super) fn server(
    tools: Toolset,
    policy: Policy,
    audit: Option<PathBuf>,
    account: Option<&str>,
) -> Result<Server, CliError> {
    let clock = Clock::real();
    let directory = state::directory();
    let ledger = match (account, &directory) {
        (None, _) => Ledger::in_memory(clock.clone()),
        (Some(account), Some(directory)) => {
            Ledger::at(directory.join(account).join("ledger.sqlite"), clock.clone())
        }
        (Some(_), None) => {
            let problem = "there is no home directory to count in; set XDG_STATE_HOME";
            return Err(CliError::Usage(problem.to_owned()));
        }
    };
    let audit = Arc::new(Audit::new(audit, clock.clone()));
    let gate = Gate::new(policy, &clock, audit.clone(), ledger).map_err(|error| {
        CliError::Failed(format!("no random bytes for the approval key: {error}"))
    })?;
    let gate = match directory {
        Some(directory) => gate.stopped_by(Switch::at(&directory)),
        None => gate,
    };
    Ok(Server::new(tools, gate, audit))
}
