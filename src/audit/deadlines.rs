//! A time limit for what is done often.

use std::{
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// The most timers that are kept.
const MAX_IDLE_TIMERS: usize = 32;

/// Time limits of one length. Their timers are kept: a new one wakes the thread that waits
/// for all of them, whoever sets it.
pub(super) struct Deadlines {
    time: Duration,
    idle: Mutex<Vec<Pin<Box<Sleep>>>>,
}

impl Deadlines {
    pub(super) fn of(time: Duration) -> Self {
        Self {
            time,
            idle: Mutex::default(),
        }
    }

    /// What a future comes to, or `None` if the time is over before.
    pub(super) async fn within<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let deadline = Instant::now() + self.time;
        let kept = self.idle().pop();
        let mut timer = kept.unwrap_or_else(|| Box::pin(sleep_until(deadline)));
        let done = tokio::select! {
            biased;
            done = future => Some(done),
            () = passed(&mut timer, deadline) => None,
        };
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE_TIMERS {
            idle.push(timer);
        }
        done
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Pin<Box<Sleep>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for `deadline`. The timer is only set anew when it fires too early.
async fn passed(timer: &mut Pin<Box<Sleep>>, deadline: Instant) {
    loop {
        timer.as_mut().await;
        if Instant::now() >= deadline {
            return;
        }
        timer.as_mut().reset(deadline);
    }
}
