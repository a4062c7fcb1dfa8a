//! `serve`: the MCP server.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::{Args, builder::NonEmptyStringValueParser};

use super::{
    CliError,
    accounts::Configured,
    http::HttpOptions,
    options::{
        AuditOption, BackendOption, LEDGER, PolicyOption, StateOption, approval_key, require_grant,
    },
    permissions::{Exposure, exposures},
    stop_signals::StopSignals,
};
use crate::{
    audit::Audit,
    backend,
    clock::Clock,
    config::{Config, from_process},
    gate::{ApprovalKey, Gate, ReadHistory},
    kill_switch::Switch,
    ledger::{Ledger, Shared},
    mcp::{self, Account, LOCAL, Server},
    policy::Policy,
    reload,
    stderr::notify,
    toolset::{Authority, Toolset},
};

/// Run the MCP server on standard input and output, or over HTTP.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  claude mcp add whatsapp -- whatsapp-guard serve
  WAHA_BASE_URL=http://localhost:3000 WAHA_API_KEY_FILE=~/.waha-key whatsapp-guard serve
  whatsapp-guard serve --backend sandbox --policy mine.toml
  whatsapp-guard serve --policy mine.toml --grant reader
  whatsapp-guard serve --policy team.toml --account work
  whatsapp-guard serve --http 8788          over HTTP, for clients on this machine

The server watches the policy file and the files it includes. A change takes effect when
you save it, or when the server receives SIGHUP. An invalid policy does not take effect;
standard error says what is wrong. --grant names a caller that the policy has rules for
([grants.NAME]); the default caller \"local\" needs no rules.

If the policy has [accounts], the server serves all of them, each to the grants that may
use it; --account serves only one.

Environment variables, with their defaults:
  WHATSAPP_GUARD_LOG               log level on standard error (warn); try info
  WHATSAPP_GUARD_TIMEOUT           seconds to wait for a response of the back end (35)
  WHATSAPP_GUARD_OUTBOX            folder that agents may send files from (none)
  WHATSAPP_GUARD_INBOX             folder that large downloads are saved to (none)
  WHATSAPP_GUARD_MAX_MEDIA_BYTES   largest file that is sent (16777216)
  WHATSAPP_GUARD_MAX_RESULT_BYTES  largest result of a tool (24576)

With --state redis://..., servers share counters, recipients, approvals and the kill
switch. WHATSAPP_GUARD_APPROVAL_KEY_FILE is then required, the same key on every server;
WHATSAPP_GUARD_STATE_PASSWORD_FILE holds the password of Redis. The audit file is always
local.

SIGTERM and SIGINT stop the server in order: further calls are refused, and so are those
that wait; those that were sent have ten seconds to end. A second signal ends it at once.

Exit codes: 0 the client or a signal ended the server, 1 failure or a second signal,
2 wrong usage or configuration")]
pub(super) struct Serve {
    #[command(flatten)]
    backend: BackendOption,
    #[command(flatten)]
    policy: PolicyOption,
    #[command(flatten)]
    state: StateOption,
    #[command(flatten)]
    pub(super) http: HttpOptions,
    /// Caller to serve: the NAME of a [grants.NAME] in the policy
    #[arg(
        long,
        value_name = "NAME",
        env = "WHATSAPP_GUARD_GRANT",
        default_value = LOCAL,
        value_parser = NonEmptyStringValueParser::new()
    )]
    grant: String,
    #[command(flatten)]
    audit: AuditOption,
}

impl Serve {
    /// Whether calls of several clients may have to wait for each other.
    pub(super) const fn is_for_many(&self) -> bool {
        self.http.is_wanted() || self.state.is_shared()
    }

    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        require_grant(&policy, &self.grant)?;
        if !policy.warnings.is_empty() {
            notify(&policy.warnings);
        }
        let clock = Clock::real();
        let directory = self.state.directory();
        let audit = self.audit.path(directory.as_deref());
        if let Some(path) = &audit {
            check_audit(path)?;
        }
        let shared = self.state.shared()?;
        if let Some(shared) = &shared {
            check_shared(shared).await?;
        }
        let configured = self.backend.accounts(&policy)?;
        warn_of(&exposures(
            directory.as_deref(),
            audit.as_deref(),
            &configured,
        ));
        let mut accounts = Vec::new();
        for account in &configured {
            let config = account.config()?;
            let state = match &shared {
                Some(shared) => {
                    let key = account.shared_key()?;
                    DurableState {
                        ledger: shared.ledger(&key),
                        switch: Some(Switch::shared(shared.clone())),
                        group: Some(ServerGroup {
                            key: approval_key(&key)?,
                            longest_request: config.timeouts.longest_request(),
                        }),
                    }
                }
                None => DurableState {
                    ledger: ledger(&config, directory.as_deref(), &clock)?,
                    switch: directory.as_deref().map(Switch::at),
                    group: None,
                },
            };
            let name = account.name().map(str::to_owned);
            accounts.push((name, toolset(&config)?, state));
        }
        let names: Vec<&str> = configured.iter().filter_map(Configured::name).collect();
        let stdio = self.http.stdio || !self.http.is_wanted();
        if stdio && !names.is_empty() && !names.iter().any(|name| policy.may_use(&self.grant, name))
        {
            let grant = &self.grant;
            return Err(CliError::Usage(format!(
                "{}: `[grants.{grant}]` may not use {}",
                policy.origin,
                names.join(" or ")
            )));
        }
        let server = server(accounts, policy, audit, &clock, self.grant)?;
        server.check_policy(&server.policy())?;
        let path = self.policy.path().map(Path::to_owned);
        tokio::spawn(reload::follow(path, server.clone()));
        let served = serve_until_stopped(self.http, &server).await;
        server.end().await;
        served.map(|()| ExitCode::SUCCESS)
    }
}

