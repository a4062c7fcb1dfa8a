//! Claims: what only one call may do at a time, over all servers. `admit.lua` makes them.
//!
//! The key of a claim lives as long as its lease and its memory together. Its value is the
//! token of the call that is in flight, and after that what the call was settled with. A
//! call whose server ended is one in flight until its lease is over, and one without a known
//! end for the rest of the key's life.

use std::{sync::LazyLock, time::Duration};

use redis::Script;

use super::{RedisAccount, StoreResult, script, time::micros};
use crate::ledger::{Claim, ClaimState, HeldClaim};

static CLAIM: LazyLock<Script> = LazyLock::new(|| script(include_str!("claim.lua")));

/// Begins the value of a claim that was settled; a token begins with a digit.
const SETTLED: &str = "=";

impl RedisAccount {
    pub(in crate::ledger) async fn renew(&self, held: &HeldClaim) -> StoreResult<bool> {
        let life = in_flight(&held.claim);
        self.change_claim(held, &held.token, life).await
    }

    pub(in crate::ledger) async fn settle(
        &self,
        held: &HeldClaim,
        end: Option<&str>,
    ) -> StoreResult<()> {
        let value = end.map_or_else(String::new, |end| format!("{SETTLED}{end}"));
        let life = millis(held.claim.memory);
        self.change_claim(held, &value, life).await.map(drop)
    }

    /// Gives a claim that is still held another value and life in milliseconds, or removes
    /// it if the value is empty. Returns whether it was held.
    async fn change_claim(&self, held: &HeldClaim, value: &str, life: i64) -> StoreResult<bool> {
        let key = [self.claim(&held.claim.name)];
        self.invoke(&CLAIM, &key, |call| {
            call.arg(&held.token).arg(value).arg(life);
        })
        .await
    }

    pub(super) fn claim(&self, name: &str) -> String {
        self.key(&format!("claim:{name}"))
    }
}

/// How long the key of a claim in flight lives, in milliseconds.
pub(super) fn in_flight(claim: &Claim) -> i64 {
    millis(claim.lease.saturating_add(claim.memory))
}

/// The state of a claim with this value, whose key lives for so many milliseconds.
pub(super) fn claim_state(value: &str, left: i64, memory: Duration) -> ClaimState {
    match value.strip_prefix(SETTLED) {
        Some(end) => ClaimState::Settled(end.to_owned()),
        None if left > millis(memory) => ClaimState::InFlight,
        None => ClaimState::Lapsed,
    }
}

/// Rounded up, so that no claim ends early.
fn millis(time: Duration) -> i64 {
    micros(time) / 1000 + 1
}
