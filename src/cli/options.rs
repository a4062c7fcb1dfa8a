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
};

/// Which policy.
#[derive(Debug, Args)]
pub struct PolicyOption {
    /// Policy file, TOML or JSON; the built-in policy when left out
    #[arg(long, value_name = "FILE", env = "WHATSAPP_GUARD_POLICY")]
    policy: Option<PathBuf>,
}

impl PolicyOption {
    /// The file; none for the built-in policy.
    pub fn path(&self) -> Option<&Path> {
        self.policy.as_deref()
    }

    /// Reads the policy.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn load(&self) -> Result<Policy, CliError> {
        Ok(match &self.policy {
            Some(path) => Policy::load(specs(), path)?,
            None => Policy::built_in(specs())?,
        })
    }
}

/// The password of a Redis, beside its address.
const PASSWORD: &str = "WHATSAPP_GUARD_STATE_PASSWORD";

/// The key that servers of one Redis seal approvals with.
const APPROVAL_KEY: &str = "WHATSAPP_GUARD_APPROVAL_KEY";

/// The file of a ledger, in the folder of its account.
pub(super) const LEDGER: &str = "ledger.sqlite";

/// Where the state is.
#[derive(Debug, Args)]
pub(super) struct StateOption {
    /// State directory, or redis://host:port/db; whatsapp-guard below the XDG state directory when left out
    #[arg(
        long,
        value_name = "DIR|URL",
        env = "WHATSAPP_GUARD_STATE",
        hide_env_values = true,
        value_parser = OsStringValueParser::new().map(Place::of),
    )]
    state: Option<Place>,
}

/// What `--state` names. An address may hold a password.
#[derive(Debug, Clone)]
enum Place {
    Directory(PathBuf),
    Address(SecretString),
}

impl Place {
    fn of(text: OsString) -> Self {
        match text.to_str() {
            Some(address) if address.contains("://") => Self::Address(address.into()),
            _ => Self::Directory(text.into()),
        }
    }
}

/// What is remembered of an account already.
#[derive(Default)]
pub(super) struct Remembered {
    pub(super) ledger: Option<Ledger>,
    /// The file or the Redis that the ledger is in.
    pub(super) place: Option<String>,
    pub(super) switch: Option<Switch>,
}

impl StateOption {
    /// What is remembered of an account; looking makes no file. The sandbox is remembered
    /// in shared state alone.
    pub(super) fn remembered(&self, account: &Configured<'_>) -> Result<Remembered, CliError> {
        if let Some(shared) = self.shared()? {
            return Ok(Remembered {
                ledger: Some(shared.ledger(&account.shared_key()?)),
                place: Some(shared.place().to_owned()),
                switch: Some(Switch::shared(shared)),
            });
        }
        let Some(directory) = self.directory() else {
            return Ok(Remembered::default());
        };
        let path = account.key()?.map(|key| directory.join(key).join(LEDGER));
        let path = path.filter(|path| path.exists());
        Ok(Remembered {
            place: path.as_ref().map(|path| path.display().to_string()),
            ledger: path.map(|path| Ledger::at(path, Clock::real())),
            switch: Some(Switch::at(&directory)),
        })
    }

    /// The directory of what is this machine's own; none when there is no home either.
    pub(super) fn directory(&self) -> Option<PathBuf> {
        match &self.state {
            Some(Place::Directory(directory)) => Some(directory.clone()),
            Some(Place::Address(_)) | None => state_dir::directory(),
        }
    }

    /// Whether the state is shared with other machines.
    pub(super) const fn is_shared(&self) -> bool {
        matches!(self.state, Some(Place::Address(_)))
    }

    /// Where the state is shared with other machines, if it is.
    pub(super) fn shared(&self) -> Result<Option<Shared>, CliError> {
        let Some(Place::Address(address)) = &self.state else {
            return Ok(None);
        };
        let password = Config::secret(PASSWORD, &from_process)?;
        Shared::at(address, password.as_ref())
            .map(Some)
            .map_err(|error| CliError::Usage(error.to_string()))
    }
}

/// The key of an account's approvals, which shared state cannot do without.
pub(super) fn approval_key(account: &str) -> Result<ApprovalKey, CliError> {
    let secret = Config::secret(APPROVAL_KEY, &from_process)?;
    secret
        .and_then(|secret| ApprovalKey::new(&secret, account))
        .ok_or_else(|| {
            CliError::Usage(format!(
                "shared state needs {APPROVAL_KEY}_FILE (or {APPROVAL_KEY}): the same 32 random bytes or more at every server, in base64 or hex; `openssl rand -base64 32` makes them"
            ))
        })
}

/// Which back end, or which account.
#[derive(Debug, Args)]
pub(super) struct BackendOption {
    /// Back end to use; what the environment configures when left out
    #[arg(long, value_name = "NAME", value_parser = backend_parser())]
    pub(super) backend: Option<&'static BackendSpec>,
    /// One of the accounts that the policy names
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
