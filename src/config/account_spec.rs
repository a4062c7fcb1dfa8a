//! An account as a policy file describes it, held to what holds for the environment.

use std::{collections::BTreeMap, path::Path};

use super::Kind;
use super::{Config, ConfigError, Lookup, bad};

/// The keys of an account with the variables that they stand for.
const KEYS: [(Kind, &str, &str); 9] = [
    (Kind::Waha, "url", "WAHA_BASE_URL"),
    (Kind::Waha, "session", "WAHA_SESSION"),
    (Kind::Waha, "api_key_file", "WAHA_API_KEY_FILE"),
    (Kind::Waha, "api_key_env", "WAHA_API_KEY"),
    (Kind::GreenApi, "id_instance", "GREENAPI_ID_INSTANCE"),
    (Kind::GreenApi, "api_url", "GREENAPI_API_URL"),
    (Kind::GreenApi, "media_url", "GREENAPI_MEDIA_URL"),
    (Kind::GreenApi, "api_token_file", "GREENAPI_API_TOKEN_FILE"),
    (Kind::GreenApi, "api_token_env", "GREENAPI_API_TOKEN"),
];

/// Which back end an account has, and where its secrets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSpec {
    kind: Kind,
    said: BTreeMap<&'static str, String>,
}

/// What is wrong with a description. Values are never repeated: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// The key.
    pub key: &'static str,
    /// Whether it is missing.
    pub missing: bool,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// What tells one account from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name that its state is kept under.
    pub key: String,
    /// The same for whatever reaches the same account.
    pub whole: String,
}

impl AccountSpec {
    /// The keys that a back end takes.
    pub fn keys(kind: Kind) -> impl Iterator<Item = &'static str> {
        let taken = KEYS.into_iter().filter(move |(of, ..)| *of == kind);
        taken.map(|(_, key, _)| key)
    }

    /// An account of which this is said; other keys than those of the back end are not looked at.
    pub fn new(kind: Kind, said: BTreeMap<&'static str, String>) -> Self {
        Self { kind, said }
    }

    /// The back end.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What tells it from others, once all is checked that can be without its secrets;
    /// nothing for a sandbox.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<Option<Identity>, SpecError> {
        for (key, value) in &self.said {
            let problem = if key.ends_with("_file") && !Path::new(value).has_root() {
                "takes the whole path of a file, from / on"
            } else if key.ends_with("_env") && !is_variable(value) {
                "takes the name of an environment variable, in capital letters, digits and `_`"
            } else {
                continue;
            };
            return Err(wrong(key, problem));
        }
        for (file, variable) in [
            ("api_key_file", "api_key_env"),
            ("api_token_file", "api_token_env"),
        ] {
            if self.said.contains_key(file) && self.said.contains_key(variable) {
                return Err(wrong(
                    variable,
                    &format!("stands beside `{file}`: take one"),
                ));
            }
        }
        // A secret is only asked for once the account is used.
        let lookup = |name: &str| match key_of(name)? {
            (key, _) if key.ends_with("_file") => None,
            (key, _) if key.ends_with("_env") => {
                let file = key.replace("_env", "_file");
                let there = self.said.contains_key(key) || self.said.contains_key(file.as_str());
                there.then(|| "0".to_owned())
            }
            (key, _) => self.said.get(key).cloned(),
        };
        match Config::read(Some(self.kind), &lookup) {
            Ok(config) => Ok(config.identity()),
            Err(ConfigError::Missing { name, .. }) => Err(self.missing(name)),
            Err(ConfigError::Bad { name, problem }) => {
                let key = key_of(&name).map_or("backend", |(key, _)| key);
                Err(wrong(key, &problem))
            }
            Err(error @ ConfigError::TwoAccounts) => Err(wrong("backend", &error.to_string())),
        }
    }

    /// The account with its secrets. What is not its own comes from the environment: how
    /// long to wait, and the folders.
    ///
    /// # Errors
    /// When a secret cannot be read, or something is missing or wrong.
    pub fn config(&self, name: &str, lookup: Lookup<'_>) -> Result<Config, ConfigError> {
        let full = |key: &str| format!("accounts.{name}.{key}");
        for (key, variable) in &self.said {
            if key.ends_with("_env") && lookup(variable).is_none_or(|text| text.trim().is_empty()) {
                let problem = format!("names `{variable}`, which is not set");
                return Err(bad(&full(key), problem));
            }
        }
        let from_both = |name: &str| match key_of(name) {
            Some((key, _)) if key.ends_with("_env") => lookup(self.said.get(key)?),
            Some((key, _)) => self.said.get(key).cloned(),
            None => lookup(name),
        };
        Config::read(Some(self.kind), &from_both).map_err(|error| match error {
            ConfigError::Bad { name, problem } => match key_of(&name) {
                Some((key, _)) => bad(&full(key), problem),
                None => ConfigError::Bad { name, problem },
            },
            ConfigError::Missing { name, .. } => {
                let missing = self.missing(name);
                bad(&full(missing.key), missing.problem)
            }
            error @ ConfigError::TwoAccounts => error,
        })
    }

    fn missing(&self, name: &str) -> SpecError {
        let key = match key_of(name) {
            Some(("api_token_env", _)) | None => "api_token_file",
            Some((key, _)) => key,
        };
        SpecError {
            key,
            missing: true,
            problem: format!("is missing, which {} needs", self.kind.name()),
        }
    }
}

/// The key that stands for a variable.
fn key_of(variable: &str) -> Option<(&'static str, Kind)> {
    let found = KEYS.into_iter().find(|(_, _, name)| *name == variable);
    found.map(|(kind, key, _)| (key, kind))
}

/// What is read in small letters may be a secret that stands in the wrong place.
fn is_variable(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(fits)
}

fn wrong(key: &'static str, problem: &str) -> SpecError {
    SpecError {
        key,
        missing: false,
        problem: problem.to_owned(),
    }
}
