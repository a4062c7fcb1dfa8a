//! `serve`: the MCP server on standard input and output.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, builder::NonEmptyStringValueParser};
use tokio_util::sync::CancellationToken;

use super::{
    CliError,
    accounts::Configured,
    http::HttpOptions,
    options::{BackendOption, LEDGER, PolicyOption, StateOption, approval_key},
};
use crate::{
    audit::Audit,
    backend::Backend,
    clock::Clock,
    config::{Config, from_process},
    gate::{ApprovalKey, Gate},
    kill_switch::Switch,
    ledger::Ledger,
    mcp::{self, Account, LOCAL, Server},
    policy::Policy,
    reload,
    text::nearest,
    toolset::{Authority, Toolset},
};

/// Serve MCP on standard input and output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  claude mcp add whatsapp -- whatsapp-guard serve
  WAHA_BASE_URL=http://localhost:3000 WAHA_API_KEY_FILE=~/.waha-key whatsapp-guard serve
  whatsapp-guard serve --backend sandbox --policy mine.toml
  whatsapp-guard serve --policy mine.toml --grant reader
  whatsapp-guard serve --policy team.toml --account work

A policy file is followed while the server runs, with all that it includes: a change
is in force once it is saved, or once the server gets SIGHUP. One that cannot be used
is not put in force, and standard error says why. A caller has to be named by the
policy, [grants.NAME]; without --grant it is \"local\", which need not be.

A policy with [accounts] names several accounts; all of them are served, each to the
grants that are tied to it, and --account serves one of them alone.

Logs go to standard error; WHATSAPP_GUARD_LOG=info shows more of them.
WHATSAPP_GUARD_TIMEOUT sets how many seconds one HTTP answer may take (35),
WHATSAPP_GUARD_OUTBOX the folder that files are sent from (none),
WHATSAPP_GUARD_INBOX the folder that large downloads are saved in (none), and
WHATSAPP_GUARD_MAX_MEDIA_BYTES the most that is sent at once (16777216).
WHATSAPP_GUARD_MAX_RESULT_BYTES sets how large an answer may be (24576).

With --state redis://... servers share counters, recipients, approvals and the panic
switch; WHATSAPP_GUARD_APPROVAL_KEY_FILE names a key that is the same at each of them,
WHATSAPP_GUARD_STATE_PASSWORD_FILE the password of Redis. The audit stays here.")]
pub(super) struct Serve {
    #[command(flatten)]
    backend: BackendOption,
    #[command(flatten)]
    policy: PolicyOption,
    #[command(flatten)]
    state: StateOption,
    #[command(flatten)]
    pub(super) http: HttpOptions,
    /// Caller to serve, by the name that the policy has rules for it under
    #[arg(
        long,
        value_name = "NAME",
        env = "WHATSAPP_GUARD_GRANT",
        default_value = LOCAL,
        value_parser = NonEmptyStringValueParser::new()
    )]
    grant: String,
    /// Audit file; audit.jsonl in the state directory when left out
    #[arg(long, value_name = "FILE", env = "WHATSAPP_GUARD_AUDIT")]
    audit: Option<PathBuf>,
}

impl Serve {
    /// Whether calls may have to wait for each other.
    pub(super) const fn is_for_many(&self) -> bool {
        self.http.is_wanted() || self.state.is_shared()
    }

    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let policy = self.policy.load()?;
        known(&policy, &self.grant)?;
        if !policy.warnings.is_empty() {
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(anstream::stderr(), "{}", policy.warnings);
        }
        let clock = Clock::real();
        let directory = self.state.directory();
        let audit = self
            .audit
            .or_else(|| Some(directory.as_ref()?.join("audit.jsonl")));
        let shared = self.state.shared()?;
        let configured = self.backend.accounts(&policy)?;
        let mut accounts = Vec::new();
        for account in &configured {
            let config = account.config()?;
            let kept = match &shared {
                Some(shared) => {
                    let key = account.shared_key()?;
                    Kept {
                        ledger: shared.ledger(&key),
                        switch: Some(Switch::shared(shared.clone())),
                        key: Some(approval_key(&key)?),
                    }
                }
                None => Kept {
                    ledger: ledger(&config, directory.as_deref(), &clock)?,
                    switch: directory.as_deref().map(Switch::at),
                    key: None,
                },
            };
            let name = account.name().map(str::to_owned);
            accounts.push((name, toolset(&config)?, kept));
        }
        let names: Vec<&str> = configured.iter().filter_map(Configured::name).collect();
        let stdio = self.http.stdio || !self.http.is_wanted();
        if stdio && !names.is_empty() && !names.iter().any(|name| policy.may_use(&self.grant, name))
        {
            let grant = &self.grant;
            return Err(CliError::Usage(format!(
                "{}: `[grants.{grant}]` is tied to other accounts than {}",
                policy.origin,
                names.join(", ")
            )));
        }
        let server = server(accounts, policy, audit, &clock, self.grant)?;
        if let Some(path) = self.policy.path() {
            tokio::spawn(reload::follow(path.to_owned(), server.clone()));
        }
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

/// Whether a policy has rules for a caller of this name, or needs none.
pub(super) fn known(policy: &Policy, grant: &str) -> Result<(), CliError> {
    if policy.knows(grant) {
        return Ok(());
    }
    let near = match nearest(grant, policy.grants()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    Err(CliError::Usage(format!(
        "{} has no `[grants.{grant}]`{near}",
        policy.origin
    )))
}

/// What of an account outlives the process.
pub(super) struct Kept {
    pub(super) ledger: Ledger,
    pub(super) switch: Option<Switch>,
    /// What approvals are sealed with; a key of the process where it is left out.
    pub(super) key: Option<ApprovalKey>,
}

/// The tools of an account, with the authority over them.
fn toolset(config: &Config) -> Result<(Toolset, Authority), CliError> {
    let size = Config::answer_size(&from_process)?;
    let (tools, authority) = Backend::new(config).toolset();
    Ok((tools.answering_within(size), authority))
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
            let path = directory.join(account).join(LEDGER);
            Ok(Ledger::at(path, clock.clone()))
        }
        (Some(_), None) => Err(CliError::Usage(
            "there is no home directory to count in; name a directory with --state".to_owned(),
        )),
    }
}

/// Puts the parts together; an account has a name where there are several.
pub(super) fn server(
    accounts: Vec<(Option<String>, (Toolset, Authority), Kept)>,
    policy: Policy,
    audit: Option<PathBuf>,
    clock: &Clock,
    grant: String,
) -> Result<Server, CliError> {
    let audit = Arc::new(Audit::new(audit, clock.clone()));
    let policy = Arc::new(policy);
    let gated = accounts
        .into_iter()
        .map(|(name, (tools, authority), kept)| {
            let gate = Gate::new(authority, policy.clone(), clock, audit.clone(), kept.ledger);
            let mut gate = gate.map_err(|error| {
                CliError::Failed(format!("no random bytes for the approval key: {error}"))
            })?;
            if let Some(name) = name {
                gate = gate.of_account(&name);
            }
            if let Some(switch) = kept.switch {
                gate = gate.stopped_by(switch);
            }
            if let Some(key) = kept.key {
                gate = gate.sealing_with(key);
            }
            Ok(Account::new(tools, gate))
        });
    let mut gated = gated.collect::<Result<Vec<_>, CliError>>()?.into_iter();
    let first = gated
        .next()
        .ok_or_else(|| CliError::Usage("there is no account to serve".to_owned()))?;
    Ok(Server::for_accounts(first, gated.collect(), audit, grant))
}
