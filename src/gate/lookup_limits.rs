//! How many look-ups are made for decisions: of each grant, and of all.

use std::{num::NonZeroU32, time::Duration};

use super::{
    Refusal,
    rate_limiter::{Exceeded, RateLimiter},
};
use crate::{clock::Clock, policy::Code};

/// The most look-ups for the calls of one grant in [`WINDOW`].
const MAX_LOOKUPS_PER_GRANT: u32 = 120;

/// The most look-ups for the calls of all grants of an account in [`WINDOW`].
const MAX_LOOKUPS: u32 = 240;

/// In which they are counted; they come back evenly.
const WINDOW: Duration = Duration::from_secs(60);

/// Counts look-ups.
pub(super) struct LookupLimits {
    by_grant: RateLimiter,
    all: RateLimiter,
}

impl LookupLimits {
    pub(super) fn new(clock: &Clock) -> Self {
        let limiter = |max| {
            let max = NonZeroU32::new(max).unwrap_or(NonZeroU32::MIN);
            RateLimiter::new(max, max, WINDOW, clock)
        };
        Self {
            by_grant: limiter(MAX_LOOKUPS_PER_GRANT),
            all: limiter(MAX_LOOKUPS),
        }
    }

    /// Counts this many look-ups for a call of a grant, or refuses the call.
    pub(super) fn reserve(&self, grant: &str, amount: u32) -> Result<(), Refusal> {
        let Some(amount) = NonZeroU32::new(amount) else {
            return Ok(());
        };
        let (grant, everybody) = (grant.to_owned(), String::new());
        let before = self.by_grant.arrival_time(&grant);
        self.by_grant.count(&grant, amount).map_err(refusal)?;
        self.all.count(&everybody, amount).map_err(|exceeded| {
            self.by_grant.restore(&grant, before);
            refusal(exceeded)
        })
    }
}

fn refusal(exceeded: Exceeded) -> Refusal {
    let wait = match exceeded {
        Exceeded::For(wait) => wait,
        Exceeded::Always => WINDOW,
    };
    let reason = "Too many look-ups were needed to decide on calls, and this call needs more.";
    Refusal::new(Code::RateLimited, reason).after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_reaches_its_limit_before_all_do() {
        let (clock, hand) = Clock::manual();
        let limits = LookupLimits::new(&clock);
        let wait = |grant: &str, amount: u32| {
            let refused = limits.reserve(grant, amount).err();
            refused.map(|refusal| (refusal.code, refusal.retry_after_s))
        };
        assert_eq!(wait("one", MAX_LOOKUPS_PER_GRANT), None);
        assert_eq!(wait("one", 2), Some((Code::RateLimited, Some(1))));
        assert_eq!(wait("two", MAX_LOOKUPS_PER_GRANT), None);
        // What was refused for all is not counted for the grant.
        for _ in 0..3 {
            assert_eq!(wait("three", 100), Some((Code::RateLimited, Some(25))));
        }
        hand.advance(WINDOW / 2);
        assert_eq!(wait("three", 100), None);
    }
}
