//! The server's time, in whole microseconds.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::RedisAccount;

/// The start of a manual clock.
const MANUAL_START: i64 = 1_700_000_000_000_000;

/// A greater difference between the server's clock and this machine's uptime, in
/// microseconds, is not the time of an answer: somebody has set the clock.
const MAX_DRIFT: i64 = 2_000_000;

/// The result of `TIME` (seconds, microseconds), and the stored time.
pub(super) type Read = ((i64, i64), Option<String>);

/// Says in the log that the server's clock was set.
#[derive(Debug, Default)]
pub(super) struct ClockWatch(Mutex<Option<(Instant, i64)>>);

impl ClockWatch {
    /// Takes note of the server's clock, in microseconds. Returns by how much it was set
    /// since the last note; negative: back.
    fn observe(&self, wall: i64, now: Instant) -> Option<i64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, was) = last.replace((now, wall))?;
        let passed = micros(now.saturating_duration_since(then));
        let set = wall.saturating_sub(was).saturating_sub(passed);
        (set.saturating_abs() > MAX_DRIFT).then_some(set)
    }
}

impl RedisAccount {
    /// The time argument of a script: the time, where it is not the server's clock, and the
    /// time that was seen stored.
    pub(super) fn time_argument(&self) -> String {
        let now = self.manual_now();
        let now = now.map_or_else(String::new, |now| now.to_string());
        format!("{now}:{}", self.mark.seen())
    }

    /// The ledger's time at this reading, as `common.lua` has it.
    pub(super) fn now(&self, read: &Read) -> i64 {
        let (wall, (_, stored)) = (self.wall(read), read);
        match stored.as_deref().and_then(stored_time) {
            Some((at, was)) => at.saturating_add(wall.saturating_sub(was).max(0)),
            None => wall,
        }
    }

    /// The server's clock at this reading, as `common.lua` has it.
    pub(super) fn wall(&self, read: &Read) -> i64 {
        self.manual_now().unwrap_or_else(|| server_clock(read))
    }

    /// Says in the log if the server's clock was set since the last reading.
    pub(super) fn watch_clock(&self, read: &Read) {
        let wall = server_clock(read);
        if let Some(set) = self.watch.observe(wall, Instant::now()) {
            let seconds = set / 1_000_000;
            let place = self.location();
            tracing::warn!(
                place,
                seconds,
                "the clock of Redis was set; set forward, it gives counts back early, and set back, nothing"
            );
        }
    }

    fn manual_now(&self) -> Option<i64> {
        let clock = self.clock.as_ref()?;
        let elapsed = i64::try_from(clock.elapsed().as_micros()).unwrap_or(i64::MAX);
        Some(MANUAL_START.saturating_add(elapsed))
    }
}

/// The ledger's time that is stored, and the server's clock at that time.
pub(super) fn stored_time(text: &str) -> Option<(i64, i64)> {
    let (at, was) = text.split_once(':')?;
    Some((at.parse().ok()?, was.parse().ok()?))
}

fn server_clock(((seconds, micros), _): &Read) -> i64 {
    seconds.saturating_mul(1_000_000).saturating_add(*micros)
}

/// Rounded up, so that no window gets shorter.
pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX)
}

pub(super) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_noticed_and_one_that_runs_is_not() {
        let (watch, start) = (ClockWatch::default(), Instant::now());
        let mut wall = MANUAL_START;
        let mut after = |passed: u64, set: i64| {
            wall += micros(Duration::from_secs(passed)) + set;
            let now = start + Duration::from_secs(passed);
            watch.observe(wall, now)
        };
        assert_eq!(after(0, 0), None);
        assert_eq!(after(0, 1_000_000), None);
        assert_eq!(after(0, 3_600_000_000), Some(3_600_000_000));
        assert_eq!(after(0, -3_600_000_000), Some(-3_600_000_000));
        assert_eq!(after(60, 0), None);
    }
}
