//! Time: the machine's clock, or a manual clock for tests.

mod boot;
mod deadlines;
mod manual;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use governor::nanos::Nanos;
use jiff::Timestamp;

pub(crate) use self::deadlines::Deadlines;
use self::manual::{ManualTime, lock};
pub use self::{boot::Boot, manual::ManualClock};

/// The source of time for the gate, the ledger and the audit.
#[derive(Debug, Clone)]
pub struct Clock(TimeSource);

#[derive(Debug, Clone)]
enum TimeSource {
    Real(Instant),
    Manual(Arc<Mutex<ManualTime>>),
}

impl Clock {
    /// The machine's clock.
    pub fn real() -> Self {
        Self(TimeSource::Real(Instant::now()))
    }

    /// A clock that moves only when the [`ManualClock`] moves it.
    pub fn manual() -> (Self, ManualClock) {
        let state = Arc::new(Mutex::new(ManualTime::default()));
        (
            Self(TimeSource::Manual(state.clone())),
            ManualClock::new(state),
        )
    }

    /// Time since the clock was created; monotonic.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            TimeSource::Real(start) => start.elapsed(),
            TimeSource::Manual(state) => lock(state).elapsed,
        }
    }

    /// The time of day; goes back when somebody sets the machine's clock back.
    pub fn timestamp(&self) -> Timestamp {
        match &self.0 {
            TimeSource::Real(_) => Timestamp::now(),
            TimeSource::Manual(state) => lock(state).wall,
        }
    }

    /// The current boot and its uptime, which do not depend on the time of day.
    pub fn boot(&self) -> Boot {
        match &self.0 {
            TimeSource::Real(_) => Boot::now(),
            TimeSource::Manual(state) => lock(state).boot(),
        }
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.elapsed().into()
    }
}
