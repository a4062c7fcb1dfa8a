//! A clock that is turned by hand.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::Boot;

/// Moves a manual clock.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Turned>>);

#[derive(Debug)]
pub(super) struct Turned {
    pub(super) elapsed: Duration,
    pub(super) wall: Timestamp,
    boot: u32,
    booted: Duration,
    of_machine: bool,
}

impl Default for Turned {
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

impl Turned {
    pub(super) fn boot(&self) -> Boot {
        Boot {
            id: format!("boot {}", self.boot).into(),
            of_machine: self.of_machine,
            uptime: self.elapsed.saturating_sub(self.booted),
        }
    }
}

impl ManualClock {
    pub(super) fn new(turned: Arc<Mutex<Turned>>) -> Self {
        Self(turned)
    }

    /// Moves the clock forward, the time of day with it.
    pub fn advance(&self, time: Duration) {
        let mut turned = lock(&self.0);
        turned.elapsed = turned.elapsed.saturating_add(time);
        turned.wall = turned.wall.checked_add(time).unwrap_or(Timestamp::MAX);
    }

    /// Sets the time of day and nothing else.
    pub fn set_wall(&self, wall: Timestamp) {
        lock(&self.0).wall = wall;
    }

    /// Starts the machine again: another boot, whose uptime begins at nothing.
    pub fn reboot(&self) {
        let mut turned = lock(&self.0);
        turned.boot = turned.boot.saturating_add(1);
        turned.booted = turned.elapsed;
    }

    /// From now on each boot is only a process's own, as on machines that do not name theirs.
    pub fn forget_machine(&self) {
        lock(&self.0).of_machine = false;
    }
}

pub(super) fn lock(turned: &Mutex<Turned>) -> MutexGuard<'_, Turned> {
    turned.lock().unwrap_or_else(PoisonError::into_inner)
}
