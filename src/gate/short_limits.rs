//! Limits in windows below an hour, counted in memory.

use std::num::NonZeroU32;

use super::{
    Refusal,
    limit_keys::{limit_cost, limit_keys},
    quota_request::QuotaRequest,
    rate_limiter::{ArrivalTime, Exceeded, RateLimiter},
};
use crate::{
    clock::Clock,
    policy::{Limit, Policy},
};

/// The most limits of earlier policies that are remembered.
const MAX_RETIRED: usize = 64;

/// The limits of a policy with their counters, in the policy's order.
pub(super) struct ShortLimits {
    metered: Vec<Metered>,
    /// Those of earlier policies alone, the newest first: a rule that is taken out and put
    /// back gives nothing back.
    retired: Vec<Metered>,
    clock: Clock,
}

#[derive(Clone)]
struct Metered {
    limit: Limit,
    limiter: RateLimiter,
}

impl ShortLimits {
    pub(super) fn new(policy: &Policy, clock: &Clock) -> Self {
        let limits = policy.limits.iter();
        Self {
            metered: limits.map(|limit| Metered::new(limit, clock)).collect(),
            retired: Vec::new(),
            clock: clock.clone(),
        }
    }

    /// Takes over the limits of another policy. What a counter has counted stays counted
    /// under its name, whatever its numbers are now.
    pub(super) fn replace(&mut self, policy: &Policy) {
        let limits = policy.limits.iter();
        let metered: Vec<_> = limits.map(|limit| self.carried_over(limit)).collect();
        let before = std::mem::replace(&mut self.metered, metered);
        let before = before.into_iter().chain(self.retired.drain(..));
        let (metered, mut retired) = (&self.metered, Vec::new());
        for one in before {
            let counts = |other: &Metered| other.limit.counts_like(&one.limit);
            if retired.len() < MAX_RETIRED && !metered.iter().chain(&retired).any(counts) {
                retired.push(one);
            }
        }
        self.retired = retired;
    }

    fn carried_over(&self, limit: &Limit) -> Metered {
        if let Some(same) = self
            .known()
            .find(|metered| metered.limit.counts_like(limit))
        {
            return Metered {
                limit: limit.clone(),
                limiter: same.limiter.clone(),
            };
        }
        let new = Metered::new(limit, &self.clock);
        let named = || {
            let all = self.known();
            all.filter(|metered| metered.limit.counts_for(limit))
        };
        let closer = named().any(|metered| metered.limit.window == limit.window);
        for old in named().filter(|old| !closer || old.limit.window == limit.window) {
            new.limiter.inherit(&old.limiter);
        }
        new
    }

    /// The limits in force, and those of earlier policies.
    fn known(&self) -> impl Iterator<Item = &Metered> {
        self.metered.iter().chain(&self.retired)
    }

    /// How much each limit has left, from 0 to 1, by the fullest of its keys.
    pub(super) fn headroom(&self) -> Vec<(Limit, f64)> {
        let metered = self.metered.iter();
        let short = metered.filter(|one| !one.limit.is_durable());
        short
            .map(|one| (one.limit.clone(), one.limiter.headroom()))
            .collect()
    }

    /// Refuses a call that limits have no room for, by the one that refuses it for the
    /// longest time; counts nothing.
    pub(super) fn probe(&self, request: &QuotaRequest<'_>) -> Result<(), Refusal> {
        self.measure(request, false)
    }

    /// Counts a call in all limits, or in none if some have no room.
    ///
    /// # Errors
    /// The refusal of the limit that refuses it for the longest time.
    pub(super) fn reserve(&self, request: &QuotaRequest<'_>) -> Result<(), Refusal> {
        self.measure(request, true)
    }

    fn measure(&self, request: &QuotaRequest<'_>, keep: bool) -> Result<(), Refusal> {
        let mut counted: Vec<(&RateLimiter, String, ArrivalTime)> = Vec::new();
        let outcome = self.count(request, &mut counted);
        if outcome.is_err() || !keep {
            for (limiter, key, before) in counted.into_iter().rev() {
                limiter.restore(&key, before);
            }
        }
        outcome
    }

    /// Counts a call where there is room; `counted` gets what was there before.
    fn count<'a>(
        &'a self,
        request: &QuotaRequest<'_>,
        counted: &mut Vec<(&'a RateLimiter, String, ArrivalTime)>,
    ) -> Result<(), Refusal> {
        let mut longest: Option<Refusal> = None;
        let limits = request.limits.iter();
        let metered = limits.filter_map(|index| self.metered.get(*index));
        for Metered { limit, limiter } in metered.filter(|one| !one.limit.is_durable()) {
            let cost = limit_cost(limit, request.facts, request.newcomers);
            let Some(cost) = NonZeroU32::new(cost) else {
                continue;
            };
            for key in limit_keys(limit.scope, request.facts, request.caller) {
                let before = limiter.arrival_time(&key);
                match limiter.count(&key, cost) {
                    Ok(()) => counted.push((limiter, key, before)),
                    Err(exceeded) => {
                        let refusal = refusal(limit, exceeded, request.facts.tool);
                        longest = Some(match longest {
                            Some(other) => other.longer(refusal),
                            None => refusal,
                        });
                    }
                }
            }
        }
        longest.map_or(Ok(()), Err)
    }
}

impl Metered {
    fn new(limit: &Limit, clock: &Clock) -> Self {
        Self {
            limiter: RateLimiter::new(limit.max, limit.burst, limit.window, clock),
            limit: limit.clone(),
        }
    }
}

fn refusal(limit: &Limit, exceeded: Exceeded, tool: &str) -> Refusal {
    match exceeded {
        Exceeded::For(wait) => Refusal::rate_limited(tool, limit, wait),
        Exceeded::Always => Refusal::no_room(tool, limit, limit.burst.get(), None),
    }
}
