//! Time, real or turned by hand.

mod boot;
mod hand;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use governor::nanos::Nanos;
use jiff::Timestamp;

use self::hand::Turned;
pub use self::{boot::Boot, hand::ManualClock};

/// Where the gate, the ledger and the audit read the time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Real(Instant),
    Manual(Arc<Mutex<Turned>>),
}

impl Clock {
    /// The machine's clock.
    pub fn real() -> Self {
        Self(Source::Real(Instant::now()))
    }

    /// A clock that stands still until its [`ManualClock`] moves it.
    pub fn manual() -> (Self, ManualClock) {
        let turned = Arc::new(Mutex::new(Turned::default()));
        (
            Self(Source::Manual(turned.clone())),
            ManualClock::new(turned),
        )
    }

    /// Time since the clock was made; never goes back.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::Real(start) => start.elapsed(),
            Source::Manual(turned) => hand::lock(turned).elapsed,
        }
    }

    /// The time of day; may be set back by whoever sets the machine's clock.
    pub fn timestamp(&self) -> Timestamp {
        match &self.0 {
            Source::Real(_) => Timestamp::now(),
            Source::Manual(turned) => hand::lock(turned).wall,
        }
    }

    /// Which boot this is and how long it has lasted, whatever the time of day is set to.
    pub fn boot(&self) -> Boot {
        match &self.0 {
            Source::Real(_) => Boot::now(),
            Source::Manual(turned) => hand::lock(turned).boot(),
        }
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.elapsed().into()
    }
}
