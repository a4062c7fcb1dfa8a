//! Callers that come with a token.

use std::collections::BTreeSet;

use jiff::Timestamp;
use subtle::{Choice, ConstantTimeEq};

use super::{Policy, RuleLocation, layer::Layer};

/// What a policy says of one caller.
#[derive(Debug, Clone, Default)]
pub(super) struct Grant {
    pub(super) layers: Vec<Layer>,
    pub(super) tokens: Vec<Token>,
    /// Scopes of an authorization server's tokens that mean this caller.
    pub(super) scopes: Vec<String>,
    /// The accounts that it may use, where it says so.
    pub(super) accounts: Option<BTreeSet<String>>,
}

impl Grant {
    /// What another file says of its accounts holds besides.
    pub(super) fn tie(&mut self, names: BTreeSet<String>) {
        self.accounts = Some(match self.accounts.take() {
            Some(before) => before.intersection(&names).cloned().collect(),
            None => names,
        });
    }
}

/// A token, as far as it is known.
#[derive(Debug, Clone)]
pub struct Token {
    pub(super) sha256: [u8; 32],
    /// From when on it is good for nothing.
    pub expires: Option<Timestamp>,
    /// Where it stands.
    pub rule: RuleLocation,
}

impl Token {
    /// Whether it is still good.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

impl Policy {
    /// The caller whose token has this SHA-256 digest. All are looked at, so that the
    /// time it takes tells nothing.
    pub fn grant_of_token(&self, sha256: &[u8; 32], now: Timestamp) -> Option<&str> {
        let mut found = None;
        for (name, grant) in &self.grants {
            for token in &grant.tokens {
                let same: Choice = token.sha256.ct_eq(sha256);
                if bool::from(same) && token.is_good(now) {
                    found = Some(name.as_str());
                }
            }
        }
        found
    }

    /// The tokens of each caller.
    pub fn tokens(&self) -> impl Iterator<Item = (&str, &Token)> {
        let grants = self.grants.iter();
        grants.flat_map(|(name, grant)| {
            let tokens = grant.tokens.iter();
            tokens.map(move |token| (name.as_str(), token))
        })
    }
}
