//! A circuit breaker: after repeated failures calls are answered at once for a while.

use std::time::{Duration, Instant};

/// After this many failures in a row calls are answered at once.
const MAX_FAILURES: u32 = 3;

/// How long calls are answered at once before one of them is tried again.
const OPEN_TIME: Duration = Duration::from_secs(2);

/// Whether calls are tried. A failure or success of a call is one of reaching the server,
/// not of what the server answers.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// When the last failure was recorded.
    failed: Option<Instant>,
    /// Until when calls are answered at once, after too many failures.
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call that begins now is tried. When the time is over, that is one call in
    /// each [`OPEN_TIME`], until one succeeds.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        match self.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                self.open_until = Some(now + OPEN_TIME);
                true
            }
        }
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Records the failure of a call. Calls that ran at the same time have seen one failure.
    pub(super) fn failed(&mut self, began: Instant, now: Instant) {
        if self.failed.is_some_and(|failed| began < failed) {
            return;
        }
        self.failed = Some(now);
        self.failures = self.failures.saturating_add(1);
        if self.failures >= MAX_FAILURES {
            self.open_until = Some(now + OPEN_TIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn failures_in_a_row_open_it_and_one_call_probes() {
        let mut breaker = Breaker::default();
        let mut now = Instant::now();
        for _ in 0..MAX_FAILURES {
            assert!(breaker.admits(now));
            let began = now;
            now += SECOND;
            breaker.failed(began, now);
            // It ran at the same time, and is no failure of its own.
            breaker.failed(began, now);
        }
        assert!(!breaker.admits(now) && !breaker.admits(now + SECOND));
        now += OPEN_TIME;
        assert!(breaker.admits(now), "one call probes");
        assert!(!breaker.admits(now), "and no other one");
        now += OPEN_TIME;
        assert!(breaker.admits(now), "a probe that vanished is made again");
        breaker.succeeded();
        assert!(breaker.admits(now) && breaker.admits(now));
        breaker.failed(now, now + SECOND);
        assert!(breaker.admits(now + SECOND));
    }
}
