//! The current boot of the machine and its uptime, which setting the clock does not change.

use std::{
    process,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// A boot with its uptime, a monotonic clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// The same for all processes of one boot, and unique among boots.
    pub id: Arc<str>,
    /// Whether the machine identified its boot; otherwise the boot is this process.
    pub of_machine: bool,
    /// Time since the boot, with suspended time where the machine reports it.
    pub uptime: Duration,
}

/// The parts of a [`Boot`] that do not change while the process runs.
struct BootIdentity {
    id: Arc<str>,
    of_machine: bool,
    since: Instant,
}

impl Boot {
    pub(super) fn now() -> Self {
        static IDENTITY: OnceLock<BootIdentity> = OnceLock::new();
        let identity = IDENTITY.get_or_init(BootIdentity::read);
        Self {
            id: identity.id.clone(),
            of_machine: identity.of_machine,
            uptime: machine_uptime()
                .filter(|_| identity.of_machine)
                .unwrap_or_else(|| identity.since.elapsed()),
        }
    }
}

impl BootIdentity {
    fn read() -> Self {
        let id = machine_id().filter(|_| machine_uptime().is_some());
        Self {
            of_machine: id.is_some(),
            id: id.unwrap_or_else(|| {
                let began = Timestamp::now().as_nanosecond();
                format!("process {} of {began}", process::id()).into()
            }),
            since: Instant::now(),
        }
    }
}

#[cfg(target_os = "linux")]
fn machine_id() -> Option<Arc<str>> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = id.trim();
    (!id.is_empty()).then(|| id.into())
}

#[cfg(target_os = "linux")]
fn machine_uptime() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.try_into().ok()
}

#[cfg(not(target_os = "linux"))]
fn machine_id() -> Option<Arc<str>> {
    None
}

#[cfg(not(target_os = "linux"))]
fn machine_uptime() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_sees_one_boot_that_runs_forward() {
        let (first, second) = (Boot::now(), Boot::now());
        assert_eq!(first.id, second.id);
        assert!(second.uptime >= first.uptime);
        assert_eq!(first.of_machine, cfg!(target_os = "linux"));
    }
}
