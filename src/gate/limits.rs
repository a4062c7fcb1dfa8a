//! How often a call may be made, in windows below an hour: GCRA by governor, in memory.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use governor::{Quota, RateLimiter, middleware::NoOpMiddleware, nanos::Nanos, state::StateStore};

use super::{Caller, Refusal};
use crate::{
    clock::Clock,
    policy::{Counted, Limit, Policy, Scope},
    toolset::Facts,
};

/// Counters beyond this number make the limiter forget those that are full again.
const MANY: usize = 4096;

/// The limits of a policy with their counters.
pub(super) struct Limiter {
    meters: Vec<Meter>,
    clock: Clock,
}

struct Meter {
    limit: Limit,
    governor: RateLimiter<String, Counters, Clock, NoOpMiddleware<Nanos>>,
    counters: Counters,
}

/// governor's state per key, in reach of whoever has to put a value back.
#[derive(Clone, Default)]
struct Counters(Arc<Mutex<HashMap<String, Nanos>>>);

impl StateStore for Counters {
    type Key = String;

    fn measure_and_replace<T, F, E>(&self, key: &String, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut counters = self.lock();
        let (outcome, next) = measure(counters.get(key).copied())?;
        counters.insert(key.clone(), next);
        Ok(outcome)
    }
}

impl Counters {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_back(&self, key: &str, old: Option<Nanos>) {
        let mut counters = self.lock();
        match old {
            Some(value) => counters.insert(key.to_owned(), value),
            None => counters.remove(key),
        };
    }
}

impl Limiter {
    pub(super) fn new(policy: &Policy, clock: &Clock) -> Self {
        let meters = policy
            .limits
            .iter()
            .map(|limit| Meter::new(limit.clone(), clock.clone()))
            .collect();
        Self {
            meters,
            clock: clock.clone(),
        }
    }

    /// Other limits; those that stay as they are keep what they have counted.
    pub(super) fn replace(&mut self, policy: &Policy) {
        let mut before = std::mem::take(&mut self.meters);
        for limit in &policy.limits {
            let same = before
                .iter()
                .position(|meter| meter.limit.counts_like(limit));
            self.meters.push(match same {
                Some(index) => Meter {
                    limit: limit.clone(),
                    ..before.swap_remove(index)
                },
                None => Meter::new(limit.clone(), self.clock.clone()),
            });
        }
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
        let meters = self.meters.iter();
        meters
            .filter(|meter| !meter.limit.is_durable())
            .map(|meter| (&meter.limit, meter.headroom()))
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
        let mut counted: Vec<(&Counters, String, Option<Nanos>)> = Vec::new();
        let meters = limits.iter().filter_map(|index| self.meters.get(*index));
        let mut refused = None;
        'limits: for meter in meters.filter(|meter| !meter.limit.is_durable()) {
            let amount = match meter.limit.of {
                Counted::Calls => 1,
                Counted::Newcomers => u32::try_from(newcomers).unwrap_or(u32::MAX),
                Counted::Messages => facts.reads,
            };
            let Some(amount) = NonZeroU32::new(amount) else {
                continue;
            };
            meter.forget_full();
            for key in keys(meter.limit.scope, facts, caller) {
                let old = meter.counters.lock().get(&key).copied();
                match meter.count(&key, amount, facts) {
                    Ok(()) => counted.push((&meter.counters, key, old)),
                    Err(refusal) => {
                        refused = Some(refusal);
                        break 'limits;
                    }
                }
            }
        }
        let outcome = refused.map_or_else(besides, Err);
        if outcome.is_err() || !keep {
            for (counters, key, old) in counted.into_iter().rev() {
                counters.put_back(&key, old);
            }
        }
        outcome
    }
}

impl Meter {
    fn new(limit: Limit, clock: Clock) -> Self {
        let counters = Counters::default();
        let one = limit.window / limit.max.get();
        let quota = Quota::with_period(one)
            .unwrap_or(Quota::per_hour(NonZeroU32::MIN))
            .allow_burst(limit.burst);
        Self {
            governor: RateLimiter::new(quota, counters.clone(), clock),
            limit,
            counters,
        }
    }

    fn count(&self, key: &String, amount: NonZeroU32, facts: &Facts) -> Result<(), Refusal> {
        let limit = &self.limit;
        match self.governor.check_key_n(key, amount) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let now = self.governor.clock().elapsed();
                let wait = not_until.wait_time_from(now.into());
                Err(Refusal::limited(facts.tool, limit, wait))
            }
            Err(_) => Err(Refusal::full(facts.tool, limit, limit.burst.get(), None)),
        }
    }

    /// From 0, nothing is left, to 1.
    fn headroom(&self) -> f64 {
        let now = Nanos::from(self.governor.clock().elapsed()).as_u64();
        let counters = self.counters.lock();
        let fullest = counters.values().map(|arrival| arrival.as_u64()).max();
        let ahead = fullest.unwrap_or(0).saturating_sub(now) as f64;
        let one = (self.limit.window / self.limit.max.get()).as_nanos() as f64;
        (1.0 - ahead / (one * f64::from(self.limit.burst.get())).max(1.0)).clamp(0.0, 1.0)
    }

    /// Drops counters that stand where a new one would; keys come from arguments,
    /// so their number has to be bounded.
    fn forget_full(&self) {
        let mut counters = self.counters.lock();
        if counters.len() > MANY {
            let now = Nanos::from(self.governor.clock().elapsed());
            counters.retain(|_, arrival| *arrival > now);
        }
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
                .touches
                .chats()
                .map(|chat| chat.as_str().to_owned())
                .collect();
            chats.sort_unstable();
            chats.dedup();
            chats
        }
    }
}
