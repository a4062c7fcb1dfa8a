//! How often a call may be made, in windows below an hour: GCRA by governor, in memory.

use std::num::NonZeroU32;

use super::{
    Caller, Refusal,
    meter::{Full, Level, Meter},
};
use crate::{
    clock::Clock,
    op::Facts,
    policy::{Counted, Limit, Policy, Scope},
};

/// The limits of a policy with their counters.
pub(super) struct Limiter {
    metered: Vec<Metered>,
    clock: Clock,
}

#[derive(Clone)]
struct Metered {
    limit: Limit,
    meter: Meter,
}

impl Limiter {
    pub(super) fn new(policy: &Policy, clock: &Clock) -> Self {
        let limits = policy.limits.iter();
        Self {
            metered: limits.map(|limit| Metered::new(limit, clock)).collect(),
            clock: clock.clone(),
        }
    }

    /// Other limits. What was counted under a name counts on under it, whatever the
    /// numbers are now.
    pub(super) fn replace(&mut self, policy: &Policy) {
        let limits = policy.limits.iter();
        self.metered = limits.map(|limit| self.carried_over(limit)).collect();
    }

    fn carried_over(&self, limit: &Limit) -> Metered {
        let mut before = self.metered.iter();
        if let Some(same) = before.find(|metered| metered.limit.counts_like(limit)) {
            return Metered {
                limit: limit.clone(),
                meter: same.meter.clone(),
            };
        }
        let new = Metered::new(limit, &self.clock);
        let named = || {
            let all = self.metered.iter();
            all.filter(|metered| metered.limit.counts_for(limit))
        };
        let closer = named().any(|metered| metered.limit.window == limit.window);
        for old in named().filter(|old| !closer || old.limit.window == limit.window) {
            new.meter.inherit(&old.meter);
        }
        new
    }

    /// Counts the call against every limit, or against none when one is reached, or
    /// when what is to be done besides does not come about.
    pub(super) fn take<T>(
        &mut self,
        limits: &[usize],
        facts: &Facts,
        caller: &Caller,
        newcomers: usize,
        besides: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.measure(limits, facts, caller, newcomers, true, besides)
    }

    /// What each limit has left, by the fullest of its keys.
    pub(super) fn headroom(&self) -> impl Iterator<Item = (&Limit, f64)> {
        let metered = self.metered.iter();
        metered
            .filter(|one| !one.limit.is_durable())
            .map(|one| (&one.limit, one.meter.headroom()))
    }

    /// Whether the call would be let through; counts nothing.
    pub(super) fn look(
        &mut self,
        limits: &[usize],
        facts: &Facts,
        caller: &Caller,
        newcomers: usize,
    ) -> Result<(), Refusal> {
        self.measure(limits, facts, caller, newcomers, false, || Ok(()))
    }

    fn measure<T>(
        &mut self,
        limits: &[usize],
        facts: &Facts,
        caller: &Caller,
        newcomers: usize,
        keep: bool,
        besides: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut counted: Vec<(&Meter, String, Level)> = Vec::new();
        let metered = limits.iter().filter_map(|index| self.metered.get(*index));
        let mut refused = None;
        'limits: for Metered { limit, meter } in metered.filter(|one| !one.limit.is_durable()) {
            let amount = match limit.of {
                Counted::Calls => 1,
                Counted::Newcomers => u32::try_from(newcomers).unwrap_or(u32::MAX),
                Counted::Messages => facts.reads,
            };
            let Some(amount) = NonZeroU32::new(amount) else {
                continue;
            };
            for key in keys(limit.scope, facts, caller) {
                let level = meter.level(&key);
                match meter.count(&key, amount) {
                    Ok(()) => counted.push((meter, key, level)),
                    Err(full) => {
                        refused = Some(refusal(limit, full, facts));
                        break 'limits;
                    }
                }
            }
        }
        let outcome = refused.map_or_else(besides, Err);
        if outcome.is_err() || !keep {
            for (meter, key, level) in counted.into_iter().rev() {
                meter.put_back(&key, level);
            }
        }
        outcome
    }
}

impl Metered {
    fn new(limit: &Limit, clock: &Clock) -> Self {
        Self {
            meter: Meter::new(limit.max, limit.burst, limit.window, clock),
            limit: limit.clone(),
        }
    }
}

fn refusal(limit: &Limit, full: Full, facts: &Facts) -> Refusal {
    match full {
        Full::For(wait) => Refusal::limited(facts.tool, limit, wait),
        Full::Always => Refusal::full(facts.tool, limit, limit.burst.get(), None),
    }
}

/// What a limit counts by.
pub(crate) fn keys(scope: Scope, facts: &Facts, caller: &Caller) -> Vec<String> {
    match scope {
        Scope::Grant => vec![caller.grant.clone()],
        Scope::Session => vec![caller.session.clone()],
        Scope::Account => vec![String::new()],
        Scope::Chat => {
            let mut chats: Vec<_> = facts
                .targets
                .chats()
                .map(|chat| chat.as_str().to_owned())
                .collect();
            chats.sort_unstable();
            chats.dedup();
            chats
        }
    }
}
