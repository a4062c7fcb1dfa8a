//! Time, real or turned by hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use governor::nanos::Nanos;
use jiff::Timestamp;

/// Where the gate and the audit read the time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    Real(Instant),
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The machine's clock.
    pub fn real() -> Self {
        Self(Source::Real(Instant::now()))
    }

    /// A clock that stands still until its [`Hand`] moves it.
    pub fn manual() -> (Self, Hand) {
        let nanos = Arc::new(AtomicU64::new(0));
        (Self(Source::Manual(nanos.clone())), Hand(nanos))
    }

    /// Time since the clock was made; never goes back.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::Real(start) => start.elapsed(),
            Source::Manual(nanos) => Duration::from_nanos(nanos.load(Ordering::SeqCst)),
        }
    }

    /// The time of day; may be set back by whoever sets the machine's clock.
    pub fn timestamp(&self) -> Timestamp {
        match &self.0 {
            Source::Real(_) => Timestamp::now(),
            Source::Manual(_) => Timestamp::UNIX_EPOCH
                .checked_add(self.elapsed())
                .unwrap_or(Timestamp::MAX),
        }
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.elapsed().into()
    }
}

/// Moves a manual clock.
#[derive(Debug, Clone)]
pub struct Hand(Arc<AtomicU64>);

impl Hand {
    /// Moves the clock forward.
    pub fn advance(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanos, Ordering::SeqCst);
    }
}
