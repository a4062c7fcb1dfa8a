//! Which back end serves an account, with its address and its secrets: from the
//! environment, or from a policy file that says where they are.

mod account_spec;
mod environment;
mod parse;
mod spec;
mod timeouts;

use std::{collections::BTreeMap, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::Url;

pub use account_spec::{AccountIdentity, AccountSpec, SpecError};
pub use environment::{Lookup, from_process};
pub use parse::{http_url, is_loopback};
pub use spec::{AccountKey, BackendSpec, BackendSpecs, ConfigKey, KeyPresence, StateWord};
pub use timeouts::Timeouts;

use crate::{media::MediaRules, op::AnswerSize, text::hex};
use environment::Environment;

/// A back end with the values of its keys. All of them are kept like secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// The back end.
    pub backend: &'static BackendSpec,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// What may be sent from files and addresses.
    pub media: MediaRules,
    values: BTreeMap<&'static str, SecretString>,
}

/// Why there is no usable configuration. No value is repeated: it may be a secret.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// Several back ends are configured.
    #[error(
        "`{}` are set, and each selects a back end; choose one with --backend {}",
        variables.join("` and `"),
        backends.join(" or --backend ")
    )]
    SeveralAccounts {
        /// The variables that select them.
        variables: Vec<String>,
        /// Their names.
        backends: Vec<&'static str>,
    },
    /// A value that the back end needs is not set.
    #[error(
        "`{name}` is not set, {}. Set it, or set `{name}_FILE` to the path of a file that holds the value.",
        needed(backend, selected_by.as_deref())
    )]
    Missing {
        /// The back end.
        backend: &'static str,
        /// The variable.
        name: &'static str,
        /// The variable that selected the back end; none if somebody named it.
        selected_by: Option<String>,
    },
    /// A value cannot be used.
    #[error("`{name}` {problem}")]
    Bad {
        /// The variable.
        name: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

impl Config {
    /// The configuration of a back end in an environment: of `wanted`, or else of the one
    /// whose variables are set, or else of the first that needs none.
    ///
    /// # Errors
    /// When several back ends are set and none is wanted, or a value is missing or wrong.
    pub fn read(
        wanted: Option<&'static BackendSpec>,
        specs: BackendSpecs,
        lookup: Lookup<'_>,
    ) -> Result<Self, ConfigError> {
        let environment = Environment(lookup);
        let (backend, selected_by) = match wanted {
            Some(backend) => (backend, None),
            None => selected(specs, &environment)?,
        };
        let mut values = Vec::new();
        for key in backend.keys {
            let value = environment.value(key.variable)?;
            if value.is_none() && key.is_required() {
                return Err(ConfigError::Missing {
                    backend: backend.name,
                    name: key.variable,
                    selected_by,
                });
            }
            values.extend(value.map(|value| (key, key.variable.to_owned(), value)));
        }
        Self::new(backend, values, &environment)
    }

    /// The configuration with these values, each under the name that errors have for it.
    fn new(
        backend: &'static BackendSpec,
        given: Vec<(&'static ConfigKey, String, String)>,
        environment: &Environment<'_>,
    ) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        for key in backend.keys {
            if let KeyPresence::Default(value) = key.presence {
                values.insert(key.variable, SecretString::from(value));
            }
        }
        for (key, name, value) in given {
            let value = (key.parse)(&value).map_err(|problem| bad(&name, problem))?;
            values.insert(key.variable, SecretString::from(value));
        }
        Ok(Self {
            backend,
            timeouts: environment.timeouts()?,
            media: environment.media()?,
            values,
        })
    }

    /// The value of a key: what was given, or its default, in the form that its `parse`
    /// yields.
    pub fn value(&self, key: &ConfigKey) -> Option<&SecretString> {
        self.values.get(key.variable)
    }

    /// The value of a key that is no secret; empty if there is none.
    pub fn text(&self, key: &ConfigKey) -> &str {
        self.value(key).map_or("", ExposeSecret::expose_secret)
    }

    /// The address that a key has.
    ///
    /// # Errors
    /// When it is no address, which the key's `parse` rules out.
    pub fn url(&self, key: &ConfigKey) -> Result<Url, ConfigError> {
        http_url(self.text(key)).map_err(|problem| bad(key.variable, problem))
    }

    /// How large an answer may be (`WHATSAPP_GUARD_MAX_RESULT_BYTES`).
    ///
    /// # Errors
    /// When the value is no number, too small or too large.
    pub fn answer_size(lookup: Lookup<'_>) -> Result<AnswerSize, ConfigError> {
        const NAME: &str = "WHATSAPP_GUARD_MAX_RESULT_BYTES";
        let Some(text) = Environment(lookup).var(NAME) else {
            return Ok(AnswerSize::default());
        };
        let size = text.parse().ok().and_then(AnswerSize::new);
        let (least, most) = (AnswerSize::RANGE.start(), AnswerSize::RANGE.end());
        size.ok_or_else(|| bad(NAME, format!("takes bytes from {least} to {most}")))
    }

    /// A secret of the program itself (`NAME`, or the file that `NAME_FILE` names).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn secret(name: &str, lookup: Lookup<'_>) -> Result<Option<SecretString>, ConfigError> {
        Ok(Environment(lookup).value(name)?.map(SecretString::from))
    }

    /// The file that `NAME_FILE` names for a secret, where it is used.
    pub fn secret_file(name: &str, lookup: Lookup<'_>) -> Option<PathBuf> {
        Environment(lookup).file_of(name)
    }

    /// A name for the account that is the same wherever the same account is configured;
    /// none for a simulated one, which begins anew each time.
    pub fn account(&self) -> Option<String> {
        account_name(self.backend, |key| Some(self.text(key)))
    }

    /// The variables by which an environment names an account of its own.
    pub fn names_an_account(specs: BackendSpecs, lookup: Lookup<'_>) -> bool {
        let environment = Environment(lookup);
        let mut specs = specs.iter();
        specs.any(|spec| environment.selects(spec, false).is_some())
    }
}

