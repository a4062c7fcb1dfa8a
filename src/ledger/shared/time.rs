//! The server's time, in whole microseconds.

use std::time::Duration;

use super::Account;

/// Where a clock that is turned by hand begins.
const BEGIN: i64 = 1_700_000_000_000_000;

/// What `TIME` answers, and what the ledger's time was before.
pub(super) type Read = ((i64, i64), Option<i64>);

impl Account {
    /// The time for a script; empty where the server has to look itself.
    pub(super) fn given(&self) -> String {
        self.by_hand()
            .map_or_else(String::new, |now| now.to_string())
    }

    /// The time by what was read.
    pub(super) fn now(&self, ((seconds, micros), before): Read) -> i64 {
        let now = seconds.saturating_mul(1_000_000).saturating_add(micros);
        self.by_hand().unwrap_or(now).max(before.unwrap_or(0))
    }

    fn by_hand(&self) -> Option<i64> {
        let clock = self.clock.as_ref()?;
        let elapsed = i64::try_from(clock.elapsed().as_micros()).unwrap_or(i64::MAX);
        Some(BEGIN.saturating_add(elapsed))
    }
}

/// Rounded up, so that no window is shorter than it was asked for.
pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX)
}

pub(super) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
