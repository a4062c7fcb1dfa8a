//! One of several accounts: who may use it, and its name in what is said.

use super::{Caller, Gate, Verdict};
use crate::policy::Policy;

impl Gate {
    /// The same gate, of one of several accounts; only callers that may use it pass.
    #[must_use]
    pub fn of_account(mut self, name: &str) -> Self {
        self.account = Some(name.to_owned());
        self
    }

    /// What its account is called, where there are others beside it.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Whether a caller may use its account.
    pub(super) fn is_open_to(&self, policy: &Policy, caller: &Caller) -> bool {
        let account = self.account.as_deref();
        account.is_none_or(|account| policy.may_use(&caller.grant, account))
    }

    /// The same verdict; a refusal says on which of several accounts.
    pub(super) fn naming(&self, verdict: Verdict) -> Verdict {
        match (verdict, &self.account) {
            (Verdict::Refuse(mut refusal), Some(account)) => {
                refusal.reason += &format!(" (account `{account}`)");
                Verdict::Refuse(refusal)
            }
            (verdict, _) => verdict,
        }
    }
}
