//! Progress reports of a running call, and its cancellation.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::BackendError;

/// The most reports that wait for the receiver; further ones are dropped.
const MAX_QUEUED_REPORTS: usize = 16;

/// Reports and cancellation of one call.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    cancel: CancellationToken,
    reports: Option<mpsc::Sender<String>>,
}

impl Progress {
    /// A progress that is cancelled by `cancel`, and the receiver of its reports.
    pub fn new(cancel: CancellationToken) -> (Self, mpsc::Receiver<String>) {
        let (reports, listener) = mpsc::channel(MAX_QUEUED_REPORTS);
        (
            Self {
                cancel,
                reports: Some(reports),
            },
            listener,
        )
    }

    /// Reports what the call waits for.
    pub fn say(&self, message: impl Into<String>) {
        if let Some(reports) = &self.reports {
            // A slow or closed receiver must not end the call.
            let _ = reports.try_send(message.into());
        }
    }

    /// Call it before sending a request that changes something.
    ///
    /// # Errors
    /// [`BackendError::Cancelled`] after the caller cancelled the call.
    pub fn still_wanted(&self) -> Result<(), BackendError> {
        if self.cancel.is_cancelled() {
            Err(BackendError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Waits for `time`.
    ///
    /// # Errors
    /// [`BackendError::Cancelled`] as soon as the caller cancels the call.
    pub async fn pause(&self, time: Duration) -> Result<(), BackendError> {
        if time.is_zero() {
            // A timer rounds up to a millisecond.
            return self.still_wanted();
        }
        tokio::select! {
            () = self.cancel.cancelled() => Err(BackendError::Cancelled),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }
}
