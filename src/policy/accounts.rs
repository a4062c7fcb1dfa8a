//! The accounts of a policy, and which caller may use which.

use std::collections::BTreeMap;

use super::{LOCAL, Policy};
use crate::config::AccountSpec;

/// Accounts by name.
pub type Accounts = BTreeMap<String, AccountSpec>;

impl Policy {
    /// The accounts; empty if the environment configures the only one.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Whether a caller may use the account of this name.
    pub fn may_use(&self, grant: &str, account: &str) -> bool {
        let allowed = self.grants.get(grant).map(|grant| &grant.accounts);
        match allowed {
            Some(Some(names)) => names.contains(account),
            // A grant of a policy with several accounts has to name its own.
            Some(None) => self.accounts.len() < 2,
            None => grant.is_empty() || grant == LOCAL,
        }
    }
}
