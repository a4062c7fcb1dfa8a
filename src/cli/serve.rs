//! `serve`: the MCP server on standard input and output.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;

use super::{
    CliError,
    options::{BackendOption, PolicyOption, StateOption},
};
use crate::{
    audit::Audit,
    clock::Clock,
    gate::Gate,
    mcp::{self, Server},
    policy::Policy,
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
WHATSAPP_GUARD_OUTBOX the folder that files are sent from (none), and
WHATSAPP_GUARD_MAX_MEDIA_BYTES the most that is sent at once (16777216).
WHATSAPP_GUARD_MAX_RESULT_BYTES sets how large an answer may be (24576).")]
pub(super) struct Serve {
    #[command(flatten)]
    backend: BackendOption,
    #[command(flatten)]
    policy: PolicyOption,
    #[command(flatten)]
    state: StateOption,
    /// Audit file; audit.jsonl in the state directory when left out
    #[arg(long, value_name = "FILE", env = "WHATSAPP_GUARD_AUDIT")]
    audit: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        let audit = self
            .audit
            .or_else(|| Some(self.state.directory()?.join("audit.jsonl")));
        let server = server(self.backend.tools()?, policy, audit)?;
        mcp::serve_stdio(server).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Puts the parts together.
pub(super) fn server(
    tools: Toolset,
    policy: Policy,
    audit: Option<PathBuf>,
) -> Result<Server, CliError> {
    let clock = Clock::real();
    let audit = Arc::new(Audit::new(audit, clock.clone()));
    let gate = Gate::new(policy, &clock, audit.clone()).map_err(|error| {
        CliError::Failed(format!("no random bytes for the approval key: {error}"))
    })?;
    Ok(Server::new(tools, gate, audit))
}
