//! Options that several subcommands share.

use std::path::PathBuf;

use clap::Args;

use super::CliError;
use crate::{
    backend::{Backend, Kind},
    config::{Config, from_process},
    policy::Policy,
    state,
    toolset::Toolset,
};

/// Which policy.
#[derive(Debug, Args)]
pub struct PolicyOption {
    /// Policy file, TOML or JSON; the built-in policy when left out
    #[arg(long, value_name = "FILE", env = "WHATSAPP_GUARD_POLICY")]
    policy: Option<PathBuf>,
}

impl PolicyOption {
    /// Reads the policy.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn load(&self) -> Result<Policy, CliError> {
        Ok(match &self.policy {
            Some(path) => Policy::load(path)?,
            None => Policy::built_in()?,
        })
    }
}

/// Which state directory.
#[derive(Debug, Args)]
pub(super) struct StateOption {
    /// State directory; whatsapp-guard below the XDG state directory when left out
    #[arg(long, value_name = "DIR", env = "WHATSAPP_GUARD_STATE")]
    state: Option<PathBuf>,
}

impl StateOption {
    /// The directory; none when there is no home either.
    pub(super) fn directory(&self) -> Option<PathBuf> {
        self.state.clone().or_else(state::directory)
    }
}

/// Which back end.
#[derive(Debug, Args)]
pub(super) struct BackendOption {
    /// Back end to use; what the environment configures when left out
    #[arg(long, value_enum, value_name = "NAME")]
    pub(super) backend: Option<Kind>,
}

impl BackendOption {
    /// A name for the account that is configured; none for the sandbox.
    pub(super) fn account(&self) -> Result<Option<String>, CliError> {
        Ok(self.config()?.account())
    }

    pub(super) fn config(&self) -> Result<Config, CliError> {
        Ok(Config::read(self.backend, &from_process)?)
    }

    /// The back end's tools.
    pub(super) fn tools(&self) -> Result<Toolset, CliError> {
        let size = Config::answer_size(&from_process)?;
        Ok(Backend::new(&self.config()?).tools().answering_within(size))
    }
}
