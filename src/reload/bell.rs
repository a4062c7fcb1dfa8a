//! What wakes the thread that reads the files; ringing twice is ringing once.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// An editor is done when it was quiet for so long.
const QUIET: Duration = Duration::from_millis(50);

/// After so much unrest the files are read all the same.
const MOST_UNREST: u32 = 20;

/// Why the files are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Something has changed.
    Change,
    /// The operator wants it, and an answer.
    Asked,
}

/// Rings from any thread.
#[derive(Clone, Default)]
pub(super) struct Bell(Arc<(Mutex<Option<Cause>>, Condvar)>);

impl Bell {
    pub(super) fn ring(&self, cause: Cause) {
        let mut rung = self.lock();
        *rung = (*rung).max(Some(cause));
        self.0.1.notify_all();
    }

    /// Waits until it has rung and was quiet for a moment.
    pub(super) fn wait(&self) -> Cause {
        let mut cause = None;
        let mut rung = self.lock();
        for _ in 0..MOST_UNREST {
            while cause.is_none() && rung.is_none() {
                rung = self.0.1.wait(rung).unwrap_or_else(PoisonError::into_inner);
            }
            let Some(last) = rung.take() else { break };
            cause = cause.max(Some(last));
            if last == Cause::Asked {
                break;
            }
            let waited = self.0.1.wait_timeout(rung, QUIET);
            rung = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        cause.unwrap_or(Cause::Change)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Cause>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Instant};

    use super::*;

    #[test]
    fn many_changes_are_one_and_an_operator_is_not_kept_waiting() {
        let bell = Bell::default();
        for _ in 0..1000 {
            bell.ring(Cause::Change);
        }
        assert_eq!(bell.wait(), Cause::Change);
        assert_eq!(*bell.lock(), None);
        bell.ring(Cause::Asked);
        bell.ring(Cause::Change);
        assert_eq!(bell.wait(), Cause::Asked);
    }

    #[test]
    fn unrest_without_end_is_cut_short() {
        let bell = Bell::default();
        let (ringing, started) = (bell.clone(), Instant::now());
        bell.ring(Cause::Change);
        let restless = thread::spawn(move || {
            while Arc::strong_count(&ringing.0) > 1 {
                ringing.ring(Cause::Change);
                thread::sleep(QUIET / 5);
            }
        });
        assert_eq!(bell.wait(), Cause::Change);
        assert!(started.elapsed() < QUIET * MOST_UNREST * 3);
        drop(bell);
        restless.join().unwrap();
    }
}
