//! The configured accounts: those in the policy, or the one in the environment.

use std::path::PathBuf;

use super::{CliError, options::BackendOption};
use crate::{
    backend::specs,
    config::{AccountSpec, BackendSpec, Config, from_process},
    policy::Policy,
    stderr::notify,
    text::nearest,
};

/// A configured account.
pub(super) enum Configured<'p> {
    /// In the environment.
    Alone(Option<&'static BackendSpec>),
    /// In the policy.
    Named {
        name: &'p str,
        account: &'p AccountSpec,
        /// Whether the policy has other accounts too.
        several: bool,
    },
}

impl Configured<'_> {
    /// The name, if the policy has several accounts.
    pub(super) const fn name(&self) -> Option<&str> {
        match self {
            Self::Named {
                name,
                several: true,
                ..
            } => Some(name),
            _ => None,
        }
    }

    /// The configuration of its back end, with secrets.
    pub(super) fn config(&self) -> Result<Config, CliError> {
        Ok(match self {
            Self::Alone(backend) => Config::read(*backend, specs(), &from_process)?,
            Self::Named { name, account, .. } => account.config(name, &from_process)?,
        })
    }

    /// The files that the secrets of its back end are read from.
    pub(super) fn key_files(&self) -> Vec<PathBuf> {
        match self {
            Self::Alone(_) => {
                let keys = specs().iter().flat_map(|spec| spec.keys);
                let secret = keys.filter(|key| key.is_secret());
                secret
                    .filter_map(|key| Config::secret_file(key.variable, &from_process))
                    .collect()
            }
            Self::Named { account, .. } => account.key_files().collect(),
        }
    }

    /// The name of its state; `None` for a simulated account. For an account in the policy this reads
    /// no secret.
    pub(super) fn key(&self) -> Result<Option<String>, CliError> {
        Ok(match self {
            Self::Alone(_) => self.config()?.account(),
            Self::Named { name, account, .. } => account
                .check()
                .map_err(|wrong| {
                    CliError::Usage(format!("accounts.{name}.{} {}", wrong.key, wrong.problem))
                })?
                .map(|identity| identity.key),
        })
    }

    /// The name of its state in Redis, where simulated accounts have state too.
    pub(super) fn shared_key(&self) -> Result<String, CliError> {
        if let Some(key) = self.key()? {
            return Ok(key);
        }
        Ok(match self {
            Self::Alone(_) => self.config()?.backend.name.to_owned(),
            Self::Named {
                name,
                account,
                several: true,
            } => format!("{}-{name}", account.backend().name),
            Self::Named { account, .. } => account.backend().name.to_owned(),
        })
    }
}

impl BackendOption {
    /// All accounts, or only the one that `--account` names.
    pub(super) fn accounts<'p>(&self, policy: &'p Policy) -> Result<Vec<Configured<'p>>, CliError> {
        let named = policy.accounts();
        let usage = |problem: String| Err(CliError::Usage(problem));
        if named.is_empty() {
            return match &self.account {
                None => Ok(vec![Configured::Alone(self.backend)]),
                Some(name) => usage(format!(
                    "{} has no [accounts], so `--account {name}` names nothing",
                    policy.origin
                )),
            };
        }
        if self.backend.is_some() {
            return usage(format!(
                "{} has [accounts], each with its own back end; remove --backend",
                policy.origin
            ));
        }
        if Config::names_an_account(specs(), &from_process) {
            notify(format!(
                "warning: {} has [accounts], so the back end in the environment is not used",
                policy.origin
            ));
        }
        let mut all = named.iter().map(|(name, account)| Configured::Named {
            name,
            account,
            several: named.len() > 1,
        });
        let Some(wanted) = &self.account else {
            return Ok(all.collect());
        };
        let found = all.find(|one| matches!(one, Configured::Named { name, .. } if name == wanted));
        match found {
            Some(one) => Ok(vec![one]),
            None => {
                let hint = match nearest(wanted, named.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its accounts: {}", list(policy)),
                };
                usage(format!(
                    "{} has no `[accounts.{wanted}]`; {hint}",
                    policy.origin
                ))
            }
        }
    }

    /// The only account.
    ///
    /// # Errors
    /// If the policy has several and `--account` chooses none.
    pub(super) fn one<'p>(&self, policy: &'p Policy) -> Result<Configured<'p>, CliError> {
        let mut all = self.accounts(policy)?;
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => Ok(one),
            _ => Err(CliError::Usage(format!(
                "{} has several accounts; choose one with --account: {}",
                policy.origin,
                list(policy)
            ))),
        }
    }
}

fn list(policy: &Policy) -> String {
    let names = policy.accounts().keys().map(String::as_str);
    names.collect::<Vec<_>>().join(", ")
}
