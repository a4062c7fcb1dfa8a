//! `serve`: the MCP server on standard input and output.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{
    CliError,
    http::HttpOptions,
    options::{BackendOption, PolicyOption, StateOption},
};
use crate::{
    audit::Audit,
    clock::Clock,
    config::Config,
    gate::Gate,
    ledger::Ledger,
    mcp::{self, Server},
    panic_switch::Switch,
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
WHATSAPP_GUARD_OUTBOX the folder that files are sent from (none),
WHATSAPP_GUARD_INBOX the folder that large downloads are saved in (none), and
WHATSAPP_GUARD_MAX_MEDIA_BYTES the most that is sent at once (16777216).
WHATSAPP_GUARD_MAX_RESULT_BYTES sets how large an answer may be (24576).")]
pub(super) struct Serve {
    #[command(flatten)]
    backend: BackendOption,
    #[command(flatten)]
    policy: PolicyOption,
    #[command(flatten)]
    state: StateOption,
    #[command(flatten)]
    pub(super) http: HttpOptions,
    /// Audit file; audit.jsonl in the state directory when left out
    #[arg(long, value_name = "FILE", env = "WHATSAPP_GUARD_AUDIT")]
    audit: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        let tools = self.backend.tools()?;
        let clock = Clock::real();
        let directory = self.state.directory();
        let audit = self
            .audit
            .or_else(|| Some(directory.as_ref()?.join("audit.jsonl")));
        let kept = Kept {
            audit,
            ledger: ledger(&self.backend.config()?, directory.as_deref(), &clock)?,
            switch: directory.as_deref().map(Switch::at),
        };
        let server = server(tools, policy, kept, &clock)?;
        if !self.http.is_wanted() {
            mcp::serve_stdio(server).await?;
            return Ok(ExitCode::SUCCESS);
        }
        // From here on the server ends in order.
        let told = told_to_stop()?;
        let stop = CancellationToken::new();
        let (stdio, http) = (self.http.stdio, self.http);
        let serving = http.serve(server.clone(), stop.clone());
        tokio::pin!(serving);
        if stdio {
            tokio::select! {
                served = &mut serving => return served.map(|()| ExitCode::SUCCESS),
                served = mcp::serve_stdio(server) => served?,
            }
        } else {
            tokio::select! {
                served = &mut serving => return served.map(|()| ExitCode::SUCCESS),
                () = told => {}
            }
        }
        stop.cancel();
        serving.await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Until somebody wants the server to end; listened for from now on.
#[cfg(unix)]
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut term, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Until somebody wants the server to end.
#[cfg(not(unix))]
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without signals there is nothing to wait for but the end of the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// What outlives the process.
pub(super) struct Kept {
    pub(super) audit: Option<PathBuf>,
    pub(super) ledger: Ledger,
    pub(super) switch: Option<Switch>,
}

/// The ledger of an account, in the state directory; the sandbox has one that ends
/// with it.
pub(super) fn ledger(
    config: &Config,
    directory: Option<&Path>,
    clock: &Clock,
) -> Result<Ledger, CliError> {
    match (config.account(), directory) {
        (None, _) => Ok(Ledger::in_memory(clock.clone())),
        (Some(account), Some(directory)) => {
            let path = directory.join(account).join("ledger.sqlite");
            Ok(Ledger::at(path, clock.clone()))
        }
        (Some(_), None) => Err(CliError::Usage(
            "there is no home directory to count in; name a directory with --state".to_owned(),
        )),
    }
}

/// Puts the parts together.
pub(super) fn server(
    tools: Toolset,
    policy: Policy,
    kept: Kept,
    clock: &Clock,
) -> Result<Server, CliError> {
    let audit = Arc::new(Audit::new(kept.audit, clock.clone()));
    let gate = Gate::new(policy, clock, audit.clone(), kept.ledger).map_err(|error| {
        CliError::Failed(format!("no random bytes for the approval key: {error}"))
    })?;
    let gate = match kept.switch {
        Some(switch) => gate.stopped_by(switch),
        None => gate,
    };
    Ok(Server::new(tools, gate, audit))
}
