//! The accounts that a command is about: those of the policy, or the one of the environment.

use std::io::Write;

use super::{CliError, options::BackendOption};
use crate::{
    backend::specs,
    config::{AccountSpec, BackendSpec, Config, from_process},
    policy::Policy,
    text::nearest,
};

/// An account that is configured.
pub(super) enum Configured<'p> {
    /// By the environment.
    Alone(Option<&'static BackendSpec>),
    /// By the policy.
    Named {
        name: &'p str,
        account: &'p AccountSpec,
        /// Whether there are others beside it.
        several: bool,
    },
}

impl Configured<'_> {
    /// What it is called, where there are others beside it.
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

    /// Its back end with its secrets.
    pub(super) fn config(&self) -> Result<Config, CliError> {
        Ok(match self {
            Self::Alone(backend) => Config::read(*backend, specs(), &from_process)?,
            Self::Named { name, account, .. } => account.config(name, &from_process)?,
        })
    }

    /// The name that its state is kept under; none for a simulated account. An account of
    /// the policy needs no secrets for it.
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

    /// The same in shared state, where simulated accounts have names too.
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
    /// The accounts that are served: all of them, or the one that is asked for.
    pub(super) fn accounts<'p>(&self, policy: &'p Policy) -> Result<Vec<Configured<'p>>, CliError> {
        let named = policy.accounts();
        let usage = |problem: String| Err(CliError::Usage(problem));
        if named.is_empty() {
            return match &self.account {
                None => Ok(vec![Configured::Alone(self.backend)]),
                Some(name) => usage(format!(
                    "{} has no [accounts], so there is no `--account {name}`",
                    policy.origin
                )),
            };
        }
        if self.backend.is_some() {
            return usage(format!(
                "{} has [accounts], each with its back end: --backend has no say beside it",
                policy.origin
            ));
        }
        if Config::names_an_account(specs(), &from_process) {
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(
                anstream::stderr(),
                "warning: {} has [accounts], so the back end that the environment names is not used",
                policy.origin
            );
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
                    None => format!("there are: {}", list(policy)),
                };
                usage(format!(
                    "{} has no `[accounts.{wanted}]`; {hint}",
                    policy.origin
                ))
            }
        }
    }

    /// The one account that a command is about.
    pub(super) fn one<'p>(&self, policy: &'p Policy) -> Result<Configured<'p>, CliError> {
        let mut all = self.accounts(policy)?;
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => Ok(one),
            _ => Err(CliError::Usage(format!(
                "{} has several accounts: choose one with --account, of {}",
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
