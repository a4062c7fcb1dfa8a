//! Grants: callers with rules, tokens, scopes and accounts of their own.

use std::collections::BTreeSet;

use jiff::Timestamp;
use subtle::{Choice, ConstantTimeEq};

use super::{Policy, RuleLocation, layer::Layer};

/// One caller of a policy.
#[derive(Debug, Clone, Default)]
pub(super) struct Grant {
    pub(super) layers: Vec<Layer>,
    pub(super) tokens: Vec<Token>,
    /// The OAuth scopes that stand for this caller.
    pub(super) scopes: Vec<String>,
    /// The accounts that it may use, if the policy says so.
    pub(super) accounts: Option<BTreeSet<String>>,
}

impl Grant {
    /// Limits the caller to these accounts, in addition to what other files say.
    pub(super) fn restrict_accounts(&mut self, names: BTreeSet<String>) {
        self.accounts = Some(match self.accounts.take() {
            Some(before) => before.intersection(&names).cloned().collect(),
            None => names,
        });
    }
}

/// A token, of which only the digest is known.
#[derive(Debug, Clone)]
pub struct Token {
    pub(super) sha256: [u8; 32],
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// Where the policy has it.
    pub rule: RuleLocation,
}

impl Token {
    /// Whether it has not expired.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

impl Policy {
    /// The caller whose token has this SHA-256 digest and has not expired. Compares with
    /// every token in constant time, so that timing reveals nothing.
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

    /// All tokens, each with its caller.
    pub fn tokens(&self) -> impl Iterator<Item = (&str, &Token)> {
        let grants = self.grants.iter();
        grants.flat_map(|(name, grant)| {
            let tokens = grant.tokens.iter();
            tokens.map(move |token| (name.as_str(), token))
        })
    }
}
