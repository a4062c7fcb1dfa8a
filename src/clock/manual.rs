//! A manual clock, for tests.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::Boot;

/// Moves the clock that [`Clock::manual`](super::Clock::manual) returned with it.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<ManualTime>>);

/// The time that a manual clock shows.
#[derive(Debug)]
pub(super) struct ManualTime {
    pub(super) elapsed: Duration,
    pub(super) wall: Timestamp,
    boot: u32,
    booted: Duration,
    of_machine: bool,
}

impl Default for ManualTime {
    fn default() -> Self {
        Self {
            elapsed: Duration::ZERO,
            wall: Timestamp::UNIX_EPOCH,
            boot: 1,
            booted: Duration::ZERO,
            of_machine: true,
        }
    }
}

impl ManualTime {
    pub(super) fn boot(&self) -> Boot {
        Boot {
            id: format!("boot {}", self.boot).into(),
            of_machine: self.of_machine,
            uptime: self.elapsed.saturating_sub(self.booted),
        }
    }
}

impl ManualClock {
    pub(super) fn new(state: Arc<Mutex<ManualTime>>) -> Self {
        Self(state)
    }

    /// Moves the clock forward, including the time of day.
    pub fn advance(&self, time: Duration) {
        let mut state = lock(&self.0);
        state.elapsed = state.elapsed.saturating_add(time);
        state.wall = state.wall.checked_add(time).unwrap_or(Timestamp::MAX);
    }

    /// Sets only the time of day.
    pub fn set_wall(&self, wall: Timestamp) {
        lock(&self.0).wall = wall;
    }

    /// Simulates a reboot: a new boot with an uptime of zero.
    pub fn reboot(&self) {
        let mut state = lock(&self.0);
        state.boot = state.boot.saturating_add(1);
        state.booted = state.elapsed;
    }

    /// From now on a boot is the process, as on machines that do not identify their boots.
    pub fn forget_machine(&self) {
        lock(&self.0).of_machine = false;
    }
}

pub(super) fn lock(state: &Mutex<ManualTime>) -> MutexGuard<'_, ManualTime> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
