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
pub(crate) struct Deadlines {
    time: Duration,
    idle: Mutex<Vec<Pin<Box<Sleep>>>>,
}

impl Deadlines {
    /// Limits of this length.
    pub(crate) fn of(time: Duration) -> Self {
        Self {
            time,
            idle: Mutex::default(),
        }
    }

    /// What a future comes to, or `None` if the time is over before.
    pub(crate) async fn within<T>(&self, future: impl Future<Output = T>) -> Option<T> {
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

/// Waits for `deadline`. A kept timer may fire before: an earlier use has set it.
async fn passed(timer: &mut Pin<Box<Sleep>>, deadline: Instant) {
    loop {
        timer.as_mut().await;
        if Instant::now() >= deadline {
            return;
        }
        timer.as_mut().reset(deadline);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn each_use_has_the_whole_time_whatever_a_timer_was_set_to() {
        let time = Duration::from_millis(200);
        let deadlines = Deadlines::of(time);
        assert_eq!(deadlines.within(ready(1)).await, Some(1));
        sleep(time / 2).await;
        let began = Instant::now();
        assert_eq!(deadlines.within(pending::<u8>()).await, None);
        assert!(began.elapsed() >= time, "{:?}", began.elapsed());
        // One timer served both.
        assert_eq!(deadlines.idle().len(), 1);
        let late = async {
            sleep(time / 2).await;
            2
        };
        assert_eq!(deadlines.within(late).await, Some(2));
    }
}
