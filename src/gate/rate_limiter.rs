//! One rate limit below an hour: GCRA by `governor`, with counters that can be restored and
//! taken over when the policy changes.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter as Governor, middleware::NoOpMiddleware, nanos::Nanos, state::StateStore,
};

use crate::clock::Clock;

/// A limiter with more counters than this forgets those that have everything back.
const MAX_COUNTERS: usize = 4096;

/// A burst that is refilled evenly over a window, counted by key.
#[derive(Clone)]
pub(super) struct RateLimiter {
    /// The time in which one unit comes back.
    interval: Duration,
    /// How many units fit at once.
    burst: NonZeroU32,
    /// The furthest that an arrival time may be ahead: the next unit then waits for a whole
    /// window.
    max_ahead: Duration,
    /// When the limiter was made; governor counts from there.
    start: Duration,
    governor: Arc<Governor<String, Counters, Clock, NoOpMiddleware<Nanos>>>,
    counters: Counters,
}

/// Why an amount does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// It fits after this time.
    For(Duration),
    /// It is more than ever fits.
    Always,
}

/// GCRA's theoretical arrival time of a key, counted from the start of the limiter; `None`
/// for a key that was never counted.
pub(super) type ArrivalTime = Option<Nanos>;

/// Arrival times by key, where a value can be restored.
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

impl RateLimiter {
    pub(super) fn new(max: NonZeroU32, burst: NonZeroU32, window: Duration, clock: &Clock) -> Self {
        let counters = Counters::default();
        let quota = Quota::with_period(window / max.get())
            .unwrap_or(Quota::per_hour(NonZeroU32::MIN))
            .allow_burst(burst);
        let interval = quota.replenish_interval();
        Self {
            interval,
            burst,
            max_ahead: window.saturating_add(interval.saturating_mul(burst.get() - 1)),
            start: clock.elapsed(),
            governor: Arc::new(Governor::new(quota, counters.clone(), clock.clone())),
            counters,
        }
    }

    /// Counts an amount under a key, if it fits.
    pub(super) fn count(&self, key: &String, amount: NonZeroU32) -> Result<(), Exceeded> {
        self.forget_refilled();
        match self.governor.check_key_n(key, amount) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let now = self.governor.clock().elapsed();
                Err(Exceeded::For(not_until.wait_time_from(now.into())))
            }
            Err(_) => Err(Exceeded::Always),
        }
    }

    /// The arrival time of a key, to be restored later.
    pub(super) fn arrival_time(&self, key: &str) -> ArrivalTime {
        self.counters.lock().get(key).copied()
    }

    /// Restores the arrival time of a key.
    pub(super) fn restore(&self, key: &str, time: ArrivalTime) {
        let mut counters = self.counters.lock();
        match time {
            Some(time) => counters.insert(key.to_owned(), time),
            None => counters.remove(key),
        };
    }

    /// Takes over what another limiter has counted and not yet given back, as if it had been
    /// counted here just now; nothing waits longer for it than a window of this limiter.
    pub(super) fn inherit(&self, other: &Self) {
        let now = self.governor.clock().elapsed();
        let (mine, theirs) = (&self.counters, other.counters.lock().clone());
        let mut mine = mine.lock();
        for (key, time) in theirs {
            let ahead = (other.start + Duration::from(time)).saturating_sub(now);
            let ahead = self.translated(ahead, other.interval).min(self.max_ahead);
            if ahead.is_zero() {
                continue;
            }
            let time = Nanos::from(now.saturating_sub(self.start) + ahead);
            let mine = mine.entry(key).or_insert(time);
            *mine = time.max(*mine);
        }
    }

    /// Time ahead at another rate as time ahead at this one, in whole units, rounded up.
    fn translated(&self, ahead: Duration, interval: Duration) -> Duration {
        if interval == self.interval {
            return ahead;
        }
        let units = ahead.as_nanos().div_ceil(interval.as_nanos().max(1));
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        self.interval.saturating_mul(units)
    }

    /// How much of the burst is left, from 0 to 1, by the fullest key.
    pub(super) fn headroom(&self) -> f64 {
        let now = self.governor.clock().elapsed().saturating_sub(self.start);
        let counters = self.counters.lock();
        let fullest = counters.values().map(|time| Duration::from(*time)).max();
        let ahead = fullest.unwrap_or_default().saturating_sub(now);
        let all = self.interval * self.burst.get();
        (1.0 - ahead.as_secs_f64() / all.as_secs_f64()).clamp(0.0, 1.0)
    }

    /// Drops counters that have everything back. Keys come from arguments, so their number
    /// has to be bounded.
    fn forget_refilled(&self) {
        let mut counters = self.counters.lock();
        if counters.len() > MAX_COUNTERS {
            let now = self.governor.clock().elapsed().saturating_sub(self.start);
            counters.retain(|_, time| *time > Nanos::from(now));
        }
    }
}

#[cfg(test)]
mod tests;
