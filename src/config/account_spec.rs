//! An account as a policy file describes it, checked like one of the environment.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    AccountKey, BackendSpec, Config, ConfigError, ConfigKey, KeyPresence, Lookup, account_name,
    bad,
    environment::{Environment, read_file},
};

/// The back end of an account, its values, and where its secrets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSpec {
    backend: &'static BackendSpec,
    values: BTreeMap<&'static str, String>,
}

/// What is wrong with a description. No value is repeated: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// The key.
    pub key: &'static str,
    /// Whether it is missing.
    pub missing: bool,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// What distinguishes an account from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountIdentity {
    /// The name that its state is kept under.
    pub key: String,
    /// A text that is the same for each description of the same account.
    pub whole: String,
}

impl AccountSpec {
    /// An account with these values, by the keys of `[accounts.NAME]`.
    pub fn new(backend: &'static BackendSpec, values: BTreeMap<&'static str, String>) -> Self {
        Self { backend, values }
    }

    /// The back end.
    pub const fn backend(&self) -> &'static BackendSpec {
        self.backend
    }

    /// Checks everything but the secrets themselves. Returns what distinguishes the
    /// account from others; nothing for a simulated one.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<Option<AccountIdentity>, SpecError> {
        let mut parsed = BTreeMap::new();
        for key in self.backend.keys {
            if let Some(value) = self.checked(key)? {
                parsed.insert(key.variable, value);
            }
        }
        let value = |key: &ConfigKey| parsed.get(key.variable).map(String::as_str);
        let Some(name) = account_name(self.backend, value) else {
            return Ok(None);
        };
        let keys = self.backend.keys.iter();
        let same = keys.filter_map(|key| Some(key.identifies?(value(key)?)));
        Ok(Some(AccountIdentity {
            key: name,
            whole: same.collect::<Vec<_>>().join(" "),
        }))
    }

    /// The value of a key, if it is in the file or has a default.
    fn checked(&self, key: &'static ConfigKey) -> Result<Option<String>, SpecError> {
        let said = |name: &str| self.values.get(name).map(String::as_str);
        match key.account_key {
            AccountKey::Value(name) => match (said(name), &key.presence) {
                (Some(value), _) => {
                    let parsed = (key.parse)(value.trim());
                    parsed.map(Some).map_err(|problem| wrong(name, problem))
                }
                (None, KeyPresence::Default(value)) => Ok(Some((*value).to_owned())),
                (None, KeyPresence::Required) => Err(self.missing(name)),
                (None, KeyPresence::Optional) => Ok(None),
            },
            AccountKey::Secret { file, variable } => match (said(file), said(variable)) {
                (Some(path), _) if !Path::new(path).has_root() => {
                    Err(wrong(file, "takes the whole path of a file, from / on"))
                }
                (_, Some(name)) if !is_variable(name) => Err(wrong(
                    variable,
                    "takes the name of an environment variable, in capital letters, digits and `_`",
                )),
                (Some(_), Some(_)) => {
                    let problem = format!("stands beside `{file}`: take one");
                    Err(wrong(variable, problem))
                }
                (None, None) if key.is_required() => Err(self.missing(file)),
                _ => Ok(None),
            },
        }
    }

    /// The account with its secrets. The environment has what is not its own: how long to
    /// wait, and the folders.
    ///
    /// # Errors
    /// When a secret cannot be read, or something is missing or wrong.
    pub fn config(&self, name: &str, lookup: Lookup<'_>) -> Result<Config, ConfigError> {
        let environment = Environment(lookup);
        let full = |key: &str| format!("accounts.{name}.{key}");
        let mut values = Vec::new();
        for key in self.backend.keys {
            let found = key
                .account_keys()
                .find_map(|name| self.values.get_key_value(name));
            let Some((name, text)) = found else {
                if key.is_required() {
                    let missing = key.account_keys().next().unwrap_or_default();
                    let missing = self.missing(missing);
                    return Err(bad(&full(missing.key), missing.problem));
                }
                continue;
            };
            let value = match key.account_key {
                AccountKey::Value(_) => text.trim().to_owned(),
                AccountKey::Secret { file, .. } if file == *name => read_file(&full(name), text)?,
                AccountKey::Secret { .. } => environment
                    .var(text)
                    .ok_or_else(|| bad(&full(name), format!("names `{text}`, which is not set")))?,
            };
            values.push((key, full(name), value));
        }
        Config::new(self.backend, values, &environment)
    }

    /// The files that its secrets are read from.
    pub fn key_files(&self) -> impl Iterator<Item = PathBuf> {
        let keys = self.backend.keys.iter();
        keys.filter_map(|key| match key.account_key {
            AccountKey::Secret { file, .. } => self.values.get(file).map(PathBuf::from),
            AccountKey::Value(_) => None,
        })
    }

    fn missing(&self, key: &'static str) -> SpecError {
        let problem = format!("is missing, which {} needs", self.backend.name);
        SpecError {
            missing: true,
            ..wrong(key, problem)
        }
    }
}

/// Whether a text is the name of a variable. Small letters may be a secret in the wrong
/// place.
fn is_variable(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(fits)
}

fn wrong(key: &'static str, problem: impl Into<String>) -> SpecError {
    SpecError {
        key,
        missing: false,
        problem: problem.into(),
    }
}
