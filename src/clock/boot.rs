//! The boot of the machine, which no setting of the clock changes.

use std::{
    process,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// A stretch of time with a clock of its own that only runs forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// Its name: the same for each process that shares it, and for no other boot.
    pub id: Arc<str>,
    /// Whether it is the machine's; where that cannot be known it is this process's own.
    pub of_machine: bool,
    /// How long it has lasted, sleep included where the machine tells.
    pub uptime: Duration,
}

struct Known {
    id: Arc<str>,
    of_machine: bool,
    since: Instant,
}

impl Boot {
    pub(super) fn now() -> Self {
        static KNOWN: OnceLock<Known> = OnceLock::new();
        let known = KNOWN.get_or_init(Known::look);
        Self {
            id: known.id.clone(),
            of_machine: known.of_machine,
            uptime: machine_uptime()
                .filter(|_| known.of_machine)
                .unwrap_or_else(|| known.since.elapsed()),
        }
    }
}

impl Known {
    fn look() -> Self {
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
