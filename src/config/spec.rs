//! What the program knows of a back end without opening it: its name, its configuration
//! keys and the words of its account states.

use std::fmt;

use crate::op::SessionState;

/// The descriptions of all back ends, in the order in which people see them.
pub type BackendSpecs = &'static [&'static BackendSpec];

/// The description of a back end. Two descriptions are equal when they have the same name.
pub struct BackendSpec {
    /// The name in `--backend`, in `[accounts.NAME]` and in the state directory.
    pub name: &'static str,
    /// The name of the API, for people.
    pub title: &'static str,
    /// What it is, in one line of help.
    pub about: &'static str,
    /// The keys that configure it. A back end without keys has no account: it is simulated.
    pub keys: &'static [ConfigKey],
    /// The words in which its API reports the state of an account.
    pub states: &'static [StateWord],
}

/// One configuration key of a back end.
pub struct ConfigKey {
    /// The environment variable. With `_FILE` at its end it names a file with the value.
    pub variable: &'static str,
    /// The key in `[accounts.NAME]`.
    pub account_key: AccountKey,
    /// Whether there has to be a value.
    pub presence: KeyPresence,
    /// Brings a value into the form that is used, or says what is wrong with it. The text
    /// follows the name of the key and does not repeat the value.
    pub parse: fn(&str) -> Result<String, String>,
    /// Set if the value identifies the account: brings values that mean the same into
    /// one form.
    pub identifies: Option<fn(&str) -> String>,
    /// A value that `parse` accepts.
    pub example: &'static str,
}

/// How `[accounts.NAME]` gives the value of a key.
pub enum AccountKey {
    /// The policy file has the value.
    Value(&'static str),
    /// The value is a secret. The policy file says where it is.
    Secret {
        /// The key for the path of a file.
        file: &'static str,
        /// The key for the name of an environment variable.
        variable: &'static str,
    },
}

/// Whether a key needs a value.
pub enum KeyPresence {
    /// The account cannot be used without it.
    Required,
    /// There may be none.
    Optional,
    /// This value is used if there is none.
    Default(&'static str),
}

/// A word in which an API reports the state of an account.
pub struct StateWord {
    /// The word.
    pub word: &'static str,
    /// What it means.
    pub state: SessionState,
    /// Whether a policy may name it in `health.pause_on`.
    pub can_pause: bool,
}

impl StateWord {
    /// A state that a policy cannot pause on.
    pub const fn new(word: &'static str, state: SessionState) -> Self {
        Self {
            word,
            state,
            can_pause: false,
        }
    }

    /// A state that a policy can pause on.
    pub const fn pausing(word: &'static str, state: SessionState) -> Self {
        Self {
            word,
            state,
            can_pause: true,
        }
    }
}

impl ConfigKey {
    /// The keys of `[accounts.NAME]` that give its value.
    pub fn account_keys(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (first, second) = match self.account_key {
            AccountKey::Value(key) => (key, None),
            AccountKey::Secret { file, variable } => (file, Some(variable)),
        };
        [Some(first), second].into_iter().flatten()
    }

    /// Whether its value is a secret.
    pub const fn is_secret(&self) -> bool {
        matches!(self.account_key, AccountKey::Secret { .. })
    }

    /// Whether an account needs a value that has no default.
    pub const fn is_required(&self) -> bool {
        matches!(self.presence, KeyPresence::Required)
    }
}

impl BackendSpec {
    /// The keys of `[accounts.NAME]` that it takes besides `backend`.
    pub fn account_keys(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.keys.iter().flat_map(ConfigKey::account_keys)
    }

    /// Whether it has no account, because it simulates WhatsApp.
    pub const fn is_simulated(&self) -> bool {
        self.keys.is_empty()
    }

    /// What a word of its API means. APIs may add words.
    pub fn state(&self, word: &str) -> SessionState {
        let known = self.states.iter().find(|known| known.word == word);
        known.map_or(SessionState::Unknown, |known| known.state)
    }
}

impl PartialEq for BackendSpec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for BackendSpec {}

impl fmt::Debug for BackendSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
