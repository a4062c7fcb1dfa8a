//! Counters of governor's, one for each key, that can be put back and carried over.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{Quota, RateLimiter, middleware::NoOpMiddleware, nanos::Nanos, state::StateStore};

use crate::clock::Clock;

/// Counters beyond this number make a meter forget those that are full again.
const MANY: usize = 4096;

/// So much at once, refilled evenly over a window.
#[derive(Clone)]
pub(super) struct Meter {
    /// The time in which one comes back.
    one: Duration,
    /// How many fit at once.
    burst: NonZeroU32,
    /// As far ahead of the time as makes the next one wait for a whole window.
    most: Duration,
    /// When the meter was made; governor counts from there.
    start: Duration,
    governor: Arc<RateLimiter<String, Counters, Clock, NoOpMiddleware<Nanos>>>,
    counters: Counters,
}

/// Why something does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// It fits after this time.
    For(Duration),
    /// It is more than ever fits.
    Always,
}

/// How far ahead of the time a key is, by governor's reckoning.
pub(super) type Level = Option<Nanos>;

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
}

impl Meter {
    pub(super) fn new(max: NonZeroU32, burst: NonZeroU32, window: Duration, clock: &Clock) -> Self {
        let counters = Counters::default();
        let quota = Quota::with_period(window / max.get())
            .unwrap_or(Quota::per_hour(NonZeroU32::MIN))
            .allow_burst(burst);
        let one = quota.replenish_interval();
        Self {
            one,
            burst,
            most: window.saturating_add(one.saturating_mul(burst.get() - 1)),
            start: clock.elapsed(),
            governor: Arc::new(RateLimiter::new(quota, counters.clone(), clock.clone())),
            counters,
        }
    }

    /// Counts so much of a key, if it fits.
    pub(super) fn count(&self, key: &String, amount: NonZeroU32) -> Result<(), Full> {
        self.forget_full();
        match self.governor.check_key_n(key, amount) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let now = self.governor.clock().elapsed();
                Err(Full::For(not_until.wait_time_from(now.into())))
            }
            Err(_) => Err(Full::Always),
        }
    }

    /// Where a key stands, to be put back.
    pub(super) fn level(&self, key: &str) -> Level {
        self.counters.lock().get(key).copied()
    }

    /// Puts a key back to where it stood.
    pub(super) fn put_back(&self, key: &str, level: Level) {
        let mut counters = self.counters.lock();
        match level {
            Some(level) => counters.insert(key.to_owned(), level),
            None => counters.remove(key),
        };
    }

    /// Counts what stands in another meter as if it had just been counted in this one;
    /// nothing waits longer for that than a window of this one.
    pub(super) fn inherit(&self, other: &Self) {
        let now = self.governor.clock().elapsed();
        let (mine, theirs) = (&self.counters, other.counters.lock().clone());
        let mut mine = mine.lock();
        for (key, level) in theirs {
            let ahead = (other.start + Duration::from(level)).saturating_sub(now);
            let ahead = self.translated(ahead, other.one).min(self.most);
            if ahead.is_zero() {
                continue;
            }
            let level = Nanos::from(now.saturating_sub(self.start) + ahead);
            let mine = mine.entry(key).or_insert(level);
            *mine = level.max(*mine);
        }
    }

    /// What is not back yet at one rate, at this one: whole units, rounded up.
    fn translated(&self, ahead: Duration, one: Duration) -> Duration {
        if one == self.one {
            return ahead;
        }
        let units = ahead.as_nanos().div_ceil(one.as_nanos().max(1));
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        self.one.saturating_mul(units)
    }

    /// From 0, nothing is left, to 1: of what fits at once, by the fullest of its keys.
    pub(super) fn headroom(&self) -> f64 {
        let now = self.governor.clock().elapsed().saturating_sub(self.start);
        let counters = self.counters.lock();
        let fullest = counters.values().map(|level| Duration::from(*level)).max();
        let ahead = fullest.unwrap_or_default().saturating_sub(now);
        let all = self.one * self.burst.get();
        (1.0 - ahead.as_secs_f64() / all.as_secs_f64()).clamp(0.0, 1.0)
    }

    /// Drops counters that stand where a new one would; keys come from arguments,
    /// so their number has to be bounded.
    fn forget_full(&self) {
        let mut counters = self.counters.lock();
        if counters.len() > MANY {
            let now = self.governor.clock().elapsed().saturating_sub(self.start);
            counters.retain(|_, level| *level > Nanos::from(now));
        }
    }
}

#[cfg(test)]
mod tests;
