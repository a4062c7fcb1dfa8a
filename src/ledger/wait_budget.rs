//! How long a whole call of a tool waits for Redis, whatever it asks there and how often.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::task_local;

/// How long one request to Redis may take, and how long all those of a call together.
pub(super) const DEADLINE: Duration = Duration::from_secs(1);

/// A call that is long under way waits for this part of its time too.
const EARNED_PART: u32 = 10;

task_local! {
    static OF_THIS_CALL: Arc<WaitBudget>;
}

/// The time that a call has waited for Redis.
struct WaitBudget {
    began: Instant,
    spent: Mutex<Duration>,
}

/// Runs a whole call: all that it asks of Redis has one deadline.
pub fn as_one_call<T>(call: impl Future<Output = T>) -> impl Future<Output = T> {
    let budget = WaitBudget {
        began: Instant::now(),
        spent: Mutex::default(),
    };
    OF_THIS_CALL.scope(Arc::new(budget), call)
}

/// A part of the call that is running now, for a task of its own.
pub fn of_this_call<T>(part: impl Future<Output = T>) -> impl Future<Output = T> {
    let budget = OF_THIS_CALL.try_with(Arc::clone);
    async move {
        match budget {
            Ok(budget) => OF_THIS_CALL.scope(budget, part).await,
            Err(_) => part.await,
        }
    }
}

/// How long the next request to Redis may take.
pub(super) fn patience() -> Duration {
    let left = OF_THIS_CALL.try_with(|budget| budget.left(Instant::now()));
    left.unwrap_or(DEADLINE)
}

/// Records that a request to Redis took so long.
pub(super) fn spend(time: Duration) {
    // Outside of a call each request has the whole time.
    let _ = OF_THIS_CALL.try_with(|budget| {
        let mut spent = budget.lock();
        *spent = spent.saturating_add(time);
    });
}

impl WaitBudget {
    fn left(&self, now: Instant) -> Duration {
        let spent = *self.lock();
        let elsewhere = now.duration_since(self.began).saturating_sub(spent);
        let earned = DEADLINE + elsewhere / EARNED_PART;
        earned.saturating_sub(spent).min(DEADLINE)
    }

    fn lock(&self) -> MutexGuard<'_, Duration> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_waits_once_and_longer_where_it_takes_longer() {
        spend(DEADLINE);
        assert_eq!(patience(), DEADLINE, "outside of a call");
        as_one_call(async {
            assert_eq!(patience(), DEADLINE);
            spend(DEADLINE / 4);
            let left = patience();
            assert!(left >= DEADLINE * 3 / 4 && left < DEADLINE, "{left:?}");
            let task = tokio::spawn(of_this_call(async { spend(DEADLINE) }));
            task.await.unwrap();
            assert_eq!(patience(), Duration::ZERO);
            let budget = OF_THIS_CALL.with(Arc::clone);
            let later = budget.began + DEADLINE * 10;
            assert!(budget.left(later) > DEADLINE / 2);
        })
        .await;
        assert_eq!(patience(), DEADLINE);
    }
}