/// The back end that an environment selects, and the variable that does so.
fn selected(
    specs: BackendSpecs,
    environment: &Environment<'_>,
) -> Result<(&'static BackendSpec, Option<String>), ConfigError> {
    let by = |secret: bool| {
        let all = specs.iter().copied();
        all.filter_map(move |spec| Some((spec, environment.selects(spec, secret)?)))
    };
    let named: Vec<_> = by(false).collect();
    if named.len() > 1 {
        let (backends, variables) = named.into_iter().map(|(spec, by)| (spec.name, by)).unzip();
        return Err(ConfigError::SeveralAccounts {
            variables,
            backends,
        });
    }
    if let Some((spec, variable)) = named.into_iter().next().or_else(|| by(true).next()) {
        return Ok((spec, Some(variable)));
    }
    let simulated = specs.iter().find(|spec| spec.is_simulated());
    let simulated = simulated.ok_or_else(|| bad("--backend", "has to be given"))?;
    Ok((simulated, None))
}

/// The name of an account: its back end with a digest of the values that identify it,
/// whatever they are spelled like.
fn account_name<'v>(
    backend: &BackendSpec,
    value: impl Fn(&'static ConfigKey) -> Option<&'v str>,
) -> Option<String> {
    let keys = backend.keys.iter();
    let whole: Vec<String> = keys
        .filter_map(|key| Some(key.identifies?(value(key)?)))
        .collect();
    if whole.is_empty() {
        return None;
    }
    let digest = Sha256::digest(whole.join(" "));
    let mut short = hex(&digest);
    short.truncate(16);
    Some(format!("{}-{short}", backend.name))
}

/// Why a value is needed.
fn needed(backend: &str, selected_by: Option<&str>) -> String {
    match selected_by {
        Some(variable) => format!("but `{variable}` is, which selects the back end {backend}"),
        None => format!("and --backend {backend} needs it"),
    }
}

fn bad(name: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Bad {
        name: name.to_owned(),
        problem: problem.into(),
    }
}
