//! How much the limits have left, for whoever watches the server.

use super::{Gate, LookupPermit};
use crate::{ledger::LedgerError, metrics::Headroom, policy::Limit, toolset::LookupRequest};

impl Gate {
    /// What each limit has left, by the fullest of its keys; nothing of those that
    /// cannot be read.
    pub fn headroom(&self) -> Vec<Headroom> {
        let state = self.lock();
        let there = |limit: &Limit| limit.is_durable() || self.ledger.is_shared();
        let short = state.limiter.headroom();
        let short = short.filter(|(limit, _)| !there(limit));
        let mut all: Vec<Headroom> = short.map(|(limit, left)| self.told(limit, left)).collect();
        let policy = state.policy.clone();
        drop(state);
        let counted = || policy.limits.iter().filter(|limit| there(limit));
        if counted().next().is_none() {
            return all;
        }
        let Ok(usages) = self.ledger.usages() else {
            return all;
        };
        for limit in counted() {
            let prefix = format!("{}:", limit.scope.name());
            let used = usages
                .iter()
                .filter(|one| one.counter == limit.counter && one.key.starts_with(&prefix))
                .map(|one| one.used(limit.window))
                .max()
                .unwrap_or(0);
            let used = f64::from(u32::try_from(used).unwrap_or(u32::MAX));
            let left = 1.0 - used / f64::from(limit.max.get());
            all.push(self.told(limit, left.clamp(0.0, 1.0)));
        }
        all
    }

    /// Leave to look whether the back end answers.
    pub fn readiness(&self) -> LookupPermit {
        LookupPermit(LookupRequest {
            state: true,
            ..LookupRequest::default()
        })
    }

    /// Whether what has to be counted can be.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn counts(&self) -> Result<(), LedgerError> {
        self.ledger.paused().map(drop)
    }

    fn told(&self, limit: &Limit, left: f64) -> Headroom {
        Headroom {
            account: self.account.clone(),
            counter: format!("{}/{}s", limit.counter, limit.window.as_secs()),
            left,
        }
    }
}
