//! What only servers that share a ledger need: at a local one each of these does nothing.

use std::time::Duration;

use super::{Glance, HeldClaim, Ledger, LedgerError, Storage};

impl Ledger {
    /// The kill switch, the pause, the known recipients of a call and what its caller has
    /// read, in one round trip to Redis. `None` for a local ledger, which holds no switch.
    pub async fn glance(
        &self,
        people: Vec<String>,
        reader: Option<&str>,
    ) -> Result<Option<Glance>, LedgerError> {
        match &self.0 {
            Storage::Local(_) => Ok(None),
            Storage::Redis(account) => {
                let glance = account.call(account.glance(&people, reader)).await;
                self.with_location(glance).map(Some)
            }
        }
    }

    /// Remembers for other servers and accounts that a caller reads in these chats now: the
    /// last `enough` of them, for `time` from now on. A local ledger ignores it: its server knows.
    pub async fn record_reading(
        &self,
        reader: &str,
        chats: &[String],
        enough: usize,
        time: Duration,
    ) -> Result<(), LedgerError> {
        match &self.0 {
            Storage::Local(_) => Ok(()),
            Storage::Redis(account) => {
                let recorded = account.record_reading(reader, chats, enough, time);
                self.with_location(account.call(recorded).await)
            }
        }
    }

    /// Marks an approval as used, for `time`; returns whether it was unused. `None` for a
    /// local ledger: no other server can use the approval.
    ///
    /// # Errors
    /// If Redis does not confirm it; the approval may be marked then.
    pub async fn burn(&self, name: &str, time: Duration) -> Result<Option<bool>, LedgerError> {
        match &self.0 {
            Storage::Local(_) => Ok(None),
            Storage::Redis(account) => {
                let burned = account.call(account.burn(name, time)).await;
                self.with_location(burned).map(Some)
            }
        }
    }

    /// Lets the lease of a claim begin anew. Returns whether the claim was still held.
    pub async fn renew(&self, held: &HeldClaim) -> Result<bool, LedgerError> {
        match &self.0 {
            Storage::Local(_) => Ok(true),
            Storage::Redis(account) => self.with_location(account.call(account.renew(held)).await),
        }
    }

    /// Ends a claim: with what other calls are told of it while it is remembered, or with
    /// nothing, as if it had never been made. A claim that is no longer held stays as it is.
    pub async fn settle(&self, held: &HeldClaim, end: Option<&str>) -> Result<(), LedgerError> {
        match &self.0 {
            Storage::Local(_) => Ok(()),
            Storage::Redis(account) => {
                self.with_location(account.call(account.settle(held, end)).await)
            }
        }
    }

    /// Whether a server of a shared ledger misses an earlier state. Never for a local one.
    pub async fn misses_state(&self) -> Result<bool, LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(_) => Ok(false),
            Storage::Redis(account) => account.call(account.misses_state()).await,
        })
    }

    /// Gives up the states that servers of a shared ledger miss, so that they use the present
    /// one.
    pub async fn accept_new_state(&self) -> Result<(), LedgerError> {
        self.with_location(match &self.0 {
            Storage::Local(_) => Ok(()),
            Storage::Redis(account) => account.call(account.accept_new_state()).await,
        })
    }
}
