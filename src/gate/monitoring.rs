//! What whoever monitors the server can ask: how much the limits have left, and whether the
//! ledger and the back end answer.

use super::{Gate, limit_keys::limit_windows};
use crate::{
    ledger::LedgerError,
    metrics::Headroom,
    op::Progress,
    policy::{Limit, Policy},
    toolset::{LookupPermit, LookupRequest},
};

impl Gate {
    /// How much each limit has left, by the fullest of its keys. Limits that cannot be read
    /// are missing.
    pub async fn headroom(&self) -> Vec<Headroom> {
        let in_ledger = |limit: &Limit| limit.is_durable() || self.ledger.is_shared();
        let mut all = self.quotas.headroom_in_memory();
        all.retain(|(limit, _)| !in_ledger(limit));
        let policy = self.policy();
        if policy.limits.iter().any(in_ledger) {
            all.extend(
                self.headroom_in_ledger(&policy, in_ledger)
                    .await
                    .unwrap_or_default(),
            );
        }
        let headroom = all.into_iter().map(|(limit, left)| Headroom {
            account: self.account.clone(),
            counter: format!("{}/{}s", limit.counter, limit.window.as_secs()),
            left,
        });
        headroom.collect()
    }

    async fn headroom_in_ledger(
        &self,
        policy: &Policy,
        in_ledger: impl Fn(&Limit) -> bool,
    ) -> Result<Vec<(Limit, f64)>, LedgerError> {
        let usages = self.ledger.usages(limit_windows(policy)).await?;
        let limits = policy.limits.iter().filter(|limit| in_ledger(limit));
        let left = limits.map(|limit| {
            let prefix = format!("{}:", limit.scope.name());
            let counted = usages
                .iter()
                .filter(|one| one.counter == limit.counter && one.key.starts_with(&prefix));
            let used = counted.map(|one| one.used(limit.window)).max().unwrap_or(0);
            let used = f64::from(u32::try_from(used).unwrap_or(u32::MAX));
            let left = 1.0 - used / f64::from(limit.max.get());
            (limit.clone(), left.clamp(0.0, 1.0))
        });
        Ok(left.collect())
    }

    /// Permission to look up whether the back end answers.
    pub fn readiness(&self) -> LookupPermit {
        let request = LookupRequest {
            state: true,
            ..LookupRequest::default()
        };
        self.authority.permit_lookup(request, Progress::default())
    }

    /// Checks that the ledger can be used: read, and where it is shared, written.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn check_ledger(&self) -> Result<(), LedgerError> {
        self.ledger.check().await
    }
}