/// Serves until a signal stops the server in order, or a second one at once.
async fn serve_until_stopped(http: HttpOptions, server: &Server) -> Result<(), CliError> {
    let mut signals = StopSignals::handle()?;
    let serving = serve(http, server.clone());
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => return served,
        () = signals.recv() => server.close(),
    }
    tokio::select! {
        served = serving => served,
        () = signals.recv() => Err(CliError::Failed(
            "a second signal ended the server at once; calls that were under way may have been sent"
                .to_owned(),
        )),
    }
}

/// Serves on standard input and output, over HTTP, or both, until one of them ends or the
/// server is closed.
async fn serve(http: HttpOptions, server: Server) -> Result<(), CliError> {
    match (http.is_wanted(), http.stdio) {
        (false, _) => Ok(mcp::serve_stdio(server).await?),
        (true, false) => http.serve(server).await,
        (true, true) => {
            let over_stdio = async {
                let served = mcp::serve_stdio(server.clone()).await;
                server.close();
                Ok(served)
            };
            let ((), served) = tokio::try_join!(http.serve(server.clone()), over_stdio)?;
            Ok(served?)
        }
    }
}

/// Refuses an audit in what is no regular file: a pipe or device can block the server, and
/// keeps nothing.
fn check_audit(path: &Path) -> Result<(), CliError> {
    Audit::check(path).map_err(|kind| {
        CliError::Usage(format!(
            "the audit `{}` is {kind}, which keeps no lines. Name a regular file with --audit.",
            path.display()
        ))
    })
}

/// Warns of what somebody else may write or read.
fn warn_of(exposures: &[Exposure]) {
    for exposure in exposures {
        let (found, remedy) = (exposure.found(), exposure.remedy());
        notify(format!("warning: {found}. {remedy}"));
    }
}

/// Refuses a Redis that would lose counts. One that does not answer may come later: until
/// then everything is refused.
async fn check_shared(shared: &Shared) -> Result<(), CliError> {
    match shared.check().await {
        Err(error) if error.is_unfit() => Err(CliError::Usage(error.to_string())),
        Err(error) => {
            notify(format!(
                "warning: {error}; every call is refused until it answers"
            ));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// The state of an account that outlives the process.
pub(super) struct DurableState {
    pub(super) ledger: Ledger,
    pub(super) switch: Option<Switch>,
    /// `None` for a server that shares its state with no other one.
    pub(super) group: Option<ServerGroup>,
}

/// What servers that share the state of an account agree on.
pub(super) struct ServerGroup {
    /// The key that seals approvals; a server alone has a random one.
    key: ApprovalKey,
    /// How long a request may take with the verification of its effect.
    longest_request: Duration,
}

/// The tools of an account, within the configured sizes, with the authority over them.
fn toolset(config: &Config) -> Result<(Toolset, Authority), CliError> {
    let size = Config::answer_size(&from_process)?;
    let (tools, authority) = backend::open(config)?.toolset();
    Ok((tools.answering_within(size), authority))
}

/// The ledger of an account, in the state directory. The ledger of the sandbox is in
/// memory.
pub(super) fn ledger(
    config: &Config,
    directory: Option<&Path>,
    clock: &Clock,
) -> Result<Ledger, CliError> {
    match (config.account(), directory) {
        (None, _) => Ok(Ledger::in_memory(clock.clone())),
        (Some(account), Some(directory)) => {
            let path = directory.join(account).join(LEDGER);
            Ok(Ledger::at(path, clock.clone()))
        }
        (Some(_), None) => Err(CliError::Usage(
            "no home directory is set; name a state directory with --state".to_owned(),
        )),
    }
}

/// Builds the server. An account has a name if there are several.
pub(super) fn server(
    accounts: Vec<(Option<String>, (Toolset, Authority), DurableState)>,
    policy: Policy,
    audit: Option<PathBuf>,
    clock: &Clock,
    grant: String,
) -> Result<Server, CliError> {
    let audit = Audit::new(audit, clock.clone())
        .map_err(|error| CliError::Failed(format!("no random bytes for the audit: {error}")))?;
    let audit = Arc::new(audit);
    audit.mark_dead_runs();
    let policy = Arc::new(policy);
    let read_history = ReadHistory::default();
    let gated = accounts
        .into_iter()
        .map(|(name, (tools, authority), state)| {
            let gate = Gate::new(
                authority,
                policy.clone(),
                clock,
                audit.clone(),
                state.ledger,
            );
            let mut gate = gate.map_err(|error| {
                CliError::Failed(format!("no random bytes for the approval key: {error}"))
            })?;
            gate = gate.knowing(read_history.clone());
            if let Some(name) = name {
                gate = gate.of_account(&name);
            }
            if let Some(switch) = state.switch {
                gate = gate.stopped_by(switch);
            }
            if let Some(group) = state.group {
                gate = gate
                    .sealing_with(group.key)
                    .with_longest_request(group.longest_request);
            }
            Ok(Account::new(tools, gate))
        });
    let mut gated = gated.collect::<Result<Vec<_>, CliError>>()?.into_iter();
    let first = gated
        .next()
        .ok_or_else(|| CliError::Usage("there is no account to serve".to_owned()))?;
    Ok(Server::for_accounts(first, gated.collect(), audit, grant))
}
