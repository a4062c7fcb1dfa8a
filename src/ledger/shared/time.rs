//! The server's time, in whole microseconds.

use std::time::Duration;

use super::RedisAccount;

/// The start of a manual clock.
const MANUAL_START: i64 = 1_700_000_000_000_000;

/// The result of `TIME` (seconds, microseconds), and the last stored time.
pub(super) type Read = ((i64, i64), Option<i64>);

impl RedisAccount {
    /// The time argument of a script; empty: the script uses the server's clock.
    pub(super) fn time_argument(&self) -> String {
        self.manual_now()
            .map_or_else(String::new, |now| now.to_string())
    }

    /// The ledger's time at this reading.
    pub(super) fn now(&self, ((seconds, micros), before): Read) -> i64 {
        let now = seconds.saturating_mul(1_000_000).saturating_add(micros);
        self.manual_now().unwrap_or(now).max(before.unwrap_or(0))
    }

    fn manual_now(&self) -> Option<i64> {
        let clock = self.clock.as_ref()?;
        let elapsed = i64::try_from(clock.elapsed().as_micros()).unwrap_or(i64::MAX);
        Some(MANUAL_START.saturating_add(elapsed))
    }
}

/// Rounded up, so that no window gets shorter.
pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX)
}

pub(super) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
