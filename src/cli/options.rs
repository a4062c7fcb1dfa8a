//! Options that several subcommands share.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{
    Args,
    builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser},
};
use secrecy::SecretString;

use super::{CliError, accounts::Configured};
use crate::{
    backend::specs,
    clock::Clock,
    config::{BackendSpec, Config, from_process},
    gate::ApprovalKey,
    kill_switch::Switch,
    ledger::{Ledger, Shared},
    policy::Policy,
    state_dir,
    text::nearest,
};

/// The environment variable that names the policy file.
pub(super) const POLICY: &str = "WHATSAPP_GUARD_POLICY";

/// The policy to use.
#[derive(Debug, Args)]
pub struct PolicyOption {
    /// Policy file, TOML or JSON; default: the built-in policy
    #[arg(long, value_name = "FILE", env = POLICY)]
    policy: Option<PathBuf>,
}

impl PolicyOption {
    /// The policy in a file, or the built-in one.
    pub(super) fn new(path: Option<&Path>) -> Self {
        let policy = path.map(Path::to_owned);
        Self { policy }
    }

    /// The file; `None` for the built-in policy.
    pub fn path(&self) -> Option<&Path> {
        self.policy.as_deref()
    }

    /// Reads the policy.
    ///
    /// # Errors
    /// If the file cannot be read or is not a valid policy.
    pub fn load(&self) -> Result<Policy, CliError> {
        Ok(match &self.policy {
            Some(path) => Policy::load(specs(), path)?,
            None => Policy::built_in(specs())?,
        })
    }
}

/// Fails unless the policy knows a caller of this name, or the caller needs no rules.
pub(super) fn require_grant(policy: &Policy, grant: &str) -> Result<(), CliError> {
    if policy.knows(grant) {
        return Ok(());
    }
    let near = match nearest(grant, policy.grants()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    let origin = &policy.origin;
    Err(CliError::Usage(format!(
        "{origin} has no `[grants.{grant}]`{near}"
    )))
}

/// The password of Redis, separate from its address.
pub(super) const PASSWORD: &str = "WHATSAPP_GUARD_STATE_PASSWORD";

/// The key with which all servers of one Redis seal approvals.
pub(super) const APPROVAL_KEY: &str = "WHATSAPP_GUARD_APPROVAL_KEY";

/// The file name of a ledger, in the folder of its account.
pub(super) const LEDGER: &str = "ledger.sqlite";

/// Where the state is kept.
#[derive(Debug, Args)]
pub(super) struct StateOption {
    /// State directory, or redis://host:port/db; default: whatsapp-guard in the XDG state directory
    #[arg(
        long,
        value_name = "DIR|URL",
        env = "WHATSAPP_GUARD_STATE",
        hide_env_values = true,
        value_parser = OsStringValueParser::new().map(StateLocation::of),
    )]
    state: Option<StateLocation>,
}

/// The value of `--state`. An address may hold a password.
#[derive(Debug, Clone)]
enum StateLocation {
    Directory(PathBuf),
    Redis(SecretString),
}

impl StateLocation {
    fn of(text: OsString) -> Self {
        match text.to_str() {
            Some(address) if address.contains("://") => Self::Redis(address.into()),
            _ => Self::Directory(text.into()),
        }
    }
}

/// Where calls are recorded.
#[derive(Debug, Args)]
pub(super) struct AuditOption {
    /// Audit file; default: audit.jsonl in the state directory
    #[arg(long, value_name = "FILE", env = "WHATSAPP_GUARD_AUDIT")]
    audit: Option<PathBuf>,
}

impl AuditOption {
    /// The file, in this state directory by default.
    pub(super) fn path(self, directory: Option<&Path>) -> Option<PathBuf> {
        self.audit
            .or_else(|| directory.map(|directory| directory.join("audit.jsonl")))
    }
}

/// The state of an account that exists already.
#[derive(Default)]
pub(super) struct StoredState {
    pub(super) ledger: Option<Ledger>,
    /// The file or the Redis of the ledger.
    pub(super) location: Option<String>,
    pub(super) switch: Option<Switch>,
}

impl StateOption {
    /// Finds the state of an account without creating any file. The sandbox only has
    /// state where it is shared.
    pub(super) fn stored(&self, account: &Configured<'_>) -> Result<StoredState, CliError> {
        if let Some(shared) = self.shared()? {
            return Ok(StoredState {
                ledger: Some(shared.ledger(&account.shared_key()?)),
                location: Some(shared.location().to_owned()),
                switch: Some(Switch::shared(shared)),
            });
        }
        let Some(directory) = self.directory() else {
            return Ok(StoredState::default());
        };
        let path = account.key()?.map(|key| directory.join(key).join(LEDGER));
        let path = path.filter(|path| path.exists());
        Ok(StoredState {
            location: path.as_ref().map(|path| path.display().to_string()),
            ledger: path.map(|path| Ledger::at(path, Clock::real())),
            switch: Some(Switch::at(&directory)),
        })
    }

    /// The kill switch; `None` without a home directory.
    pub(super) fn switch(&self) -> Result<Option<Switch>, CliError> {
        let shared = self.shared()?.map(Switch::shared);
        Ok(shared.or_else(|| self.directory().as_deref().map(Switch::at)))
    }

    /// The directory for state of this machine; `None` without a home directory.
    pub(super) fn directory(&self) -> Option<PathBuf> {
        match &self.state {
            Some(StateLocation::Directory(directory)) => Some(directory.clone()),
            Some(StateLocation::Redis(_)) | None => state_dir::directory(),
        }
    }

    /// Whether the state is shared with other machines.
    pub(super) const fn is_shared(&self) -> bool {
        matches!(self.state, Some(StateLocation::Redis(_)))
    }

    /// The Redis that holds the state; `None` if it is a directory.
    pub(super) fn shared(&self) -> Result<Option<Shared>, CliError> {
        let Some(StateLocation::Redis(address)) = &self.state else {
            return Ok(None);
        };
        let password = Config::secret(PASSWORD, &from_process)?;
        Shared::at(address, password.as_ref())
            .map(|shared| Some(shared.remembering_in(self.directory())))
            .map_err(|error| CliError::Usage(error.to_string()))
    }
}

/// The key that seals an account's approvals; required for shared state.
pub(super) fn approval_key(account: &str) -> Result<ApprovalKey, CliError> {
    let secret = Config::secret(APPROVAL_KEY, &from_process)?;
    secret
        .and_then(|secret| ApprovalKey::new(&secret, account))
        .ok_or_else(|| {
            CliError::Usage(format!(
                "shared state needs {APPROVAL_KEY}_FILE (or {APPROVAL_KEY}): at least 32 random bytes in base64 or hex, the same on every server; `openssl rand -base64 32` generates them"
            ))
        })
}

/// The back end or the account to use.
#[derive(Debug, Args)]
pub(super) struct BackendOption {
    /// Back end; default: the one that the environment configures
    #[arg(long, value_name = "NAME", value_parser = backend_parser())]
    pub(super) backend: Option<&'static BackendSpec>,
    /// One of the accounts in the policy
    #[arg(long, value_name = "NAME", env = "WHATSAPP_GUARD_ACCOUNT")]
    pub(super) account: Option<String>,
}

/// Reads the name of a back end.
pub(super) fn backend_parser() -> impl TypedValueParser<Value = &'static BackendSpec> {
    let names = specs().iter();
    let names = names.map(|spec| PossibleValue::new(spec.name).help(spec.about));
    PossibleValuesParser::new(names).try_map(|name| {
        let found = specs().iter().find(|spec| spec.name == name);
        found.copied().ok_or("there is no such back end")
    })
}
