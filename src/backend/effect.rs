//! Looking whether a change has had its effect.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::op::BackendError;

/// Looks until the effect shows or time is up; what the last look showed.
///
/// The change is made by then: its outcome is found out whoever still listens, so
/// this does not stop when the call is taken back.
pub(super) async fn watch<T, F>(
    settle: Duration,
    pause: Duration,
    mut look: impl FnMut() -> F,
    shows: impl Fn(&T) -> bool,
) -> T
where
    F: Future<Output = T>,
{
    let deadline = Instant::now() + settle;
    loop {
        let seen = look().await;
        if shows(&seen) || Instant::now() >= deadline {
            return seen;
        }
        sleep(pause).await;
    }
}

/// Whether a change may have been made in spite of this fault.
pub(super) fn leaves_doubt(fault: &BackendError) -> bool {
    match fault {
        BackendError::OutcomeUnknown { .. } => true,
        // An API may fail after WhatsApp said yes.
        BackendError::Refused { status, .. } => status.is_some_and(|status| status >= 500),
        _ => false,
    }
}
