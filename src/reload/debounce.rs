//! Combines the triggers of a reload that arrive close together.

use std::{
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

/// An editor has finished writing after this long without a change.
const QUIET_TIME: Duration = Duration::from_millis(50);

/// The files are read after this long even if changes keep coming.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Why the files are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trigger {
    /// A file has changed.
    Change,
    /// The operator sent SIGHUP, and expects an answer.
    Sighup,
}

/// Waits for a trigger and then until no more follow, or not at all after SIGHUP. Consumes
/// every trigger that has arrived. `None` once no sender is left.
pub(super) fn debounce(triggers: &Receiver<Trigger>) -> Option<Trigger> {
    let mut trigger = triggers.recv().ok()?;
    let deadline = Instant::now() + MAX_WAIT;
    while trigger == Trigger::Change && Instant::now() < deadline {
        match triggers.recv_timeout(QUIET_TIME) {
            Ok(next) => trigger = next,
            Err(_) => break,
        }
    }
    // They are older than the read that follows.
    Some(triggers.try_iter().fold(trigger, Trigger::max))
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc::channel, thread};

    use super::*;

    #[test]
    fn changes_are_combined_and_sighup_does_not_wait() {
        let (sender, triggers) = channel();
        for _ in 0..1000 {
            sender.send(Trigger::Change).unwrap();
        }
        assert_eq!(debounce(&triggers), Some(Trigger::Change));
        assert!(triggers.try_recv().is_err());
        sender.send(Trigger::Sighup).unwrap();
        sender.send(Trigger::Change).unwrap();
        assert_eq!(debounce(&triggers), Some(Trigger::Sighup));
        assert!(triggers.try_recv().is_err());
        drop(sender);
        assert_eq!(debounce(&triggers), None);
    }

    #[test]
    fn endless_changes_do_not_delay_the_reload_forever() {
        let (sender, triggers) = channel();
        let started = Instant::now();
        let changing = thread::spawn(move || {
            while sender.send(Trigger::Change).is_ok() {
                thread::sleep(QUIET_TIME / 5);
            }
        });
        assert_eq!(debounce(&triggers), Some(Trigger::Change));
        assert!(started.elapsed() < MAX_WAIT * 3);
        drop(triggers);
        changing.join().unwrap();
    }
}
