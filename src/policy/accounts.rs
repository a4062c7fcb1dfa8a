//! The accounts that a policy names, and who may use which.

use std::collections::BTreeMap;

use super::{LOCAL, Policy};
use crate::config::AccountSpec;

/// Accounts by name.
pub type Accounts = BTreeMap<String, AccountSpec>;

impl Policy {
    /// The accounts that it names; none where the environment names the only one.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Whether a caller may use an account of this name.
    pub fn may_use(&self, grant: &str, account: &str) -> bool {
        let tied = self.grants.get(grant).map(|grant| &grant.accounts);
        match tied {
            Some(Some(names)) => names.contains(account),
            // Where there are several, each grant has to say which.
            Some(None) => self.accounts.len() < 2,
            None => grant.is_empty() || grant == LOCAL,
        }
    }
}
